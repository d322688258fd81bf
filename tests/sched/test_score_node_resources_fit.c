/* kube-scheduler.md A11 and A18.1: LeastAllocated, MostAllocated, RequestedToCapacityRatio. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

/* One node; what a pod on it asks, what ours asks; strategy and resources as the flags give them.
 */
struct row {
    const char *strategy, *resources;
    const char *allocatable, *held, *asked;
    int64_t score;
};

static const struct row rows[] = {
    /* LeastAllocated.
     * 1. cpu (4000 - 2000) * 100 / 4000 = 50, memory (8 - 4) * 100 / 8 = 50 */
    {"LeastAllocated", NULL, "cpu=4, memory=8Gi", "cpu=1, memory=2Gi", "cpu=1, memory=2Gi", 50},
    /* 2. each division truncates: 200000 / 3000 = 66.6, 700 / 8 = 87.5; (66 + 87) / 2 = 76.5 */
    {"LeastAllocated", NULL, "cpu=3, memory=8Gi", "cpu=0, memory=0", "cpu=1, memory=1Gi", 76},
    /* 3. asking nothing counts 100m and 200Mi: 90 and 80 */
    {"LeastAllocated", NULL, "cpu=1, memory=1000Mi", "cpu=0, memory=0", NULL, 85},
    /* 4. asking 0 counts 0: 100 and 100 */
    {"LeastAllocated", NULL, "cpu=1, memory=1000Mi", "cpu=0, memory=0", "cpu=0, memory=0", 100},
    /* 5. on the node too: 1000 - 200 -> 80, 1000 - 400 -> 60 */
    {"LeastAllocated", NULL, "cpu=1, memory=1000Mi", NULL, NULL, 70},
    /* 6. more than there is scores 0: cpu 2000 of 1000 -> 0, memory 1000 - 400 -> 60; 60 / 2 */
    {"LeastAllocated", NULL, "cpu=1, memory=1000Mi", "cpu=1", "cpu=1", 30},
    /* 7. what the node has none of is left out: cpu 75 alone */
    {"LeastAllocated", NULL, "cpu=4", "cpu=0, memory=0", "cpu=1", 75},
    {"LeastAllocated", NULL, "", "cpu=0, memory=0", "cpu=1", 0},
    /* 8. weights: (75 * 3 + 50 * 1) / 4 = 68.75 */
    {"LeastAllocated", "cpu=3,memory=1", "cpu=4, memory=8Gi", "cpu=0, memory=0",
     "cpu=1, memory=4Gi", 68},
    /* 9. extended: cpu 75, gpu (8 - 4) * 100 / 8 = 50; (75 + 3 * 50) / 4 = 56.25 */
    {"LeastAllocated", "cpu=1,a.io/gpu=3", "cpu=4, a.io/gpu=8", "cpu=0, a.io/gpu=2",
     "cpu=1, a.io/gpu=2", 56},
    /* 10. extended and not asked for: left out, else (75 + 3 * 50) / 4 */
    {"LeastAllocated", "cpu=1,a.io/gpu=3", "cpu=4, a.io/gpu=8", "cpu=0, a.io/gpu=4", "cpu=1", 75},
    /* 11. ephemeral-storage is not left out, and has no stand-in: 75 and (10 - 5) * 10 = 50 */
    {"LeastAllocated", "cpu=1,ephemeral-storage=1", "cpu=4, ephemeral-storage=10Gi",
     "cpu=0, ephemeral-storage=5Gi", "cpu=1", 62},
    /* 12. products above 2^63 are exact: (2^62 - 2^60) * 100 / 2^62 = 75 */
    {"LeastAllocated", "memory=1", "memory=4Ei", "memory=0", "memory=1Ei", 75},

    /* MostAllocated.
     * 13. 2000 * 100 / 4000 = 50, 4 * 100 / 8 = 50 */
    {"MostAllocated", NULL, "cpu=4, memory=8Gi", "cpu=1, memory=2Gi", "cpu=1, memory=2Gi", 50},
    /* 14. 33.3 and 12.5: (33 + 12) / 2 = 22.5 */
    {"MostAllocated", NULL, "cpu=3, memory=8Gi", "cpu=0, memory=0", "cpu=1, memory=1Gi", 22},
    /* 15. more than there is counts as full: 100 and 40 */
    {"MostAllocated", NULL, "cpu=1, memory=1000Mi", "cpu=1", "cpu=1", 70},
    /* 16. cpu 25, gpu 4 * 100 / 8 = 50; (25 + 3 * 50) / 4 = 43.75 */
    {"MostAllocated", "cpu=1,a.io/gpu=3", "cpu=4, a.io/gpu=8", "cpu=0, a.io/gpu=2",
     "cpu=1, a.io/gpu=2", 43},

    /* RequestedToCapacityRatio.
     * 17. a straight line: 25 and 50; 37.5 rounds up */
    {"RequestedToCapacityRatio:0=0,100=10", NULL, "cpu=4, memory=8Gi", "cpu=0, memory=0",
     "cpu=1, memory=4Gi", 38},
    /* 18. what scores 0 is left out of the mean: cpu at 25 -> 0; memory at 75 ->
     *     0 + 100 * (75 - 50) / (100 - 50) = 50 */
    {"RequestedToCapacityRatio:50=0,100=10", NULL, "cpu=4, memory=8Gi", "cpu=0, memory=0",
     "cpu=1, memory=6Gi", 50},
    {"RequestedToCapacityRatio:50=0,100=10", NULL, "cpu=4, memory=8Gi", "cpu=0, memory=0",
     "cpu=1, memory=1Gi", 0},
    /* 19. falling: 100 - 100 * 25 / 100 = 75 */
    {"RequestedToCapacityRatio:0=10,100=0", "cpu=1", "cpu=4", "cpu=0", "cpu=1", 75},
    /* 20. truncation is toward 0: 100 + (-100 * 10) / 30 = 100 - 33 */
    {"RequestedToCapacityRatio:0=10,30=0", "cpu=1", "cpu=10", "cpu=0", "cpu=1", 67},
    /* 21. flat beyond both ends: 10 -> 20, 90 -> 80; 50 -> 20 + 60 * 30 / 60 = 50 */
    {"RequestedToCapacityRatio:20=2,80=8", "cpu=1", "cpu=10", "cpu=0", "cpu=1", 20},
    {"RequestedToCapacityRatio:20=2,80=8", "cpu=1", "cpu=10", "cpu=0", "cpu=9", 80},
    {"RequestedToCapacityRatio:20=2,80=8", "cpu=1", "cpu=10", "cpu=4", "cpu=1", 50},
    /* 22. more than there is counts as 100 */
    {"RequestedToCapacityRatio:0=0,100=10", "cpu=1", "cpu=1", "cpu=1", "cpu=1", 100},
    /* 23. weights: (25 * 3 + 50) / 4 = 31.25 */
    {"RequestedToCapacityRatio:0=0,100=10", "cpu=3,memory=1", "cpu=4, memory=8Gi",
     "cpu=0, memory=0", "cpu=1, memory=4Gi", 31},
};

static int64_t score_of(const struct row *row)
{
    struct fixture fixture;
    fixture_init(&fixture);
    struct score_config config;
    score_config_init(&config);
    cr_assert_eq(score_config_set_strategy(&config, row->strategy, NULL), 0);
    if (row->resources != NULL)
        cr_assert_eq(score_config_set_resources(&config, fixture.symbols, row->resources, NULL), 0);
    fixture_node(&fixture, &(struct fixture_node){.name = "n1", .allocatable = row->allocatable});
    fixture_pod(&fixture,
                &(struct fixture_pod){.name = "old", .node = "n1", .containers = row->held});
    int64_t scores_seen[PROBE_NODES_MAX];
    struct fixture_pod pod = {.name = "new", .containers = row->asked};
    cr_assert(probe_score(&fixture, &score_node_resources_fit, &config, &pod, 1, scores_seen));
    fixture_fini(&fixture);
    return scores_seen[0];
}

Test(score_node_resources_fit, follows_the_strategy)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        cr_expect_eq(score_of(&rows[i]), rows[i].score, "%s %s: node %s, held %s, asked %s: %lld",
                     rows[i].strategy, rows[i].resources ? rows[i].resources : "",
                     rows[i].allocatable, rows[i].held ? rows[i].held : "-",
                     rows[i].asked ? rows[i].asked : "-", (long long)score_of(&rows[i]));
}

Test(score_node_resources_fit, a_resource_no_node_offers_is_left_out)
{
    struct row row = {"LeastAllocated", "cpu=1,a.io/none=100", "cpu=4",
                      "cpu=0",          "cpu=1, a.io/none=1",  75};
    cr_assert_eq(score_of(&row), 75);
}

/* As v1.37 does. Held: 2 of 4 cpus and 4 of 8 Gi. Ours: 1 and 1 Gi of its container, not 2 and 4
 * Gi. cpu (4 - 3) * 100 / 4 = 25, memory (8 - 5) * 100 / 8 = 37.5; (25 + 37) / 2 */
Test(score_node_resources_fit, the_pod_level_counts_for_pods_on_the_node_but_not_for_ours)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_node(&fixture,
                 &(struct fixture_node){.name = "n1", .allocatable = "cpu=4, memory=8Gi"});
    fixture_pod(&fixture, &(struct fixture_pod){.name = "old",
                                                .node = "n1",
                                                .containers = "cpu=1, memory=1Gi",
                                                .pod_level = "cpu=2, memory=4Gi"});
    struct fixture_pod pod = {
        .name = "new", .containers = "cpu=1, memory=1Gi", .pod_level = "cpu=2, memory=4Gi"};
    int64_t seen[PROBE_NODES_MAX];
    cr_assert(probe_score(&fixture, &score_node_resources_fit, NULL, &pod, 1, seen));
    cr_expect_eq(seen[0], 31);
    fixture_fini(&fixture);
}
