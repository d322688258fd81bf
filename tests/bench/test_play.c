/* The modelled world around the core: when pods are bound, end, are lost and come again. */
#include "bench/play.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "bench/generate.h"
#include "tests/bench/play_fixture.h"

Test(play, a_pod_is_bound_when_the_bind_was_answered)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.bind_latency_ms = 7;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 1, .created_ms = 100});
    play_fixture_run(&fixture);
    cr_assert_eq(fixture.bind_count, 1);
    cr_expect_str_eq(fixture.binds[0].node, "n1");
    cr_expect_eq(fixture.binds[0].at_ms, 107);
    cr_expect_eq(fixture.result.wait_p50_ms, 7);
    cr_expect_eq(fixture.result.bound, 1);
    cr_expect_eq(fixture.result.waiting, 0);
    cr_expect_not(fixture.result.is_partial);
    play_fixture_fini(&fixture);
}

Test(play, no_more_binds_are_under_way_than_the_window_has)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.bind_latency_ms = 10;
    fixture.options.bind_window = 2;
    play_fixture_node(&fixture, "n1", 32, 0, INT64_MAX);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        play_fixture_pod(&fixture, &(struct fixture_pod){.name = names[i], .cores = 1});
    play_fixture_run(&fixture);
    static const int64_t at_ms[] = {10, 10, 20, 20, 30};
    for (size_t i = 0; i < ARRAY_LEN(at_ms); i++)
        cr_expect_eq(fixture.binds[i].at_ms, at_ms[i], "bind %zu", i);
    /* 10 10 20 20 30: the third of five, the last of five */
    cr_expect_eq(fixture.result.wait_p50_ms, 20);
    cr_expect_eq(fixture.result.wait_p99_ms, 30);
    cr_expect_eq(fixture.result.wait_max_ms, 30);
    play_fixture_fini(&fixture);
}

Test(play, what_is_done_makes_room_for_what_waits)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    play_fixture_node(&fixture, "n1", 2, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 2, .runs_ms = 60000});
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "b", .cores = 2, .created_ms = 1000});
    play_fixture_run(&fixture);
    const struct fixture_bind *late = play_fixture_bind(&fixture, "b");
    cr_assert_not_null(late);
    cr_expect_eq(late->at_ms, 5 + 60000 + 5); /* its backoff was over long before */
    cr_expect_eq(fixture.result.done, 1);
    cr_expect_eq(fixture.result.refusals, 1);
    play_fixture_fini(&fixture);
}

Test(play, pods_of_a_node_that_leaves_come_again_under_a_new_name)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    play_fixture_node(&fixture, "n1", 2, 0, 5000);
    play_fixture_node(&fixture, "n2", 2, 10000, 20000);
    play_fixture_node(&fixture, "n3", 2, 30000, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 2});
    play_fixture_run(&fixture);
    cr_assert_eq(fixture.bind_count, 3);
    static const struct {
        const char *pod, *node;
    } binds[] = {{"a", "n1"}, {"a-r1", "n2"}, {"a-r2", "n3"}};
    for (size_t i = 0; i < ARRAY_LEN(binds); i++) {
        cr_expect_str_eq(fixture.binds[i].pod, binds[i].pod);
        cr_expect_str_eq(fixture.binds[i].node, binds[i].node);
    }
    cr_expect_eq(fixture.result.created, 3);
    cr_expect_eq(fixture.result.again, 2);
    cr_expect_eq(fixture.result.deleted, 2);
    cr_expect_eq(fixture.result.waiting, 0);
    play_fixture_fini(&fixture);
}

Test(play, a_node_that_leaves_while_a_bind_is_under_way_loses_that_pod_too)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.bind_latency_ms = 50;
    play_fixture_node(&fixture, "n1", 2, 0, 1020);
    play_fixture_node(&fixture, "n2", 2, 9000, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 2, .created_ms = 1000});
    play_fixture_run(&fixture);
    cr_assert_eq(fixture.bind_count, 2);
    cr_expect_str_eq(fixture.binds[0].node, "n1");
    cr_expect_str_eq(fixture.binds[1].pod, "a-r1");
    cr_expect_str_eq(fixture.binds[1].node, "n2");
    play_fixture_fini(&fixture);
}

/* Deleted: while it waits, while its bind is under way, while it runs. */
Test(play, a_deleted_pod_is_gone_whatever_it_was_doing)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.bind_latency_ms = 50;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_pod(&fixture,
                     &(struct fixture_pod){.name = "too-large", .cores = 9, .gone_ms = 3000});
    play_fixture_pod(&fixture,
                     &(struct fixture_pod){.name = "under-way", .cores = 1, .gone_ms = 20});
    play_fixture_pod(&fixture, &(struct fixture_pod){
                                   .name = "runs", .cores = 4, .created_ms = 100, .gone_ms = 5000});
    /* the one that runs holds its room for its grace */
    play_fixture_pod(&fixture,
                     &(struct fixture_pod){.name = "next", .cores = 4, .created_ms = 4000});
    play_fixture_run(&fixture);
    cr_expect_null(play_fixture_bind(&fixture, "too-large"));
    cr_expect_null(play_fixture_bind(&fixture, "under-way"));
    cr_expect_eq(fixture.result.deleted, 3);
    cr_expect_eq(fixture.result.bound, 2);
    cr_assert_not_null(play_fixture_bind(&fixture, "next"));
    cr_expect_eq(play_fixture_bind(&fixture, "next")->at_ms, 5000 + PLAY_GRACE_MS + 50);
    cr_expect_eq(fixture.result.waiting, 0);
    play_fixture_fini(&fixture);
}

Test(play, what_fits_nowhere_waits_with_its_reason)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_node(&fixture, "n2", 8, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 9});
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "b", .cores = 10});
    play_fixture_run(&fixture);
    cr_expect_eq(fixture.result.bound, 0);
    cr_expect_eq(fixture.result.waiting, 2);
    cr_assert_eq(fixture.result.reasons.count, 1);
    cr_expect_str_eq(fixture.result.reasons.items[0].text,
                     "N/N nodes are available: N Insufficient cpu.");
    cr_expect_eq(fixture.result.reasons.items[0].waiting, 2);
    cr_expect_eq(fixture.result.reasons.items[0].refusals, fixture.result.refusals);
    cr_expect_eq(fixture.result.wait_p99_ms, 0, "of those that were bound");
    play_fixture_fini(&fixture);
}

Test(play, a_victim_of_preemption_leaves_after_its_grace_and_comes_again)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.preempts = true;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_node(&fixture, "n2", 4, 60000, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "low", .cores = 4});
    play_fixture_pod(&fixture, &(struct fixture_pod){
                                   .name = "high", .cores = 4, .priority = 10, .created_ms = 2000});
    play_fixture_run(&fixture);
    cr_expect_eq(fixture.result.evicted, 1);
    const struct fixture_bind *high = play_fixture_bind(&fixture, "high");
    const struct fixture_bind *again = play_fixture_bind(&fixture, "low-r1");
    cr_assert(high && again);
    cr_expect_str_eq(high->node, "n1");
    cr_expect_geq(high->at_ms, 2000 + PLAY_GRACE_MS);
    cr_expect_str_eq(again->node, "n2");
    play_fixture_fini(&fixture);
}

Test(play, without_preemption_nobody_is_evicted)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "low", .cores = 4});
    play_fixture_pod(&fixture, &(struct fixture_pod){
                                   .name = "high", .cores = 4, .priority = 10, .created_ms = 2000});
    play_fixture_run(&fixture);
    cr_expect_eq(fixture.result.evicted, 0);
    cr_expect_null(play_fixture_bind(&fixture, "high"));
    play_fixture_fini(&fixture);
}

Test(play, ends_at_the_time_that_was_asked_for)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.until_ms = 5000;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 1, .runs_ms = 9000});
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "b", .cores = 1, .created_ms = 5001});
    play_fixture_run(&fixture);
    cr_expect_eq(fixture.result.created, 1);
    cr_expect_eq(fixture.result.done, 0);
    cr_expect_eq(fixture.result.span_ms, 5000);
    cr_expect_not(fixture.result.is_partial);
    play_fixture_fini(&fixture);
}

static bool is_over_at_once(void *ctx)
{
    (void)ctx;
    return true;
}

Test(play, that_is_ended_early_says_so_and_has_its_figures)
{
    const struct generator *generator = generator_find("steady");
    const struct generate_options options = {.nodes = 20, .pods = 2000, .hours = 1, .seed = 3};
    struct workload workload;
    struct play_options play;
    struct play_result result;
    struct err err = {0};
    workload_init(&workload);
    generator_run(generator, &options, &workload);
    play_options_init(&play);
    play.is_over = is_over_at_once;
    cr_assert_eq(play_run(&workload, &play, &result, &err), 0);
    cr_expect(result.is_partial);
    cr_expect_gt(result.bound, 0);
    cr_expect_lt(result.created, 2000);
    play_result_fini(&result);
    workload_fini(&workload);
}

Test(play, a_policy_that_is_none_is_an_error_with_its_number)
{
    static const char *const bad[] = {"{", "[]", "{\"kind\":\"Pod\"}", ""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct workload workload;
        struct play_options options;
        struct play_result result;
        struct err err = {0};
        workload_init(&workload);
        workload_add_policy(&workload,
                            "{\"apiVersion\":\"scheduling.spillway.io/v1alpha1\",\"kind\":"
                            "\"ResourcePolicy\",\"metadata\":{\"name\":\"good\"},\"spec\":{}}");
        workload_add_policy(&workload, bad[i]);
        play_options_init(&options);
        cr_expect_lt(play_run(&workload, &options, &result, &err), 0, "%s", bad[i]);
        cr_expect_not_null(strstr(err.text, "policy 1 of the workload"), "%s", err.text);
        workload_fini(&workload);
    }
}

/* ---- the same again ---- */

static uint64_t hash_of(const char *name, uint32_t seed)
{
    const struct generator *generator = generator_find(name);
    const struct generate_options options = {.nodes = 40, .pods = 800, .hours = 6, .seed = seed};
    struct workload workload;
    struct play_options play;
    struct play_result result;
    struct err err = {0};
    workload_init(&workload);
    generator_run(generator, &options, &workload);
    play_options_init(&play);
    play.preempts = generator->preempts;
    play.until_ms = INT64_C(6) * 3600 * 1000;
    cr_assert_eq(play_run(&workload, &play, &result, &err), 0, "%s: %s", name, err.text);
    cr_expect_geq(result.bound, 300, "%s", name);
    uint64_t hash = result.bindings_hash;
    play_result_fini(&result);
    workload_fini(&workload);
    return hash;
}

Test(play, equal_workloads_give_equal_bindings_and_other_seeds_others)
{
    const struct generator *generator;
    for (uint32_t i = 0; (generator = generator_at(i)); i++) {
        uint64_t first = hash_of(generator->name, 1);
        cr_expect_eq(first, hash_of(generator->name, 1), "%s", generator->name);
        cr_expect_neq(first, hash_of(generator->name, 2), "%s", generator->name);
    }
}
