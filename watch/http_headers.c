#include "watch/http_headers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/mem.h"

enum { HEADER_LINE_BYTES_MAX = 64 << 10 }; /* a token is bounded by access.c far below */

struct http_headers {
    uint32_t refs;
    char *token, *content_type, *host; /* NULL where absent */
    struct curl_slist *list;
    struct h2_field fields[HTTP_HEADERS_FIELDS_MAX]; /* names are constants, values in `list` */
    size_t field_count;
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static char *copy_or_null(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

static void free_wiped(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* Adds "name: value", or what curl takes for "do not send" when `value` is empty. */
static void add_line(struct http_headers *headers, const char *name, const char *value)
{
    struct buf line;
    buf_init(&line, HEADER_LINE_BYTES_MAX);
    (void)buf_printf(&line, "%s:%s%s", name, *value ? " " : "", value);
    CHECK(!buf_overflowed(&line));
    struct curl_slist *longer = curl_slist_append(headers->list, line.data);
    CHECK(longer != NULL);
    headers->list = longer;
    explicit_bzero(line.data, line.len);
    buf_fini(&line);
}

/* For both: curl's line and HTTP/2's field. */
static void add_field(struct http_headers *headers, const char *name, const char *lower_name,
                      const char *value)
{
    add_line(headers, name, value);
    const struct curl_slist *last = headers->list;
    while (last->next)
        last = last->next;
    CHECK(headers->field_count < HTTP_HEADERS_FIELDS_MAX);
    headers->fields[headers->field_count++] = (struct h2_field){
        .name = str_from(lower_name), .value = str_from(last->data + strlen(name) + 2)};
}

static struct http_headers *headers_new(const char *token, const char *content_type,
                                        const char *host)
{
    struct http_headers *headers = mem_zalloc(1, sizeof(*headers));
    headers->refs = 1;
    headers->token = copy_or_null(token);
    headers->content_type = copy_or_null(content_type);
    headers->host = copy_or_null(host);

    add_field(headers, "Accept", "accept", "application/json");
    add_field(headers, "User-Agent", "user-agent", "spillway");
    add_line(headers, "Expect", ""); /* no 100-continue round trip before a body */
    if (content_type)
        add_field(headers, "Content-Type", "content-type", content_type);
    if (host)
        add_line(headers, "Host", host);
    if (token) {
        struct buf bearer;
        buf_init(&bearer, HEADER_LINE_BYTES_MAX);
        (void)buf_printf(&bearer, "Bearer %s", token);
        CHECK(!buf_overflowed(&bearer));
        add_field(headers, "Authorization", "authorization", bearer.data);
        explicit_bzero(bearer.data, bearer.len);
        buf_fini(&bearer);
    }
    return headers;
}

void http_headers_unref(struct http_headers *headers)
{
    if (!headers || --headers->refs > 0)
        return;
    for (struct curl_slist *line = headers->list; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(headers->list);
    free_wiped(headers->token);
    free(headers->content_type);
    free(headers->host);
    free(headers);
}

void http_headers_cache_fini(struct http_headers_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++)
        http_headers_unref(cache->lists[i]);
    cache->count = 0;
}

struct http_headers *http_headers_ref(struct http_headers_cache *cache, const char *token,
                                      const char *content_type, const char *host)
{
    if (cache->count > 0 && !same_text(cache->lists[0]->token, token))
        http_headers_cache_fini(cache);

    for (size_t i = 0; i < cache->count; i++) {
        struct http_headers *headers = cache->lists[i];
        if (same_text(headers->content_type, content_type) && same_text(headers->host, host)) {
            headers->refs++;
            return headers;
        }
    }
    if (cache->count == HTTP_HEADERS_KINDS_MAX)
        http_headers_cache_fini(cache);
    struct http_headers *headers = headers_new(token, content_type, host);
    headers->refs++; /* the cache's and the caller's */
    cache->lists[cache->count++] = headers;
    return headers;
}

struct curl_slist *http_headers_list(const struct http_headers *headers)
{
    return headers->list;
}

const struct h2_field *http_headers_fields(const struct http_headers *headers, size_t *ret_count)
{
    *ret_count = headers->field_count;
    return headers->fields;
}
