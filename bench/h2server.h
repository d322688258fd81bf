/*
 * HTTP/2 over TLS for the simulated apiserver: libnghttp2's server session between OpenSSL's memory
 * BIOs, driven by libuv. Knows requests, answers and streams of bytes; nothing of Kubernetes.
 *
 * What is written in one turn of the loop leaves together just before the loop sleeps, so that a
 * hundred small answers share their TLS records and system calls.
 */
#ifndef BENCH_H2SERVER_H
#define BENCH_H2SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "bench/blob.h"
#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/err.h"
#include "model/base/str.h"

struct h2_server; /* opaque */
struct h2_conn;   /* opaque */

/* A request that is complete, and the place of its answer. Lives from on_request to on_closed. */
struct h2_stream {
    const char *method, *path;                         /* NUL-terminated; path with its query */
    const char *content_type, *accept, *authorization; /* "" when absent */
    struct buf body;
    bool body_too_large;  /* the body was over the limit and is cut */
    void *user;           /* the handler's */
    struct h2_conn *conn; /* private from here on */
    struct h2_stream *next, *previous;
    int32_t id;
    struct h2_source *source;
    struct blob *answer;
    size_t answer_sent;
    bool answered, deferred;
    /* an answer that is held back: until when (loop time), 0 none */
    struct h2_stream *next_held;
    int64_t hold_ms, due_ms;
    int code, retry_after_s;
    char held_type[64], held_location[128];
};

/* A body that is made while it is sent. */
struct h2_source {
    /* Writes up to `size` bytes; returns how many. 0 without *ret_end: nothing now, h2_resume()
     * later. */
    size_t (*read)(struct h2_source *source, char *bytes, size_t size, bool *ret_end);
};

struct h2_handler {
    void (*on_request)(void *data, struct h2_stream *stream);
    /* The stream is gone, answered or not: release what hangs on it. */
    void (*on_closed)(void *data, struct h2_stream *stream);
    /* Bytes came in and are about to be handled (a place to read the clock); may be NULL. */
    void (*on_wake)(void *data);
    /* A client has read all that was sent to it before an h2_ping(); may be NULL. */
    void (*on_pong)(void *data);
    /* The last memory is released; may be NULL. */
    void (*on_end)(void *data);
    void *data;
};

/*
 * A bad network on purpose. X(NAME, "text"): the amount of h2_server_wire() means, what is counted.
 * What is said of "connections of now" holds for them until it is switched off.
 */
#define WIRE_FAULTS(X)                                                                             \
    X(REFUSE, "refuse")         /* nobody listens, connections of now are reset; times switched */ \
    X(BLACK_HOLE, "black-hole") /* the same, but SYNs are not answered at all; SYNs */             \
    X(HALF_OPEN, "half-open")   /* connections of now: no packet comes or goes, no ACK; packets */ \
    X(ONE_WAY, "one-way")     /* connections of now: no packet comes in, not even ACKs; packets */ \
    X(DELAY, "delay")         /* ms, and as much again by chance, before bytes leave; writes */    \
    X(NARROW, "narrow")       /* bytes a second of each connection; writes */                      \
    X(DEAD, "dead")           /* so many of the next connections are never read; connections */    \
    X(GARBLE, "garble")       /* so many get plain text instead of TLS; connections */             \
    X(NO_WINDOW, "no-window") /* so many may not send a body; connections */                       \
    X(NO_PING_ACK, "no-ping-ack") /* so many; pings */

enum wire_fault {
#define X(name, text) WIRE_##name,
    WIRE_FAULTS(X)
#undef X
        WIRE_COUNT
};

struct h2_options {
    uint16_t port; /* 0: any free one; the address is always 127.0.0.1 */
    SSL_CTX *tls;  /* lent; must outlive the server; ALPN is set here */
    size_t max_body_bytes;
    uint32_t max_streams; /* of one connection at a time */
};

struct h2_server *h2_server_start(uv_loop_t *loop, const struct h2_options *options,
                                  const struct h2_handler *handler, struct err *err);
uint16_t h2_server_port(const struct h2_server *server);

/* GOAWAY to all, then closes them. on_end comes when the loop has closed the handles. */
void h2_server_stop(struct h2_server *server);

struct h2_answer {
    int code;
    const char *content_type;
    int retry_after_s;    /* 0: no Retry-After */
    const char *location; /* NULL: none */
};

/* Answers once. Takes over the reference of the body (NULL: empty). */
void h2_respond(struct h2_stream *stream, const struct h2_answer *answer, struct blob *owned_body);

/* Answers with a source, which must live until on_closed. */
void h2_respond_source(struct h2_stream *stream, const struct h2_answer *answer,
                       struct h2_source *source);

/* There is something to read again. Cheap when it is not waiting. */
void h2_resume(struct h2_stream *stream);

/* RST_STREAM with INTERNAL_ERROR. */
void h2_reset(struct h2_stream *stream);

/* GOAWAY: streams that are open go on, new ones need another connection. */
void h2_goaway(struct h2_stream *stream);

/* PING on its connection: on_pong comes when the client has read it. */
void h2_ping(struct h2_stream *stream);

/* Closes the whole connection at once, without a word. */
void h2_drop(struct h2_stream *stream);

/* The same with RST instead of FIN. */
void h2_drop_reset(struct h2_stream *stream);

/* Closes it in the middle of the bytes that are sent next. */
void h2_cut(struct h2_stream *stream);

/* The answer that comes next leaves so much later. */
void h2_hold(struct h2_stream *stream, int64_t delay_ms);

/* The subject of the client's certificate: CN, "" when there was none; O as groups. Lent. */
const char *h2_peer_name(const struct h2_stream *stream);

/* A slot of the connection for the handler's own cache (who sent the last Authorization). */
void **h2_conn_slot(const struct h2_stream *stream);

struct h2_counts {
    uint64_t connections, bytes_in, bytes_out;
    uint32_t connections_now;
    uint64_t wire[WIRE_COUNT]; /* how often each fault of the network happened */
};
struct h2_counts h2_server_counts(const struct h2_server *server);

/* Switches a fault of the network; 0: off. -errno when the system refuses to listen again. */
NODISCARD int h2_server_wire(struct h2_server *server, enum wire_fault fault, uint32_t amount);

/* Connections that are made from here on are answered with this context (lent). */
void h2_server_set_tls(struct h2_server *server, SSL_CTX *tls);

#endif
