/* The client: its pools, its timer, its end. The calls are in http_call.c. */
#include "watch/http.h"

#include <stdlib.h>

#include "model/base/check.h"
#include "model/base/mem.h"
#include "watch/http_private.h"

static void on_tick(uv_timer_t *timer);

/* ---- the timer ---- */

void http_client_wake_by(struct http_client *client, struct mono_ms due)
{
    if (!mono_before(due, client->timer_due))
        return;
    int64_t delay_ms = mono_since(due, http_now());
    client->timer_due = due;
    CHECK(uv_timer_start(&client->timer, on_tick, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0) == 0);
}

/* ---- the client ---- */

struct http_client *http_client_new(uv_loop_t *loop, struct access *access, const struct log *log,
                                    const char *name, uint32_t connections_max)
{
    CHECK(connections_max > 0);
    struct http_client *client = mem_zalloc(1, sizeof(*client));
    client->loop = loop;
    client->access = access;
    client->log = log;
    client->name = mem_strdup(name);
    client->connections_max = connections_max;
    client->timer_due = MONO_NEVER;
    CHECK(uv_timer_init(loop, &client->timer) == 0);
    client->timer.data = client;
    client->open_count = 1;
    return client;
}

static void client_part_closed(void *ctx)
{
    struct http_client *client = ctx;
    CHECK(client->open_count > 0);
    if (--client->open_count > 0)
        return;
    void (*on_closed)(void *) = client->on_closed;
    void *closed_ctx = client->closed_ctx;
    http_headers_cache_fini(&client->headers);
    free(client->name);
    free(client);
    if (on_closed)
        on_closed(closed_ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    client_part_closed(handle->data);
}

void http_client_tidy(struct http_client *client)
{
    struct http_pool **link = &client->pools;
    while (*link) {
        struct http_pool *pool = *link;
        if (pool->in_use == 0 && (pool->is_retired || client->is_closing)) {
            *link = pool->next;
            http_pool_close(pool);
        } else {
            link = &pool->next;
        }
    }
    if (client->is_closing && client->in_flight == 0 &&
        !uv_is_closing((uv_handle_t *)&client->timer))
        uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

void http_client_close(struct http_client *client, void (*on_closed)(void *ctx), void *ctx)
{
    CHECK(!client->is_closing);
    client->is_closing = true;
    client->on_closed = on_closed;
    client->closed_ctx = ctx;
    for (enum call_state state = CALL_WAITING; state < CALL_DOOMED; state++) {
        while (client->calls[state])
            http_call_doom(client->calls[state], HTTP_FAILURE_STOPPED);
    }
    /* We may be inside curl: the tick does the rest. */
    http_client_wake_by(client, (struct mono_ms){0});
}

uint32_t http_client_in_flight(const struct http_client *client)
{
    return client->in_flight;
}

void http_client_pack(struct http_client *client)
{
    CHECK(!client->pools);
    client->is_packed = true;
}

/* ---- pools ---- */

/* A lane takes no more requests: what comes next gets a new pool. */
static void on_lane_over(void *owner)
{
    struct http_client *client = owner;
    for (struct http_pool *pool = client->pools; pool; pool = pool->next) {
        if (pool->lane && http_lane_state(pool->lane) == LANE_OVER)
            pool->is_retired = true;
    }
    http_client_tidy(client);
}

struct http_pool *http_client_pool(struct http_client *client)
{
    struct http_pool *pool = client->pools;
    uint64_t generation = access_tls_generation(client->access);
    if (pool && !pool->is_retired && pool->target->generation == generation)
        return pool;
    if (pool)
        pool->is_retired = true; /* closed when its last call is over */

    pool = http_pool_new(&(struct http_pool_options){
        .loop = client->loop,
        .access = client->access,
        .connections_max = client->connections_max,
        .owner = client,
        .on_finished = http_call_on_finished,
        .on_turn = http_call_on_turn,
        .on_closed = client_part_closed,
        .lane_handler = client->is_packed ? &http_call_h2_handler : NULL,
        .on_lane_over = on_lane_over,
    });
    client->open_count += pool->lane ? 2 : 1;
    pool->next = client->pools;
    client->pools = pool;
    return pool;
}

/* ---- the tick: deadlines, and the doomed ---- */

static struct mono_ms doom_overdue(struct http_call *calls, struct mono_ms now)
{
    struct mono_ms due = MONO_NEVER;
    struct http_call *next;
    for (struct http_call *call = calls; call; call = next) {
        next = call->next;
        struct mono_ms call_is_due = http_call_due(call);
        if (mono_before(now, call_is_due))
            due = mono_min(due, call_is_due);
        else
            http_call_doom(call, HTTP_FAILURE_TIMEOUT);
    }
    return due;
}

static void on_tick(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    struct mono_ms now = http_now();

    client->timer_due = MONO_NEVER;
    struct mono_ms due = mono_min(doom_overdue(client->calls[CALL_RUNNING], now),
                                  doom_overdue(client->calls[CALL_WAITING], now));
    /* on_done may start, stop and close as it likes: what that dooms has to wait for the next tick,
     * else a caller that starts and stops in turn would hold the loop. */
    uint32_t doomed_count = 0;
    for (struct http_call *call = client->calls[CALL_DOOMED]; call; call = call->next)
        doomed_count++;
    for (; doomed_count > 0 && client->calls[CALL_DOOMED]; doomed_count--)
        http_call_finish(client->calls[CALL_DOOMED], client->calls[CALL_DOOMED]->code);
    if (client->is_closing)
        http_client_tidy(client);
    else
        http_client_wake_by(client, due);
}
