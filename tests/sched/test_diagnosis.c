/* kube-scheduler.md A13, A18.2. */
#include <criterion/criterion.h>

#include "model/names.h"
#include "sched/diagnosis.h"
#include "tests/sched/fixture.h"

struct refusal {
    uint32_t nodes; /* that give these reasons */
    enum plugin refused_by;
    enum reason_kind kind;
    const char *name; /* of the resource */
    const char *also; /* a second Insufficient of the same nodes */
};

enum { REFUSALS_MAX = 4 };

static const struct {
    uint32_t node_count;
    const char *prefilter;
    struct refusal refusals[REFUSALS_MAX];
    const char *message;
} rows[] = {
    /* the example of the text */
    {3,
     NULL,
     {{1, PLUGIN_NODE_RESOURCES_FIT, REASON_INSUFFICIENT, "memory", NULL},
      {2, PLUGIN_NODE_RESOURCES_FIT, REASON_INSUFFICIENT, "cpu", NULL}},
     "0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu."},
    /* sorted as text: "10 " before "2 ", and "1 " before "10 " */
    {13,
     NULL,
     {{2, PLUGIN_TAINT_TOLERATION, REASON_TAINT, NULL, NULL},
      {10, PLUGIN_NODE_UNSCHEDULABLE, REASON_UNSCHEDULABLE, NULL, NULL},
      {1, PLUGIN_NODE_AFFINITY, REASON_AFFINITY, NULL, NULL}},
     "0/13 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
     "10 node(s) were unschedulable, 2 node(s) had untolerated taint(s)."},
    /* capitals before small letters where counts are equal */
    {4,
     NULL,
     {{1, PLUGIN_NODE_RESOURCES_FIT, REASON_TOO_MANY_PODS, NULL, NULL},
      {1, PLUGIN_NODE_RESOURCES_FIT, REASON_INSUFFICIENT, "nvidia.com/gpu", NULL},
      {1, PLUGIN_NODE_RESOURCES_FIT, REASON_INSUFFICIENT, "cpu", NULL},
      {1, PLUGIN_NODE_PORTS, REASON_PORTS, NULL, NULL}},
     "0/4 nodes are available: 1 Insufficient cpu, 1 Insufficient nvidia.com/gpu, 1 Too many pods, "
     "1 node(s) didn't have free ports for the requested pod ports."},
    /* one node may give several reasons */
    {2,
     NULL,
     {{2, PLUGIN_NODE_RESOURCES_FIT, REASON_INSUFFICIENT, "cpu", "memory"}},
     "0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient memory."},
    {2,
     NULL,
     {{1, PLUGIN_NODE_NAME, REASON_NODE_NAME, NULL, NULL},
      {1, PLUGIN_NODE_UNSCHEDULABLE, REASON_PROBLEM, NULL, NULL}},
     "0/2 nodes are available: 1 node(s) could not be read, "
     "1 node(s) didn't match the requested node name."},
    /* refused before any node was looked at */
    {5,
     "pod needs persistent volume claims",
     {{0, PLUGIN_COUNT, REASON_KIND_COUNT, NULL, NULL}},
     "0/5 nodes are available: pod needs persistent volume claims."},
    {0,
     NULL,
     {{0, PLUGIN_COUNT, REASON_KIND_COUNT, NULL, NULL}},
     "no nodes available to schedule pods"},
};

static void tell(struct fixture *fixture, struct diagnosis *diagnosis,
                 const struct refusal *refusal)
{
    for (uint32_t node = 0; node < refusal->nodes; node++) {
        struct reasons reasons = {.count = 0};
        reasons_add(&reasons, refusal->kind,
                    refusal->name ? fixture_sym(fixture, refusal->name) : SYM_EMPTY);
        if (refusal->also != NULL)
            reasons_add(&reasons, refusal->kind, fixture_sym(fixture, refusal->also));
        diagnosis_add(diagnosis, refusal->refused_by, &reasons);
    }
}

/* Both orders of telling must give the same text. */
static void check_row(size_t row, bool is_backwards)
{
    struct fixture fixture;
    fixture_init(&fixture);
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, rows[row].node_count);
    uint32_t refused_by = 0;
    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        const struct refusal *refusal =
            &rows[row].refusals[is_backwards ? REFUSALS_MAX - 1 - i : i];
        tell(&fixture, &diagnosis, refusal);
        refused_by |= refusal->nodes > 0 ? UINT32_C(1) << refusal->refused_by : 0;
    }
    cr_expect_eq(diagnosis.refused_by, refused_by, "row %zu", row);
    struct buf message;
    buf_init(&message, 4096);
    diagnosis_format(&diagnosis, fixture.symbols, rows[row].prefilter, &message);
    cr_expect_str_eq(message.data, rows[row].message);
    buf_fini(&message);
    fixture_fini(&fixture);
}

Test(diagnosis, says_what_kube_scheduler_says_in_any_order_of_nodes)
{
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        check_row(row, false);
        check_row(row, true);
    }
}

Test(diagnosis, counts_as_many_resources_as_one_pod_can_ask)
{
    struct fixture fixture;
    fixture_init(&fixture);
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, 2);
    for (uint32_t node = 0; node < 2; node++) {
        struct reasons reasons = {.count = 0};
        for (uint32_t i = 0; i < REASONS_MAX; i++)
            reasons_add(&reasons, REASON_INSUFFICIENT, NAME_COUNT + i);
        diagnosis_add(&diagnosis, PLUGIN_NODE_RESOURCES_FIT, &reasons);
    }
    cr_assert_eq(diagnosis.insufficient_count, REASONS_MAX);
    for (uint32_t i = 0; i < REASONS_MAX; i++)
        cr_assert_eq(diagnosis.insufficient[i].nodes, 2);
    fixture_fini(&fixture);
}
