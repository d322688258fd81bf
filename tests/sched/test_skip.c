/* What the search and the sentence skip, against code that skips nothing: random clusters with
 * taints, labels, host ports, extended resources, nominated pods, holes and nodes that are gone but
 * for their pods; over one superblock and over three. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/node_bounds.h"
#include "sched/explain.h"
#include "sched/match.h"
#include "sched/walk.h"
#include "tests/model/seed.h"
#include "tests/sched/fixture.h"

#define PICK(rng, array) ((array)[rng_below((rng), ARRAY_LEN(array))])

struct world {
    struct fixture fixture;
    struct nominator nominator;
    struct rng rng;
    struct toleration toleration;
    struct unit_types types; /* any; one whose taint b is tolerated */
    struct bitset unit;      /* some nodes */
    struct walk walk;
    uint32_t cursor;
    uint32_t node_count, pod_count;
    uint32_t *naive_slots;
    uint32_t naive_count, naive_visited;
};

static void world_init(struct world *world, uint64_t seed)
{
    *world = (struct world){0};
    fixture_init(&world->fixture);
    nominator_init(&world->nominator);
    rng_init(&world->rng, seed);
    bitset_init(&world->unit);
    walk_init(&world->walk);
    world->toleration = (struct toleration){fixture_sym(&world->fixture, "b"), SYM_EMPTY,
                                            TOLERATION_EXISTS, TAINT_NO_SCHEDULE};
    world->types.count = 2;
    world->types.items[1] =
        (struct unit_type){.toleration_count = 1, .tolerations = &world->toleration};
}

static void world_fini(struct world *world)
{
    walk_fini(&world->walk);
    bitset_fini(&world->unit);
    nominator_fini(&world->nominator);
    fixture_fini(&world->fixture);
    free(world->naive_slots);
}

/* ---- what happens to a cluster ---- */

static const char *name_of(char text[32], char kind, uint32_t number)
{
    (void)snprintf(text, 32, "%c%u", kind, number);
    return text;
}

static void see_node(struct world *world, uint32_t number)
{
    static const char *const allocatable[] = {
        "cpu=4, memory=4Gi",         "cpu=4, memory=4Gi",        "cpu=2, memory=8Gi",
        "cpu=4, memory=4Gi, pods=1", "cpu=4, memory=4Gi, gpu=2", "cpu=1, memory=1Gi",
        "cpu=0, memory=4Gi",         "cpu=4, memory=4Gi, pods=0"};
    static const char *const taints[] = {
        NULL, NULL,           NULL,          NULL, "a:NoSchedule",
        NULL, "b:NoSchedule", "b:NoExecute", NULL, "c:PreferNoSchedule"};
    static const char *const labels[] = {NULL, "zone=a", "zone=b", "zone=a, ssd"};
    char name[32];
    (void)fixture_node(&world->fixture,
                       &(struct fixture_node){.name = name_of(name, 'n', number),
                                              .allocatable = PICK(&world->rng, allocatable),
                                              .taints = PICK(&world->rng, taints),
                                              .labels = PICK(&world->rng, labels),
                                              .is_unschedulable = rng_below(&world->rng, 30) == 0,
                                              .problem = rng_below(&world->rng, 50) ? NULL : "x"});
}

static struct pod *see_pod(struct world *world, const char *node, const char *nominated)
{
    static const char *const containers[] = {"cpu=500m",        "cpu=1, memory=1Gi",
                                             "cpu=2",           "cpu=3",
                                             "memory=3Gi",      "",
                                             "cpu=100m, gpu=1", "gpu=3",
                                             "fpga=1",          "cpu=9",
                                             "memory=512Mi",    "cpu=4"};
    static const char *const tolerations[] = {NULL, NULL, "a", "b", "*"};
    static const char *const selectors[] = {NULL, NULL, NULL, "zone=a", "zone=b, ssd"};
    static const char *const ports[] = {NULL, NULL, NULL, NULL, "TCP/80"};
    static const char *const required[] = {
        NULL, NULL, NULL, NULL, "ssd Exists", "@metadata.name In n1; @metadata.name In n2"};
    char name[32];
    const struct fixture_pod pod = {.name = name_of(name, 'p', world->pod_count++),
                                    .node = node,
                                    .nominated = nominated,
                                    .containers = PICK(&world->rng, containers),
                                    .tolerations = PICK(&world->rng, tolerations),
                                    .selector = PICK(&world->rng, selectors),
                                    .ports = PICK(&world->rng, ports),
                                    .required = PICK(&world->rng, required),
                                    .priority = (int32_t)rng_below(&world->rng, 3)};
    return fixture_pod(&world->fixture, &pod);
}

static uint32_t any_node(struct world *world)
{
    return (uint32_t)rng_below(&world->rng, world->node_count);
}

static void change_something(struct world *world)
{
    struct cluster *cluster = &world->fixture.cluster;
    char name[32];
    uint32_t number = any_node(world);
    switch (rng_below(&world->rng, 8)) {
    case 0:
        see_node(world, number);
        break;
    case 1: {
        const struct node *node = node_table_find(
            &cluster->nodes, fixture_sym(&world->fixture, name_of(name, 'n', number)));
        if (node && node->is_present)
            fixture_drop_node(&world->fixture, name);
        break;
    }
    case 2:
        nominator_update(&world->nominator, see_pod(world, NULL, name_of(name, 'n', number)));
        break;
    case 3:
    case 4: {
        (void)name_of(name, 'p', (uint32_t)rng_below(&world->rng, world->pod_count + 1));
        struct pod *pod =
            cluster_find_pod(cluster, fixture_sym(&world->fixture, "default"), str_from(name));
        if (pod)
            nominator_remove(&world->nominator, pod);
        if (pod)
            (void)cluster_drop_pod(cluster, pod);
        break;
    }
    default: /* on nodes that have room and on those that have not */
        (void)see_pod(world, name_of(name, 'n', number), NULL);
        break;
    }
}

/* ---- the scan that skips nothing ---- */

struct question {
    struct pod *pod;
    const struct bitset *nodes;
    uint32_t type;
    struct walk_limits limits;
};

static enum verdict naive_explain(struct world *world, const struct question *question,
                                  uint32_t slot, struct reasons *reasons,
                                  enum plugin *ret_refused_by)
{
    const struct fitting fitting = {&world->fixture.cluster, question->pod,
                                    &world->types.items[question->type]};
    reasons->count = 0;
    return nominator_explain(&world->nominator, &fitting, slot, reasons, ret_refused_by);
}

static bool naive_fits(struct world *world, const struct question *question, uint32_t slot)
{
    struct reasons reasons;
    enum plugin refused_by;
    return bitset_test(&world->fixture.cluster.nodes.present, slot) &&
           naive_explain(world, question, slot, &reasons, &refused_by) == VERDICT_FIT;
}

/* Returns the cursor behind it. */
static uint32_t naive_walk(struct world *world, const struct question *question)
{
    uint32_t slots = world->fixture.cluster.nodes.slot_count, start = world->cursor;
    uint32_t in_step = 0;
    world->naive_slots = mem_resize(world->naive_slots, slots + 1, sizeof(uint32_t));
    world->naive_count = world->naive_visited = 0;
    for (uint32_t i = 0; i < slots; i++) {
        uint32_t slot = start < slots ? (start + i) % slots : i;
        if (!bitset_test(question->nodes, slot))
            continue;
        world->naive_visited++;
        if (naive_fits(world, question, slot))
            world->naive_slots[world->naive_count++] = slot;
        if (++in_step < question->limits.step)
            continue;
        in_step = 0;
        if (world->naive_count >= question->limits.target)
            return slot + 1;
    }
    return start;
}

/* ---- one decision, both ways ---- */

static void check_walk(struct world *world, const struct question *question, uint64_t seed)
{
    struct cluster *cluster = &world->fixture.cluster;
    uint32_t cursor = naive_walk(world, question), start = world->cursor;
    const struct walk_scope scope = {
        .nodes = question->nodes,
        .matching = match_sync(cluster, question->pod->shape, &world->types, question->type),
        .cursor = &world->cursor,
        .type = &world->types.items[question->type],
    };
    walk_run(&world->walk, &scope, cluster, &world->nominator, question->pod, question->limits);
    cr_assert_eq(world->walk.count, world->naive_count, "seed %" PRIu64, seed);
    cr_assert_eq(world->walk.visited, world->naive_visited, "seed %" PRIu64, seed);
    for (uint32_t i = 0; i < world->walk.count; i++)
        cr_assert_eq(world->walk.slots[i], world->naive_slots[i], "seed %" PRIu64, seed);
    uint32_t slots = cluster->nodes.slot_count; /* behind the last slot is before the first */
    uint32_t round = (slots + NODE_BLOCK_SLOTS - 1) / NODE_BLOCK_SLOTS * NODE_BLOCK_SLOTS;
    uint32_t from = start < round ? start : 0;
    cr_assert_eq(world->cursor, cursor == start ? from : cursor, "seed %" PRIu64, seed);
}

/* Nodes of the question in one block that refuse the pod; why, one by one. */
static uint64_t naive_refused(struct world *world, const struct question *question, uint32_t block,
                              struct diagnosis *diagnosis)
{
    const struct bitset *present = &world->fixture.cluster.nodes.present;
    uint64_t refused = 0;
    for (uint32_t i = 0; i < NODE_BLOCK_SLOTS; i++) {
        uint32_t slot = block * NODE_BLOCK_SLOTS + i;
        struct reasons reasons;
        enum plugin refused_by;
        if (!bitset_test(question->nodes, slot) || !bitset_test(present, slot) ||
            naive_explain(world, question, slot, &reasons, &refused_by) == VERDICT_FIT)
            continue;
        refused |= UINT64_C(1) << i;
        diagnosis_add(diagnosis, refused_by, &reasons);
    }
    return refused;
}

static void expect_same(const struct world *world, const struct diagnosis *counted,
                        const struct diagnosis *naive, uint64_t seed)
{
    const struct symbols *symbols = world->fixture.symbols;
    struct buf naive_text CLEANUP(buf_fini), text CLEANUP(buf_fini);
    buf_init(&naive_text, 1 << 16);
    buf_init(&text, 1 << 16);
    diagnosis_format(naive, symbols, NULL, &naive_text);
    diagnosis_format(counted, symbols, NULL, &text);
    cr_assert_str_eq(text.data, naive_text.data, "seed %" PRIu64, seed);
    cr_assert_eq(counted->refused_by, naive->refused_by, "seed %" PRIu64, seed);
}

/* Of the nodes that refuse the pod, what is said; and of all, when all do. */
static void check_sentence(struct world *world, const struct question *question, uint64_t seed)
{
    struct cluster *cluster = &world->fixture.cluster;
    const struct explain_scope scope = {
        .cluster = cluster,
        .nominator = &world->nominator,
        .pod = question->pod,
        .match = match_sync_refusals(cluster, question->pod->shape, &world->types, question->type),
        .type = &world->types.items[question->type]};
    uint32_t refused_count = 0;
    struct diagnosis naive, counted, whole;
    diagnosis_init(&naive, cluster->nodes.present_count);
    diagnosis_init(&counted, cluster->nodes.present_count);
    diagnosis_init(&whole, cluster->nodes.present_count);
    for (uint32_t block = 0; block * NODE_BLOCK_SLOTS < cluster->nodes.slot_count; block++) {
        uint64_t refused = naive_refused(world, question, block, &naive);
        explain_block(&scope, block, refused, &counted);
        refused_count += word_count_bits(refused);
    }
    expect_same(world, &counted, &naive, seed);
    if (refused_count < cluster->nodes.present_count)
        return;
    explain_all(&scope, &whole);
    expect_same(world, &whole, &naive, seed);
}

static void find_unit(struct world *world)
{
    uint32_t share = 1 + (uint32_t)rng_below(&world->rng, 3) * 40;
    const struct node_table *nodes = &world->fixture.cluster.nodes;
    bitset_zero(&world->unit);
    for (uint32_t slot = 0; slot < nodes->slot_count; slot++)
        if (rng_below(&world->rng, share) == 0)
            bitset_set(&world->unit, slot);
}

static void decide(struct world *world, uint64_t seed)
{
    static const uint32_t steps[] = {1, 7, 64, 100, 1000, UINT32_MAX};
    static const uint32_t targets[] = {0, 1, 2, 10, 100, WALK_NO_TARGET};
    struct cluster *cluster = &world->fixture.cluster;
    if (rng_below(&world->rng, 8) == 0)
        find_unit(world);
    const struct question question = {
        .pod = see_pod(world, NULL, NULL),
        .nodes = rng_below(&world->rng, 2) ? &cluster->nodes.present : &world->unit,
        .type = (uint32_t)rng_below(&world->rng, 2),
        .limits = {PICK(&world->rng, steps), PICK(&world->rng, targets)}};
    if (rng_below(&world->rng, 4) == 0 && cluster->nodes.slot_count > 0)
        world->cursor = (uint32_t)rng_below(&world->rng, cluster->nodes.slot_count + 1);
    check_walk(world, &question, seed);
    check_sentence(world, &question, seed);
    if (world->walk.count > 0)
        cluster_assume(cluster, question.pod,
                       world->walk.slots[rng_below(&world->rng, world->walk.count)]);
    else
        (void)cluster_drop_pod(cluster, question.pod);
}

/* A cluster of `nodes` in some state, and decisions on it while it changes. */
static void run(uint64_t seed, uint32_t nodes, uint32_t decisions)
{
    struct world world;
    world_init(&world, seed);
    world.node_count = nodes;
    for (uint32_t i = 0; i < nodes; i++)
        see_node(&world, i);
    char name[32];
    uint32_t pods = (uint32_t)rng_below(&world.rng, 3 * (uint64_t)nodes + 1);
    for (uint32_t i = 0; i < pods; i++)
        (void)see_pod(&world, name_of(name, 'n', any_node(&world)), NULL);
    find_unit(&world);
    for (uint32_t i = 0; i < decisions; i++) {
        decide(&world, seed);
        change_something(&world);
    }
    cluster_check(&world.fixture.cluster);
    world_fini(&world);
}

/* 10,000 clusters a run; another run has others. */
Test(skip, equals_the_scan_that_skips_nothing)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "skip");
    for (uint64_t i = 0; i < 9900; i++)
        run(seed + i, 1 + (uint32_t)rng_below(&rng, i % 100 == 0 ? 500 : 40), 4);
}

Test(skip, equals_the_scan_over_several_superblocks)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "skip_large");
    for (uint64_t i = 0; i < 5; i++)
        run(seed + i, 4000 + (uint32_t)rng_below(&rng, 6000), 20);
}

/* Full but for one node, wherever that is: as the scan, and hardly a node is looked at. */
Test(skip, finds_the_last_node_with_room_without_a_look_at_the_others)
{
    enum { NODES = 10000, CASES = 50 };
    struct world world;
    world_init(&world, 1);
    char name[32];
    for (uint32_t i = 0; i < NODES; i++)
        (void)fixture_node(&world.fixture, &(struct fixture_node){.name = name_of(name, 'n', i),
                                                                  .allocatable = "cpu=1"});
    const struct fixture_pod wanted = {.name = "wanted", .containers = "cpu=2"};
    struct question question = {.pod = fixture_pod(&world.fixture, &wanted),
                                .nodes = &world.fixture.cluster.nodes.present,
                                .limits = {64, 100}};
    check_walk(&world, &question, 0); /* the bounds are those of the old state before */
    for (uint32_t i = 0; i < CASES; i++) {
        (void)name_of(name, 'n', (uint32_t)rng_below(&world.rng, NODES));
        (void)fixture_node(&world.fixture,
                           &(struct fixture_node){.name = name, .allocatable = "cpu=2"});
        uint64_t looked = world.walk.looked_sum;
        check_walk(&world, &question, i);
        cr_assert_eq(world.walk.count, 1);
        cr_assert_eq(world.walk.visited, NODES);
        cr_assert_leq(world.walk.looked_sum - looked, NODE_BLOCK_SLOTS);
        (void)fixture_node(&world.fixture,
                           &(struct fixture_node){.name = name, .allocatable = "cpu=1"});
        check_walk(&world, &question, i);
        check_sentence(&world, &question, i);
        looked = world.walk.looked_sum;
        check_walk(&world, &question, i);
        cr_assert_eq(world.walk.count, 0);
        cr_assert_eq(world.walk.looked_sum, looked, "that none has room is known without a look");
    }
    world_fini(&world);
}
