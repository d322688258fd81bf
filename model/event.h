/*
 * What comes in: everything the scheduler core learns about the world, in the order it happened.
 * The same events in the same order give the same bindings. An event and all it points to are lent
 * for the call; the core copies what it keeps.
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <stdbool.h>

#include "model/base/err.h"
#include "model/object.h"

/* A pod as writes name it. `uid` decides whether it is still the same one. */
struct pod_ref {
    uint32_t namespace_sym;
    struct str name;
    struct uid uid;
};

#define EVENT_MAP(X)                                                                               \
    X(NODE_LIST_BEGIN) /* a full list of nodes starts: what it does not name is gone at its end */ \
    X(NODE_LIST_END)   /* complete: nodes not named since BEGIN are removed */                     \
    X(NODE_SEEN)       /* node added, changed or listed */                                         \
    X(NODE_GONE)       /* node deleted: `node` is the last state */                                \
    X(POD_LIST_BEGIN)                                                                              \
    X(POD_LIST_END)                                                                                \
    X(POD_SEEN)                                                                                    \
    X(POD_GONE)          /* deleted or finished (it left the watch) */                             \
    X(BIND_REPLY)        /* one port->bind() has its answer */                                     \
    X(POD_READ)          /* one port->read_pod() has its answer */                                 \
    X(STATUS_REPLY)      /* one port->patch_status() has its answer */                             \
    X(POLICY_LIST_BEGIN) /* ResourcePolicies of `source`; a server without the kind: empty */      \
    X(POLICY_LIST_END)                                                                             \
    X(POLICY_SEEN)                                                                                 \
    X(POLICY_GONE)                                                                                 \
    X(BUDGET_LIST_BEGIN) /* PodDisruptionBudgets, only where preemption is on */                   \
    X(BUDGET_LIST_END)                                                                             \
    X(BUDGET_SEEN)                                                                                 \
    X(BUDGET_GONE)                                                                                 \
    X(OWNER_LIST_BEGIN) /* `source` is an enum owner_kind; after port->watch_owners() */           \
    X(OWNER_LIST_END)                                                                              \
    X(OWNER_SEEN)                                                                                  \
    X(OWNER_GONE)                                                                                  \
    X(EVICT_REPLY)         /* one port->evict() has its answer */                                  \
    X(POLICY_STATUS_REPLY) /* one port->patch_policy() has its answer; reply.pod names it */

enum event_kind {
#define X(kind) EVENT_##kind,
    EVENT_MAP(X)
#undef X
        EVENT_KIND_COUNT
};

/* The answer to a write or to a read, sorted by what the core does next (reliability 2, A7, A12).
 */
enum outcome {
    OUTCOME_DONE,      /* 2xx */
    OUTCOME_CONFLICT,  /* 409: bound already, other UID, being deleted: read the pod, then decide */
    OUTCOME_GONE,      /* 404: the pod, its namespace, or the node is no more */
    OUTCOME_FORBIDDEN, /* 401, 403: a right is missing; the text names it */
    OUTCOME_INVALID,   /* 400, 422 and other 4xx: refused for what it says */
    OUTCOME_THROTTLED, /* 429, still after the writer's own retries: surely not done */
    OUTCOME_UNKNOWN,   /* time-out, lost connection, 5xx: done or not, only a read tells */
    OUTCOME_NOT_SENT, /* never left this process (shutting down, no credentials): surely not done */
    OUTCOME_COUNT
};

struct reply {
    struct pod_ref pod;
    enum outcome outcome;
    int32_t http_status; /* 0: no answer */
    struct str message;  /* the server's or the client's words; empty when DONE */
};

struct event {
    enum event_kind kind;
    uint32_t source; /* POLICY_*: enum policy_source; OWNER_*: enum owner_kind; else 0 */
    union {
        const struct policy_object *policy; /* POLICY_SEEN, POLICY_GONE */
        const struct budget_object *budget; /* BUDGET_SEEN, BUDGET_GONE */
        const struct owner_object *owner;   /* OWNER_SEEN, OWNER_GONE */
        const struct node_object *node;     /* NODE_SEEN, NODE_GONE */
        const struct pod_object *pod;       /* POD_SEEN, POD_GONE */
        const struct reply *reply;          /* the *_REPLY kinds, POD_READ */
    };
    const struct pod_object *read_pod; /* POD_READ with OUTCOME_DONE: the fresh object */
};

#endif
