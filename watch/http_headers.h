/*
 * The request headers, built once per token and content type and shared by all calls that use them:
 * a bind must not pay for formatting the same five lines again. Holds the token; wiped when freed.
 */
#ifndef WATCH_HTTP_HEADERS_H
#define WATCH_HTTP_HEADERS_H

#include <curl/curl.h>
#include <stddef.h>

#include "watch/h2.h"

enum {
    HTTP_HEADERS_KINDS_MAX = 8, /* content types in use at a time */
    HTTP_HEADERS_FIELDS_MAX = 8,
};

struct http_headers; /* a list with a reference count */

struct http_headers_cache {
    struct http_headers *lists[HTTP_HEADERS_KINDS_MAX]; /* private */
    size_t count;                                       /* private */
};

/* The list for a request; http_headers_unref() it when the call is over. `token`, `content_type`
 * (no body) and `host` (curl's own) may be NULL. Lists of another token are dropped from the cache.
 */
struct http_headers *http_headers_ref(struct http_headers_cache *cache, const char *token,
                                      const char *content_type, const char *host);
void http_headers_unref(struct http_headers *headers);                    /* takes NULL */
struct curl_slist *http_headers_list(const struct http_headers *headers); /* lent */

/* The same for HTTP/2, without the host, which is its `:authority`; lent. */
const struct h2_field *http_headers_fields(const struct http_headers *headers, size_t *ret_count);

void http_headers_cache_fini(struct http_headers_cache *cache);

#endif
