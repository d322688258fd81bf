/* Step-limited search (architecture 5) and kube's sampling numbers (kube-scheduler.md A6). */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "sched/match.h"
#include "sched/walk.h"
#include "tests/sched/fixture.h"

/* nodes -> feasible nodes to find, percentage 0 (elastic-policies.md 7.1, computed by the formula)
 */
static const struct {
    uint32_t nodes, percentage, target;
} kube_targets[] = {
    {50, 0, 50},     {99, 0, 99},       {100, 0, 100},   {250, 0, 120},
    {500, 0, 230},   {1000, 0, 420},    {2000, 0, 680},  {2500, 0, 750},
    {5000, 0, 500},  {5625, 0, 281},    {10000, 0, 500}, {15000, 0, 750},
    {1000, 40, 400}, {1000, 100, 1000}, {200, 10, 100},  {50, 10, 50},
};

Test(walk, kube_targets_follow_the_formula)
{
    for (size_t i = 0; i < ARRAY_LEN(kube_targets); i++)
        cr_expect_eq(walk_kube_target(kube_targets[i].nodes, kube_targets[i].percentage),
                     kube_targets[i].target, "%u nodes, %u %%", kube_targets[i].nodes,
                     kube_targets[i].percentage);
}

struct search {
    struct fixture fixture;
    struct nominator nominator;
    uint32_t cursor;
    struct walk walk;
};

static void search_init(struct search *search)
{
    fixture_init(&search->fixture);
    nominator_init(&search->nominator);
    search->cursor = 0;
    walk_init(&search->walk);
}

static void search_fini(struct search *search)
{
    walk_fini(&search->walk);
    nominator_fini(&search->nominator);
    fixture_fini(&search->fixture);
}

static void search_add_node(struct search *search, uint32_t number, const char *cpu)
{
    char name[32], allocatable[64];
    (void)snprintf(name, sizeof(name), "n%u", number);
    (void)snprintf(allocatable, sizeof(allocatable), "cpu=%s, memory=4Gi", cpu);
    (void)fixture_node(&search->fixture,
                       &(struct fixture_node){.name = name, .allocatable = allocatable});
}

static void search_run(struct search *search, struct pod *pod, struct walk_limits limits)
{
    static const struct unit_types plain = {.count = 1};
    struct cluster *cluster = &search->fixture.cluster;
    const struct walk_scope scope = {
        .nodes = &cluster->nodes.present,
        .matching = match_sync(cluster, pod->shape, &plain, UNIT_TYPE_ANY),
        .cursor = &search->cursor,
    };
    walk_run(&search->walk, &scope, cluster, &search->nominator, pod, limits);
}

Test(walk, stops_after_the_step_in_which_enough_were_found)
{
    struct search search;
    search_init(&search);
    for (uint32_t i = 0; i < 1000; i++)
        search_add_node(&search, i, "4");
    struct pod *pod =
        fixture_pod(&search.fixture, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    /* step, target -> visited = found: the first multiple of the step at or above the target */
    static const struct {
        uint32_t step, target, visited;
    } rows[] = {{64, 100, 128}, {1, 100, 100}, {10, 95, 100},
                {200, 1, 200},  {7, 8, 14},    {5000, 1, 1000}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        search_run(&search, pod, (struct walk_limits){rows[i].step, rows[i].target});
        cr_expect_eq(search.walk.visited, rows[i].visited, "row %zu: %u", i, search.walk.visited);
        cr_expect_eq(search.walk.count, rows[i].visited, "row %zu", i);
    }
    search_fini(&search);
}

Test(walk, the_cursor_goes_on_where_the_last_walk_ended_and_round)
{
    struct search search;
    search_init(&search);
    for (uint32_t i = 0; i < 150; i++)
        search_add_node(&search, i, "4");
    struct pod *pod =
        fixture_pod(&search.fixture, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    uint32_t next = 0;
    for (uint32_t walk = 0; walk < 10; walk++) {
        search_run(&search, pod, (struct walk_limits){1, 40});
        cr_assert_eq(search.walk.count, 40);
        for (uint32_t i = 0; i < 40; i++, next = (next + 1) % 150)
            cr_assert_eq(search.walk.slots[i], next, "walk %u", walk);
    }
    search_fini(&search);
}

/* The one node with room is found wherever it is, whatever the limits: "no node" is never concluded
 * from a sample. */
Test(walk, finds_the_last_free_node_from_any_cursor)
{
    struct search search;
    search_init(&search);
    for (uint32_t i = 0; i < 300; i++)
        search_add_node(&search, i, i == 177 ? "4" : "1");
    struct pod *pod =
        fixture_pod(&search.fixture, &(struct fixture_pod){.name = "p", .containers = "cpu=2"});
    for (uint32_t cursor = 0; cursor < 300; cursor += 13) {
        search.cursor = cursor;
        search_run(&search, pod, (struct walk_limits){64, 1});
        cr_assert_eq(search.walk.count, 1, "cursor %u", cursor);
        cr_assert_eq(search.walk.slots[0], 177, "cursor %u", cursor);
    }
    struct pod *giant =
        fixture_pod(&search.fixture, &(struct fixture_pod){.name = "g", .containers = "cpu=5"});
    search_run(&search, giant, (struct walk_limits){64, 1});
    cr_expect_eq(search.walk.count, 0);
    cr_expect_eq(search.walk.visited, 300);
    search_fini(&search);
}

static bool naive_fits(const struct cluster *cluster, const struct pod *pod, uint32_t slot)
{
    const struct filter_input in = {.cluster = cluster, .shape = pod->shape};
    struct reasons reasons = {0};
    enum plugin refused_by;
    return filters_explain(&in, slot, &reasons, &refused_by) == VERDICT_FIT;
}

/* Pods come and go on nodes with taints and labels; after each, the unlimited walk equals the scan
 * that knows no bitset, no summary and no cursor. */
Test(walk, without_a_limit_it_equals_the_full_scan)
{
    static const char *const taints[] = {NULL, "a:NoSchedule", "b=1:NoExecute"};
    static const char *const tolerations[] = {NULL, "a", "b=1:NoExecute"};
    static const char *const cpus[] = {"cpu=500m", "cpu=2", "cpu=1, memory=1Gi", "memory=3Gi"};
    struct search search;
    struct rng rng;
    rng_init(&rng, 20261122);
    search_init(&search);
    struct pod *placed[400] = {0};
    for (uint32_t step = 0; step < 3000; step++) {
        char name[32];
        uint32_t number = (uint32_t)rng_below(&rng, 200);
        (void)snprintf(name, sizeof(name), "n%u", number);
        if (rng_below(&rng, 10) == 0)
            (void)fixture_node(&search.fixture,
                               &(struct fixture_node){.name = name,
                                                      .allocatable = "cpu=4, memory=4Gi",
                                                      .taints = taints[rng_below(&rng, 3)]});
        uint32_t index = (uint32_t)rng_below(&rng, ARRAY_LEN(placed));
        if (placed[index]) {
            (void)cluster_drop_pod(&search.fixture.cluster, placed[index]);
            placed[index] = NULL;
            continue;
        }
        (void)snprintf(name, sizeof(name), "p%u", step);
        struct pod *pod = fixture_pod(
            &search.fixture, &(struct fixture_pod){.name = name,
                                                   .containers = cpus[rng_below(&rng, 4)],
                                                   .tolerations = tolerations[rng_below(&rng, 3)]});
        search_run(&search, pod, (struct walk_limits){64, WALK_NO_TARGET});
        struct cluster *cluster = &search.fixture.cluster;
        uint32_t expected = 0;
        for (uint32_t slot = bitset_next(&cluster->nodes.present, 0); slot != UINT32_MAX;
             slot = bitset_next(&cluster->nodes.present, slot + 1))
            expected += naive_fits(cluster, pod, slot);
        cr_assert_eq(search.walk.count, expected, "step %u", step);
        for (uint32_t i = 0; i < search.walk.count; i++)
            cr_assert(naive_fits(cluster, pod, search.walk.slots[i]), "step %u", step);
        if (search.walk.count == 0) {
            (void)cluster_drop_pod(cluster, pod);
            continue;
        }
        cluster_assume(cluster, pod, search.walk.slots[rng_below(&rng, search.walk.count)]);
        placed[index] = pod;
        if (step % 64 == 0)
            cluster_check(cluster);
    }
    search_fini(&search);
}
