/*
 * Implements model/port.h over HTTP: three classes, each on connections of its own with a window of
 * requests in flight: binds; reads and status patches; events. 429 and Retry-After are obeyed per
 * class. Events wait for binds, in a bounded ring; what does not fit is dropped and counted.
 */
#ifndef WATCH_WRITER_H
#define WATCH_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "model/event.h"
#include "model/port.h"
#include "watch/http.h"

struct writer; /* opaque */

enum {
    WRITER_BINDS_IN_FLIGHT = 100,
    WRITER_STATUS_IN_FLIGHT = 32,
    WRITER_EVENTS_IN_FLIGHT = 16,
    WRITER_EVENT_RING = 1000,    /* as client-go's broadcaster: full means dropped */
    WRITER_STATUS_QUEUE = 65536, /* waiting patches, newest per pod; over it: OUTCOME_NOT_SENT */
};

struct writer_options {
    uv_loop_t *loop; /* all pointers borrowed */
    struct access *access;
    const struct log *log;
    struct symbols *symbols;
    const char *instance; /* reportingInstance is "<scheduler>-<instance>": the host name */
    uint64_t seed;        /* 0: from the system's random source */
    void *ctx;
    void (*on_event)(void *ctx, const struct event *event); /* replies, from the loop */
};

struct writer_stats {
    uint64_t binds_sent, binds_done, binds_unknown, throttled, status_sent, events_sent, events_dropped,
        events_failed;
};

struct writer *writer_new(const struct writer_options *options);
struct port writer_port(struct writer *writer); /* valid as long as the writer */
uint32_t writer_binds_in_flight(const struct writer *writer);
struct writer_stats writer_stats(const struct writer *writer);

/* No new binds leave; answers still come. Then close: waits for nothing, ends what is under way (a bind
 * under way gets OUTCOME_UNKNOWN), flushes nothing. */
void writer_close(struct writer *writer, void (*on_closed)(void *ctx), void *ctx);

#endif
