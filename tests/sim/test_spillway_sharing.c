/*
 * build/spillway beside other schedulers, and what its pods' owners read: conditions and events in
 * kube-scheduler's words and fields (kube-scheduler.md A13).
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "tests/sim/stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_sharing, .init = setup, .fini = teardown, .timeout = 120);

/* ---- other schedulers ---- */

/* The version of a pod that nobody has written to since. */
static int64_t version_of(const char *pod)
{
    const struct object *object = store_get(stage.store, KIND_POD, STR("default"), str_from(pod));
    cr_assert(object);
    return object->rv;
}

Test(spillway_sharing, pods_of_others_are_left_alone)
{
    stage_add_node(&stage, "n", "10");
    stage_add_pod_of(&stage, "theirs", "1", "default-scheduler");
    stage_add_pod_of(&stage, "theirs-too-large", "100", "default-scheduler");
    int64_t before = version_of("theirs"), before_large = version_of("theirs-too-large");
    stage_start(&stage, "kubeconfig", NULL);
    stage_add_pod(&stage, "ours", "1");
    stage_await_bound(&stage, "ours");
    stage_add_pod(&stage, "ours-too-large", "100");
    free(stage_await_refusal(&stage, "ours-too-large"));
    cr_expect_eq(stage_stop(&stage), 0);
    cr_expect_eq(version_of("theirs"), before, "written to");
    cr_expect_eq(version_of("theirs-too-large"), before_large, "written to");
}

Test(spillway_sharing, pods_that_others_bound_take_their_room)
{
    struct api_status status;
    stage_add_node(&stage, "n", "4");
    stage_start(&stage, "kubeconfig", NULL);
    stage_add_pod_of(&stage, "theirs", "3", "default-scheduler");
    const struct store_binding binding = {
        .ns = STR("default"), .name = STR("theirs"), .node = STR("n")};
    cr_assert(store_bind(stage.store, &binding, &status), "%s", status.message);
    stage_add_pod(&stage, "ours", "2");
    char *message = stage_await_refusal(&stage, "ours");
    cr_expect_str_eq(message, "0/1 nodes are available: 1 Insufficient cpu.");
    free(message);
    cr_expect_eq(stage.bindings, 1, "only theirs");
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_sharing, several_names_may_be_served_and_none_else)
{
    const char *const flags[] = {"--scheduler-name=red", "--scheduler-name", "blue", NULL};
    stage_add_node(&stage, "n", "10");
    stage_add_pod_of(&stage, "r", "1", "red");
    stage_add_pod_of(&stage, "s", "1", "spillway"); /* the default is no more */
    stage_add_pod_of(&stage, "b", "1", "blue");
    int64_t before = version_of("s");
    stage_start(&stage, "kubeconfig", flags);
    stage_await_bindings(&stage, 2);
    stage_add_pod_of(&stage, "r2", "1", "red");
    stage_await_bound(&stage, "r2");
    cr_expect_eq(stage_stop(&stage), 0);
    cr_expect(stage_node_of(&stage, "b")[0]);
    cr_expect_eq(version_of("s"), before, "written to");
}

/* ---- words ---- */

#define NODE(name, spec, labels, room)                                                             \
    "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" name                      \
    "\",\"labels\":{" labels "}},\"spec\":{" spec "},\"status\":{\"allocatable\":{" room "}}}"
#define POD(name, spec, resources)                                                                 \
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" name "\"},\"spec\":{"      \
    "\"schedulerName\":\"spillway\"," spec "\"containers\":[{\"name\":\"c\",\"image\":\"i\","      \
    "\"resources\":{\"requests\":{" resources "}}}]}}"

/* Four nodes: two plain ones, one with a taint, one that is cordoned. */
static const char *const words_nodes[] = {
    NODE("plain-1", "", "", "\"cpu\":\"2\",\"memory\":\"4Gi\",\"pods\":\"10\""),
    NODE("plain-2", "", "", "\"cpu\":\"8\",\"memory\":\"4Gi\",\"pods\":\"10\""),
    NODE("tainted",
         "\"taints\":[{\"key\":\"dedicated\",\"value\":\"db\",\"effect\":\"NoSchedule\"}]",
         "\"zone\":\"b\"", "\"cpu\":\"64\",\"memory\":\"256Gi\",\"pods\":\"10\""),
    NODE("cordoned", "\"unschedulable\":true", "\"zone\":\"b\"",
         "\"cpu\":\"64\",\"memory\":\"256Gi\",\"pods\":\"10\""),
};

static const struct {
    const char *name, *pod, *message;
} words[] = {
    {"cpu", POD("cpu", "", "\"cpu\":\"16\""),
     "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, "
     "2 Insufficient cpu."},
    {"both", POD("both", "", "\"cpu\":\"4\",\"memory\":\"8Gi\""),
     "0/4 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) "
     "were unschedulable, 2 Insufficient memory."},
    {"zone", POD("zone", "\"nodeSelector\":{\"zone\":\"nowhere\"},", "\"cpu\":\"1\""),
     "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, "
     "2 node(s) didn't match Pod's node affinity/selector."},
    {"gpu", POD("gpu", "\"tolerations\":[{\"operator\":\"Exists\"}],", "\"example.com/gpu\":\"1\""),
     "0/4 nodes are available: 4 Insufficient example.com/gpu."},
};

Test(spillway_sharing, conditions_read_as_those_of_kube_scheduler)
{
    for (size_t i = 0; i < ARRAY_LEN(words_nodes); i++)
        stage_create(&stage, KIND_NODE, words_nodes[i]);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        stage_create(&stage, KIND_POD, words[i].pod);
    stage_start(&stage, "kubeconfig", NULL);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        char *message = stage_await_refusal(&stage, words[i].name);
        cr_expect_str_eq(message, words[i].message);
        free(message);
    }
    cr_expect_eq(stage.bindings, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}

/* ---- events ---- */

static json_t *event_of(const char *pod)
{
    struct store_list events = store_list(stage.store, KIND_EVENT, STR("default"));
    for (size_t i = 0; i < events.count; i++) {
        json_t *event = object_json(events.objects[i], true);
        const char *name =
            json_string_value(json_object_get(json_object_get(event, "regarding"), "name"));
        if (name && strcmp(name, pod) == 0)
            return event;
        json_decref(event);
    }
    return NULL;
}

static bool has_event(struct stage *at, const void *pod)
{
    (void)at;
    json_t *event = event_of(pod);
    json_decref(event);
    return event;
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    cr_expect(value && strcmp(value, text) == 0, "%s is %s, not %s", key, value ? value : "(none)",
              text);
}

struct words_of_event {
    const char *pod, *type, *reason, *action, *note;
};

static void expect_event(const struct words_of_event *wanted)
{
    char instance[128] = "spillway-", prefix[64];
    cr_assert_eq(gethostname(instance + strlen(instance), 100), 0);
    stage_await(&stage, has_event, wanted->pod, "no event of the pod");
    json_t *event = event_of(wanted->pod);
    expect_text(event, "type", wanted->type);
    expect_text(event, "reason", wanted->reason);
    expect_text(event, "action", wanted->action);
    expect_text(event, "note", wanted->note);
    expect_text(event, "reportingController", "spillway");
    expect_text(event, "reportingInstance", instance);
    cr_expect(json_is_string(json_object_get(event, "eventTime")));

    const json_t *metadata = json_object_get(event, "metadata");
    const char *name = json_string_value(json_object_get(metadata, "name"));
    (void)snprintf(prefix, sizeof(prefix), "%s.", wanted->pod);
    cr_assert(name && strncmp(name, prefix, strlen(prefix)) == 0, "%s", name ? name : "(none)");
    const char *hex = name + strlen(prefix);
    cr_expect_eq(strspn(hex, "0123456789abcdef"), 16, "unix nanoseconds in hex: %s", name);
    expect_text(metadata, "namespace", "default");

    const json_t *regarding = json_object_get(event, "regarding");
    const struct object *pod =
        store_get(stage.store, KIND_POD, STR("default"), str_from(wanted->pod));
    expect_text(regarding, "kind", "Pod");
    expect_text(regarding, "apiVersion", "v1");
    expect_text(regarding, "namespace", "default");
    expect_text(regarding, "uid", pod->ident->uid);
    json_decref(event);
}

Test(spillway_sharing, events_have_the_fields_of_kube_scheduler)
{
    stage_add_node(&stage, "n", "10");
    stage_add_pod(&stage, "small", "1");
    stage_add_pod(&stage, "large", "100");
    stage_start(&stage, "kubeconfig", NULL);
    expect_event(&(struct words_of_event){"small", "Normal", "Scheduled", "Binding",
                                          "Successfully assigned default/small to n"});
    expect_event(&(struct words_of_event){"large", "Warning", "FailedScheduling", "Scheduling",
                                          "0/1 nodes are available: 1 Insufficient cpu."});
    cr_expect_eq(stage_stop(&stage), 0);
}

/* ---- what is not there yet ---- */

static const struct {
    const char *name, *pod, *feature;
} features[] = {
    {"anti",
     POD("anti",
         "\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[{"
         "\"topologyKey\":\"zone\",\"labelSelector\":{\"matchLabels\":{\"a\":\"b\"}}}]}},",
         "\"cpu\":\"1\""),
     "the pod needs required inter-pod anti-affinity: not supported by spillway yet"},
    {"spread",
     POD("spread",
         "\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"zone\","
         "\"whenUnsatisfiable\":\"DoNotSchedule\"}],",
         "\"cpu\":\"1\""),
     "the pod needs topology spread constraints with DoNotSchedule: not supported by spillway yet"},
    {"claim",
     POD("claim",
         "\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"data\"}}],",
         "\"cpu\":\"1\""),
     "the pod needs persistent volume claims: not supported by spillway yet"},
};

Test(spillway_sharing, what_needs_a_missing_feature_waits_and_its_owner_reads_which)
{
    stage_add_node(&stage, "n", "10");
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        stage_create(&stage, KIND_POD, features[i].pod);
    stage_start(&stage, "kubeconfig", NULL);
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        char *message = stage_await_refusal(&stage, features[i].name);
        cr_expect(strstr(message, features[i].feature), "%s: %s", features[i].feature, message);
        free(message);
    }
    stage_add_pod(&stage, "plain", "1");
    stage_await_bound(&stage, "plain");
    cr_expect_eq(stage.bindings, 1);
    cr_expect_eq(stage_stop(&stage), 0);
}
