#include <criterion/criterion.h>
#include <string.h>

#include "watch/http_headers.h"

static bool has_line(const struct http_headers *headers, const char *line)
{
    for (const struct curl_slist *at = http_headers_list(headers); at; at = at->next) {
        if (strcmp(at->data, line) == 0)
            return true;
    }
    return false;
}

Test(http_headers, lines_say_who_asks_for_what)
{
    struct http_headers_cache cache = {0};
    struct http_headers *headers =
        http_headers_ref(&cache, "abc", "application/merge-patch+json", "real:6443");
    cr_expect(has_line(headers, "Authorization: Bearer abc"));
    cr_expect(has_line(headers, "Accept: application/json"));
    cr_expect(has_line(headers, "Content-Type: application/merge-patch+json"));
    cr_expect(has_line(headers, "Host: real:6443"));
    cr_expect(has_line(headers, "Expect:"), "no 100-continue");
    http_headers_unref(headers);
    headers = http_headers_ref(&cache, NULL, NULL, NULL);
    for (const struct curl_slist *at = http_headers_list(headers); at; at = at->next)
        cr_expect(strncmp(at->data, "Authorization", 13) && strncmp(at->data, "Content-Type", 12) &&
                  strncmp(at->data, "Host", 4));
    http_headers_unref(headers);
    http_headers_cache_fini(&cache);
}

Test(http_headers, a_list_is_built_once_for_a_token_and_a_content_type)
{
    struct http_headers_cache cache = {0};
    struct http_headers *a = http_headers_ref(&cache, "abc", "application/json", NULL);
    struct http_headers *b = http_headers_ref(&cache, "abc", "application/json", NULL);
    struct http_headers *c = http_headers_ref(&cache, "abc", NULL, NULL);
    cr_expect(a == b && a != c);
    http_headers_unref(a);
    http_headers_unref(b);
    http_headers_unref(c);
    http_headers_cache_fini(&cache);
}

Test(http_headers, a_new_token_leaves_the_lists_of_calls_under_way_alone)
{
    struct http_headers_cache cache = {0};
    struct http_headers *old = http_headers_ref(&cache, "old", NULL, NULL);
    struct http_headers *new = http_headers_ref(&cache, "new", NULL, NULL);
    cr_expect(has_line(old, "Authorization: Bearer old"));
    cr_expect(has_line(new, "Authorization: Bearer new"));
    cr_expect(!has_line(new, "Authorization: Bearer old"));
    http_headers_unref(old);
    http_headers_unref(new);
    http_headers_cache_fini(&cache);
}

Test(http_headers, more_content_types_than_the_cache_keeps_still_work)
{
    struct http_headers_cache cache = {0};
    for (int i = 0; i < 3 * HTTP_HEADERS_KINDS_MAX; i++) {
        char type[32], line[64];
        (void)snprintf(type, sizeof(type), "application/x-%d", i);
        (void)snprintf(line, sizeof(line), "Content-Type: %s", type);
        struct http_headers *headers = http_headers_ref(&cache, "abc", type, NULL);
        cr_expect(has_line(headers, line));
        http_headers_unref(headers);
        cr_expect(cache.count <= HTTP_HEADERS_KINDS_MAX);
    }
    http_headers_cache_fini(&cache);
}
