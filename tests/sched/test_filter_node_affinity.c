/* kube-scheduler.md A10, A18.7 and A4, NodeAffinity. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

#define LABELS "zone=a, cpus=8, name=web, ssd"

/* Against node n1 with LABELS. */
static const struct {
    const char *selector, *required;
    bool fits;
} rows[] = {
    {NULL, NULL, true},
    /* nodeSelector: all pairs */
    {"zone=a", NULL, true},
    {"zone=b", NULL, false},
    {"zone=a, ssd", NULL, true}, /* ssd has the value "" */
    {"zone=a, ssd=yes", NULL, false},
    {"zone=a, gpu", NULL, false}, /* an absent label is not one with the value "" */
    /* operators */
    {NULL, "zone In a|b", true},
    {NULL, "zone In b|c", false},
    {NULL, "gpu In a", false},
    {NULL, "zone NotIn b|c", true},
    {NULL, "zone NotIn a|b", false},
    {NULL, "gpu NotIn a", true}, /* an absent key satisfies NotIn */
    {NULL, "ssd Exists", true},
    {NULL, "gpu Exists", false},
    {NULL, "gpu DoesNotExist", true},
    {NULL, "ssd DoesNotExist", false},
    {NULL, "cpus Gt 7", true}, /* 8 > 7 */
    {NULL, "cpus Gt 8", false},
    {NULL, "cpus Lt 9", true}, /* 8 < 9 */
    {NULL, "cpus Lt 8", false},
    {NULL, "cpus Gt 10", false}, /* as numbers, not as text: "8" sorts after "10" */
    {NULL, "zone Gt 1", false},  /* "a" is no integer */
    {NULL, "gpu Lt 1", false},
    {NULL, "zone Like a", false}, /* unknown operator */
    /* AND within a term, OR between terms */
    {NULL, "zone In a & ssd Exists", true},
    {NULL, "zone In a & gpu Exists", false},
    {NULL, "gpu Exists; zone In a", true},
    {NULL, "gpu Exists; zone In b", false},
    /* both parts are required */
    {"zone=a", "gpu Exists", false},
    {"zone=b", "ssd Exists", false},
    {"zone=a", "ssd Exists", true},
    /* nothing matches nothing */
    {NULL, "", false},
    {NULL, "-", false},
    {NULL, "-; ssd Exists", true},
    /* matchFields: metadata.name, In or NotIn, one value */
    {NULL, "@metadata.name In n1", true},
    {NULL, "@metadata.name In n2", false},
    {NULL, "@metadata.name NotIn n2", true},
    {NULL, "@metadata.name NotIn n1", false},
    {NULL, "@metadata.name In n1|n2", false},
    {NULL, "@metadata.name Exists", false},
    {NULL, "@metadata.uid In n1", false},
    {NULL, "metadata.name In n1", false}, /* a label of that name is something else */
    {NULL, "@metadata.name In n1 & zone In b", false},
    {NULL, "@metadata.name In n2; zone In a", true},
};

Test(filter_node_affinity, selector_and_one_of_the_terms_must_match)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        char text[PROBE_TEXT_BYTES];
        uint32_t slot =
            fixture_node(&fixture, &(struct fixture_node){.name = "n1", .labels = LABELS});
        struct fixture_pod pod = {
            .name = "p", .selector = rows[i].selector, .required = rows[i].required};
        enum verdict verdict = probe_filter(&fixture, &filter_node_affinity, &pod, slot, text);
        cr_expect_eq(verdict, rows[i].fits ? VERDICT_FIT : VERDICT_UNFIT_FINAL, "row %zu", i);
        cr_expect_str_eq(text,
                         rows[i].fits ? "" : "node(s) didn't match Pod's node affinity/selector");
        fixture_fini(&fixture);
    }
}

/* For a pod that wants zone=a. */
static const struct {
    const char *before, *after;
    bool wakes_on_add, wakes_on_change;
} hints[] = {
    {"zone=b", "zone=a", true, true},
    {NULL, "zone=a", true, true},
    {"zone=a", "zone=a, disk=ssd", true, false}, /* matched before already */
    {"zone=a", "zone=b", false, false},
    {"zone=b", "zone=c", false, false},
};

Test(filter_node_affinity, wakes_when_a_node_matches_that_did_not_before)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture_node(&fixture, &(struct fixture_node){.name = "n1", .labels = hints[i].before});
        struct node_change change;
        uint32_t slot = fixture_change_node(
            &fixture, &(struct fixture_node){.name = "n1", .labels = hints[i].after}, &change);
        struct fixture_pod pod = {.name = "p", .selector = "zone=a"};
        struct wake_event event = {
            .kind = WAKE_NODE_LABELS, .slot = slot, .before = &change.before};
        cr_expect_eq(probe_hint(&fixture, &filter_node_affinity, &pod, &event),
                     hints[i].wakes_on_change, "row %zu", i);
        event = (struct wake_event){.kind = WAKE_NODE_ADDED, .slot = slot};
        cr_expect_eq(probe_hint(&fixture, &filter_node_affinity, &pod, &event),
                     hints[i].wakes_on_add, "row %zu", i);
        node_change_fini(&change);
        fixture_fini(&fixture);
    }
}
