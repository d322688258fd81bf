/* v2025: instances of two roles, and the nodes that are made for them. */
#include "tests/bench/trace_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "disaggregated_DLRM_trace.csv"
#define COLUMNS                                                                                    \
    "instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,"          \
    "rdma_limit,memory_request,memory_limit,disk_request,disk_limit,max_instance_per_node,"        \
    "creation_time,scheduled_time,deletion_time\n"

static void setup(struct trace_fixture *fixture, const char *text)
{
    trace_fixture_init(fixture, "cluster-trace-gpu-v2025");
    trace_fixture_write(fixture, FILE_NAME, text);
}

/* How many nodes have this role. */
static uint32_t nodes_of(const struct trace_fixture *fixture, const char *role)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fixture->workload.node_count; i++) {
        const struct workload_node_kind *kind = trace_fixture_node(fixture, i);
        count += strcmp(trace_fixture_label(fixture, kind->labels, kind->label_count,
                                            "spillway.io/role"),
                        role) == 0;
    }
    return count;
}

Test(trace_v2025, an_instance_is_a_pod_that_its_role_keeps_to_its_nodes)
{
    struct trace_fixture fixture;
    setup(&fixture, COLUMNS
          "instance_7,HN,app_0,12,12,1,1,25,25,120.0,120.0,680.0,800.0,8,,,\n"
          "instance_8,CN,app_1,64,64,0,0,0,0,320.5,320.5,1.0,1.0,-1,20.0,21.0,2029.0000000002\n");
    trace_fixture_must_load(&fixture, "v2025");
    const struct workload *workload = &fixture.workload;
    cr_assert_eq(workload->pod_count, 2);
    cr_expect_str_eq(trace_fixture_text(&fixture, workload->pods[0].name_sym), "instance-7");
    cr_expect_eq(workload->pods[0].created_ms, 0); /* was there before the trace began */
    cr_expect_eq(workload->pods[0].gone_ms, INT64_MAX);
    cr_expect_eq(workload->pods[0].runs_ms, INT64_MAX);
    const struct workload_pod_kind *hn = trace_fixture_pod(&fixture, 0);
    cr_expect_eq(hn->asks.cpu_milli, 12000);
    cr_expect_eq(hn->asks.memory_bytes, 120LL << 30);
    cr_expect_eq(trace_fixture_extended(&fixture, &hn->asks, "nvidia.com/gpu"), 1);
    cr_expect_eq(trace_fixture_extended(&fixture, &hn->asks, "spillway.io/rdma-percent"), 25);
    cr_expect_str_eq(
        trace_fixture_label(&fixture, hn->selector, hn->selector_count, "spillway.io/role"), "HN");
    cr_expect_str_eq(trace_fixture_label(&fixture, hn->labels, hn->label_count, "app"), "app_0");

    cr_expect_eq(workload->pods[1].created_ms, 20000);
    cr_expect_eq(workload->pods[1].gone_ms, 2029000);
    cr_expect_eq(workload->pods[1].runs_ms, INT64_MAX); /* services do not end by themselves */
    const struct workload_pod_kind *cn = trace_fixture_pod(&fixture, 1);
    cr_expect_eq(cn->asks.memory_bytes, 641LL << 29);
    cr_expect_eq(cn->asks.extended_count, 0);
    cr_expect_str_eq(
        trace_fixture_label(&fixture, cn->selector, cn->selector_count, "spillway.io/role"), "CN");
    cr_expect_eq(nodes_of(&fixture, "CN"), 1);
    cr_expect_eq(nodes_of(&fixture, "HN"), 1);
    trace_fixture_fini(&fixture);
}

/* `count` instances of a row; %d is the number of each. */
static const struct {
    const char *row; /* behind the name */
    int count;
    uint32_t spare_percent;
    bool stay;
    uint32_t cn, hn; /* nodes that must be made */
} made[] = {
    /* by cores: 10 x 96 of 192 */
    {"CN,a,96,96,0,0,0,0,1.0,1.0,1,1,-1,,,", 10, 0, false, 5, 0},
    {"CN,a,96,96,0,0,0,0,1.0,1.0,1,1,-1,,,", 10, 10, false, 6, 0},
    /* by memory: 10 x 1000 of 1024 GiB is 9.8 */
    {"CN,a,1,1,0,0,0,0,1000.0,1000.0,1,1,-1,,,", 10, 0, false, 10, 0},
    /* by network: 10 x 100 of 200 */
    {"CN,a,1,1,0,0,100,100,1.0,1.0,1,1,2,,,", 10, 0, false, 5, 0},
    /* by GPUs: 17 x 1 of 8; by network 17 x 25 of 400 are two */
    {"HN,a,1,1,1,1,25,25,1.0,1.0,1,1,-1,,,", 17, 0, false, 0, 3},
    /* all gone before ... */
    {"CN,a,192,192,0,0,0,0,1.0,1.0,1,1,-1,%d.0,%d.0,%d.5", 10, 0, false, 1, 0},
    /* ... unless they stay */
    {"CN,a,192,192,0,0,0,0,1.0,1.0,1,1,-1,%d.0,%d.0,%d.5", 10, 0, true, 10, 0},
};

Test(trace_v2025, as_many_nodes_are_made_as_the_peak_asks_for_by_the_scarcest_resource)
{
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        struct trace_fixture fixture;
        struct buf text;
        buf_init(&text, 16384);
        (void)buf_add_str(&text, COLUMNS);
        for (int j = 0; j < made[i].count; j++) {
            (void)buf_printf(&text, "instance_%d,", j);
            const char *from = made[i].row;
            for (const char *at; (at = strstr(from, "%d")); from = at + 2)
                (void)buf_printf(&text, "%.*s%d", (int)(at - from), from, j);
            (void)buf_printf(&text, "%s\n", from);
        }
        cr_assert_not(buf_overflowed(&text));
        setup(&fixture, text.data);
        fixture.options.spare_percent = made[i].spare_percent;
        fixture.options.stay = made[i].stay;
        trace_fixture_must_load(&fixture, "v2025");
        cr_expect_eq(nodes_of(&fixture, "CN"), made[i].cn, "row %zu: %u", i,
                     nodes_of(&fixture, "CN"));
        cr_expect_eq(nodes_of(&fixture, "HN"), made[i].hn, "row %zu: %u", i,
                     nodes_of(&fixture, "HN"));
        trace_fixture_fini(&fixture);
        buf_fini(&text);
    }
}

/* Who goes makes room for who comes in the same second. */
Test(trace_v2025, one_that_goes_and_one_that_comes_share_a_node)
{
    struct trace_fixture fixture;
    setup(&fixture, COLUMNS "b,CN,a,192,192,0,0,0,0,1,1,1,1,-1,10.0,10.0,20.0\n"
                            "a,CN,a,192,192,0,0,0,0,1,1,1,1,-1,,,10.0\n");
    trace_fixture_must_load(&fixture, "v2025");
    cr_expect_eq(fixture.workload.node_count, 1);
    cr_expect_str_eq(trace_fixture_text(&fixture, fixture.workload.pods[0].name_sym), "a");
    trace_fixture_fini(&fixture);
}

static const struct {
    const char *row, *error;
} bad[] = {
    {"i_2,GN,a,1,1,0,0,1,1,1,1,1,1,-1,,,", ":3: role \"GN\": CN or HN is expected"},
    {"i_2,,a,1,1,0,0,1,1,1,1,1,1,-1,,,", ":3: role \"\": CN or HN is expected"},
    {"i_2,CN,a,-1,1,0,0,1,1,1,1,1,1,-1,,,",
     ":3: cpu_request \"-1\": a number from 0 to 100000 is expected"},
    {"i_2,CN,a,1,1,0,0,1,1,nan,1,1,1,-1,,,",
     ":3: memory_request \"nan\": a number from 0 to 1048576 is expected"},
    {"i_2,CN,a,1,1,0,0,801,1,1,1,1,1,-1,,,",
     ":3: rdma_request \"801\": a whole number from 0 to 800 is expected"},
    {"i_2,CN,a,1,1,1025,0,1,1,1,1,1,1,-1,,,",
     ":3: gpu_request \"1025\": a number from 0 to 1024 is expected"},
    {"i_2,CN,a,1,1,0,0,1,1,1,1,1,1,-1,5.0,5.0,4.0",
     ":3: deletion_time \"4.0\": a time not before creation_time is expected"},
    {"i_2,CN,a,1,1,0,0,1,1,1,1,1,1,-1,-5.0,5.0,4.0",
     ":3: creation_time \"-5.0\": a number from 0 to 1000000000 is expected"},
    {"i_2,CN,a b,1,1,0,0,1,1,1,1,1,1,-1,,,",
     ":3: app_name \"a b\": at most 63 letters, digits, '-', '_' and '.' is expected"},
    {"i_1,CN,a,1,1,0,0,1,1,1,1,1,1,-1,,,",
     ":3: instance_sn \"i_1\": a name that no row before has is expected"},
    {"i-1,CN,a,1,1,0,0,1,1,1,1,1,1,-1,,,",
     ":3: instance_sn \"i-1\": a name that no row before has is expected"},
    {"i_2,CN,a,1,1,0,0,1,1,1", ":3: 10 columns, 17 are expected as in line 1"},
};

Test(trace_v2025, a_bad_row_is_told_by_its_line_column_and_value)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct trace_fixture fixture;
        char text[1024];
        snprintf(text, sizeof(text), COLUMNS "i_1,CN,a,1,1,0,0,1,1,1,1,1,1,-1,,,\n%s\n",
                 bad[i].row);
        setup(&fixture, text);
        cr_expect_eq(trace_fixture_load(&fixture, "v2025"), -EINVAL, "%s", bad[i].row);
        const char *place = strstr(fixture.err.text, "/" FILE_NAME ":");
        cr_assert_not_null(place, "%s", fixture.err.text);
        cr_expect_str_eq(strchr(place, ':'), bad[i].error);
        trace_fixture_fini(&fixture);
    }
}

/* Rows that each look possible, and a cluster that is not: the limit of a workload is told. */
Test(trace_v2025, more_nodes_than_a_workload_holds_are_not_made)
{
    struct trace_fixture fixture;
    struct buf text;
    buf_init(&text, 1 << 20);
    (void)buf_add_str(&text, COLUMNS);
    for (int i = 0; i < 400; i++)
        (void)buf_printf(&text, "i_%d,CN,a,100000,1,0,0,1,1,1,1,1,1,-1,,,\n", i);
    setup(&fixture, text.data);
    cr_expect_eq(trace_fixture_load(&fixture, "v2025"), -EFBIG);
    cr_expect_str_eq(fixture.err.text, "trace v2025: more than 200000 nodes would have to be made");
    trace_fixture_fini(&fixture);
    buf_fini(&text);
}

Test(trace_v2025, nothing_can_be_chosen_behind_its_name)
{
    struct trace_fixture fixture;
    setup(&fixture, COLUMNS "i_1,CN,a,1,1,0,0,1,1,1,1,1,1,-1,,,\n");
    cr_expect_eq(trace_fixture_load(&fixture, "v2025:cn"), -EINVAL);
    cr_expect_str_eq(fixture.err.text, "trace v2025: \"cn\": nothing is expected behind it");
    trace_fixture_fini(&fixture);
}
