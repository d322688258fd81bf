/* The list of scores and their weighted sum: kube-scheduler.md A1, A11. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

static const char *const listed_names[SCORE_COUNT] = {
#define SCORE(id, name, weight, symbol) (name),
#include "sched/scores.def"
#undef SCORE
};

Test(score, every_score_is_listed_under_its_name)
{
    for (uint32_t id = 0; id < SCORE_COUNT; id++)
        cr_expect_str_eq(scores[id]->name, listed_names[id]);
}

enum { NODES = 2 };

/* n1: cpu=4, memory=8Gi. n2: the same, with one PreferNoSchedule taint and the label disk=ssd. The
 * pod asks cpu=1, memory=2Gi and prefers disk=ssd: TaintToleration 100 and 0, NodeAffinity 0 and
 * 100, NodeResourcesFit 75 and 75, BalancedAllocation 75 and 75 (nothing changes), ImageLocality
 * skipped */
static const struct {
    const char *weights;
    int64_t totals[NODES];
} rows[] = {
    {NULL, {3 * 100 + 75 + 75, 2 * 100 + 75 + 75}},
    {"NodeAffinity=4", {3 * 100 + 75 + 75, 4 * 100 + 75 + 75}},
    {"TaintToleration=0,NodeAffinity=0", {150, 150}},
    {"NodeResourcesBalancedAllocation=0,NodeResourcesFit=10", {300 + 750, 200 + 750}},
    {"TaintToleration=0,NodeAffinity=0,NodeResourcesFit=0,NodeResourcesBalancedAllocation=0",
     {0, 0}},
};

Test(score, totals_are_the_weighted_sum_of_what_applies)
{
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        struct fixture fixture;
        fixture_init(&fixture);
        uint32_t slots[NODES];
        slots[0] = fixture_node(
            &fixture, &(struct fixture_node){.name = "n1", .allocatable = "cpu=4, memory=8Gi"});
        slots[1] = fixture_node(&fixture, &(struct fixture_node){.name = "n2",
                                                                 .allocatable = "cpu=4, memory=8Gi",
                                                                 .labels = "disk=ssd",
                                                                 .taints = "a:PreferNoSchedule"});
        struct score_config config;
        score_config_init(&config);
        if (rows[row].weights != NULL)
            cr_assert_eq(score_config_set_weights(&config, rows[row].weights, NULL), 0);
        const struct pod *pod =
            fixture_pod(&fixture, &(struct fixture_pod){.name = "p",
                                                        .containers = "cpu=1, memory=2Gi",
                                                        .images = "nowhere:1",
                                                        .preferred = "1: disk In ssd"});
        struct score_input in = {&fixture.cluster, pod->shape, &config, slots, NODES};
        int64_t scratch[NODES], totals[NODES] = {0};
        (void)scores_add(&in, SCORE_ALL, scratch, totals);
        for (size_t i = 0; i < NODES; i++)
            cr_expect_eq(totals[i], rows[row].totals[i], "row %zu, node %zu: %lld", row, i,
                         (long long)totals[i]);
        fixture_fini(&fixture);
    }
}

Test(score, the_order_of_nodes_does_not_matter)
{
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t slots[NODES] = {
        fixture_node(&fixture, &(struct fixture_node){.name = "n1", .allocatable = "cpu=4"}),
        fixture_node(&fixture, &(struct fixture_node){.name = "n2", .allocatable = "cpu=3"}),
    };
    const uint32_t turned[NODES] = {slots[1], slots[0]};
    struct score_config config;
    score_config_init(&config);
    const struct pod *pod =
        fixture_pod(&fixture, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    int64_t scratch[NODES], totals[NODES] = {0}, turned_totals[NODES] = {0};
    (void)scores_add(&(struct score_input){&fixture.cluster, pod->shape, &config, slots, NODES},
                     SCORE_ALL, scratch, totals);
    (void)scores_add(&(struct score_input){&fixture.cluster, pod->shape, &config, turned, NODES},
                     SCORE_ALL, scratch, turned_totals);
    cr_assert_neq(totals[0], totals[1]);
    cr_assert_eq(totals[0], turned_totals[1]);
    cr_assert_eq(totals[1], turned_totals[0]);
    fixture_fini(&fixture);
}

/* What the list says of its nodes is only the same for each sublist when it says the same of all.
 */
Test(score, says_whether_the_list_told_nodes_apart)
{
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t slots[] = {
        fixture_node(&fixture,
                     &(struct fixture_node){.name = "n1", .taints = "a:PreferNoSchedule"}),
        fixture_node(&fixture,
                     &(struct fixture_node){.name = "n2", .taints = "b:PreferNoSchedule"}),
        fixture_node(&fixture, &(struct fixture_node){.name = "n3"}),
    };
    struct score_config config;
    score_config_init(&config);
    const struct pod *pod =
        fixture_pod(&fixture, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    for (uint32_t count = 1; count <= ARRAY_LEN(slots); count++) {
        int64_t scratch[ARRAY_LEN(slots)], steady[ARRAY_LEN(slots)] = {0};
        const struct score_input in = {&fixture.cluster, pod->shape, &config, slots, count};
        cr_expect_eq(scores_add(&in, SCORE_STEADY, scratch, steady), count == 3, "%u", count);
        cr_expect_eq(steady[count - 1], count == 3 ? 300 : 0, "weight 3, and all but n3 tainted");
    }
    fixture_fini(&fixture);
}
