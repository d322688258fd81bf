/* Traces that are played: pods of openb go where their GPU models are, and end as their rows say.
 */
#include "tests/bench/trace_fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "bench/play.h"
#include "bench/store_world_object.h"
#include "tests/bench/store_fixture.h"

#define POD_COLUMNS                                                                                \
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"            \
    "deletion_time,scheduled_time\n"

/* The node without a GPU and that of the wrong models have the most room. */
#define NODES                                                                                      \
    "sn,cpu_milli,memory_mib,gpu,model\n"                                                          \
    "plain,96000,393216,0,\nt4,96000,393216,8,T4\nold,8000,16384,1,V100M16\n"                      \
    "new,8000,16384,1,V100M32\n"

enum { BINDS_MAX = 16, NAME_BYTES = 64 };

struct binds {
    uint32_t count;
    char pods[BINDS_MAX][NAME_BYTES], nodes[BINDS_MAX][NAME_BYTES];
};

static void on_bound(void *ctx, const char *pod, const char *node, int64_t at_ms)
{
    struct binds *binds = ctx;
    (void)at_ms;
    cr_assert_lt(binds->count, BINDS_MAX);
    snprintf(binds->pods[binds->count], NAME_BYTES, "%s", pod);
    snprintf(binds->nodes[binds->count++], NAME_BYTES, "%s", node);
}

static void load(struct trace_fixture *fixture, const char *pods)
{
    trace_fixture_init(fixture, "cluster-trace-gpu-v2023/csv");
    trace_fixture_write(fixture, "openb_node_list_all_node.csv", NODES);
    trace_fixture_write(fixture, "openb_pod_list_default.csv", pods);
    trace_fixture_must_load(fixture, "openb");
}

static void play(struct trace_fixture *fixture, struct binds *ret_binds,
                 struct play_result *ret_result)
{
    struct play_options options;
    *ret_binds = (struct binds){0};
    play_options_init(&options);
    options.ctx = ret_binds;
    options.on_bound = on_bound;
    cr_assert_eq(play_run(&fixture->workload, &options, ret_result, &fixture->err), 0, "%s",
                 fixture->err.text);
}

Test(trace_play, pods_are_bound_where_one_of_their_models_is)
{
    struct trace_fixture fixture;
    struct binds binds;
    struct play_result result;
    load(&fixture, POD_COLUMNS "one,1000,1024,1,1000,T4,LS,Running,0,1000,0\n"
                               "two,1000,1024,1,1000,V100M16|V100M32,LS,Running,10,1000,10\n"
                               "three,1000,1024,1,1000,V100M16|V100M32,LS,Running,20,1000,20\n"
                               "four,1000,1024,1,1000,V100M16|V100M32,LS,Pending,30,40,\n"
                               "five,1000,1024,1,1000,G2|G3,LS,Pending,30,40,\n");
    play(&fixture, &binds, &result);
    cr_assert_eq(binds.count, 3);
    cr_expect_str_eq(binds.nodes[0], "t4");
    cr_expect(strcmp(binds.nodes[1], "old") == 0 || strcmp(binds.nodes[1], "new") == 0);
    cr_expect(strcmp(binds.nodes[2], "old") == 0 || strcmp(binds.nodes[2], "new") == 0);
    cr_expect_str_neq(binds.nodes[1], binds.nodes[2]); /* each has one GPU */
    cr_expect_eq(result.deleted, 5);                   /* at their times, bound or not */
    cr_expect_eq(result.waiting, 0);
    play_result_fini(&result);
    trace_fixture_fini(&fixture);
}

Test(trace_play, what_ended_by_itself_makes_room_when_it_has_run_as_long)
{
    struct trace_fixture fixture;
    struct binds binds;
    struct play_result result;
    load(&fixture, POD_COLUMNS "first,1000,1024,1,1000,V100M32,LS,Succeeded,0,100,40\n"
                               "second,1000,1024,1,1000,V100M32,LS,Running,10,1000,10\n");
    play(&fixture, &binds, &result);
    cr_assert_eq(binds.count, 2);
    cr_expect_str_eq(binds.pods[1], "second");
    cr_expect_eq(result.done, 1);
    /* bound at 0 here, it ran for 60 s as it did there */
    cr_expect_geq(result.wait_max_ms, 50000);
    cr_expect_leq(result.wait_max_ms, 51000);
    play_result_fini(&result);
    trace_fixture_fini(&fixture);
}

Test(trace_play, over_http_a_choice_is_required_node_affinity)
{
    struct trace_fixture fixture;
    struct fixture store;
    load(&fixture, POD_COLUMNS "a,1000,1024,1,1000,V100M16|V100M32,LS,Running,0,1000,0\n"
                               "b,1000,1024,1,1000,T4,LS,Running,0,1000,0\n");
    fixture_init(&store, NULL);
    for (uint32_t i = 0; i < 2; i++)
        store_world_create_pod(store.store, &fixture.workload, fixture.workload.pods[i].kind,
                               i == 0 ? "a" : "b", true);
    char *text = fixture_text(fixture_get(&store, KIND_POD, "a"));
    json_t *root = json_loads(text, 0, NULL);
    json_t *terms = NULL;
    cr_assert_eq(json_unpack(root, "{s:{s:{s:{s:{s:o}}}}}", "spec", "affinity", "nodeAffinity",
                             "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
                             &terms),
                 0, "%s", text);
    char *written = json_dumps(terms, JSON_COMPACT | JSON_SORT_KEYS);
    cr_expect_str_eq(written, "[{\"matchExpressions\":[{\"key\":\"nvidia.com/gpu.product\","
                              "\"operator\":\"In\",\"values\":[\"V100M16\",\"V100M32\"]}]}]");
    free(written);
    json_decref(root);
    free(text);
    text = fixture_text(fixture_get(&store, KIND_POD, "b"));
    cr_expect_not_null(strstr(text, "\"nodeSelector\":{\"nvidia.com/gpu.product\":\"T4\"}"), "%s",
                       text);
    cr_expect_null(strstr(text, "affinity"));
    free(text);
    fixture_fini(&store);
    trace_fixture_fini(&fixture);
}
