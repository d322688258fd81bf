#include "bench/node_kind.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller_read.h"
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

TestSuite(kubelet, .init = setup, .fini = teardown);

static bool node_taints_hold(const char *key)
{
    struct str taints;
    return object_field(fixture_get(&c.f, KIND_NODE, "n1"), "spec.taints", &taints) &&
           memmem(taints.ptr, taints.len, key, strlen(key));
}

Test(kubelet, a_bound_pod_runs_after_the_delay_of_its_kind_of_node)
{
    static const char *const kinds[] = {"ecs", "spot", "gpu", "eci"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct node_kind *kind = node_kind_get(str_from(kinds[i]));
        char labels[64];
        cr_assert_str_eq(kind->label, kinds[i]);
        snprintf(labels, sizeof(labels), "\"%s\":\"%s\"", NODE_KIND_LABEL, kinds[i]);
        cluster_node(&c, kinds[i], labels);
        (void)fixture_pod(&c.f, kinds[i], "");
        cr_assert_eq(fixture_bind(&c.f, kinds[i], kinds[i]), 0);
        cluster_pass(&c, kind->start_ms - 1);
        cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, kinds[i])), "Pending");
        cluster_pass(&c, kind->jitter_ms + 1);
        cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, kinds[i])), "Running");
    }
}

Test(kubelet, a_virtual_node_is_slower_than_an_unknown_one)
{
    cr_assert_eq(node_kind_get(STR("eci"))->start_ms, 1500);
    cr_assert_eq(node_kind_get(STR(""))->start_ms, 300);
}

Test(kubelet, a_running_pod_is_ready_with_addresses_and_containers)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    const struct object *pod = fixture_get(&c.f, KIND_POD, "a");
    static const char *const types[] = {"PodScheduled", "Initialized", "ContainersReady", "Ready"};
    for (size_t i = 0; i < 4; i++)
        cr_assert(object_condition_true(pod, types[i]), "%s", types[i]);
    json_t *json = object_json(pod, false), *status = json_object_get(json, "status");
    cr_assert_str_eq(json_string_value(json_object_get(status, "hostIP")), "192.168.0.1");
    cr_assert_str_eq(json_string_value(json_object_get(status, "qosClass")), "BestEffort");
    const json_t *box = json_array_get(json_object_get(status, "containerStatuses"), 0);
    cr_assert(json_is_true(json_object_get(box, "ready")));
    json_decref(json);
}

Test(kubelet, a_pod_that_is_not_bound_does_not_run)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cluster_pass(&c, 60000);
    cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, "a")), "Pending");
}

Test(kubelet, a_deleted_pod_terminates_and_then_goes)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    cr_assert_not_null(fixture_get(&c.f, KIND_POD, "a"));
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
}

Test(kubelet, a_pod_deleted_before_it_ran_goes_too)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
}

Test(kubelet, a_finalizer_holds_a_pod_that_ended)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"finalizers\":[\"x/y\"]}}"),
                 0);
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 60000);
    cr_assert_not_null(fixture_get(&c.f, KIND_POD, "a"));
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"finalizers\":null}}"),
                 0);
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
}

Test(kubelet, a_node_that_goes_takes_its_pods_along)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    (void)fixture_pod(&c.f, "b", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    cr_assert_eq(fixture_delete(&c.f, KIND_NODE, "n1", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
    cr_assert_not_null(fixture_get(&c.f, KIND_POD, "b"));
    cr_assert_eq(store_count(c.f.store, KIND_LEASE), 0);
}

Test(kubelet, a_node_becomes_ready_and_renews_its_lease)
{
    struct str name = STR("n1"), ns = STR("kube-node-lease");
    cluster_node(&c, "n1", "");
    cluster_pass(&c, 100);
    cr_assert(object_condition_true(fixture_get(&c.f, KIND_NODE, "n1"), "Ready"));
    const struct object *lease = store_get(c.f.store, KIND_LEASE, ns, name);
    cr_assert_not_null(lease);
    int64_t rv = lease->rv;
    cluster_pass(&c, 10000);
    lease = store_get(c.f.store, KIND_LEASE, ns, name);
    cr_assert_gt(lease->rv, rv);
    cr_assert_eq(object_field_int(lease, "spec.leaseDurationSeconds", 0), 40);
}

Test(kubelet, a_node_marked_down_is_not_ready_tainted_and_starts_nothing)
{
    cluster_node(&c, "n1", "\"" NODE_DOWN_LABEL "\":\"true\"");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 5000);
    cr_assert_not(object_condition_true(fixture_get(&c.f, KIND_NODE, "n1"), "Ready"));
    cr_assert(node_taints_hold("node.kubernetes.io/not-ready"));
    cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, "a")), "Pending");
    cr_assert_eq(fixture_patch(&c.f, KIND_NODE, "n1", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"labels\":{\"" NODE_DOWN_LABEL "\":null}}}"),
                 0);
    cluster_pass(&c, 2000);
    cr_assert(object_condition_true(fixture_get(&c.f, KIND_NODE, "n1"), "Ready"));
    cr_assert_not(node_taints_hold("node.kubernetes.io/not-ready"));
    cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, "a")), "Running");
}

Test(kubelet, a_cordoned_node_carries_the_taint_of_it_beside_its_own)
{
    cluster_node(&c, "n1", "");
    cr_assert_eq(fixture_patch(&c.f, KIND_NODE, "n1", SUB_NONE, PATCH_MERGE,
                               "{\"spec\":{\"unschedulable\":true,\"taints\":[{\"key\":\"own\","
                               "\"effect\":\"NoSchedule\"}]}}"),
                 0);
    cluster_pass(&c, 100);
    cr_assert(node_taints_hold("node.kubernetes.io/unschedulable"));
    cr_assert(node_taints_hold("own"));
    cr_assert_eq(fixture_patch(&c.f, KIND_NODE, "n1", SUB_NONE, PATCH_MERGE,
                               "{\"spec\":{\"unschedulable\":null}}"),
                 0);
    cluster_pass(&c, 100);
    cr_assert_not(node_taints_hold("node.kubernetes.io/unschedulable"));
    cr_assert(node_taints_hold("own"));
}

Test(kubelet, the_same_seed_and_changes_give_the_same_texts)
{
    struct cluster_fixture other;
    cluster_fixture_init(&other);
    struct cluster_fixture *both[] = {&c, &other};
    char *texts[2];
    for (size_t i = 0; i < 2; i++) {
        cluster_node(both[i], "n1", "");
        (void)fixture_pod(&both[i]->f, "a", "");
        cr_assert_eq(fixture_bind(&both[i]->f, "a", "n1"), 0);
        cluster_pass(both[i], 1000);
        texts[i] = fixture_text(fixture_get(&both[i]->f, KIND_POD, "a"));
    }
    cr_assert_str_eq(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    cluster_fixture_fini(&other);
}

/* ---- virtual and spot nodes ---- */

static void label_node(const char *key, const char *value)
{
    char patch[256];
    (void)snprintf(patch, sizeof(patch), "{\"metadata\":{\"labels\":{\"%s\":%s%s%s}}}", key,
                   value ? "\"" : "", value ? value : "null", value ? "\"" : "");
    cr_assert_eq(fixture_patch(&c.f, KIND_NODE, "n1", SUB_NONE, PATCH_MERGE, patch), 0);
}

static const char *phase_of(const char *pod)
{
    return object_phase(fixture_get(&c.f, KIND_POD, pod));
}

Test(kubelet, a_node_may_say_how_long_its_pods_take_to_start)
{
    cluster_node(&c, "n1", "\"" NODE_KIND_LABEL "\":\"eci\",\"" NODE_START_LABEL "\":\"20000\"");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 19999);
    cr_assert_str_eq(phase_of("a"), "Pending");
    cluster_pass(&c, 1);
    cr_assert_str_eq(phase_of("a"), "Running");
}

Test(kubelet, where_nothing_starts_the_pod_fails_with_the_providers_reason)
{
    cluster_node(&c, "n1", "\"" NODE_START_FAILS_LABEL "\":\"failed\"");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    const struct object *pod = fixture_get(&c.f, KIND_POD, "a");
    cr_assert_str_eq(object_phase(pod), "Failed");
    cr_assert(str_is(object_field_text(pod, "status.reason"), "ProviderFailed"));
    cr_assert(object_condition_true(pod, "PodScheduled"));
    cr_assert_not(object_condition_true(pod, "Ready"));
    label_node(NODE_START_FAILS_LABEL, NULL);
    cluster_pass(&c, 60000);
    cr_assert_str_eq(phase_of("a"), "Failed", "an end is an end");
}

Test(kubelet, a_start_that_only_waits_is_tried_again)
{
    cluster_node(&c, "n1", "\"" NODE_START_FAILS_LABEL "\":\"pending\"");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    const struct object *pod = fixture_get(&c.f, KIND_POD, "a");
    cr_assert_str_eq(object_phase(pod), "Pending");
    cr_assert(str_is(object_field_text(pod, "status.reason"), "ProviderFailed"));
    label_node(NODE_START_FAILS_LABEL, NULL);
    cluster_pass(&c, 6000);
    pod = fixture_get(&c.f, KIND_POD, "a");
    cr_assert_str_eq(object_phase(pod), "Running");
    cr_assert_eq(object_field_text(pod, "status.reason").len, 0);
}

Test(kubelet, the_owner_of_a_pod_that_failed_makes_another)
{
    cluster_node(&c, "n1", "\"" NODE_START_FAILS_LABEL "\":\"failed\"");
    cluster_workload(&c, KIND_REPLICA_SET, "web", 1, "");
    cluster_pass(&c, 100);
    cr_assert_eq(cluster_bind_all(&c, "n1"), 1);
    cluster_pass(&c, 1000);
    cr_assert_eq(store_count(c.f.store, KIND_POD), 2);
    cr_assert_eq(cluster_bind_all(&c, "n1"), 1, "the new one waits");
}

Test(kubelet, conditions_of_others_outlive_the_start)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, "a", SUB_STATUS, PATCH_STRATEGIC,
                               "{\"status\":{\"conditions\":[{\"type\":\"DisruptionTarget\","
                               "\"status\":\"True\",\"reason\":\"PreemptionByScheduler\"}]}}"),
                 0);
    cluster_pass(&c, 1000);
    const struct object *pod = fixture_get(&c.f, KIND_POD, "a");
    cr_assert(object_condition_true(pod, "Ready"));
    cr_assert(object_condition_true(pod, "DisruptionTarget"));
}

Test(kubelet, a_node_that_is_taken_back_is_tainted_and_goes_after_its_notice)
{
    cluster_node(&c, "n1", "\"" NODE_KIND_LABEL "\":\"spot\"");
    cluster_pass(&c, 1000);
    label_node(NODE_RECLAIM_LABEL, "5000");
    cluster_pass(&c, 4999);
    cr_assert(node_taints_hold(NODE_RECLAIM_TAINT));
    cr_assert_not_null(fixture_get(&c.f, KIND_NODE, "n1"));
    cluster_pass(&c, 1);
    cr_assert_null(fixture_get(&c.f, KIND_NODE, "n1"));
}

Test(kubelet, a_reclaim_that_is_taken_back_takes_its_taint_along)
{
    cluster_node(&c, "n1", "");
    label_node(NODE_RECLAIM_LABEL, "5000");
    cluster_pass(&c, 1000);
    label_node(NODE_RECLAIM_LABEL, NULL);
    cluster_pass(&c, 60000);
    cr_assert_not(node_taints_hold(NODE_RECLAIM_TAINT));
    label_node(NODE_RECLAIM_LABEL, "5000");
    cluster_pass(&c, 4999);
    cr_assert_not_null(fixture_get(&c.f, KIND_NODE, "n1"), "the notice begins anew");
    cluster_pass(&c, 1);
    cr_assert_null(fixture_get(&c.f, KIND_NODE, "n1"));
}

/* The pod garbage collector: phase and condition first, so that watchers see why, then the end. */
Test(kubelet, pods_of_a_reclaimed_node_fail_with_a_condition_and_go)
{
    cluster_node(&c, "n1", "");
    cluster_node(&c, "n2", "");
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_pass(&c, 1000);
    label_node(NODE_RECLAIM_LABEL, "0");
    c.f.log_count = 0;
    int64_t from_rv = store_rv(c.f.store);
    cluster_pass(&c, 1000);
    cr_assert_eq(cluster_pods(&c, "n1"), 0);
    cr_assert_eq(cluster_pods(&c, ""), 3, "their owner has made new ones");
    size_t failed = 0, gone = 0;
    struct store_event event;
    for (int64_t rv = from_rv; store_history_next(c.f.store, rv, &event); rv = event.object->rv) {
        struct condition_view why;
        if (event.object->kind->id != KIND_POD || !event.object->node_name)
            continue;
        gone += event.change == CHANGE_DELETED;
        failed += event.change == CHANGE_MODIFIED &&
                  strcmp(object_phase(event.object), "Failed") == 0 &&
                  object_condition(event.object, "DisruptionTarget", &why) &&
                  str_is(why.reason, "DeletionByPodGC") &&
                  object_condition_true(event.object, "PodScheduled");
    }
    cr_assert_eq(failed, 3);
    cr_assert_eq(gone, 3);
    cr_assert_eq(cluster_bind_all(&c, "n2"), 3);
}
