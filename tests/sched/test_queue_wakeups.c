/*
 * No wake-up is lost: random clusters and random events, through the real filters and their hints.
 * After every event a naive queue asks all filters of all nodes for every parked pod; one that is
 * feasible somewhere and still parked was forgotten.
 */
#include "sched/queue.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "tests/sched/fixture.h"

enum { NODES = 4, PODS = 24, STEPS = 1500, SEEDS = 120 };

/* Over the whole run: to see that the test tests something. */
struct tally {
    uint64_t parked, woken, woken_by[8]; /* by bit of enum wake_kind */
};

struct wakeups {
    struct fixture f;
    struct queue *queue;
    struct rng rng;
    uint64_t seed;
    uint32_t step;
    struct tally *tally;
    char node_names[NODES][8];
    char pod_names[PODS][8];
    struct fixture_pod texts[PODS];
};

static uint32_t pick(struct wakeups *w, uint32_t bound)
{
    return (uint32_t)rng_below(&w->rng, bound);
}

static struct mono_ms now_of(const struct wakeups *w)
{
    return (struct mono_ms){w->step}; /* far from any leftover */
}

static void wake(struct wakeups *w, const struct wake_event *event)
{
    uint32_t woken = queue_wake(w->queue, event, now_of(w));
    w->tally->woken += woken;
    w->tally->woken_by[__builtin_ctz(event->kind)] += woken;
}

/* ---- pods ---- */

static const char *const pod_containers[] = {
    "cpu=500m", "cpu=1", "cpu=2", "cpu=3, memory=1Gi", "cpu=100m, gpu.com/gpu=1", "memory=3Gi",
};
static const char *const pod_selectors[] = {NULL, NULL, "zone=a", "zone=b"};
static const char *const pod_required[] = {NULL, NULL, "zone In a|b", "disk Exists"};
static const char *const pod_tolerations[] = {NULL, NULL, "spot:NoSchedule", "*"};
static const char *const pod_ports[] = {NULL, NULL, NULL, "TCP/80", "10.0.0.1:TCP/80, UDP/53"};

#define PICK(w, array) ((array)[pick(w, ARRAY_LEN(array))])

static struct fixture_pod random_pod(struct wakeups *w, uint32_t i)
{
    return (struct fixture_pod){.name = w->pod_names[i],
                                .containers = PICK(w, pod_containers),
                                .selector = PICK(w, pod_selectors),
                                .required = PICK(w, pod_required),
                                .tolerations = PICK(w, pod_tolerations),
                                .ports = PICK(w, pod_ports),
                                .priority = (int32_t)pick(w, 3)};
}

static struct pod *find_pod(struct wakeups *w, uint32_t i)
{
    return cluster_find_pod(&w->f.cluster, fixture_sym(&w->f, "default"),
                            str_from(w->pod_names[i]));
}

static void wake_freed(struct wakeups *w, uint32_t slot, const struct shape *shape)
{
    struct wake_event event = {.kind = WAKE_POD_REMOVED,
                               .slot = slot,
                               .freed_ports = shape->ports,
                               .freed_port_count = shape->port_count};
    if (slot != NODE_SLOT_NONE)
        wake(w, &event);
}

/* A pod of ours appears; or one that another scheduler has bound, perhaps to a node unknown. */
static void step_pod_appears(struct wakeups *w)
{
    uint32_t i = pick(w, PODS);
    if (find_pod(w, i))
        return;
    w->texts[i] = random_pod(w, i);
    if (pick(w, 6) == 0)
        w->texts[i].node = w->node_names[pick(w, NODES)];
    struct pod *pod = fixture_pod(&w->f, &w->texts[i]);
    if (!w->texts[i].node)
        queue_add(w->queue, pod, now_of(w));
}

static void step_pod_goes(struct wakeups *w)
{
    struct pod *pod = find_pod(w, pick(w, PODS));
    if (!pod)
        return;
    queue_remove(w->queue, pod);
    struct shape *shape = shape_ref(pod->shape);
    uint32_t slot = cluster_drop_pod(&w->f.cluster, pod);
    wake_freed(w, slot, shape);
    shape_unref(&w->f.cluster.shapes, shape);
}

/* A bind fails: the pod's room is free again, and it waits out its error. */
static void step_bind_fails(struct wakeups *w)
{
    struct pod *pod = find_pod(w, pick(w, PODS));
    if (!pod || pod->place != POD_ASSUMED)
        return;
    uint32_t slot = pod->node_slot;
    cluster_forget(&w->f.cluster, pod);
    queue_return(w->queue, pod, 0, now_of(w));
    wake_freed(w, slot, pod->shape);
}

/* A pod's object changes in a way that the API allows: it tolerates more, or is resized. */
static void step_pod_changes(struct wakeups *w)
{
    uint32_t i = pick(w, PODS);
    struct pod *pod = find_pod(w, i);
    if (!pod || pod->place == POD_ASSUMED)
        return;
    if (pick(w, 2))
        w->texts[i].tolerations = "*";
    else
        w->texts[i].containers = PICK(w, pod_containers);
    struct pod_change change;
    queue_detach(w->queue, pod);
    cluster_see_pod(&w->f.cluster, fixture_pod_object(&w->f, &w->texts[i]), true, &change);
    queue_reinsert(w->queue, pod, change.bits, now_of(w));
    struct wake_event event = {.kind = WAKE_POD_SCALED_DOWN, .slot = change.freed_slot};
    if (change.freed_slot != NODE_SLOT_NONE)
        wake(w, &event);
}

/* ---- nodes ---- */

static const char *const node_allocatable[] = {
    "cpu=1, memory=2Gi, pods=3",
    "cpu=2, memory=4Gi, pods=2",
    "cpu=4, memory=4Gi, pods=8",
    "cpu=4, memory=8Gi, gpu.com/gpu=1, pods=4",
    NULL,
};
static const char *const node_labels[] = {NULL, "zone=a", "zone=b", "zone=a, disk"};
static const char *const node_taints[] = {NULL, NULL, "spot:NoSchedule", "spot:NoExecute"};

static void step_node_changes(struct wakeups *w)
{
    struct fixture_node text = {.name = w->node_names[pick(w, NODES)],
                                .allocatable = PICK(w, node_allocatable),
                                .labels = PICK(w, node_labels),
                                .taints = PICK(w, node_taints),
                                .problem = pick(w, 10) == 0 ? "unreadable" : NULL,
                                .is_unschedulable = pick(w, 4) == 0};
    struct node_change change;
    uint32_t slot = fixture_change_node(&w->f, &text, &change);
    struct wake_event event = {
        .slot = slot, .before = &change.before, .raised_columns = change.raised_columns};
    if (change.bits & NODE_ADDED || (change.bits & NODE_PROBLEM && !change.node->has_problem)) {
        event.kind = WAKE_NODE_ADDED;
        wake(w, &event);
    } else {
        static const struct {
            uint32_t bits, kind;
        } kinds[] = {
            {NODE_NOW_SCHEDULABLE | NODE_TAINTS, WAKE_NODE_TAINTS},
            {NODE_LABELS, WAKE_NODE_LABELS},
            {NODE_ALLOCATABLE, WAKE_NODE_ALLOCATABLE},
        };
        for (uint32_t i = 0; i < ARRAY_LEN(kinds); i++) {
            event.kind = kinds[i].kind;
            if (change.bits & kinds[i].bits)
                wake(w, &event);
        }
    }
    node_change_fini(&change);
}

static void step_node_goes(struct wakeups *w)
{
    const char *name = w->node_names[pick(w, NODES)];
    const struct node *node = node_table_find(&w->f.cluster.nodes, fixture_sym(&w->f, name));
    if (node && node->is_present && pick(w, 3) == 0)
        fixture_drop_node(&w->f, name);
}

/* ---- the scheduler and its judge ---- */

/* A node that takes the shape, or NODE_SLOT_NONE; and all that refuse it. */
static uint32_t first_feasible(const struct wakeups *w, const struct shape *shape,
                               uint32_t *ret_rejectors)
{
    const struct filter_input in = {.cluster = &w->f.cluster, .shape = shape};
    const struct bitset *present = &w->f.cluster.nodes.present;
    *ret_rejectors = 0;
    for (uint32_t slot = bitset_next(present, 0); slot != UINT32_MAX;
         slot = bitset_next(present, slot + 1)) {
        struct reasons reasons = {0};
        enum plugin refused_by;
        if (filters_explain(&in, slot, &reasons, &refused_by) == VERDICT_FIT)
            return slot;
        *ret_rejectors |= 1u << refused_by;
    }
    return NODE_SLOT_NONE;
}

static void step_schedule(struct wakeups *w)
{
    struct pod *pod = queue_pop(w->queue, now_of(w));
    if (!pod)
        return;
    uint32_t rejectors;
    uint32_t slot = first_feasible(w, pod->shape, &rejectors);
    if (slot != NODE_SLOT_NONE) {
        cluster_assume(&w->f.cluster, pod, slot);
        return;
    }
    w->tally->parked++;
    /* Without a node nobody refused: then anything may help. */
    queue_return(w->queue, pod, rejectors ? rejectors : (1u << PLUGIN_COUNT) - 1, now_of(w));
}

static void judge(struct wakeups *w)
{
    queue_check(w->queue);
    for (uint32_t i = 0; i < PODS; i++) {
        struct pod *pod = find_pod(w, i);
        if (!pod || pod->queue_place != QUEUE_PARKED)
            continue;
        uint32_t rejectors;
        uint32_t slot = first_feasible(w, pod->shape, &rejectors);
        cr_assert_eq(slot, NODE_SLOT_NONE,
                     "%s (refused by %#x) fits node in slot %u and was not woken; step %u of "
                     "seed %" PRIu64,
                     pod->name, pod->rejectors, slot, w->step, w->seed);
    }
}

static void drop_all(struct wakeups *w)
{
    for (uint32_t i = 0; i < PODS; i++) {
        struct pod *pod = find_pod(w, i);
        if (pod) {
            queue_remove(w->queue, pod);
            (void)cluster_drop_pod(&w->f.cluster, pod);
        }
    }
}

static void run(uint64_t seed, struct tally *tally)
{
    static void (*const steps[])(struct wakeups *) = {
        step_pod_appears,  step_pod_appears,  step_pod_appears, step_pod_goes,
        step_bind_fails,   step_pod_changes,  step_pod_changes, step_pod_changes,
        step_node_changes, step_node_changes, step_node_goes,   step_schedule,
        step_schedule,     step_schedule,     step_schedule,    step_schedule,
    };
    struct wakeups w = {.seed = seed, .tally = tally};
    for (uint32_t i = 0; i < NODES; i++)
        (void)snprintf(w.node_names[i], sizeof(w.node_names[i]), "n%u", i);
    for (uint32_t i = 0; i < PODS; i++)
        (void)snprintf(w.pod_names[i], sizeof(w.pod_names[i]), "p%u", i);
    rng_init(&w.rng, seed);
    fixture_init(&w.f);
    struct queue_config config = {QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS};
    w.queue = queue_new(&config, &(struct park_world){.cluster = &w.f.cluster});
    for (w.step = 0; w.step < STEPS; w.step++) {
        steps[pick(&w, ARRAY_LEN(steps))](&w);
        judge(&w);
    }
    drop_all(&w);
    queue_free(w.queue);
    fixture_fini(&w.f);
}

Test(queue_wakeups, whoever_became_feasible_is_no_longer_parked)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed, &tally);
    cr_log_info("%" PRIu64 " parked, %" PRIu64 " woken", tally.parked, tally.woken);
    cr_assert_gt(tally.parked, 1000, "pods were parked");
    cr_assert_lt(tally.woken, tally.parked, "and not all tried again at each event");
    static const enum wake_kind kinds[] = {WAKE_NODE_ADDED,  WAKE_NODE_TAINTS,
                                           WAKE_NODE_LABELS, WAKE_NODE_ALLOCATABLE,
                                           WAKE_POD_REMOVED, WAKE_POD_SCALED_DOWN};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        cr_expect_gt(tally.woken_by[__builtin_ctz(kinds[i])], 20, "events of kind %#x woke some",
                     kinds[i]);
}
