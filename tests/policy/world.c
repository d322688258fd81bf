#include "tests/policy/world.h"

#include <stdio.h>

void world_init(struct world *world)
{
    *world = (struct world){.now_unix_s = 5000};
    make_init(&world->make);
    cluster_init(&world->cluster, world->make.symbols, 7);
    world->book = book_new(&world->cluster, &world->make.types);
}

void world_fini(struct world *world)
{
    book_check(world->book);
    book_free(world->book);
    cluster_fini(&world->cluster);
    make_fini(&world->make);
}

static struct str next_version(struct world *world, char text[24])
{
    int len = snprintf(text, 24, "%llu", (unsigned long long)++world->version);
    return (struct str){text, (size_t)len};
}

void world_node(struct world *world, const char *name, const char *labels)
{
    char version[24];
    struct node_object object = {.name = str_from(name),
                                 .name_sym = make_sym(&world->make, name),
                                 .resource_version = next_version(world, version),
                                 .uid = {1, make_sym(&world->make, name)}};
    object.labels.items = make_labels(&world->make, labels, &object.labels.count);
    struct node_change change;
    cluster_see_node(&world->cluster, &object, &change);
    if (change.bits)
        book_node_changed(world->book, change.node->slot);
    node_change_fini(&change);
}

uint32_t world_slot(struct world *world, const char *name)
{
    const struct node *node = node_table_find(&world->cluster.nodes, make_sym(&world->make, name));
    return node ? node->slot : NODE_SLOT_NONE;
}

void world_drop_node(struct world *world, const char *name)
{
    uint32_t slot = world_slot(world, name);
    if (slot == NODE_SLOT_NONE)
        return;
    struct node_change change;
    uint32_t name_sym = make_sym(&world->make, name);
    cluster_drop_node(&world->cluster, name_sym, (struct uid){1, name_sym}, &change);
    book_node_changed(world->book, slot);
    node_change_fini(&change);
}

void world_init_pools(struct world *world)
{
    world_init(world);
    world_node(world, "a1", "pool=a");
    world_node(world, "b1", "pool=b");
}

struct policy_object world_two_pools(struct world *world, const char *name)
{
    struct policy_object object = make_policy(&world->make, name, 2);
    static const char *const pools[] = {"pool=a", "pool=b"};
    for (uint32_t i = 0; i < 2; i++) {
        struct unit_object *unit = &object.units[i];
        unit->node_selector = make_labels(&world->make, pools[i], &unit->node_selector_count);
    }
    return object;
}

static struct pod_object object_of(struct world *world, const struct pod_spec *spec)
{
    struct make *make = &world->make;
    struct pod_object object = {
        .name = str_from(spec->name),
        .namespace_sym = make_sym(make, spec->namespace ? spec->namespace : "default"),
        .uid = {2, make_sym(make, spec->name)},
        .is_deleting = spec->is_deleting,
        .created_unix_s = spec->created_unix_s,
        .node_name_sym = spec->node ? make_sym(make, spec->node) : SYM_EMPTY,
        .assignment = {.unit = str_from(spec->unit)},
        .owner_kind = spec->owner_kind,
        .owner_uid = {spec->owner ? 3 : 0, spec->owner},
    };
    object.labels = make_labels(make, spec->labels ? spec->labels : "app=web", &object.label_count);
    uint32_t count = 0;
    struct label *pairs = make_labels(make, spec->annotations ? spec->annotations : "", &count);
    object.annotation_hashes = arena_zalloc(&make->arena, count, sizeof(uint64_t));
    for (uint32_t i = 0; i < count; i++)
        object.annotation_hashes[object.annotation_count++] =
            object_pair_hash(symbol_str(make->symbols, pairs[i].key_sym),
                             symbol_str(make->symbols, pairs[i].value_sym));
    if (spec->bound_unix_s > 0)
        object.scheduled = (struct scheduled_condition){
            .is_set = true, .is_true = true, .transition_unix_s = spec->bound_unix_s};
    return object;
}

struct pod *world_pod(struct world *world, const struct pod_spec *spec)
{
    char version[24];
    struct scalar cpu = {NAME_CPU, spec->cpu_milli};
    struct container_object container = {.name = STR("c"), .requests = {1, &cpu, true}};
    struct pod_object object = object_of(world, spec);
    object.resource_version = next_version(world, version);
    object.containers = &container;
    object.container_count = 1;
    struct pod *pod = cluster_find_pod(&world->cluster, object.namespace_sym, object.name);
    if (pod)
        book_leave(world->book, pod);
    struct pod_change change;
    cluster_see_pod(&world->cluster, &object, true, &change);
    book_enter(world->book, change.pod, &object.assignment);
    return change.pod;
}

struct pod *world_pod_on(struct world *world, const char *name, const char *node)
{
    return world_pod(world, &(struct pod_spec){.name = name, .node = node, .cpu_milli = 100});
}

struct pod *world_pending(struct world *world, const char *name)
{
    return world_pod_on(world, name, NULL);
}

void world_drop_pod(struct world *world, struct pod *pod)
{
    book_leave(world->book, pod);
    (void)cluster_drop_pod(&world->cluster, pod);
}

void world_assume(struct world *world, struct pod *pod, const char *node, const char *unit)
{
    cluster_assume(&world->cluster, pod, world_slot(world, node));
    book_place(world->book, pod, make_sym(&world->make, unit));
}

void world_forget(struct world *world, struct pod *pod)
{
    book_leave(world->book, pod);
    cluster_forget(&world->cluster, pod);
    book_enter(world->book, pod, NULL);
}

void world_policy(struct world *world, const struct policy_object *object)
{
    book_see(world->book, object, world->now_unix_s);
}

static void before(void *ctx, struct pod *pod)
{
    struct world *world = ctx;
    CHECK(!world->told);
    world->told = pod;
}

/* cppcheck-suppress constParameter ; the watcher's type says so */
static void after(void *ctx, struct pod *pod)
{
    struct world *world = ctx;
    CHECK(world->told == pod);
    world->told = NULL;
    world->regrouped++;
}

void world_settle(struct world *world)
{
    const struct book_watcher watcher = {world, before, after};
    book_settle(world->book, &watcher);
}

void world_owner(struct world *world, uint64_t uid, int32_t replicas)
{
    struct owner_object object = {
        .meta = {.uid = {3, uid}}, .kind = OWNER_REPLICA_SET, .replicas = replicas};
    book_see_owner(world->book, &object);
}

void world_drop_owner(struct world *world, uint64_t uid)
{
    struct owner_object object = {.meta = {.uid = {3, uid}}, .kind = OWNER_REPLICA_SET};
    book_drop_owner(world->book, &object);
}

static void count_freed(void *ctx, const struct policy_group *group)
{
    (void)group;
    *(uint32_t *)ctx += 1;
}

uint32_t world_freed(struct world *world)
{
    uint32_t count = 0;
    book_take_freed(world->book, count_freed, &count);
    return count;
}

uint32_t world_count(struct world *world, const struct pod *pod, uint32_t unit)
{
    uint32_t count = 0;
    size_t position = 0;
    for (const struct pod *other; (other = cluster_next_pod(&world->cluster, &position));)
        count += other->group == pod->group && other->is_counted && book_pod_unit(other) == unit;
    return count;
}
