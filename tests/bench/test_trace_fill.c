/* A cluster filled with the pods of a trace. */
#include "bench/trace_fill.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/bench/trace_fixture.h"

#define COLUMNS "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n"
/* 16 GPUs and 100 cores; and pods that ask for 5 GPUs and 11 cores together. */
#define NODES                                                                                      \
    "sn,cpu_milli,memory_mib,gpu,model\nn0,20000,1024,0,\nn1,40000,1024,8,T4\n"                    \
    "n2,40000,1024,8,T4\n"
#define PODS COLUMNS "a,1000,1,0,0\nb,2000,1,1,500\nc,3000,1,4,1000\nd,5000,1,0,0\n"

static void setup(struct trace_fixture *fixture, const char *nodes, const char *pods)
{
    trace_fixture_init(fixture, "alibaba-gpu-v2023");
    trace_fixture_write(fixture, "openb_node_list_all_node.csv", nodes);
    trace_fixture_write(fixture, "openb_pod_list_default.csv", pods);
}

static const char *name_of(const struct trace_fixture *fixture, uint32_t pod)
{
    return trace_fixture_text(fixture, fixture->workload.pods[pod].name_sym);
}

static int64_t asked(const struct trace_fixture *fixture, const char *resource)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < fixture->workload.pod_count; i++)
        sum += trace_fixture_extended(fixture, &trace_fixture_pod(fixture, i)->asks, resource);
    return sum;
}

static const struct {
    uint32_t percent;
    bool shares;
    const char *resource;
    int64_t wanted, most; /* of it; the last pod may be the largest */
} fills[] = {
    {130, false, "nvidia.com/gpu", 21, 24}, /* 16 * 1.3 = 20.8 */
    {1000, false, "nvidia.com/gpu", 160, 163},
    {130, true, "koordinator.sh/gpu-core", 2080, 2479},
};

Test(trace_fill, pods_come_until_they_ask_for_so_much_of_the_gpus)
{
    for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
        struct trace_fixture fixture;
        setup(&fixture, NODES, PODS);
        fixture.options.fill_percent = fills[i].percent;
        fixture.options.gpu_shares = fills[i].shares;
        trace_fixture_must_load(&fixture, "openb");
        int64_t sum = asked(&fixture, fills[i].resource);
        cr_expect_geq(sum, fills[i].wanted, "row %zu", i);
        cr_expect_leq(sum, fills[i].most, "row %zu: %lld", i, (long long)sum);
        for (uint32_t j = 0; j < fixture.workload.pod_count; j++) {
            const struct workload_pod *pod = &fixture.workload.pods[j];
            cr_expect_eq(pod->created_ms, 1000 * (int64_t)j);
            cr_expect(pod->runs_ms == INT64_MAX && pod->gone_ms == INT64_MAX);
        }
        trace_fixture_fini(&fixture);
    }
}

/* Each pod of the trace comes once before any comes again, and names are not used twice. */
Test(trace_fill, pods_come_again_under_new_names_when_there_are_too_few)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES, PODS);
    fixture.options.fill_percent = 500;
    trace_fixture_must_load(&fixture, "openb");
    cr_assert_gt(fixture.workload.pod_count, 4);
    for (uint32_t i = 0; i < fixture.workload.pod_count; i++) {
        cr_expect_eq(strlen(name_of(&fixture, i)) == 1, i < 4, "%s", name_of(&fixture, i));
        for (uint32_t j = 0; j < i; j++)
            cr_expect_str_neq(name_of(&fixture, i), name_of(&fixture, j));
    }
    trace_fixture_fini(&fixture);
}

Test(trace_fill, the_seed_decides_the_order)
{
    enum { SEEDS = 8 };
    struct trace_fixture first, again, other;
    uint32_t different = 0;
    setup(&first, NODES, PODS);
    setup(&again, NODES, PODS);
    first.options.fill_percent = again.options.fill_percent = 500;
    first.options.seed = again.options.seed = 7;
    trace_fixture_must_load(&first, "openb");
    trace_fixture_must_load(&again, "openb");
    cr_assert_eq(first.workload.pod_count, again.workload.pod_count);
    for (uint32_t i = 0; i < first.workload.pod_count; i++)
        cr_expect_str_eq(name_of(&first, i), name_of(&again, i));
    for (uint32_t seed = 100; seed < 100 + SEEDS; seed++) {
        setup(&other, NODES, PODS);
        other.options.fill_percent = 500;
        other.options.seed = seed;
        trace_fixture_must_load(&other, "openb");
        different += other.workload.pod_count != first.workload.pod_count ||
                     strcmp(name_of(&other, 9), name_of(&first, 9)) != 0;
        trace_fixture_fini(&other);
    }
    cr_expect_gt(different, 0);
    trace_fixture_fini(&first);
    trace_fixture_fini(&again);
}

Test(trace_fill, without_gpus_cores_are_counted)
{
    struct trace_fixture fixture;
    int64_t cpu_milli = 0;
    setup(&fixture, "sn,cpu_milli,memory_mib,gpu,model\nn0,20000,1024,0,\n", PODS);
    fixture.options.fill_percent = 200;
    trace_fixture_must_load(&fixture, "openb");
    for (uint32_t i = 0; i < fixture.workload.pod_count; i++)
        cpu_milli += trace_fixture_pod(&fixture, i)->asks.cpu_milli;
    cr_expect_geq(cpu_milli, 40000);
    cr_expect_lt(cpu_milli, 45000);
    trace_fixture_fini(&fixture);
}

Test(trace_fill, pods_that_ask_for_nothing_fill_nothing)
{
    struct trace_fixture fixture;
    setup(&fixture, NODES, COLUMNS "a,1000,1,0,0\n");
    fixture.options.fill_percent = 130;
    cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EINVAL);
    cr_expect_str_eq(fixture.err.text,
                     "a cluster cannot be filled with pods that ask for no nvidia.com/gpu");
    trace_fixture_fini(&fixture);
}

/* Nodes of ten million cores together, pods of a thousandth: more than a workload holds. */
Test(trace_fill, more_pods_than_a_workload_holds_end_it)
{
    struct trace_fixture fixture;
    struct buf nodes;
    buf_init(&nodes, 1 << 16);
    (void)buf_add_str(&nodes, "sn,cpu_milli,memory_mib,gpu,model\n");
    for (int i = 0; i < 100; i++)
        (void)buf_printf(&nodes, "n%d,100000000,1,0,\n", i);
    setup(&fixture, nodes.data, COLUMNS "a,1,1,0,0\n");
    fixture.options.fill_percent = 100;
    cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EFBIG);
    cr_expect_str_eq(fixture.err.text, "a cluster filled with more than 2000000 pods");
    trace_fixture_fini(&fixture);
    buf_fini(&nodes);
}
