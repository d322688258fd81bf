/*
 * Implements model/port.h over HTTP: three classes, each on connections of its own with a window of
 * requests in flight that adapts to the server: binds; reads and status patches; events. 429 and
 * Retry-After are obeyed per class. Events wait while more than half the window of binds is in use
 * and shortly after, in a bounded ring; what does not fit is dropped and counted.
 *
 * Files: writer.c life and port, write_bind.c binds and reads, write_labels.c what comes before a
 * bind, write_evict.c, write_status.c, write_policy.c, write_event.c, write_class.c queues,
 * write_window.c how many, write_rule.c what an answer means, write_body*.c the JSON.
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
    WRITER_BINDS_IN_FLIGHT = 100, /* at most, as the two below: see write_window.h */
    WRITER_STATUS_IN_FLIGHT = 32,
    WRITER_EVENTS_IN_FLIGHT = 16,
    WRITER_EVENT_CALM_MS = 100,   /* a burst of binds is over after so long */
    WRITER_EVENT_RING = 1000,     /* warnings, as client-go's broadcaster: full means dropped */
    WRITER_EVENT_BACKLOG = 20000, /* normal events of a burst: 4 MB; full means dropped */
    WRITER_STATUS_QUEUE = 65536,  /* waiting patches, newest per pod; over it: OUTCOME_NOT_SENT */
};

struct writer_options {
    uv_loop_t *loop; /* all pointers borrowed */
    struct access *access;
    const struct log *log;
    struct symbols *symbols;
    const char *instance;  /* reportingInstance is "<scheduler>-<instance>": the host name */
    uint64_t seed;         /* 0: from the system's random source */
    int64_t event_calm_ms; /* 0: WRITER_EVENT_CALM_MS */
    void *ctx;
    void (*on_event)(void *ctx, const struct event *event); /* replies, from the loop */
    void (*watch_owners)(void *ctx); /* port.watch_owners(); NULL: nobody listens */
};

struct writer_stats {
    uint64_t binds_sent, binds_done, binds_unknown, throttled, status_sent, events_sent,
        events_dropped, events_failed;
};

struct writer *writer_new(const struct writer_options *options);
struct port writer_port(struct writer *writer); /* valid as long as the writer */
uint32_t
writer_binds_in_flight(const struct writer *writer); /* with those that wait to be sent again */
struct writer_stats writer_stats(const struct writer *writer);

/* No new binds leave (they get OUTCOME_NOT_SENT); answers of those under way still come. The first
 * step of a shutdown; writer_close() is the second. */
void writer_drain(struct writer *writer);

/* Closes: waits for nothing, ends what is under way (a bind under way gets OUTCOME_UNKNOWN, what
 * waited OUTCOME_NOT_SENT), flushes nothing. Frees the writer; then `on_closed` (may be NULL), from
 * the loop. */
void writer_close(struct writer *writer, void (*on_closed)(void *ctx), void *ctx);

#endif
