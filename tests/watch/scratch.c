#include "tests/watch/scratch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "model/base/mem.h"

enum { TEXT_BYTES_MAX = 4 << 20, DAY_S = 86400 };

void scratch_init(struct scratch *scratch)
{
    const char *parent = getenv("TMPDIR");
    char dir[512];
    (void)snprintf(dir, sizeof(dir), "%s/spillway-test-XXXXXX", parent ? parent : P_tmpdir);
    cr_assert_not_null(mkdtemp(dir));
    *scratch = (struct scratch){.dir = mem_strdup(dir)};
    FILE *out = open_memstream(&scratch->log_text, &scratch->log_len);
    cr_assert_not_null(out);
    scratch->log = (struct log){.out = out, .format = LOG_TEXT, .verbosity = 0};
    (void)fflush(out); /* log_text is set from now on */
}

void scratch_fini(struct scratch *scratch)
{
    DIR *dir = opendir(scratch->dir);
    cr_assert_not_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char *path = scratch_path(scratch, entry->d_name);
        (void)unlink(path); /* "." and ".." refuse */
        free(path);
    }
    (void)closedir(dir);
    cr_expect(rmdir(scratch->dir) == 0);
    free(scratch->dir);
    (void)fclose(scratch->log.out);
    free(scratch->log_text);
}

char *scratch_path(const struct scratch *scratch, const char *name)
{
    size_t size = strlen(scratch->dir) + strlen(name) + 2;
    char *path = mem_zalloc(size, 1);
    (void)snprintf(path, size, "%s/%s", scratch->dir, name);
    return path;
}

char *scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
    char *path = scratch_path(scratch, name);
    char *new_path = scratch_path(scratch, ".new");
    FILE *file = fopen(new_path, "w");
    cr_assert_not_null(file);
    cr_assert(chmod(new_path, 0600) == 0);
    cr_assert(fwrite(text, 1, strlen(text), file) == strlen(text));
    cr_assert(fclose(file) == 0);
    cr_assert(rename(new_path, path) == 0);
    free(new_path);
    return path;
}

static char *take_bio(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = mem_strndup(data, (size_t)len);
    BIO_free(bio);
    return text;
}

void make_certificate(const char *name, int days, char **ret_cert_pem, char **ret_key_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    cr_assert(key && X509_set_version(cert, 2) &&
              ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
              X509_gmtime_adj(X509_getm_notBefore(cert), -30L * DAY_S) &&
              X509_gmtime_adj(X509_getm_notAfter(cert), (long)days * DAY_S) &&
              X509_set_pubkey(cert, key) &&
              X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name,
                                         -1, -1, 0) &&
              X509_set_issuer_name(cert, subject) && X509_sign(cert, key, EVP_sha256()) > 0);
    BIO *cert_bio = BIO_new(BIO_s_mem());
    BIO *key_bio = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_X509(cert_bio, cert) &&
              PEM_write_bio_PKCS8PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL));
    *ret_cert_pem = take_bio(cert_bio);
    *ret_key_pem = take_bio(key_bio);
    X509_free(cert);
    EVP_PKEY_free(key);
}

void become_nobody(void)
{
    if (getuid() == 0)
        cr_assert(setegid(NOBODY) == 0 && seteuid(NOBODY) == 0);
}

void become_root_again(void)
{
    if (getuid() == 0)
        cr_assert(seteuid(0) == 0 && setegid(0) == 0);
}

char *make_base64(const char *text)
{
    size_t len = strlen(text);
    char *encoded = mem_zalloc(len / 3 * 4 + 5, 1);
    (void)EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, (int)len);
    return encoded;
}

char *fill_in(const char *text, const char *const *pairs)
{
    struct buf filled;
    buf_init(&filled, TEXT_BYTES_MAX);
    while (*text) {
        const char *const *pair = pairs;
        while (*pair && !(text[0] == '@' && strncmp(text + 1, *pair, strlen(*pair)) == 0 &&
                          text[1 + strlen(*pair)] == '@'))
            pair += 2;
        if (*pair) {
            (void)buf_add_str(&filled, pair[1]);
            text += strlen(*pair) + 2;
        } else {
            (void)buf_add(&filled, text++, 1);
        }
    }
    return buf_take(&filled);
}
