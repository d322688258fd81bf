/* The list of filters: kube-scheduler.md A1, order of the default profile, and its early-exit rule.
 */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

Test(filter, every_filter_is_listed_under_its_name_and_knows_what_to_wait_for)
{
    uint32_t filter_count = 0;
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++) {
        if (filters[plugin] == NULL)
            continue;
        filter_count++;
        cr_expect_str_eq(filters[plugin]->name, plugin_names[plugin]);
        cr_expect(filters[plugin]->wakes_on & WAKE_NODE_ADDED, "%s", plugin_names[plugin]);
    }
    cr_assert_eq(filter_count, 8);
    cr_assert_null(filters[PLUGIN_SCHEDULING_GATES]);
    cr_assert_null(filters[PLUGIN_FEATURES]);
}

/* Each row mends what the row before was refused for. */
static const struct {
    struct fixture_node node;
    struct fixture_pod pod;
    enum plugin refused_by;
    uint32_t reason_count;
} rows[] = {
    {{.name = "n1", .is_unschedulable = true, .taints = "a:NoSchedule", .allocatable = "cpu=1"},
     {.name = "p", .selector = "zone=a", .ports = "TCP/80", .containers = "cpu=2, memory=1"},
     PLUGIN_NODE_UNSCHEDULABLE,
     1},
    {{.name = "n1", .taints = "a:NoSchedule", .allocatable = "cpu=1"},
     {.name = "p", .selector = "zone=a", .ports = "TCP/80", .containers = "cpu=2, memory=1"},
     PLUGIN_TAINT_TOLERATION,
     1},
    {{.name = "n1", .allocatable = "cpu=1"},
     {.name = "p", .selector = "zone=a", .ports = "TCP/80", .containers = "cpu=2, memory=1"},
     PLUGIN_NODE_AFFINITY,
     1},
    {{.name = "n1", .labels = "zone=a", .allocatable = "cpu=1"},
     {.name = "p", .selector = "zone=a", .ports = "TCP/80", .containers = "cpu=2, memory=1"},
     PLUGIN_NODE_PORTS,
     1},
    {{.name = "n1", .labels = "zone=a", .allocatable = "cpu=1"},
     {.name = "p", .selector = "zone=a", .ports = "TCP/81", .containers = "cpu=2, memory=1"},
     PLUGIN_NODE_RESOURCES_FIT,
     2}, /* cpu and memory */
    {{.name = "n1", .labels = "zone=a", .allocatable = "cpu=2, memory=1"},
     {.name = "p", .selector = "zone=a", .ports = "TCP/81", .containers = "cpu=2, memory=1"},
     PLUGIN_COUNT,
     0},
};

Test(filter, a_node_gives_the_reasons_of_its_first_failing_filter_only)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        uint32_t slot = fixture_node(&fixture, &rows[i].node);
        fixture_pod(&fixture,
                    &(struct fixture_pod){.name = "old", .node = "n1", .ports = "TCP/80"});
        const struct pod *pod = fixture_pod(&fixture, &rows[i].pod);
        struct filter_input in = {.cluster = &fixture.cluster, .shape = pod->shape};
        struct reasons reasons = {.count = 0};
        enum plugin refused_by = PLUGIN_COUNT;
        enum verdict verdict = filters_explain(&in, slot, &reasons, &refused_by);
        cr_expect_eq(verdict == VERDICT_FIT, rows[i].reason_count == 0, "row %zu", i);
        cr_expect_eq(refused_by, rows[i].refused_by, "row %zu", i);
        cr_expect_eq(reasons.count, rows[i].reason_count, "row %zu", i);
        fixture_fini(&fixture);
    }
}
