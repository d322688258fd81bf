#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "bench/controller_read.h"
#include "cluster_fixture.h"

static struct cluster_fixture c;

static void setup(void)
{
    cluster_fixture_init(&c);
    cluster_node(&c, "n1", "");
}

static void teardown(void)
{
    cluster_fixture_fini(&c);
}

TestSuite(deployment, .init = setup, .fini = teardown);

static int64_t of(const char *path)
{
    return cluster_int(&c, KIND_DEPLOYMENT, "web", path);
}

/* Binds what waits, 10 ms at a time; `ret_most` and `ret_least` are of the pods on the way. */
static void run_with_scheduler(int64_t ms, size_t *ret_most, int64_t *ret_least_available)
{
    for (int64_t i = 0; i < ms; i += 10) {
        (void)cluster_bind_all(&c, "n1");
        cluster_pass(&c, 10);
        size_t pods = cluster_pods(&c, "");
        int64_t available = of("status.availableReplicas");
        if (ret_most && pods > *ret_most)
            *ret_most = pods;
        if (ret_least_available && available < *ret_least_available)
            *ret_least_available = available;
    }
}

static void start(int replicas, const char *extra)
{
    cluster_workload(&c, KIND_DEPLOYMENT, "web", replicas, extra);
    run_with_scheduler(1000, NULL, NULL);
    cr_assert_eq(of("status.availableReplicas"), replicas);
}

static void set_image(const char *image)
{
    char patch[256];
    snprintf(
        patch, sizeof(patch),
        "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"%s\"}]}"
        "}}}",
        image);
    cr_assert_eq(fixture_patch(&c.f, KIND_DEPLOYMENT, "web", SUB_NONE, PATCH_STRATEGIC, patch), 0);
}

static bool revision_is(const char *revision)
{
    struct str text = STR("");
    (void)object_annotation(fixture_get(&c.f, KIND_DEPLOYMENT, "web"),
                            STR("deployment.kubernetes.io/revision"), &text);
    return str_is(text, revision);
}

static bool condition_is(const char *type, const char *status, const char *reason)
{
    struct condition_view condition;
    return object_condition(fixture_get(&c.f, KIND_DEPLOYMENT, "web"), type, &condition) &&
           str_is(condition.status, status) && str_is(condition.reason, reason);
}

Test(deployment, makes_a_replicaset_with_the_hash_of_the_template)
{
    start(3, "");
    struct store_list sets = store_list(c.f.store, KIND_REPLICA_SET, STR("default"));
    cr_assert_eq(sets.count, 1);
    struct str hash, of_pod;
    cr_assert(object_label(sets.objects[0], STR("pod-template-hash"), &hash));
    char name[64];
    snprintf(name, sizeof(name), "web-" STR_FMT, STR_ARG(hash));
    cr_assert_str_eq(sets.objects[0]->ident->name, name);
    struct store_list pods = store_list(c.f.store, KIND_POD, STR("default"));
    cr_assert_eq(pods.count, 3);
    cr_assert(object_label(pods.objects[0], STR("pod-template-hash"), &of_pod));
    cr_assert(str_equal(hash, of_pod));
    cr_assert(revision_is("1"));
}

Test(deployment, status_says_when_it_is_rolled_out)
{
    cluster_workload(&c, KIND_DEPLOYMENT, "web", 4, "");
    cluster_pass(&c, 100);
    cr_assert(condition_is("Available", "False", "MinimumReplicasUnavailable"));
    cr_assert(condition_is("Progressing", "True", "ReplicaSetUpdated"));
    cr_assert_eq(of("status.unavailableReplicas"), 4);
    run_with_scheduler(1000, NULL, NULL);
    cr_assert(condition_is("Available", "True", "MinimumReplicasAvailable"));
    cr_assert(condition_is("Progressing", "True", "NewReplicaSetAvailable"));
    cr_assert_eq(of("status.observedGeneration"), 1);
    cr_assert_eq(of("status.replicas"), 4);
    cr_assert_eq(of("status.updatedReplicas"), 4);
    cr_assert_eq(of("status.readyReplicas"), 4);
    cr_assert_eq(of("status.unavailableReplicas"), -1);
}

/* 8 replicas, defaults of 25%: at most 10 pods, at least 6 available. */
Test(deployment, a_new_template_rolls_within_surge_and_unavailable)
{
    size_t most = 0;
    int64_t least = 8;
    start(8, "");
    set_image("i:v2");
    run_with_scheduler(8000, &most, &least);
    cr_assert_leq(most, 10);
    cr_assert_geq(least, 6);
    cr_assert_eq(of("status.updatedReplicas"), 8);
    cr_assert_eq(of("status.availableReplicas"), 8);
    cr_assert_eq(cluster_pods(&c, ""), 8);
    cr_assert_eq(store_count(c.f.store, KIND_REPLICA_SET), 2);
    cr_assert(revision_is("2"));
    cr_assert(condition_is("Progressing", "True", "NewReplicaSetAvailable"));
}

Test(deployment, no_surge_and_none_unavailable_still_moves)
{
    size_t most = 0;
    start(3, ",\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":0,"
             "\"maxUnavailable\":\"1%\"}}");
    set_image("i:v2");
    run_with_scheduler(8000, &most, NULL);
    cr_assert_eq(most, 3);
    cr_assert_eq(of("status.updatedReplicas"), 3);
}

Test(deployment, recreate_ends_the_old_before_the_new_begins)
{
    size_t most = 0;
    int64_t least = 3;
    start(3, ",\"strategy\":{\"type\":\"Recreate\"}");
    set_image("i:v2");
    run_with_scheduler(3000, &most, &least);
    cr_assert_eq(most, 3);
    cr_assert_lt(least, 1);
    cr_assert_eq(of("status.availableReplicas"), 3);
}

Test(deployment, the_old_template_finds_its_old_replicaset_under_a_new_revision)
{
    start(2, "");
    set_image("i:v2");
    run_with_scheduler(4000, NULL, NULL);
    set_image("i:v1");
    run_with_scheduler(4000, NULL, NULL);
    cr_assert_eq(store_count(c.f.store, KIND_REPLICA_SET), 2);
    cr_assert_eq(of("status.updatedReplicas"), 2);
    cr_assert(revision_is("3"));
}

/* kubectl rollout undo sends a template without the members that are false. */
Test(deployment, members_that_are_false_make_no_other_template)
{
    start(2, "");
    cr_assert_eq(
        fixture_patch(&c.f, KIND_DEPLOYMENT, "web", SUB_NONE, PATCH_STRATEGIC,
                      "{\"spec\":{\"template\":{\"spec\":{\"hostNetwork\":false,"
                      "\"containers\":[{\"name\":\"c\",\"tty\":false,\"stdin\":false}]}}}}"),
        0);
    run_with_scheduler(500, NULL, NULL);
    cr_assert_eq(store_count(c.f.store, KIND_REPLICA_SET), 1);
}

Test(deployment, scales_without_a_new_replicaset)
{
    start(2, "");
    cluster_scale(&c, KIND_DEPLOYMENT, "web", 6);
    run_with_scheduler(1000, NULL, NULL);
    cr_assert_eq(of("status.availableReplicas"), 6);
    cluster_scale(&c, KIND_DEPLOYMENT, "web", 1);
    run_with_scheduler(1000, NULL, NULL);
    cr_assert_eq(of("status.replicas"), 1);
    cr_assert_eq(store_count(c.f.store, KIND_REPLICA_SET), 1);
    cr_assert(revision_is("1"));
}

Test(deployment, says_in_events_what_it_scales)
{
    char up[128], down[128];
    start(2, "");
    cluster_scale(&c, KIND_DEPLOYMENT, "web", 1);
    run_with_scheduler(500, NULL, NULL);
    const char *set =
        store_list(c.f.store, KIND_REPLICA_SET, STR("default")).objects[0]->ident->name;
    snprintf(up, sizeof(up), "Scaled up replica set %s from 0 to 2", set);
    snprintf(down, sizeof(down), "Scaled down replica set %s from 2 to 1", set);
    struct store_list events = store_list(c.f.store, KIND_EVENT, STR("default"));
    cr_assert_eq(events.count, 2);
    cr_assert(str_is(object_field_text(events.objects[0], "message"), up));
    cr_assert(str_is(object_field_text(events.objects[1], "message"), down));
    cr_assert(str_is(object_field_text(events.objects[0], "reason"), "ScalingReplicaSet"));
    cr_assert(str_is(object_field_text(events.objects[0], "involvedObject.kind"), "Deployment"));
}

Test(deployment, keeps_as_much_history_as_it_is_told)
{
    char image[16];
    start(1, ",\"revisionHistoryLimit\":2");
    for (int i = 2; i < 7; i++) {
        snprintf(image, sizeof(image), "i:v%d", i);
        set_image(image);
        run_with_scheduler(2000, NULL, NULL);
    }
    cr_assert_eq(store_count(c.f.store, KIND_REPLICA_SET), 3);
    cr_assert(revision_is("6"));
}

Test(deployment, says_when_it_does_not_get_on)
{
    cluster_workload(&c, KIND_DEPLOYMENT, "web", 2, ",\"progressDeadlineSeconds\":5");
    cluster_pass(&c, 4000);
    cr_assert(condition_is("Progressing", "True", "ReplicaSetUpdated"));
    cluster_pass(&c, 8000);
    cr_assert(condition_is("Progressing", "False", "ProgressDeadlineExceeded"));
    run_with_scheduler(1000, NULL, NULL);
    cr_assert(condition_is("Progressing", "True", "NewReplicaSetAvailable"));
}

Test(deployment, pods_are_available_only_after_min_ready_seconds)
{
    cluster_workload(&c, KIND_DEPLOYMENT, "web", 2, ",\"minReadySeconds\":5");
    run_with_scheduler(1000, NULL, NULL);
    cr_assert_eq(of("status.readyReplicas"), 2);
    cr_assert_eq(of("status.availableReplicas"), -1);
    cluster_pass(&c, 6000);
    cr_assert_eq(of("status.availableReplicas"), 2);
}

Test(deployment, its_end_is_the_end_of_all_it_made)
{
    start(3, "");
    cr_assert_eq(fixture_delete(&c.f, KIND_DEPLOYMENT, "web", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 2000);
    cr_assert_eq(store_count(c.f.store, KIND_REPLICA_SET), 0);
    cr_assert_eq(store_count(c.f.store, KIND_POD), 0);
}
