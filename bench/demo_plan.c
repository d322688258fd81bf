#include "bench/demo_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller.h"
#include "bench/demo_object.h"
#include "bench/json_scan.h"
#include "model/base/mem.h"

static const struct demo_kind_row kinds[DEMO_KIND_COUNT] = {
    [DEMO_ECS] = {"ecs", "reserved ECS", "#3b6fb6"},
    [DEMO_SPOT] = {"spot", "spot", "#e0a030"},
    [DEMO_GPU] = {"gpu", "GPU", "#7a5fb0"},
    [DEMO_ECI] = {"eci", "virtual nodes", "#4f9d7f"},
};

static const struct demo_pool pools[] = {
    {.name = "ecs-a", .kind = DEMO_ECS, .cpu = 16, .memory_gib = 64, .pods = 110},
    {.name = "ecs-b", .kind = DEMO_ECS, .cpu = 32, .memory_gib = 128, .pods = 110},
    {.name = "spot", .kind = DEMO_SPOT, .cpu = 16, .memory_gib = 64, .pods = 110},
    {.name = "gpu", .kind = DEMO_GPU, .cpu = 32, .memory_gib = 256, .pods = 110, .gpus = 8},
    {.name = "eci", .kind = DEMO_ECI, .cpu = 400, .memory_gib = 1600, .pods = 1000},
};

#define ON(kind)        (1u << DEMO_##kind)
#define ON_SPOT_AND_ECI (ON(SPOT) | ON(ECI))

static const struct demo_workload workloads[] = {
    {.name = "web", .cpu_milli = 500, .memory_mib = 1024},
    {.name = "api", .cpu_milli = 500, .memory_mib = 1024},
    {.name = "search", .cpu_milli = 1000, .memory_mib = 4096},
    {.name = "cache", .cpu_milli = 500, .memory_mib = 6144, .storage_gib = 2},
    {.name = "checkout", .cpu_milli = 250, .memory_mib = 512},
    {.name = "edge", .cpu_milli = 100, .memory_mib = 128, .host_port = 8080},
    {.name = "batch", .cpu_milli = 200, .memory_mib = 256, .tolerates = ON(SPOT), .only = "spot"},
    {.name = "encoder",
     .cpu_milli = 500,
     .memory_mib = 1024,
     .tolerates = ON(SPOT),
     .only = "spot"},
    {.name = "train", .cpu_milli = 3000, .memory_mib = 24576, .gpus = 1, .tolerates = ON(GPU)},
    {.name = "infer", .cpu_milli = 2000, .memory_mib = 8192, .gpus = 1, .tolerates = ON(GPU)},
    {.name = "burst", .cpu_milli = 500, .memory_mib = 1024, .tolerates = ON(ECI), .only = "eci"},
    {.name = "reports", .cpu_milli = 250, .memory_mib = 256, .tolerates = ON_SPOT_AND_ECI},
    /* These can never run. */
    {.name = "too-large", .cpu_milli = 1000000, .cannot = DEMO_TOO_LARGE},
    {.name = "no-such-kind", .cpu_milli = 100, .only = "arm", .cannot = DEMO_NO_SUCH_LABEL},
    {.name = "untolerated", .cpu_milli = 100, .only = "gpu", .cannot = DEMO_NOT_TOLERATED},
    {.name = "apart", .cpu_milli = 100, .apart = true, .cannot = DEMO_NOT_SUPPORTED},
};

enum act { ADD_NODES, REMOVE_NODE, CORDON, BREAK_NODE, SCALE, NEW_IMAGE };

/* A node that breaks stays not ready: its pods go on, nothing new comes. */
static const struct step {
    int64_t at_ms;
    enum act act;
    const char *name; /* of a pool, a node or a workload */
    uint32_t count;   /* nodes to add, replicas to have */
} steps[] = {
    {0, ADD_NODES, "ecs-a", 12},
    {0, SCALE, "web", 200},
    {600, SCALE, "api", 150},
    {1200, SCALE, "search", 150}, /* more than there is room for: they wait */
    {2500, ADD_NODES, "gpu", 4},
    {2500, SCALE, "train", 20},
    {3000, SCALE, "infer", 8},
    {3500, ADD_NODES, "ecs-a", 12},
    {4500, SCALE, "cache", 60},
    {4500, SCALE, "edge", 24},
    {5000, ADD_NODES, "ecs-b", 8},
    {5500, SCALE, "batch", 300}, /* before any spot node is there */
    {6500, ADD_NODES, "spot", 10},
    {6500, SCALE, "checkout", 80},
    {7000, ADD_NODES, "spot", 10},
    {7500, ADD_NODES, "ecs-b", 8},
    {8000, ADD_NODES, "eci", 2},
    {8000, SCALE, "burst", 400},
    {9000, ADD_NODES, "spot", 10},
    {9000, SCALE, "batch", 700},
    {9500, SCALE, "reports", 300},
    {10000, SCALE, "web", 500},
    {11000, CORDON, "ecs-a-03", 0},
    {11000, SCALE, "encoder", 60},
    {11500, SCALE, "burst", 800},
    {12000, REMOVE_NODE, "ecs-b-05", 0},
    {12500, SCALE, "api", 300},
    {13000, NEW_IMAGE, "checkout", 2},
    {14000, REMOVE_NODE, "spot-07", 0},
    {14300, REMOVE_NODE, "spot-19", 0},
    {14500, SCALE, "encoder", 120},
    {15000, BREAK_NODE, "ecs-a-09", 0},
    {16000, SCALE, "too-large", 2},
    {16300, SCALE, "no-such-kind", 3},
    {16600, SCALE, "untolerated", 2},
    {16900, SCALE, "apart", 1},
    {17500, SCALE, "burst", 200},
    {18000, SCALE, "batch", 250},
    {18500, SCALE, "web", 260},
    {19500, SCALE, "reports", 100},
    {21500, SCALE, "reports", 120},
};

static const struct demo_mark marks[] = {
    {1200, "full: pods wait"},    {3500, "more nodes"},         {6500, "spot nodes join"},
    {8000, "virtual nodes join"}, {12000, "a node is removed"}, {14000, "spot nodes lost"},
    {17500, "scale-in begins"},
};

const struct demo_mark *demo_plan_mark(uint32_t index)
{
    return index < ARRAY_LEN(marks) ? &marks[index] : NULL;
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

/* ---- steps ---- */

static const struct demo_pool *find_pool(const char *name)
{
    size_t i = 0;
    while (strcmp(pools[i].name, name) != 0) {
        i++;
        CHECK(i < ARRAY_LEN(pools));
    }
    return &pools[i];
}

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
    CHECK(store_create(store, kind, str_from(ns), owned_body, NULL, &status));
    json_decref(owned_body);
}

/* The lowest numbers that are free. */
static void add_nodes(struct store *store, const char *pool_name, uint32_t count)
{
    const struct demo_pool *pool = find_pool(pool_name);
    char name[64];
    for (uint32_t number = 1; count > 0; number++) {
        (void)snprintf(name, sizeof(name), "%s-%02u", pool->name, number);
        if (store_get(store, KIND_NODE, STR(""), str_from(name)))
            continue;
        create(store, KIND_NODE, "", demo_node(pool, &kinds[pool->kind], name, number));
        count--;
    }
}

/* A user may have deleted what the step is about (kubectl works during the demo): then it is left
 * out. */
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
    switch (step->act) {
    case ADD_NODES:
        add_nodes(store, step->name, step->count);
        return;
    case REMOVE_NODE:
        remove_node(store, step->name);
        return;
    case CORDON:
        patch(store, KIND_NODE, step->name, json_pack("{s:{s:b}}", "spec", "unschedulable", 1));
        return;
    case BREAK_NODE:
        patch(store, KIND_NODE, step->name,
              json_pack("{s:{s:{s:s}}}", "metadata", "labels", NODE_DOWN_LABEL, "true"));
        return;
    case SCALE:
        scale(store, step->name, step->count);
        return;
    case NEW_IMAGE:
        patch(store, KIND_DEPLOYMENT, step->name, demo_new_image(step->count));
        return;
    }
    CHECK_NEVER("a known act");
}

int64_t demo_plan_run(struct store *store, int64_t elapsed_ms, uint32_t *next)
{
    while (*next < ARRAY_LEN(steps) && steps[*next].at_ms <= elapsed_ms)
        do_step(store, &steps[(*next)++]);
    return *next < ARRAY_LEN(steps) ? steps[*next].at_ms : -1;
}

int64_t demo_plan_length_ms(void)
{
    return steps[ARRAY_LEN(steps) - 1].at_ms;
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
