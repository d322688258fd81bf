/*
 * The client's side of one HTTP/2 connection (RFC 9113) for many requests at a time: nghttp2
 * speaks, this keeps whose stream is whose. No I/O: bytes that came are fed, bytes to send are
 * pulled in pieces, so that the frames of many requests leave in one TLS record and one system
 * call.
 */
#ifndef WATCH_H2_H
#define WATCH_H2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/base/str.h"

enum {
    H2_WINDOW_BYTES = 1 << 20, /* that the server may send ahead, a stream and a connection */
    H2_FIELDS_MAX = 12,        /* header fields of a request, the four of HTTP/2 included */
};

struct h2;        /* opaque */
struct h2_stream; /* opaque: one request under way */

struct h2_field {
    struct str name, value; /* the name in lower case */
};

struct h2_request {
    struct str method, authority, path;
    const struct h2_field *fields; /* copied, as all above */
    size_t field_count;
    struct str body; /* borrowed until on_end or h2_cancel() */
    bool has_body;   /* may be empty */
    void *ctx;       /* given to the callbacks as `request` */
};

enum h2_end {
    H2_DONE,    /* the answer is complete */
    H2_REFUSED, /* surely not looked at by the server (RFC 9113 8.7) */
    H2_RESET,   /* broken off by the server; it may have been done */
    H2_GONE,    /* the connection is over; it may have been done if on_sent was called */
};

/* on_end is called from h2_report() only; the others from inside of h2_feed() and h2_pull(), where
 * requests may be submitted and cancelled. */
struct h2_handler {
    void (*on_sent)(void *request); /* its first bytes are pulled */
    void (*on_field)(void *request, struct str name, struct str value); /* ":status" too */
    void (*on_bytes)(void *request, const char *bytes, size_t len);
    void (*on_end)(void *request, enum h2_end end); /* exactly once, unless cancelled */
};

struct h2 *h2_new(const struct h2_handler *handler);
void h2_free(struct h2 *h2); /* takes NULL; requests under way hear nothing more */

/* The stream is lent until on_end or h2_cancel(). Over the number that the server allows at a time
 * it waits here. CHECKs h2_is_open(). */
struct h2_stream *h2_submit(struct h2 *h2, const struct h2_request *request);

/* Its callbacks are over; the server is told if it knows of it. */
void h2_cancel(struct h2 *h2, struct h2_stream *stream);

/* Whether requests may still be submitted: not after a GOAWAY, an error or the last number. */
bool h2_is_open(const struct h2 *h2);

/* Whether nothing is left to be said by either side: end the connection. */
bool h2_is_over(const struct h2 *h2);
uint32_t h2_in_flight(const struct h2 *h2);

/* Bytes from the server. -EPROTO: what came cannot be understood, not even for a complaint to be
 * pulled: end the connection. */
int h2_feed(struct h2 *h2, const char *bytes, size_t len, struct err *err) NODISCARD;

/* Fills `to` with what is to be sent; the number of bytes, 0: nothing. */
size_t h2_pull(struct h2 *h2, char *to, size_t size);

/* The connection is over: all requests under way end with H2_GONE in the next h2_report(). */
void h2_lose(struct h2 *h2);

/* Calls on_end of all that ended. It may submit and cancel, but not free. */
void h2_report(struct h2 *h2);

#endif
