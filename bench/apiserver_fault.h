/*
 * Faults on purpose: the next N requests of a class are answered wrongly. One table, one counter a
 * row, so that a test can see that its fault really happened.
 *
 * By HTTP: PUT /debug/faults with {"faults":[{"on":"bind","do":"status","code":503,"times":2,
 * "retryAfterSeconds":1}]} replaces the table, GET shows it with "fired", DELETE clears it.
 */
#ifndef BENCH_APISERVER_FAULT_H
#define BENCH_APISERVER_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/err.h"
#include "model/base/str.h"

enum { MAX_FAULTS = 32, FAULT_DELAY_MS_MAX = 3600 * 1000 };

/* X(NAME, "text"): which requests. */
#define FAULT_CLASSES(X)                                                                           \
    X(ANY, "any")                                                                                  \
    X(LIST, "list")                                                                                \
    X(PAGE, "page") /* of a list, from the second on */                                            \
    X(WATCH, "watch")                                                                              \
    X(GET, "get")                                                                                  \
    X(BIND, "bind")                                                                                \
    X(CREATE, "create") /* of anything but bindings and events */                                  \
    X(STATUS, "status") /* PATCH or PUT of a status */                                             \
    X(EVENTS, "events") /* POST and PATCH of events */                                             \
    X(DELETE, "delete")                                                                            \
    X(LEASE, "lease")

/* X(NAME, "text"): what happens instead. */
#define FAULT_ACTIONS(X)                                                                           \
    X(STATUS, "status")             /* the Status of `code`; nothing is applied */                 \
    X(DROP_BEFORE, "drop-before")   /* connection closed, nothing applied */                       \
    X(DROP_AFTER, "drop-after")     /* applied, then the connection closed without an answer */    \
    X(RESET_AFTER, "reset-after")   /* applied, then RST_STREAM */                                 \
    X(GOAWAY, "goaway")             /* answered, and GOAWAY on the connection */                   \
    X(STALL, "stall")               /* never answered; the connection stays */                     \
    X(TRUNCATE, "truncate")         /* half of the body, then end of stream */                     \
    X(CORRUPT, "corrupt")           /* a byte of the body is no JSON */                            \
    X(EMPTY, "empty")               /* 200 with an empty body */                                   \
    X(HTML, "html")                 /* 502 with a proxy's page */                                  \
    X(WATCH_410, "watch-410")       /* 200, then an ERROR event of code 410 and the end */         \
    X(WATCH_CLOSE, "watch-close")   /* 200, then the end at once */                                \
    X(NO_BOOKMARK, "no-bookmark")   /* no bookmark ever on this watch, the initial one included */ \
    X(NO_STREAMING, "no-streaming") /* sendInitialEvents refused as unknown (422) */               \
    X(RESET_TCP, "reset-tcp")       /* RST instead of an answer; nothing applied */                \
    X(CUT, "cut")                   /* applied; the connection ends in the middle of a frame */    \
    X(REDIRECT, "redirect")         /* 307 to another path of this server */                       \
    X(TOO_LARGE_RV, "too-large-rv") /* 504, the server is behind the version asked for */          \
    X(LATE, "late")                 /* applied at once, answered after delayMs */                  \
    X(SHUFFLE, "shuffle")           /* the same after a random part of delayMs */                  \
    X(WRONG_KIND, "wrong-kind")     /* objects of a kind that nobody asked for */                  \
    X(TABLE, "table")               /* a Table that nobody asked for */                            \
    X(DUPLICATE_KEYS, "duplicate-keys") /* spec is in every object twice */                        \
    X(STALE, "stale")                   /* by a replica that is `behind` versions behind */        \
    X(COMPACT, "compact")               /* time goes by, and the version asked for is compacted */ \
    /* of watches, from the end of the initial list on */                                          \
    X(LOSE_EVENTS, "lose-events")     /* every third */                                            \
    X(DOUBLE_EVENTS, "double-events") /* each comes twice */                                       \
    X(OLD_DELETE_RV, "old-delete-rv") /* DELETED shows the version before the deletion */          \
    X(OLD_BOOKMARK, "old-bookmark")   /* bookmarks name the first version of all */                \
    X(NO_LIST_END, "no-list-end")     /* bookmarks, but never k8s.io/initial-events-end */         \
    /* of binds: what else happens at that moment */                                               \
    X(TWICE, "twice")                       /* it arrives twice; the second answer is given */     \
    X(RECREATE_POD, "recreate-pod")         /* the pod is another one of the same name */          \
    X(BIND_ELSEWHERE, "bind-elsewhere")     /* somebody bound it to `node` before */               \
    X(DROP_NODE_BEFORE, "drop-node-before") /* its node is deleted, then it is applied */          \
    X(DROP_NODE_THEN, "drop-node-then")     /* deleted between the binding and its answer */       \
    X(DROP_NODE_AFTER, "drop-node-after")   /* deleted right after the answer */                   \
    X(KUBELET_REFUSES, "kubelet-refuses")   /* applied, and the kubelet says OutOfcpu */           \
    X(IGNORE_LABELS, "ignore-labels")       /* applied but for its labels, as with a gate off */

enum fault_class {
#define X(name, text) FAULT_ON_##name,
    FAULT_CLASSES(X)
#undef X
};

enum fault_action {
#define X(name, text) FAULT_DO_##name,
    FAULT_ACTIONS(X)
#undef X
};

struct fault {
    enum fault_class on;
    enum fault_action act;
    int code;          /* of "status": 401, 403, 404, 409, 410, 422, 429, 500, 503, 504 */
    int retry_after_s; /* of "status"; 0: no Retry-After */
    uint32_t times;    /* how often it still happens */
    uint32_t skip;     /* requests of the class let through first */
    char resource[32]; /* only this plural ("pods"); "" all */
    char node[32];     /* of "bind-elsewhere" */
    int delay_ms;      /* of "late" and "shuffle" */
    int64_t behind;    /* of "stale": resource versions */
    uint64_t fired;    /* how often it happened */
};

struct fault_table {
    struct fault faults[MAX_FAULTS];
    size_t count;
};

/* Adds a row. False when the table is full. */
bool fault_arm(struct fault_table *table, const struct fault *fault);

/* The fault that this request meets, counted as fired; NULL when none does. */
const struct fault *fault_take(struct fault_table *table, enum fault_class on, struct str resource);

/* How often faults of this action fired. */
uint64_t fault_fired(const struct fault_table *table, enum fault_action act);

/* Replaces the table from JSON; on an error nothing changes. */
NODISCARD int fault_parse(struct fault_table *table, struct str json, struct err *err);
void fault_render(const struct fault_table *table, struct buf *out);

#endif
