/* The whole core on the port in memory: events in, calls out. */
#ifndef TESTS_SCHED_CORE_H
#define TESTS_SCHED_CORE_H

#include "sched/sched.h"
#include "tests/sched/fixture.h"
#include "tests/sched/mem_port.h"

struct core {
    struct fixture fixture; /* only its objects are used: the core keeps its own cluster */
    struct mem_port *port;
    struct sched *sched;
};

/* Both lists are complete and empty. */
void core_init(struct core *core);
void core_init_with(struct core *core, void (*change)(struct sched_config *config));
void core_fini(struct core *core); /* runs sched_check() first */

void core_node(struct core *core, const struct fixture_node *node);
void core_pod(struct core *core, const struct fixture_pod *pod);
struct pod_object *core_pod_gone(struct core *core, const struct fixture_pod *pod);
void core_pod_object(struct core *core, const struct pod_object *object);

/* Runs passes until nothing more can be tried now. */
void core_pass(struct core *core);

/* Answers the last bind, or the last read; `object` for a read that found something. */
void core_reply_bind(struct core *core, enum outcome outcome);
void core_answer_bind(struct core *core, int n, enum outcome outcome); /* the n-th, from 0 */
void core_reply_read(struct core *core, enum outcome outcome, const struct pod_object *object);

const struct pod *core_find(const struct core *core, const char *name);

/* The name of the node in the n-th bind; -1 the last. */
const char *core_bound_to(const struct core *core, int n);

#endif
