/*
 * One class of writes: a window of requests in flight (write_window.h) on connections of its own,
 * and a queue before it. A 429 makes its write wait as long as the answer says (Retry-After), as
 * client-go does, while the others go on in a smaller window. When none of the class is under way
 * that could say better, and after 5xx or a lost connection, the whole class pauses. Then the same
 * write goes first. Writes are pooled.
 */
#ifndef WATCH_WRITE_CLASS_H
#define WATCH_WRITE_CLASS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "model/base/buf.h"
#include "watch/backoff.h"
#include "watch/event_series.h"
#include "watch/http.h"
#include "watch/write_rule.h"
#include "watch/write_window.h"

enum {
    WRITE_TEXT_BYTES_MAX = 512 * 1024, /* path, name and body; a policy of 64 units: 320 KB */
    WRITE_LATE_MAX = 100,  /* refused writes that wait by themselves; over it the class pauses */
    WRITE_POOL_MAX = 1024, /* idle writes kept; each holds about a kilobyte */
    WRITE_BACKOFF_BASE_MS = 200,
    WRITE_BACKOFF_CAP_MS = 5000, /* pods wait meanwhile; WRITE_WINDOW_MIN requests at a time */
    WRITE_COMPLAINT_EVERY_MS = 60 * 1000, /* a missing right is logged so often, not per write */
};

struct write_class;

/* One request. The text is "<path>\0<pod name><body>", one piece of memory. */
struct write {
    struct write *next; /* private */
    struct write_class *class;
    enum write_kind kind;
    const char *method;       /* a constant */
    const char *content_type; /* a constant, NULL: application/json */
    struct buf text;
    size_t name_at, body_at;
    size_t nomination_at; /* STATUS: where what is said of it begins in the body */
    bool is_first;    /* goes before all that wait */
    bool was_refused; /* had a 401 */
    bool is_in_flight;
    const char *why_refused;
    struct mono_ms not_before; /* LATE: when it may be sent again */
    uint32_t tries;
    /* whom it is about, for the writer */
    uint32_t namespace_sym;
    struct uid uid;
    uint32_t reply_count;        /* STATUS: calls of the core that this one answers */
    bool is_under_way;           /* STATUS: left the queue, cannot be changed any more */
    bool clears_nomination;      /* STATUS */
    uint32_t nominated_node_sym; /* STATUS; SYM_EMPTY: none is written */
    int64_t transition_unix_us;  /* STATUS: lastTransitionTime, 0: not in the patch */
    struct write *successor;     /* STATUS, POLICY: what came while this one was under way */
    struct write *bind; /* STATUS, LABELS: the bind of its pod, that leaves when this is answered */
    bool is_moot;       /* STATUS: its pod is being bound: not sent any more */
    bool has_series, is_patch; /* EVENT */
    struct series_key series_key;
};

struct write_class_options {
    uv_loop_t *loop; /* all borrowed */
    struct access *access;
    const struct log *log;
    const char *name;   /* "bind", for logs */
    uint32_t window;    /* of requests in flight, at most */
    uint32_t queue_max; /* of those that wait; a write beyond is answered as never sent */
    uint32_t connections_max;
    uint64_t seed;
    void *ctx;
    /* The write is over; it is lent for the call and goes back to the pool after it. */
    void (*on_answer)(void *ctx, struct write *write, const struct http_reply *reply);
    bool (*may_send)(void *ctx); /* NULL: always */
};

struct write_class {
    struct write_class_options options;
    struct http_client *client;
    struct write_window window;
    uint32_t in_flight, waiting, late_count;
    uint64_t sent, throttled; /* counters */
    bool is_closing;
    struct write *head, *tail; /* waiting, in order */
    struct write *late;        /* refused by a 429, the first due first */
    struct write *refused;     /* to be answered NOT_SENT by the timer */
    struct write *pool;
    uint32_t pool_count;
    struct mono_ms paused_until;
    struct mono_ms silent_until; /* about missing rights */
    struct backoff backoff;
    struct rng rng;
    uv_timer_t timer;
    uint32_t open_count; /* client and timer, while closing */
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

void write_class_init(struct write_class *class, const struct write_class_options *options);

/* An empty write of the class, to be filled and given back by one of the next three. */
struct write *write_class_take(struct write_class *class, enum write_kind kind);

/* It leaves as soon as it may. */
void write_class_put(struct write_class *class, struct write *write);

/* Answered as never sent, from the loop; `why` is a constant. */
void write_class_refuse(struct write_class *class, struct write *write, const char *why);

/* Back to the pool, unused. */
void write_class_drop(struct write_class *class, struct write *write);

/* Sends what may be sent; call it when may_send() has changed its mind. */
void write_class_pump(struct write_class *class);

/* How many more requests could leave now. */
uint32_t write_class_room(const struct write_class *class);

/* Answers what waits as never sent, ends what is in flight, and closes its handles. The struct must
 * live until `on_closed`. */
void write_class_close(struct write_class *class, void (*on_closed)(void *ctx), void *ctx);

/* path | name | body of a write, in this order. */
static inline void write_text_path_done(struct write *write)
{
    (void)buf_add(&write->text, "", 1);
    write->name_at = write->text.len;
}

static inline struct str write_name(const struct write *write)
{
    return (struct str){write->text.data + write->name_at, write->body_at - write->name_at};
}

#endif
