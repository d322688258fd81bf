/*
 * kill -9 at each boundary of a write, in a burst that fills the cluster to the last pod: a pod
 * bound twice, or one reservation forgotten or counted twice, and the sums do not come out.
 *
 * The next spillway starts when the apiserver has answered all that the killed one had sent: a bind
 * that is still on its way while the next one lists may fill a node over, as no scheduler can know
 * of it. But it binds no pod twice, and once it has arrived it counts: see the last test.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/real/drain.h"
#include "tests/real/gate.h"

enum { NODES = 25, PODS = 500 };

static const struct node_kind node = {
    .prefix = "node",
    .allocatable = "{\"cpu\":\"6\",\"memory\":\"12Gi\",\"pods\":\"30\"}",
};
static const char *const a_twentieth[] = {"{\"cpu\":\"300m\",\"memory\":\"256Mi\"}"};
static const struct pod_kind pod = {
    .prefix = "pod", .scheduler = "spillway", .requests = a_twentieth, .request_count = 1};

/* It fills one node after the other: spread evenly, the pods of many starts would fit even if no
 * start saw those of the one before. */
static void start_spillway(struct world *world, const struct gate *gate)
{
    const char *const arguments[] = {"--kubeconfig", gate_kubeconfig(gate),
                                     "--score-strategy=MostAllocated",
                                     "--score-weights=NodeResourcesFit=10", NULL};
    world_start_spillway_with(world, arguments, NULL);
}

/* Starts spillway and kills it at the point. The counts of that kind of write from the start on, up
 * to when the apiserver has answered all. */
static struct gate_count run_to(struct world *world, struct gate *gate,
                                const struct gate_point *point)
{
    struct gate_count before = gate_count(gate, point->write);
    gate_set(gate, point);
    start_spillway(world, gate);
    gate_await(gate);
    (void)process_stop(&world->spillway, SIGKILL, WORLD_PATIENCE_MS);
    gate_reopen(gate);
    struct gate_count count = gate_count(gate, point->write);
    return (struct gate_count){
        .seen = count.seen - before.seen,
        .sent = count.sent - before.sent,
        .answered = count.answered - before.answered,
        .accepted = count.accepted - before.accepted,
        .passed = count.passed - before.passed,
    };
}

/* That the kill was where the point says. */
static void expect_boundary(const struct gate_point *point, const struct gate_count *count)
{
    const char *where = point->boundary == GATE_BEFORE_SEND  ? "before send"
                        : point->boundary == GATE_AFTER_SEND ? "after send"
                                                             : "after the reply";
    cr_expect(count->seen >= point->nth, "%s of %u: %u seen", where, point->nth, count->seen);
    cr_expect(count->accepted == count->sent, "%s of %u: %u sent, %u accepted", where, point->nth,
              count->sent, count->accepted);
    switch (point->boundary) {
    case GATE_BEFORE_SEND:
        cr_expect(count->sent == point->nth - 1, "%s of %u: %u sent", where, point->nth,
                  count->sent);
        return;
    case GATE_AFTER_SEND:
        cr_expect(count->sent == point->nth && count->passed < count->sent,
                  "%s of %u: %u sent, %u answers passed on", where, point->nth, count->sent,
                  count->passed);
        return;
    case GATE_AFTER_REPLY:
        cr_expect(count->passed > 0, "%s of %u: %u answers passed on", where, point->nth,
                  count->passed);
        return;
    }
}

static const unsigned nths[] = {1, 2, 9, 37};
static const enum gate_boundary boundaries[] = {GATE_BEFORE_SEND, GATE_AFTER_SEND,
                                                GATE_AFTER_REPLY};

Test(crash, a_kill_at_any_boundary_of_a_bind_loses_and_doubles_nothing, .timeout = 300)
{
    struct world world;
    struct drain drain;
    world_open(&world, "crash-bind");
    world_add_nodes(&world, &node, NODES);
    drain_start(&drain, &world, pod.prefix, PODS);
    world_add_pods(&world, &pod, PODS);
    struct gate *gate = gate_open(&world);
    for (size_t n = 0; n < ARRAY_LEN(nths); n++) {
        for (size_t b = 0; b < ARRAY_LEN(boundaries); b++) {
            const struct gate_point point = {
                .write = GATE_BIND, .boundary = boundaries[b], .nth = nths[n]};
            struct gate_count count = run_to(&world, gate, &point);
            expect_boundary(&point, &count);
            /* The watch cache has them too: the next list is up to date. */
            drain_await(&drain, gate_count(gate, GATE_BIND).accepted, WORLD_PATIENCE_MS);
        }
    }
    size_t bound_before = drain.bound;
    cr_expect(bound_before < PODS, "the last start had nothing to do");
    start_spillway(&world, gate);
    drain_await(&drain, PODS, WORLD_PATIENCE_MS);
    int exit_code = world_stop_spillway(&world);
    cr_expect(exit_code == 0, "exit code %d", exit_code);
    drain_check(&drain, false);
    fprintf(stderr, "crash: %zu of %d pods bound by the %zu that were killed\n", bound_before, PODS,
            ARRAY_LEN(nths) * ARRAY_LEN(boundaries));
    gate_close(gate);
    drain_fini(&drain);
    world_close(&world);
}

static const char *const too_large[] = {"{\"cpu\":\"7\"}"};
static const struct pod_kind waiting = {
    .prefix = "waiting", .scheduler = "spillway", .requests = too_large, .request_count = 1};

enum { WAITING = 60, FEW_PODS = 200 };

static void count_told(void *context, const json_t *object)
{
    const json_t *condition;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(object, "status"), "conditions"), i,
                       condition)
    {
        const char *message = json_string_value(json_object_get(condition, "message"));
        if (message && strcmp(message, "0/25 nodes are available: 25 Insufficient cpu.") == 0)
            ++*(size_t *)context;
    }
}

/* What is written beside the binds: a condition is on the pod already when its answer was lost, so
 * the next one does not write it again; an event is lost with its writer, and nothing else is. */
static void kill_beside_binds(enum gate_write write, const char *name)
{
    struct world world;
    struct drain drain;
    world_open(&world, name);
    world_add_nodes(&world, &node, NODES);
    drain_start(&drain, &world, pod.prefix, FEW_PODS);
    world_add_pods(&world, &waiting, WAITING);
    world_add_pods(&world, &pod, FEW_PODS);
    struct gate *gate = gate_open(&world);
    for (size_t b = 0; b < ARRAY_LEN(boundaries); b++) {
        const struct gate_point point = {
            .write = write, .boundary = boundaries[b], .nth = (unsigned)b + 2};
        struct gate_count count = run_to(&world, gate, &point);
        expect_boundary(&point, &count);
    }
    start_spillway(&world, gate);
    drain_await(&drain, FEW_PODS, WORLD_PATIENCE_MS);
    gate_await_accepted(gate, GATE_STATUS, WAITING);
    int exit_code = world_stop_spillway(&world);
    cr_expect(exit_code == 0, "exit code %d", exit_code);
    unsigned written = gate_count(gate, GATE_STATUS).accepted;
    cr_expect(written == WAITING, "%u conditions written for %d pods", written, WAITING);
    char path[128];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", world.namespace);
    size_t told = 0;
    api_each(&world.api, path, count_told, &told);
    cr_expect(told == WAITING, "%zu of %d pods say why they wait", told, WAITING);
    free(world_kubectl(&world, "delete", "pods", "--selector=app=waiting", "--wait=false", NULL));
    drain_check(&drain, false);
    gate_close(gate);
    drain_fini(&drain);
    world_close(&world);
}

Test(crash, a_kill_at_any_boundary_of_a_condition_leaves_each_pod_told_once, .timeout = 300)
{
    kill_beside_binds(GATE_STATUS, "crash-status");
}

Test(crash, a_kill_at_any_boundary_of_an_event_costs_events_only, .timeout = 300)
{
    kill_beside_binds(GATE_EVENT, "crash-event");
}

static const struct node_kind other = {
    .prefix = "other",
    .allocatable = "{\"cpu\":\"6\",\"memory\":\"12Gi\",\"pods\":\"30\"}",
};
enum { TWO_NODES_HOLD = 40 };

/* Starts spillway, which sends a bind for the only pod; it is kept back. */
static void start_and_hold_bind(struct world *world, struct gate *gate)
{
    gate_set(gate, &(struct gate_point){.write = GATE_BIND, .nth = 1, .held = 1});
    start_spillway(world, gate);
    gate_await(gate);
}

/* The dead one had chosen node-0; its successor may not use that any more and chooses other-0. */
Test(crash, a_bind_of_the_dead_that_arrives_late_counts_where_it_went, .timeout = 300)
{
    struct world world;
    struct drain drain;
    world_open(&world, "crash-late");
    drain_start(&drain, &world, pod.prefix, TWO_NODES_HOLD);
    struct gate *gate = gate_open(&world);
    world_add_nodes(&world, &node, 1);
    world_add_pods(&world, &pod, 1);
    start_and_hold_bind(&world, gate);
    (void)process_stop(&world.spillway, SIGKILL, WORLD_PATIENCE_MS);
    free(world_kubectl(&world, "cordon", "node-0", NULL));
    world_add_nodes(&world, &other, 1);
    start_and_hold_bind(&world, gate);

    gate_release(gate); /* the dead one's */
    gate_await_accepted(gate, GATE_BIND, 1);
    drain_await(&drain, 1, WORLD_PATIENCE_MS);
    cr_expect_str_eq(drain.node_of[0], "node-0");
    gate_release(gate); /* its successor's, refused */
    free(world_kubectl(&world, "uncordon", "node-0", NULL));
    struct pod_kind more = pod;
    more.first = 1;
    world_add_pods(&world, &more, TWO_NODES_HOLD - 1);
    drain_await(&drain, TWO_NODES_HOLD, WORLD_PATIENCE_MS);
    int exit_code = world_stop_spillway(&world);
    cr_expect(exit_code == 0, "exit code %d", exit_code);
    struct gate_count count = gate_count(gate, GATE_BIND);
    cr_expect_eq(count.accepted, TWO_NODES_HOLD);
    cr_expect_eq(count.answered - count.accepted, 1, "the second bind of the pod");
    drain_check(&drain, true);
    gate_close(gate);
    drain_fini(&drain);
    world_close(&world);
}
