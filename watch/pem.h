/* Looks at certificates and keys before a connection needs them, so that errors name the file. */
#ifndef WATCH_PEM_H
#define WATCH_PEM_H

#include <stdint.h>

#include "model/base/err.h"
#include "model/base/str.h"

/* At least one certificate, each of them readable. */
int pem_check_ca(struct str pem, struct err *err);

/* A certificate and its private key (not encrypted), which belong together. *ret_not_after_unix_s
 * is the end of the certificate's life; may be NULL. */
int pem_check_pair(struct str cert_pem, struct str key_pem, int64_t *ret_not_after_unix_s,
                   struct err *err);

#endif
