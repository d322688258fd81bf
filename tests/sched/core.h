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

/* A ResourcePolicy from its JSON; a new text with the same name and uid is an edit. */
void core_policy(struct core *core, const char *json);
void core_policy_gone(struct core *core, const char *json);

/* A PodDisruptionBudget in "default" for pods with the label app=<app>. `disrupted`: the name of a
 * pod that counts already; NULL: none. */
void core_budget(struct core *core, const char *app, int32_t allowed, const char *disrupted);

/* Time goes on; then passes run. */
void core_wait(struct core *core, int64_t ms);

/* Runs passes until nothing more can be tried now. */
void core_pass(struct core *core);

/* Answers the last bind, or the last read; `object` for a read that found something. */
void core_reply_bind(struct core *core, enum outcome outcome);
void core_answer_bind(struct core *core, int n, enum outcome outcome); /* the n-th, from 0 */
void core_reply_read(struct core *core, enum outcome outcome, const struct pod_object *object);

/* Answers the request for this pod's end; of patches of its status, the last. */
void core_reply_evict(struct core *core, const char *name, enum outcome outcome);
void core_reply_status(struct core *core, enum outcome outcome);

const struct pod *core_find(const struct core *core, const char *name);

/* The name of the node in the n-th bind; -1 the last. */
const char *core_bound_to(const struct core *core, int n);

#endif
