/*
 * What autoscalers make of the writes (kube-scheduler.md A16). Their rules stand here as they are
 * in their sources; after each single write they are asked again, as a watcher would see the pod at
 * that moment. A node bought for nothing costs money, a node not bought leaves the pod waiting.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sched/core.h"

/* The pod in the apiserver. */
struct stored {
    char node_name[16], nominated_node_name[16];
    char condition_status[8], condition_reason[32]; /* PodScheduled */
    bool is_deleting;
    bool is_owned_by_daemon_set; /* or by a node */
};

/* Cluster Autoscaler, utils/kubernetes/listers.go isUnschedulable(); a nominated pod is taken as
 * placed on its node already (core, filter out expendable and nominated pods). */
static bool cluster_autoscaler_wants_node(const struct stored *pod)
{
    if (pod->node_name[0] || pod->is_deleting || pod->nominated_node_name[0])
        return false;
    return strcmp(pod->condition_status, "False") == 0 &&
           strcmp(pod->condition_reason, "Unschedulable") == 0;
}

/* Karpenter, pkg/utils/pod/scheduling.go IsProvisionable(): FailedToSchedule asks for the reason
 * alone. */
static bool karpenter_wants_node(const struct stored *pod)
{
    bool failed_to_schedule = strcmp(pod->condition_reason, "Unschedulable") == 0;
    bool is_scheduled = pod->node_name[0] != '\0';
    bool is_preempting = pod->nominated_node_name[0] != '\0';
    return failed_to_schedule && !is_scheduled && !is_preempting && !pod->is_owned_by_daemon_set;
}

struct scene {
    struct core core;
    struct stored pod;
    uint32_t calls_seen;
    bool was_wanted; /* by either, after any write */
    bool agree;      /* the two always said the same */
};

static void ask(struct scene *scene)
{
    bool is_wanted = cluster_autoscaler_wants_node(&scene->pod);
    scene->agree &= is_wanted == karpenter_wants_node(&scene->pod);
    scene->was_wanted |= is_wanted;
}

static void set_text(char *text, size_t size, const char *value)
{
    (void)snprintf(text, size, "%s", value ? value : "");
}

/* The writes about pod "p" since the last call reach the apiserver one by one; `binds` is what it
 * makes of a binding. */
static void deliver(struct scene *scene, bool binds)
{
    const struct mem_port *port = scene->core.port;
    for (; scene->calls_seen < port->count; scene->calls_seen++) {
        const struct mem_call *call = &port->calls[scene->calls_seen];
        if (strcmp(call->pod, "p") != 0)
            continue;
        if (call->kind == MEM_STATUS) {
            set_text(scene->pod.condition_status, sizeof(scene->pod.condition_status), "False");
            set_text(scene->pod.condition_reason, sizeof(scene->pod.condition_reason),
                     call->reason);
            if (call->clears_nomination)
                scene->pod.nominated_node_name[0] = '\0';
        } else if (call->kind == MEM_BIND && binds) {
            set_text(scene->pod.node_name, sizeof(scene->pod.node_name), "n1");
            set_text(scene->pod.condition_status, sizeof(scene->pod.condition_status), "True");
            scene->pod.condition_reason[0] = '\0';
            scene->pod.nominated_node_name[0] = '\0';
        }
        ask(scene);
    }
}

static void create(struct scene *scene, const struct fixture_pod *pod)
{
    set_text(scene->pod.nominated_node_name, sizeof(scene->pod.nominated_node_name),
             pod->nominated);
    if (pod->gates > 0) { /* the apiserver says so at creation */
        set_text(scene->pod.condition_status, sizeof(scene->pod.condition_status), "False");
        set_text(scene->pod.condition_reason, sizeof(scene->pod.condition_reason),
                 "SchedulingGated");
    }
    core_pod(&scene->core, pod);
    ask(scene);
}

static const struct fixture_node node = {.name = "n1", .allocatable = "cpu=2, memory=4Gi"};
static const struct fixture_pod large = {.name = "p", .containers = "cpu=3"};
static const struct fixture_pod fitting = {.name = "p", .containers = "cpu=1"};

/* ---- scenes ---- */

static void no_room(struct scene *scene)
{
    core_node(&scene->core, &node);
    create(scene, &large);
    core_pass(&scene->core);
}

static void no_nodes_at_all(struct scene *scene)
{
    create(scene, &fitting);
    core_pass(&scene->core);
}

static void no_node_of_that_kind(struct scene *scene)
{
    core_node(&scene->core, &node);
    create(scene, &(struct fixture_pod){.name = "p", .selector = "kubernetes.io/arch=arm64"});
    core_pass(&scene->core);
}

static void terms_that_conflict(struct scene *scene)
{
    core_node(&scene->core, &node);
    create(scene, &(struct fixture_pod){.name = "p",
                                        .required = "@metadata.name In a & @metadata.name In b"});
    core_pass(&scene->core);
}

static void nominated_and_refused(struct scene *scene)
{
    core_node(&scene->core, &node);
    struct fixture_pod pod = large;
    pod.nominated = "n1";
    create(scene, &pod);
    core_pass(&scene->core);
}

static void there_is_room(struct scene *scene)
{
    core_node(&scene->core, &node);
    create(scene, &fitting);
    core_pass(&scene->core);
}

static void nominated_and_there_is_room(struct scene *scene)
{
    core_node(&scene->core, &node);
    struct fixture_pod pod = fitting;
    pod.nominated = "n1";
    create(scene, &pod);
    core_pass(&scene->core);
}

static void gated(struct scene *scene)
{
    struct fixture_pod pod = large;
    pod.gates = 1;
    create(scene, &pod);
    core_pass(&scene->core);
}

static void needs_what_is_not_supported(struct scene *scene)
{
    core_node(&scene->core, &node);
    struct pod_object *object = fixture_pod_object(&scene->core.fixture, &fitting);
    object->features = 1u << FEATURE_VOLUME_CLAIM;
    core_pod_object(&scene->core, object);
    core_pass(&scene->core);
}

static void cannot_be_read(struct scene *scene)
{
    core_node(&scene->core, &node);
    struct pod_object *object = fixture_pod_object(&scene->core.fixture, &fitting);
    object->problem = STR("spec.containers[0].resources.requests[cpu]: \"x\" is no quantity");
    core_pod_object(&scene->core, object);
    core_pass(&scene->core);
}

static void bind_refused(struct scene *scene)
{
    there_is_room(scene);
    deliver(scene, false);
    core_reply_bind(&scene->core, OUTCOME_FORBIDDEN);
}

static void bind_unknown(struct scene *scene)
{
    there_is_room(scene);
    deliver(scene, false);
    core_reply_bind(&scene->core, OUTCOME_UNKNOWN);
    core_reply_read(&scene->core, OUTCOME_UNKNOWN, NULL);
}

/* A node came, as ordered; then it is the bind that fails: another node would not help. */
static void no_room_then_bind_refused(struct scene *scene)
{
    no_room(scene);
    deliver(scene, true);
    core_node(&scene->core,
              &(struct fixture_node){.name = "n2", .allocatable = "cpu=4, memory=1Gi"});
    core_pass(&scene->core);
    deliver(scene, false);
    core_reply_bind(&scene->core, OUTCOME_INVALID);
}

static void no_room_then_bound(struct scene *scene)
{
    no_room(scene);
    deliver(scene, true);
    core_node(&scene->core,
              &(struct fixture_node){.name = "n2", .allocatable = "cpu=4, memory=1Gi"});
    core_pass(&scene->core);
}

static const struct {
    const char *what;
    void (*run)(struct scene *scene);
    bool was_wanted, is_wanted; /* at some moment; at the end */
} scenes[] = {
    {"no room", no_room, true, true},
    {"no nodes at all: scale up from zero", no_nodes_at_all, true, true},
    {"no node of that kind", no_node_of_that_kind, true, true},
    {"terms that conflict", terms_that_conflict, true, true}, /* as kube-scheduler says it */
    {"nominated, and refused there", nominated_and_refused, true, true},
    {"there is room", there_is_room, false, false},
    {"nominated, and there is room", nominated_and_there_is_room, false, false},
    {"gated", gated, false, false},
    {"not supported", needs_what_is_not_supported, false, false},
    {"unreadable", cannot_be_read, false, false},
    {"bind refused", bind_refused, false, false},
    {"bind unknown", bind_unknown, false, false},
    {"no room, then the bind is refused", no_room_then_bind_refused, true, false},
    {"no room, then bound", no_room_then_bound, true, false},
};

Test(autoscalers, buy_a_node_when_one_would_help_and_only_then)
{
    for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
        struct scene scene = {.agree = true};
        core_init(&scene.core);
        scenes[i].run(&scene);
        deliver(&scene, true);
        cr_expect_eq(scene.was_wanted, scenes[i].was_wanted, "%s", scenes[i].what);
        cr_expect_eq(cluster_autoscaler_wants_node(&scene.pod), scenes[i].is_wanted, "%s",
                     scenes[i].what);
        cr_expect(scene.agree, "%s: both rules say the same", scenes[i].what);
        core_fini(&scene.core);
    }
}

/* The nomination is never written later than the condition: in between, the pod would look placed
 * and be passed over, or, the other way round, be bought a node for while it has one. */
Test(autoscalers, see_condition_and_nomination_change_at_once)
{
    struct scene scene = {.agree = true};
    core_init(&scene.core);
    nominated_and_refused(&scene);
    cr_assert_eq(scene.core.port->counts[MEM_STATUS], 1);
    const struct mem_call *patch = mem_port_call(scene.core.port, MEM_STATUS, 0);
    cr_expect_str_eq(patch->reason, "Unschedulable");
    cr_expect(patch->clears_nomination);
    core_fini(&scene.core);
}

/* Karpenter passes over pods of DaemonSets by their owner; the condition says nothing else of them.
 */
Test(autoscalers, pods_of_daemon_sets_are_karpenters_to_pass_over)
{
    struct scene scene = {.agree = true, .pod = {.is_owned_by_daemon_set = true}};
    core_init(&scene.core);
    no_room(&scene);
    deliver(&scene, true);
    cr_expect_str_eq(scene.pod.condition_reason, "Unschedulable");
    cr_expect_not(karpenter_wants_node(&scene.pod));
    core_fini(&scene.core);
}
