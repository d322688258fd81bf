/*
 * A judge of schedulers: listens to a store, counts the binding writes of every pod and adds up
 * what every node holds, and at the end says whether what was claimed is true. It knows nothing of
 * the scheduler; a node that was overfull for a moment is found, too.
 */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/store.h"
#include "bench/verify_amounts.h"

enum { VERIFY_TEXT_BYTES = 512 };

/* What was seen of a pod; kept after it is gone. */
struct verify_pod {
    char uid[UID_BYTES];
    char app[64]; /* its label "app", cut; "" none */
    struct amounts amounts;
    struct verify_node *node; /* where it takes room now, NULL nowhere */
    int64_t created_ms;       /* store's monotonic clock */
    int64_t bound_ms;         /* the first binding; -1 none */
    uint32_t bindings;        /* writes that named a node */
    bool was_refused;         /* it had PodScheduled=False at some time */
    bool is_present, is_bound, is_running, is_deleting;
};

struct verify_node {
    char name[256];
    char kind[32]; /* NODE_KIND_LABEL, "" none */
    struct amounts offered, used;
    struct amounts recounted; /* by verify_judge(), from the store's pods */
    bool is_present;
    bool is_readable;
};

struct verify; /* opaque */

struct verify *verify_new(struct store *store); /* listens from now on: begin with an empty store */
void verify_free(struct verify *verify);

/* All pods and nodes ever seen, in the order of their appearance. */
const struct verify_pod *verify_pod_at(const struct verify *verify, uint32_t index); /* or NULL */
const struct verify_node *verify_node_at(const struct verify *verify, uint32_t index);

/* A pod that cannot be bound must wait with exactly this condition. */
struct verify_waiting {
    const char *app;     /* label "app" of such pods */
    const char *reason;  /* of PodScheduled=False: Unschedulable, SchedulerError */
    const char *message; /* the whole text */
};

struct verify_claim {
    const char *name;
    bool holds;
    char text[VERIFY_TEXT_BYTES]; /* figures, or the first counterexample */
};

enum { VERIFY_CLAIMS = 4 };

/* Judges: every other pod is bound, none twice, no node ever overfull, `waiting` as said. Reads the
 * store again for all but the binding counts. True when all claims hold. */
bool verify_judge(struct verify *verify, const struct verify_waiting *waiting, uint32_t count,
                  struct verify_claim ret_claims[VERIFY_CLAIMS]);

#endif
