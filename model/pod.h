/*
 * One pod as the scheduler remembers it: at most 256 bytes, beside its name. What it shares with
 * its siblings (requests, selectors, tolerations ...) belongs to its shape.
 *
 *                 assume                 seen bound (watch or GET)
 *     PENDING ---------------> ASSUMED ------------------------------> BOUND
 *        ^                       |                                       |
 *        +-----------------------+                                       v
 *          forget (definite refusal, or GET says unbound)         removed (deleted, finished)
 *
 * A pod counts on its node while ASSUMED or BOUND. Only an object seen, a definite refusal or a GET
 * ends a reservation; time never does.
 */
#ifndef MODEL_POD_H
#define MODEL_POD_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/mono.h"
#include "model/event.h"
#include "model/resource.h"
#include "model/uid.h"

struct pod_meta;
struct policy_group;
struct shape;
struct unit_waits;

enum { POD_RECORD_BYTES_MAX = 256 };

#define NODE_SLOT_NONE UINT32_MAX

enum pod_place { POD_PENDING, POD_ASSUMED, POD_BOUND };

/* Where a pending pod stands in sched/queue.h. */
enum queue_place {
    QUEUE_NOWHERE,       /* not queued: popped, assumed, bound, or not ours */
    QUEUE_ACTIVE,        /* heap: may be tried now */
    QUEUE_BACKOFF,       /* heap: rejected, waits for its backoff */
    QUEUE_ERROR_BACKOFF, /* heap: failed by an error, waits for its backoff */
    QUEUE_PARKED,        /* on its shape's list: waits for an event */
    QUEUE_GATED,         /* has schedulingGates */
    QUEUE_PLACE_COUNT
};

/* The write under way for an assumed pod; private to sched/binding.h. */
enum bind_phase {
    BIND_NONE,
    BIND_SENT,    /* POST under way */
    BIND_READING, /* outcome unknown: GET under way */
    BIND_WAITING, /* will try the GET or POST again at `retry_at` */
    BIND_PACED,   /* not sent yet: the unit takes no more before `retry_at` */
};

/* What pod.nominated_node_sym is worth. */
enum nomination {
    NOMINATION_SEEN, /* as the apiserver tells it */
    NOMINATION_DUE,  /* ours, newer than that: the next write of its status has to say it */
    NOMINATION_SENT, /* ours, in a write of its condition that was not seen yet */
    NOMINATION_ENDS, /* none any more, in a write of that alone that was not seen yet */
};

struct pod {
    struct uid uid;
    char *name;               /* owned: a piece of the cluster's pool */
    char *problem;            /* owned; NULL: fine. Why this pod cannot be scheduled as written */
    struct shape *shape;      /* referenced */
    struct pod_meta *meta;    /* referenced */
    struct unit_waits *waits; /* owned by sched/unit_timer.h; NULL: it has waited in no unit */
    struct requests *held;    /* referenced; what it takes on its node. NULL while pending */
    struct pod *node_prev, *node_next;   /* the node's pods, while ASSUMED or BOUND */
    struct pod *queue_prev, *queue_next; /* the gated list; private to the queue */
    uint64_t resource_version;           /* cluster_version() of the text; equality only */
    int64_t generation;
    struct mono_ms queued_at;
    int32_t priority;           /* beside queued_at: the queue compares by both */
    uint32_t rejectors;         /* 1 << enum plugin: who refused it in its last attempt */
    struct policy_group *group; /* private to policy/book.h; NULL: no policy selects it */
    uint64_t condition_hash;    /* of PodScheduled as last seen or sent; 0: none, or True */
    struct mono_ms backoff_until;
    struct mono_ms retry_at; /* assumed: of its write; parked: when time alone may help */
    uint64_t queue_sequence;
    uint32_t heap_position;
    uint32_t park_position;  /* in its cohort; private to sched/park.h */
    uint32_t timer_position; /* in the heap by retry_at: of parked pods, or of writes that wait */
    uint32_t namespace_sym;
    uint32_t node_slot;          /* NODE_SLOT_NONE while pending */
    uint32_t nominated_node_sym; /* status.nominatedNodeName */
    uint32_t unit_sym;           /* the unit it was assigned; SYM_EMPTY: none */
    uint32_t created_unix_s;     /* until 2106 */
    uint32_t started_unix_s;     /* status.startTime; 0: none */
    uint32_t bound_unix_s;       /* PodScheduled=True since; 0: unknown, or not bound */
    uint32_t attempts;
    uint32_t list_epoch; /* of the list that last named it */
    uint16_t unschedulable_count, error_count;
    uint16_t gate_count;
    uint8_t place;       /* enum pod_place */
    uint8_t queue_place; /* enum queue_place */
    uint8_t bind_phase;  /* enum bind_phase */
    uint8_t bind_tries;
    bool is_ours; /* a scheduler name of ours */
    bool is_deleting;
    bool preempts_never;   /* preemptionPolicy: Never */
    bool is_preempted;     /* DisruptionTarget, by a scheduler's preemption */
    bool is_evicted;       /* we ask for its end: it counts as leaving before the watch says so */
    uint8_t nomination;    /* enum nomination */
    bool is_ready;         /* condition Ready */
    bool was_running;      /* it was seen past Pending */
    bool has_foreign_cost; /* a pod-deletion-cost that is not ours */
    bool has_our_cost;
    bool has_turn;         /* woken for its whole line; private to the queue */
    uint8_t unit;          /* private to policy/book.h: index of the unit whose node it is on */
    bool is_counted;       /* private to policy/book.h: in its unit's counts */
    bool is_noted_waiting; /* private to policy/book.h */
    bool has_sent_labels;  /* with its Binding, and its policy is the same; not seen back yet */
    bool is_conflicted;    /* its last bind was refused with 409; private to sched/binding.c */
};

_Static_assert(sizeof(struct pod) <= POD_RECORD_BYTES_MAX, "architecture chapter 4");

/* The name in the port's words; lent as long as the pod. */
struct pod_ref pod_ref(const struct pod *pod);

#endif
