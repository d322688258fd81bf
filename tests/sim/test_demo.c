/* The demo as `make demo`, `make demo-up` and `make demo-down` call it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/check.h"
#include "tests/support/process.h"

enum { PATH_BYTES = 512, LIMIT_MS = 120000, ARGS_MAX = 8 };

static char dir[64], bench[PATH_BYTES], spillway[PATH_BYTES];

static void setup(void)
{
    const char *build = getenv("BUILD");
    snprintf(bench, sizeof(bench), "%s/spillway-bench", build ? build : "build");
    snprintf(spillway, sizeof(spillway), "%s/spillway", build ? build : "build");
    snprintf(dir, sizeof(dir), "/tmp/spillway-test-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
    struct process_result result;
    const char *const argv[] = {"/bin/rm", "-r", dir, NULL};
    process_run(&result, argv, NULL, LIMIT_MS);
    process_result_fini(&result);
}

TestSuite(demo, .init = setup, .fini = teardown);

/* Runs it; `more` may be NULL. */
static void run(struct process_result *ret_result, const char *scheduler, const char *more)
{
    const char *const argv[] = {bench, "demo", "--spillway", scheduler, "--out", dir, more, NULL};
    process_run(ret_result, argv, NULL, LIMIT_MS);
}

static bool says(const struct buf *text, const char *what)
{
    return text->data && strstr(text->data, what);
}

static size_t count(const struct buf *text, const char *what)
{
    size_t found = 0;
    for (const char *at = text->data; at && (at = strstr(at, what)); at++)
        found++;
    return found;
}

static bool is_file(const char *name)
{
    char path[PATH_BYTES];
    struct stat found;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return stat(path, &found) == 0 && found.st_size > 0;
}

/* 3 machines of 16 cores are 96 pods of half a core, 30 cores of spot 60, one spot node 32. */
Test(demo, plays_its_plan_and_all_claims_hold)
{
    static const char *const claims[] = {
        "  PASS  every feasible pod is bound: 10 of 10\n",
        "  PASS  no pod was bound twice: ",
        "  PASS  no node was overfull: ",
        "  PASS  infeasible pods wait with the right reason: 8 pods of 4 kinds\n",
        ("  PASS  each unit is filled before the next: 10 moments; 200 pods: 96 reserved ECS, "
         "60 spot, 44 virtual node\n"),
        "  PASS  pods of the reclaimed spot node found a new place: ",
        "; 200 pods: 96 reserved ECS, 32 spot, 72 virtual node\n",
        ("  PASS  the dearest unit is emptied first: 10 moments; deleted: 86 reserved ECS, "
         "32 spot, 72 virtual node\n"),
        "  PASS  in the end all pods are where they cost least: 10 pods, ",
    };
    struct process_result result;
    run(&result, spillway, NULL);
    cr_expect_eq(result.exit_code, 0, "%s%s", result.out.data, result.err.data);
    for (size_t i = 0; i < ARRAY_LEN(claims); i++)
        cr_expect(says(&result.out, claims[i]), "%s in:\n%s", claims[i], result.out.data);
    cr_expect_eq(count(&result.out, "  PASS  "), 8, "%s", result.out.data);
    cr_expect_eq(count(&result.out, "  FAIL  "), 0);
    cr_expect_gt(count(&result.out, " s  created "), 20); /* a plain line a second */
    cr_expect_not(says(&result.out, "\033"), "colours and motion are for terminals");
    cr_expect(says(&result.out, "0/4 nodes are available"));
    cr_expect(is_file("demo.svg"));
    cr_expect(is_file("demo/spillway.log"));
    process_result_fini(&result);
}

/* Commands first, then what is expected of them: whatever it is, the demo is ended. */
Test(demo, stays_until_it_is_told_to_go)
{
    struct process_result up, again, down, gone;
    run(&up, spillway, "--up");
    run(&again, spillway, "--up");
    bool has_pid = is_file("demo/up/demo.pid"), has_kubeconfig = is_file("demo/up/kubeconfig");
    run(&down, spillway, "--down");
    run(&gone, spillway, "--down");
    cr_expect_eq(up.exit_code, 0, "%s", up.err.data);
    cr_expect(says(&up.out, "export KUBECONFIG=/"));
    cr_expect(has_pid);
    cr_expect(has_kubeconfig);
    cr_expect_eq(again.exit_code, 0);
    cr_expect(says(&again.out, "the demo is up already"));
    cr_expect_eq(down.exit_code, 0, "%s", down.err.data);
    cr_expect(says(&down.out, "the demo is down"));
    cr_expect_not(is_file("demo/up/demo.pid"));
    cr_expect_eq(gone.exit_code, 0);
    cr_expect(says(&gone.out, "the demo is not up"));
    process_result_fini(&up);
    process_result_fini(&again);
    process_result_fini(&down);
    process_result_fini(&gone);
}

Test(demo, a_pid_file_that_was_left_behind_harms_nobody)
{
    char path[PATH_BYTES];
    struct process_result down;
    snprintf(path, sizeof(path), "%s/demo", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/demo/up", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/demo/up/demo.pid", dir);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
    run(&down, spillway, "--down");
    cr_expect_eq(down.exit_code, 0);
    cr_expect(says(&down.out, "the demo is not up"));
    process_result_fini(&down);
}

/* What is killed cannot end its scheduler: the next command does. */
Test(demo, a_scheduler_whose_demo_was_killed_is_ended)
{
    char path[PATH_BYTES];
    int daemon_pid = 0, scheduler_pid = 0;
    struct process_result up, down;
    run(&up, spillway, "--up");
    snprintf(path, sizeof(path), "%s/demo/up/demo.pid", dir);
    FILE *file = fopen(path, "r");
    int numbers = file ? fscanf(file, "%d %d", &daemon_pid, &scheduler_pid) : 0;
    bool was_alive = numbers == 2 && kill(scheduler_pid, 0) == 0 && kill(daemon_pid, SIGKILL) == 0;
    if (file)
        fclose(file);
    run(&down, spillway, "--down");
    cr_expect(was_alive);
    cr_expect(says(&down.out, "a scheduler without its demo was left"), "%s", down.out.data);
    cr_expect_not(is_file("demo/up/demo.pid"));
    process_result_fini(&up);
    process_result_fini(&down);
}

Test(demo, a_scheduler_that_ends_is_an_error_that_names_its_log)
{
    struct process_result once, up;
    run(&once, "/bin/false", NULL);
    run(&up, "/bin/false", "--up");
    cr_expect_eq(once.exit_code, 1);
    cr_expect(says(&once.err, "exit code 1"), "%s", once.err.data);
    cr_expect(says(&once.err, "demo/spillway.log"), "%s", once.err.data);
    cr_expect_eq(up.exit_code, 1);
    cr_expect(says(&up.err, "it did not start"), "%s", up.err.data);
    process_result_fini(&once);
    process_result_fini(&up);
}

Test(demo, a_scheduler_that_is_not_there_is_named)
{
    struct process_result once;
    run(&once, "/nonexistent/spillway", NULL);
    cr_expect_eq(once.exit_code, 1);
    cr_expect(says(&once.err, "/nonexistent/spillway"), "%s", once.err.data);
    process_result_fini(&once);
}

Test(demo, an_interrupt_ends_it_and_its_scheduler)
{
    static const char *const playing[] = {" s  created ", NULL};
    char log[PATH_BYTES], path[PATH_BYTES];
    const char *const argv[] = {bench, "demo", "--spillway", spillway, "--out", dir, NULL};
    struct process demo, *scheduler = &(struct process){0};
    snprintf(log, sizeof(log), "%s/out.log", dir);
    process_start(&demo, argv, NULL, log);
    cr_assert(process_await_log(&demo, playing, LIMIT_MS));
    cr_assert_eq(process_stop(&demo, SIGINT, LIMIT_MS), 130);
    snprintf(path, sizeof(path), "%s/demo/spillway.log", dir);
    snprintf(scheduler->log_path, sizeof(scheduler->log_path), "%s", path);
    char *text = process_log(scheduler);
    cr_expect(strstr(text, "\"Stopped\""), "%s", text);
    free(text);
}
