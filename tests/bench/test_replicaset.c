#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cluster_fixture.h"

static struct cluster_fixture c;

static void setup(void)
{
    cluster_init(&c);
    cluster_node(&c, "n1", "");
    cluster_node(&c, "n2", "");
}

static void teardown(void)
{
    cluster_fini(&c);
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
