/*
 * A workload on a store, as time goes on: what nodes, users, controllers and kubelets would do, for
 * a scheduler that works over HTTP. The same rules as bench/play.h; a deleted pod is gone at once.
 *
 * The driver says what time it is (of the workload); whoever binds pods does so in between.
 */
#ifndef BENCH_STORE_WORLD_H
#define BENCH_STORE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/store.h"
#include "bench/workload.h"

struct store_world; /* opaque */

struct store_world_options {
    const struct workload *workload;
    struct store *store;    /* empty; both are borrowed */
    bool without_selectors; /* neither spec.nodeSelector nor spec.affinity is written */
    void *ctx;
    /* Told of each pod that was bound, between changes of the store; NULL: nobody. */
    void (*on_bound)(void *ctx, const char *pod, const char *node, int64_t at_ms);
};

struct store_world_counts {
    uint64_t created, again, bound, deleted; /* as in play_result; done ones count as deleted */
    uint32_t waiting;                        /* not bound */
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

#endif
