/*
 * `spillway --record` and `spillway-bench replay --events` as a user runs them: what was decided
 * under faults is decided again, bit for bit, and a recording that is cut, damaged or impossible
 * says so.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "tests/sim/stage.h"
#include "tests/support/replay.h"

enum { PATH_BYTES = 512, PODS = 300, HUGE_PODS = 12 };

static struct stage stage;
static char file[PATH_BYTES];

static void setup(void)
{
    stage_open(&stage);
    (void)snprintf(file, sizeof(file), "%s/events", stage.dir);
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(record, .init = setup, .fini = teardown, .timeout = 180);

static void start(void)
{
    const char *const flags[] = {"--record", file, "--pod-initial-backoff-seconds=1",
                                 "--pod-max-backoff-seconds=2", NULL};
    stage_start(&stage, "kubeconfig", flags);
}

static void replay(struct process_result *ret_result)
{
    replay_run(file, ret_result);
}

/* Whether what was printed has this in it. */
static bool says(const struct buf *text, const char *what)
{
    return text->data && strstr(text->data, what);
}

static void expect_nodes_of_store(const struct process_result *result, const char *prefix,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[64], pod[96];
        (void)snprintf(name, sizeof(name), "%s-%zu", prefix, i);
        (void)snprintf(pod, sizeof(pod), "default/%s", name);
        char *node CLEANUP(mem_freep) = replay_node_of(result, pod);
        cr_expect_str_neq(node, "", "%s", name);
        cr_expect_str_eq(node, stage_node_of(&stage, name), "%s", name);
    }
}

/* Pods that fit and pods that fit nowhere, on nodes with room to the last cpu. */
static void run_load(void)
{
    for (int i = 0; i < 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n-%d", i);
        stage_add_node(&stage, name, "31");
    }
    stage_add_pods(&stage, "huge", HUGE_PODS, "500");
    stage_add_pods(&stage, "p", PODS / 2, "1");
    start();
    stage_await_bindings(&stage, PODS / 2);
    free(stage_await_refusal(&stage, "huge-0"));
    stage_add_pods(&stage, "q", PODS / 2, "1");
    stage_await_bindings(&stage, PODS);
}

static void stop(void)
{
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(record, a_run_with_faults_replays_twice_to_the_bindings_of_the_store)
{
    static const struct fault faults[] = {
        {.on = FAULT_ON_BIND, .act = FAULT_DO_STATUS, .code = 409, .times = 5, .skip = 10},
        {.on = FAULT_ON_BIND, .act = FAULT_DO_STATUS, .code = 500, .times = 5, .skip = 40},
        {.on = FAULT_ON_BIND, .act = FAULT_DO_DROP_AFTER, .times = 2, .skip = 60},
        {.on = FAULT_ON_BIND, .act = FAULT_DO_DROP_BEFORE, .times = 2, .skip = 80},
        {.on = FAULT_ON_GET, .act = FAULT_DO_STATUS, .code = 500, .times = 2, .resource = "pods"},
        {.on = FAULT_ON_WATCH, .act = FAULT_DO_WATCH_410, .times = 1, .skip = 3},
    };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        stage_fault(&stage, &faults[i]);
    run_load();
    stop();
    cr_expect_geq(stage_fired(&stage), 14);

    struct process_result first, second;
    replay(&first);
    replay(&second);
    cr_assert_eq(first.exit_code, 0, "%s%s", first.out.data, first.err.data);
    cr_assert_eq(second.exit_code, 0);
    cr_expect_str_eq(first.out.data, second.out.data);
    cr_expect(says(&first.out, ", hash "));
    cr_expect(!says(&first.out, "cut:") && !says(&first.out, "no end:"));
    expect_nodes_of_store(&first, "p", PODS / 2);
    expect_nodes_of_store(&first, "q", PODS / 2);
    process_result_fini(&first);
    process_result_fini(&second);
}

/* Of two outputs: the bindings of the first are how those of the second begin. */
static void expect_begins(const struct process_result *part, const struct process_result *whole)
{
    const char *end = strstr(part->out.data, "events ");
    cr_assert_not_null(end);
    cr_expect_eq(strncmp(part->out.data, whole->out.data, (size_t)(end - part->out.data)), 0);
}

/* "pod default/<name> <uid> <version> <rest>" is a line of it. */
static bool tells_pod(const struct buf *text, const char *name, const char *rest)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "\npod default/%s ", name);
    const char *at = strstr(text->data, line);
    cr_assert(at, "%s", name);
    at += strlen(line);
    for (int words = 0; words < 2; words++) {
        at = strchr(at, ' ');
        CHECK(at);
        at++;
    }
    return strncmp(at, rest, strlen(rest)) == 0 && at[strlen(rest)] == '\n';
}

Test(record, what_spillway_knew_at_the_end_can_be_read)
{
    struct process_result result;
    run_load();
    stop();
    replay_run_state(file, &result);
    cr_assert_eq(result.exit_code, 0, "%s", result.err.data);
    cr_expect(strncmp(result.out.data, "node n-0 ", 9) == 0, "%.80s", result.out.data);
    cr_expect(says(&result.out, " cpu=30000/31000 "), "30 pods of 1 cpu on each of ten nodes");
    for (size_t i = 0; i < PODS / 2; i++) {
        char name[16], bound[64];
        (void)snprintf(name, sizeof(name), "p-%zu", i);
        (void)snprintf(bound, sizeof(bound), "bound %s", stage_node_of(&stage, name));
        cr_expect(tells_pod(&result.out, name, bound), "%s is not %s", name, bound);
    }
    cr_expect(tells_pod(&result.out, "huge-0", "waiting -"));
    cr_expect_not(says(&result.out, "\ndefault/p-0 "), "no bindings were asked for");
    process_result_fini(&result);
}

Test(record, a_recording_that_is_cut_replays_up_to_there_and_says_so)
{
    run_load();
    stop();
    struct process_result whole, part;
    struct stat now;
    replay(&whole);
    cr_assert_eq(whole.exit_code, 0);
    cr_assert_eq(stat(file, &now), 0);
    bool was_cut = false;
    for (off_t size = now.st_size - 1; size > now.st_size / 2; size = size * 9 / 10 - 1) {
        cr_assert_eq(truncate(file, size), 0);
        replay(&part);
        cr_expect_eq(part.exit_code, 0, "%s", part.err.data);
        cr_expect(says(&part.out, "cut:") || says(&part.out, "no end:"));
        was_cut |= says(&part.out, "cut:");
        expect_begins(&part, &whole);
        process_result_fini(&part);
    }
    cr_expect(was_cut);
    process_result_fini(&whole);
}

Test(record, a_killed_spillway_leaves_a_recording_of_all_it_did)
{
    run_load();
    (void)process_stop(&stage.spillway, SIGKILL, SPILLWAY_PATIENCE_MS);
    struct process_result result;
    replay(&result);
    cr_assert_eq(result.exit_code, 0, "%s", result.err.data);
    cr_expect(says(&result.out, "no end:") || says(&result.out, "cut:"));
    expect_nodes_of_store(&result, "p", PODS / 2);
    process_result_fini(&result);
}

Test(record, a_damaged_byte_is_refused_with_its_place)
{
    run_load();
    stop();
    struct stat now;
    cr_assert_eq(stat(file, &now), 0);
    FILE *damaged = fopen(file, "r+e");
    cr_assert_not_null(damaged);
    cr_assert_eq(fseek(damaged, now.st_size / 2, SEEK_SET), 0);
    int byte = fgetc(damaged);
    cr_assert_eq(fseek(damaged, now.st_size / 2, SEEK_SET), 0);
    (void)fputc(byte ^ 0x20, damaged);
    cr_assert_eq(fclose(damaged), 0);
    struct process_result result;
    replay(&result);
    cr_expect_eq(result.exit_code, 2);
    cr_expect(says(&result.err, "events: byte "), "%s", result.err.data);
    cr_expect(says(&result.err, "damaged"), "%s", result.err.data);
    process_result_fini(&result);
}

Test(record, a_file_that_cannot_be_made_is_told_and_pods_are_bound)
{
    (void)snprintf(file, sizeof(file), "%s/no/such/folder/events", stage.dir);
    stage_add_node(&stage, "n", "4");
    stage_add_pod(&stage, "p", "1");
    start();
    stage_await_bound(&stage, "p");
    cr_expect(spillway_said(&stage.spillway, "Nothing is recorded; scheduling goes on"));
    cr_expect(spillway_said(&stage.spillway, "no/such/folder/events: No such file or directory"));
    stop();
}

Test(record, what_is_no_recording_is_refused)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "is no recording"},
        {"spillway", "is no recording"},
        {"{\"kind\":\"PodList\"}", "is no recording"},
        {"spillway events\n", "begins with its head"},
        {"spillway events\n\377\377\377\377\377", "is no record"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        FILE *made = fopen(file, "we");
        cr_assert_not_null(made);
        (void)fputs(rows[i].text, made);
        cr_assert_eq(fclose(made), 0);
        struct process_result result;
        replay(&result);
        cr_expect_eq(result.exit_code, 2, "row %zu", i);
        cr_expect(says(&result.err, rows[i].says), "row %zu: %s", i, result.err.data);
        process_result_fini(&result);
    }
}
