/*
 * Which proxy a connection takes: the kubeconfig's proxy-url, else HTTPS_PROXY with NO_PROXY, by
 * the rules of Go's golang.org/x/net/http/httpproxy, which client-go follows.
 */
#ifndef WATCH_PROXY_H
#define WATCH_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/base/str.h"

/* Whether NO_PROXY text says that `host` (no brackets) is reached directly. "localhost" and
 * loopback addresses always are. Entries: "*", IP, CIDR, "example.com" (and below), ".example.com"
 * (below only), each with an optional ":port". */
bool proxy_is_bypassed(const char *no_proxy, const char *host, uint16_t port);

/* The proxy as libcurl wants it, yours (free()); http, https and socks5 are known. NULL: *err. */
char *proxy_for_curl(const char *url, struct err *err);

/* The environment's proxy for an https server, lent, or NULL for none. */
const char *proxy_from_environment(const char *host, uint16_t port);

#endif
