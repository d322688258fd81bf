/*
 * The request headers, built once per token and content type and shared by all calls that use them:
 * a bind must not pay for formatting the same five lines again. Holds the token; wiped when freed.
 */
#ifndef WATCH_HTTP_HEADERS_H
#define WATCH_HTTP_HEADERS_H

#include <curl/curl.h>
#include <stddef.h>

enum { HTTP_HEADERS_KINDS_MAX = 8 }; /* content types in use at a time */

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

void http_headers_cache_fini(struct http_headers_cache *cache);

#endif
