/* What the cluster remembers of a pod beside what it asks for. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/cluster.h"
#include "model/names.h"

struct world {
    struct symbols *symbols;
    struct cluster cluster;
    uint32_t version;
    char version_text[16];
    struct label labels[2];
    struct pod_object object;
    struct pod_change change;
};

static void world_init(struct world *world)
{
    *world = (struct world){.symbols = names_symbols_new(7), .labels = {{50, 51}, {52, 53}}};
    cluster_init(&world->cluster, world->symbols, 7);
    world->object = (struct pod_object){.name = STR("p"),
                                        .uid = {1, 2},
                                        .labels = world->labels,
                                        .label_count = 2,
                                        .created_unix_s = 1000};
}

static void world_fini(struct world *world)
{
    cluster_check(&world->cluster);
    cluster_fini(&world->cluster);
    symbols_free(world->symbols);
}

/* Shows the cluster the object as it is now; what changed. */
static uint32_t see(struct world *world)
{
    int len = snprintf(world->version_text, sizeof(world->version_text), "%u", ++world->version);
    world->object.resource_version = (struct str){world->version_text, (size_t)len};
    cluster_see_pod(&world->cluster, &world->object, true, &world->change);
    cr_assert_not_null(world->change.pod);
    return world->change.bits;
}

Test(cluster_pod, a_change_of_labels_annotations_or_owner_is_told)
{
    struct world world;
    uint64_t hash = 5;
    world_init(&world);
    cr_expect_eq(see(&world) & POD_META, 0, "a new pod is new");
    cr_expect_eq(see(&world) & POD_META, 0);
    world.labels[0].value_sym = 99;
    cr_expect(see(&world) & POD_META);
    world.object.annotation_hashes = &hash;
    world.object.annotation_count = 1;
    cr_expect(see(&world) & POD_META);
    world.object.owner_uid = (struct uid){3, 4};
    cr_expect(see(&world) & POD_META);
    cr_expect_eq(see(&world) & POD_META, 0);
    cr_expect_eq(labels_get(&world.change.pod->meta->labels, 50), 99);
    cr_expect_eq(world.cluster.metas.metas.count, 1);
    world_fini(&world);
}

/* What spillway writes at a bind is no change of what policies ask about. */
Test(cluster_pod, the_annotations_of_a_bind_are_no_change)
{
    struct world world;
    world_init(&world);
    (void)see(&world);
    world.object.assignment = (struct assignment_object){STR("burst"), STR("ecs")};
    world.object.deletion_cost = world.object.deletion_cost_owner = STR("100");
    world.object.has_deletion_cost = true;
    cr_expect_eq(see(&world) & (POD_META | POD_SPEC), 0);
    world_fini(&world);
}

static const struct {
    bool has_cost;
    struct str cost, noted;
    bool is_foreign, is_ours;
} costs[] = {
    {false, {"", 0}, {"", 0}, false, false},    {true, {"100", 3}, {"100", 3}, false, true},
    {true, {"7", 1}, {"100", 3}, true, false}, /* a user changed it */
    {true, {"7", 1}, {"", 0}, true, false},     {true, {"", 0}, {"", 0}, true, false},
    {false, {"", 0}, {"100", 3}, false, false}, /* a user took it away */
};

Test(cluster_pod, a_deletion_cost_is_ours_while_it_is_what_we_noted)
{
    for (size_t i = 0; i < ARRAY_LEN(costs); i++) {
        struct world world;
        world_init(&world);
        world.object.has_deletion_cost = costs[i].has_cost;
        world.object.deletion_cost = costs[i].cost;
        world.object.deletion_cost_owner = costs[i].noted;
        (void)see(&world);
        cr_expect_eq(world.change.pod->has_foreign_cost, costs[i].is_foreign, "row %zu", i);
        cr_expect_eq(world.change.pod->has_our_cost, costs[i].is_ours, "row %zu", i);
        world_fini(&world);
    }
}

Test(cluster_pod, times_are_kept_and_binding_counts_from_the_condition)
{
    struct world world;
    world_init(&world);
    world.object.scheduled =
        (struct scheduled_condition){.is_set = true, .is_true = false, .transition_unix_s = 1005};
    (void)see(&world);
    const struct pod *pod = world.change.pod;
    cr_expect_eq(pod->created_unix_s, 1000);
    cr_expect_eq(pod->bound_unix_s, 0, "not bound");
    world.object.node_name_sym = symbol_intern(world.symbols, STR("n1"));
    world.object.scheduled.is_true = true;
    world.object.started_unix_s = 1007;
    (void)see(&world);
    cr_expect_eq(pod->bound_unix_s, 1005);
    cr_expect_eq(pod->started_unix_s, 1007);
    world.object.created_unix_s = -5; /* before 1970 and after 2106: the nearest there is */
    world.object.started_unix_s = INT64_MAX;
    (void)see(&world);
    cr_expect_eq(pod->created_unix_s, 0);
    cr_expect_eq(pod->started_unix_s, UINT32_MAX);
    world_fini(&world);
}

Test(cluster_pod, flags_follow_the_object_and_having_run_stays)
{
    struct world world;
    world_init(&world);
    world.object.is_ready = world.object.is_preempted = world.object.preempts_never = true;
    (void)see(&world);
    const struct pod *pod = world.change.pod;
    cr_expect(pod->is_ready && pod->is_preempted && pod->preempts_never && !pod->was_running);
    world.object.phase = PHASE_RUNNING;
    (void)see(&world);
    world.object.phase = PHASE_PENDING;
    world.object.is_ready = world.object.is_preempted = world.object.preempts_never = false;
    (void)see(&world);
    cr_expect(!pod->is_ready && !pod->is_preempted && !pod->preempts_never && pod->was_running);
    world_fini(&world);
}

Test(cluster_pod, volumes_and_host_needs_make_another_shape)
{
    struct world world;
    world_init(&world);
    (void)see(&world);
    const struct shape *plain = world.change.pod->shape;
    cr_expect(plain->volume_count == 0 && plain->host_needs == 0);
    world.object.volume_count = 3;
    cr_expect(see(&world) & POD_SPEC);
    cr_expect_eq(world.change.pod->shape->volume_count, 3);
    world.object.host_needs = 1U << HOST_NEED_PATH;
    cr_expect(see(&world) & POD_SPEC);
    cr_expect_eq(world.change.pod->shape->host_needs, 1U << HOST_NEED_PATH);
    cr_expect_eq(world.change.pod->shape->volume_count, 3);
    world_fini(&world);
}

/* One pod after the other, each with a name and a label value of its own. */
Test(cluster_pod, what_a_pod_took_serves_those_that_come_after_it)
{
    enum { PODS = 5000, LENGTHS = 253 };
    struct world world;
    char name[LENGTHS + 1];
    size_t names_bytes = 0, metas_bytes = 0;
    world_init(&world);
    for (uint32_t i = 0; i < PODS; i++) {
        int len = snprintf(name, sizeof(name), "%0*u", (int)(4 + i % (LENGTHS - 3)), i);
        world.object.name = (struct str){name, (size_t)len};
        world.labels[0].value_sym = 1000 + i;
        (void)see(&world);
        cr_assert_str_eq(world.change.pod->name, name);
        cr_assert_eq(labels_get(&world.change.pod->meta->labels, 50), 1000 + i);
        (void)cluster_drop_pod(&world.cluster, world.change.pod);
        if (i == LENGTHS) { /* each length was there */
            names_bytes = world.cluster.names.cut_bytes;
            metas_bytes = world.cluster.metas.pieces.cut_bytes;
        }
    }
    cr_expect_eq(world.cluster.names.cut_bytes, names_bytes);
    cr_expect_eq(world.cluster.metas.pieces.cut_bytes, metas_bytes);
    cr_expect_eq(world.cluster.pod_chunk_count, 1);
    world_fini(&world);
}
