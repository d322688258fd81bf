/*
 * One generation of connections: a multi of its own and easy handles that are set up once and used
 * again, so that a request costs only what differs: URL, method, headers, body.
 *
 * A pool retires when the TLS material changed or a call on it failed: calls under way end
 * on it, new ones go to the next pool, and its connections close with the last call.
 */
#ifndef WATCH_HTTP_POOL_H
#define WATCH_HTTP_POOL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "model/base/buf.h"
#include "watch/http_lane.h"
#include "watch/http_target.h"
#include "watch/multi.h"

/* What one request works with; kept for the next. */
struct http_slot {
    CURL *easy; /* private: http_slot_easy() */
    char error[CURL_ERROR_SIZE];
    struct buf url, body, reply;
    struct http_slot *next_free; /* private */
};

struct http_pool {
    struct multi *multi;
    struct http_lane *lane; /* NULL: requests do not leave packed */
    struct http_target *target;
    struct http_slot *free_slots; /* private */
    uint32_t free_count;          /* private */
    uint32_t in_use;              /* slots taken */
    bool is_retired;
    struct http_pool *next; /* the client's list */
    void *owner;
    void (*on_closed)(void *owner);
};

struct http_pool_options {
    uv_loop_t *loop; /* borrowed */
    const struct access *access;
    uint32_t connections_max;
    void *owner; /* given to the callbacks */
    void (*on_finished)(void *owner, CURL *easy, CURLcode result);
    void (*on_turn)(void *owner);
    void (*on_closed)(void *owner);        /* the pool is gone; with a lane this comes twice */
    const struct h2_handler *lane_handler; /* NULL: no lane */
    void (*on_lane_over)(void *owner);
};

struct http_pool *http_pool_new(const struct http_pool_options *options);
struct http_slot *http_pool_take(struct http_pool *pool);

/* The slot's handle, set up for the target; CURLINFO_PRIVATE is the user's. Lent. */
CURL *http_slot_easy(const struct http_pool *pool, struct http_slot *slot);
void http_pool_give(struct http_pool *pool, struct http_slot *slot);

/* CHECKs that no slot is taken. Frees the pool at once, its connections when libuv is done. */
void http_pool_close(struct http_pool *pool);

#endif
