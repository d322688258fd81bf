/* The core with preemption on, and short words for its tests. */
#ifndef TESTS_SCHED_PREEMPT_CORE_H
#define TESTS_SCHED_PREEMPT_CORE_H

#include "tests/sched/core.h"

enum { HIGH = 100 }; /* the priority of those that preempt */

void preempt_core_init(struct core *core);

/* Four cores, ten pods. */
void preempt_add_node(struct core *core, const char *name);

/* A pod that runs on the node. */
void preempt_add_running(struct core *core, const char *name, const char *node,
                         const char *containers, int32_t priority, int64_t started_s);

/* A pod that waits; then passes run. */
void preempt_add_pending(struct core *core, const char *name, const char *containers,
                         int32_t priority);

/* Names of the pods whose end was asked for, in order: "a b". Lent until the next call. */
const char *preempt_victims(const struct core *core);

/* What the last patch of a status nominated ("" nothing), and its message. */
const char *preempt_nominated(const struct core *core);
const char *preempt_message(const struct core *core);

#endif
