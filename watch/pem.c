#include "watch/pem.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

#include "model/base/check.h"

static BIO *bio_over(struct str pem)
{
    CHECK(pem.len <= INT_MAX);
    BIO *bio = BIO_new_mem_buf(pem.ptr ? pem.ptr : "", (int)pem.len);
    CHECK(bio != NULL);
    return bio;
}

int pem_check_ca(struct str pem, struct err *err)
{
    BIO *bio = bio_over(pem);
    int count = 0;
    X509 *cert;
    ERR_clear_error();
    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        count++;
        X509_free(cert);
    }
    /* "No start line" is how the end of the file looks; anything else is a broken block. */
    unsigned long reason = ERR_peek_last_error();
    ERR_clear_error();
    BIO_free(bio);
    if (reason != 0 && ERR_GET_REASON(reason) != PEM_R_NO_START_LINE)
        return err_set(err, EINVAL, "certificate %d is broken: %s", count + 1,
                       ERR_reason_error_string(reason));
    if (count == 0)
        return err_set(err, EINVAL,
                       "no certificate in it (expected a PEM block that starts with "
                       "-----BEGIN CERTIFICATE-----)");
    return 0;
}

/* Refuses: spillway runs unattended, and OpenSSL would otherwise ask on the terminal. */
static int refuse_passphrase(char *buffer, int size, int is_writing, void *ctx)
{
    (void)buffer, (void)size, (void)is_writing;
    *(bool *)ctx = true;
    return -1;
}

int pem_check_pair(struct str cert_pem, struct str key_pem, int64_t *ret_not_after_unix_s,
                   struct err *err)
{
    BIO *cert_bio = bio_over(cert_pem);
    BIO *key_bio = bio_over(key_pem);
    bool is_encrypted = false;
    X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, refuse_passphrase, &is_encrypted);
    struct tm not_after = {0};
    int failed = 0;

    if (!cert)
        failed = err_set(err, EINVAL, "no readable certificate in the client certificate");
    else if (is_encrypted)
        failed = err_set(err, EINVAL, "the client key is encrypted; store it without a passphrase");
    else if (!key)
        failed = err_set(err, EINVAL, "no readable private key in the client key");
    else if (X509_check_private_key(cert, key) != 1)
        failed = err_set(err, EINVAL, "the client key does not belong to the client certificate");
    else if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &not_after) != 1)
        failed = err_set(err, EINVAL, "the client certificate has no readable end date");
    else if (ret_not_after_unix_s)
        *ret_not_after_unix_s = (int64_t)timegm(&not_after);

    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_bio);
    BIO_free(cert_bio);
    return failed;
}
