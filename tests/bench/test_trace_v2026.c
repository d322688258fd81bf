/* v2026: nodes, and jobs of many workers in two priorities. */
#include "tests/bench/trace_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NODE_COLUMNS "gpu_model,gpu_capacity_num,cpu_num,node_name\n"
#define NODES        NODE_COLUMNS "GPU-series-1,4,192,0\nA10,1,128,1\nA10,1,126,2\n"
#define JOB_COLUMNS                                                                                \
    "job_name,organization,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,"     \
    "job_type\n"

static void setup(struct trace_fixture *fixture, const char *nodes, const char *jobs)
{
    trace_fixture_init(fixture, "cluster-trace-v2026-spot-gpu");
    trace_fixture_write(fixture, "node_info_df.csv", nodes);
    if (jobs)
        trace_fixture_write(fixture, "job_info_df.csv", jobs);
}

Test(trace_v2026, its_nodes_can_be_read_without_its_jobs)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES, NULL);
    trace_fixture_must_load(&fixture, "v2026:nodes");
    cr_assert_eq(fixture.workload.node_count, 3);
    cr_expect_eq(fixture.workload.pod_count, 0);
    cr_expect_eq(fixture.workload.node_kind_count, 3);
    cr_expect_str_eq(trace_fixture_text(&fixture, fixture.workload.nodes[0].name_sym), "node-0");
    const struct workload_node_kind *node = trace_fixture_node(&fixture, 0);
    cr_expect_eq(node->offers.cpu_milli, 192000);
    cr_expect_eq(node->offers.memory_bytes, 0);
    cr_expect_eq(trace_fixture_extended(&fixture, &node->offers, "nvidia.com/gpu"), 4);
    cr_expect_str_eq(
        trace_fixture_label(&fixture, node->labels, node->label_count, "nvidia.com/gpu.product"),
        "GPU-series-1");
    cr_expect_eq(trace_fixture_node(&fixture, 2)->offers.cpu_milli, 126000);
    trace_fixture_fini(&fixture);
}

Test(trace_v2026, without_its_jobs_it_says_what_can_be_done)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES, NULL);
    cr_expect_eq(trace_fixture_load(&fixture, "v2026"), -ENOENT);
    cr_expect_not_null(strstr(fixture.err.text, "/job_info_df.csv: no such file"), "%s",
                       fixture.err.text);
    cr_expect_not_null(strstr(fixture.err.text, "\"v2026:nodes\" reads the nodes alone"), "%s",
                       fixture.err.text);
    cr_expect_eq(trace_fixture_load(&fixture, "v2026:jobs"), -EINVAL);
    cr_expect_str_eq(fixture.err.text, "trace v2026: \"jobs\": \"nodes\" or nothing is expected");
    trace_fixture_fini(&fixture);
}

Test(trace_v2026, a_job_is_as_many_pods_as_it_has_workers)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES,
          JOB_COLUMNS "437260,57,A100-SXM4-80GB,15,8.0,3,9589,41060,Spot\n"
                      "239255,13,A10,20.5,1,1,0,2764799,HP\n");
    trace_fixture_must_load(&fixture, "v2026");
    const struct workload *workload = &fixture.workload;
    static const char *const names[] = {"job-239255-0", "job-437260-0", "job-437260-1",
                                        "job-437260-2"};
    cr_assert_eq(workload->pod_count, ARRAY_LEN(names));
    cr_expect_eq(workload->pod_kind_count, 2);
    for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct workload_pod *pod = &workload->pods[i];
        cr_expect_str_eq(trace_fixture_text(&fixture, pod->name_sym), names[i]);
        cr_expect_eq(pod->created_ms, i == 0 ? 0 : 9589000);
        cr_expect_eq(pod->runs_ms, i == 0 ? 2764799000 : 41060000);
        cr_expect_eq(pod->gone_ms, INT64_MAX);
    }
    const struct workload_pod_kind *hp = trace_fixture_pod(&fixture, 0);
    const struct workload_pod_kind *spot = trace_fixture_pod(&fixture, 1);
    cr_expect_gt(hp->priority, spot->priority);
    cr_expect_eq(spot->priority, 0);
    cr_expect_eq(hp->asks.cpu_milli, 20500);
    cr_expect_eq(trace_fixture_extended(&fixture, &hp->asks, "nvidia.com/gpu"), 1);
    cr_expect_eq(trace_fixture_extended(&fixture, &spot->asks, "nvidia.com/gpu"), 8);
    cr_expect_str_eq(trace_fixture_label(&fixture, spot->selector, spot->selector_count,
                                         "nvidia.com/gpu.product"),
                     "A100-SXM4-80GB");
    cr_expect_str_eq(trace_fixture_label(&fixture, spot->labels, spot->label_count, "job-type"),
                     "Spot");
    trace_fixture_fini(&fixture);
}

static const struct {
    const char *gpus;
    int64_t whole, hundredths;
} parts[] = {{"0.50", 1, 50}, {"0.67", 1, 67}, {"0.01", 1, 1}, {"0.001", 1, 1}, {"1.5", 2, 150}};

Test(trace_v2026, a_part_of_a_gpu_is_a_whole_one_or_so_many_hundredths)
{
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct trace_fixture fixture;
        char jobs[256];
        snprintf(jobs, sizeof(jobs), JOB_COLUMNS "1,57,A10,4,%s,1,0,10,Spot\n", parts[i].gpus);
        setup(&fixture, NODES, jobs);
        for (int shares = 0; shares < 2; shares++) {
            fixture.options.gpu_shares = shares;
            trace_fixture_must_load(&fixture, "v2026");
            const struct workload_amounts *asks = &trace_fixture_pod(&fixture, 0)->asks;
            cr_expect_eq(trace_fixture_extended(
                             &fixture, asks, shares ? "koordinator.sh/gpu-core" : "nvidia.com/gpu"),
                         shares ? parts[i].hundredths : parts[i].whole, "%s", parts[i].gpus);
        }
        trace_fixture_fini(&fixture);
    }
}

static const struct {
    const char *row, *error;
} bad[] = {
    {"2,5,A10,4,1,0,0,10,HP", ":3: worker_num \"0\": a whole number from 1 to 10000 is expected"},
    {"2,5,A10,4,1,2.5,0,10,HP",
     ":3: worker_num \"2.5\": a whole number from 1 to 10000 is expected"},
    {"2,5,A10,4,1,10001,0,10,HP",
     ":3: worker_num \"10001\": a whole number from 1 to 10000 is expected"},
    {"2,5,A10,,1,1,0,10,HP", ":3: cpu_request \"\": a number from 0 to 100000 is expected"},
    {"2,5,A10,4,-1,1,0,10,HP", ":3: gpu_request \"-1\": a number from 0 to 1024 is expected"},
    {"2,5,A10,4,1,1,,10,HP", ":3: submit_time \"\": a time in seconds is expected"},
    {"2,5,A10,4,1,1,0,nan,HP", ":3: duration \"nan\": a time in seconds is expected"},
    {"2,5,A10,4,1,1,0,-10,HP", ":3: duration \"-10\": a number from 0 to 1000000000 is expected"},
    {"2,5,A10,4,1,1,0,10,hp", ":3: job_type \"hp\": HP or Spot is expected"},
    {"2,5,A 10,4,1,1,0,10,HP",
     ":3: gpu_model \"A 10\": at most 63 letters, digits, '-', '_' and '.' is expected"},
    {"1,5,A10,4,1,1,0,10,HP", ":3: job_name \"1\": a name that no row before has is expected"},
    {"2,5,A10,4,1,1,0,10", ":3: 8 columns, 9 are expected as in line 1"},
};

Test(trace_v2026, a_bad_job_is_told_by_its_line_column_and_value)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct trace_fixture fixture;
        char jobs[512];
        snprintf(jobs, sizeof(jobs), JOB_COLUMNS "1,5,A10,4,1,1,0,10,HP\n%s\n", bad[i].row);
        setup(&fixture, NODES, jobs);
        cr_expect_eq(trace_fixture_load(&fixture, "v2026"), -EINVAL, "%s", bad[i].row);
        const char *place = strstr(fixture.err.text, "/job_info_df.csv:");
        cr_assert_not_null(place, "%s", fixture.err.text);
        cr_expect_str_eq(strchr(place, ':'), bad[i].error);
        trace_fixture_fini(&fixture);
    }
}

/* 201 jobs of the most workers: each row is possible, together they are too many pods. Not a row to
 * be passed over. */
Test(trace_v2026, more_pods_than_a_workload_holds_end_it)
{
    struct trace_fixture fixture;
    static char jobs[16384];
    int len = snprintf(jobs, sizeof(jobs), JOB_COLUMNS);
    for (int i = 0; i < 201; i++)
        len += snprintf(jobs + len, sizeof(jobs) - (size_t)len, "%d,5,A10,4,1,10000,0,10,HP\n", i);
    setup(&fixture, NODES, jobs);
    fixture.options.skip_bad = true;
    cr_expect_eq(trace_fixture_load(&fixture, "v2026"), -EFBIG);
    cr_expect_not_null(strstr(fixture.err.text, "/job_info_df.csv:202: more than 2000000 pods"),
                       "%s", fixture.err.text);
    trace_fixture_fini(&fixture);
}
