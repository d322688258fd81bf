/*
 * Keeps one kind of object in step with the apiserver (client-go tools/cache/reflector.go;
 * reliability 1.1 to 1.4; kube-scheduler.md A19). What it does next after each end is in
 * reflector_rule.c.
 *
 *      start                          any failure but 410: back off, jittered, and resume
 *        |                              +-----------------+
 *        v        initial-events-end    |                 |
 *     STREAMING ----------------------> WATCHING <--------+
 *        | refused (400/422), silent    |    ^
 *        v                         410  |    | last page
 *      PAGING  <------------------------+    |
 *        +-----------------------------------+
 *
 * A list never empties the cache: it is framed by *_LIST_BEGIN and *_LIST_END, and what it did not
 * name is removed at the end. A list that breaks off is begun again with another BEGIN.
 */
#ifndef WATCH_REFLECTOR_H
#define WATCH_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "model/decode.h"
#include "model/event.h"
#include "watch/http.h"
#include "watch/log.h"

struct reflector; /* opaque */

struct reflector_options {
    uv_loop_t *loop;            /* borrowed, like all pointers here */
    struct http_client *client; /* a client of its own for watches */
    const struct log *log;
    struct symbols *symbols;
    enum decode_kind kind;
    uint32_t source; /* goes into the events: see struct event */
    /* A kind that the server may not have (404): it counts as an empty list, and is asked for again
     * now and then. */
    bool is_optional;
    const char *path;           /* "/api/v1/pods" */
    const char *field_selector; /* NULL, or unescaped text: "status.phase!=Succeeded,..." */
    uint64_t seed;              /* for jitter */
    bool no_streaming_list;     /* always LIST in pages */
    /* Times in milliseconds; 0: as in reflector_rule.h and backoff.h. */
    int64_t stream_idle_ms, stream_limit_ms, list_idle_ms, watch_idle_ms, backoff_base_ms,
        absent_ms;
    int64_t relist_every_ms; /* 0: REFLECTOR_RELIST_MS; below 0: never */
    void *ctx;
    void (*on_event)(void *ctx, const struct event *event);
    void (*on_synced)(void *ctx); /* after each complete list */
    /* Something an operator must know and mend (401, 403, wrong CA, no server). The reflector tries
     * again all the same, with backoff. */
    void (*on_trouble)(void *ctx, const struct err *err);
};

/* Counters, for tests and later metrics. */
struct reflector_stats {
    uint64_t lists, streamed_lists, pages, watches, events, bookmarks, errors_410, decode_failures,
        idle_timeouts, bytes;
};

/* Starts with the first turn of the loop. End it with reflector_stop(), before its http client. */
struct reflector *reflector_start(const struct reflector_options *options);

/* No callback comes after this but `on_stopped` (may be NULL), from the loop; then it is freed. May
 * be called from inside its callbacks, once. */
void reflector_stop(struct reflector *reflector, void (*on_stopped)(void *ctx), void *ctx);

/* Whether a list was complete at least once. */
bool reflector_is_synced(const struct reflector *reflector);
struct reflector_stats reflector_stats(const struct reflector *reflector);

#endif
