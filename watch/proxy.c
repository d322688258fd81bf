#include "watch/proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/base/mem.h"

enum { ADDRESS_BYTES = 16, ENTRY_BYTES_MAX = 256 };

/* IPv4 as IPv4-mapped IPv6, so that there is one kind of address. */
static bool parse_address(const char *text, uint8_t ret_address[ADDRESS_BYTES], bool *ret_is_v4)
{
    static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    *ret_is_v4 = inet_pton(AF_INET, text, ret_address + sizeof(mapped)) == 1;
    if (*ret_is_v4) {
        memcpy(ret_address, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, text, ret_address) == 1;
}

static bool is_loopback(const char *host)
{
    uint8_t address[ADDRESS_BYTES];
    bool is_v4;
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (!parse_address(host, address, &is_v4))
        return false;
    struct in6_addr v6;
    memcpy(&v6, address, sizeof(v6));
    return is_v4 ? address[12] == 127 : IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool parse_small_number(const char *text, unsigned int max, unsigned int *ret_number)
{
    unsigned int number = 0;
    if (!*text || strlen(text) > 5)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (unsigned int)(*text - '0');
    }
    *ret_number = number;
    return number <= max;
}

/* `entry` is "address/bits"; the slash is cut by the caller. */
static bool network_has(const char *network, const char *bits_text, const char *host)
{
    uint8_t net[ADDRESS_BYTES], address[ADDRESS_BYTES];
    bool is_net_v4, is_v4;
    unsigned int bits;
    if (!parse_address(network, net, &is_net_v4) || !parse_address(host, address, &is_v4) ||
        is_net_v4 != is_v4 || !parse_small_number(bits_text, is_v4 ? 32 : 128, &bits))
        return false;
    if (is_v4)
        bits += 96;
    size_t whole = bits / 8;
    uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));
    return memcmp(net, address, whole) == 0 &&
           (bits % 8 == 0 || ((net[whole] ^ address[whole]) & mask) == 0);
}

static bool domain_has(const char *domain, const char *host)
{
    bool is_below_only = domain[0] == '.';
    const char *suffix = is_below_only ? domain + 1 : domain;
    size_t suffix_len = strlen(suffix), host_len = strlen(host);
    if (suffix_len == 0 || suffix_len > host_len ||
        strcasecmp(host + host_len - suffix_len, suffix) != 0)
        return false;
    return host_len == suffix_len ? !is_below_only : host[host_len - suffix_len - 1] == '.';
}

/* `entry` may be changed. */
static bool entry_matches(char *entry, const char *host, uint16_t port)
{
    uint8_t address[ADDRESS_BYTES];
    bool is_v4;
    char *slash = strchr(entry, '/');
    if (slash) {
        *slash = '\0';
        return network_has(entry, slash + 1, host);
    }
    char *colon = strrchr(entry, ':');
    if (colon && !parse_address(entry, address, &is_v4)) {
        unsigned int entry_port;
        if (!parse_small_number(colon + 1, UINT16_MAX, &entry_port) || entry_port != port)
            return false;
        *colon = '\0';
    }
    if (entry[0] == '[' && entry[strlen(entry) - 1] == ']') {
        entry[strlen(entry) - 1] = '\0';
        entry++;
    }
    uint8_t host_address[ADDRESS_BYTES];
    if (parse_address(entry, address, &is_v4))
        return parse_address(host, host_address, &is_v4) &&
               memcmp(address, host_address, ADDRESS_BYTES) == 0;
    if (strncmp(entry, "*.", 2) == 0)
        entry++;
    return domain_has(entry, host);
}

bool proxy_is_bypassed(const char *no_proxy, const char *host, uint16_t port)
{
    if (is_loopback(host))
        return true;
    for (const char *at = no_proxy ? no_proxy : ""; *at;) {
        size_t skipped = strspn(at, ", \t");
        size_t len = strcspn(at + skipped, ", \t");
        char entry[ENTRY_BYTES_MAX];
        if (len == 1 && at[skipped] == '*')
            return true;
        if (len > 0 && len < sizeof(entry)) {
            memcpy(entry, at + skipped, len);
            entry[len] = '\0';
            if (entry_matches(entry, host, port))
                return true;
        }
        at += skipped + len;
    }
    return false;
}

static char *prefixed(const char *prefix, const char *rest)
{
    size_t len = strlen(prefix) + strlen(rest) + 1;
    char *text = mem_zalloc(len, 1);
    (void)snprintf(text, len, "%s%s", prefix, rest);
    return text;
}

char *proxy_for_curl(const char *url, struct err *err)
{
    /* Never quoted in an error: it may hold a password. */
    static const char socks5[] = "socks5://";
    CURLU *parsed = curl_url();
    bool is_valid =
        parsed && curl_url_set(parsed, CURLUPART_URL, url,
                               CURLU_NON_SUPPORT_SCHEME | CURLU_DEFAULT_SCHEME) == CURLUE_OK;
    curl_url_cleanup(parsed);
    if (!is_valid) {
        (void)err_set(err, EINVAL, "the proxy is no URL (expected scheme://host:port)");
        return NULL;
    }
    /* Go lets the socks5 proxy resolve the name, which curl calls socks5h. A text without a scheme
     * is an HTTP proxy, as in Go. */
    if (strncasecmp(url, socks5, strlen(socks5)) == 0)
        return prefixed("socks5h://", url + strlen(socks5));
    if (!strstr(url, "://"))
        return prefixed("http://", url);
    if (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0 ||
        strncasecmp(url, "socks5h://", 10) == 0)
        return mem_strdup(url);
    (void)err_set(err, EINVAL, "the proxy's scheme is not known (http, https and socks5 are)");
    return NULL;
}

const char *proxy_from_environment(const char *host, uint16_t port)
{
    const char *proxy = getenv("HTTPS_PROXY");
    if (!proxy || !*proxy)
        proxy = getenv("https_proxy");
    const char *no_proxy = getenv("NO_PROXY");
    if (!no_proxy || !*no_proxy)
        no_proxy = getenv("no_proxy");
    if (!proxy || !*proxy || proxy_is_bypassed(no_proxy, host, port))
        return NULL;
    return proxy;
}
