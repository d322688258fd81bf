#include <criterion/criterion.h>
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

TestSuite(store, .init = setup, .fini = teardown);

Test(store, every_change_has_its_own_resource_version)
{
    int64_t rv = store_rv(f.store);
    (void)fixture_pod(&f, "a", "");
    (void)fixture_pod(&f, "b", "");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    cr_assert_eq(fixture_delete(&f, KIND_POD, "b", -1, PROPAGATE_BACKGROUND), 0);
    cr_assert_eq(store_rv(f.store), rv + 4);
    cr_assert_eq(f.log_count, 4);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(f.log[i].rv, rv + 1 + (int64_t)i);
}

Test(store, a_pod_is_created_pending_with_the_defaults_of_the_apiserver)
{
    const struct object *pod = fixture_pod(&f, "a", "");
    cr_assert_str_eq(object_phase(pod), "Pending");
    cr_assert_eq(pod->generation, 1);
    cr_assert_eq(strlen(pod->ident->uid), 36);
    cr_assert(str_is(object_field_text(pod, "spec.schedulerName"), "default-scheduler"));
    cr_assert(str_is(object_field_text(pod, "spec.restartPolicy"), "Always"));
    cr_assert_eq(object_field_int(pod, "spec.terminationGracePeriodSeconds", 0), 30);
    cr_assert(str_is(object_field_text(pod, "status.qosClass"), "BestEffort"));
    char *text = fixture_text(pod);
    cr_assert(strstr(text, "\"creationTimestamp\":\"2026-09-21T14:13:20Z\""), "%s", text);
    cr_assert(strstr(text, "node.kubernetes.io/unreachable"), "%s", text);
    free(text);
}

Test(store, a_gated_pod_says_so_from_the_start)
{
    const struct object *pod = fixture_pod(&f, "a", ",\"schedulingGates\":[{\"name\":\"g\"}]");
    struct str conditions = object_section(pod, SEC_CONDITIONS);
    cr_assert(memmem(conditions.ptr, conditions.len, "SchedulingGated", 15));
}

Test(store, the_same_seed_gives_the_same_uids)
{
    struct fixture other;
    fixture_init(&other, NULL);
    const struct object *first = fixture_pod(&f, "a", "");
    const struct object *second = fixture_pod(&other, "a", "");
    cr_assert_str_eq(first->ident->uid, second->ident->uid);
    fixture_fini(&other);
}

Test(store, refuses_what_kube_refuses_to_create)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_refused(&f, KIND_POD,
                                 "{\"metadata\":{\"name\":\"a\"},\"spec\":"
                                 "{\"containers\":[{\"name\":\"c\"}]}}"),
                 409);
    cr_assert_str_eq(f.status.message, "pods \"a\" already exists");
    cr_assert_eq(fixture_refused(&f, KIND_CONFIG_MAP, "{\"metadata\":{\"name\":\"UPPER\"}}"), 422);
    cr_assert_eq(fixture_refused(&f, KIND_CONFIG_MAP, "{\"metadata\":{}}"), 422);
    cr_assert_eq(fixture_refused(&f, KIND_CONFIG_MAP, "{\"metadata\":{\"name\":\"x\""), 400);
    cr_assert_eq(fixture_refused(&f, KIND_CONFIG_MAP,
                                 "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
                                 "{\"name\":\"x\"}}"),
                 400);
    cr_assert_eq(fixture_refused(&f, KIND_POD, "{\"metadata\":{\"name\":\"x\"},\"spec\":{}}"), 422);
    cr_assert_eq(fixture_refused(&f, KIND_CONFIG_MAP,
                                 "{\"metadata\":{\"name\":\"x\",\"resourceVersion\":\"7\"}}"),
                 400);
    cr_assert_not(store_create_text(f.store, KIND_CONFIG_MAP, STR("nowhere"),
                                    STR("{\"metadata\":{\"name\":\"x\"}}"), NULL, &f.status));
    cr_assert_eq(f.status.code, 404);
    cr_assert_str_eq(f.status.message, "namespaces \"nowhere\" not found");
}

Test(store, a_stale_resource_version_is_a_conflict_and_changes_nothing)
{
    const struct object *map = fixture_create(
        &f, KIND_CONFIG_MAP, "{\"metadata\":{\"name\":\"m\"},\"data\":{\"k\":\"1\"}}");
    const struct store_target target = {
        .kind = KIND_CONFIG_MAP, .ns = STR("default"), .name = STR("m")};
    json_t *body = object_json(map, false);
    json_object_set_new(json_object_get(body, "data"), "k", json_string("2"));
    cr_assert(store_update(f.store, &target, body, NULL, &f.status));
    json_object_set_new(json_object_get(body, "data"), "k", json_string("3"));
    cr_assert_not(store_update(f.store, &target, body, NULL, &f.status));
    cr_assert_eq(f.status.code, 409);
    cr_assert_str_eq(f.status.message,
                     "Operation cannot be fulfilled on configmaps \"m\": the object has been "
                     "modified; please apply your changes to the latest version and try again");
    json_decref(body);
    char *text = fixture_text(fixture_get(&f, KIND_CONFIG_MAP, "m"));
    cr_assert(strstr(text, "\"data\":{\"k\":\"2\"}"), "%s", text);
    free(text);
}

Test(store, a_write_that_changes_nothing_makes_no_event)
{
    (void)fixture_pod(&f, "a", "");
    int64_t rv = store_rv(f.store);
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"labels\":{\"app\":\"web\"}}}"),
                 0);
    cr_assert_eq(store_rv(f.store), rv);
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"labels\":{\"app\":\"db\"}}}"),
                 0);
    cr_assert_eq(store_rv(f.store), rv + 1);
    cr_assert_eq(fixture_get(&f, KIND_POD, "a")->generation, 1, "labels are no spec");
}

Test(store, the_object_leaves_its_status_alone_and_the_status_leaves_the_spec)
{
    (void)fixture_pod(&f, "a", "");
    static const char patch[] = "{\"spec\":{\"activeDeadlineSeconds\":9},\"status\":{\"phase\":"
                                "\"Running\",\"podIP\":\"10.0.0.1\"}}";
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_STATUS, PATCH_MERGE, patch), 0);
    const struct object *pod = fixture_get(&f, KIND_POD, "a");
    cr_assert_str_eq(object_phase(pod), "Running");
    cr_assert_eq(object_field_int(pod, "spec.activeDeadlineSeconds", -1), -1);
    cr_assert_eq(pod->generation, 1);
    static const char second[] = "{\"spec\":{\"activeDeadlineSeconds\":9},\"status\":{\"phase\":"
                                 "\"Failed\"}}";
    cr_assert_eq(fixture_patch(&f, KIND_POD, "a", SUB_NONE, PATCH_MERGE, second), 0);
    pod = fixture_get(&f, KIND_POD, "a");
    cr_assert_str_eq(object_phase(pod), "Running");
    cr_assert(str_is(object_field_text(pod, "status.podIP"), "10.0.0.1"));
    cr_assert_eq(object_field_int(pod, "spec.activeDeadlineSeconds", -1), 9);
    cr_assert_eq(pod->generation, 2);
}

Test(store, a_kubelet_writes_a_status_without_touching_the_rest)
{
    const struct object *pod = fixture_pod(&f, "a", "");
    const struct status_text status = {.phase = STR("Running"),
                                       .conditions =
                                           STR("[{\"type\":\"Ready\",\"status\":\"True\"}]"),
                                       .rest = STR("\"podIP\":\"10.0.0.7\"")};
    store_set_status(f.store, pod, &status, &pod);
    cr_assert_str_eq(object_phase(pod), "Running");
    cr_assert(str_is(object_field_text(pod, "status.podIP"), "10.0.0.7"));
    struct str value;
    cr_assert(object_label(pod, STR("app"), &value) && str_is(value, "web"));
    int64_t rv = store_rv(f.store);
    store_set_status(f.store, pod, &status, NULL);
    cr_assert_eq(store_rv(f.store), rv, "the same status again is no change");
}

Test(store, lists_in_the_order_of_keys_whatever_the_order_of_changes)
{
    static const char *const names[] = {"m", "a", "z", "b-1", "b", "k"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)fixture_pod(&f, names[i], "");
        (void)store_list(f.store, KIND_POD, STR(""));
    }
    cr_assert_eq(fixture_delete(&f, KIND_POD, "k", -1, PROPAGATE_BACKGROUND), 0);
    (void)fixture_pod(&f, "c", "");
    static const char *const sorted[] = {"a", "b", "b-1", "c", "m", "z"};
    struct store_list list = store_list(f.store, KIND_POD, STR("default"));
    cr_assert_eq(list.count, ARRAY_LEN(sorted));
    for (size_t i = 0; i < list.count; i++)
        cr_assert_str_eq(list.objects[i]->ident->name, sorted[i]);
    cr_assert_eq(store_list(f.store, KIND_POD, STR("kube-system")).count, 0);
}

Test(store, history_gives_every_event_since_a_version_until_it_is_compacted)
{
    int64_t rv = store_rv(f.store);
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    struct store_event event;
    cr_assert(store_history_next(f.store, rv, &event));
    cr_assert_eq(event.change, CHANGE_ADDED);
    cr_assert_str_eq(object_node_name(event.object), "", "an old version stays what it was");
    cr_assert(store_history_next(f.store, rv + 1, &event));
    cr_assert_eq(event.change, CHANGE_MODIFIED);
    cr_assert_str_eq(object_node_name(event.object), "n1");
    cr_assert_str_eq(object_node_name(event.before), "");
    cr_assert_not(store_history_next(f.store, rv + 2, &event));
    store_compact(f.store);
    cr_assert_eq(store_compacted_rv(f.store), rv + 2);
}

Test(store, a_full_history_forgets_the_oldest_events)
{
    const struct store_options options = {.history_events = 8};
    struct fixture small;
    fixture_init(&small, &options);
    for (int i = 0; i < 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        (void)fixture_pod(&small, name, "");
    }
    cr_assert_eq(store_compacted_rv(small.store), store_rv(small.store) - 8);
    fixture_fini(&small);
}

Test(store, events_go_after_an_hour_and_the_oldest_first_when_there_are_too_many)
{
    const struct store_options options = {.event_limit = 3};
    struct fixture small;
    fixture_init(&small, &options);
    for (int i = 0; i < 5; i++) {
        char json[64];
        (void)snprintf(json, sizeof(json), "{\"metadata\":{\"name\":\"e%d\"},\"note\":\"n\"}", i);
        (void)fixture_create(&small, KIND_EVENT, json);
    }
    cr_assert_eq(store_count(small.store, KIND_EVENT), 3);
    cr_assert_null(fixture_get(&small, KIND_EVENT, "e1"));
    cr_assert_not_null(fixture_get(&small, KIND_EVENT, "e2"));
    sim_clock_advance(&small.clock, 3601 * 1000);
    store_tick(small.store);
    cr_assert_eq(store_count(small.store, KIND_EVENT), 0);
    fixture_fini(&small);
}

Test(store, an_event_has_two_vocabularies)
{
    const struct object *event =
        fixture_create(&f, KIND_EVENT,
                       "{\"metadata\":{\"name\":\"e\"},\"regarding\":{\"kind\":\"Pod\",\"name\":"
                       "\"a\"},\"note\":\"hello\",\"reportingController\":\"spillway\"}");
    struct buf out;
    buf_init(&out, 4096);
    object_render(event, false, &out);
    cr_assert(strstr(out.data, "\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"a\"}"), "%s",
              out.data);
    cr_assert(strstr(out.data, "\"message\":\"hello\",\"reportingComponent\":\"spillway\""));
    buf_clear(&out);
    object_render(event, true, &out);
    cr_assert(strstr(out.data, "\"apiVersion\":\"events.k8s.io/v1\""));
    cr_assert(strstr(out.data, "\"regarding\":{\"kind\":\"Pod\",\"name\":\"a\"}"), "%s", out.data);
    cr_assert(strstr(out.data, "\"note\":\"hello\",\"reportingController\":\"spillway\""));
    buf_fini(&out);
}

Test(store, a_number_that_no_dom_can_hold_is_refused_also_in_an_event)
{
    cr_assert_eq(fixture_refused(&f, KIND_EVENT,
                                 "{\"metadata\":{\"name\":\"e\"},\"count\":"
                                 "9999999999999999999999}"),
                 400);
    cr_assert_eq(fixture_refused(&f, KIND_EVENT, "{\"metadata\":{\"name\":\"e\"},\"count\":1e999}"),
                 400);
}
