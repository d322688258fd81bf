#include "watch/http_pool.h"

#include <stdlib.h>

#include "model/base/check.h"
#include "model/base/mem.h"
#include "watch/http.h"

enum {
    FREE_SLOTS_MAX = 2 * HTTP_STREAMS_MAX,
    URL_BYTES_MAX = 64 << 10,
    /* After GOAWAY a connection takes no new requests, but a watch may stay on it for minutes: room
     * for others beside it. */
    SPARE_CONNECTIONS = 2,
    KEPT_BUFFER_BYTES = 64 << 10, /* a larger one goes back to the allocator after its call */
};

struct http_pool *http_pool_new(const struct http_pool_options *options)
{
    struct http_pool *pool = mem_zalloc(1, sizeof(*pool));
    pool->target = http_target_new(options->access);
    pool->owner = options->owner;
    pool->on_closed = options->on_closed;
    pool->multi = multi_new(&(struct multi_options){
        .loop = options->loop,
        .connections_max = options->connections_max + SPARE_CONNECTIONS,
        .streams_max = HTTP_STREAMS_MAX,
        .ctx = options->owner,
        .on_finished = options->on_finished,
        .on_turn = options->on_turn,
    });
    if (options->lane_handler)
        pool->lane = http_lane_new(&(struct http_lane_options){
            .loop = options->loop,
            .multi = pool->multi,
            .target = pool->target,
            .handler = options->lane_handler,
            .owner = options->owner,
            .on_over = options->on_lane_over,
            .on_closed = options->on_closed,
        });
    return pool;
}

static struct http_slot *slot_new(void)
{
    struct http_slot *slot = mem_zalloc(1, sizeof(*slot));
    buf_init(&slot->url, URL_BYTES_MAX);
    buf_init(&slot->body, HTTP_BODY_BYTES_MAX);
    buf_init(&slot->reply, HTTP_BODY_BYTES_MAX);
    return slot;
}

CURL *http_slot_easy(const struct http_pool *pool, struct http_slot *slot)
{
    if (slot->easy)
        return slot->easy;
    slot->easy = curl_easy_init();
    CHECK(slot->easy != NULL);
    http_target_apply(pool->target, slot->easy);
    (void)curl_easy_setopt(slot->easy, CURLOPT_ERRORBUFFER, slot->error);
    return slot->easy;
}

static void slot_free(struct http_slot *slot)
{
    if (slot->easy)
        curl_easy_cleanup(slot->easy);
    buf_fini(&slot->url);
    buf_fini(&slot->body);
    buf_fini(&slot->reply);
    free(slot);
}

static void trim(struct buf *buf, size_t max_bytes)
{
    if (buf->capacity > KEPT_BUFFER_BYTES) {
        buf_fini(buf);
        buf_init(buf, max_bytes);
    }
    buf_clear(buf);
}

struct http_slot *http_pool_take(struct http_pool *pool)
{
    struct http_slot *slot = pool->free_slots;
    if (slot) {
        pool->free_slots = slot->next_free;
        pool->free_count--;
    } else {
        slot = slot_new();
    }
    slot->next_free = NULL;
    slot->error[0] = '\0';
    pool->in_use++;
    return slot;
}

void http_pool_give(struct http_pool *pool, struct http_slot *slot)
{
    CHECK(pool->in_use > 0);
    pool->in_use--;
    if (pool->free_count >= FREE_SLOTS_MAX) {
        slot_free(slot);
        return;
    }
    trim(&slot->url, URL_BYTES_MAX);
    trim(&slot->body, HTTP_BODY_BYTES_MAX);
    trim(&slot->reply, HTTP_BODY_BYTES_MAX);
    slot->next_free = pool->free_slots;
    pool->free_slots = slot;
    pool->free_count++;
}

void http_pool_close(struct http_pool *pool)
{
    CHECK(pool->in_use == 0);
    while (pool->free_slots) {
        struct http_slot *slot = pool->free_slots;
        pool->free_slots = slot->next_free;
        slot_free(slot);
    }
    if (pool->lane)
        http_lane_close(pool->lane);
    /* The connections still use the target's certificates until the multi is cleaned up, which
     * multi_close() does before it returns. */
    multi_close(pool->multi, pool->on_closed, pool->owner);
    http_target_free(pool->target);
    free(pool);
}
