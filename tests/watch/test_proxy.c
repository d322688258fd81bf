#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "watch/proxy.h"

/* golang.org/x/net/http/httpproxy's rules. */
static const struct {
    const char *no_proxy, *host;
    uint16_t port;
    bool is_bypassed;
} rows[] = {
    {"", "api.example.com", 443, false},
    {NULL, "10.0.0.1", 443, false},
    {"", "localhost", 443, true},
    {"", "127.8.9.1", 443, true},
    {"", "::1", 443, true},
    {"*", "api.example.com", 443, true},
    {"example.com", "example.com", 443, true},
    {"example.com", "api.EXAMPLE.com", 443, true},
    {"example.com", "notexample.com", 443, false},
    {".example.com", "example.com", 443, false},
    {".example.com", "api.example.com", 443, true},
    {"*.example.com", "api.example.com", 443, true},
    {"a.b, example.com", "example.com", 443, true},
    {"example.com:6443", "example.com", 6443, true},
    {"example.com:6443", "example.com", 443, false},
    {"example.com:x", "example.com", 443, false},
    {"10.0.0.1", "10.0.0.1", 443, true},
    {"10.0.0.1", "10.0.0.10", 443, false},
    {"10.0.0.1:443", "10.0.0.1", 443, true},
    {"10.0.0.1:80", "10.0.0.1", 443, false},
    {"10.0.0.0/8", "10.200.3.4", 443, true},
    {"10.0.0.0/8", "11.0.0.1", 443, false},
    {"10.128.0.0/9", "10.127.0.1", 443, false},
    {"10.128.0.0/9", "10.128.0.1", 443, true},
    {"10.0.0.1/32", "10.0.0.1", 443, true},
    {"0.0.0.0/0", "8.8.8.8", 443, true},
    {"10.0.0.0/33", "10.0.0.1", 443, false},
    {"10.0.0.0/8", "fd00::1", 443, false},
    {"fd00::/8", "fd12::1", 443, true},
    {"fd00::/8", "fe80::1", 443, false},
    {"fd00::1", "fd00:0::1", 443, true},
    {"[fd00::1]:443", "fd00::1", 443, true},
    {"10.0.0.0/8", "api.example.com", 443, false},
};

Test(proxy, no_proxy_is_read_as_go_reads_it)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect(proxy_is_bypassed(rows[i].no_proxy, rows[i].host, rows[i].port) ==
                      rows[i].is_bypassed,
                  "row %zu: \"%s\" for %s:%u", i, rows[i].no_proxy ? rows[i].no_proxy : "",
                  rows[i].host, rows[i].port);
}

static const struct {
    const char *url, *for_curl; /* NULL: refused */
} urls[] = {
    {"http://proxy:3128", "http://proxy:3128"},
    {"https://proxy:3128", "https://proxy:3128"},
    {"socks5://proxy:1080", "socks5h://proxy:1080"},
    {"proxy:3128", "http://proxy:3128"},
    {"ftp://proxy", NULL},
    {"http://us er:secret@proxy", NULL},
};

Test(proxy, schemes_are_as_curl_calls_them)
{
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct err err = {0};
        char *text = proxy_for_curl(urls[i].url, &err);
        if (urls[i].for_curl)
            cr_expect(text && strcmp(text, urls[i].for_curl) == 0, "row %zu: %s", i, err.text);
        else
            cr_expect(!text && err.code > 0, "row %zu", i);
        cr_expect_null(strstr(err.text, "secret"), "a password is not quoted");
        free(text);
    }
}

Test(proxy, environment_is_used_but_for_no_proxy)
{
    cr_assert(unsetenv("HTTPS_PROXY") == 0 && unsetenv("NO_PROXY") == 0);
    cr_assert(unsetenv("no_proxy") == 0 && setenv("https_proxy", "http://lower:1", 1) == 0);
    cr_expect_str_eq(proxy_from_environment("api", 443), "http://lower:1");
    cr_assert(setenv("HTTPS_PROXY", "http://upper:1", 1) == 0);
    cr_expect_str_eq(proxy_from_environment("api", 443), "http://upper:1");
    cr_assert(setenv("NO_PROXY", "api", 1) == 0);
    cr_expect_null(proxy_from_environment("api", 443));
    cr_expect_str_eq(proxy_from_environment("other", 443), "http://upper:1");
}
