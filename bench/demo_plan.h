/*
 * What happens in the demo, as tables: units of nodes, workloads, and the steps. Everything is done
 * through the store, as a cloud's node manager and its users would do it. A step waits for what the
 * one before led to, so that what is claimed does not hang on how fast the machine is.
 */
#ifndef BENCH_DEMO_PLAN_H
#define BENCH_DEMO_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/store.h"
#include "bench/verify.h"

#define DEMO_NAMESPACE "default"
#define DEMO_APP       "web" /* the Deployment of the story, its label "app", and its policy */

/* The units of the policy in its order, the dearest last. */
enum demo_kind { DEMO_ECS, DEMO_SPOT, DEMO_ECI, DEMO_KIND_COUNT };

struct demo_kind_row {
    const char *label; /* value of NODE_KIND_LABEL */
    const char *title;
    const char *colour, *pale; /* of pods that run, that start */
    uint32_t nodes;
    uint32_t cpu, memory_gib; /* of one node; 0: as its kind has */
    int64_t start_ms;         /* of a pod; 0: as its kind */
    uint32_t max_cpu;         /* of all its pods together; 0: the nodes' room is the limit */
};
const struct demo_kind_row *demo_kind_get(enum demo_kind kind);

/* By the label's value; DEMO_KIND_COUNT for anything else. */
enum demo_kind demo_kind_find(const char *label);

/* Thousandths of a core that each pod of DEMO_APP requests. */
uint32_t demo_pod_cpu_milli(void);

enum demo_phase {
    DEMO_BEGINS,
    DEMO_GROWS,
    DEMO_LOSES_SPOT,
    DEMO_SHRINKS,
    DEMO_REST,
    DEMO_PHASE_COUNT
};

/* Begins with all but `store` zero. */
struct demo_plan {
    struct store *store;
    uint32_t next;                      /* the first step not done */
    int64_t last_ms;                    /* when the one before was, from the start */
    int64_t began_ms[DEMO_PHASE_COUNT]; /* of phases that began */
    enum demo_phase phase;              /* of the step before */
};

enum demo_due {
    DEMO_NOT_DUE,
    DEMO_DUE,         /* nothing had to be awaited */
    DEMO_DUE_SETTLED, /* all pods of what ran before are bound, none is going */
};
/* Whether the next step may be done. Cost: a walk of all pods. */
enum demo_due demo_plan_due(const struct demo_plan *plan, int64_t elapsed_ms);

/* Does the next step. */
void demo_plan_step(struct demo_plan *plan, int64_t elapsed_ms);

bool demo_plan_is_done(const struct demo_plan *plan);

/* How many pods the Deployment grows to. */
uint32_t demo_plan_most_pods(void);

const char *demo_phase_title(enum demo_phase phase);

/* What the workloads that can never run must wait with, by the nodes that are there now. The texts
 * are in `texts`, which must live as long as the rows. Returns how many. */
enum { DEMO_WAITING_MAX = 8 };
struct demo_waiting {
    uint32_t count;
    struct verify_waiting rows[DEMO_WAITING_MAX];
    char texts[DEMO_WAITING_MAX][VERIFY_TEXT_BYTES];
};
void demo_plan_waiting(struct store *store, struct demo_waiting *ret_waiting);

#endif
