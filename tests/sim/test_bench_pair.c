/* Commands of `spillway-bench` as a user runs them: real binary, loopback, small loads. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/check.h"
#include "watch/child.h"

enum { LIMIT_MS = 120 * 1000, OUTPUT_BYTES = 1 << 20, PATH_BYTES = 512, ARGS_MAX = 16 };

extern char **environ;

/* A directory with a trace in it. */
struct place {
    char dir[64];
    char json[PATH_BYTES];
};

static void place_init(struct place *place)
{
    snprintf(place->dir, sizeof(place->dir), "/tmp/spillway-test-XXXXXX");
    cr_assert_not_null(mkdtemp(place->dir));
    snprintf(place->json, sizeof(place->json), "%s/out.json", place->dir);
}

static void write_file(const struct place *place, const char *name, const char *text)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/alibaba-gpu-v2023", place->dir);
    (void)mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/alibaba-gpu-v2023/%s", place->dir, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void place_fini(const struct place *place)
{
    static const char *const names[] = {"alibaba-gpu-v2023/openb_node_list_all_node.csv",
                                        "alibaba-gpu-v2023/openb_pod_list_default.csv",
                                        "alibaba-gpu-v2023", "out.json", ""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/%s", place->dir, names[i]);
        (void)remove(path);
    }
}

/* Runs spillway-bench with the words of `line`; its exit code. */
static int run(const char *line, struct child_result *ret_result)
{
    const char *build = getenv("BUILD");
    char program[PATH_BYTES], words[1024], *args[ARGS_MAX + 1] = {program}, *rest = words;
    int count = 1;
    snprintf(program, sizeof(program), "%s/spillway-bench", build ? build : "build");
    snprintf(words, sizeof(words), "%s", line);
    for (char *word; (word = strsep(&rest, " ")) && count < ARGS_MAX;)
        args[count++] = word;
    const struct child_options options = {.argv = args,
                                          .environment = environ,
                                          .time_limit_ms = LIMIT_MS,
                                          .output_bytes_max = OUTPUT_BYTES};
    child_run(&options, ret_result);
    cr_assert_eq(ret_result->end, CHILD_EXITED, "%s", program);
    return ret_result->code;
}

static double figure(const struct place *place, const char *key)
{
    json_t *root = json_load_file(place->json, 0, NULL);
    cr_assert(json_is_number(json_object_get(root, key)), "%s", key);
    double value = json_number_value(json_object_get(root, key));
    json_decref(root);
    return value;
}

Test(bench_pair, http_binds_all_pods_and_writes_the_figures)
{
    struct place place;
    struct child_result result;
    char line[PATH_BYTES + 64];
    place_init(&place);
    snprintf(line, sizeof(line), "http --nodes 20 --pods 300 --json %s", place.json);
    cr_assert_eq(run(line, &result), 0, "%s", result.errors.data);
    child_result_fini(&result);
    cr_expect_eq(figure(&place, "http.pods"), 300);
    static const char *const positive[] = {"http.binds_per_second", "http.seconds",
                                           "http.seconds_from_start", "http.rss_bytes"};
    for (size_t i = 0; i < ARRAY_LEN(positive); i++)
        cr_expect_gt(figure(&place, positive[i]), 0, "%s", positive[i]);
    place_fini(&place);
}

Test(bench_pair, startup_tells_both_sides_of_the_first_binding)
{
    struct place place;
    struct child_result result;
    char line[PATH_BYTES + 64];
    place_init(&place);
    snprintf(line, sizeof(line), "startup --nodes 20 --pods 400 --json %s", place.json);
    cr_assert_eq(run(line, &result), 0, "%s", result.errors.data);
    child_result_fini(&result);
    cr_expect_eq(figure(&place, "startup.pods"), 400);
    cr_expect_gt(figure(&place, "startup.seconds"), 0);
    cr_expect_gt(figure(&place, "startup.server_seconds"), 0);
    /* The list alone: a pod of it is longer than its name and its two labels. */
    cr_expect_gt(figure(&place, "startup.sent_bytes"), 400 * 1000);
    place_fini(&place);
}

/* 40 shapes of five pods; the room that comes free does for the two smallest. */
Test(bench_pair, wake_counts_those_who_fit_and_no_others)
{
    struct place place;
    struct child_result result;
    char line[PATH_BYTES + 128];
    place_init(&place);
    snprintf(line, sizeof(line),
             "wake --nodes 50 --pods 200 --shapes 40 --fitting 2 --events 9 --json %s", place.json);
    cr_assert_eq(run(line, &result), 0, "%s", result.errors.data);
    child_result_fini(&result);
    /* Ten fit before the first event, two before the ninth: each took one. */
    cr_expect_eq(figure(&place, "wake.could_fit_per_event"), 6);
    cr_expect_eq(figure(&place, "wake.woken_per_event"), 6);
    place_fini(&place);
}

/* What bench/counts.sh relies on: names that can be run, and the units that were done. */
Test(bench_pair, count_prints_how_many_units_it_did)
{
    struct child_result result;
    cr_expect_eq(run("count wake", &result), 0, "%s", result.errors.data);
    cr_expect_str_eq(result.output.data, "200\n");
    child_result_fini(&result);
    cr_expect_eq(run("count --list", &result), 0);
    cr_expect_not_null(strstr(result.output.data, "\nwake       event "), "%s", result.output.data);
    child_result_fini(&result);
}

/* Two nodes: 4 cores without and 8 cores with 2 GPUs. By time: g1 and g2 take the GPUs, big fits on
 * no node at any time, g3 finds no GPU, small goes anywhere. A share of a GPU is a whole one. */
Test(bench_pair, replay_binds_what_fits_and_tells_the_rest_why)
{
    struct place place;
    struct child_result result;
    char line[PATH_BYTES + 128];
    place_init(&place);
    write_file(&place, "openb_node_list_all_node.csv",
               "sn,cpu_milli,memory_mib,gpu,model\nn0,4000,8192,0,\nn1,8000,16384,2,T4\n");
    write_file(&place, "openb_pod_list_default.csv",
               "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
               "deletion_time,scheduled_time\n"
               "small,500,512,0,0,,BE,Running,40,50,40\n"
               "g3,1000,1024,1,1000,,LS,Pending,30,50,\n"
               "g1,1000,1024,1,460,,LS,Running,0,50,0\n"
               "big,9000,1024,0,0,,LS,Running,20,50,20\n"
               "g2,1000,1024,1,1000,,LS,Failed,10,50,10\n");
    snprintf(line, sizeof(line), "replay --traces %s --server --stay --json %s", place.dir, place.json);
    cr_assert_eq(run(line, &result), 0, "%s", result.errors.data);
    cr_expect_eq(figure(&place, "replay.bound"), 3);
    cr_expect_eq(figure(&place, "replay.waiting"), 2);
    cr_expect_eq(figure(&place, "replay.gpu_end_percent"), 100);
    cr_expect_not_null(
        strstr(
            result.output.data,
            "1  c1000-m1024-g1          0/2 nodes are available: 2 Insufficient nvidia.com/gpu."),
        "%s", result.output.data);
    cr_expect_not_null(strstr(result.output.data,
                              "1  c9000-m1024-g0          0/2 nodes are available: 2 Insufficient "
                              "cpu."),
                       "%s", result.output.data);
    child_result_fini(&result);
    place_fini(&place);
}

Test(bench_pair, a_bad_row_of_a_trace_ends_with_2_and_its_place)
{
    struct place place;
    struct child_result result;
    char line[PATH_BYTES];
    place_init(&place);
    write_file(&place, "openb_node_list_all_node.csv",
               "sn,cpu_milli,memory_mib,gpu,model\nn0,4000,8192,two,\n");
    snprintf(line, sizeof(line), "replay --traces %s --server", place.dir);
    cr_expect_eq(run(line, &result), 2);
    cr_expect_not_null(strstr(result.errors.data, "openb_node_list_all_node.csv:2: gpu \"two\": a "
                                                  "whole number from 0 to 1024 is expected"),
                       "%s", result.errors.data);
    child_result_fini(&result);
    place_fini(&place);
}

/* What a trace holds, and that a bad row can be passed over. */
Test(bench_pair, trace_counts_what_a_trace_holds)
{
    struct place place;
    struct child_result result;
    char line[PATH_BYTES + 128];
    place_init(&place);
    write_file(&place, "openb_node_list_all_node.csv",
               "sn,cpu_milli,memory_mib,gpu,model\nn0,4000,8192,0,\nn1,8000,16384,2,T4\n");
    write_file(&place, "openb_pod_list_default.csv",
               "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n"
               "a,500,512,0,0\nb,1000,1024,1,460\nc,-1,1024,0,0\nd,2000,1024,1,1000\n");
    snprintf(line, sizeof(line), "trace --traces %s --json %s", place.dir, place.json);
    cr_expect_eq(run(line, &result), 2);
    cr_expect_not_null(strstr(result.errors.data, "openb_pod_list_default.csv:4: cpu_milli \"-1\""),
                       "%s", result.errors.data);
    child_result_fini(&result);
    snprintf(line, sizeof(line), "trace --traces %s --skip-bad --gpu-shares --json %s", place.dir,
             place.json);
    cr_assert_eq(run(line, &result), 0, "%s", result.errors.data);
    cr_expect_not_null(strstr(result.errors.data, "passed over: 1 values that are no number"), "%s",
                       result.errors.data);
    static const struct {
        const char *key;
        double value;
    } held[] = {
        {"trace.nodes", 2},
        {"trace.node_cpu_milli", 12000},
        {"trace.node_memory_mib", 24576},
        {"trace.node_gpus", 2},
        {"trace.pods", 3},
        {"trace.pod_kinds", 3},
        {"trace.pod_cpu_milli", 3500},
        {"trace.pod_memory_mib", 2560},
        {"trace.pod_gpus", 1.46},
        {"trace.gpu_percent", 73},
        {"trace.pods_staying", 3},
        {"trace.span_seconds", 3},
        {"trace.busiest_minute", 3},
        {"trace.passed_over", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        cr_expect_float_eq(figure(&place, held[i].key), held[i].value, 1e-6, "%s", held[i].key);
    child_result_fini(&result);
    place_fini(&place);
}

static const struct {
    const char *line;
    int code;
    const char *error;
} wrong[] = {
    {"wake --nodes 1 --events 2", 2, "at most --nodes events"},
    {"wake --shapes 5 --fitting 6", 2, "at most --shapes fitting"},
    {"wake --pods 5 --shapes 6 --fitting 1 --events 1", 2, "at least a pod a shape"},
    {"startup --pods 0", 2, "a number from 1 to 1000000 is expected"},
    {"micro --rounds 0", 2, "a number from 1 to 99 is expected"},
    {"count plain2", 2, "unknown workload \"plain2\""},
    {"count --judge kept.txt", 2, "usage: spillway-bench count NAME"},
    {"http --nodes 2 --pods 41", 2, "41 pods on 2 nodes: at most 20 a node"},
    {"http --nodes 1 --pods 5 --spillway /nowhere/spillway", 1,
     "cannot start /nowhere/spillway: no such file or directory"},
    {"http --nodes 1 --pods 5 --spillway /bin/true", 1, "spillway ended by itself"},
    {"trace", 2, "--traces DIR is needed"},
    {"trace --traces /nowhere --set v2027", 2, "openb, v2025 or v2026 is expected"},
    {"replay --traces /nowhere --server", 2,
     "/nowhere: a folder cluster-trace-gpu-v2023/csv or alibaba-gpu-v2023 is expected there"},
};

Test(bench_pair, what_cannot_run_says_why)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct child_result result;
        cr_expect_eq(run(wrong[i].line, &result), wrong[i].code, "%s", wrong[i].line);
        cr_expect_not_null(strstr(result.errors.data, wrong[i].error), "%s: %s", wrong[i].line,
                           result.errors.data);
        child_result_fini(&result);
    }
}
