#include "bench/demo_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller.h"
#include "bench/controller_read.h"
#include "bench/demo_object.h"
#include "bench/node_kind.h"
#include "model/base/mem.h"

static const struct demo_kind_row kinds[DEMO_KIND_COUNT] = {
    [DEMO_ECS] = {"ecs", "reserved ECS", "#3b6fb6", "#a9c2e3", 3, 16, 64, 0, 0},
    [DEMO_SPOT] = {"spot", "spot", "#e0a030", "#f2d9a8", 2, 16, 64, 0, 30},
    [DEMO_ECI] = {"eci", "virtual node", "#4f9d7f", "#b5d8c9", 1, 0, 0, 5000, 0},
};

/* The first is the story's. */
static const struct demo_workload workloads[] = {
    {.name = DEMO_APP, .cpu_milli = 500, .memory_mib = 1024},
    /* These can never run. */
    {.name = "too-large", .cpu_milli = 1000000000, .cannot = DEMO_TOO_LARGE},
    {.name = "no-such-kind", .cpu_milli = 100, .only = "arm", .cannot = DEMO_NO_SUCH_LABEL},
    {.name = "untolerated", .cpu_milli = 100, .only = "eci", .cannot = DEMO_NOT_TOLERATED},
    {.name = "apart", .cpu_milli = 100, .apart = true, .cannot = DEMO_NOT_SUPPORTED},
};

enum act { ADD_NODES, REMOVE_NODE, APPLY_POLICY, RECLAIM, SCALE };
enum await { NOTHING, ACCEPTED, BOUND, RUNNING };

static const struct step {
    enum demo_phase phase;
    enum await await;  /* before it */
    uint32_t pause_ms; /* since the step before, at least */
    enum act act;
    const char *name; /* of a node or a workload */
    uint32_t count;   /* replicas to have; milliseconds of notice */
} steps[] = {
    {DEMO_BEGINS, NOTHING, 0, ADD_NODES, NULL, 0},
    {DEMO_BEGINS, NOTHING, 0, APPLY_POLICY, DEMO_APP, 0},
    {DEMO_BEGINS, ACCEPTED, 0, SCALE, DEMO_APP, 10},
    {DEMO_GROWS, RUNNING, 1500, SCALE, DEMO_APP, 30},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 50},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 70},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 90},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 110},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 130},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 150},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 170},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 190},
    {DEMO_GROWS, BOUND, 600, SCALE, DEMO_APP, 200},
    {DEMO_LOSES_SPOT, RUNNING, 1500, RECLAIM, "spot-1", 2000},
    {DEMO_SHRINKS, RUNNING, 1500, SCALE, DEMO_APP, 180},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 160},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 140},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 120},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 100},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 80},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 60},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 40},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 20},
    {DEMO_SHRINKS, RUNNING, 500, SCALE, DEMO_APP, 10},
    {DEMO_REST, RUNNING, 1500, REMOVE_NODE, "spot-2", 0}, /* empty: given back */
    {DEMO_REST, NOTHING, 0, SCALE, "too-large", 2},
    {DEMO_REST, NOTHING, 0, SCALE, "no-such-kind", 3},
    {DEMO_REST, NOTHING, 0, SCALE, "untolerated", 2},
    {DEMO_REST, NOTHING, 1500, SCALE, "apart", 1},
};

const char *demo_phase_title(enum demo_phase phase)
{
    static const char *const titles[DEMO_PHASE_COUNT] = {
        [DEMO_BEGINS] = "begins",
        [DEMO_GROWS] = "grows",
        [DEMO_LOSES_SPOT] = "spot reclaimed",
        [DEMO_SHRINKS] = "shrinks",
        [DEMO_REST] = "empty spot node goes",
    };
    CHECK((unsigned)phase < DEMO_PHASE_COUNT);
    return titles[phase];
}

const struct demo_kind_row *demo_kind_get(enum demo_kind kind)
{
    CHECK((unsigned)kind < DEMO_KIND_COUNT);
    return &kinds[kind];
}

enum demo_kind demo_kind_find(const char *label)
{
    unsigned kind = 0;
    while (kind < DEMO_KIND_COUNT && strcmp(kinds[kind].label, label) != 0)
        kind++;
    return (enum demo_kind)kind;
}

uint32_t demo_pod_cpu_milli(void)
{
    return workloads[0].cpu_milli;
}

uint32_t demo_plan_most_pods(void)
{
    uint32_t most = 0;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i].act == SCALE && strcmp(steps[i].name, DEMO_APP) == 0 && steps[i].count > most)
            most = steps[i].count;
    return most;
}

/* ---- steps ---- */

static const struct demo_workload *find_workload(const char *name)
{
    size_t i = 0;
    while (strcmp(workloads[i].name, name) != 0) {
        i++;
        CHECK(i < ARRAY_LEN(workloads));
    }
    return &workloads[i];
}

static void create(struct store *store, enum kind_id kind, const char *ns, json_t *owned_body)
{
    struct api_status status;
    CHECK(owned_body != NULL);
    /* A user may have made one of that name (kubectl works during the demo): theirs stays. */
    (void)!store_create(store, kind, str_from(ns), owned_body, NULL, &status);
    json_decref(owned_body);
}

static void add_nodes(struct store *store)
{
    char name[64];
    for (unsigned kind = 0; kind < DEMO_KIND_COUNT; kind++) {
        const struct demo_kind_row *row = &kinds[kind];
        for (uint32_t number = 1; number <= row->nodes; number++) {
            (void)snprintf(name, sizeof(name), "%s-%u", row->label, number);
            const struct node_shape shape = {.kind = row->label,
                                             .name = name,
                                             .zone = "",
                                             .cpu = row->cpu,
                                             .memory_gib = row->memory_gib,
                                             .start_ms = row->start_ms};
            create(store, KIND_NODE, "", node_shape_json(&shape));
        }
    }
}

/* A user may have deleted what the step is about: then it is left out. */
static void patch(struct store *store, enum kind_id kind, const char *name, json_t *owned_patch)
{
    struct api_status status;
    const struct store_target target = {
        .kind = kind, .ns = STR(DEMO_NAMESPACE), .name = str_from(name)};
    CHECK(owned_patch != NULL);
    (void)!store_patch(store, &target, PATCH_STRATEGIC, owned_patch, NULL, &status);
    json_decref(owned_patch);
}

static void scale(struct store *store, const char *name, uint32_t replicas)
{
    if (store_get(store, KIND_DEPLOYMENT, STR(DEMO_NAMESPACE), str_from(name)))
        patch(store, KIND_DEPLOYMENT, name,
              json_pack("{s:{s:i}}", "spec", "replicas", (int)replicas));
    else
        create(store, KIND_DEPLOYMENT, DEMO_NAMESPACE,
               demo_deployment(find_workload(name), replicas));
}

static void remove_node(struct store *store, const char *name)
{
    struct api_status status;
    const struct store_target target = {.kind = KIND_NODE, .name = str_from(name)};
    (void)!store_delete(store, &target, NULL, NULL, &status);
}

static void do_step(struct store *store, const struct step *step)
{
    char notice[32];
    switch (step->act) {
    case ADD_NODES:
        add_nodes(store);
        return;
    case REMOVE_NODE:
        remove_node(store, step->name);
        return;
    case APPLY_POLICY:
        create(store, KIND_RESOURCE_POLICY, DEMO_NAMESPACE,
               demo_policy(find_workload(step->name), kinds[DEMO_SPOT].max_cpu));
        return;
    case RECLAIM:
        (void)snprintf(notice, sizeof(notice), "%u", step->count);
        patch(store, KIND_NODE, step->name,
              json_pack("{s:{s:{s:s}}}", "metadata", "labels", NODE_RECLAIM_LABEL, notice));
        return;
    case SCALE:
        scale(store, step->name, step->count);
        return;
    }
    CHECK_NEVER("a known act");
}

/* ---- when ---- */

static bool is_accepted(struct store *store)
{
    const struct object *policy =
        store_get(store, KIND_RESOURCE_POLICY, STR(DEMO_NAMESPACE), STR(DEMO_APP));
    return policy && object_field_int(policy, "status.acceptedGeneration", 0) == policy->generation;
}

/* Whether the Deployment has as many pods as it wants, all bound (and running), and no node is
 * about to go. */
static bool is_settled(struct store *store, bool must_run)
{
    const struct object *deployment =
        store_get(store, KIND_DEPLOYMENT, STR(DEMO_NAMESPACE), STR(DEMO_APP));
    struct store_list nodes = store_list(store, KIND_NODE, STR(""));
    struct str label;
    int64_t count = 0;
    for (size_t i = 0; i < nodes.count; i++)
        if (object_label(nodes.objects[i], STR(NODE_RECLAIM_LABEL), &label))
            return false;
    struct store_list pods = store_list(store, KIND_POD, STR(DEMO_NAMESPACE));
    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.objects[i];
        if (!object_label(pod, STR("app"), &label) || !str_is(label, DEMO_APP))
            continue;
        if (!pod->node_name || !pod_is_active(pod) ||
            !store_get(store, KIND_NODE, STR(""), blob_str(pod->node_name)) ||
            (must_run && !object_condition_true(pod, "Ready")))
            return false;
        count++;
    }
    return deployment && count == object_field_int(deployment, "spec.replicas", 1);
}

bool demo_plan_is_done(const struct demo_plan *plan)
{
    return plan->next == ARRAY_LEN(steps);
}

enum demo_due demo_plan_due(const struct demo_plan *plan, int64_t elapsed_ms)
{
    const struct step *step = &steps[plan->next];
    if (demo_plan_is_done(plan) || elapsed_ms - plan->last_ms < step->pause_ms)
        return DEMO_NOT_DUE;
    if (step->await == NOTHING)
        return DEMO_DUE;
    if (step->await == ACCEPTED)
        return is_accepted(plan->store) ? DEMO_DUE : DEMO_NOT_DUE;
    return is_settled(plan->store, step->await == RUNNING) ? DEMO_DUE_SETTLED : DEMO_NOT_DUE;
}

void demo_plan_step(struct demo_plan *plan, int64_t elapsed_ms)
{
    CHECK(!demo_plan_is_done(plan));
    const struct step *step = &steps[plan->next++];
    if (step->phase != plan->phase)
        plan->began_ms[step->phase] = elapsed_ms;
    plan->phase = step->phase;
    plan->last_ms = elapsed_ms;
    do_step(plan->store, step);
}

/* ---- what must wait, and why ---- */

struct node_counts {
    unsigned all, cordoned, tainted, open; /* open: neither cordoned nor tainted */
};

static struct node_counts count_nodes(struct store *store)
{
    struct node_counts counts = {0};
    struct store_list nodes = store_list(store, KIND_NODE, STR(""));
    struct str raw;
    for (size_t i = 0; i < nodes.count; i++) {
        const struct object *node = nodes.objects[i];
        bool cordoned = object_field(node, "spec.unschedulable", &raw) && str_is(raw, "true");
        bool tainted = object_field(node, "spec.taints", &raw) && raw.len > 2;
        counts.all++;
        counts.cordoned += cordoned;
        counts.tainted += tainted && !cordoned;
        counts.open += !tainted && !cordoned;
    }
    return counts;
}

static int compare_texts(const void *a, const void *b)
{
    const char *first = a, *second = b;
    return strcmp(first, second);
}

/* "0/7 nodes are available: 1 x, 6 y." with the parts sorted as texts, as kube-scheduler does. */
static void waiting_text(const struct node_counts *nodes, const char *open_reason,
                         char ret_text[VERIFY_TEXT_BYTES])
{
    char parts[3][128];
    size_t count = 0;
    const struct {
        unsigned nodes;
        const char *reason;
    } reasons[] = {{nodes->cordoned, "node(s) were unschedulable"},
                   {nodes->tainted, "node(s) had untolerated taint(s)"},
                   {nodes->open, open_reason}};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i].nodes > 0)
            (void)snprintf(parts[count++], sizeof(parts[0]), "%u %s", reasons[i].nodes,
                           reasons[i].reason);
    qsort(parts, count, sizeof(parts[0]), compare_texts);
    int used = snprintf(ret_text, VERIFY_TEXT_BYTES, "0/%u nodes are available:", nodes->all);
    for (size_t i = 0; i < count; i++)
        used += snprintf(ret_text + used, (size_t)(VERIFY_TEXT_BYTES - used), "%s %s%s",
                         i > 0 ? "," : "", parts[i], i + 1 == count ? "." : "");
}

void demo_plan_waiting(struct store *store, struct demo_waiting *ret_waiting)
{
    static const char not_supported[] =
        "the pod needs required inter-pod anti-affinity: not supported by spillway yet";
    struct node_counts nodes = count_nodes(store);
    ret_waiting->count = 0;
    for (size_t i = 0; i < ARRAY_LEN(workloads); i++) {
        const struct demo_workload *workload = &workloads[i];
        if (workload->cannot == DEMO_CAN_RUN)
            continue;
        CHECK(ret_waiting->count < DEMO_WAITING_MAX);
        char *text = ret_waiting->texts[ret_waiting->count];
        if (workload->cannot == DEMO_NOT_SUPPORTED)
            (void)snprintf(text, VERIFY_TEXT_BYTES, "0/%u nodes are available: %s.", nodes.all,
                           not_supported);
        else
            waiting_text(&nodes,
                         workload->cannot == DEMO_TOO_LARGE
                             ? "Insufficient cpu"
                             : "node(s) didn't match Pod's node affinity/selector",
                         text);
        ret_waiting->rows[ret_waiting->count++] = (struct verify_waiting){
            workload->name,
            workload->cannot == DEMO_NOT_SUPPORTED ? "SchedulerError" : "Unschedulable", text};
    }
}
