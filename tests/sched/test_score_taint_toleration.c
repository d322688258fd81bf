/* kube-scheduler.md A11, TaintToleration. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

enum { NODES = 4 };

/* Taints of the nodes, tolerations of the pod. Score: max 0 -> 100, else 100 - 100 * s / max. */
static const struct {
    const char *taints[NODES], *tolerations;
    int64_t scores[NODES];
} rows[] = {
    /* s 0 0 0 0 */
    {{NULL, NULL, NULL, NULL}, NULL, {100, 100, 100, 100}},
    /* s 0 1 2 1, max 2: 100 - 50, 100 - 100 */
    {{NULL, "a:PreferNoSchedule", "a:PreferNoSchedule, b:PreferNoSchedule", "b:PreferNoSchedule"},
     NULL,
     {100, 50, 0, 50}},
    /* s 0 1 2 3, max 3: 100 - 33 (33.3 cut), 100 - 66, 0 */
    {{NULL, "a:PreferNoSchedule", "a:PreferNoSchedule, b:PreferNoSchedule",
      "a:PreferNoSchedule, b:PreferNoSchedule, c:PreferNoSchedule"},
     NULL,
     {100, 67, 34, 0}},
    /* a is tolerated: s 0 0 1 2, max 2 */
    {{NULL, "a:PreferNoSchedule", "a:PreferNoSchedule, b:PreferNoSchedule",
      "a:PreferNoSchedule, b:PreferNoSchedule, c:PreferNoSchedule"},
     "a",
     {100, 100, 50, 0}},
    /* a toleration for another effect does not help: s 0 1 0 0 */
    {{NULL, "a:PreferNoSchedule", NULL, NULL}, "a:NoSchedule", {100, 0, 100, 100}},
    {{NULL, "a:PreferNoSchedule", NULL, NULL}, "a:PreferNoSchedule", {100, 100, 100, 100}},
    /* other effects are the filter's: s 0 0 0 1 */
    {{NULL, "a:NoSchedule", "a:NoExecute", "a:PreferNoSchedule"}, NULL, {100, 100, 100, 0}},
    /* a value that differs: s 0 1 0 0 */
    {{NULL, "a=1:PreferNoSchedule", "a=2:PreferNoSchedule", NULL}, "a=2", {100, 0, 100, 100}},
};

Test(score_taint_toleration, fewer_untolerated_preferences_score_higher)
{
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        struct fixture fixture;
        fixture_init(&fixture);
        static const char *const names[NODES] = {"n1", "n2", "n3", "n4"};
        for (size_t i = 0; i < NODES; i++)
            fixture_node(&fixture,
                         &(struct fixture_node){.name = names[i], .taints = rows[row].taints[i]});
        int64_t seen[PROBE_NODES_MAX];
        struct fixture_pod pod = {.name = "p", .tolerations = rows[row].tolerations};
        cr_assert(probe_score(&fixture, &score_taint_toleration, NULL, &pod, NODES, seen));
        for (size_t i = 0; i < NODES; i++)
            cr_expect_eq(seen[i], rows[row].scores[i], "row %zu, node %zu: %lld", row, i,
                         (long long)seen[i]);
        fixture_fini(&fixture);
    }
}
