#include "bench/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "bench/store_private.h"
#include "store_fixture.h"

static struct fixture f;
static struct verify *verify;

static void setup(void)
{
    fixture_init(&f, NULL);
    verify = verify_new(f.store);
    (void)fixture_create(&f, KIND_NODE,
                         "{\"metadata\":{\"name\":\"n1\"},\"status\":{\"capacity\":{\"cpu\":\"2\","
                         "\"memory\":\"4Gi\",\"ephemeral-storage\":\"10Gi\",\"pods\":\"3\","
                         "\"nvidia.com/gpu\":\"1\"}}}");
}

static void teardown(void)
{
    verify_free(verify);
    fixture_fini(&f);
}

TestSuite(verify, .init = setup, .fini = teardown);

enum { BOUND, TWICE, OVERFULL, WAITING };

static void add_pod(const char *name, const char *app, const char *requests)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"app\":\"%s\"}},\"spec\":{\"containers\":"
             "[{\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":{%s}}}]}}",
             name, app, requests);
    (void)fixture_create(&f, KIND_POD, text);
}

static void add_bound(const char *name, const char *requests)
{
    add_pod(name, "web", requests);
    cr_assert_eq(fixture_bind(&f, name, "n1"), 0);
}

static void refuse(const char *pod, const char *reason, const char *message)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "{\"status\":{\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\","
             "\"reason\":\"%s\",\"message\":\"%s\"}]}}",
             reason, message);
    cr_assert_eq(fixture_patch(&f, KIND_POD, pod, SUB_STATUS, PATCH_STRATEGIC, text), 0);
}

/* Only `failing` does not hold; -1: all hold. */
static void expect(const struct verify_waiting *waiting, uint32_t count, int failing)
{
    struct verify_claim claims[VERIFY_CLAIMS];
    cr_expect_eq(verify_judge(verify, waiting, count, claims), failing < 0);
    for (int i = 0; i < VERIFY_CLAIMS; i++)
        cr_expect_eq(claims[i].holds, i != failing, "%s: %s", claims[i].name, claims[i].text);
}

Test(verify, a_cluster_in_which_all_is_well_passes)
{
    add_bound("a", "\"cpu\":\"1\"");
    add_bound("b", "\"cpu\":\"1\",\"memory\":\"4Gi\"");
    expect(NULL, 0, -1);
}

Test(verify, a_feasible_pod_that_waits_fails)
{
    add_bound("a", "\"cpu\":\"1\"");
    add_pod("b", "web", "\"cpu\":\"1\"");
    expect(NULL, 0, BOUND);
}

Test(verify, each_resource_can_be_overfull)
{
    static const char *const requests[] = {
        "\"cpu\":\"1500m\"", "\"memory\":\"3Gi\"", "\"ephemeral-storage\":\"6Gi\"",
        "\"nvidia.com/gpu\":\"1\"", "\"unknown.example/x\":\"1\""};
    char name[16];
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        for (int j = 0; j < 2; j++) {
            snprintf(name, sizeof(name), "p%zu-%d", i, j);
            add_bound(name, requests[i]);
        }
        expect(NULL, 0, OVERFULL);
        for (int j = 0; j < 2; j++) {
            snprintf(name, sizeof(name), "p%zu-%d", i, j);
            cr_assert_eq(fixture_delete(&f, KIND_POD, name, 0, PROPAGATE_BACKGROUND), 0);
        }
        teardown(); /* it remembers */
        setup();
    }
}

Test(verify, too_many_pods_are_overfull_too)
{
    for (char name[] = "a"; name[0] <= 'c'; name[0]++)
        add_bound(name, "");
    expect(NULL, 0, -1);
    add_bound("d", "");
    expect(NULL, 0, OVERFULL);
}

Test(verify, a_node_that_was_overfull_for_a_moment_is_remembered)
{
    add_bound("a", "\"cpu\":\"2\"");
    add_bound("b", "\"cpu\":\"1\"");
    cr_assert_eq(fixture_delete(&f, KIND_POD, "b", 0, PROPAGATE_BACKGROUND), 0);
    expect(NULL, 0, OVERFULL);
}

Test(verify, room_of_a_deleted_pod_is_free_only_when_it_is_gone)
{
    add_bound("a", "\"cpu\":\"2\"");
    cr_assert_eq(fixture_delete(&f, KIND_POD, "a", 30, PROPAGATE_BACKGROUND), 0);
    cr_assert_eq(fixture_delete(&f, KIND_POD, "a", 0, PROPAGATE_BACKGROUND), 0);
    add_bound("b", "\"cpu\":\"2\"");
    cr_assert_eq(fixture_delete(&f, KIND_POD, "b", 30, PROPAGATE_BACKGROUND), 0);
    add_bound("c", "\"cpu\":\"1\"");
    expect(NULL, 0, OVERFULL);
}

Test(verify, init_containers_count_by_their_highest_and_sidecars_stay)
{
    (void)fixture_create(
        &f, KIND_POD,
        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"overhead\":{\"cpu\":\"100m\"},"
        "\"initContainers\":["
        "{\"name\":\"s\",\"image\":\"i\",\"restartPolicy\":\"Always\",\"resources\":{\"requests\":"
        "{\"cpu\":\"200m\"}}},"
        "{\"name\":\"t\",\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"900m\"}}}],"
        "\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":"
        "{\"cpu\":\"500m\",\"memory\":\"1\"}}}]}}");
    /* max(500 + 200, 900 + 200) + 100 */
    cr_assert_eq(amounts_get(&verify_pod_at(verify, 0)->amounts, "cpu"), 1200);
    cr_assert_eq(amounts_get(&verify_pod_at(verify, 0)->amounts, "memory"), 1);
}

Test(verify, an_infeasible_pod_must_wait_with_exactly_its_reason)
{
    static const struct verify_waiting row = {"large", "Unschedulable",
                                              "0/1 nodes are available: 1 Insufficient cpu."};
    add_pod("a", "large", "\"cpu\":\"9\"");
    expect(&row, 1, WAITING);
    refuse("a", "Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.");
    expect(&row, 1, -1);
    refuse("a", "SchedulerError", "0/1 nodes are available: 1 Insufficient cpu.");
    expect(&row, 1, WAITING);
    refuse("a", "Unschedulable", "0/1 nodes are available: 1 Insufficient memory.");
    expect(&row, 1, WAITING);
}

Test(verify, an_infeasible_pod_that_was_bound_fails)
{
    static const struct verify_waiting row = {"large", "Unschedulable", "x"};
    add_pod("a", "large", "\"cpu\":\"1\"");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    expect(&row, 1, WAITING);
}

/* No apiserver does that: the version is published past all its rules. */
Test(verify, a_pod_that_is_moved_was_bound_twice)
{
    add_bound("a", "\"cpu\":\"1\"");
    struct entry *entry = store_find(f.store, KIND_POD, STR("default"), STR("a"));
    struct object *moved = object_copy(entry->object);
    object_set_text(&moved->node_name, STR("n2"));
    (void)fixture_create(&f, KIND_NODE,
                         "{\"metadata\":{\"name\":\"n2\"},\"status\":{\"capacity\":"
                         "{\"cpu\":\"2\",\"pods\":\"3\"}}}");
    store_publish(f.store, entry, moved);
    expect(NULL, 0, TWICE);
}

Test(verify, binding_writes_are_counted_by_pod)
{
    add_bound("a", "\"cpu\":\"1\"");
    add_pod("b", "web", "");
    cr_assert_eq(verify_pod_at(verify, 0)->bindings, 1);
    cr_assert_eq(verify_pod_at(verify, 1)->bindings, 0);
    cr_assert_null(verify_pod_at(verify, 2));
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 409); /* refused: no second write */
    cr_assert_eq(verify_pod_at(verify, 0)->bindings, 1);
}
