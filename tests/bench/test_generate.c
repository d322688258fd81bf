/* Each generator makes what its name and its line of help say. */
#include "bench/generate.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "bench/play_object.h"
#include "model/base/check.h"

enum { HOUR_MS = 3600 * 1000 };

static void make(struct workload *workload, const char *name, uint32_t nodes, uint32_t pods,
                 uint64_t seed)
{
    const struct generator *generator = generator_find(name);
    cr_assert_not_null(generator, "%s", name);
    workload_init(workload);
    generator_run(
        generator,
        &(struct generate_options){.nodes = nodes, .pods = pods, .hours = 24, .seed = seed},
        workload);
}

static bool pods_are_equal(const struct workload *a, const struct workload *b)
{
    if (a->pod_count != b->pod_count || a->pod_kind_count != b->pod_kind_count)
        return false;
    for (uint32_t i = 0; i < a->pod_count; i++) {
        const struct workload_pod *x = &a->pods[i], *y = &b->pods[i];
        if (strcmp(symbol_text(a->symbols, x->name_sym), symbol_text(b->symbols, y->name_sym)) ||
            x->kind != y->kind || x->created_ms != y->created_ms || x->runs_ms != y->runs_ms ||
            x->gone_ms != y->gone_ms)
            return false;
    }
    return true;
}

Test(generate, a_seed_makes_one_workload_and_another_seed_another)
{
    const struct generator *generator;
    for (uint32_t i = 0; (generator = generator_at(i)); i++) {
        struct workload first, again, other;
        make(&first, generator->name, 50, 1000, 1);
        make(&again, generator->name, 50, 1000, 1);
        make(&other, generator->name, 50, 1000, 2);
        cr_expect(pods_are_equal(&first, &again), "%s", generator->name);
        cr_expect_not(pods_are_equal(&first, &other), "%s", generator->name);
        workload_fini(&first);
        workload_fini(&again);
        workload_fini(&other);
    }
}

Test(generate, names_are_found_and_unknown_ones_are_not)
{
    static const char *const names[] = {"steady",       "morning",    "flash",      "rollout",
                                        "pool-failure", "priorities", "elastic-day"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        cr_expect_not_null(generator_find(names[i]), "%s", names[i]);
    cr_expect_null(generator_find("Steady"));
    cr_expect_null(generator_find(""));
    cr_expect_null(generator_at(ARRAY_LEN(names)));
}

static int compare_symbols(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Names once each, times within the span and in order, as many as were asked for. */
static void expect_sound(const struct workload *workload, const char *name, uint32_t nodes,
                         uint32_t pods)
{
    static uint32_t names[GENERATE_PODS_MAX];
    cr_expect_leq(workload->pod_count, pods, "%s", name);
    cr_expect_geq(workload->pod_count, pods - pods / 10, "%s", name);
    uint32_t at_first = 0;
    for (uint32_t i = 0; i < workload->node_count; i++)
        at_first += workload->nodes[i].joins_ms == 0;
    cr_expect_eq(at_first, nodes, "%s: %u", name, at_first);
    for (uint32_t i = 0; i < workload->pod_count; i++) {
        const struct workload_pod *pod = &workload->pods[i];
        names[i] = pod->name_sym;
        cr_assert_lt(pod->created_ms, INT64_C(24) * HOUR_MS, "%s", name);
        cr_assert(i == 0 || pod->created_ms >= workload->pods[i - 1].created_ms, "%s", name);
    }
    qsort(names, workload->pod_count, sizeof(names[0]), compare_symbols);
    for (uint32_t i = 1; i < workload->pod_count; i++)
        cr_assert_neq(names[i], names[i - 1], "%s: a name twice", name);
}

Test(generate, the_smallest_and_the_usual_have_what_was_asked_for)
{
    const struct generator *generator;
    for (uint32_t i = 0; (generator = generator_at(i)); i++) {
        struct workload workload;
        make(&workload, generator->name, GENERATE_NODES_MIN, GENERATE_PODS_MIN, 1);
        expect_sound(&workload, generator->name, GENERATE_NODES_MIN, GENERATE_PODS_MIN);
        workload_fini(&workload);
        make(&workload, generator->name, 1000, 20000, 1);
        expect_sound(&workload, generator->name, 1000, 20000);
        workload_fini(&workload);
    }
}

Test(generate, the_largest_fits_the_limits_of_a_workload)
{
    struct workload workload;
    make(&workload, "elastic-day", GENERATE_NODES_MAX, GENERATE_PODS_MAX, 1);
    expect_sound(&workload, "elastic-day", GENERATE_NODES_MAX, GENERATE_PODS_MAX);
    workload_fini(&workload);
}

/* Every pod fits on an empty node of the smallest size, so that none waits for ever. */
Test(generate, no_pod_is_larger_than_the_smallest_node)
{
    const struct generator *generator;
    for (uint32_t i = 0; (generator = generator_at(i)); i++) {
        struct workload workload;
        make(&workload, generator->name, 1000, GENERATE_PODS_MIN, 1);
        for (uint32_t k = 0; k < workload.pod_kind_count; k++) {
            cr_expect_leq(workload.pod_kinds[k].asks.cpu_milli, 16000, "%s", generator->name);
            cr_expect_leq(workload.pod_kinds[k].asks.memory_bytes, INT64_C(64) << 30, "%s",
                          generator->name);
        }
        workload_fini(&workload);
    }
}

/* ---- what each is about ---- */

static uint32_t created_within(const struct workload *workload, int64_t from_ms, int64_t to_ms)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < workload->pod_count; i++)
        count += workload->pods[i].created_ms >= from_ms && workload->pods[i].created_ms < to_ms;
    return count;
}

Test(generate, steady_is_even)
{
    struct workload workload;
    make(&workload, "steady", 100, 24000, 1);
    for (int64_t hour = 0; hour < 24; hour++) {
        uint32_t count = created_within(&workload, hour * HOUR_MS, (hour + 1) * HOUR_MS);
        cr_expect(count >= 999 && count <= 1001, "hour %d: %u", (int)hour, count);
    }
    workload_fini(&workload);
}

Test(generate, flash_has_one_half_hour_of_ten_times_as_many)
{
    struct workload workload;
    uint32_t most = 0, usual = 0;
    make(&workload, "flash", 100, 57000, 1);
    for (int64_t half = 0; half < 48; half++) {
        uint32_t count = created_within(&workload, half * HOUR_MS / 2, (half + 1) * HOUR_MS / 2);
        most = count > most ? count : most;
        usual += count > 990 && count < 1010;
    }
    cr_expect_eq(usual, 47);
    cr_expect(most > 9990 && most < 10010, "%u", most);
    workload_fini(&workload);
}

Test(generate, morning_brings_a_third_of_the_day_within_two_hours)
{
    struct workload workload;
    make(&workload, "morning", 100, 24000, 1);
    uint32_t morning = created_within(&workload, INT64_C(7) * HOUR_MS, INT64_C(9) * HOUR_MS);
    cr_expect(morning > 24000 * 3 / 10 && morning < 24000 * 35 / 100, "%u", morning);
    cr_expect_lt(created_within(&workload, 0, INT64_C(6) * HOUR_MS), 24000 / 20);
    workload_fini(&workload);
}

Test(generate, rollout_replaces_each_pod_by_one_that_came_before_it_went)
{
    struct workload workload;
    make(&workload, "rollout", 100, 2000, 1);
    uint32_t old = 0, replaced = 0;
    for (uint32_t i = 0; i < workload.pod_count; i++) {
        const struct workload_pod *pod = &workload.pods[i];
        old += pod->gone_ms != INT64_MAX;
        if (pod->gone_ms == INT64_MAX)
            continue;
        bool is_replaced = false;
        for (uint32_t n = 0; n < workload.pod_count && !is_replaced; n++)
            is_replaced = workload.pods[n].gone_ms == INT64_MAX &&
                          workload.pods[n].kind == pod->kind &&
                          workload.pods[n].created_ms + 5000 == pod->gone_ms;
        replaced += is_replaced;
        cr_expect_geq(pod->gone_ms, INT64_C(12) * HOUR_MS);
        cr_expect_leq(pod->gone_ms, INT64_C(13) * HOUR_MS + 5000);
    }
    cr_expect_eq(old, 1000);
    cr_expect_eq(replaced, 1000);
    workload_fini(&workload);
}

Test(generate, pool_failure_takes_a_quarter_at_once_and_gives_it_back)
{
    struct workload workload;
    make(&workload, "pool-failure", 101, 1000, 1);
    uint32_t lost = 0, back = 0;
    for (uint32_t i = 0; i < workload.node_count; i++) {
        const struct workload_node *node = &workload.nodes[i];
        lost += node->leaves_ms == INT64_C(12) * HOUR_MS;
        back += node->joins_ms == INT64_C(14) * HOUR_MS;
        cr_expect(node->leaves_ms == INT64_MAX || node->leaves_ms == INT64_C(12) * HOUR_MS);
    }
    cr_expect_eq(lost, 25);
    cr_expect_eq(back, 25);
    workload_fini(&workload);
}

Test(generate, priorities_are_three_and_the_highest_comes_in_four_bursts)
{
    struct workload workload;
    make(&workload, "priorities", 100, 10000, 1);
    uint32_t counts[3] = {0}, hours = 0;
    bool has_high[24] = {false};
    for (uint32_t i = 0; i < workload.pod_count; i++) {
        int32_t priority = workload.pod_kinds[workload.pods[i].kind].priority;
        cr_assert(priority == 0 || priority == 1000 || priority == 100000);
        counts[priority == 0 ? 0 : priority == 1000 ? 1 : 2]++;
        if (priority == 100000)
            has_high[workload.pods[i].created_ms / HOUR_MS] = true;
    }
    for (size_t hour = 0; hour < ARRAY_LEN(has_high); hour++)
        hours += has_high[hour];
    cr_expect_eq(hours, 4);
    cr_expect_eq(counts[0], 5000);
    cr_expect_eq(counts[1], 3000);
    cr_expect_eq(counts[2], 2000);
    cr_expect(generator_find("priorities")->preempts);
    workload_fini(&workload);
}

/* ---- the elastic day ---- */

struct policy_seen {
    struct workload *workload;
    uint32_t good;
    int64_t pods_max, spot_milli; /* of all */
};

static void on_policy(void *ctx, const struct policy_object *object)
{
    struct policy_seen *seen = ctx;
    static const char *const names[] = {"reserved", "spot", "serverless"};
    static const char *const types[] = {"ecs", "spot", "eci"};
    const struct symbols *symbols = seen->workload->symbols;
    cr_assert_eq(object->unit_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        cr_expect(str_is(object->units[i].name, names[i]));
        cr_expect(str_is(object->units[i].resource, types[i]));
    }
    cr_expect(str_is(object->next_policy, "TimeoutOrExceedMax"));
    cr_assert_eq(object->selector_count, 1);
    cr_expect_str_eq(symbol_text(symbols, object->selector[0].key_sym), "app");
    cr_assert_eq(object->units[0].node_selector_count, 1, "spot machines are machines too");
    cr_expect_str_eq(symbol_text(symbols, object->units[0].node_selector[0].value_sym),
                     "on-demand");
    seen->pods_max += strtoll(object->units[0].max.ptr, NULL, 10);
    seen->spot_milli += object->units[1].max_resources.items[0].amount;
    seen->good++;
}

Test(generate, elastic_day_has_a_policy_an_application_and_reserved_room_for_what_it_allows)
{
    struct workload workload;
    make(&workload, "elastic-day", 1000, 50000, 1);
    struct policy_seen seen = {.workload = &workload};
    struct err err = {0};
    cr_assert_eq(workload.policy_count, GENERATE_APPS);
    for (uint32_t i = 0; i < workload.policy_count; i++)
        cr_assert_eq(play_policy_read(&workload, i, on_policy, &seen, &err), 0, "%s", err.text);
    cr_expect_eq(seen.good, GENERATE_APPS);
    int64_t spot_milli = 0, mean_milli = 0;
    uint32_t reserved = 0, spot = 0, virtual_nodes = 0, reclaimed = 0;
    for (uint32_t i = 0; i < workload.node_count; i++) {
        const struct workload_node *node = &workload.nodes[i];
        const struct workload_node_kind *kind = &workload.node_kinds[node->kind];
        const char *unit = symbol_text(workload.symbols, kind->unit_sym);
        bool is_first = node->joins_ms == 0;
        reserved += is_first && strcmp(unit, "ecs") == 0;
        spot += is_first && strcmp(unit, "spot") == 0;
        virtual_nodes += strcmp(unit, "eci") == 0;
        reclaimed += node->leaves_ms == INT64_C(12) * HOUR_MS;
        if (is_first && strcmp(unit, "spot") == 0)
            spot_milli += kind->offers.cpu_milli;
    }
    for (uint32_t i = 0; i < workload.pod_kind_count; i++)
        mean_milli += workload.pod_kinds[i].asks.cpu_milli / workload.pod_kind_count;
    cr_expect_eq(reserved, 600);
    cr_expect_eq(virtual_nodes, 3);
    cr_expect_eq(spot, 397);
    cr_expect_eq(reclaimed, 198);
    cr_expect_lt(seen.spot_milli, spot_milli, "the quota is below the room");
    cr_expect_gt(seen.spot_milli, spot_milli / 2);
    cr_expect_lt(seen.pods_max * mean_milli, INT64_C(600) * 64000);
    workload_fini(&workload);
}
