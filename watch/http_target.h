/*
 * What one generation of connections is made with: address, CA, client certificate, proxy. A copy
 * of the access at one moment, because curl reads these bytes whenever it connects.
 */
#ifndef WATCH_HTTP_TARGET_H
#define WATCH_HTTP_TARGET_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/access.h"

struct http_target {
    uint64_t generation; /* of the access, when it was copied */
    char *server;        /* as in the kubeconfig: for messages */
    char *url_base;      /* what curl is given before the path */
    char *host;          /* "Host:" value when it differs from url_base's, else NULL */
    struct curl_slist *connect_to;
    char *ca_pem, *cert_pem, *key_pem; /* NULL where not set */
    size_t ca_len, cert_len, key_len;
    char *proxy_url; /* "" for none: the environment is never asked by curl itself */
    bool is_insecure;
};

/* `access` was checked when loaded, so this cannot fail. Yours; http_target_free() wipes the key.
 */
struct http_target *http_target_new(const struct access *access);
void http_target_free(struct http_target *target); /* takes NULL */

/* Everything about an easy handle that does not change from call to call. The handle points into
 * `target`, which must outlive it. */
void http_target_apply(const struct http_target *target, CURL *easy);

#endif
