/* kube-scheduler.md A11, A17, A18.1: NodeResourcesBalancedAllocation, both formulas. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

/* f is cpu, memory as fractions, s = (1 - |f - f'| / 2) * 100 cut; `plain` is s with the pod,
 * `neutral` is 50 + (50 + s(with) - s(without)) / 2. */
static const struct {
    const char *allocatable, *held, *asked;
    int64_t plain, neutral;
} rows[] = {
    /* 1. 0,0 -> .25,.25: s 100 -> 100 */
    {"cpu=4, memory=8Gi", NULL, "cpu=1, memory=2Gi", 100, 75},
    /* 2. 0,0 -> .5,.25: std .125, s 100 -> 87; 50 + 37 / 2 = 68 */
    {"cpu=4, memory=8Gi", NULL, "cpu=2, memory=2Gi", 87, 68},
    /* 3. the other way round in cpu and memory */
    {"cpu=4, memory=8Gi", NULL, "cpu=1, memory=4Gi", 87, 68},
    /* 4. .5,0 -> .5,.5: s 75 -> 100; 50 + 75 / 2 = 87 */
    {"cpu=4, memory=8Gi", "cpu=2", "memory=4Gi", 100, 87},
    /* 5. the worst: 0,0 -> 1,0: s 100 -> 50; 50 + 0 / 2 */
    {"cpu=4, memory=8Gi", NULL, "cpu=4", 50, 50},
    /* 6. the best: 1,0 -> 1,1: s 50 -> 100; 50 + 100 / 2 */
    {"cpu=4, memory=8Gi", "cpu=4", "memory=8Gi", 100, 100},
    /* 7. real requests: a pod on the node that asks nothing changes nothing. Row 2 again */
    {"cpu=4, memory=8Gi", "cpu=0", "cpu=2, memory=2Gi", 87, 68},
    /* 8. a fraction is at most 1: cpu 8 of 4. 1,0 -> 1,.5: std .25; s 50 -> 75; 50 + 75 / 2 */
    {"cpu=4, memory=8Gi", "cpu=8", "memory=4Gi", 75, 87},
    /* 9. a node with one of the two has nothing to compare */
    {"cpu=4", NULL, "cpu=4", 100, 75},
    {"memory=8Gi", NULL, "cpu=4", 100, 75},
    /* 10. 0,0 -> 1/3,0: std .1666, s 83.33 -> 83; 50 + 33 / 2 = 66 */
    {"cpu=3, memory=8Gi", NULL, "cpu=1", 83, 66},
    /* 11. 2/3,0 -> 1,0: std .3333 and .5: s 66 -> 50; 50 + (50 - 16) / 2 = 67 */
    {"cpu=3, memory=8Gi", "cpu=2", "cpu=1", 50, 67},
};

static int64_t score_of(size_t row, bool is_neutral)
{
    struct fixture fixture;
    fixture_init(&fixture);
    struct score_config config;
    score_config_init(&config);
    cr_assert(config.is_balance_neutral, "the newer formula is the default");
    config.is_balance_neutral = is_neutral;
    fixture_node(&fixture,
                 &(struct fixture_node){.name = "n1", .allocatable = rows[row].allocatable});
    fixture_pod(&fixture,
                &(struct fixture_pod){.name = "old", .node = "n1", .containers = rows[row].held});
    int64_t scores_seen[PROBE_NODES_MAX];
    struct fixture_pod pod = {.name = "new", .containers = rows[row].asked};
    cr_assert(probe_score(&fixture, &score_balanced_allocation, &config, &pod, 1, scores_seen));
    fixture_fini(&fixture);
    return scores_seen[0];
}

Test(score_balanced_allocation, prefers_nodes_that_fill_evenly)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cr_expect_eq(score_of(i, false), rows[i].plain, "row %zu, 1.35: %lld", i,
                     (long long)score_of(i, false));
        cr_expect_eq(score_of(i, true), rows[i].neutral, "row %zu, 1.36: %lld", i,
                     (long long)score_of(i, true));
    }
}

Test(score_balanced_allocation, is_skipped_for_pods_that_ask_neither_cpu_nor_memory)
{
    static const char *const asked[] = {NULL, "cpu=0, memory=0", "a.io/gpu=1",
                                        "ephemeral-storage=1Gi"};
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_node(&fixture,
                 &(struct fixture_node){.name = "n1", .allocatable = "cpu=4, memory=8Gi"});
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        int64_t scores_seen[PROBE_NODES_MAX];
        struct fixture_pod pod = {.name = "p", .containers = asked[i]};
        cr_expect_not(
            probe_score(&fixture, &score_balanced_allocation, NULL, &pod, 1, scores_seen));
    }
    fixture_fini(&fixture);
}
