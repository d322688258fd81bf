#include "bench/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "model/base/str.h"

enum { DAY_S = 86400 };

struct pki {
    struct pki_pair ca, server;
    long serial;
};

static int ssl_error(struct err *err, const char *what)
{
    char text[256];
    ERR_error_string_n(ERR_get_error(), text, sizeof(text));
    return err_set(err, EIO, "%s: %s", what, text);
}

void pki_pair_fini(struct pki_pair *pair)
{
    X509_free(pair->cert);
    EVP_PKEY_free(pair->key);
    *pair = (struct pki_pair){0};
}

static bool add_extension(X509 *cert, const X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool done = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

struct request {
    const char *cn, *o;
    const char *usage;     /* keyUsage */
    const char *extended;  /* extendedKeyUsage, NULL: a CA */
    const char *alt_names; /* NULL none */
    bool expired;
};

static bool fill(X509 *cert, EVP_PKEY *key, const struct request *request, const X509 *issuer,
                 long serial)
{
    X509_NAME *name = X509_get_subject_name(cert);
    const unsigned char *cn = (const unsigned char *)request->cn;
    const unsigned char *o = (const unsigned char *)request->o;
    bool ca = !request->extended;
    /* An hour in the past: a client whose clock is a little behind must not refuse it. */
    return X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), request->expired ? -3 * DAY_S : -3600) &&
           X509_gmtime_adj(X509_getm_notAfter(cert), request->expired ? -DAY_S : 10 * DAY_S) &&
           X509_set_pubkey(cert, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0) &&
           (!o || X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, o, -1, -1, 0)) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
           add_extension(cert, issuer, NID_basic_constraints,
                         ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
           add_extension(cert, issuer, NID_key_usage, request->usage) &&
           add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(cert, issuer, NID_authority_key_identifier, "keyid") &&
           (ca || add_extension(cert, issuer, NID_ext_key_usage, request->extended)) &&
           (!request->alt_names ||
            add_extension(cert, issuer, NID_subject_alt_name, request->alt_names));
}

/* `issuer` NULL: signs itself. */
static int issue(struct pki *pki, const struct request *request, const struct pki_pair *issuer,
                 struct pki_pair *ret_pair, struct err *err)
{
    struct pki_pair pair = {X509_new(), EVP_EC_gen("P-256")};
    const struct pki_pair *signer = issuer ? issuer : &pair;
    bool done = pair.cert && pair.key &&
                fill(pair.cert, pair.key, request, signer->cert, ++pki->serial) &&
                X509_sign(pair.cert, signer->key, EVP_sha256()) > 0;
    if (!done) {
        pki_pair_fini(&pair);
        return ssl_error(err, "cannot make a certificate");
    }
    *ret_pair = pair;
    return 0;
}

static int issue_server(struct pki *pki, bool expired, struct pki_pair *ret_pair, struct err *err)
{
    const struct request request = {.cn = "kube-apiserver",
                                    .usage = "critical,digitalSignature",
                                    .extended = "serverAuth",
                                    .alt_names =
                                        "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc",
                                    .expired = expired};
    return issue(pki, &request, &pki->ca, ret_pair, err);
}

struct pki *pki_new(struct err *err)
{
    static const struct request ca = {.cn = "spillway-bench-ca",
                                      .usage = "critical,keyCertSign,cRLSign"};
    struct pki *pki = mem_zalloc(1, sizeof(*pki));
    if (issue(pki, &ca, NULL, &pki->ca, err) < 0 ||
        issue_server(pki, false, &pki->server, err) < 0) {
        pki_free(pki);
        return NULL;
    }
    return pki;
}

int pki_expire_server(struct pki *pki, struct err *err)
{
    struct pki_pair old;
    int rc = issue_server(pki, true, &old, err);
    if (rc < 0)
        return rc;
    pki_pair_fini(&pki->server);
    pki->server = old;
    return 0;
}

void pki_free(struct pki *pki)
{
    if (!pki)
        return;
    pki_pair_fini(&pki->ca);
    pki_pair_fini(&pki->server);
    free(pki);
}

int pki_issue_client(struct pki *pki, const char *user, const char *group, bool expired,
                     struct pki_pair *ret_pair, struct err *err)
{
    const struct request request = {.cn = user,
                                    .o = group,
                                    .usage = "critical,digitalSignature",
                                    .extended = "clientAuth",
                                    .expired = expired};
    return issue(pki, &request, &pki->ca, ret_pair, err);
}

SSL_CTX *pki_server_context(struct pki *pki, struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    bool done = context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
                SSL_CTX_use_certificate(context, pki->server.cert) == 1 &&
                SSL_CTX_use_PrivateKey(context, pki->server.key) == 1 &&
                SSL_CTX_set_num_tickets(context, 0) == 1 &&
                X509_STORE_add_cert(SSL_CTX_get_cert_store(context), pki->ca.cert) == 1 &&
                SSL_CTX_add_client_CA(context, pki->ca.cert) == 1;
    if (!done) {
        SSL_CTX_free(context);
        (void)ssl_error(err, "cannot make a TLS context");
        return NULL;
    }
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

static char *take_pem(BIO *bio)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    CHECK(len > 0);
    char *text = mem_strndup(bytes, (size_t)len);
    (void)BIO_free(bio);
    return text;
}

char *pki_cert_pem(const struct pki_pair *pair)
{
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(bio && PEM_write_bio_X509(bio, pair->cert) == 1);
    return take_pem(bio);
}

char *pki_ca_pem(const struct pki *pki)
{
    return pki_cert_pem(&pki->ca);
}

char *pki_key_pem(const struct pki_pair *pair)
{
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(bio && PEM_write_bio_PrivateKey(bio, pair->key, NULL, NULL, 0, NULL, NULL) == 1);
    return take_pem(bio);
}

void pki_random_hex(char *ret_text, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte;
        CHECK(RAND_bytes(&byte, 1) == 1);
        ret_text[2 * i] = digits[byte >> 4];
        ret_text[2 * i + 1] = digits[byte & 15];
    }
    ret_text[2 * bytes] = '\0';
}

int pki_write_file(const char *path, const char *text, struct err *err)
{
    char temporary[4096];
    size_t len = strlen(text), done = 0;
    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
        return err_set(err, ENAMETOOLONG, "%s: path too long", path);
    (void)unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, errno, "cannot create %s: %s", temporary, strerror(errno));
    while (done < len) {
        ssize_t written = write(fd, text + done, len - done);
        if (written < 0 && errno != EINTR)
            break;
        done += written > 0 ? (size_t)written : 0;
    }
    int code = done < len ? errno : 0;
    if (close(fd) < 0 && code == 0)
        code = errno;
    if (code == 0 && rename(temporary, path) < 0)
        code = errno;
    if (code != 0)
        return err_set(err, code, "cannot write %s: %s", path, strerror(code));
    return 0;
}
