/* Many pods on many nodes, with nothing lost, doubled or overfull. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/real/drain.h"

static const struct node_kind node = {
    .prefix = "node",
    .allocatable = "{\"cpu\":\"6\",\"memory\":\"12Gi\",\"pods\":\"30\"}",
};
/* 267 milli-CPU and 469 Mi on average: 20 pods a node fill 89 % of its cpu and 76 % of its memory.
 */
static const char *const sizes[] = {
    "{\"cpu\":\"100m\",\"memory\":\"128Mi\"}",
    "{\"cpu\":\"200m\",\"memory\":\"256Mi\"}",
    "{\"cpu\":\"500m\",\"memory\":\"1Gi\"}",
};
static const struct pod_kind pod = {
    .prefix = "pod", .scheduler = "spillway", .requests = sizes, .request_count = ARRAY_LEN(sizes)};

static double seconds(void)
{
    struct timespec at;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

/* User and system time of the children that ended: spillway is the only one of these tests. */
static double children_cpu_seconds(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

Test(drain, binds_20000_waiting_pods_on_1000_nodes_once_each, .timeout = 900)
{
    enum { NODES = 1000, PODS = 20000 };
    struct world world;
    world_open(&world, "drain");
    double began = seconds();
    world_add_nodes(&world, &node, NODES);
    double with_nodes = seconds();
    struct drain drain;
    drain_start(&drain, &world, pod.prefix, PODS);
    world_add_pods(&world, &pod, PODS);

    double with_pods = seconds();
    world_start_spillway(&world, "token");
    drain_await(&drain, PODS, 300000);
    double done = seconds();
    int exit_code = world_stop_spillway(&world);
    cr_expect(exit_code == 0, "exit code %d", exit_code);
    drain_check(&drain, false);
    fprintf(
        stderr,
        "drain: %d nodes ready in %.1f s, %d pods made in %.1f s, bound in %.1f s (%.0f/s, %.2f ms "
        "of spillway's CPU each)\n",
        NODES, with_nodes - began, PODS, with_pods - with_nodes, done - with_pods,
        PODS / (done - with_pods), children_cpu_seconds() * 1e3 / PODS);
    drain_fini(&drain);
    world_close(&world);
}

enum { SMALL_NODES = 200, SMALL_PODS = 4000 };

Test(drain, a_restart_in_the_middle_loses_nothing, .timeout = 600)
{
    struct world world;
    world_open(&world, "restart");
    world_add_nodes(&world, &node, SMALL_NODES);
    struct drain drain;
    drain_start(&drain, &world, pod.prefix, SMALL_PODS);
    world_add_pods(&world, &pod, SMALL_PODS);
    for (size_t bound = 500; bound < SMALL_PODS; bound += 1500) {
        world_start_spillway(&world, "token");
        drain_await(&drain, bound, 120000);
        int exit_code = world_stop_spillway(&world);
        cr_expect(exit_code == 0, "exit code %d", exit_code);
    }
    world_start_spillway(&world, "token");
    drain_await(&drain, SMALL_PODS, 120000);
    /* Ended in good order, each waited for its binds: so nobody bound what another had bound. */
    drain_check(&drain, false);
    drain_fini(&drain);
    world_close(&world);
}

Test(drain, a_kill_in_the_middle_loses_nothing, .timeout = 600)
{
    struct world world;
    world_open(&world, "kill");
    world_add_nodes(&world, &node, SMALL_NODES);
    struct drain drain;
    drain_start(&drain, &world, pod.prefix, SMALL_PODS);
    world_add_pods(&world, &pod, SMALL_PODS);
    for (size_t bound = 500; bound < SMALL_PODS; bound += 1500) {
        world_start_spillway(&world, "token");
        drain_await(&drain, bound, 120000);
        (void)process_stop(&world.spillway, SIGKILL, WORLD_PATIENCE_MS);
    }
    world_start_spillway(&world, "token");
    drain_await(&drain, SMALL_PODS, 120000);
    drain_check(&drain, true);
    drain_fini(&drain);
    world_close(&world);
}
