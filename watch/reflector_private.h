/* The inside of a reflector, shared by reflector.c (requests) and reflector_feed.c (what they
 * bring). */
#ifndef WATCH_REFLECTOR_PRIVATE_H
#define WATCH_REFLECTOR_PRIVATE_H

#include "model/base/buf.h"
#include "watch/backoff.h"
#include "watch/reflector.h"
#include "watch/reflector_rule.h"
#include "watch/refusal.h"

enum {
    REFLECTOR_RV_BYTES_MAX = 256,        /* a resourceVersion is opaque, and short */
    REFLECTOR_TOKEN_BYTES_MAX = 8 << 10, /* a continue token */
};

/* What the request under way has brought so far. */
struct reflector_call {
    struct http_call *http; /* NULL: none under way */
    struct mono_ms started_at, last_byte_at;
    struct reflector_end end; /* filled bit by bit */
    struct err corrupt_err;
    char error_text[REFUSAL_TEXT_BYTES]; /* message of the ERROR event */
    int32_t retry_after_seconds;         /* of the ERROR event, -1: none */
    bool is_overdue; /* the watchdog rang once; bytes may still wait in the socket */
    bool is_feeding; /* its bytes are being read, or its page is whole: the version may move */
    bool has_events; /* any event or bookmark */
    bool has_progress;
    uint32_t backward; /* bookmarks in a row that were before our version */
};

struct reflector {
    struct reflector_options options; /* without its strings */
    char *path, *field_selector;      /* owned */
    const char *resource;             /* inside path: "pods" */
    struct decoder *list_decoder, *watch_decoder;
    enum reflector_phase phase;
    bool is_full_list; /* PAGING without pages */
    bool is_synced;
    bool is_stopping;
    bool is_absent; /* an optional kind that the server did not have the last time */
    bool no_streaming;
    bool pages_from_store; /* a list at version 0 came in pages: no watch cache there */
    bool forgets_rv;       /* the next list asks for no version */
    struct buf rv;         /* the last version seen: opaque */
    struct buf continue_token;
    struct reflector_call call;
    struct mono_ms relist_at;    /* not before; MONO_NEVER before the first list */
    uint32_t failures, expiries; /* see struct reflector_end */
    struct backoff backoff;
    struct rng rng;
    uv_timer_t timer; /* no call: starts the next; a call: the watchdog */
    struct reflector_stats stats;
    void (*on_stopped)(void *ctx);
    void *stopped_ctx;
};

/* reflector_feed.c: takes bytes, gives events. */
void reflector_feed_open(struct reflector *reflector);
void reflector_feed_close(struct reflector *reflector);

/* Resets the decoder for a new request of reflector->phase. */
void reflector_feed_begin(struct reflector *reflector);

/* An http_options.on_bytes. */
bool reflector_feed_bytes(void *ctx, const char *bytes, size_t len);

/* The answer is whole: a value cut in the middle marks the call corrupt. */
void reflector_feed_end(struct reflector *reflector);

/* What came is no good; `err` says what and where. */
void reflector_note_corrupt(struct reflector *reflector, const struct err *err);

void reflector_emit_list_begin(struct reflector *reflector);
void reflector_emit_list_end(struct reflector *reflector); /* and on_synced */

/* LIST_END and on_synced; the phase becomes WATCHING. `rv` is the version of the list, 1 to
 * REFLECTOR_RV_BYTES_MAX bytes. */
void reflector_list_done(struct reflector *reflector, struct str rv);

/* (Re)starts the watchdog for the phase. */
void reflector_watchdog_start(struct reflector *reflector);

#endif
