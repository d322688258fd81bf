/* A workload on a store, a scheduler by hand, and what it came to. */
#include "bench/store_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/store_fixture.h"

enum { HOUR_MS = 3600 * 1000 };

struct rig {
    struct fixture fixture;
    struct workload workload;
    struct store_world *world;
};

static void rig_init(struct rig *rig)
{
    fixture_init(&rig->fixture, NULL);
    workload_init(&rig->workload);
    rig->world = NULL;
}

static void rig_begin(struct rig *rig, int64_t until_ms)
{
    workload_sort(&rig->workload);
    rig->world = store_world_new(&(struct store_world_options){
        .workload = &rig->workload, .store = rig->fixture.store, .until_ms = until_ms});
    store_world_step(rig->world, 0);
}

static void rig_fini(struct rig *rig)
{
    store_world_free(rig->world);
    workload_fini(&rig->workload);
    fixture_fini(&rig->fixture);
}

static uint32_t intern(struct rig *rig, const char *text)
{
    return symbol_intern(rig->workload.symbols, str_from(text));
}

/* Four cores, 8 GiB; 2.00 an hour. */
static void add_node(struct rig *rig, const char *name, int64_t joins_ms, int64_t leaves_ms)
{
    const struct workload_node_kind kind = {
        .offers = {.cpu_milli = 4000, .memory_bytes = INT64_C(8) << 30},
        .pods = 10,
        .unit_sym = intern(rig, "ecs"),
        .price_micro_per_hour = 2000000};
    uint32_t number = workload_add_node_kind(&rig->workload, &kind);
    workload_add_node(&rig->workload,
                      &(struct workload_node){intern(rig, name), number, joins_ms, leaves_ms});
}

/* Three cores; there from the beginning. */
static void add_pod(struct rig *rig, const char *name, int64_t runs_ms, int64_t gone_ms)
{
    const struct workload_pod_kind kind = {.asks = {.cpu_milli = 3000}};
    workload_add_pod(&rig->workload,
                     &(struct workload_pod){.name_sym = intern(rig, name),
                                            .kind = workload_add_pod_kind(&rig->workload, &kind),
                                            .runs_ms = runs_ms,
                                            .gone_ms = gone_ms});
}

static void bind(struct rig *rig, const char *pod, const char *node)
{
    cr_assert_eq(fixture_bind(&rig->fixture, pod, node), 0, "%s", rig->fixture.status.message);
}

static bool has_pod(struct rig *rig, const char *name)
{
    return fixture_get(&rig->fixture, KIND_POD, name) != NULL;
}

/* PodScheduled=False in these words, by a scheduler's patch. */
static void refuse(struct rig *rig, const char *pod, const char *message, const char *reason)
{
    char patch[512];
    (void)snprintf(patch, sizeof(patch),
                   "{\"status\":{\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\","
                   "\"reason\":\"%s\",\"message\":\"%s\"}]}}",
                   reason, message);
    cr_assert_eq(fixture_patch(&rig->fixture, KIND_POD, pod, SUB_STATUS, PATCH_STRATEGIC, patch), 0,
                 "%s", rig->fixture.status.message);
}

/* A node of 2.00 an hour for an hour; on it a pod of three of its four cores for half of that.
 * Samples are due each hour / 288 + 1 = 12,501 ms: 143 in the first half, 144 in the second. */
Test(store_world, what_runs_is_measured_over_the_time_it_runs)
{
    struct rig rig;
    rig_init(&rig);
    add_node(&rig, "n1", 0, INT64_MAX);
    add_pod(&rig, "a", HOUR_MS / 2, INT64_MAX);
    rig_begin(&rig, HOUR_MS);
    cr_expect_eq(store_world_counts(rig.world).undecided, 1);
    bind(&rig, "a", "n1");
    store_world_step(rig.world, 0);
    cr_expect_eq(store_world_counts(rig.world).bound, 1);
    cr_expect_eq(store_world_next_ms(rig.world), HOUR_MS / 2);
    store_world_step(rig.world, HOUR_MS / 2);
    cr_expect_not(has_pod(&rig, "a"));
    const struct play_result *result = store_world_end(rig.world, false);
    cr_expect_eq(result->created, 1);
    cr_expect_eq(result->bound, 1);
    cr_expect_eq(result->done, 1);
    cr_expect_eq(result->deleted, 0);
    cr_expect_eq(result->waiting, 0);
    cr_expect_eq(result->span_ms, HOUR_MS);
    const struct play_meter *meter = &result->meter;
    cr_assert_eq(meter->unit_count, 1);
    cr_expect_eq(meter->units[0].binds, 1);
    cr_expect_eq(meter->units[0].pod_ms, HOUR_MS / 2);
    cr_expect_float_eq(play_unit_cost_micro(&meter->units[0]), 2e6, 1e-6);
    cr_expect_eq(meter->sample_count, 143 + 144);
    cr_expect_float_eq(play_meter_allocated(meter, 0), 0.75 * 143 / 287, 1e-9);
    cr_expect_float_eq(play_meter_fragmented(meter, 0), 1.0 * 143 / 287, 1e-9);
    cr_expect_float_eq(play_meter_nodes_used(meter), 1.0 * 143 / 287, 1e-9);
    rig_fini(&rig);
}

/* Without an end of its own the time is over once all are bound and nothing is due. */
Test(store_world, what_comes_after_the_end_costs_nothing)
{
    struct rig rig;
    rig_init(&rig);
    add_node(&rig, "n1", 0, HOUR_MS);
    add_pod(&rig, "a", INT64_MAX, INT64_C(2) * HOUR_MS);
    rig_begin(&rig, INT64_MAX);
    refuse(&rig, "a", "0/1 nodes are available.", "Unschedulable");
    store_world_step(rig.world, HOUR_MS);
    store_world_step(rig.world, 2 * HOUR_MS);
    store_world_step(rig.world, 5 * HOUR_MS);
    const struct play_result *result = store_world_end(rig.world, false);
    cr_expect_eq(result->span_ms, 2 * HOUR_MS);
    cr_expect_float_eq(play_unit_cost_micro(&result->meter.units[0]), 2e6, 1e-6);
    cr_expect_eq(play_meter_last(&result->meter)->at_ms <= 2 * HOUR_MS, true);
    rig_fini(&rig);
}

Test(store_world, a_node_that_leaves_takes_its_pods_and_they_come_again)
{
    struct rig rig;
    rig_init(&rig);
    add_node(&rig, "n1", 0, 5000);
    add_node(&rig, "n2", 0, INT64_MAX);
    add_pod(&rig, "a", INT64_MAX, INT64_MAX);
    add_pod(&rig, "b", INT64_MAX, INT64_MAX);
    rig_begin(&rig, HOUR_MS);
    bind(&rig, "a", "n1");
    bind(&rig, "b", "n2");
    store_world_step(rig.world, 4999);
    cr_expect(has_pod(&rig, "a"));
    store_world_step(rig.world, 5000);
    cr_expect_not(has_pod(&rig, "a"));
    cr_expect_null(fixture_get(&rig.fixture, KIND_NODE, "n1"));
    store_world_step(rig.world, 5000 + PLAY_AGAIN_MS - 1);
    cr_expect_not(has_pod(&rig, "a-r1"));
    store_world_step(rig.world, 5000 + PLAY_AGAIN_MS);
    cr_expect(has_pod(&rig, "a-r1"));
    const struct play_result *result = store_world_end(rig.world, false);
    struct play_sample now;
    play_meter_look(&result->meter, &now);
    cr_expect_eq(now.nodes, 1);
    cr_expect_eq(now.nodes_used, 1);
    cr_expect_float_eq(now.allocated[0], 0.75, 1e-9, "what n1 offered is gone with what it held");
    cr_expect_eq(result->again, 1);
    cr_expect_eq(result->deleted, 1);
    cr_expect_eq(result->evicted, 0, "nobody preempted it");
    cr_expect_eq(result->waiting, 1);
    rig_fini(&rig);
}

Test(store_world, a_node_takes_the_place_of_the_one_of_its_name)
{
    struct rig rig;
    rig_init(&rig);
    add_node(&rig, "n1", 0, INT64_C(2) * HOUR_MS);
    add_node(&rig, "n1", 1000, INT64_MAX);
    add_pod(&rig, "a", INT64_MAX, INT64_MAX);
    rig_begin(&rig, INT64_C(3) * HOUR_MS);
    bind(&rig, "a", "n1");
    store_world_step(rig.world, 999);
    store_world_step(rig.world, 1000);
    cr_expect_not(has_pod(&rig, "a"), "it went with the first one");
    cr_expect_not_null(fixture_get(&rig.fixture, KIND_NODE, "n1"));
    store_world_step(rig.world, 2 * HOUR_MS);
    cr_expect_not_null(fixture_get(&rig.fixture, KIND_NODE, "n1"), "only the first one leaves");
    const struct play_result *result = store_world_end(rig.world, false);
    cr_expect_eq(result->meter.units[0].nodes, 1);
    cr_expect_float_eq(play_unit_cost_micro(&result->meter.units[0]), 6e6, 1e-6);
    rig_fini(&rig);
}

/* How a scheduler may ask for a victim's end, and whether the world has seen its bind by then. */
static const struct {
    const char *what;
    int64_t grace_s; /* -1: its own, 30 s: only a deletionTimestamp */
    bool was_seen;
} evictions[] = {
    {"with the grace it has", -1, true},
    {"at once", 0, true},
    {"with grace, bound a moment ago", -1, false},
    {"at once, bound a moment ago", 0, false},
};

Test(store_world, a_victim_gives_its_room_back_and_comes_again)
{
    for (size_t i = 0; i < ARRAY_LEN(evictions); i++) {
        struct rig rig;
        rig_init(&rig);
        add_node(&rig, "n1", 0, INT64_MAX);
        add_pod(&rig, "a", INT64_MAX, INT64_MAX);
        rig_begin(&rig, HOUR_MS);
        bind(&rig, "a", "n1");
        if (evictions[i].was_seen)
            store_world_step(rig.world, 1000);
        cr_assert_eq(
            fixture_delete(&rig.fixture, KIND_POD, "a", evictions[i].grace_s, PROPAGATE_BACKGROUND),
            0);
        cr_expect_eq(has_pod(&rig, "a"), evictions[i].grace_s != 0, "%s", evictions[i].what);
        store_world_step(rig.world, 2000);
        cr_expect_not(has_pod(&rig, "a"), "%s", evictions[i].what);
        store_world_step(rig.world, 2000 + PLAY_AGAIN_MS);
        cr_expect(has_pod(&rig, "a-r1"), "%s", evictions[i].what);
        bind(&rig, "a-r1", "n1");
        const struct play_result *result = store_world_end(rig.world, false);
        struct play_sample now;
        play_meter_look(&result->meter, &now);
        cr_expect_float_eq(now.allocated[0], 0.75, 1e-9, "%s", evictions[i].what);
        cr_expect_eq(result->created, 2, "%s", evictions[i].what);
        cr_expect_eq(result->again, 1, "%s", evictions[i].what);
        cr_expect_eq(result->bound, 2, "%s", evictions[i].what);
        cr_expect_eq(result->deleted, 1, "%s", evictions[i].what);
        cr_expect_eq(result->evicted, 1, "%s", evictions[i].what);
        cr_expect_eq(result->waiting, 0, "%s", evictions[i].what);
        rig_fini(&rig);
    }
}

Test(store_world, what_its_owner_deletes_was_not_evicted)
{
    struct rig rig;
    rig_init(&rig);
    add_node(&rig, "n1", 0, INT64_MAX);
    add_pod(&rig, "a", INT64_MAX, 2000);
    add_pod(&rig, "waits", INT64_MAX, 2000);
    rig_begin(&rig, HOUR_MS);
    bind(&rig, "a", "n1");
    store_world_step(rig.world, 1000);
    store_world_step(rig.world, 2000);
    store_world_step(rig.world, 4000);
    const struct play_result *result = store_world_end(rig.world, false);
    cr_expect_eq(result->deleted, 2);
    cr_expect_eq(result->evicted, 0);
    cr_expect_eq(result->again, 0);
    cr_expect_eq(result->waiting, 0);
    rig_fini(&rig);
}

Test(store_world, a_refusal_counts_once_and_again_in_other_words)
{
    static const char cpu[] = "0/1 nodes are available: 1 Insufficient cpu.";
    static const char memory[] = "0/1 nodes are available: 1 Insufficient memory.";
    struct rig rig;
    rig_init(&rig);
    add_node(&rig, "n1", 0, INT64_MAX);
    add_pod(&rig, "a", INT64_MAX, INT64_MAX);
    add_pod(&rig, "b", INT64_MAX, INT64_MAX);
    add_pod(&rig, "c", INT64_MAX, INT64_MAX);
    rig_begin(&rig, HOUR_MS);
    refuse(&rig, "a", cpu, "Unschedulable");
    refuse(&rig, "a", cpu, "SchedulerError"); /* a change, in the same words */
    refuse(&rig, "b", cpu, "Unschedulable");
    refuse(&rig, "b", memory, "Unschedulable");
    cr_expect_eq(store_world_counts(rig.world).undecided, 1);
    bind(&rig, "a", "n1");
    const struct play_result *result = store_world_end(rig.world, false);
    cr_expect_eq(result->refusals, 3);
    cr_expect_eq(result->attempts, 3 + 1);
    cr_expect_eq(result->waiting, 2, "b and c");
    cr_assert_eq(result->reasons.count, 2);
    cr_expect_str_eq(result->reasons.items[0].text, "N/N nodes are available: N Insufficient cpu.");
    cr_expect_eq(result->reasons.items[0].refusals, 2);
    cr_expect_eq(result->reasons.items[0].waiting, 0, "a is bound, b was told something else");
    cr_expect_str_eq(result->reasons.items[1].text,
                     "N/N nodes are available: N Insufficient memory.");
    cr_expect_eq(result->reasons.items[1].refusals, 1);
    cr_expect_eq(result->reasons.items[1].waiting, 1);
    rig_fini(&rig);
}

/* "pod node" in the order of the binds, and the workload's time of the second. */
static uint64_t hash_of(const char *const binds[][2], size_t count, int64_t second_ms)
{
    struct rig rig;
    rig_init(&rig);
    add_node(&rig, "n1", 0, INT64_MAX);
    add_node(&rig, "n2", 0, INT64_MAX);
    add_pod(&rig, "a", INT64_MAX, INT64_MAX);
    add_pod(&rig, "b", INT64_MAX, INT64_MAX);
    rig_begin(&rig, HOUR_MS);
    for (size_t i = 0; i < count; i++) {
        bind(&rig, binds[i][0], binds[i][1]);
        store_world_step(rig.world, second_ms);
    }
    uint64_t hash = store_world_end(rig.world, false)->bindings_hash;
    rig_fini(&rig);
    return hash;
}

Test(store_world, equal_bindings_have_equal_hashes_whenever_they_came)
{
    static const char *const one[][2] = {{"a", "n1"}, {"b", "n2"}};
    static const char *const turned[][2] = {{"b", "n2"}, {"a", "n1"}};
    static const char *const crossed[][2] = {{"a", "n2"}, {"b", "n1"}};
    static const char *const together[][2] = {{"a", "n1"}, {"b", "n1"}};
    uint64_t hash = hash_of(one, 2, 0);
    cr_expect_eq(hash_of(turned, 2, 0), hash);
    cr_expect_eq(hash_of(one, 2, 777), hash);
    cr_expect_neq(hash_of(crossed, 2, 0), hash);
    cr_expect_neq(hash_of(together, 2, 0), hash);
    cr_expect_neq(hash_of(one, 1, 0), hash);
    cr_expect_eq(hash_of(one, 0, 0), 0);
}
