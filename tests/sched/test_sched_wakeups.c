/*
 * No wake-up is lost in the core as a whole: random events of every kind, nominations and the
 * answers to binds among them. After each, a naive queue looks at every parked pod and every node:
 * a pod that would be bound now and is still parked was forgotten. Nothing is left to the flush of
 * leftovers: no pod is parked for five minutes.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "tests/sched/core.h"

enum { NODES = 4, PODS = 16, STEPS = 500, SEEDS = 1000 };

struct story {
    struct core core;
    struct rng rng;
    uint64_t seed;
    uint32_t step;
    char node_names[NODES][8], pod_names[PODS][8];
    struct fixture_node nodes[NODES]; /* as last told; not there: no name */
    struct fixture_pod pods[PODS];    /* as last told */
};

static uint32_t pick(struct story *story, uint32_t bound)
{
    return (uint32_t)rng_below(&story->rng, bound);
}

#define PICK(story, array) ((array)[pick(story, ARRAY_LEN(array))])

static const char *const containers[] = {
    "cpu=500m", "cpu=1", "cpu=2", "cpu=1, memory=3Gi", "cpu=100m, gpu.com/gpu=1", "memory=3Gi",
};
static const char *const selectors[] = {NULL, NULL, NULL, "zone=a"};
static const char *const required[] = {NULL, NULL, NULL, "zone In a|b", "@metadata.name In n1"};
static const char *const tolerations[] = {NULL, NULL, "spot:NoSchedule", "*"};
static const char *const ports[] = {NULL, NULL, NULL, "TCP/80", "10.0.0.1:TCP/80, UDP/53"};
static const char *const allocatable[] = {
    "cpu=1, memory=2Gi, pods=3",
    "cpu=2, memory=4Gi, pods=2",
    "cpu=3, memory=4Gi, pods=8",
    "cpu=2, memory=4Gi, gpu.com/gpu=1, pods=4",
    NULL,
};
static const char *const labels[] = {NULL, "zone=a", "zone=b"};
static const char *const taints[] = {NULL, NULL, NULL, "spot:NoSchedule", "spot:NoExecute"};

/* ---- what is told of pods ---- */

static void send_pod(struct story *story, uint32_t i)
{
    core_pod(&story->core, &story->pods[i]);
}

/* The apiserver clears the nomination with the bind. */
static void set_bound(struct fixture_pod *pod, const char *node)
{
    pod->node = node;
    pod->nominated = NULL;
    pod->gates = 0;
}

static void step_pod_appears(struct story *story)
{
    uint32_t i = pick(story, PODS);
    if (core_find(&story->core, story->pod_names[i]))
        return;
    story->pods[i] = (struct fixture_pod){
        .name = story->pod_names[i],
        .containers = PICK(story, containers),
        .selector = PICK(story, selectors),
        .required = PICK(story, required),
        .tolerations = PICK(story, tolerations),
        .ports = PICK(story, ports),
        .nominated = pick(story, 3) == 0 ? story->node_names[pick(story, NODES)] : NULL,
        .priority = (int32_t)pick(story, 3),
        .gates = pick(story, 5) == 0,
    };
    if (pick(story, 8) == 0)
        set_bound(&story->pods[i], story->node_names[pick(story, NODES)]);
    send_pod(story, i);
}

/* In a way that the API allows (a priority never changes), or another client brings about. */
static void step_pod_changes(struct story *story)
{
    uint32_t i = pick(story, PODS);
    const struct pod *pod = core_find(&story->core, story->pod_names[i]);
    if (!pod || pod->place == POD_ASSUMED)
        return;
    struct fixture_pod *text = &story->pods[i];
    switch (pick(story, 6)) {
    case 0:
        text->tolerations = "*";
        break;
    case 1:
        text->containers = PICK(story, containers); /* resized */
        break;
    case 2:
        text->gates = 0;
        break;
    case 3:
        text->nominated = NULL;
        break;
    case 4:
        if (!text->node)
            text->nominated = story->node_names[pick(story, NODES)];
        break;
    default:
        if (!text->node && pick(story, 3) == 0)
            set_bound(text, story->node_names[pick(story, NODES)]); /* by another scheduler */
    }
    send_pod(story, i);
}

static void step_pod_goes(struct story *story)
{
    uint32_t i = pick(story, PODS);
    if (!core_find(&story->core, story->pod_names[i]))
        return;
    struct pod_object *object = fixture_pod_object(&story->core.fixture, &story->pods[i]);
    object->phase = pick(story, 2) ? PHASE_SUCCEEDED : PHASE_PENDING;
    object->is_deleting = object->phase == PHASE_PENDING;
    enum event_kind kind = object->phase == PHASE_PENDING ? EVENT_POD_GONE : EVENT_POD_SEEN;
    sched_on_event(story->core.sched, &(struct event){.kind = kind, .pod = object});
}

static void step_pod_is_being_deleted(struct story *story)
{
    uint32_t i = pick(story, PODS);
    if (!core_find(&story->core, story->pod_names[i]) || pick(story, 4) > 0)
        return;
    struct pod_object *object = fixture_pod_object(&story->core.fixture, &story->pods[i]);
    object->is_deleting = true;
    core_pod_object(&story->core, object);
}

/* The watch shows what was bound; or the answer to the bind comes, of any kind. */
static void step_bind_ends(struct story *story)
{
    static const enum outcome outcomes[] = {OUTCOME_DONE,    OUTCOME_DONE,    OUTCOME_CONFLICT,
                                            OUTCOME_UNKNOWN, OUTCOME_INVALID, OUTCOME_NOT_SENT};
    uint32_t i = pick(story, PODS);
    const struct pod *pod = core_find(&story->core, story->pod_names[i]);
    if (!pod || pod->place != POD_ASSUMED)
        return;
    const struct cluster *cluster = sched_cluster(story->core.sched);
    struct fixture_pod bound = story->pods[i];
    uint32_t node_sym = cluster->nodes.nodes[pod->node_slot]->name_sym;
    set_bound(&bound, symbol_text(story->core.fixture.symbols, node_sym));
    struct reply reply = {.pod = pod_ref(pod), .outcome = PICK(story, outcomes)};
    if (pod->bind_phase == BIND_SENT && pick(story, 4) > 0) {
        sched_on_event(story->core.sched,
                       &(struct event){.kind = EVENT_BIND_REPLY, .reply = &reply});
    } else if (pod->bind_phase == BIND_READING) {
        struct fixture_pod *truth = pick(story, 2) ? &bound : &story->pods[i];
        reply.outcome = pick(story, 4) ? OUTCOME_DONE : OUTCOME_UNKNOWN;
        struct pod_object *object = fixture_pod_object(&story->core.fixture, truth);
        if (truth == &bound && reply.outcome == OUTCOME_DONE)
            story->pods[i] = bound;
        sched_on_event(
            story->core.sched,
            &(struct event){.kind = EVENT_POD_READ, .reply = &reply, .read_pod = object});
    } else {
        story->pods[i] = bound;
        send_pod(story, i);
    }
}

/* ---- what is told of nodes ---- */

static void change_node(struct story *story, uint32_t i)
{
    struct fixture_node *node = &story->nodes[i];
    if (!node->name || pick(story, 4) == 0)
        *node = (struct fixture_node){.name = story->node_names[i],
                                      .allocatable = PICK(story, allocatable)};
    switch (pick(story, 5)) {
    case 0:
        node->allocatable = PICK(story, allocatable);
        break;
    case 1:
        node->labels = PICK(story, labels);
        break;
    case 2:
        node->taints = PICK(story, taints);
        break;
    case 3:
        node->is_unschedulable = !node->is_unschedulable;
        break;
    default:
        node->problem = node->problem ? NULL : "unreadable";
    }
    core_node(&story->core, node);
}

static void step_node_changes(struct story *story)
{
    change_node(story, pick(story, NODES));
}

static void step_node_goes(struct story *story)
{
    struct fixture_node *node = &story->nodes[pick(story, NODES)];
    if (!node->name || pick(story, 3) > 0)
        return;
    struct node_object *object = fixture_node_object(&story->core.fixture, node);
    sched_on_event(story->core.sched, &(struct event){.kind = EVENT_NODE_GONE, .node = object});
    node->name = NULL;
}

/* ---- lists, time, decisions ---- */

/* A list leaves out some of what is known, and shows some changed: it happened while the watch was
 * away. */
static void step_pods_listed(struct story *story)
{
    if (pick(story, 4) > 0)
        return;
    sched_on_event(story->core.sched, &(struct event){.kind = EVENT_POD_LIST_BEGIN});
    for (uint32_t i = 0; i < PODS; i++) {
        if (pick(story, 10) == 0)
            story->pods[i].node = NULL; /* restored from a backup */
        if (core_find(&story->core, story->pod_names[i]) && pick(story, 8) > 0)
            send_pod(story, i);
    }
    sched_on_event(story->core.sched, &(struct event){.kind = EVENT_POD_LIST_END});
}

static void step_nodes_listed(struct story *story)
{
    if (pick(story, 4) > 0)
        return;
    sched_on_event(story->core.sched, &(struct event){.kind = EVENT_NODE_LIST_BEGIN});
    for (uint32_t i = 0; i < NODES; i++) {
        if (pick(story, 4) == 0)
            change_node(story, i);
        else if (story->nodes[i].name && pick(story, 8) > 0)
            core_node(&story->core, &story->nodes[i]);
        else
            story->nodes[i].name = NULL;
    }
    sched_on_event(story->core.sched, &(struct event){.kind = EVENT_NODE_LIST_END});
}

static void step_schedule(struct story *story)
{
    story->core.port->now.ms += pick(story, 700); /* 500 steps: far from any leftover */
    story->core.port->room = 100;
    (void)sched_pass(story->core.sched, 1 + pick(story, 4));
    mem_port_clear(story->core.port);
}

/* ---- the judge ---- */

/* Whether the filters pass with the nominated pods on the node that count against `pod`. Their
 * ports and amounts are added up by hand: nothing of sched/nominator.c is asked. */
static bool leaves_room(const struct story *story, const struct pod *pod, const struct node *node)
{
    const struct node_table *nodes = &sched_cluster(story->core.sched)->nodes;
    int64_t pods = 1, taken[RESOURCE_COLUMNS_MAX] = {0};
    for (uint32_t i = 0; i < PODS; i++) {
        const struct pod *other = core_find(&story->core, story->pod_names[i]);
        if (!other || other == pod || other->place != POD_PENDING ||
            other->priority < pod->priority || other->nominated_node_sym != node->name_sym)
            continue;
        pods++;
        for (uint32_t c = 0; c < nodes->column_count; c++)
            taken[c] += requests_get(other->shape->requests, nodes->columns[c].name_sym);
        for (uint32_t a = 0; a < pod->shape->port_count; a++)
            for (uint32_t b = 0; b < other->shape->port_count; b++)
                if (pod->shape->ports[a].port == other->shape->ports[b].port)
                    return false; /* a wildcard is on one side of each pair in `ports` */
    }
    if (pods > node_free(nodes, RESOURCE_PODS, node->slot))
        return false;
    for (uint32_t c = 0; c < nodes->column_count; c++) {
        int64_t asked = requests_get(pod->shape->requests, nodes->columns[c].name_sym);
        if (c != RESOURCE_PODS && asked > 0 && asked + taken[c] > node_free(nodes, c, node->slot))
            return false;
    }
    return true;
}

static void judge(const struct story *story)
{
    sched_check(story->core.sched);
    const struct cluster *cluster = sched_cluster(story->core.sched);
    for (uint32_t i = 0; i < PODS; i++) {
        const struct pod *pod = core_find(&story->core, story->pod_names[i]);
        if (!pod || pod->queue_place != QUEUE_PARKED)
            continue;
        const struct filter_input in = {.cluster = cluster, .shape = pod->shape};
        for (uint32_t slot = bitset_next(&cluster->nodes.present, 0); slot != UINT32_MAX;
             slot = bitset_next(&cluster->nodes.present, slot + 1)) {
            struct reasons reasons = {0};
            enum plugin refused_by;
            cr_assert(filters_explain(&in, slot, &reasons, &refused_by) != VERDICT_FIT ||
                          !leaves_room(story, pod, cluster->nodes.nodes[slot]),
                      "%s (refused by %#x) fits the node in slot %u and is still parked; step %u "
                      "of seed %" PRIu64,
                      pod->name, pod->rejectors, slot, story->step, story->seed);
        }
    }
}

enum { STEP_KINDS = 10 };

struct tally {
    uint64_t parked;            /* pods parked, seen after a step */
    uint64_t woken[STEP_KINDS]; /* by the events of one kind of step */
};

static uint32_t parked_count(const struct story *story)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < PODS; i++) {
        const struct pod *pod = core_find(&story->core, story->pod_names[i]);
        count += pod && pod->queue_place == QUEUE_PARKED;
    }
    return count;
}

static void run(uint64_t seed, struct tally *tally)
{
    static void (*const steps[STEP_KINDS])(struct story *) = {
        step_pod_appears,  step_pod_changes,  step_pod_goes,  step_pod_is_being_deleted,
        step_bind_ends,    step_node_changes, step_node_goes, step_pods_listed,
        step_nodes_listed, step_schedule,
    };
    static const uint8_t frequent[] = {0, 0, 0, 1, 1, 2, 3, 4, 4, 4, 5, 5, 6, 7, 8, 9, 9, 9, 9};
    struct story story = {.seed = seed};
    for (uint32_t i = 0; i < NODES; i++)
        (void)snprintf(story.node_names[i], sizeof(story.node_names[i]), "n%u", i);
    for (uint32_t i = 0; i < PODS; i++)
        (void)snprintf(story.pod_names[i], sizeof(story.pod_names[i]), "p%u", i);
    rng_init(&story.rng, seed);
    core_init(&story.core);
    for (story.step = 0; story.step < STEPS; story.step++) {
        uint8_t kind = PICK(&story, frequent);
        uint32_t before = parked_count(&story);
        steps[kind](&story);
        uint32_t after = parked_count(&story);
        tally->woken[kind] += after < before ? before - after : 0;
        tally->parked += after;
        judge(&story);
    }
    core_fini(&story.core);
}

Test(sched_wakeups, whoever_could_be_bound_is_no_longer_parked)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed, &tally);
    cr_expect_gt(tally.parked, 10000, "pods were parked");
    static const uint8_t waking[] = {1, 2, 4, 5, 7, 8}; /* changes, goes, binds, nodes, lists */
    for (size_t i = 0; i < ARRAY_LEN(waking); i++)
        cr_expect_gt(tally.woken[waking[i]], 20, "steps of kind %u wake", waking[i]);
}
