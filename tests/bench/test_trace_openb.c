/* openb (gpu-v2023): what its rows become. */
#include "tests/bench/trace_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NODE_COLUMNS "sn,cpu_milli,memory_mib,gpu,model\n"
#define NODES                                                                                      \
    NODE_COLUMNS "openb-node-0000,32000,262144,0,\n"                                               \
                 "openb-node-1228,96000,393216,8,G2\n"                                             \
                 "openb-node-0229,96000,393216,8,G2\n"

/* The columns as the files have them: those that are ignored too. */
#define POD_COLUMNS                                                                                \
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"            \
    "deletion_time,scheduled_time\n"

static void setup(struct trace_fixture *fixture, const char *nodes, const char *pods)
{
    trace_fixture_init(fixture, "cluster-trace-gpu-v2023/csv");
    trace_fixture_write(fixture, "openb_node_list_all_node.csv", nodes);
    trace_fixture_write(fixture, "openb_pod_list_default.csv", pods);
}

#define POD POD_COLUMNS "p,1000,1024,0,0,,LS,Running,0,10,0\n"

Test(trace_openb, a_row_of_the_node_list_is_a_node_and_equal_ones_are_of_one_kind)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES, POD);
    trace_fixture_must_load(&fixture, "openb");
    const struct workload *workload = &fixture.workload;
    cr_assert_eq(workload->node_count, 3);
    cr_expect_eq(workload->node_kind_count, 2);
    cr_expect_str_eq(trace_fixture_text(&fixture, workload->nodes[0].name_sym), "openb-node-0000");
    cr_expect_eq(workload->nodes[0].joins_ms, 0);
    cr_expect_eq(workload->nodes[0].leaves_ms, INT64_MAX);
    const struct workload_node_kind *plain = trace_fixture_node(&fixture, 0);
    cr_expect_eq(plain->offers.cpu_milli, 32000);
    cr_expect_eq(plain->offers.memory_bytes, 256LL << 30);
    cr_expect_eq(plain->offers.extended_count, 0);
    cr_expect_eq(plain->label_count, 0);
    const struct workload_node_kind *gpu = trace_fixture_node(&fixture, 2);
    cr_expect_eq(gpu->offers.cpu_milli, 96000);
    cr_expect_eq(trace_fixture_extended(&fixture, &gpu->offers, "nvidia.com/gpu"), 8);
    cr_expect_str_eq(
        trace_fixture_label(&fixture, gpu->labels, gpu->label_count, "nvidia.com/gpu.product"),
        "G2");
    trace_fixture_fini(&fixture);
}

Test(trace_openb, pods_come_in_the_order_of_their_times_those_of_one_second_as_in_the_file)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES,
          POD_COLUMNS "late,12000,16384,1,1000,,LS,Running,900,12537496,900\n"
                      "same-b,1,1,0,0,,BE,Pending,5,12902960,\n"
                      "same-a,1,1,0,0,,BE,Running,5,12902960,7\n"
                      "first,6000,12288,1,460,V100M16|V100M32,LS,Running,0,1,0\n");
    trace_fixture_must_load(&fixture, "openb:default:all_node");
    static const char *const order[] = {"first", "same-b", "same-a", "late"};
    cr_assert_eq(fixture.workload.pod_count, ARRAY_LEN(order));
    for (uint32_t i = 0; i < ARRAY_LEN(order); i++)
        cr_expect_str_eq(trace_fixture_text(&fixture, fixture.workload.pods[i].name_sym), order[i]);
    cr_expect_eq(fixture.workload.pods[3].created_ms, 900000);
    const struct workload_pod_kind *late = trace_fixture_pod(&fixture, 3);
    cr_expect_eq(late->asks.cpu_milli, 12000);
    cr_expect_eq(late->asks.memory_bytes, 16LL << 30);
    cr_expect_eq(trace_fixture_extended(&fixture, &late->asks, "nvidia.com/gpu"), 1);
    trace_fixture_fini(&fixture);
}

/* ---- times ---- */

static const struct {
    const char *times; /* phase, created, deleted, scheduled */
    int64_t created_ms, runs_ms, gone_ms;
} times[] = {
    {"Succeeded,100,250,130", 100000, 120000, INT64_MAX},
    {"Failed,100,250,130", 100000, 120000, INT64_MAX},
    {"Failed,100,130,130", 100000, 0, INT64_MAX},
    {"Failed,100,,130", 100000, INT64_MAX, INT64_MAX},
    {"Running,100,250,130", 100000, INT64_MAX, 250000},
    {"Running,100,100,100", 100000, INT64_MAX, 100000},
    {"Pending,100,250,", 100000, INT64_MAX, 250000},
    {"Running,100,,130", 100000, INT64_MAX, INT64_MAX},
};

Test(trace_openb, what_ended_by_itself_runs_as_long_and_the_rest_is_deleted_at_its_time)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct trace_fixture fixture;
        char pods[512];
        snprintf(pods, sizeof(pods), POD_COLUMNS "p,1000,1024,0,0,,LS,%s\n", times[i].times);
        setup(&fixture, NODES, pods);
        trace_fixture_must_load(&fixture, "openb");
        const struct workload_pod *pod = &fixture.workload.pods[0];
        cr_expect_eq(pod->created_ms, times[i].created_ms, "%s", times[i].times);
        cr_expect_eq(pod->runs_ms, times[i].runs_ms, "%s", times[i].times);
        cr_expect_eq(pod->gone_ms, times[i].gone_ms, "%s", times[i].times);

        fixture.options.stay = true;
        trace_fixture_must_load(&fixture, "openb");
        pod = &fixture.workload.pods[0];
        cr_expect_eq(pod->created_ms, times[i].created_ms);
        cr_expect(pod->runs_ms == INT64_MAX && pod->gone_ms == INT64_MAX, "%s", times[i].times);
        trace_fixture_fini(&fixture);
    }
}

/* The multigpu lists: five columns, and one row bad. */
Test(trace_openb, lists_without_times_come_a_row_a_second_and_stay)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES,
          "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n"
          "b,1,1,8,1000\nx,,,,\na,1,1,1,460\n");
    fixture.options.skip_bad = true;
    trace_fixture_must_load(&fixture, "openb");
    const struct workload_pod *pods = fixture.workload.pods;
    cr_assert_eq(fixture.workload.pod_count, 2);
    cr_expect_str_eq(trace_fixture_text(&fixture, pods[0].name_sym), "b");
    cr_expect_eq(pods[0].created_ms, 0);
    cr_expect_eq(pods[1].created_ms, 2000);
    for (int i = 0; i < 2; i++)
        cr_expect(pods[i].runs_ms == INT64_MAX && pods[i].gone_ms == INT64_MAX);
    trace_fixture_fini(&fixture);
}

/* ---- GPUs ---- */

static const struct {
    const char *gpus; /* num_gpu, gpu_milli */
    int64_t whole, hundredths;
} gpus[] = {
    {"0,0", 0, 0}, {"1,1000", 1, 100}, {"1,460", 1, 46}, {"1,1", 1, 1}, {"8,1000", 8, 800},
};

Test(trace_openb, a_part_of_a_gpu_is_a_whole_one_or_so_many_hundredths)
{
    for (size_t i = 0; i < ARRAY_LEN(gpus); i++) {
        struct trace_fixture fixture;
        char pods[512];
        snprintf(pods, sizeof(pods), POD_COLUMNS "p,1000,1024,%s,,LS,Running,0,10,0\n",
                 gpus[i].gpus);
        setup(&fixture, NODES, pods);
        for (int shares = 0; shares < 2; shares++) {
            fixture.options.gpu_shares = shares;
            trace_fixture_must_load(&fixture, "openb");
            const struct workload_amounts *asks = &trace_fixture_pod(&fixture, 0)->asks;
            const struct workload_amounts *offers = &trace_fixture_node(&fixture, 1)->offers;
            cr_expect_eq(trace_fixture_extended(&fixture, asks, "nvidia.com/gpu"),
                         shares ? 0 : gpus[i].whole, "%s", gpus[i].gpus);
            cr_expect_eq(trace_fixture_extended(&fixture, asks, "koordinator.sh/gpu-core"),
                         shares ? gpus[i].hundredths : 0, "%s", gpus[i].gpus);
            cr_expect_eq(trace_fixture_extended(&fixture, offers, "nvidia.com/gpu"),
                         shares ? 0 : 8);
            cr_expect_eq(trace_fixture_extended(&fixture, offers, "koordinator.sh/gpu-core"),
                         shares ? 800 : 0);
        }
        trace_fixture_fini(&fixture);
    }
}

static const struct {
    const char *spec, *model; /* "" no selector */
    uint32_t choices;
} specs[] = {
    {"", "", 0},
    {"nan", "", 0},
    {"T4", "T4", 0},
    {"T4|T4", "T4", 0},
    {"V100M32|V100M16", "", 2},
    {"A10|G2|P100|T4|V100M16|V100M32|V100M32", "", 6},
};

Test(trace_openb, one_model_is_a_node_selector_and_several_are_a_choice)
{
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        struct trace_fixture fixture;
        char pods[512];
        snprintf(pods, sizeof(pods), POD_COLUMNS "p,1000,1024,1,1000,%s,LS,Running,0,10,0\n",
                 specs[i].spec);
        setup(&fixture, NODES, pods);
        trace_fixture_must_load(&fixture, "openb");
        const struct workload_pod_kind *kind = trace_fixture_pod(&fixture, 0);
        cr_expect_eq(kind->selector_count, *specs[i].model ? 1 : 0, "%s", specs[i].spec);
        cr_expect_str_eq(trace_fixture_label(&fixture, kind->selector, kind->selector_count,
                                             "nvidia.com/gpu.product"),
                         specs[i].model);
        cr_assert_eq(kind->choice_count, specs[i].choices, "%s", specs[i].spec);
        if (kind->choice_count > 0)
            cr_expect_str_eq(trace_fixture_text(&fixture, kind->choice_key_sym),
                             "nvidia.com/gpu.product");
        for (uint32_t j = 0; j < kind->choice_count; j++)
            cr_expect_not_null(
                strstr(specs[i].spec, trace_fixture_text(&fixture, kind->choice_syms[j])));
        trace_fixture_fini(&fixture);
    }
}

/* The order in which models are written does not make another kind. */
Test(trace_openb, equal_choices_are_one_kind)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES,
          POD_COLUMNS "a,1000,1024,1,1000,V100M16|V100M32,LS,Running,0,10,0\n"
                      "b,1000,1024,1,1000,V100M32|V100M16|V100M32,LS,Running,0,10,0\n"
                      "c,1000,1024,1,1000,V100M32|T4,LS,Running,0,10,0\n");
    trace_fixture_must_load(&fixture, "openb");
    cr_expect_eq(fixture.workload.pod_kind_count, 2);
    cr_expect_eq(fixture.workload.pods[0].kind, fixture.workload.pods[1].kind);
    trace_fixture_fini(&fixture);
}

/* ---- rows that are wrong ---- */

#define NUMBERS "1000,1024,1,460,,LS"

static const struct {
    const char *row, *error;
} bad_pods[] = {
    {"p," NUMBERS ",Running,0", ":3: 9 columns, 11 are expected as in line 1"},
    {"p,12x,1024,0,0,,LS,Running,0,10,0",
     ":3: cpu_milli \"12x\": a whole number from 0 to 100000000 is expected"},
    {"p,100000001,1024,0,0,,LS,Running,0,10,0",
     ":3: cpu_milli \"100000001\": a whole number from 0 to 100000000 is expected"},
    {"p,1000,-1,0,0,,LS,Running,0,10,0",
     ":3: memory_mib \"-1\": a number from 0 to 1073741824 is expected"},
    {"p,1000,1024,0.5,0,,LS,Running,0,10,0",
     ":3: num_gpu \"0.5\": a whole number from 0 to 1024 is expected"},
    {"p,1000,1024,0,460,,LS,Running,0,10,0",
     ":3: gpu_milli \"460\": a whole number from 0 to 0 is expected"},
    {"p,1000,1024,1,0,,LS,Running,0,10,0",
     ":3: gpu_milli \"0\": a whole number from 1 to 1000 is expected"},
    {"p,1000,1024,2,460,,LS,Running,0,10,0",
     ":3: gpu_milli \"460\": a whole number from 1000 to 1000 is expected"},
    {"p,1000,1024,1,460,T4|,LS,Running,0,10,0",
     ":3: gpu_spec \"T4|\": a list of at most 8 GPU models with '|' between is expected"},
    {"p,1000,1024,1,460,1|2|3|4|5|6|7|8|9,LS,Running,0,10,0",
     ":3: gpu_spec \"1|2|3|4|5|6|7|8|9\": a list of at most 8 GPU models "
     "with '|' between is expected"},
    {"p,1000,1024,1,460,T 4,LS,Running,0,10,0",
     ":3: gpu_spec \"T 4\": a list of at most 8 GPU models with '|' between is expected"},
    {"p," NUMBERS ",Ran,0,10,0",
     ":3: pod_phase \"Ran\": Running, Pending, Succeeded or Failed is expected"},
    {"p," NUMBERS ",,0,10,0",
     ":3: pod_phase \"\": Running, Pending, Succeeded or Failed is expected"},
    {"p," NUMBERS ",Running,,10,0", ":3: creation_time \"\": a time in seconds is expected"},
    {"p," NUMBERS ",Running,-1,10,0",
     ":3: creation_time \"-1\": a number from 0 to 1000000000 is expected"},
    {"p," NUMBERS ",Running,0,1000000001,0",
     ":3: deletion_time \"1000000001\": a number from 0 to 1000000000 is expected"},
    {"p," NUMBERS ",Running,11,10,11",
     ":3: deletion_time \"10\": a time not before creation_time is expected"},
    {"p," NUMBERS ",Running,5,10,4",
     ":3: scheduled_time \"4\": a time not before creation_time is expected"},
    {"p," NUMBERS ",Running,5,10,11",
     ":3: scheduled_time \"11\": a time not behind deletion_time is expected"},
    {"p," NUMBERS ",Failed,5,10,",
     ":3: scheduled_time \"\": a time, as the pod ended by itself is expected"},
    {"," NUMBERS ",Running,0,10,0", ":3: name \"\": a name of 1 to 63 characters is expected"},
    {"-p," NUMBERS ",Running,0,10,0",
     ":3: name \"-p\": a name of the characters a-z, 0-9, '-', '_' and '.' is expected"},
    {"P," NUMBERS ",Running,0,10,0",
     ":3: name \"P\": a name of the characters a-z, 0-9, '-', '_' and '.' is expected"},
    {"before," NUMBERS ",Running,0,10,0",
     ":3: name \"before\": a name that no row before has is expected"},
};

Test(trace_openb, a_bad_row_is_told_by_its_line_column_and_value)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_pods); i++) {
        struct trace_fixture fixture;
        char pods[512];
        snprintf(pods, sizeof(pods), POD_COLUMNS "before," NUMBERS ",Running,0,10,0\n%s\n",
                 bad_pods[i].row);
        setup(&fixture, NODES, pods);
        cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EINVAL, "%s", bad_pods[i].row);
        const char *place = strstr(fixture.err.text, "/openb_pod_list_default.csv:");
        cr_assert_not_null(place, "%s", fixture.err.text);
        cr_expect_str_eq(strchr(place, ':'), bad_pods[i].error);
        trace_fixture_fini(&fixture);
    }
}

static const struct {
    const char *row, *error;
} bad_nodes[] = {
    {"n,4000,8192,two,", ":2: gpu \"two\": a whole number from 0 to 1024 is expected"},
    {"n,4000,8192,2,T4!", ":2: model \"T4!\": at most 63 letters, digits, '-', '_' and '.' is "
                          "expected"},
    {"n,4000,1073741825,0,",
     ":2: memory_mib \"1073741825\": a number from 0 to 1073741824 is expected"},
    {"n,4000,8192,0", ":2: 4 columns, 5 are expected as in line 1"},
};

Test(trace_openb, a_bad_row_of_the_node_list_too)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_nodes); i++) {
        struct trace_fixture fixture;
        char nodes[256];
        snprintf(nodes, sizeof(nodes), NODE_COLUMNS "%s\n", bad_nodes[i].row);
        setup(&fixture, nodes, POD);
        cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EINVAL, "%s", bad_nodes[i].row);
        const char *place = strstr(fixture.err.text, "/openb_node_list_all_node.csv:");
        cr_assert_not_null(place, "%s", fixture.err.text);
        cr_expect_str_eq(strchr(place, ':'), bad_nodes[i].error);
        trace_fixture_fini(&fixture);
    }
}

/* 200,001 rows that are right: what a workload holds is told before it is full. */
Test(trace_openb, more_nodes_than_a_workload_holds_end_it)
{
    struct trace_fixture fixture;
    struct buf nodes;
    buf_init(&nodes, 1 << 23);
    (void)buf_add_str(&nodes, NODE_COLUMNS);
    for (int i = 0; i <= WORKLOAD_NODES_MAX; i++)
        (void)buf_printf(&nodes, "n%d,1,1,0,\n", i);
    cr_assert_not(buf_overflowed(&nodes));
    setup(&fixture, nodes.data, POD);
    fixture.options.skip_bad = true;
    cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EFBIG);
    cr_expect_not_null(
        strstr(fixture.err.text, "/openb_node_list_all_node.csv:200002: more than 200000 nodes"),
        "%s", fixture.err.text);
    trace_fixture_fini(&fixture);
    buf_fini(&nodes);
}
