/*
 * A throw-away certificate authority for one run: EC P-256 keys, a server certificate for 127.0.0.1
 * and localhost, client certificates. Made with OpenSSL in about a millisecond; valid for ten days.
 */
#ifndef BENCH_PKI_H
#define BENCH_PKI_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "model/base/check.h"
#include "model/base/err.h"

struct pki; /* opaque */

/* A certificate and its key. */
struct pki_pair {
    X509 *cert;
    EVP_PKEY *key;
};

struct pki *pki_new(struct err *err);
void pki_free(struct pki *pki);

/* Issues for a client: CN is the user, O its group (NULL none). expired: it ended yesterday. */
NODISCARD int pki_issue_client(struct pki *pki, const char *user, const char *group, bool expired,
                               struct pki_pair *ret_pair, struct err *err);
void pki_pair_fini(struct pki_pair *pair);

/* Gives the server a certificate that ended yesterday, for contexts made from here on. */
NODISCARD int pki_expire_server(struct pki *pki, struct err *err);

/* A server context: TLS 1.2 and 1.3, client certificates of this CA asked for but not demanded.
 * Release with SSL_CTX_free(). NULL: see *err. */
SSL_CTX *pki_server_context(struct pki *pki, struct err *err);

/* Texts in PEM, NUL-terminated, yours: free(). */
char *pki_ca_pem(const struct pki *pki);
char *pki_cert_pem(const struct pki_pair *pair);
char *pki_key_pem(const struct pki_pair *pair);

/* `bytes` random bytes as hex, NUL-terminated; for bearer tokens. */
void pki_random_hex(char *ret_text, size_t bytes);

/* Writes a file anew with mode 0600, by a rename, so that readers never see half of it. */
NODISCARD int pki_write_file(const char *path, const char *text, struct err *err);

#endif
