/* The cluster: what was seen, what counts where, and that sums stay sums. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "model/cluster.h"
#include "model/names.h"

struct world {
    struct symbols *symbols;
    struct cluster cluster;
    uint64_t version;
    char texts[4][32];
};

static void world_init(struct world *world)
{
    *world = (struct world){.symbols = names_symbols_new(7)};
    cluster_init(&world->cluster, world->symbols, 7);
}

static void world_fini(struct world *world)
{
    cluster_check(&world->cluster);
    cluster_fini(&world->cluster);
    symbols_free(world->symbols);
}

static struct str print(char *text, const char *prefix, uint64_t number)
{
    int len = snprintf(text, 32, "%s%llu", prefix, (unsigned long long)number);
    return (struct str){text, (size_t)len};
}

/* Node "n<number>" with cores and one extended resource when `gpus` > 0. */
static uint32_t see_node(struct world *world, uint32_t number, int64_t cpu_milli, int64_t gpus,
                         uint64_t uid)
{
    struct scalar items[] = {{NAME_CPU, cpu_milli},
                             {NAME_MEMORY, INT64_C(8) << 30},
                             {NAME_PODS, 110},
                             {symbol_intern(world->symbols, STR("example.com/gpu")), gpus}};
    struct node_object object = {
        .name = print(world->texts[0], "n", number),
        .resource_version = print(world->texts[1], "", ++world->version),
        .uid = {1, uid},
        .allocatable = {gpus > 0 ? 4 : 3, items, true},
    };
    object.name_sym = symbol_intern(world->symbols, object.name);
    struct node_change change;
    cluster_see_node(&world->cluster, &object, &change);
    uint32_t bits = change.bits;
    node_change_fini(&change);
    return bits;
}

/* Pod "p<number>" that asks cpu and gpus; on node "n<node>" unless that is UINT32_MAX. */
static struct pod_change see_pod(struct world *world, uint32_t number, int64_t cpu_milli,
                                 int64_t gpus, uint32_t node)
{
    struct scalar items[] = {{NAME_CPU, cpu_milli},
                             {symbol_intern(world->symbols, STR("example.com/gpu")), gpus}};
    struct host_port port = {SYM_EMPTY, (uint16_t)(1000 + number % 7), PROTOCOL_TCP};
    struct container_object container = {.name = STR("c"),
                                         .requests = {2, items, true},
                                         .port_count = number % 3 == 0,
                                         .ports = &port};
    struct pod_object object = {
        .name = print(world->texts[0], "p", number),
        .namespace_sym = symbol_intern(world->symbols, STR("default")),
        .resource_version = print(world->texts[1], "", ++world->version),
        .uid = {2, number},
        .containers = &container,
        .container_count = 1,
    };
    if (node != UINT32_MAX)
        object.node_name_sym = symbol_intern(world->symbols, print(world->texts[2], "n", node));
    struct pod_change change;
    cluster_see_pod(&world->cluster, &object, true, &change);
    return change;
}

static struct node *find_node(struct world *world, uint32_t number)
{
    char text[32];
    return node_table_find(&world->cluster.nodes,
                           symbol_find(world->symbols, print(text, "n", number)));
}

static void drop_node(struct world *world, uint32_t number)
{
    struct node *node = find_node(world, number);
    struct node_change change;
    cluster_drop_node(&world->cluster, node->name_sym, node->uid, &change);
    node_change_fini(&change);
}

static int64_t used_cpu(struct world *world, uint32_t number)
{
    return world->cluster.nodes.columns[RESOURCE_CPU].used[find_node(world, number)->slot];
}

Test(cluster, a_pod_seen_before_its_node_counts_when_the_node_comes)
{
    struct world world;
    world_init(&world);
    (void)see_pod(&world, 1, 500, 0, 9);
    cr_expect_eq(world.cluster.nodes.present_count, 0);
    cr_expect(see_node(&world, 9, 4000, 0, 1) & NODE_ADDED);
    cr_expect_eq(used_cpu(&world, 9), 500);
    world_fini(&world);
}

Test(cluster, a_node_that_goes_keeps_its_pods_counted_until_they_go)
{
    struct world world;
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    struct pod *pod = see_pod(&world, 1, 500, 0, 1).pod;
    drop_node(&world, 1);
    cr_expect_not_null(find_node(&world, 1));
    cr_expect_eq(world.cluster.nodes.present_count, 0);
    cr_expect(see_node(&world, 1, 4000, 0, 2) & NODE_ADDED, "back, with another UID");
    cr_expect_eq(used_cpu(&world, 1), 500);
    drop_node(&world, 1);
    (void)cluster_drop_pod(&world.cluster, pod);
    cr_expect_null(find_node(&world, 1));
    world_fini(&world);
}

Test(cluster, a_node_of_the_same_name_and_another_uid_is_another_node)
{
    struct world world;
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    cr_expect(see_node(&world, 1, 2000, 0, 2) & NODE_ADDED);
    struct node_change change;
    cluster_drop_node(&world.cluster, find_node(&world, 1)->name_sym, (struct uid){1, 1}, &change);
    cr_expect_eq(change.bits, 0, "a late delete of the old one changes nothing");
    node_change_fini(&change);
    cr_expect_eq(world.cluster.nodes.present_count, 1);
    world_fini(&world);
}

Test(cluster, assume_counts_and_forget_gives_back)
{
    struct world world;
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    struct pod *pod = see_pod(&world, 3, 500, 0, UINT32_MAX).pod;
    cluster_assume(&world.cluster, pod, find_node(&world, 1)->slot);
    cr_expect_eq(used_cpu(&world, 1), 500);
    cr_expect_eq(find_node(&world, 1)->port_count, 1);
    cluster_check(&world.cluster);
    cluster_forget(&world.cluster, pod);
    cr_expect_eq(used_cpu(&world, 1), 0);
    cr_expect_eq(find_node(&world, 1)->port_count, 0);
    world_fini(&world);
}

Test(cluster, the_watch_confirms_an_assumed_pod_or_corrects_it)
{
    struct world world;
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    (void)see_node(&world, 2, 4000, 0, 2);
    for (uint32_t number = 1; number <= 2; number++) {
        struct pod *pod = see_pod(&world, number, 500, 0, UINT32_MAX).pod;
        cluster_assume(&world.cluster, pod, find_node(&world, 1)->slot);
    }
    uint32_t slot = find_node(&world, 1)->slot;
    struct pod_change change = see_pod(&world, 1, 500, 0, 1);
    cr_expect_eq(change.bits & (POD_NOW_BOUND | POD_CONFIRMED | POD_ELSEWHERE),
                 POD_NOW_BOUND | POD_CONFIRMED);
    change = see_pod(&world, 2, 500, 0, 2);
    cr_expect_eq(change.bits & (POD_NOW_BOUND | POD_CONFIRMED | POD_ELSEWHERE),
                 POD_NOW_BOUND | POD_ELSEWHERE);
    cr_expect_eq(change.freed_slot, slot);
    cr_expect_eq(used_cpu(&world, 1), 500);
    cr_expect_eq(used_cpu(&world, 2), 500);
    world_fini(&world);
}

struct clock {
    uint64_t changes, gains;
};

/* What happened to the two counts since they were last asked. */
static struct clock tick(const struct world *world, struct clock *last)
{
    const struct cluster *cluster = &world->cluster;
    struct clock past = {cluster->change_count - last->changes, cluster->gain_count - last->gains};
    *last = (struct clock){cluster->change_count, cluster->gain_count};
    return past;
}

#define EXPECT_CHANGE(world, last, is_change, is_gain)                                             \
    do {                                                                                           \
        struct clock past = tick((world), (last));                                                 \
        cr_expect_eq(past.changes > 0, (is_change));                                               \
        cr_expect_eq(past.gains > 0, (is_gain));                                                   \
    } while (0)

Test(cluster, a_fuller_node_is_a_change_and_no_gain_and_what_is_seen_again_is_neither)
{
    struct world world;
    struct clock last = {0, 0};
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    EXPECT_CHANGE(&world, &last, true, true);
    struct pod *pod = see_pod(&world, 1, 500, 0, UINT32_MAX).pod;
    EXPECT_CHANGE(&world, &last, false, false); /* it is on no node */
    cluster_assume(&world.cluster, pod, find_node(&world, 1)->slot);
    cr_expect_eq(world.cluster.change_count, last.changes + 1, "one, which a batch counts on");
    EXPECT_CHANGE(&world, &last, true, false);
    (void)see_pod(&world, 1, 500, 0, 1);
    (void)see_node(&world, 1, 4000, 0, 1);
    EXPECT_CHANGE(&world, &last, false, false); /* confirmed; a heartbeat */
    (void)see_pod(&world, 2, 700, 0, 1);
    EXPECT_CHANGE(&world, &last, true, false); /* another scheduler's */
    (void)see_pod(&world, 1, 400, 0, 1);
    EXPECT_CHANGE(&world, &last, true, true); /* resized */
    (void)see_node(&world, 1, 5000, 0, 1);
    EXPECT_CHANGE(&world, &last, true, true);
    (void)cluster_drop_pod(&world.cluster, pod);
    EXPECT_CHANGE(&world, &last, true, true);
    drop_node(&world, 1);
    EXPECT_CHANGE(&world, &last, true, true);
    world_fini(&world);
}

Test(cluster, an_update_of_an_assumed_pod_that_is_still_unbound_keeps_it_assumed)
{
    struct world world;
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    struct pod *pod = see_pod(&world, 1, 500, 0, UINT32_MAX).pod;
    cluster_assume(&world.cluster, pod, find_node(&world, 1)->slot);
    (void)see_pod(&world, 1, 500, 0, UINT32_MAX);
    cr_expect_eq(pod->place, POD_ASSUMED);
    world_fini(&world);
}

Test(cluster, a_resource_first_offered_late_counts_what_its_pods_hold_already)
{
    struct world world;
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    (void)see_pod(&world, 1, 500, 2, 1);
    (void)see_node(&world, 1, 4000, 4, 1);
    uint32_t column =
        node_table_column(&world.cluster.nodes, symbol_find(world.symbols, STR("example.com/gpu")));
    cr_assert_neq(column, RESOURCE_NONE);
    cr_expect_eq(node_free(&world.cluster.nodes, column, find_node(&world, 1)->slot), 2);
    world_fini(&world);
}

Test(cluster, more_resources_than_columns_are_ignored_and_counted)
{
    struct world world;
    world_init(&world);
    struct scalar items[RESOURCE_COLUMNS_MAX + 10];
    for (uint32_t i = 0; i < ARRAY_LEN(items); i++) {
        char text[32];
        items[i] = (struct scalar){symbol_intern(world.symbols, print(text, "x.io/r", i)), 1};
    }
    struct node_object object = {.name = STR("n"),
                                 .name_sym = symbol_intern(world.symbols, STR("n")),
                                 .resource_version = STR("1"),
                                 .uid = {1, 1},
                                 .allocatable = {ARRAY_LEN(items), items, true}};
    struct node_change change;
    cluster_see_node(&world.cluster, &object, &change);
    node_change_fini(&change);
    cr_expect_eq(world.cluster.nodes.column_count, RESOURCE_COLUMNS_MAX);
    cr_expect_eq(world.cluster.nodes.ignored_resources, 10 + RESOURCE_FIXED_COUNT);
    world_fini(&world);
}

Test(cluster, pods_of_one_template_share_one_shape_and_it_goes_with_the_last)
{
    struct world world;
    world_init(&world);
    struct pod *a = see_pod(&world, 1, 500, 0, UINT32_MAX).pod;
    struct pod *b = see_pod(&world, 2, 500, 0, UINT32_MAX).pod;
    struct pod *c = see_pod(&world, 4, 600, 0, UINT32_MAX).pod;
    cr_expect_eq(a->shape, b->shape);
    cr_expect_neq(a->shape, c->shape);
    cr_expect_eq(world.cluster.shapes.shapes.count, 2);
    (void)cluster_drop_pod(&world.cluster, a);
    (void)cluster_drop_pod(&world.cluster, b);
    cr_expect_eq(world.cluster.shapes.shapes.count, 1);
    world_fini(&world);
}

Test(cluster, absurd_amounts_never_make_room)
{
    struct world world;
    world_init(&world);
    (void)see_node(&world, 1, 4000, 0, 1);
    for (uint32_t i = 0; i < 5; i++)
        (void)see_pod(&world, i, INT64_MAX, INT64_MAX, 1);
    uint32_t slot = find_node(&world, 1)->slot;
    cr_expect_lt(node_free(&world.cluster.nodes, RESOURCE_CPU, slot), 0);
    world_fini(&world);
}

Test(cluster, resource_versions_that_are_no_numbers_still_compare)
{
    struct world world;
    world_init(&world);
    cr_expect_eq(cluster_version(&world.cluster, STR("12345")), 12345);
    uint64_t a = cluster_version(&world.cluster, STR("abc"));
    cr_expect_eq(a, cluster_version(&world.cluster, STR("abc")));
    cr_expect_neq(a, cluster_version(&world.cluster, STR("abd")));
    cr_expect_neq(cluster_version(&world.cluster, STR("0123")), 123);
    world_fini(&world);
}

/* Damaged on the way once, whole the next time: the version is the same. */
Test(cluster, what_could_not_be_read_is_read_again_in_the_same_version)
{
    struct world world;
    world_init(&world);
    struct scalar room[] = {{NAME_CPU, 4000}, {NAME_PODS, 10}};
    struct node_object node = {.name = STR("n1"),
                               .name_sym = symbol_intern(world.symbols, STR("n1")),
                               .resource_version = STR("5"),
                               .uid = {1, 1},
                               .allocatable = {2, room, true},
                               .problem = STR("spec is there twice")};
    struct pod_object pod = {.name = STR("p1"),
                             .namespace_sym = symbol_intern(world.symbols, STR("default")),
                             .resource_version = STR("6"),
                             .uid = {2, 1},
                             .problem = STR("spec is there twice")};
    struct node_change node_change;
    struct pod_change pod_change;
    cluster_see_node(&world.cluster, &node, &node_change);
    node_change_fini(&node_change);
    cluster_see_pod(&world.cluster, &pod, true, &pod_change);
    cr_assert(find_node(&world, 1)->has_problem);
    cr_assert_not_null(pod_change.pod->problem);

    node.problem = pod.problem = STR("");
    cluster_see_node(&world.cluster, &node, &node_change);
    cr_expect(node_change.bits & NODE_PROBLEM);
    node_change_fini(&node_change);
    cluster_see_pod(&world.cluster, &pod, true, &pod_change);
    cr_expect_not(find_node(&world, 1)->has_problem);
    cr_expect_null(pod_change.pod->problem);
    cluster_see_pod(&world.cluster, &pod, true, &pod_change);
    cr_expect_eq(pod_change.bits, POD_SAME);
    world_fini(&world);
}

/* Random legal events; after each the whole cluster is walked. */
Test(cluster, sums_stay_sums_over_any_history)
{
    enum { NODES = 12, PODS = 60, STEPS = 20000 };
    struct world world;
    struct rng rng;
    rng_init(&rng, 20261122);
    world_init(&world);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t number = (uint32_t)rng_below(&rng, PODS);
        uint32_t node = (uint32_t)rng_below(&rng, NODES);
        char text[32];
        struct pod *pod = cluster_find_pod(
            &world.cluster, symbol_find(world.symbols, STR("default")), print(text, "p", number));
        switch (rng_below(&rng, 6)) {
        case 0:
            (void)see_node(&world, node, (int64_t)rng_below(&rng, 8) * 1000,
                           (int64_t)rng_below(&rng, 3), rng_below(&rng, 2) + 1);
            break;
        case 1:
            if (find_node(&world, node) && find_node(&world, node)->is_present)
                drop_node(&world, node);
            break;
        case 2:
            if (pod)
                (void)cluster_drop_pod(&world.cluster, pod);
            break;
        case 3:
            if (pod && pod->place == POD_PENDING && find_node(&world, node) &&
                find_node(&world, node)->is_present)
                cluster_assume(&world.cluster, pod, find_node(&world, node)->slot);
            else if (pod && pod->place == POD_ASSUMED)
                cluster_forget(&world.cluster, pod);
            break;
        default:
            (void)see_pod(&world, number, (int64_t)rng_below(&rng, 4) * 250,
                          (int64_t)rng_below(&rng, 2), rng_below(&rng, 2) ? node : UINT32_MAX);
        }
        cluster_check(&world.cluster);
    }
    world_fini(&world);
}
