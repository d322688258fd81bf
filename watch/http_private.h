/* The inside of the client: http.c has its life, http_call.c the calls. */
#ifndef WATCH_HTTP_PRIVATE_H
#define WATCH_HTTP_PRIVATE_H

#include "watch/http.h"
#include "watch/http_headers.h"
#include "watch/http_pool.h"

enum call_state { CALL_WAITING, CALL_RUNNING, CALL_DOOMED, CALL_STATES };

struct http_call {
    struct http_client *client;
    struct http_pool *pool;
    struct http_slot *slot;
    struct http_call *next, *previous; /* in client->calls[state] */
    struct http_headers *headers;
    const char *method;
    enum call_state state;
    bool is_added;            /* the multi knows the handle */
    struct h2_stream *stream; /* on the pool's lane, while it is under way there */
    bool was_sent;            /* the request started to leave */
    bool is_write;            /* not a GET: never sent a second time by curl on its own */
    bool has_body, has_token;
    enum http_failure doom;      /* why we end it ourselves; NONE: we do not */
    CURLcode code;               /* DOOMED without a doom: how the transfer ended */
    long status;                 /* 0 until known */
    int32_t retry_after_seconds; /* on a lane */
    int64_t deadline_ms, idle_ms;
    struct mono_ms sent_at, last_byte_at;
    void *ctx;
    bool (*on_bytes)(void *ctx, const char *bytes, size_t len);
    void (*on_done)(void *ctx, const struct http_reply *reply);
};

struct http_client {
    uv_loop_t *loop;
    struct access *access;
    const struct log *log;
    char *name;
    uint32_t connections_max;
    bool is_packed;
    struct http_call *calls[CALL_STATES]; /* lists by state */
    uint32_t in_flight;
    struct http_pool *pools; /* the newest first; all but the first are retired */
    struct http_headers_cache headers;
    uv_timer_t timer; /* one for all deadlines */
    struct mono_ms timer_due;
    uint32_t open_count; /* pools and timer that must close before the client goes */
    bool is_closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static inline struct mono_ms http_now(void)
{
    return (struct mono_ms){(int64_t)(uv_hrtime() / 1000000)};
}

/* http.c */
void http_client_wake_by(struct http_client *client, struct mono_ms due);
struct http_pool *http_client_pool(struct http_client *client);

/* Closes retired pools that nobody uses any more; when closing, the timer follows the last call. */
void http_client_tidy(struct http_client *client);

/* http_call.c */
void http_call_doom(struct http_call *call, enum http_failure why);
struct mono_ms http_call_due(const struct http_call *call);

/* The one way out of a call. Outside of curl, so that the handle can be taken back. */
void http_call_finish(struct http_call *call, CURLcode code);

/* A pool's callbacks. After each turn of curl, what waits is tried again. */
void http_call_on_finished(void *owner, CURL *easy, CURLcode result);
void http_call_on_turn(void *owner);
extern const struct h2_handler http_call_h2_handler;

#endif
