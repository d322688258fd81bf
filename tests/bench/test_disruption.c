/* The status of PodDisruptionBudgets (kubernetes pkg/controller/disruption). */
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
    cluster_node(&c, "n1", "");
}

static void teardown(void)
{
    cluster_fixture_fini(&c);
}

TestSuite(disruption, .init = setup, .fini = teardown);

static void make_budget(const char *spec)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"b\"},\"spec\":{%s}}", spec);
    (void)fixture_create(&c.f, KIND_POD_DISRUPTION_BUDGET, text);
}

static int64_t status(const char *member)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "status.%s", member);
    return cluster_int(&c, KIND_POD_DISRUPTION_BUDGET, "b", path);
}

/* `count` pods of a ReplicaSet "web", running and ready. */
static void run_pods(int count)
{
    cluster_workload(&c, KIND_REPLICA_SET, "web", count, "");
    cluster_pass(&c, 100);
    cr_assert_eq(cluster_bind_all(&c, "n1"), (size_t)count);
    cluster_pass(&c, 2000);
}

static char *first_pod(void)
{
    struct store_list list = store_list(c.f.store, KIND_POD, STR("default"));
    cr_assert_gt(list.count, 0);
    return strdup(list.objects[0]->ident->name);
}

#define SELECTOR ",\"selector\":{\"matchLabels\":{\"app\":\"web\"}}"

/* Seven ready pods of seven. */
static const struct row {
    const char *spec;
    int64_t expected, desired, allowed;
} rows[] = {
    {"\"minAvailable\":2" SELECTOR, 7, 2, 5},
    {"\"minAvailable\":7" SELECTOR, 7, 7, 0},
    {"\"minAvailable\":9" SELECTOR, 7, 9, 0},
    {"\"minAvailable\":\"50%\"" SELECTOR, 7, 4, 3},
    {"\"minAvailable\":\"100%\"" SELECTOR, 7, 7, 0},
    {"\"minAvailable\":\"0%\"" SELECTOR, 7, 0, 7},
    {"\"maxUnavailable\":1" SELECTOR, 7, 6, 1},
    {"\"maxUnavailable\":9" SELECTOR, 7, 0, 7},
    {"\"maxUnavailable\":0" SELECTOR, 7, 7, 0},
    {"\"maxUnavailable\":\"30%\"" SELECTOR, 7, 4, 3},
    {"\"maxUnavailable\":\"1%\"" SELECTOR, 7, 6, 1},
    {"\"minAvailable\":1,\"selector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\","
     "\"values\":[\"web\",\"db\"]},{\"key\":\"x\",\"operator\":\"DoesNotExist\"}]}",
     7, 1, 6},
    {"\"minAvailable\":1,\"selector\":{}", 7, 1, 6},
    {"\"minAvailable\":1,\"selector\":{\"matchLabels\":{\"app\":\"db\"}}", 0, 1, 0},
    {"\"maxUnavailable\":1,\"selector\":{\"matchLabels\":{\"app\":\"db\"}}", 0, 0, 0},
    {"\"minAvailable\":1", 0, 1, 0},
};

Test(disruption, what_is_allowed_follows_from_numbers_and_percentages)
{
    run_pods(7);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        make_budget(rows[i].spec);
        cluster_pass(&c, 100);
        cr_expect_eq(status("expectedPods"), rows[i].expected, "%s", rows[i].spec);
        cr_expect_eq(status("desiredHealthy"), rows[i].desired, "%s", rows[i].spec);
        cr_expect_eq(status("currentHealthy"), rows[i].expected, "%s", rows[i].spec);
        cr_expect_eq(status("disruptionsAllowed"), rows[i].allowed, "%s", rows[i].spec);
        cr_expect_eq(status("observedGeneration"), 1);
        cr_expect_eq(object_condition_true(fixture_get(&c.f, KIND_POD_DISRUPTION_BUDGET, "b"),
                                           "DisruptionAllowed"),
                     rows[i].allowed > 0, "%s", rows[i].spec);
        cr_assert_eq(
            fixture_delete(&c.f, KIND_POD_DISRUPTION_BUDGET, "b", -1, PROPAGATE_BACKGROUND), 0);
    }
}

Test(disruption, pods_that_wait_are_expected_but_not_healthy)
{
    make_budget("\"minAvailable\":2" SELECTOR);
    cluster_workload(&c, KIND_REPLICA_SET, "web", 3, "");
    cluster_pass(&c, 100);
    cr_assert_eq(status("expectedPods"), 3);
    cr_assert_eq(status("currentHealthy"), 0);
    cr_assert_eq(status("disruptionsAllowed"), 0);
    cluster_bind_all(&c, "n1");
    cluster_pass(&c, 1000);
    cr_assert_eq(status("currentHealthy"), 3);
    cr_assert_eq(status("disruptionsAllowed"), 1);
}

/* The Deployment says how many, not the two ReplicaSets of its rollout. */
Test(disruption, a_percentage_is_of_the_deployments_replicas)
{
    cluster_workload(&c, KIND_DEPLOYMENT, "web", 4, "");
    make_budget("\"maxUnavailable\":\"25%\"" SELECTOR);
    cluster_pass(&c, 100);
    cluster_bind_all(&c, "n1");
    cluster_pass(&c, 1000);
    cr_assert_eq(status("disruptionsAllowed"), 1);
    cr_assert_eq(fixture_patch(&c.f, KIND_DEPLOYMENT, "web", SUB_NONE, PATCH_STRATEGIC,
                               "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\","
                               "\"image\":\"i:v2\"}]}}}}"),
                 0);
    cluster_pass(&c, 1000);
    cr_assert_gt(cluster_pods(&c, ""), 4, "a rollout is under way");
    cr_assert_eq(status("expectedPods"), 4);
    cr_assert_eq(status("desiredHealthy"), 3);
}

Test(disruption, a_pod_of_an_unknown_owner_allows_nothing)
{
    run_pods(3);
    (void)fixture_create(&c.f, KIND_POD,
                         "{\"metadata\":{\"name\":\"odd\",\"labels\":{\"app\":\"web\"},"
                         "\"ownerReferences\":[{\"apiVersion\":\"x/v1\",\"kind\":\"X\",\"name\":"
                         "\"x\",\"uid\":\"u\",\"controller\":true}]},\"spec\":{\"containers\":"
                         "[{\"name\":\"c\"}]}}");
    make_budget("\"maxUnavailable\":3" SELECTOR);
    cluster_pass(&c, 100);
    struct condition_view condition;
    cr_assert_eq(status("disruptionsAllowed"), 0);
    cr_assert(object_condition(fixture_get(&c.f, KIND_POD_DISRUPTION_BUDGET, "b"),
                               "DisruptionAllowed", &condition));
    cr_assert(str_is(condition.reason, "SyncFailed"));
}

Test(disruption, a_pod_that_is_being_deleted_is_healthy_no_more)
{
    run_pods(3);
    make_budget("\"minAvailable\":2" SELECTOR);
    cluster_pass(&c, 100);
    cr_assert_eq(status("disruptionsAllowed"), 1);
    char *name = first_pod();
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, name, -1, PROPAGATE_BACKGROUND), 0);
    free(name);
    cluster_pass(&c, 50);
    cr_assert_eq(status("currentHealthy"), 2);
    cr_assert_eq(status("disruptionsAllowed"), 0);
}

/* What pods/eviction writes down until the pod is really being deleted. */
Test(disruption, a_pod_that_was_let_go_counts_for_two_minutes_until_it_goes)
{
    run_pods(3);
    make_budget("\"minAvailable\":1" SELECTOR);
    cluster_pass(&c, 100);
    char *name = first_pod(), patch[256], now[RFC3339_BYTES];
    sim_time_text(c.f.clock.wall_us / 1000000, now);
    (void)snprintf(patch, sizeof(patch),
                   "{\"status\":{\"disruptedPods\":{\"%s\":\"%s\",\"nobody\":\"%s\"},"
                   "\"disruptionsAllowed\":1}}",
                   name, now, now);
    cr_assert_eq(
        fixture_patch(&c.f, KIND_POD_DISRUPTION_BUDGET, "b", SUB_STATUS, PATCH_MERGE, patch), 0);
    cluster_pass(&c, 100);
    struct str raw;
    const struct object *budget = fixture_get(&c.f, KIND_POD_DISRUPTION_BUDGET, "b");
    cr_assert(object_field(budget, "status.disruptedPods", &raw));
    cr_assert(memmem(raw.ptr, raw.len, name, strlen(name)));
    cr_assert_not(memmem(raw.ptr, raw.len, "nobody", 6), "a pod that is not there is forgotten");
    cr_assert_eq(status("currentHealthy"), 2);
    cr_assert_eq(status("disruptionsAllowed"), 1);
    cluster_pass(&c, 121 * 1000);
    budget = fixture_get(&c.f, KIND_POD_DISRUPTION_BUDGET, "b");
    cr_assert_not(object_field(budget, "status.disruptedPods", &raw));
    cr_assert_eq(status("currentHealthy"), 3);
    free(name);
}

Test(disruption, another_namespace_has_nothing_to_do_with_it)
{
    struct api_status refusal;
    run_pods(2);
    cr_assert(store_create_text(c.f.store, KIND_NAMESPACE, STR(""),
                                STR("{\"metadata\":{\"name\":\"other\"}}"), NULL, &refusal));
    cr_assert(store_create_text(
        c.f.store, KIND_POD_DISRUPTION_BUDGET, STR("other"),
        STR("{\"metadata\":{\"name\":\"b\"},\"spec\":{\"minAvailable\":1" SELECTOR "}}"), NULL,
        &refusal));
    cluster_pass(&c, 100);
    const struct object *budget =
        store_get(c.f.store, KIND_POD_DISRUPTION_BUDGET, STR("other"), STR("b"));
    cr_assert_eq(object_field_int(budget, "status.expectedPods", -1), 0);
}

Test(disruption, the_two_limits_exclude_each_other)
{
    cr_assert_eq(fixture_refused(&c.f, KIND_POD_DISRUPTION_BUDGET,
                                 "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"minAvailable\":1,"
                                 "\"maxUnavailable\":1" SELECTOR "}}"),
                 422);
}

Test(disruption, a_limit_is_a_number_from_0_or_a_percentage_up_to_100)
{
    static const char *const wrong[] = {"-1", "\"x%\"", "\"5\"", "\"%\"", "\"101%\"", "\"-1%\""};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"minAvailable\":%s}}", wrong[i]);
        cr_expect_eq(fixture_refused(&c.f, KIND_POD_DISRUPTION_BUDGET, text), 422, "%s", wrong[i]);
    }
}

/* Once written, the status is not written again: no event without a change. */
Test(disruption, a_status_that_stays_the_same_makes_no_change)
{
    run_pods(2);
    make_budget("\"minAvailable\":1" SELECTOR);
    cluster_pass(&c, 1000);
    int64_t rv = fixture_get(&c.f, KIND_POD_DISRUPTION_BUDGET, "b")->rv;
    cr_assert_eq(fixture_patch(&c.f, KIND_REPLICA_SET, "web", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"labels\":{\"touched\":\"1\"}}}"),
                 0);
    char *name = first_pod();
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, name, SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"labels\":{\"touched\":\"1\"}}}"),
                 0);
    free(name);
    cluster_pass(&c, 5000);
    cr_assert_eq(fixture_get(&c.f, KIND_POD_DISRUPTION_BUDGET, "b")->rv, rv);
}
