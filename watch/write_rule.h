/*
 * What an answer to a write means, and whether the writer itself tries again: pure decisions
 * (reliability 1.5 and 2; kube-scheduler.md A12, A13; client-go rest/with_retry.go).
 */
#ifndef WATCH_WRITE_RULE_H
#define WATCH_WRITE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/event.h"
#include "watch/http.h"

enum write_kind {
    WRITE_BIND,
    WRITE_LABELS,  /* PATCH of a pod before its bind, where a Binding carries no labels */
    WRITE_VERSION, /* GET of the server's version: does it? */
    WRITE_READ,
    WRITE_STATUS,
    WRITE_DISRUPTION, /* PATCH of a victim */
    WRITE_DELETE,     /* and its end */
    WRITE_POLICY,     /* PATCH of a policy's status */
    WRITE_EVENT,
};

enum {
    WRITE_TRIES_MAX = 10,       /* for answers that say when to come again, as client-go; and for
                                   binds that did not leave: half a minute without a server */
    WRITE_READ_TRIES_MAX = 5,   /* for answers that do not, and for lost connections */
    WRITE_STATUS_TRIES_MAX = 5, /* client-go's retry.DefaultBackoff has 4 */
    WRITE_EVENT_TRIES_MAX = 12, /* client-go's maxTriesPerEvent */
    WRITE_DEFAULT_RETRY_S = 1,  /* 429 without Retry-After: what the apiserver usually says */
};

/* How the core sees it. NOT_SENT only when surely no byte left; what may have been done is UNKNOWN.
 */
enum outcome write_outcome(const struct http_reply *reply);

enum write_next {
    WRITE_FINISH, /* tell the core */
    WRITE_AGAIN,  /* at once: the credentials were read anew */
    WRITE_LATER,  /* when the server said, or after a backoff; the class pauses until then */
};

/* `tries`: requests sent for this write so far. `was_refused`: it had a 401 before. */
enum write_next write_decide(enum write_kind kind, const struct http_reply *reply, uint32_t tries,
                             bool was_refused);

#endif
