/* A workload through a real etcd and kube-apiserver: both schedulers bind the pods that they bind
 * in virtual time. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/replay_server.h"
#include "tests/support/story.h"

enum { LIMIT_SECONDS = 120, PATH_BYTES = 512 };

static void play(const char *scheduler)
{
    const char *dir = getenv("SPILLWAY_TEST_DIR"), *bin = getenv("SPILLWAY_TEST_BIN");
    const char *build = getenv("BUILD");
    char bindings[PATH_BYTES], spillway[PATH_BYTES];
    struct story_names bound = {0};
    struct workload workload;
    cr_assert(dir && bin && build, "run this by make test-real");
    (void)snprintf(bindings, sizeof(bindings), "%s/replay-%s.bindings", dir, scheduler);
    (void)snprintf(spillway, sizeof(spillway), "%s/spillway", build);
    const struct replay_server_options options = {
        .stage = {.kind = STAGE_CONTROL_PLANE,
                  .spillway = spillway,
                  .scheduler = scheduler,
                  .bin = bin},
        .arrival_seconds = STORY_SECONDS,
        .limit_seconds = LIMIT_SECONDS,
        .until_ms = INT64_MAX,
        .bindings = bindings,
    };
    story_make(&workload);
    cr_assert_eq(replay_server(&workload, &options), 0);
    story_read(bindings, &bound);
    story_expect(&bound);
    workload_fini(&workload);
}

Test(replay, on_a_real_apiserver_the_same_pods_are_bound_as_in_virtual_time, .timeout = 300)
{
    play("spillway");
}

Test(replay, and_kube_scheduler_binds_them_too, .timeout = 300)
{
    play("default-scheduler");
}
