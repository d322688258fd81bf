/*
 * build/spillway and what it writes beside binds, as it ends up in the store: labels of a unit on
 * new and old apiservers, the end of victims, the nomination.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "tests/sim/policy_stage.h"

static struct stage stage;

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_writes, .fini = teardown, .timeout = 120);

/* ---- labels of a unit ---- */

static const char *label_of(const char *pod, const char *key)
{
    static char text[128];
    struct str value = {0};
    const struct object *object = store_get(stage.store, KIND_POD, STR("default"), str_from(pod));
    bool is_there = object && object_label(object, str_from(key), &value);
    (void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(value));
    return is_there ? text : "absent";
}

/* The labels of each pod at the moment it got its node. */
struct label_watch {
    struct store_subscriber subscriber;
    size_t with, without;
};

static void on_change(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct label_watch *watch = container_of(subscriber, struct label_watch, subscriber);
    struct str value;
    if (event->object->kind->id != KIND_POD || !event->before ||
        object_node_name(event->before)[0] || !object_node_name(event->object)[0])
        return;
    if (object_label(event->object, STR("tier"), &value) && str_is(value, "cheap"))
        watch->with++;
    else
        watch->without++;
}

static void expect_labels(const char *git_version, const struct fault *fault)
{
    stage_open_with(&stage, &(struct apiserver_options){.git_version = git_version}, NULL);
    struct label_watch watch = {.subscriber.on_event = on_change};
    store_subscribe(stage.store, &watch.subscriber);
    policy_stage_add_nodes(&stage, "10");
    policy_stage_create(&stage, "web",
                        "\"units\":[{\"resource\":\"eci\",\"podLabels\":{\"tier\":\"cheap\","
                        "\"app\":\"web\"},\"podAnnotations\":{\"note\":\"a b\"}}]");
    policy_stage_add_pods(&stage, "web", 30, "web");
    if (fault)
        stage_fault(&stage, fault);
    stage_start(&stage, "kubeconfig",
                (const char *const[]){"--pod-initial-backoff-seconds=1", NULL});
    stage_await_bindings(&stage, 30);
    cr_expect_eq(watch.with, 30);
    cr_expect_eq(watch.without, 0, "a kubelet would have started it without its labels");
    cr_expect_str_eq(label_of("web-7", "app"), "web", "its own labels stay");
    cr_expect_str_eq(policy_stage_annotation(&stage, "web-7", "note"), "a b");
    policy_stage_await_status(&stage, "web", "units.0.pods", "30");
    cr_expect_eq(stage_stop(&stage), 0);
    store_unsubscribe(stage.store, &watch.subscriber);
}

Test(spillway_writes, labels_travel_with_the_binding)
{
    expect_labels("v1.37.0", NULL);
    uint64_t binds = apiserver_counts(stage.server).binds;
    cr_expect_eq(binds, 30);
}

Test(spillway_writes, labels_are_patched_before_the_bind_on_an_older_apiserver)
{
    expect_labels("v1.34.2", NULL);
}

/* Its version says that it copies them; the watch shows that it does not. */
Test(spillway_writes, labels_are_patched_before_the_bind_once_one_did_not_get_them)
{
    stage_open(&stage);
    struct label_watch watch = {.subscriber.on_event = on_change};
    store_subscribe(stage.store, &watch.subscriber);
    policy_stage_add_nodes(&stage, "10");
    policy_stage_create(&stage, "web",
                        "\"units\":[{\"resource\":\"eci\",\"podLabels\":{\"tier\":\"cheap\"}}]");
    policy_stage_add_pods(&stage, "web", 1, "web");
    stage_fault(&stage,
                &(struct fault){.on = FAULT_ON_BIND, .act = FAULT_DO_IGNORE_LABELS, .times = 1000});
    stage_start(&stage, "kubeconfig", NULL);
    stage_await_bindings(&stage, 1);
    cr_expect_eq(watch.without, 1);
    stage_await_said(&stage, "did not copy the labels of a Binding");
    policy_stage_add_pods(&stage, "more", 20, "web");
    stage_await_bindings(&stage, 21);
    cr_expect_eq(watch.with, 20);
    cr_expect_eq(watch.without, 1);
    cr_expect_eq(spillway_count_said(&stage.spillway, "did not copy the labels"), 1);
    cr_expect(spillway_said(&stage.spillway, "default/web-0"));
    policy_stage_await_status(&stage, "web", "units.0.pods", "21");
    cr_expect_eq(stage_stop(&stage), 0);
    store_unsubscribe(stage.store, &watch.subscriber);
}

Test(spillway_writes, labels_survive_lost_connections_on_an_older_apiserver)
{
    expect_labels("v1.34.2", &(struct fault){.on = FAULT_ON_ANY,
                                             .act = FAULT_DO_DROP_AFTER,
                                             .times = 3,
                                             .skip = 12,
                                             .resource = "pods"});
}

/* ---- victims ---- */

static void add_pod(const char *name, int priority)
{
    char text[512];
    (void)snprintf(
        text, sizeof(text),
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\"},\"spec\":"
        "{\"schedulerName\":\"spillway\",\"priority\":%d,\"containers\":[{\"name\":\"c\","
        "\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}",
        name, priority);
    stage_create(&stage, KIND_POD, text);
}

static bool is_leaving(struct stage *on, const void *pod)
{
    const struct object *object = store_get(on->store, KIND_POD, STR("default"), str_from(pod));
    return !object || object->deleted_s != 0;
}

static json_t *pod_json(const char *name)
{
    const struct object *object = store_get(stage.store, KIND_POD, STR("default"), str_from(name));
    cr_assert(object, "%s is gone", name);
    return object_json(object, false);
}

static bool has_condition(const json_t *pod, const char *type, const char *reason)
{
    const json_t *list = json_object_get(json_object_get(pod, "status"), "conditions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *condition = json_array_get(list, i);
        const char *is = json_string_value(json_object_get(condition, "type"));
        const char *why = json_string_value(json_object_get(condition, "reason"));
        if (is && why && strcmp(is, type) == 0 && strcmp(why, reason) == 0)
            return true;
    }
    return false;
}

static bool is_nominated(struct stage *on, const void *pod)
{
    (void)on;
    json_t *json = pod_json(pod);
    const char *node =
        json_string_value(json_object_get(json_object_get(json, "status"), "nominatedNodeName"));
    bool is = node && strcmp(node, "a") == 0;
    json_decref(json);
    return is;
}

static void open_full_node(const char *const flags[])
{
    stage_open(&stage);
    stage_add_node(&stage, "a", "1");
    add_pod("low", 0);
    stage_start(&stage, "kubeconfig", flags);
    stage_await_bound(&stage, "low");
    add_pod("high", 1000);
}

Test(spillway_writes, a_victim_is_marked_before_it_is_deleted_and_its_room_is_kept)
{
    open_full_node((const char *const[]){"--preemption", NULL});
    stage_await(&stage, is_leaving, "low", "the victim was not deleted");
    json_t *low = pod_json("low");
    cr_expect(has_condition(low, "DisruptionTarget", "PreemptionByScheduler"));
    cr_expect_neq(json_integer_value(json_object_get(json_object_get(low, "metadata"),
                                                     "deletionGracePeriodSeconds")),
                  0, "its own grace period");
    json_decref(low);
    stage_await(&stage, is_nominated, "high", "the nomination was not written");
    policy_stage_delete(&stage, KIND_POD, "default", "low"); /* as its kubelet does at the end */
    stage_await_bound(&stage, "high");
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_writes, a_victim_whose_mark_was_lost_is_asked_again)
{
    stage_open(&stage);
    stage_add_node(&stage, "a", "1");
    add_pod("low", 0);
    stage_start(&stage, "kubeconfig", (const char *const[]){"--preemption", NULL});
    stage_await_bound(&stage, "low");
    stage_fault(&stage,
                &(struct fault){.on = FAULT_ON_STATUS, .act = FAULT_DO_DROP_BEFORE, .times = 2});
    stage_fault(&stage,
                &(struct fault){.on = FAULT_ON_DELETE, .act = FAULT_DO_DROP_AFTER, .times = 1});
    add_pod("high", 1000);
    stage_await(&stage, is_leaving, "low", "the victim was not deleted");
    policy_stage_delete(&stage, KIND_POD, "default", "low");
    stage_await_bound(&stage, "high");
    cr_expect_eq(stage_fired(&stage), 3);
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_writes, nobody_is_deleted_without_the_flag)
{
    open_full_node(NULL);
    char *message = policy_stage_await_message(&stage, "high", "1 Insufficient cpu");
    free(message);
    cr_expect_not(is_leaving(&stage, "low"));
    cr_expect_eq(stage_stop(&stage), 0);
    cr_expect_eq(stage.deleted_pods, 0);
}
