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

/* Bytes on their way through a slow network. */
struct late_bytes {
    struct late_bytes *next;
    int64_t due_ms; /* loop time */
    size_t len;
    char bytes[];
};

struct h2_server {
    uv_loop_t *loop;
    uv_tcp_t *listener;   /* NULL: nobody listens */
    uv_timer_t clock;     /* for what is late */
    uv_prepare_t flusher; /* sends what the turn wrote, before the loop sleeps */
    struct h2_options options;
    struct h2_handler handler;
    nghttp2_session_callbacks *callbacks;
    struct h2_conn *conns;  /* open ones */
    struct h2_conn *dirty;  /* have something to send */
    struct h2_stream *held; /* answers that wait for their time */
    struct h2_counts counts;
    uint32_t wire[WIRE_COUNT]; /* amounts */
    uint64_t jitter;           /* state of the generator */
    uint64_t drops_before;     /* of packets, by the listener before its filter */
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
    bool is_cut, is_reset;                /* how it is to end */
    bool is_deaf, is_silent, is_filtered; /* not read; not written; packets are dropped */
    bool is_fading;                       /* silent, and to be filtered when all is acknowledged */
    bool is_garbled, has_no_window, has_no_ping_ack;
    uint64_t drops_before;
    struct late_bytes *late, **late_end; /* queue */
    int64_t late_ms;                     /* when the last of it is due */
};

/* h2server.c */
int h2_server_listen(struct h2_server *server);
void h2_conn_send(struct h2_conn *conn, const char *bytes, size_t len); /* to the socket, now */
void h2_conn_mark(struct h2_conn *conn);                                /* has something to send */
void h2_conn_close(struct h2_conn *conn);

/* h2wire.c */
int h2_wire_open(struct h2_server *server);
void h2_wire_close(struct h2_server *server);
void h2_wire_connected(struct h2_conn *conn); /* which faults it gets */
void h2_wire_gone(struct h2_conn *conn);
/* Whether the bytes were taken, to leave later or never. */
bool h2_wire_takes(struct h2_conn *conn, const char *bytes, size_t len);
void h2_wire_hold(struct h2_stream *stream); /* its answer, for hold_ms */
void h2_wire_unhold(struct h2_stream *stream);

/* h2stream.c */
void h2_submit_held(struct h2_stream *stream);
int h2_session_open(struct h2_conn *conn);
nghttp2_session_callbacks *h2_callbacks_new(void);
void h2_streams_close(struct h2_conn *conn); /* the connection is gone */

#endif
