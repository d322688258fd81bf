#include "tests/sim/policy_stage.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/json_scan.h"
#include "model/base/mem.h"

enum { TEXT_BYTES = 4096 };

void policy_stage_add_nodes(struct stage *stage, const char *ecs_cpu)
{
    stage_add_node(stage, "ecs-0", ecs_cpu);
    stage_create(stage, KIND_NODE,
                 "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"eci-0\","
                 "\"labels\":{\"type\":\"virtual-kubelet\"}},\"spec\":{\"taints\":[{\"key\":"
                 "\"virtual-kubelet.io/provider\",\"value\":\"alibabacloud\",\"effect\":"
                 "\"NoSchedule\"}]},\"status\":{\"allocatable\":{\"cpu\":\"100000\",\"memory\":"
                 "\"100Ti\",\"pods\":\"100000\"}}}");
}

void policy_stage_add_pods(struct stage *stage, const char *prefix, size_t count, const char *app)
{
    char text[TEXT_BYTES];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(
            text, sizeof(text),
            "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s-%zu\","
            "\"labels\":{\"app\":\"%s\"}},\"spec\":{\"schedulerName\":\"spillway\","
            "\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":"
            "{\"cpu\":\"1\"}}}]}}",
            prefix, i, app);
        stage_create(stage, KIND_POD, text);
    }
}

/* ---- policies ---- */

void policy_stage_create(struct stage *stage, const char *name, const char *spec)
{
    char text[TEXT_BYTES];
    (void)snprintf(
        text, sizeof(text),
        "{\"kind\":\"ResourcePolicy\",\"apiVersion\":\"scheduling.spillway.io/v1alpha1\","
        "\"metadata\":{\"name\":\"%s\"},\"spec\":{\"selector\":{\"app\":\"web\"},%s}}",
        name, spec);
    stage_create(stage, KIND_RESOURCE_POLICY, text);
}

void policy_stage_patch(struct stage *stage, const char *name, const char *spec)
{
    char text[TEXT_BYTES];
    struct api_status status;
    (void)snprintf(text, sizeof(text), "{\"spec\":{%s}}", spec);
    json_t *patch = json_loads(text, 0, NULL);
    cr_assert(patch, "%s", text);
    const struct store_target target = {
        .kind = KIND_RESOURCE_POLICY, .ns = STR("default"), .name = str_from(name)};
    cr_assert(store_patch(stage->store, &target, PATCH_MERGE, patch, NULL, &status), "%s",
              status.message);
    json_decref(patch);
}

void policy_stage_delete(struct stage *stage, enum kind_id kind, const char *ns, const char *name)
{
    struct api_status status;
    const struct store_target target = {.kind = kind, .ns = str_from(ns), .name = str_from(name)};
    const struct delete_options now = {.grace_s = 0};
    cr_assert(store_delete(stage->store, &target, &now, NULL, &status), "%s", status.message);
}

/* ---- status ---- */

struct wanted_text {
    const char *name, *path, *want;
    char last[TEXT_BYTES];
};

static json_t *policy_json(struct stage *stage, const char *name)
{
    const struct object *object =
        store_get(stage->store, KIND_RESOURCE_POLICY, STR("default"), str_from(name));
    return object ? object_json(object, false) : json_object();
}

static bool has_text(struct stage *stage, const void *ctx)
{
    struct wanted_text *wanted = (struct wanted_text *)(uintptr_t)ctx;
    json_t *root = policy_json(stage, wanted->name);
    const json_t *at = json_object_get(root, "status");
    for (const char *key = wanted->path; at && *key;) {
        size_t len = strcspn(key, ".");
        at = json_is_array(at) ? json_array_get(at, (size_t)(key[0] - '0'))
                               : json_object_getn(at, key, len);
        key += len + (key[len] == '.');
    }
    if (json_is_integer(at))
        (void)snprintf(wanted->last, sizeof(wanted->last), "%lld", json_integer_value(at));
    else
        (void)snprintf(wanted->last, sizeof(wanted->last), "%s",
                       at ? json_string_value(at) : "absent");
    json_decref(root);
    return strcmp(wanted->last, wanted->want) == 0;
}

void policy_stage_await_status(struct stage *stage, const char *name, const char *path,
                               const char *want)
{
    struct wanted_text wanted = {.name = name, .path = path, .want = want};
    char what[512];
    (void)snprintf(what, sizeof(what), "status.%s of %s never became %s", path, name, want);
    stage_await(stage, has_text, &wanted, what);
}

struct wanted_condition {
    const char *name;
    struct condition_wanted condition;
};

static bool has_condition(struct stage *stage, const void *ctx)
{
    const struct wanted_condition *wanted = ctx;
    json_t *root = policy_json(stage, wanted->name);
    const json_t *list = json_object_get(json_object_get(root, "status"), "conditions");
    bool is_there = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *condition = json_array_get(list, i);
        const char *type = json_string_value(json_object_get(condition, "type"));
        const char *status = json_string_value(json_object_get(condition, "status"));
        const char *message = json_string_value(json_object_get(condition, "message"));
        is_there |= type && status && message && strcmp(type, wanted->condition.type) == 0 &&
                    strcmp(status, wanted->condition.status) == 0 &&
                    strstr(message, wanted->condition.text);
    }
    json_decref(root);
    return is_there;
}

void policy_stage_await_condition(struct stage *stage, const char *name,
                                  struct condition_wanted condition)
{
    const struct wanted_condition wanted = {name, condition};
    char what[512];
    (void)snprintf(what, sizeof(what), "condition %s of %s never became %s with \"%s\"",
                   condition.type, name, condition.status, condition.text);
    stage_await(stage, has_condition, &wanted, what);
}

/* ---- pods ---- */

struct wanted_message {
    const char *pod, *text;
    char *message; /* owned: the last one seen */
};

static char *message_of(struct stage *stage, const char *pod)
{
    const struct object *object = store_get(stage->store, KIND_POD, STR("default"), str_from(pod));
    struct str conditions = object ? object_section(object, SEC_CONDITIONS) : (struct str){0};
    json_t *list = json_loadb(conditions.ptr, conditions.len, 0, NULL);
    char *message = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *condition = json_array_get(list, i);
        const char *type = json_string_value(json_object_get(condition, "type"));
        const char *text = json_string_value(json_object_get(condition, "message"));
        if (!message && type && text && strcmp(type, "PodScheduled") == 0)
            message = mem_strdup(text);
    }
    json_decref(list);
    return message;
}

static bool has_message(struct stage *stage, const void *ctx)
{
    struct wanted_message *wanted = (struct wanted_message *)(uintptr_t)ctx;
    free(wanted->message);
    wanted->message = message_of(stage, wanted->pod);
    return wanted->message && strstr(wanted->message, wanted->text);
}

char *policy_stage_await_message(struct stage *stage, const char *pod, const char *text)
{
    struct wanted_message wanted = {.pod = pod, .text = text};
    char what[512];
    (void)snprintf(what, sizeof(what), "the condition of %s never said \"%s\"", pod, text);
    stage_await(stage, has_message, &wanted, what);
    return wanted.message;
}

const char *policy_stage_annotation(struct stage *stage, const char *pod, const char *key)
{
    static char text[TEXT_BYTES];
    struct str value = {0};
    const struct object *object = store_get(stage->store, KIND_POD, STR("default"), str_from(pod));
    text[0] = '\0';
    if (object && object_annotation(object, str_from(key), &value))
        (void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(value));
    return text;
}

void policy_stage_restart(struct stage *stage, const char *const flags[])
{
    (void)process_stop(&stage->spillway, SIGKILL, SPILLWAY_PATIENCE_MS);
    stage_start(stage, "kubeconfig", flags);
}
