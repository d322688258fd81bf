/* kube-scheduler.md A10 and A4, NodeName. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

struct named {
    struct fixture fixture;
    struct filter_input in;
    uint32_t slot;
};

/* One node "n1", and a pod whose spec.nodeName is `name`. */
static void named_init(struct named *named, const char *name)
{
    fixture_init(&named->fixture);
    named->slot = fixture_node(&named->fixture, &(struct fixture_node){.name = "n1"});
    const struct pod *pod = fixture_pod(&named->fixture, &(struct fixture_pod){.name = "p"});
    named->in = (struct filter_input){.cluster = &named->fixture.cluster,
                                      .shape = pod->shape,
                                      .node_name_sym = fixture_sym(&named->fixture, name)};
}

static const struct {
    const char *name;
    enum verdict verdict;
    bool wakes;
} rows[] = {
    {"", VERDICT_FIT, true}, /* what every pod has that waits for a scheduler */
    {"n1", VERDICT_FIT, true},
    {"n2", VERDICT_UNFIT_FINAL, false},
    {"n", VERDICT_UNFIT_FINAL, false},
};

Test(filter_node_name, a_pod_that_names_a_node_fits_only_that_one)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct named named;
        named_init(&named, rows[i].name);
        struct reasons reasons = {.count = 0};
        cr_expect_eq(filter_node_name.check(&named.in, named.slot), rows[i].verdict, "row %zu", i);
        cr_expect_eq(filter_node_name.explain(&named.in, named.slot, &reasons), rows[i].verdict);
        cr_expect_eq(reasons.count, rows[i].verdict == VERDICT_FIT ? 0 : 1);
        if (reasons.count == 1)
            cr_expect_eq(reasons.items[0].kind, REASON_NODE_NAME);
        struct wake_event event = {.kind = WAKE_NODE_ADDED, .slot = named.slot};
        cr_expect_eq(filter_node_name.hint(&named.in, &event), rows[i].wakes, "row %zu", i);
        fixture_fini(&named.fixture);
    }
}
