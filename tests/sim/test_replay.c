/* `spillway-bench replay` as a user runs it: figures, what goes wrong, what was begun and ended. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/play.h"
#include "bench/replay_server.h"
#include "model/base/check.h"
#include "tests/support/process.h"
#include "tests/support/story.h"

enum { LIMIT_MS = 120 * 1000, PATH_BYTES = 512, ARGS_MAX = 24, NAMES_BYTES = 4096 };

struct place {
    char dir[64];
    char json[PATH_BYTES], svg[PATH_BYTES], log[PATH_BYTES], bindings[PATH_BYTES];
};

static void place_init(struct place *place)
{
    snprintf(place->dir, sizeof(place->dir), "/tmp/spillway-test-XXXXXX");
    cr_assert_not_null(mkdtemp(place->dir));
    snprintf(place->json, sizeof(place->json), "%s/out.json", place->dir);
    snprintf(place->svg, sizeof(place->svg), "%s/out.svg", place->dir);
    snprintf(place->log, sizeof(place->log), "%s/log", place->dir);
    snprintf(place->bindings, sizeof(place->bindings), "%s/bindings", place->dir);
}

static void place_fini(const struct place *place)
{
    const char *const paths[] = {place->json, place->svg, place->log, place->bindings, place->dir};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        (void)remove(paths[i]);
}

static const char *program(char path[PATH_BYTES], const char *name)
{
    const char *build = getenv("BUILD");
    snprintf(path, PATH_BYTES, "%s/%s", build ? build : "build", name);
    return path;
}

/* Splits `line` at blanks into argv, behind "spillway-bench replay". */
struct command {
    char path[PATH_BYTES], words[1024];
    const char *argv[ARGS_MAX];
};

static void command_make(struct command *command, const char *line)
{
    size_t count = 0;
    snprintf(command->words, sizeof(command->words), "%s", line);
    command->argv[count++] = program(command->path, "spillway-bench");
    command->argv[count++] = "replay";
    char *rest = command->words;
    for (char *word; (word = strsep(&rest, " ")) && count < ARGS_MAX - 1;)
        if (*word)
            command->argv[count++] = word;
    command->argv[count] = NULL;
}

static int run(const char *line, struct process_result *ret_result)
{
    struct command command;
    command_make(&command, line);
    process_run(ret_result, command.argv, NULL, LIMIT_MS);
    return ret_result->exit_code;
}

static json_t *figures(const struct place *place)
{
    json_t *root = json_load_file(place->json, 0, NULL);
    cr_assert_not_null(root, "%s", place->json);
    return root;
}

static double figure(json_t *root, const char *key)
{
    cr_assert(json_is_number(json_object_get(root, key)), "%s", key);
    return json_number_value(json_object_get(root, key));
}

/* Where "pod node milliseconds" of the bindings put the first pods. */
Test(replay, an_elastic_day_begins_on_reserved_nodes)
{
    enum { FIRST = 100 };
    struct place place;
    struct process_result result;
    char line[2 * PATH_BYTES], bind[NAMES_BYTES];
    place_init(&place);
    snprintf(line, sizeof(line), "--workload elastic-day --nodes 100 --pods 2000 --bindings %s",
             place.bindings);
    cr_assert_eq(run(line, &result), 0, "%s", result.err.data);
    FILE *in = fopen(place.bindings, "r");
    cr_assert_not_null(in);
    for (int i = 0; i < FIRST; i++) {
        cr_assert_not_null(fgets(bind, sizeof(bind), in));
        cr_expect_not_null(strstr(bind, " ecs-"), "%s", bind);
    }
    fclose(in);
    process_result_fini(&result);
    place_fini(&place);
}

Test(replay, an_elastic_day_fills_its_units_and_draws_them)
{
    struct place place;
    struct process_result result;
    char line[4 * PATH_BYTES];
    place_init(&place);
    snprintf(line, sizeof(line), "--workload elastic-day --nodes 50 --pods 1000 --json %s --svg %s",
             place.json, place.svg);
    cr_assert_eq(run(line, &result), 0, "%s", result.err.data);
    json_t *root = figures(&place);
    double again = figure(root, "replay.again");
    cr_expect_gt(again, 0, "pods of reclaimed nodes come again");
    cr_expect_eq(figure(root, "replay.pods"), 1000 + again);
    cr_expect_eq(figure(root, "replay.bound"), 1000 + again - figure(root, "replay.waiting"));
    double bound = 0, cost = 0, percent = 0;
    static const char *const units[] = {"ecs", "spot", "eci"};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        char key[64];
        snprintf(key, sizeof(key), "replay.unit.%s.bound", units[i]);
        cr_expect_gt(figure(root, key), 0, "%s", key);
        bound += figure(root, key);
        snprintf(key, sizeof(key), "replay.unit.%s.cost", units[i]);
        cost += figure(root, key);
        snprintf(key, sizeof(key), "replay.unit.%s.percent", units[i]);
        percent += figure(root, key);
    }
    cr_expect_eq(bound, figure(root, "replay.bound"));
    cr_expect_float_eq(cost, figure(root, "replay.cost"), 0.5);
    cr_expect_float_eq(percent, 100, 0.01);
    cr_expect_eq(figure(root, "replay.is_partial"), 0);
    cr_expect_eq(strlen(json_string_value(json_object_get(root, "replay.hash"))), 16);
    json_decref(root);
    FILE *svg = fopen(place.svg, "r");
    char head[8] = "";
    cr_assert(svg && fread(head, 1, 4, svg) == 4);
    cr_expect_str_eq(head, "<svg");
    fclose(svg);
    process_result_fini(&result);
    place_fini(&place);
}

static const struct {
    const char *line;
    int code;
    const char *error;
} wrong[] = {
    {"", 2, "--workload NAME, --traces DIR or --events FILE is needed"},
    {"--workload stedy", 2,
     "--workload \"stedy\": one of steady, morning, flash, rollout, pool-failure, priorities, "
     "elastic-day is expected"},
    {"--workload steady --traces x", 2, "either --workload or --traces"},
    {"--workload steady --events x", 2, "--events is a replay of its own"},
    {"--events x --server", 2, "--events is a replay of its own"},
    {"--events x --json y", 2, "--events takes only --summary and --state"},
    {"--workload steady --summary", 2, "--summary and --state are about --events"},
    {"--workload steady --stay", 2, "are about --traces"},
    {"--workload steady --fill 130", 2, "are about --traces"},
    {"--workload steady --set openb", 2, "are about --traces"},
    {"--traces x --nodes 100", 2, "--nodes and --pods are about --workload"},
    {"--workload steady --server --full-scan", 2,
     "--full-scan is about virtual time, not --server"},
    {"--workload steady --spillway x", 2, "are about --server"},
    {"--workload steady --control-plane", 2, "are about --server"},
    {"--workload steady --server --control-plane --kubeconfig x", 2,
     "either --control-plane or --kubeconfig"},
    {"--workload steady --server --bin x", 2, "--bin is about --control-plane"},
    {"--workload steady --server --scheduler x", 2,
     "--scheduler is about --control-plane and --kubeconfig"},
    {"--workload steady --server --control-plane --scheduler x", 2,
     "--scheduler: --control-plane can start spillway or default-scheduler only"},
    {"--workload steady --server --kubeconfig x --spillway y", 2,
     "--spillway and --preemption are not about --kubeconfig"},
    {"--workload steady --server --kubeconfig /nowhere/config", 1, "/nowhere/config"},
    {"--workload steady --server --control-plane --bin /nowhere", 1,
     "no etcd in /nowhere: No such file or directory"},
    {"--workload steady --nodes 9", 2, "a number from 10 to 100000 is expected"},
    {"--workload steady --pods 1000001", 2, "a number from 10 to 1000000 is expected"},
    {"--workload steady --hours -1", 2, "a number from 1 to 744 is expected"},
    {"--workload steady --prices /nowhere/prices", 2, "cannot read /nowhere/prices: No such file"},
    {"--traces /nowhere --set v2027", 2, "v2027"},
    {"--workload steady --nodes 10 --pods 50 --json /dev/full", 1,
     "cannot write /dev/full: No space left on device"},
    {"--workload steady --nodes 10 --pods 50 --svg /dev/full", 1,
     "cannot write /dev/full: No space left on device"},
    {"--workload steady --nodes 10 --pods 50 --server --svg /dev/full", 1,
     "cannot write /dev/full: No space left on device"},
    {"--workload steady --nodes 10 --pods 50 --bindings /dev/full", 1,
     "cannot write /dev/full: No space left on device"},
    {"--workload steady --nodes 10 --pods 50 --bindings /nowhere/b", 1, "cannot write /nowhere/b"},
    {"--workload steady --nodes 10 --pods 50 --server --spillway /bin/true", 1,
     "spillway ended by itself"},
};

Test(replay, what_makes_no_sense_or_finds_no_room_says_so)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct process_result result;
        cr_expect_eq(run(wrong[i].line, &result), wrong[i].code, "%s: %d", wrong[i].line,
                     result.exit_code);
        cr_expect(result.err.data && strstr(result.err.data, wrong[i].error), "%s: %s",
                  wrong[i].line, result.err.data ? result.err.data : "");
        process_result_fini(&result);
    }
}

Test(replay, a_full_standard_output_is_an_error)
{
    char path[PATH_BYTES], line[2 * PATH_BYTES];
    struct process_result result;
    snprintf(line, sizeof(line), "%s replay --workload steady --nodes 10 --pods 50 >/dev/full",
             program(path, "spillway-bench"));
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    process_run(&result, argv, NULL, LIMIT_MS);
    cr_expect_eq(result.exit_code, 1);
    cr_expect(result.err.data && strstr(result.err.data, "cannot write to standard output"));
    process_result_fini(&result);
}

/* Few nodes are looked at all the same: then nothing can be lost. */
Test(replay, beside_a_full_scan_a_small_cluster_loses_nothing)
{
    struct place place;
    struct process_result result;
    char line[2 * PATH_BYTES];
    place_init(&place);
    snprintf(line, sizeof(line), "--workload steady --nodes 40 --pods 800 --full-scan --json %s",
             place.json);
    cr_assert_eq(run(line, &result), 0, "%s", result.err.data);
    json_t *root = figures(&place);
    cr_expect_eq(figure(root, "replay.full_scan.cpu_points_lost"), 0);
    cr_expect_eq(figure(root, "replay.full_scan.memory_points_lost"), 0);
    cr_expect_eq(figure(root, "replay.full_scan.bound"), figure(root, "replay.bound"));
    json_decref(root);
    process_result_fini(&result);
    place_fini(&place);
}

/* The bindings' first line says that it has begun; a workload of a month is not over by then. */
static void expect_partial(const char *line, const char *begun, int signal_number)
{
    struct place place;
    struct process process;
    struct command command;
    char whole[4 * PATH_BYTES];
    place_init(&place);
    snprintf(whole, sizeof(whole), "%s --json %s --bindings %s", line, place.json, place.bindings);
    command_make(&command, whole);
    process_start(&process, command.argv, NULL, place.log);
    for (int waited_ms = 0; waited_ms < LIMIT_MS && access(begun ? begun : place.bindings, F_OK);
         waited_ms += 10)
        usleep(10 * 1000);
    cr_expect_eq(process_stop(&process, signal_number, LIMIT_MS), 1);
    json_t *root = figures(&place);
    cr_expect_eq(figure(root, "replay.is_partial"), 1);
    json_decref(root);
    char *log = process_log(&process);
    cr_expect_not_null(strstr(log, "interrupted"), "%s", log);
    free(log);
    place_fini(&place);
}

Test(replay, an_interrupted_play_writes_what_it_has)
{
    expect_partial("--workload steady --nodes 1000 --pods 1000000 --hours 744", NULL, SIGINT);
    expect_partial("--workload steady --nodes 1000 --pods 1000000 --hours 744", NULL, SIGTERM);
}

Test(replay, an_interrupted_server_run_writes_what_it_has)
{
    expect_partial("--workload steady --nodes 10 --pods 50 --server --arrival-seconds 600", NULL,
                   SIGTERM);
}

Test(replay, a_play_that_takes_too_long_ends_with_what_it_has)
{
    struct place place;
    struct process_result result;
    char line[2 * PATH_BYTES];
    place_init(&place);
    snprintf(line, sizeof(line),
             "--workload steady --nodes 10000 --pods 1000000 --hours 744 --limit 1 --json %s",
             place.json);
    cr_expect_eq(run(line, &result), 1);
    cr_expect_not_null(strstr(result.err.data, "the limit of real time has passed"));
    json_t *root = figures(&place);
    cr_expect_eq(figure(root, "replay.is_partial"), 1);
    cr_expect_gt(figure(root, "replay.bound"), 0);
    json_decref(root);
    process_result_fini(&result);
    place_fini(&place);
}

/* A scheduler that ends, and one that does not come to the end in time. */
static const struct {
    const char *line, *error;
} unfinished[] = {
    {"--spillway /bin/true", "spillway ended by itself"},
    {"--arrival-seconds 600 --limit 1", "the time limit passed"},
};

Test(replay, a_server_run_that_fails_writes_what_it_has)
{
    for (size_t i = 0; i < ARRAY_LEN(unfinished); i++) {
        struct place place;
        struct process_result result;
        char line[2 * PATH_BYTES];
        place_init(&place);
        snprintf(line, sizeof(line), "--workload steady --nodes 10 --pods 50 --server --json %s %s",
                 place.json, unfinished[i].line);
        cr_expect_eq(run(line, &result), 1);
        cr_expect_not_null(strstr(result.err.data, unfinished[i].error), "%s", result.err.data);
        json_t *root = figures(&place);
        cr_expect_eq(figure(root, "replay.is_partial"), 1);
        cr_expect_eq(figure(root, "replay.nodes"), 10);
        json_decref(root);
        process_result_fini(&result);
        place_fini(&place);
    }
}

/* ---- virtual time and HTTP ---- */

/* Their own, of virtual time and of HTTP; all others are the same. */
static const char *const own_keys[] = {"replay.ns_per_decision", "replay.arrival_seconds"};

static void expect_keys_of(json_t *one, json_t *other)
{
    const char *key;
    json_t *value;
    json_object_foreach(one, key, value)
    {
        bool is_own = false;
        for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
            is_own = is_own || strcmp(key, own_keys[i]) == 0;
        cr_expect(is_own || json_object_get(other, key), "%s", key);
    }
}

static const char workload_words[] = "--workload elastic-day --nodes 40 --pods 400 --prices";

/* Reserved nodes are there all day, whoever binds: six of ten, 24 of the 40, at one an hour. */
Test(replay, over_http_the_figures_are_those_of_virtual_time)
{
    struct place place;
    struct process_result result;
    char line[8 * PATH_BYTES];
    place_init(&place);
    FILE *prices = fopen(place.log, "w");
    cr_assert_not_null(prices);
    (void)fputs("ecs 1 node\nspot 0.5 node\neci 0.25 pod-core\n", prices);
    fclose(prices);
    snprintf(line, sizeof(line), "%s %s --json %s", workload_words, place.log, place.json);
    cr_assert_eq(run(line, &result), 0, "%s", result.err.data);
    process_result_fini(&result);
    json_t *played = figures(&place);
    snprintf(line, sizeof(line), "%s %s --json %s --svg %s --server --arrival-seconds 2",
             workload_words, place.log, place.json, place.svg);
    cr_assert_eq(run(line, &result), 0, "%s", result.err.data);
    process_result_fini(&result);
    json_t *served = figures(&place);
    expect_keys_of(played, served);
    expect_keys_of(served, played);
    cr_expect_float_eq(figure(served, "replay.unit.ecs.cost"), 24 * 24, 1);
    cr_expect_float_eq(figure(played, "replay.unit.ecs.cost"), 24 * 24, 1);
    cr_expect_eq(figure(served, "replay.hours"), 24);
    cr_expect_gt(figure(served, "replay.cpu_percent"), 0);
    cr_expect_gt(figure(served, "replay.unit.ecs.percent"), 0);
    cr_expect_gt(figure(served, "replay.rss_bytes"), 1 << 20);
    cr_expect_eq(strlen(json_string_value(json_object_get(served, "replay.hash"))), 16);
    cr_expect_eq(access(place.svg, R_OK), 0);
    json_decref(played);
    json_decref(served);
    place_fini(&place);
}

static void on_bound(void *ctx, const char *pod, const char *node, int64_t at_ms)
{
    (void)node;
    (void)at_ms;
    story_note(ctx, pod);
}

/* One story in virtual time and through the real binary, apiserver and clock: the same pods. */
Test(replay, over_http_the_same_pods_are_bound_as_in_virtual_time)
{
    struct story_names played = {0}, served = {0};
    struct place place;
    struct workload workload;
    struct play_options options;
    struct play_result result;
    struct err err = {0};
    char spillway[PATH_BYTES];
    place_init(&place);
    story_make(&workload);
    play_options_init(&options);
    options.ctx = &played;
    options.on_bound = on_bound;
    cr_assert_eq(play_run(&workload, &options, &result, &err), 0, "%s", err.text);
    play_result_fini(&result);
    workload_fini(&workload);
    story_make(&workload);
    const struct replay_server_options server = {
        .stage = {.spillway = program(spillway, "spillway")},
        .arrival_seconds = STORY_SECONDS,
        .limit_seconds = LIMIT_MS / 1000,
        .until_ms = INT64_MAX,
        .bindings = place.bindings,
    };
    cr_assert_eq(replay_server(&workload, &server), 0);
    story_read(place.bindings, &served);
    story_expect(&played);
    story_expect(&served);
    workload_fini(&workload);
    place_fini(&place);
}
