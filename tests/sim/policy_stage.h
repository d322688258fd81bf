/* A stage with a node of machines ("ecs-0"), a virtual one ("eci-0"), pods "web-N" of label
 * app=web, and a policy "web" for them in namespace default. */
#ifndef TESTS_SIM_POLICY_STAGE_H
#define TESTS_SIM_POLICY_STAGE_H

#include "tests/sim/stage.h"

/* The virtual node has endless room, label type=virtual-kubelet and a taint that no pod tolerates.
 */
void policy_stage_add_nodes(struct stage *stage, const char *ecs_cpu);

/* Pods PREFIX-0... of one cpu with label app=APP. */
void policy_stage_add_pods(struct stage *stage, const char *prefix, size_t count, const char *app);

/* `spec` is what stands inside the braces of spec; the selector app=web is put in front. */
void policy_stage_create(struct stage *stage, const char *name, const char *spec);
void policy_stage_patch(struct stage *stage, const char *name, const char *spec); /* merged */
void policy_stage_delete(struct stage *stage, enum kind_id kind, const char *ns, const char *name);

/* Waits until the text at a path of dots in the policy's status is this ("waiting" as digits). */
void policy_stage_await_status(struct stage *stage, const char *name, const char *path,
                               const char *want);

/* Waits for the status of a condition, and that its message holds the text. */
struct condition_wanted {
    const char *type, *status, *text;
};
void policy_stage_await_condition(struct stage *stage, const char *name,
                                  struct condition_wanted wanted);

/* Waits until the message of a pod's PodScheduled condition holds the text; the message, yours. */
char *policy_stage_await_message(struct stage *stage, const char *pod, const char *text);

/* An annotation of a pod, "" when it has none; lent until the next call. */
const char *policy_stage_annotation(struct stage *stage, const char *pod, const char *key);

/* kill -9, and a new one. */
void policy_stage_restart(struct stage *stage, const char *const flags[]);

#endif
