/* kube-scheduler.md A10 and A4, TaintToleration. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

static const struct {
    const char *taints, *tolerations;
    bool fits;
} rows[] = {
    {NULL, NULL, true},
    {NULL, "a=1:NoSchedule", true},
    {"a=1:NoSchedule", NULL, false},
    {"a=1:NoExecute", NULL, false},
    {"a=1:PreferNoSchedule", NULL, true}, /* a matter of the score */
    {"a=1:NoSchedule", "a=1:NoSchedule", true},
    {"a=1:NoSchedule", "a=1", true},            /* empty effect matches each */
    {"a=1:NoSchedule", "a=1:NoExecute", false}, /* another effect */
    {"a=1:NoSchedule", "a=2:NoSchedule", false},
    {"a=1:NoSchedule", "b=1:NoSchedule", false},
    {"a=1:NoSchedule", "a:NoSchedule", true}, /* Exists does not look at the value */
    {"a=1:NoSchedule", "*", true},
    {"a=1:NoSchedule", "*:NoExecute", false},
    {"a=1:NoSchedule, b=1:NoExecute", "a=1", false}, /* every taint, not some */
    {"a=1:NoSchedule, b=1:NoExecute", "b=1", false},
    {"a=1:NoSchedule, b=1:NoExecute", "b=1, a=1", true},
    {"a=1:PreferNoSchedule, b=1:NoSchedule", "b", true},
};

Test(filter_taint_toleration, every_taint_that_keeps_away_must_be_tolerated)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        char text[PROBE_TEXT_BYTES];
        uint32_t slot =
            fixture_node(&fixture, &(struct fixture_node){.name = "n1", .taints = rows[i].taints});
        struct fixture_pod pod = {.name = "p", .tolerations = rows[i].tolerations};
        enum verdict verdict = probe_filter(&fixture, &filter_taint_toleration, &pod, slot, text);
        cr_expect_eq(verdict, rows[i].fits ? VERDICT_FIT : VERDICT_UNFIT_FINAL, "row %zu", i);
        cr_expect_str_eq(text, rows[i].fits ? "" : "node(s) had untolerated taint(s)");
        fixture_fini(&fixture);
    }
}

static const struct {
    const char *before, *after;
    bool wakes_on_add, wakes_on_change;
} hints[] = {
    {"a=1:NoSchedule", NULL, true, true},
    {"a=1:NoSchedule", "b=1:NoSchedule", true, true}, /* the pod tolerates b */
    {"b=1:NoSchedule", NULL, true, false},            /* tolerated before already */
    {NULL, "a=1:NoSchedule", false, false},
    {"a=1:NoSchedule, a=2:NoExecute", "a=2:NoExecute", false, false}, /* one taint is still there */
    {"a=1:NoSchedule", "a=1:PreferNoSchedule", true, true},
};

Test(filter_taint_toleration, wakes_when_taints_went_from_untolerated_to_tolerated)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture_node(&fixture, &(struct fixture_node){.name = "n1", .taints = hints[i].before});
        struct node_change change;
        uint32_t slot = fixture_change_node(
            &fixture, &(struct fixture_node){.name = "n1", .taints = hints[i].after}, &change);
        struct fixture_pod pod = {.name = "p", .tolerations = "b"};
        struct wake_event event = {
            .kind = WAKE_NODE_TAINTS, .slot = slot, .before = &change.before};
        cr_expect_eq(probe_hint(&fixture, &filter_taint_toleration, &pod, &event),
                     hints[i].wakes_on_change, "row %zu", i);
        event = (struct wake_event){.kind = WAKE_NODE_ADDED, .slot = slot};
        cr_expect_eq(probe_hint(&fixture, &filter_taint_toleration, &pod, &event),
                     hints[i].wakes_on_add, "row %zu", i);
        node_change_fini(&change);
        fixture_fini(&fixture);
    }
}
