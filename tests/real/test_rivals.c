/*
 * A second scheduler on the same nodes: the real kube-scheduler. The apiserver takes any binding,
 * so two that decide at once may overfill a node; the kubelet (admission.h) then refuses the pod
 * that came later, and its owner makes another. spillway has to see what the rival did before its
 * next decision, so that a collision costs one pod and no more.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/admission.h"
#include "tests/real/gate.h"

enum { RIVAL_PATH_BYTES = 512, RIVAL_BODY_BYTES = 1024 };

static const char ours[] = "spillway";
static const char theirs[] = "default-scheduler";

/* A ReplicaSet named after its scheduler. */
static void add_replicas(struct world *world, const char *scheduler, size_t replicas,
                         const char *cpu)
{
    char path[RIVAL_PATH_BYTES], body[RIVAL_BODY_BYTES];
    (void)snprintf(path, sizeof(path), "/apis/apps/v1/namespaces/%s/replicasets", world->namespace);
    (void)snprintf(body, sizeof(body),
                   "{\"metadata\":{\"name\":\"of-%s\"},\"spec\":{\"replicas\":%zu,"
                   "\"selector\":{\"matchLabels\":{\"of\":\"%s\"}},"
                   "\"template\":{\"metadata\":{\"labels\":{\"of\":\"%s\"}},"
                   "\"spec\":{\"schedulerName\":\"%s\",\"containers\":[{\"name\":\"main\","
                   "\"image\":\"test.invalid/main:1\",\"resources\":{\"requests\":{\"cpu\":\"%s\"}}"
                   "}]}}}}",
                   scheduler, replicas, scheduler, scheduler, scheduler, cpu);
    long status = api_call(&world->api, "POST", path, body, NULL);
    cr_assert(status == 201, "POST %s: status %ld", path, status);
}

static void start_kube_scheduler(struct world *world)
{
    world_start_kube_scheduler_with(
        world, (const char *const[]){"--kube-api-qps=10000", "--kube-api-burst=10000", NULL});
}

static void start_spillway(struct world *world, const struct gate *gate)
{
    world_start_spillway_with(
        world, (const char *const[]){"--kubeconfig", gate_kubeconfig(gate), NULL}, NULL);
}

/* ---- one collision, made on purpose ---- */

static bool one_is_refused(const void *context)
{
    return ((const struct admission *)context)->refused > 0;
}

static bool ours_is_admitted(const void *context)
{
    return admission_living(context, ours) == 2;
}

static bool theirs_is_admitted(const void *context)
{
    return admission_living(context, theirs) == 1;
}

static const char *const one_cpu[] = {"{\"cpu\":\"1\"}"};
static const struct node_kind big = {
    .prefix = "big", .allocatable = "{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"110\"}"};
static const struct node_kind late = {
    .prefix = "late", .allocatable = "{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"110\"}"};
static const struct pod_kind probe = {
    .prefix = "probe", .scheduler = "spillway", .requests = one_cpu, .request_count = 1};

static const char no_room[] = "0/1 nodes are available: 1 Insufficient cpu.";

/* A pod that waits because no node has room for it, as spillway tells. */
static bool waits_for_room(void *context, const char *type, const json_t *pod)
{
    (void)context;
    (void)type;
    const json_t *condition;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(pod, "status"), "conditions"), i, condition)
    {
        const char *message = json_string_value(json_object_get(condition, "message"));
        if (message && strcmp(message, no_room) == 0)
            return true;
    }
    return false;
}

/* The pod that the ReplicaSet of spillway's made for the refused one. */
static void await_waiting_replacement(struct world *world)
{
    char path[RIVAL_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods?watch=1&labelSelector=of%%3D%s",
                   world->namespace, ours);
    cr_assert(api_await_event(&world->api, path, waits_for_room, NULL, WORLD_PATIENCE_MS),
              "no replacement waits for room");
}

/* spillway's bind to the only node is kept back while kube-scheduler binds a pod to it. */
static void collide(struct world *world, struct gate *gate, struct admission *admission)
{
    gate_set(gate, &(struct gate_point){.write = GATE_BIND, .nth = 1, .held = 1});
    start_spillway(world, gate);
    start_kube_scheduler(world);
    add_replicas(world, ours, 1, "3");
    gate_await(gate);
    add_replicas(world, theirs, 1, "3");
    admission_run(admission, theirs_is_admitted, admission, "kube-scheduler's pod on the node");
}

Test(rivals, a_collision_is_seen_by_the_next_decision_and_costs_one_pod, .timeout = 300)
{
    struct world world;
    world_open(&world, "collision");
    world_add_nodes(&world, &big, 1);
    struct admission *admission CLEANUP(mem_freep) = mem_zalloc(1, sizeof(*admission));
    admission_start(admission, &world, 4000);
    struct gate *gate = gate_open(&world);
    collide(&world, gate, admission);

    /* 1 of 4 cpus would be free if it had not seen the rival's pod. */
    world_add_pods(&world, &probe, 1);
    char *message CLEANUP(mem_freep) = world_await_refusal(&world, "probe-0", "Unschedulable");
    cr_expect_str_eq(message, no_room);

    gate_release(gate);
    admission_run(admission, one_is_refused, admission, "the refusal of spillway's pod");
    free(world_await_bound(&world, "probe-0")); /* what the refused pod held is free again */
    await_waiting_replacement(&world);
    cr_expect_eq(admission_living(admission, ours), 1);

    world_add_nodes(&world, &late, 1);
    admission_run(admission, ours_is_admitted, admission, "the replacement on another node");
    cr_expect_str_eq(admission->pods[admission->pod_count - 1].node, "late-0");
    cr_expect_eq(admission->refused, 1, "%zu pods were refused", admission->refused);
    admission_check(admission, ours, theirs);
    gate_await_accepted(gate, GATE_BIND, 3);
    cr_expect_eq(gate_count(gate, GATE_BIND).seen, 3);
    gate_close(gate);
    admission_fini(admission);
    world_close(&world);
}

/* ---- both at full speed ---- */

/* A node is full with one pod: whoever comes second is refused. */
enum {
    SMALL_NODES = 100,
    OURS = 20,
    THEIRS = 72,
    FREE_NODES = SMALL_NODES - OURS - THEIRS,
    /* spillway's first binds, and those that are late while kube-scheduler takes most of the nodes:
     * as many as spillway has in flight at its start. */
    BINDS_BEFORE = 4,
    LATE_BINDS = 8,
};

static const struct node_kind small = {
    .prefix = "small", .allocatable = "{\"cpu\":\"1\",\"memory\":\"4Gi\",\"pods\":\"110\"}"};

static bool all_replicas_live(const void *context)
{
    return admission_living(context, ours) == OURS && admission_living(context, theirs) == THEIRS;
}

static bool all_of_theirs_live(const void *context)
{
    return admission_living(context, theirs) == THEIRS;
}

static bool nodes_are_full(const void *context)
{
    return admission_living(context, ours) == OURS + FREE_NODES;
}

Test(rivals, two_that_bind_at_once_lose_one_pod_a_collision_and_fill_the_cluster, .timeout = 300)
{
    struct world world;
    world_open(&world, "rivals");
    world_add_nodes(&world, &small, SMALL_NODES);
    struct admission *admission CLEANUP(mem_freep) = mem_zalloc(1, sizeof(*admission));
    admission_start(admission, &world, 1000);
    struct gate *gate = gate_open(&world);
    gate_set(gate,
             &(struct gate_point){.write = GATE_BIND, .nth = BINDS_BEFORE + 1, .held = LATE_BINDS});
    start_kube_scheduler(&world);
    start_spillway(&world, gate);
    add_replicas(&world, ours, OURS, "1");
    gate_await(gate);
    add_replicas(&world, theirs, THEIRS, "1");
    admission_run(admission, all_of_theirs_live, admission, "the rival's replicas");
    for (size_t i = 0; i < LATE_BINDS; i++)
        gate_release(gate);
    admission_run(admission, all_replicas_live, admission, "all replicas on nodes of their own");
    size_t refused = admission->refused;
    cr_expect_gt(refused, 0, "the two never collided");
    admission_check(admission, ours, theirs);
    admission_check(admission, theirs, ours);
    fprintf(stderr, "rivals: of %d pods a kubelet refused %zu of spillway's, %zu of the rival's\n",
            OURS + THEIRS, admission_refused(admission, ours),
            admission_refused(admission, theirs));

    /* What spillway sees now is the truth: it finds each node that is left, and no other. */
    struct pod_kind more = probe;
    world_add_pods(&world, &more, FREE_NODES);
    admission_run(admission, nodes_are_full, admission, "a pod on each node that was left");
    more.prefix = "none";
    world_add_pods(&world, &more, 1);
    char *message CLEANUP(mem_freep) = world_await_refusal(&world, "none-0", "Unschedulable");
    cr_expect_str_eq(message, "0/100 nodes are available: 100 Insufficient cpu.");
    cr_expect_eq(admission->refused, refused, "%zu more pods were refused",
                 admission->refused - refused);
    gate_close(gate);
    admission_fini(admission);
    world_close(&world);
}
