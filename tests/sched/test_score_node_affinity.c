/* kube-scheduler.md A11, NodeAffinity preferred. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

enum { NODES = 4 };

static const char *const labels[NODES] = {"zone=a", "disk=ssd", "zone=a, disk=ssd", NULL};

/* Against the nodes n1 to n4 with these labels. Score: max 0 -> 0, else 100 * s / max. */
static const struct {
    const char *preferred;
    int64_t scores[NODES];
} rows[] = {
    {"1: zone In a", {100, 0, 100, 0}},
    /* s 5 10 15 0: 500 / 15 = 33.3, 1000 / 15 = 66.6 */
    {"5: zone In a; 10: disk Exists", {33, 66, 100, 0}},
    /* s 0 0 0 0 */
    {"100: zone In z", {0, 0, 0, 0}},
    /* s 0 0 7 0 */
    {"7: zone In a & disk In ssd", {0, 0, 100, 0}},
    /* s 0 20 0 20: absent keys */
    {"20: zone DoesNotExist", {0, 100, 0, 100}},
    /* s 1 0 1 100: 100 * 1 / 100 = 1 */
    {"1: zone In a; 100: @metadata.name In n4", {1, 0, 1, 100}},
    /* a term without requirements matches nothing: s 3 0 3 0 */
    {"50: -; 3: zone In a", {100, 0, 100, 0}},
    /* the same term twice counts twice: s 4 0 4 0, and 3 for disk: 300 / 7, s 4 3 7 0 */
    {"2: zone In a; 2: zone In a; 3: disk Exists", {57, 42, 100, 0}},
};

Test(score_node_affinity, more_weight_of_matching_terms_scores_higher)
{
    static const char *const names[NODES] = {"n1", "n2", "n3", "n4"};
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        struct fixture fixture;
        fixture_init(&fixture);
        for (size_t i = 0; i < NODES; i++)
            fixture_node(&fixture, &(struct fixture_node){.name = names[i], .labels = labels[i]});
        int64_t seen[PROBE_NODES_MAX];
        struct fixture_pod pod = {.name = "p", .preferred = rows[row].preferred};
        cr_assert(probe_score(&fixture, &score_node_affinity, NULL, &pod, NODES, seen));
        for (size_t i = 0; i < NODES; i++)
            cr_expect_eq(seen[i], rows[row].scores[i], "row %zu, node %zu: %lld", row, i,
                         (long long)seen[i]);
        fixture_fini(&fixture);
    }
}

Test(score_node_affinity, is_skipped_without_preferred_terms)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_node(&fixture, &(struct fixture_node){.name = "n1", .labels = "zone=a"});
    int64_t seen[PROBE_NODES_MAX];
    struct fixture_pod pod = {.name = "p", .required = "zone In a"};
    cr_assert_not(probe_score(&fixture, &score_node_affinity, NULL, &pod, 1, seen));
    fixture_fini(&fixture);
}
