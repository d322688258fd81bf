/*
 * HTTP/2 client: libcurl's multi interface on a libuv loop. One client is one group of connections
 * of its own (watches, binds, the rest never wait for each other). After every curl call all
 * finished transfers are drained from one place, so that none is forgotten (the trap of
 * multi-uv.c).
 */
#ifndef WATCH_HTTP_H
#define WATCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "model/base/err.h"
#include "model/base/mono.h"
#include "model/base/str.h"
#include "watch/access.h"
#include "watch/log.h"

struct http_client; /* opaque */
struct http_call;   /* opaque: one request under way */

enum {
    HTTP_STREAMS_MAX = 100, /* requests in flight a connection (Go's servers allow 100 to 250) */
    HTTP_BODY_BYTES_MAX = 4 << 20, /* a buffered reply; the apiserver's objects end at 3 MiB */
    HTTP_CONNECT_TIMEOUT_MS = 10000,
    HTTP_REQUEST_TIMEOUT_MS = 30000, /* a request that is no watch and no list */
    HTTP_USER_TIMEOUT_MS = 30000,    /* TCP_USER_TIMEOUT: a dead link is noticed (k/k#87615) */
};

#define HTTP_FAILURE_MAP(X)                                                                        \
    X(NONE, "none")                                                                                \
    X(CONNECT, "cannot connect") /* nothing was sent */                                            \
    X(TLS, "TLS failed")         /* nothing was sent */                                            \
    X(TIMEOUT, "no answer in time")                                                                \
    X(LOST, "connection lost")                                                                     \
    X(TOO_LARGE, "reply too large")                                                                \
    X(STOPPED, "stopped by us") /* http_call_stop(), or on_bytes said so */                        \
    X(OTHER, "failed")

enum http_failure {
#define X(id, text) HTTP_FAILURE_##id,
    HTTP_FAILURE_MAP(X)
#undef X
};

struct http_reply {
    int32_t status; /* HTTP status; 0 when no complete answer came */
    enum http_failure failure;
    bool was_sent;               /* some byte of the request may have reached the server */
    int32_t retry_after_seconds; /* Retry-After header, seconds or date; -1: none */
    struct str body;             /* buffered: whole; streamed: of a status other than 200 only */
    struct err err;              /* failure != NONE: what and where, for people */
    struct mono_ms sent_at;
};

struct http_options {
    const char *method;       /* "GET", "POST", "PATCH", "DELETE": a constant */
    const char *path;         /* path and query, from "/"; copied */
    struct str body;          /* copied; empty: none */
    const char *content_type; /* NULL: application/json */
    int64_t deadline_ms;      /* whole request; 0: none (watches) */
    int64_t idle_ms;          /* no byte for so long: failure TIMEOUT; 0: none */
    void *ctx;
    /* Streamed: called for the bytes of a 200 answer as they come; false ends the call (STOPPED).
     * NULL: the body is buffered up to HTTP_BODY_BYTES_MAX. */
    bool (*on_bytes)(void *ctx, const char *bytes, size_t len);
    /* Exactly once, from the loop, never from inside http_call_start(). The call is over after it.
     */
    void (*on_done)(void *ctx, const struct http_reply *reply);
};

/* `access`, `log` and `loop` are borrowed and outlive the client. `name` for logs. Requests share
 * connections by HTTP/2; a server or proxy that only speaks HTTP/1.1 gets one at a time on each.
 * With up to HTTP_STREAMS_MAX requests in flight there is one connection; over it, and beside a
 * connection that the server said GOAWAY on, there may be two more than `connections_max`. */
struct http_client *http_client_new(uv_loop_t *loop, struct access *access, const struct log *log,
                                    const char *name, uint32_t connections_max);

/* Right after http_client_new(): the requests of many calls leave packed into few records and
 * system calls, on one connection. For clients with many small requests; a server that speaks no
 * HTTP/2 is served as before. */
void http_client_pack(struct http_client *client);

/* Ends all calls (each gets its on_done with STOPPED) and frees the client when its handles are
 * closed, which needs the loop to run on until `on_closed`. */
void http_client_close(struct http_client *client, void (*on_closed)(void *ctx), void *ctx);

/* Sends. The call is lent until its on_done. Takes the token that is valid now; on 401 the access
 * is told. A GET may be sent again by the transport when a connection breaks before the first byte
 * of the answer; any other method is sent at most once (then LOST with was_sent). CHECKs that the
 * client was not closed. May be called from any callback of any call. */
struct http_call *http_call_start(struct http_client *client, const struct http_options *options);

/* Ends it; on_done comes later from the loop with STOPPED. */
void http_call_stop(struct http_call *call);

uint32_t http_client_in_flight(const struct http_client *client);

/* Retry-After of RFC 9110: delay seconds, or an HTTP date against `now_unix_s`. -1 when unusable;
 * at most one hour. (fuzzed) */
int32_t http_retry_after(struct str value, int64_t now_unix_s);

#endif
