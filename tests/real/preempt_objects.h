/*
 * Many cases at once as objects of the real control plane, each twice: "k" for kube-scheduler, "s"
 * for spillway. A case's pod selects the nodes of its own case and side, so that none sees another.
 */
#ifndef TESTS_REAL_PREEMPT_OBJECTS_H
#define TESTS_REAL_PREEMPT_OBJECTS_H

#include "tests/real/preempt_case.h"
#include "tests/real/world.h"

enum { PREEMPT_SIDES = 2, PREEMPT_BATCH_MAX = 64, PREEMPT_POLL_MS = 200 };

extern const char *const preempt_schedulers[PREEMPT_SIDES];

/* What a scheduler did about a case. */
struct preempt_answer_seen {
    bool has_condition, has_nomination;
    struct case_choice choice; /* `violations` unused */
    char message[512];
};

struct preempt_batch {
    struct world *world; /* lent */
    unsigned count;
    struct preempt_case cases[PREEMPT_BATCH_MAX];
    struct preempt_answer_seen seen[PREEMPT_BATCH_MAX][PREEMPT_SIDES];
};

void preempt_batch_make(struct preempt_batch *batch, uint64_t first_seed, unsigned count);

/* Creates everything; the pods that need room come last. */
void preempt_batch_enter(struct preempt_batch *batch);

/* Lists the pods and fills `seen`. */
void preempt_batch_read(struct preempt_batch *batch);

/* For PREEMPT_POLL_MS. */
void preempt_batch_wait(struct preempt_batch *batch);

/* Takes everything away. */
void preempt_batch_leave(struct preempt_batch *batch);

#endif
