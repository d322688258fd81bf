/* Shared by h2server.c (sockets and TLS) and h2stream.c (nghttp2). */
#ifndef BENCH_H2SERVER_PRIVATE_H
#define BENCH_H2SERVER_PRIVATE_H

#include <nghttp2/nghttp2.h>

#include "bench/h2server.h"

enum {
    H2_IN_BYTES = 64 << 10,     /* one read from the socket */
    H2_RECORD_BYTES = 16 << 10, /* plain bytes of a TLS record */
    H2_QUEUE_BYTES = 1 << 20,   /* not yet written to the socket: stop making more */
    H2_MAX_CONNECTIONS = 1024,
    H2_STREAM_WINDOW_BYTES = 1 << 20,
    /* curl 7.88 resets every stream that has ended. nghttp2's own limit, 33 a second, would end its
     * connection with a GOAWAY; kube-apiserver has none for streams that are closed. */
    H2_RESETS_BURST = 1000000,
    H2_RESETS_A_SECOND = 1000000,
};

struct h2_server {
    uv_loop_t *loop;
    uv_tcp_t listener;
    uv_prepare_t flusher; /* sends what the turn wrote, before the loop sleeps */
    struct h2_options options;
    struct h2_handler handler;
    nghttp2_session_callbacks *callbacks;
    struct h2_conn *conns; /* open ones */
    struct h2_conn *dirty; /* have something to send */
    struct h2_counts counts;
    uint16_t port;
    int handles; /* open handles of the server itself */
    bool stopping;
    char in[H2_IN_BYTES];
    char plain[H2_RECORD_BYTES];
};

struct h2_conn {
    struct h2_server *server;
    struct h2_conn *next, *previous;
    struct h2_conn *next_dirty;
    uv_tcp_t tcp;
    SSL *ssl;
    BIO *in, *out;            /* owned by ssl */
    nghttp2_session *session; /* NULL until the handshake is done */
    struct h2_stream *streams;
    size_t queued_bytes; /* in uv_write requests */
    void *slot;
    char peer_name[128];
    bool is_dirty, closing, busy;
};

/* h2server.c */
void h2_conn_mark(struct h2_conn *conn); /* has something to send */
void h2_conn_close(struct h2_conn *conn);

/* h2stream.c */
int h2_session_open(struct h2_conn *conn);
nghttp2_session_callbacks *h2_callbacks_new(void);
void h2_streams_close(struct h2_conn *conn); /* the connection is gone */

#endif
