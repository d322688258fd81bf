/* A run on the real apiserver, recorded and replayed: the same bindings, bit for bit. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "tests/real/drain.h"
#include "tests/support/replay.h"

enum { NODES = 20, PODS = 500, WAITING = 20, PATH_BYTES = 512 };

static const struct node_kind node = {
    .prefix = "node",
    .allocatable = "{\"cpu\":\"8\",\"memory\":\"16Gi\",\"pods\":\"30\"}",
};
static const char *const sizes[] = {
    "{\"cpu\":\"100m\",\"memory\":\"128Mi\"}",
    "{\"cpu\":\"200m\",\"memory\":\"256Mi\"}",
    "{\"cpu\":\"500m\",\"memory\":\"1Gi\"}",
};
static const struct pod_kind pod = {
    .prefix = "pod", .scheduler = "spillway", .requests = sizes, .request_count = ARRAY_LEN(sizes)};
static const char *const too_large[] = {"{\"cpu\":\"9\"}"};
static const struct pod_kind waiting = {
    .prefix = "waiting", .scheduler = "spillway", .requests = too_large, .request_count = 1};

static void expect_same_nodes(const struct drain *drain, const struct process_result *result)
{
    for (size_t i = 0; i < drain->pod_count; i++) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%s/%s-%zu", drain->world->namespace, drain->prefix, i);
        char *replayed CLEANUP(mem_freep) = replay_node_of(result, name);
        cr_expect_str_eq(replayed, drain->node_of[i], "%s", name);
    }
}

Test(record, a_run_replays_twice_to_the_same_bindings, .timeout = 300)
{
    struct world world;
    struct drain drain;
    char file[PATH_BYTES], config[PATH_BYTES];
    world_open(&world, "record");
    (void)snprintf(file, sizeof(file), "%s/record.events", world.dir);
    (void)snprintf(config, sizeof(config), "%s/token.kubeconfig", world.dir);
    world_add_nodes(&world, &node, NODES);
    world_add_pods(&world, &waiting, WAITING);
    drain_start(&drain, &world, pod.prefix, PODS);
    const char *const arguments[] = {"--kubeconfig", config, "--record", file, NULL};
    world_start_spillway_with(&world, arguments, NULL);
    free(world_await_refusal(&world, "waiting-0", "Unschedulable"));
    world_add_pods(&world, &pod, PODS); /* and decides while they arrive */
    drain_await(&drain, PODS, WORLD_PATIENCE_MS);
    int exit_code = world_stop_spillway(&world);
    cr_expect(exit_code == 0, "exit code %d", exit_code);

    struct process_result first, second;
    replay_run(file, &first);
    replay_run(file, &second);
    cr_assert_eq(first.exit_code, 0, "%s", first.err.data);
    cr_assert_eq(second.exit_code, 0, "%s", second.err.data);
    cr_expect_str_eq(first.out.data, second.out.data);
    const char *summary = strstr(first.out.data, "events ");
    cr_assert_not_null(summary);
    cr_expect_null(strstr(summary, "cut:"));
    cr_expect_null(strstr(summary, "no end:"));
    expect_same_nodes(&drain, &first);
    fprintf(stderr, "record: %s", summary);

    process_result_fini(&first);
    process_result_fini(&second);
    (void)unlink(file);
    drain_fini(&drain);
    world_close(&world);
}
