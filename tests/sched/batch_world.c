#include "tests/sched/batch_world.h"

#include <stdio.h>
#include <string.h>

#include "policy/unit_presets.h"
#include "sched/match.h"
#include "sched/unit_wait.h"

enum { POOLS = 3, CYCLE_SEED = 5 };

static const char *const texts_of_nodes[] = {
    "cpu=2, memory=4Gi, pods=4",
    "cpu=4, memory=4Gi, pods=8",
    "cpu=4, memory=8Gi, pods=3",
    "cpu=8, memory=8Gi, pods=20",
    "cpu=4, memory=8Gi, pods=8, example.com/gpu=2",
};
static const char *const taints[] = {
    NULL,
    NULL,
    NULL,
    "a:PreferNoSchedule",
    "a:PreferNoSchedule, b:PreferNoSchedule",
    "virtual-kubelet.io/provider=x:NoSchedule",
    "c:NoSchedule",
};
static const char *const containers[] = {
    "cpu=1, memory=1Gi", "cpu=100m",          "cpu=500m, memory=2Gi",     NULL,
    "cpu=1; cpu=1",      "example.com/gpu=1", "cpu=1, example.com/gpu=1", "memory=1Gi",
};
static const char *const preferred[] = {
    NULL, NULL, "5: disk In ssd", "5: disk In ssd; 20: pool In 1", "1: none Exists",
};
static const char *const tolerations[] = {NULL, NULL, "a", "c", "*"};
static const char *const images[] = {NULL, NULL, "web:1", "db:1"};

uint32_t world_pick(struct world *world, size_t below)
{
    return (uint32_t)rng_below(&world->rng, below);
}

#define PICK(world, table) (table)[world_pick((world), ARRAY_LEN(table))]

/* ---- nodes and policies ---- */

static void settle_before(void *ctx, struct pod *pod)
{
    (void)ctx;
    (void)pod;
}

static void settle(struct world *world)
{
    const struct book_watcher watcher = {NULL, settle_before, settle_before};
    book_settle(world->book, &watcher);
}

/* The same text each time gives the same node. */
void world_see_node(struct world *world, uint32_t number, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed);
    char name[16], labels[96];
    (void)snprintf(name, sizeof(name), "n%u", number);
    const char *taint = taints[rng_below(&rng, ARRAY_LEN(taints))];
    bool is_virtual = taint && strncmp(taint, "virtual", strlen("virtual")) == 0;
    (void)snprintf(labels, sizeof(labels), "pool=%u%s%s", (uint32_t)rng_below(&rng, POOLS + 1),
                   rng_below(&rng, 2) ? ", disk=ssd" : "",
                   is_virtual ? ", type=virtual-kubelet" : "");
    const struct fixture_node node = {
        .name = name,
        .allocatable = texts_of_nodes[rng_below(&rng, ARRAY_LEN(texts_of_nodes))],
        .labels = labels,
        .taints = taint,
        .images = rng_below(&rng, 3) ? NULL : "web:1=300Mi",
        .is_unschedulable = rng_below(&rng, 16) == 0,
    };
    struct node_change change;
    uint32_t slot = fixture_change_node(&world->fixture, &node, &change);
    if (change.bits) {
        world->oracle.kept.holds = false;
        book_node_changed(world->book, slot);
        settle(world);
    }
    node_change_fini(&change);
}

void world_see_policy(struct world *world, uint64_t version)
{
    struct fixture *fixture = &world->fixture;
    struct label pool_0 = {fixture_sym(fixture, "pool"), fixture_sym(fixture, "0")};
    struct label pool_1 = {pool_0.key_sym, fixture_sym(fixture, "1")};
    struct label selector = {fixture_sym(fixture, "app"), fixture_sym(fixture, "web")};
    char text[24], max[16];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
    (void)snprintf(max, sizeof(max), "%u", world_pick(world, 30));
    struct unit_object units[] = {
        {.name = STR("first"), .node_selector = &pool_0, .node_selector_count = 1},
        {.name = STR("second"), .node_selector = &pool_1, .node_selector_count = 1},
        {.name = STR("eci"), .resource = STR("eci")},
    };
    units[world_pick(world, 2)].max = str_from(max);
    struct policy_object policy = {
        .meta = {.name = STR("web"),
                 .namespace = STR("default"),
                 .namespace_sym = fixture_sym(fixture, "default"),
                 .resource_version = str_from(text),
                 .uid = {3, 1},
                 .generation = (int64_t)version,
                 .created_unix_s = 1},
        .source = POLICY_SOURCE_SPILLWAY,
        .selector = &selector,
        .selector_count = 1,
        .overflow = world->overflows ? STR("anywhere") : STR("pending"),
        .has_units = true,
        .unit_count = 1 + world_pick(world, ARRAY_LEN(units)),
        .units = units,
    };
    book_see(world->book, &policy, 1);
    settle(world);
    world->oracle.kept.holds = false;
}

void world_drop_node(struct world *world, uint32_t number)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "n%u", number);
    const struct node *node =
        node_table_find(&world->fixture.cluster.nodes, fixture_sym(&world->fixture, name));
    if (!node || !node->is_present)
        return;
    book_node_changed(world->book, node->slot);
    fixture_drop_node(&world->fixture, name);
    settle(world);
    world->oracle.kept.holds = false;
}

/* ---- pods ---- */

/* Its number tells its kind. */
struct pod *world_see_pod(struct world *world, uint32_t number, const char *node)
{
    const struct shape_text *shape = &world->shapes[number % WORLD_KINDS / 2];
    char name[16];
    (void)snprintf(name, sizeof(name), "p%u", number);
    const struct fixture_pod text = {
        .name = name,
        .node = node,
        .containers = shape->containers,
        .preferred = shape->preferred,
        .tolerations = shape->tolerations,
        .images = shape->images,
        .ports = shape->ports,
        .selector = shape->selector,
        .labels = world->has_policy && number % 2 ? "app=web" : NULL,
    };
    struct cluster *cluster = &world->fixture.cluster;
    struct pod *known =
        cluster_find_pod(cluster, fixture_sym(&world->fixture, "default"), str_from(name));
    if (known)
        book_leave(world->book, known);
    struct pod *pod = fixture_pod(&world->fixture, &text);
    book_enter(world->book, pod, NULL);
    return pod;
}

void world_drop_pod(struct world *world, struct pod *pod)
{
    book_leave(world->book, pod);
    unit_waits_drop(pod);
    (void)cluster_drop_pod(&world->fixture.cluster, pod);
}

void world_put_pod(struct world *world, struct pod *pod, const struct cycle_result *result)
{
    book_leave(world->book, pod);
    cluster_assume(&world->fixture.cluster, pod, result->slot);
    pod->unit_sym = result->unit_sym;
    book_enter(world->book, pod, NULL);
    if (pod->shape->refs == 1)
        match_drop(pod->shape);
    world->pods[world->pod_count++] = pod;
}

struct pod *world_take_pod(struct world *world)
{
    uint32_t i = world_pick(world, world->pod_count);
    struct pod *pod = world->pods[i];
    world->pods[i] = world->pods[--world->pod_count];
    return pod;
}

void world_nominate(struct world *world)
{
    if (world->nominated) {
        nominator_remove(&world->nominator, world->nominated);
        world_drop_pod(world, world->nominated);
        world->nominated = NULL;
        return;
    }
    char node[16];
    (void)snprintf(node, sizeof(node), "n%u", world_pick(world, world->node_count));
    world->nominated =
        fixture_pod(&world->fixture,
                    &(struct fixture_pod){
                        .name = "vip", .containers = "cpu=2", .nominated = node, .priority = 10});
    nominator_update(&world->nominator, world->nominated);
}

/* ---- a world ---- */

static void shapes_init(struct world *world)
{
    for (int i = 0; i < WORLD_SHAPES; i++)
        world->shapes[i] = (struct shape_text){
            .containers = PICK(world, containers),
            .preferred = PICK(world, preferred),
            .tolerations = PICK(world, tolerations),
            .images = PICK(world, images),
            .ports = world_pick(world, 8) ? NULL : "TCP/80",
            .selector = world_pick(world, 6) ? NULL : "disk=ssd",
        };
}

static struct cycle_config config_of(struct world *world)
{
    static const uint32_t steps[] = {1, 2, 3, 7, 16, 64};
    static const uint32_t targets[] = {0, 0, 5, 16, 17, 24, 50, 100};
    static const int32_t percentages[] = {-1, -1, -1, -1, -1, 0, 10, 100};
    static const char *const weights[] = {NULL, NULL,
                                          "NodeResourcesFit=0,NodeResourcesBalancedAllocation=0",
                                          "TaintToleration=0,NodeAffinity=7", "ImageLocality=0"};
    struct cycle_config config = {.predicate_step = PICK(world, steps),
                                  .feasible_target = PICK(world, targets),
                                  .percentage = PICK(world, percentages),
                                  .is_batched = true,
                                  .seed = CYCLE_SEED};
    score_config_init(&config.score);
    const char *text = PICK(world, weights);
    if (text)
        CHECK(score_config_set_weights(&config.score, text, NULL) == 0);
    if (world_pick(world, 3) == 0)
        CHECK(score_config_set_strategy(&config.score, "MostAllocated", NULL) == 0);
    return config;
}

static uint32_t random_node_count(struct world *world)
{
    switch (world_pick(world, 10)) {
    case 0:
        return 1 + world_pick(world, WORLD_NODES_MAX);
    case 1:
    case 2:
    case 3:
        return 1 + world_pick(world, 80);
    default:
        return 1 + world_pick(world, 30);
    }
}

void world_init(struct world *world, uint64_t seed)
{
    rng_init(&world->rng, seed);
    fixture_init(&world->fixture);
    unit_types_presets(&world->types, world->fixture.symbols);
    nominator_init(&world->nominator);
    world->book = book_new(&world->fixture.cluster, &world->types);
    const struct cycle_world parts = {.cluster = &world->fixture.cluster,
                                      .nominator = &world->nominator,
                                      .book = world->book,
                                      .types = &world->types};
    struct cycle_config config = config_of(world);
    cycle_init(&world->shared, &config, &parts);
    config.is_batched = false;
    cycle_init(&world->plain, &config, &parts);
    oracle_init(&world->oracle, &world->shared);
    buf_init(&world->message, CYCLE_MESSAGE_BYTES_MAX);
    buf_init(&world->plain_message, CYCLE_MESSAGE_BYTES_MAX);
    shapes_init(world);
    world->has_policy = world_pick(world, 3) == 0;
    world->overflows = world_pick(world, 3) == 0;
    if (world->has_policy)
        world_see_policy(world, 1);
    world->node_count = random_node_count(world);
    for (uint32_t i = 0; i < world->node_count; i++)
        world_see_node(world, i, seed + i);
}

void world_fini(struct world *world)
{
    if (world->nominated)
        world_nominate(world);
    while (world->pod_count > 0)
        world_drop_pod(world, world_take_pod(world));
    cluster_check(&world->fixture.cluster);
    cycle_fini(&world->shared);
    cycle_fini(&world->plain);
    nominator_fini(&world->nominator);
    buf_fini(&world->message);
    buf_fini(&world->plain_message);
    book_free(world->book);
    unit_types_fini(&world->types);
    fixture_fini(&world->fixture);
}
