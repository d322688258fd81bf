#include "bench/node_kind.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "bench/controller.h"
#include "cluster_fixture.h"

static struct cluster_fixture c;

static void setup(void)
{
    cluster_fixture_init(&c);
}

static void teardown(void)
{
    cluster_fixture_fini(&c);
}

TestSuite(node_kind, .init = setup, .fini = teardown);

static const struct object *make_node(const struct node_shape *shape)
{
    json_t *body = node_shape_json(shape);
    cr_assert(store_create(c.f.store, KIND_NODE, STR(""), body, NULL, &c.f.status), "%s",
              c.f.status.message);
    json_decref(body);
    return fixture_get(&c.f, KIND_NODE, shape->name);
}

static bool has_label(const struct object *node, const char *key, const char *value)
{
    struct str text;
    return object_label(node, str_from(key), &text) && str_is(text, value);
}

/* elastic-policies.md 11.1, Virtual Kubelet default. */
Test(node_kind, a_virtual_node_looks_as_virtual_kubelet_makes_it)
{
    const struct object *node = make_node(&(struct node_shape){
        .kind = "eci", .name = "virtual-kubelet-z1", .zone = "z1", .start_ms = 20000});
    cr_expect(has_label(node, "type", "virtual-kubelet"));
    cr_expect(has_label(node, "kubernetes.io/role", "agent"));
    cr_expect(has_label(node, "kubernetes.io/hostname", "virtual-kubelet-z1"));
    cr_expect(has_label(node, "topology.kubernetes.io/zone", "z1"));
    cr_expect(has_label(node, NODE_START_LABEL, "20000"));
    struct str taints;
    cr_assert(object_field(node, "spec.taints", &taints));
    cr_expect(str_is(taints, "[{\"effect\":\"NoSchedule\",\"key\":\"virtual-kubelet.io/provider\","
                             "\"value\":\"simulated\"}]"));
    cr_expect(str_is(object_field_text(node, "status.allocatable.cpu"), "1000000"));
    cr_expect(node_kind_of(node)->is_virtual);
}

Test(node_kind, a_real_node_has_what_it_was_given)
{
    const struct object *node = make_node(&(struct node_shape){.kind = "ecs",
                                                               .name = "ecs-1",
                                                               .zone = "",
                                                               .cpu = 16,
                                                               .memory_gib = 64,
                                                               .instance_type = "ecs.g8.4xlarge"});
    struct str taints;
    cr_expect(str_is(object_field_text(node, "status.allocatable.cpu"), "16"));
    cr_expect(str_is(object_field_text(node, "status.capacity.memory"), "64Gi"));
    cr_expect(str_is(object_field_text(node, "status.capacity.pods"), "110"));
    cr_expect(has_label(node, "node.kubernetes.io/instance-type", "ecs.g8.4xlarge"));
    cr_expect_not(has_label(node, "type", "virtual-kubelet"));
    cr_expect_not(object_field(node, "spec.taints", &taints));
    cr_expect_not(node_kind_of(node)->is_virtual);
}

static void pod_on(const char *name, const char *node)
{
    char json[512];
    (void)snprintf(json, sizeof(json),
                   "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"containers\":[{\"name\":\"c\","
                   "\"resources\":{\"requests\":{\"cpu\":\"500m\",\"memory\":\"512Mi\"}}},"
                   "{\"name\":\"d\",\"resources\":{\"requests\":{\"cpu\":\"1500m\",\"memory\":"
                   "\"3584Mi\"}}}]}}",
                   name);
    (void)fixture_create(&c.f, KIND_POD, json);
    cr_assert_eq(fixture_bind(&c.f, name, node), 0);
}

/* What a core and a GiB of a kind cost for an hour. */
static int64_t per_minute(const char *kind, int64_t cores, int64_t gib)
{
    const struct node_kind *row = node_kind_get(str_from(kind));
    return (row->core_micros_per_hour * cores + row->gib_micros_per_hour * gib) / 60;
}

Test(node_kind, real_nodes_are_paid_whole_virtual_ones_by_their_pods)
{
    cr_assert_eq(cluster_cost_micros_per_minute(c.f.store), 0);
    make_node(
        &(struct node_shape){.kind = "ecs", .name = "e", .zone = "", .cpu = 16, .memory_gib = 64});
    int64_t ecs = per_minute("ecs", 16, 64), eci = per_minute("eci", 2, 4);
    cr_assert_gt(ecs, 0);
    cr_expect_eq(cluster_cost_micros_per_minute(c.f.store), ecs);
    make_node(&(struct node_shape){.kind = "eci", .name = "v", .zone = ""});
    cr_expect_eq(cluster_cost_micros_per_minute(c.f.store), ecs, "an empty one costs nothing");
    pod_on("a", "e");
    cr_expect_eq(cluster_cost_micros_per_minute(c.f.store), ecs, "paid already");
    pod_on("b", "v");
    pod_on("c", "v");
    cr_expect_eq(cluster_cost_micros_per_minute(c.f.store), ecs + 2 * eci);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, "b", 0, PROPAGATE_BACKGROUND), 0);
    cr_expect_eq(cluster_cost_micros_per_minute(c.f.store), ecs + eci);
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, "c", SUB_STATUS, PATCH_MERGE,
                               "{\"status\":{\"phase\":\"Failed\"}}"),
                 0);
    cr_expect_eq(cluster_cost_micros_per_minute(c.f.store), ecs);
    cr_assert_eq(fixture_delete(&c.f, KIND_NODE, "e", -1, PROPAGATE_BACKGROUND), 0);
    cr_expect_eq(cluster_cost_micros_per_minute(c.f.store), 0);
}

/* elastic-policies.md 6.4: serverless costs 1.5 times an own machine, hour for hour. */
Test(node_kind, spot_is_cheaper_and_serverless_dearer_than_an_own_machine)
{
    const struct node_kind *ecs = node_kind_get(STR("ecs")), *eci = node_kind_get(STR("eci"));
    const struct node_kind *spot = node_kind_get(STR("spot"));
    cr_expect_eq(eci->core_micros_per_hour * 2, ecs->core_micros_per_hour * 3);
    cr_expect_eq(eci->gib_micros_per_hour * 2, ecs->gib_micros_per_hour * 3);
    cr_expect_lt(spot->core_micros_per_hour, ecs->core_micros_per_hour);
    cr_expect_lt(spot->gib_micros_per_hour, ecs->gib_micros_per_hour);
}
