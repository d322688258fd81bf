/* kube-scheduler.md A10, A18.5 and A4, NodeResourcesFit. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "tests/sched/probe.h"

#define CPU  "Insufficient cpu"
#define MEM  "Insufficient memory"
#define GPU  "Insufficient nvidia.com/gpu"
#define FULL "Too many pods"

/* The node's allocatable, what one pod on it holds, what ours asks. The second node of the fixture
 * offers example.com/b, so that this resource has a column. */
static const struct {
    const char *allocatable, *held, *asked;
    enum verdict verdict;
    const char *text;
} rows[] = {
    /* 1. cpu: 4000m - 1500m = 2500m are free */
    {"cpu=4", "cpu=1500m", "cpu=2500m", VERDICT_FIT, ""},
    {"cpu=4", "cpu=1500m", "cpu=2501m", VERDICT_UNFIT, CPU},
    /* 2. more than the whole allocatable helps nobody */
    {"cpu=4", NULL, "cpu=4", VERDICT_FIT, ""},
    {"cpu=4", NULL, "cpu=4001m", VERDICT_UNFIT_FINAL, CPU},
    {"cpu=4", "cpu=1", "cpu=4", VERDICT_UNFIT, CPU},
    /* 3. memory: 8Gi - 6Gi = 2Gi = 2048Mi */
    {"memory=8Gi", "memory=6Gi", "memory=2048Mi", VERDICT_FIT, ""},
    {"memory=8Gi", "memory=6Gi", "memory=2049Mi", VERDICT_UNFIT, MEM},
    /* 4. ephemeral-storage, which this node does not offer at all */
    {"cpu=4", NULL, "ephemeral-storage=1", VERDICT_UNFIT_FINAL, "Insufficient ephemeral-storage"},
    {"ephemeral-storage=10Gi", NULL, "ephemeral-storage=10Gi", VERDICT_FIT, ""},
    /* 5. extended resources and hugepages: 8 - 7 = 1 */
    {"nvidia.com/gpu=8", "nvidia.com/gpu=7", "nvidia.com/gpu=1", VERDICT_FIT, ""},
    {"nvidia.com/gpu=8", "nvidia.com/gpu=7", "nvidia.com/gpu=2", VERDICT_UNFIT, GPU},
    {"nvidia.com/gpu=8", NULL, "nvidia.com/gpu=9", VERDICT_UNFIT_FINAL, GPU},
    {"hugepages-2Mi=64Mi", "hugepages-2Mi=32Mi", "hugepages-2Mi=34Mi", VERDICT_UNFIT,
     "Insufficient hugepages-2Mi"},
    /* 6. offered by another node only, and by none */
    {"cpu=4", NULL, "example.com/b=1", VERDICT_UNFIT_FINAL, "Insufficient example.com/b"},
    {"cpu=4", NULL, "example.com/none=1", VERDICT_UNFIT_FINAL, "Insufficient example.com/none"},
    {"cpu=4", NULL, "example.com/none=0", VERDICT_FIT, ""},
    /* 7. a request of 0 is not checked, even where the node is overcommitted: 5 of 4 cpus are held
     */
    {"cpu=4, memory=1Gi", "cpu=5", "memory=1Gi", VERDICT_FIT, ""},
    {"cpu=4", "cpu=5", NULL, VERDICT_FIT, ""},
    {"cpu=4", "cpu=5", "cpu=0", VERDICT_FIT, ""},
    {"cpu=4", "cpu=5", "cpu=1m", VERDICT_UNFIT, CPU},
    /* 8. the pod count: one is there, ours would be the second */
    {"cpu=4, pods=2", NULL, NULL, VERDICT_FIT, ""},
    {"cpu=4, pods=1", NULL, NULL, VERDICT_UNFIT, FULL},
    {"cpu=4, pods=0", NULL, NULL, VERDICT_UNFIT, FULL},
    {"cpu=4, pods=1", "cpu=3", "cpu=2", VERDICT_UNFIT, FULL "; " CPU},
    {"cpu=4, pods=1", NULL, "cpu=5", VERDICT_UNFIT_FINAL, FULL "; " CPU},
    /* 9. all that fails is told, and the worst decides */
    {"cpu=4, memory=8Gi", "cpu=3, memory=6Gi", "cpu=2, memory=4Gi", VERDICT_UNFIT, CPU "; " MEM},
    {"cpu=4, memory=8Gi", "cpu=3", "cpu=2, memory=9Gi", VERDICT_UNFIT_FINAL, CPU "; " MEM},
    {"cpu=4, nvidia.com/gpu=1", "cpu=3", "cpu=2, nvidia.com/gpu=2", VERDICT_UNFIT_FINAL,
     CPU "; " GPU},
    /* 10. two containers: 1500m + 1600m = 3100m of 3000m */
    {"cpu=4", "cpu=1", "cpu=1500m; cpu=1600m", VERDICT_UNFIT, CPU},
    {"cpu=4", "cpu=1", "cpu=1500m; cpu=1500m", VERDICT_FIT, ""},
};

Test(filter_node_resources_fit, what_is_asked_must_be_free)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        char text[PROBE_TEXT_BYTES];
        uint32_t slot = fixture_node(
            &fixture, &(struct fixture_node){.name = "n1", .allocatable = rows[i].allocatable});
        fixture_node(&fixture,
                     &(struct fixture_node){.name = "n2", .allocatable = "example.com/b=4"});
        fixture_pod(&fixture,
                    &(struct fixture_pod){.name = "old", .node = "n1", .containers = rows[i].held});
        struct fixture_pod pod = {.name = "new", .containers = rows[i].asked};
        cr_expect_eq(probe_filter(&fixture, &filter_node_resources_fit, &pod, slot, text),
                     rows[i].verdict, "row %zu", i);
        cr_expect_str_eq(text, rows[i].text, "row %zu", i);
        fixture_fini(&fixture);
    }
}

Test(filter_node_resources_fit, a_node_without_status_takes_no_pods)
{
    struct fixture fixture;
    fixture_init(&fixture);
    char text[PROBE_TEXT_BYTES];
    uint32_t slot = fixture_node(&fixture, &(struct fixture_node){.name = "n1"});
    struct fixture_pod pod = {.name = "p"};
    cr_assert_eq(probe_filter(&fixture, &filter_node_resources_fit, &pod, slot, text),
                 VERDICT_UNFIT);
    cr_assert_str_eq(text, FULL);
    fixture_fini(&fixture);
}

/* The rule over plain numbers. */
static const char *const names[] = {"cpu", "memory", "ephemeral-storage", "a.io/x", "b.io/y"};

enum { KINDS = 5 };

static enum verdict verdict_by_rule(const int64_t *capacity, const int64_t *held,
                                    const int64_t *asked, bool has_room)
{
    bool fails = !has_room, is_hopeless = false;
    for (int i = 0; i < KINDS; i++) {
        bool fails_here = asked[i] > 0 && asked[i] > capacity[i] - held[i];
        fails |= fails_here;
        is_hopeless |= fails_here && asked[i] > capacity[i];
    }
    return is_hopeless ? VERDICT_UNFIT_FINAL : fails ? VERDICT_UNFIT : VERDICT_FIT;
}

static void amounts_write(char *text, size_t size, const int64_t *amounts, int64_t pods)
{
    size_t len = 0;
    for (int i = 0; i < KINDS; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%s=%lld", i ? ", " : "", names[i],
                                (long long)amounts[i]);
    if (pods >= 0)
        (void)snprintf(text + len, size - len, ", pods=%lld", (long long)pods);
}

Test(filter_node_resources_fit, agrees_with_the_rule_on_random_amounts)
{
    struct rng rng;
    rng_init(&rng, 5);
    uint32_t seen[VERDICT_UNFIT_FINAL + 1] = {0};
    for (int round = 0; round < 1000; round++) {
        int64_t capacity[KINDS], held[KINDS], asked[KINDS];
        for (int i = 0; i < KINDS; i++) {
            capacity[i] = (int64_t)rng_below(&rng, 12);
            held[i] = (int64_t)rng_below(&rng, 5); /* more than there is, now and then */
            asked[i] = rng_below(&rng, 2) ? (int64_t)rng_below(&rng, 6) : 0;
        }
        int64_t pods = (int64_t)rng_below(&rng, 6);
        char texts[3][128];
        amounts_write(texts[0], sizeof(texts[0]), capacity, pods);
        amounts_write(texts[1], sizeof(texts[1]), held, -1);
        amounts_write(texts[2], sizeof(texts[2]), asked, -1);
        struct fixture fixture;
        fixture_init(&fixture);
        uint32_t slot =
            fixture_node(&fixture, &(struct fixture_node){.name = "n1", .allocatable = texts[0]});
        fixture_pod(&fixture,
                    &(struct fixture_pod){.name = "old", .node = "n1", .containers = texts[1]});
        struct fixture_pod pod = {.name = "new", .containers = texts[2]};
        enum verdict expected = verdict_by_rule(capacity, held, asked, pods >= 2);
        seen[expected]++;
        cr_assert_eq(probe_filter(&fixture, &filter_node_resources_fit, &pod, slot, NULL), expected,
                     "node %s; held %s; asked %s", texts[0], texts[1], texts[2]);
        fixture_fini(&fixture);
    }
    for (int verdict = VERDICT_FIT; verdict <= VERDICT_UNFIT_FINAL; verdict++)
        cr_assert_gt(seen[verdict], 50, "verdict %d is hardly tried", verdict);
}

/* A node of 4 cpus grows or appears; ours asks cpu and gpu. */
static const struct {
    const char *before, *after; /* before NULL: added */
    const char *held;           /* by a pod on it */
    bool wakes;
} node_hints[] = {
    {NULL, "cpu=4, nvidia.com/gpu=1", NULL, true},
    {NULL, "cpu=4, nvidia.com/gpu=1", "cpu=4", true}, /* the empty node would do */
    {NULL, "cpu=4", NULL, false},                     /* no gpu */
    {NULL, "cpu=1, nvidia.com/gpu=1", NULL, false},
    {NULL, "cpu=4, nvidia.com/gpu=1, pods=0", NULL, false},
    {"cpu=1, nvidia.com/gpu=1", "cpu=2, nvidia.com/gpu=1", NULL, true},
    {"cpu=2, nvidia.com/gpu=0", "cpu=2, nvidia.com/gpu=1", NULL, true},
    {"cpu=2, nvidia.com/gpu=1, pods=1", "cpu=2, nvidia.com/gpu=1, pods=2", NULL, true},
    {"cpu=2, nvidia.com/gpu=1, memory=1Gi", "cpu=2, nvidia.com/gpu=1, memory=2Gi", NULL,
     false}, /* memory is not what it asks */
    {"cpu=4, nvidia.com/gpu=1", "cpu=2, nvidia.com/gpu=1", NULL, false}, /* less, not more */
    {"cpu=1500m, nvidia.com/gpu=1", "cpu=1900m, nvidia.com/gpu=1", NULL,
     false}, /* still too small */
};

Test(filter_node_resources_fit, wakes_when_a_node_could_hold_it_that_could_not)
{
    for (size_t i = 0; i < ARRAY_LEN(node_hints); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        if (node_hints[i].before != NULL)
            fixture_node(&fixture,
                         &(struct fixture_node){.name = "n1", .allocatable = node_hints[i].before});
        fixture_pod(&fixture, &(struct fixture_pod){
                                  .name = "old", .node = "n1", .containers = node_hints[i].held});
        struct node_change change;
        uint32_t slot = fixture_change_node(
            &fixture, &(struct fixture_node){.name = "n1", .allocatable = node_hints[i].after},
            &change);
        struct wake_event event = {
            .kind = node_hints[i].before ? WAKE_NODE_ALLOCATABLE : WAKE_NODE_ADDED,
            .slot = slot,
            .raised_columns = change.raised_columns,
        };
        struct fixture_pod pod = {.name = "p", .containers = "cpu=2, nvidia.com/gpu=1"};
        cr_expect_eq(probe_hint(&fixture, &filter_node_resources_fit, &pod, &event),
                     node_hints[i].wakes, "row %zu", i);
        node_change_fini(&change);
        fixture_fini(&fixture);
    }
}

/* On a node of 4 cpus and 2 pods, `left` stays after something ended; ours asks 2 cpus. */
static const struct {
    const char *left;
    bool wakes;
} pod_hints[] = {
    {"cpu=2", true},      /* 4 - 2 = 2 */
    {"cpu=2001m", false}, /* 1999m */
    {NULL, true},
};

Test(filter_node_resources_fit, wakes_when_what_a_pod_gave_back_makes_it_fit)
{
    static const uint32_t kinds[] = {WAKE_POD_REMOVED, WAKE_POD_SCALED_DOWN};
    for (size_t i = 0; i < ARRAY_LEN(pod_hints) * ARRAY_LEN(kinds); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        uint32_t slot = fixture_node(
            &fixture, &(struct fixture_node){.name = "n1", .allocatable = "cpu=4, pods=2"});
        fixture_pod(&fixture, &(struct fixture_pod){.name = "left",
                                                    .node = "n1",
                                                    .containers = pod_hints[i / 2].left});
        struct fixture_pod pod = {.name = "p", .containers = "cpu=2"};
        struct wake_event event = {.kind = kinds[i % 2], .slot = slot};
        cr_expect_eq(probe_hint(&fixture, &filter_node_resources_fit, &pod, &event),
                     pod_hints[i / 2].wakes, "row %zu", i);
        event.slot = NODE_SLOT_NONE;
        cr_expect(probe_hint(&fixture, &filter_node_resources_fit, &pod, &event),
                  "where something happened is unknown: try");
        fixture_fini(&fixture);
    }
}
