/* kube-scheduler.md A10 and A4, NodeUnschedulable. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

#define CORDON "node.kubernetes.io/unschedulable"

static const struct {
    bool is_unschedulable;
    const char *tolerations;
    bool fits;
} rows[] = {
    {false, NULL, true},
    {true, NULL, false},
    {true, CORDON ":NoSchedule", true},
    {true, CORDON, true},                    /* empty effect: any effect */
    {true, CORDON "=:NoSchedule", true},     /* Equal, and the taint's value is "" */
    {true, "*", true},                       /* Exists without a key: any taint */
    {true, CORDON ":NoExecute", false},      /* another effect */
    {true, CORDON "=yes:NoSchedule", false}, /* another value */
    {true, "dedicated", false},              /* another key */
};

Test(filter_node_unschedulable, a_cordoned_node_takes_only_pods_that_tolerate_it)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        char text[PROBE_TEXT_BYTES];
        uint32_t slot = fixture_node(
            &fixture,
            &(struct fixture_node){.name = "n1", .is_unschedulable = rows[i].is_unschedulable});
        struct fixture_pod pod = {.name = "p", .tolerations = rows[i].tolerations};
        enum verdict verdict = probe_filter(&fixture, &filter_node_unschedulable, &pod, slot, text);
        cr_expect_eq(verdict, rows[i].fits ? VERDICT_FIT : VERDICT_UNFIT_FINAL, "row %zu", i);
        cr_expect_str_eq(text, rows[i].fits ? "" : "node(s) were unschedulable");
        fixture_fini(&fixture);
    }
}

/* From one state of the node to another; the first is the one the pod was refused in. */
static const struct {
    bool was_cordoned, is_cordoned;
    const char *tolerations;
    bool wakes_on_add, wakes_on_change;
} hints[] = {
    {true, false, NULL, true, true},
    {true, true, NULL, false, false},
    {false, false, NULL, true, false}, /* only its taints changed: it never stood in the way */
    {false, true, NULL, false, false},
    {true, false, "*", true, false}, /* tolerated before already */
    {true, true, "*", true, false},
};

Test(filter_node_unschedulable, wakes_when_a_node_becomes_schedulable)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture_node(&fixture, &(struct fixture_node){.name = "n1",
                                                      .is_unschedulable = hints[i].was_cordoned});
        struct node_change change;
        uint32_t slot = fixture_change_node(
            &fixture,
            &(struct fixture_node){.name = "n1", .is_unschedulable = hints[i].is_cordoned},
            &change);
        struct fixture_pod pod = {.name = "p", .tolerations = hints[i].tolerations};
        struct wake_event event = {
            .kind = WAKE_NODE_TAINTS, .slot = slot, .before = &change.before};
        cr_expect_eq(probe_hint(&fixture, &filter_node_unschedulable, &pod, &event),
                     hints[i].wakes_on_change, "row %zu", i);
        event = (struct wake_event){.kind = WAKE_NODE_ADDED, .slot = slot};
        cr_expect_eq(probe_hint(&fixture, &filter_node_unschedulable, &pod, &event),
                     hints[i].wakes_on_add, "row %zu", i);
        node_change_fini(&change);
        fixture_fini(&fixture);
    }
}

Test(filter_node_unschedulable, a_node_that_is_gone_wakes_nobody)
{
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t slot = fixture_node(&fixture, &(struct fixture_node){.name = "n1"});
    fixture_drop_node(&fixture, "n1");
    struct fixture_pod pod = {.name = "p"};
    struct wake_event event = {.kind = WAKE_NODE_ADDED, .slot = slot};
    cr_assert_not(probe_hint(&fixture, &filter_node_unschedulable, &pod, &event));
    fixture_fini(&fixture);
}
