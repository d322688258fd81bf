#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cluster_fixture.h"

static struct cluster_fixture c;

static void setup(void)
{
    cluster_fixture_init(&c);
    cluster_node(&c, "n1", "");
    cluster_node(&c, "n2", "");
}

static void teardown(void)
{
    cluster_fixture_fini(&c);
}

TestSuite(replicaset, .init = setup, .fini = teardown);

static const struct object *any_pod(void)
{
    struct store_list list = store_list(c.f.store, KIND_POD, STR("default"));
    cr_assert_gt(list.count, 0);
    return list.objects[0];
}

Test(replicaset, makes_the_pods_of_its_template_and_owns_them)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    cluster_pass(&c, 100);
    cr_assert_eq(cluster_pods(&c, ""), 3);
    const struct object *pod = any_pod(), *set = fixture_get(&c.f, KIND_REPLICA_SET, "web");
    struct owner_ref owner;
    struct str app;
    cr_assert(object_controller(pod, &owner));
    cr_assert(str_is(owner.uid, set->ident->uid));
    cr_assert(str_is(owner.kind, "ReplicaSet"));
    cr_assert(object_label(pod, STR("app"), &app) && str_is(app, "web"));
    cr_assert_eq(strncmp(pod->ident->name, "web-", 4), 0);
    cr_assert_eq(strlen(pod->ident->name), 9);
}

Test(replicaset, status_counts_pods_and_those_that_are_ready)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    cluster_pass(&c, 100);
    cr_assert_eq(cluster_int(&c, KIND_REPLICA_SET, "web", "status.replicas"), 3);
    cr_assert_eq(cluster_int(&c, KIND_REPLICA_SET, "web", "status.readyReplicas"), -1);
    cr_assert_eq(cluster_bind_all(&c, "n1"), 3);
    cluster_pass(&c, 1000);
    cr_assert_eq(cluster_int(&c, KIND_REPLICA_SET, "web", "status.readyReplicas"), 3);
    cr_assert_eq(cluster_int(&c, KIND_REPLICA_SET, "web", "status.availableReplicas"), 3);
    cr_assert_eq(cluster_int(&c, KIND_REPLICA_SET, "web", "status.observedGeneration"), 1);
}

Test(replicaset, a_deleted_pod_is_replaced)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 2, "");
    cluster_pass(&c, 100);
    char gone[64];
    snprintf(gone, sizeof(gone), "%s", any_pod()->ident->name);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, gone, -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 100);
    cr_assert_eq(cluster_pods(&c, ""), 2);
    cr_assert_null(fixture_get(&c.f, KIND_POD, gone));
}

Test(replicaset, a_pod_that_is_being_deleted_is_replaced_at_once)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 1, "");
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_pass(&c, 1000);
    char name[64];
    snprintf(name, sizeof(name), "%s", any_pod()->ident->name);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, name, -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 50);
    cr_assert_gt(fixture_get(&c.f, KIND_POD, name)->deleted_s, 0);
    cr_assert_eq(cluster_pods(&c, ""), 1);
}

Test(replicaset, gives_up_pods_that_wait_first)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 2, "");
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_scale(&c, KIND_REPLICA_SET, "web", 5);
    cluster_pass(&c, 1000);
    cr_assert_eq(cluster_pods(&c, ""), 5);
    cluster_scale(&c, KIND_REPLICA_SET, "web", 2);
    cluster_pass(&c, 100);
    cr_assert_eq(cluster_pods(&c, "n1"), 2);
    cr_assert_eq(cluster_pods(&c, ""), 2);
}

Test(replicaset, gives_up_the_lower_deletion_cost_first)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_pass(&c, 1000);
    char kept[64];
    snprintf(kept, sizeof(kept), "%s", any_pod()->ident->name);
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, kept, SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"annotations\":{"
                               "\"controller.kubernetes.io/pod-deletion-cost\":\"100\"}}}"),
                 0);
    cluster_scale(&c, KIND_REPLICA_SET, "web", 1);
    cluster_pass(&c, 2000);
    cr_assert_eq(store_count(c.f.store, KIND_POD), 1);
    cr_assert_not_null(fixture_get(&c.f, KIND_POD, kept));
}

/* Rule 5: two on n1, one on n2: one of n1 goes. */
Test(replicaset, gives_up_a_pod_that_is_doubled_up_on_its_node)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 2, "");
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_scale(&c, KIND_REPLICA_SET, "web", 3);
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n2");
    cluster_pass(&c, 1000);
    cluster_scale(&c, KIND_REPLICA_SET, "web", 2);
    cluster_pass(&c, 1000);
    cr_assert_eq(cluster_pods(&c, "n1"), 1);
    cr_assert_eq(cluster_pods(&c, "n2"), 1);
}

Test(replicaset, makes_more_pods_than_one_burst)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 1300, "");
    cluster_pass(&c, 1000);
    cr_assert_eq(cluster_pods(&c, ""), 1300);
    cluster_scale(&c, KIND_REPLICA_SET, "web", 0);
    cluster_pass(&c, 1000);
    cr_assert_eq(store_count(c.f.store, KIND_POD), 0);
    cr_assert_eq(cluster_int(&c, KIND_REPLICA_SET, "web", "status.replicas"), 0);
}

Test(replicaset, its_end_is_the_end_of_its_pods)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_pass(&c, 1000);
    cr_assert_eq(fixture_delete(&c.f, KIND_REPLICA_SET, "web", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 2000);
    cr_assert_eq(store_count(c.f.store, KIND_POD), 0);
}

Test(replicaset, deleted_in_the_foreground_it_goes_after_its_pods)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_pass(&c, 1000);
    cr_assert_eq(fixture_delete(&c.f, KIND_REPLICA_SET, "web", -1, PROPAGATE_FOREGROUND), 0);
    cr_assert_not_null(fixture_get(&c.f, KIND_REPLICA_SET, "web"));
    cluster_pass(&c, 2000);
    cr_assert_eq(store_count(c.f.store, KIND_POD), 0);
    cr_assert_null(fixture_get(&c.f, KIND_REPLICA_SET, "web"));
}

Test(replicaset, is_found_when_it_was_there_before_the_controllers)
{
    controllers_free(c.controllers);
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    c.controllers = controllers_new(c.f.store, 1);
    cluster_pass(&c, 100);
    controllers_free(c.controllers);
    c.controllers = controllers_new(c.f.store, 1);
    cluster_pass(&c, 100);
    cr_assert_eq(cluster_pods(&c, ""), 3);
}

/* ---- units: the deletion cost that a binding brought (elastic-policies.md 10.1, chapter 12) ----
 */

/* Binds `count` waiting pods to a node, with a deletion cost in the Binding's annotations. */
static void bind_with_cost(size_t count, const char *node, const char *cost)
{
    char names[16][64];
    size_t found = 0;
    struct store_list list = store_list(c.f.store, KIND_POD, STR("default"));
    for (size_t i = 0; i < list.count && found < count; i++)
        if (!list.objects[i]->node_name && list.objects[i]->deleted_s == 0)
            snprintf(names[found++], sizeof(names[0]), "%s", list.objects[i]->ident->name);
    cr_assert_eq(found, count);
    json_t *annotations = json_pack("{s:s}", "controller.kubernetes.io/pod-deletion-cost", cost);
    for (size_t i = 0; i < count; i++) {
        const struct store_binding request = {.ns = STR("default"),
                                              .name = str_from(names[i]),
                                              .node = str_from(node),
                                              .annotations = annotations};
        cr_assert(store_bind(c.f.store, &request, &c.f.status), "%s", c.f.status.message);
    }
    json_decref(annotations);
}

static void scale_and_settle(int replicas)
{
    cluster_scale(&c, KIND_REPLICA_SET, "web", replicas);
    cluster_pass(&c, 3000);
}

static void expect_units(size_t ecs, size_t payg, size_t eci)
{
    cr_expect_eq(cluster_pods(&c, "n1"), ecs, "ecs %zu", cluster_pods(&c, "n1"));
    cr_expect_eq(cluster_pods(&c, "n2"), payg, "payg %zu", cluster_pods(&c, "n2"));
    cr_expect_eq(cluster_pods(&c, "v1"), eci, "eci %zu", cluster_pods(&c, "v1"));
}

/* 1.9: subscription, pay-as-you-go, ECI: 2 -> 4 -> 6 -> 4 -> 2. Costs 100 x (n - i). The last unit
 * goes although its pods are the oldest ready ones here: it starts first. */
Test(replicaset, empties_the_last_unit_first_by_the_cost_of_the_bindings)
{
    cluster_node(&c, "v1", "");
    cluster_workload(&c, KIND_REPLICA_SET, "web", 2, "");
    cluster_pass(&c, 100);
    bind_with_cost(2, "v1", "100");
    cluster_pass(&c, 60000);
    scale_and_settle(4);
    bind_with_cost(2, "n2", "200");
    cluster_pass(&c, 10000);
    scale_and_settle(6);
    bind_with_cost(2, "n1", "300");
    cluster_pass(&c, 3000);
    expect_units(2, 2, 2);
    scale_and_settle(5);
    expect_units(2, 2, 1);
    scale_and_settle(4);
    expect_units(2, 2, 0);
    scale_and_settle(2);
    expect_units(2, 0, 0);
}

/* 10.1: cost comes after readiness, so that a dear pod that runs outlives a cheap one that starts.
 */
Test(replicaset, a_pod_that_is_not_ready_goes_before_a_ready_one_of_the_last_unit)
{
    cluster_node(&c, "v1", "");
    cluster_workload(&c, KIND_REPLICA_SET, "web", 1, "");
    cluster_pass(&c, 100);
    bind_with_cost(1, "v1", "100");
    cluster_pass(&c, 3000);
    cluster_scale(&c, KIND_REPLICA_SET, "web", 2);
    cluster_pass(&c, 50);
    bind_with_cost(1, "n1", "300");
    cluster_scale(&c, KIND_REPLICA_SET, "web", 1);
    cluster_pass(&c, 1000);
    expect_units(0, 0, 1);
}

/* 10.2: what is no int32 counts as 0, which is less than 100. */
Test(replicaset, a_cost_that_is_none_counts_as_0)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 2, "");
    cluster_pass(&c, 100);
    bind_with_cost(1, "n1", "+300");
    bind_with_cost(1, "n2", "100");
    cluster_pass(&c, 3000);
    scale_and_settle(1);
    cr_expect_eq(cluster_pods(&c, "n1"), 0);
    cr_expect_eq(cluster_pods(&c, "n2"), 1);
}

/* Each ReplicaSet is scaled by itself: a low cost in the other one saves nobody. */
Test(replicaset, costs_compare_only_inside_of_one_replica_set)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", 1, "");
    cluster_pass(&c, 100);
    bind_with_cost(1, "n1", "300");
    cluster_workload(&c, KIND_REPLICA_SET, "old", 2, "");
    cluster_pass(&c, 100);
    bind_with_cost(2, "n2", "-100");
    cluster_pass(&c, 3000);
    scale_and_settle(0);
    cr_expect_eq(cluster_pods(&c, "n1"), 0);
    cr_expect_eq(cluster_pods(&c, "n2"), 2);
}
