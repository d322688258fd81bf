/* `spillway-bench replay --server --kubeconfig`: a cluster of somebody else, as a user plays on it:
 * an apiserver and a spillway that run already. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/check.h"
#include "tests/support/process.h"

enum { PATIENCE_MS = 120 * 1000, PATH_BYTES = 512 };

struct rig {
    char dir[64], bench[PATH_BYTES], spillway[PATH_BYTES];
    char kubeconfig[PATH_BYTES], json[PATH_BYTES];
    struct process server, scheduler;
};

static void rig_open(struct rig *rig)
{
    static const char *const ready[] = {"ready https://127.0.0.1:", NULL};
    const char *build = getenv("BUILD");
    char log[PATH_BYTES];
    *rig = (struct rig){.dir = "/tmp/replay-XXXXXX"};
    cr_assert_not_null(mkdtemp(rig->dir));
    build = build ? build : "build";
    (void)snprintf(rig->bench, sizeof(rig->bench), "%s/spillway-bench", build);
    (void)snprintf(rig->spillway, sizeof(rig->spillway), "%s/spillway", build);
    (void)snprintf(rig->kubeconfig, sizeof(rig->kubeconfig), "%s/kubeconfig", rig->dir);
    (void)snprintf(rig->json, sizeof(rig->json), "%s/figures.json", rig->dir);
    (void)snprintf(log, sizeof(log), "%s/server.log", rig->dir);
    const char *const server[] = {rig->bench, "apiserver", "--dir", rig->dir, NULL};
    process_start(&rig->server, server, NULL, log);
    cr_assert(process_await_log(&rig->server, ready, PATIENCE_MS));
    (void)snprintf(log, sizeof(log), "%s/scheduler.log", rig->dir);
    const char *const scheduler[] = {rig->spillway, "--kubeconfig", rig->kubeconfig, "--preemption",
                                     NULL};
    process_start(&rig->scheduler, scheduler, NULL, log);
}

static void rig_close(struct rig *rig)
{
    cr_expect_eq(process_stop(&rig->scheduler, SIGTERM, PATIENCE_MS), 0);
    cr_expect_eq(process_stop(&rig->server, SIGTERM, PATIENCE_MS), 0);
    struct process_result result;
    const char *const argv[] = {"/bin/rm", "-rf", rig->dir, NULL};
    process_run(&result, argv, NULL, PATIENCE_MS);
    process_result_fini(&result);
}

static int replay(const struct rig *rig, const char *workload, struct process_result *ret_result)
{
    const char *const argv[] = {rig->bench,
                                "replay",
                                "--workload",
                                workload,
                                "--nodes",
                                "20",
                                "--pods",
                                "200",
                                "--server",
                                "--json",
                                rig->json,
                                "--kubeconfig",
                                rig->kubeconfig,
                                "--arrival-seconds",
                                "3",
                                NULL};
    process_run(ret_result, argv, NULL, PATIENCE_MS);
    return ret_result->exit_code;
}

Test(replay_cluster, a_scheduler_that_runs_already_is_given_the_day_and_a_second_replay_is_refused)
{
    struct rig rig;
    struct process_result result;
    rig_open(&rig);
    cr_expect_eq(replay(&rig, "elastic-day", &result), 0, "%s", result.err.data);
    process_result_fini(&result);
    json_t *root = json_load_file(rig.json, 0, NULL);
    cr_assert_not_null(root);
    /* A day in three seconds: how many find room before the evening depends on the machine. */
    double made = json_number_value(json_object_get(root, "replay.pods"));
    double bound = json_number_value(json_object_get(root, "replay.bound"));
    double waiting = json_number_value(json_object_get(root, "replay.waiting"));
    cr_expect_geq(made, 200);
    cr_expect_gt(bound, made / 2);
    cr_expect_eq(bound + waiting, made, "%g and %g of %g", bound, waiting, made);
    cr_expect_eq(json_number_value(json_object_get(root, "replay.is_partial")), 0);
    json_decref(root);
    cr_expect_eq(replay(&rig, "elastic-day", &result), 1);
    cr_expect(strstr(result.err.data, "the cluster has nodes: a replay brings its own"), "%s",
              result.err.data);
    process_result_fini(&result);
    rig_close(&rig);
}
