/*
 * A workload on a store, as time goes on: what nodes, users, controllers and kubelets would do, for
 * a scheduler that works over HTTP. The same rules as bench/play.h; a deleted pod is gone at once.
 * A pod that somebody else deletes (a scheduler that preempts) was evicted: its controller makes
 * another.
 *
 * The driver says what time it is (of the workload); whoever binds pods does so in between.
 *
 * It is measured as a play is, by what the store says. Workload time begins with the first step and
 * ends with `until_ms`, or when nothing can happen any more by itself and each pod is bound or
 * refused: what is bound later is counted, but takes no time.
 */
#ifndef BENCH_STORE_WORLD_H
#define BENCH_STORE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/play.h"
#include "bench/store.h"
#include "bench/workload.h"

struct store_world; /* opaque */

struct store_world_options {
    const struct workload *workload;
    struct store *store;    /* empty; both are borrowed */
    bool without_selectors; /* neither spec.nodeSelector nor spec.affinity is written */
    int64_t until_ms;       /* > 0: the end of the workload's time; INT64_MAX: see above */
    void *ctx;
    /* Told of each pod that was bound, between changes of the store; NULL: nobody. */
    void (*on_bound)(void *ctx, const char *pod, const char *node, int64_t at_ms);
};

struct store_world_counts {
    uint64_t created, again, bound, done, deleted; /* as in play_result */
    uint32_t waiting;                              /* not bound */
    uint32_t undecided; /* of them: nobody has said yet that they fit nowhere */
};

/* Listens from now on; policies are created at once. */
struct store_world *store_world_new(const struct store_world_options *options);
void store_world_free(struct store_world *world);

/* Everything that is due by then happens. */
void store_world_step(struct store_world *world, int64_t now_ms);

/* When something happens next; INT64_MAX: nothing until another pod is bound. */
int64_t store_world_next_ms(const struct store_world *world);

struct store_world_counts store_world_counts(const struct store_world *world);

/*
 * The end: what it came to, lent until store_world_free(). Once, and no step after it. The same as
 * of a play, but for
 *
 *   is_partial, wait_*, wall_ns, cpu_ns, decide_ns   not set: the driver's to know
 *   refusals       how often a pod was told so: PodScheduled became False, or its message changed
 *   attempts       binds and such refusals
 *   bindings_hash  of pod and node of each, summed: their times are real and do not count, nor does
 *                  the order in which they came
 */
struct play_result *store_world_end(struct store_world *world, bool is_partial);

#endif
