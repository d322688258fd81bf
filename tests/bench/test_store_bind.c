/* The refusals of pods/binding, byte for byte (kubernetes
 * pkg/registry/core/pod/storage/storage.go). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

static struct fixture f;

static void setup(void)
{
    fixture_init(&f, NULL);
}

static void teardown(void)
{
    fixture_fini(&f);
}

TestSuite(store_bind, .init = setup, .fini = teardown);

Test(store_bind, a_binding_sets_node_and_condition_in_one_change)
{
    (void)fixture_pod(&f, "a", "");
    f.log_count = 0;
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    cr_assert_eq(f.log_count, 1);
    cr_assert_eq(f.log[0].change, CHANGE_MODIFIED);
    char *text = fixture_text(fixture_get(&f, KIND_POD, "a"));
    cr_assert(strstr(text, "\"spec\":{\"nodeName\":\"n1\","), "%s", text);
    cr_assert(strstr(text, "\"status\":\"True\",\"type\":\"PodScheduled\""), "%s", text);
    free(text);
}

Test(store_bind, the_old_condition_is_replaced_and_the_nomination_goes)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(
        fixture_patch(&f, KIND_POD, "a", SUB_STATUS, PATCH_STRATEGIC,
                      "{\"status\":{\"nominatedNodeName\":\"n9\",\"conditions\":[{\"type\":"
                      "\"PodScheduled\",\"status\":\"False\",\"reason\":"
                      "\"Unschedulable\"},{\"type\":\"Other\",\"status\":\"True\"}]}}"),
        0);
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    char *text = fixture_text(fixture_get(&f, KIND_POD, "a"));
    cr_assert_null(strstr(text, "Unschedulable"), "%s", text);
    cr_assert_null(strstr(text, "nominatedNodeName"), "%s", text);
    cr_assert(strstr(text, "\"type\":\"Other\""), "%s", text);
    free(text);
}

Test(store_bind, annotations_and_labels_of_the_binding_reach_the_pod)
{
    (void)fixture_pod(&f, "a", "");
    json_t *annotations = json_pack("{s:s}", "controller.kubernetes.io/pod-deletion-cost", "-10");
    json_t *labels = json_pack("{s:s}", "unit", "spot");
    const struct store_binding request = {.ns = STR("default"),
                                          .name = STR("a"),
                                          .node = STR("n1"),
                                          .annotations = annotations,
                                          .labels = labels};
    cr_assert(store_bind(f.store, &request, &f.status));
    json_decref(annotations);
    json_decref(labels);
    const struct object *pod = fixture_get(&f, KIND_POD, "a");
    struct str value;
    cr_assert(object_annotation(pod, STR("controller.kubernetes.io/pod-deletion-cost"), &value));
    cr_assert(str_is(value, "-10"));
    cr_assert(object_label(pod, STR("unit"), &value) && str_is(value, "spot"));
    cr_assert(object_label(pod, STR("app"), &value) && str_is(value, "web"));
}

Test(store_bind, a_pod_that_is_not_there)
{
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 404);
    cr_assert_str_eq(f.status.reason, "NotFound");
    cr_assert_str_eq(f.status.message, "pods \"a\" not found");
}

Test(store_bind, a_pod_that_is_assigned_already)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    cr_assert_eq(fixture_bind(&f, "a", "n2"), 409);
    cr_assert_str_eq(f.status.reason, "Conflict");
    cr_assert_str_eq(f.status.message, "Operation cannot be fulfilled on pods/binding \"a\": pod a "
                                       "is already assigned to node \"n1\"");
    struct buf out;
    buf_init(&out, 4096);
    api_status_render(&f.status, &out);
    cr_assert_str_eq(
        out.data,
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
        "\"message\":\"Operation cannot be fulfilled on pods/binding \\\"a\\\": pod a is already "
        "assigned to node "
        "\\\"n1\\\"\",\"reason\":\"Conflict\",\"details\":{\"name\":\"a\",\"kind\":"
        "\"pods/binding\"},\"code\":409}\n");
    buf_fini(&out);
}

Test(store_bind, a_pod_that_is_being_deleted)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"finalizers\":[\"x/y\"]}}"),
                 0);
    cr_assert_eq(fixture_delete(&f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 409);
    cr_assert_str_eq(f.status.message, "Operation cannot be fulfilled on pods/binding \"a\": pod a "
                                       "is being deleted, cannot be assigned to a host");
}

Test(store_bind, a_pod_with_gates)
{
    (void)fixture_pod(&f, "a", ",\"schedulingGates\":[{\"name\":\"g\"}]");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 409);
    cr_assert_str_eq(f.status.message, "Operation cannot be fulfilled on pods/binding \"a\": pod a "
                                       "has non-empty .spec.schedulingGates");
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_JSON,
                               "[{\"op\":\"remove\",\"path\":\"/spec/schedulingGates/0\"}]"),
                 0);
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
}

Test(store_bind, another_pod_of_the_same_name)
{
    const struct object *pod = fixture_pod(&f, "a", "");
    char wanted[512];
    (void)snprintf(
        wanted, sizeof(wanted),
        "Operation cannot be fulfilled on pods \"a\": StorageError: invalid object, "
        "Code: 4, Key: /registry/pods/default/a, ResourceVersion: 0, "
        "AdditionalErrorMsg: Precondition failed: UID in precondition: 42, UID in object "
        "meta: %s",
        pod->ident->uid);
    const struct store_binding request = {
        .ns = STR("default"), .name = STR("a"), .node = STR("n1"), .uid = STR("42")};
    cr_assert_not(store_bind(f.store, &request, &f.status));
    cr_assert_eq(f.status.code, 409);
    cr_assert_str_eq(f.status.message, wanted);
    struct store_binding right = request;
    right.uid = str_from(pod->ident->uid);
    cr_assert(store_bind(f.store, &right, &f.status));
}

Test(store_bind, without_a_node_it_is_no_binding)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_bind(&f, "a", ""), 500);
    cr_assert_str_eq(f.status.message, "target.name: Required value");
}

/* elastic-policies.md 10.3: labels reach the pod as of 1.35 only, annotations always. */
Test(store_bind, before_1_35_labels_are_ignored_and_the_nomination_stays)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_STATUS, PATCH_MERGE,
                               "{\"status\":{\"nominatedNodeName\":\"n9\"}}"),
                 0);
    json_t *texts = json_pack("{s:s}", "unit", "spot");
    const struct store_binding request = {.ns = STR("default"),
                                          .name = STR("a"),
                                          .node = STR("n1"),
                                          .annotations = texts,
                                          .labels = texts,
                                          .before_1_35 = true};
    cr_assert(store_bind(f.store, &request, &f.status));
    json_decref(texts);
    const struct object *pod = fixture_get(&f, KIND_POD, "a");
    struct str value;
    cr_assert(object_annotation(pod, STR("unit"), &value) && str_is(value, "spot"));
    cr_assert_not(object_label(pod, STR("unit"), &value));
    cr_assert(str_is(object_field_text(pod, "status.nominatedNodeName"), "n9"));
}

Test(store_bind, what_the_pod_has_already_is_overwritten)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"annotations\":{\"k\":\"old\",\"kept\":\"1\"}}}"),
                 0);
    json_t *annotations = json_pack("{s:s}", "k", "new"), *labels = json_pack("{s:s}", "app", "x");
    const struct store_binding request = {.ns = STR("default"),
                                          .name = STR("a"),
                                          .node = STR("n1"),
                                          .annotations = annotations,
                                          .labels = labels};
    cr_assert(store_bind(f.store, &request, &f.status));
    json_decref(annotations);
    json_decref(labels);
    const struct object *pod = fixture_get(&f, KIND_POD, "a");
    struct str value;
    cr_assert(object_annotation(pod, STR("k"), &value) && str_is(value, "new"));
    cr_assert(object_annotation(pod, STR("kept"), &value) && str_is(value, "1"));
    cr_assert(object_label(pod, STR("app"), &value) && str_is(value, "x"));
}

/* The PodTopologyLabels admission plug-in: zone and region only, over those of the binding. */
Test(store_bind, as_of_1_35_zone_and_region_of_the_node_come_along)
{
    (void)fixture_create(
        &f, KIND_NODE,
        "{\"metadata\":{\"name\":\"n1\",\"labels\":{\"topology.kubernetes.io/zone\":"
        "\"z1\",\"topology.kubernetes.io/region\":\"r1\",\"rack\":\"7\"}}}");
    (void)fixture_pod(&f, "a", "");
    json_t *labels = json_pack("{s:s}", "topology.kubernetes.io/zone", "mine");
    const struct store_binding request = {
        .ns = STR("default"), .name = STR("a"), .node = STR("n1"), .labels = labels};
    cr_assert(store_bind(f.store, &request, &f.status));
    json_decref(labels);
    const struct object *pod = fixture_get(&f, KIND_POD, "a");
    struct str value;
    cr_assert(object_label(pod, STR("topology.kubernetes.io/region"), &value) &&
              str_is(value, "r1"));
    cr_assert(object_label(pod, STR("topology.kubernetes.io/zone"), &value) && str_is(value, "z1"));
    cr_assert_not(object_label(pod, STR("rack"), &value));
}

/* elastic-policies.md 10.2: checked at creation and update, but not by a binding. */
Test(store_bind, only_a_binding_may_write_a_deletion_cost_that_is_none)
{
    static const char *const cost = "controller.kubernetes.io/pod-deletion-cost";
    cr_assert_eq(fixture_refused(&f, KIND_POD,
                                 "{\"metadata\":{\"name\":\"b\",\"annotations\":{"
                                 "\"controller.kubernetes.io/pod-deletion-cost\":\"05\"}},\"spec\":"
                                 "{\"containers\":[{\"name\":\"c\"}]}}"),
                 422);
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"annotations\":{"
                               "\"controller.kubernetes.io/pod-deletion-cost\":\"+5\"}}}"),
                 422);
    cr_assert_str_eq(f.status.message,
                     "Pod \"a\" is invalid: metadata.annotations[controller.kubernetes.io/"
                     "pod-deletion-cost]: Invalid value: \"+5\": must be a 32bit integer");
    json_t *annotations = json_pack("{s:s}", cost, "+5");
    const struct store_binding request = {
        .ns = STR("default"), .name = STR("a"), .node = STR("n1"), .annotations = annotations};
    cr_assert(store_bind(f.store, &request, &f.status));
    json_decref(annotations);
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"labels\":{\"x\":\"1\"}}}"),
                 0, "what was wrong before may stay");
}
