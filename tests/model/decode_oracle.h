/*
 * The decoder's oracle: the same objects out of a jansson tree, written as the same text as
 * decode_dump.h does. It shares nothing with the decoder but the parsers of single values.
 */
#ifndef TESTS_MODEL_DECODE_ORACLE_H
#define TESTS_MODEL_DECODE_ORACLE_H

#include <jansson.h>
#include <stdio.h>

#include "model/quantity.h"
#include "model/selector.h"
#include "model/taint.h"
#include "tests/model/decode_dump.h"

struct oracle {
    struct buf *out;
    enum decode_kind kind;
    bool is_wrong; /* the object has a problem */
};

/* The member when it is there, not null, and of the type; anything else that is there is wrong. */
static json_t *oracle_member(struct oracle *oracle, const json_t *object, const char *key,
                             json_type type)
{
    json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return NULL;
    if (json_typeof(value) == type)
        return value;
    oracle->is_wrong = true;
    return NULL;
}

static bool oracle_present(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

static struct str oracle_value(struct oracle *oracle, const json_t *string)
{
    struct str text = {json_string_value(string), json_string_length(string)};
    if (text.len <= DECODE_STRING_BYTES_MAX)
        return text;
    oracle->is_wrong = true;
    return (struct str){"", 0};
}

static struct str oracle_text(struct oracle *oracle, const json_t *object, const char *key)
{
    const json_t *value = oracle_member(oracle, object, key, JSON_STRING);
    return value ? oracle_value(oracle, value) : (struct str){"", 0};
}

static int64_t oracle_int(struct oracle *oracle, const json_t *object, const char *key, int64_t low,
                          int64_t high)
{
    const json_t *value = oracle_member(oracle, object, key, JSON_INTEGER);
    int64_t number = value ? json_integer_value(value) : 0;
    if (value && (number < low || number > high)) {
        oracle->is_wrong = true;
        return 0;
    }
    return number;
}

static void oracle_amounts(struct oracle *oracle, const char *name, const json_t *object,
                           const char *key)
{
    json_t *map = oracle_member(oracle, object, key, JSON_OBJECT), *value;
    const char *resource;
    (void)buf_printf(oracle->out, " %s=%s{", name, map ? "set" : "unset");
    json_object_foreach(map, resource, value)
    {
        char digits[32];
        struct str text = {"", 0};
        int64_t amount = 0;
        if (json_is_integer(value)) {
            (void)snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
            text = str_from(digits);
        } else if (json_is_string(value)) {
            text = oracle_value(oracle, value);
        }
        bool is_valid = strcmp(resource, "cpu") == 0 ? quantity_milli(text, &amount)
                                                     : quantity_value(text, &amount);
        if (json_is_null(value))
            amount = 0;
        else if (!is_valid || amount < 0 || (amount == INT64_MAX && oracle->kind == DECODE_POD))
            oracle->is_wrong = true;
        dump_str(oracle->out, "name", str_from(resource));
        dump_int(oracle->out, "amount", amount);
    }
    if (map && json_object_size(map) > OBJECT_RESOURCES_MAX)
        oracle->is_wrong = true;
    (void)buf_add_str(oracle->out, "}");
}

static void oracle_labels(struct oracle *oracle, const char *name, const json_t *object,
                          const char *key)
{
    json_t *map = oracle_member(oracle, object, key, JSON_OBJECT), *value;
    const char *label;
    json_object_foreach(map, label, value)
    {
        oracle->is_wrong |= !json_is_string(value) && !json_is_null(value);
        dump_str(oracle->out, name, str_from(label));
        dump_str(oracle->out, "is",
                 json_is_string(value) ? oracle_value(oracle, value) : (struct str){"", 0});
    }
    if (map && json_object_size(map) > OBJECT_LABELS_MAX)
        oracle->is_wrong = true;
}

/* An array of objects; items of other types are wrong and dropped, as the caller does by NULL. */
static json_t *oracle_list(struct oracle *oracle, const json_t *object, const char *key, size_t max)
{
    json_t *list = oracle_member(oracle, object, key, JSON_ARRAY), *item;
    size_t i;
    json_array_foreach(list, i, item) oracle->is_wrong |= !json_is_object(item);
    oracle->is_wrong |= list && json_array_size(list) > max;
    return list;
}

static void oracle_image(struct oracle *oracle, const char *key, struct str name)
{
    char tagged[2048] = "";
    const char *colon = strrchr(name.ptr, ':'), *slash = strrchr(name.ptr, '/');
    bool has_tag = colon && (!slash || colon > slash);
    if (name.len > 0 && name.len <= 1024 && !has_tag) {
        (void)snprintf(tagged, sizeof(tagged), "%s:latest", name.ptr);
        name = str_from(tagged);
    }
    dump_str(oracle->out, key, name);
}

static void oracle_ports(struct oracle *oracle, const json_t *container)
{
    json_t *ports = oracle_member(oracle, container, "ports", JSON_ARRAY), *port;
    size_t i, kept = 0;
    json_array_foreach(ports, i, port)
    {
        if (!json_is_object(port)) {
            oracle->is_wrong = true;
            continue;
        }
        int64_t number = oracle_int(oracle, port, "hostPort", 0, 65535);
        struct str protocol = oracle_text(oracle, port, "protocol");
        struct str ip = oracle_text(oracle, port, "hostIP");
        if (number == 0)
            continue;
        dump_int(oracle->out, "port", number);
        dump_int(oracle->out, "protocol",
                 protocol.len == 0 || str_is(protocol, "TCP") ? PROTOCOL_TCP
                 : str_is(protocol, "UDP")                    ? PROTOCOL_UDP
                 : str_is(protocol, "SCTP")                   ? PROTOCOL_SCTP
                                                              : PROTOCOL_OTHER);
        dump_str(oracle->out, "ip", ip);
        oracle->is_wrong |= ++kept > OBJECT_PORTS_MAX;
    }
    /* One more item after the last that fits is refused before it is known whether it counts. */
    oracle->is_wrong |= kept == OBJECT_PORTS_MAX && json_array_size(ports) > OBJECT_PORTS_MAX;
}

static void oracle_containers(struct oracle *oracle, const char *name, const json_t *spec,
                              const char *key)
{
    json_t *list = oracle_list(oracle, spec, key, OBJECT_CONTAINERS_MAX), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        (void)buf_printf(oracle->out, "\n  %s", name);
        dump_str(oracle->out, "name", oracle_text(oracle, item, "name"));
        oracle_image(oracle, "image", oracle_text(oracle, item, "image"));
        dump_int(oracle->out, "always",
                 str_is(oracle_text(oracle, item, "restartPolicy"), "Always"));
        json_t *resources = oracle_member(oracle, item, "resources", JSON_OBJECT);
        oracle_amounts(oracle, "requests", resources, "requests");
        oracle_ports(oracle, item);
    }
}

static void oracle_requirements(struct oracle *oracle, const char *name, const json_t *term,
                                const char *key)
{
    json_t *list = oracle_list(oracle, term, key, OBJECT_REQUIREMENTS_MAX), *item, *value;
    size_t i, j;
    json_array_foreach(list, i, item)
    {
        const char *texts[OBJECT_VALUES_MAX];
        uint32_t count = 0;
        dump_str(oracle->out, name, oracle_text(oracle, item, "key"));
        struct str op = oracle_text(oracle, item, "operator");
        dump_int(oracle->out, "op",
                 oracle_present(item, "operator") ? selector_op_parse(op) : SELECTOR_INVALID);
        json_array_foreach(oracle_member(oracle, item, "values", JSON_ARRAY), j, value)
        {
            if (json_is_string(value) && count < OBJECT_VALUES_MAX)
                texts[count++] = oracle_value(oracle, value).ptr;
            else
                oracle->is_wrong = true;
        }
        dump_sorted(oracle->out, texts, count);
    }
}

static void oracle_term(struct oracle *oracle, int64_t weight, const json_t *term)
{
    (void)buf_add_str(oracle->out, "\n  term");
    dump_int(oracle->out, "weight", weight);
    oracle_requirements(oracle, "expression", term, "matchExpressions");
    oracle_requirements(oracle, "field", term, "matchFields");
}

static void oracle_node_affinity(struct oracle *oracle, const json_t *affinity)
{
    json_t *node = oracle_member(oracle, affinity, "nodeAffinity", JSON_OBJECT), *item;
    json_t *required =
        oracle_member(oracle, node, "requiredDuringSchedulingIgnoredDuringExecution", JSON_OBJECT);
    size_t i;
    dump_int(oracle->out, "required", required != NULL);
    json_array_foreach(oracle_list(oracle, required, "nodeSelectorTerms", OBJECT_TERMS_MAX), i,
                       item) oracle_term(oracle, 0, item);
    json_t *preferred = oracle_list(oracle, node, "preferredDuringSchedulingIgnoredDuringExecution",
                                    OBJECT_TERMS_MAX);
    json_array_foreach(preferred, i, item)
    {
        int64_t weight = oracle_int(oracle, item, "weight", 1, 100);
        oracle->is_wrong |= weight == 0;
        oracle_term(oracle, weight, oracle_member(oracle, item, "preference", JSON_OBJECT));
    }
}

static size_t oracle_count(struct oracle *oracle, const json_t *object, const char *key)
{
    return json_array_size(oracle_member(oracle, object, key, JSON_ARRAY));
}

static uint32_t oracle_features(struct oracle *oracle, const json_t *spec)
{
    static const char *const terms = "requiredDuringSchedulingIgnoredDuringExecution";
    static const char *const disks[] = {"gcePersistentDisk", "awsElasticBlockStore", "iscsi",
                                        "rbd"};
    json_t *affinity = oracle_member(oracle, spec, "affinity", JSON_OBJECT), *item;
    json_t *with = oracle_member(oracle, affinity, "podAffinity", JSON_OBJECT);
    json_t *against = oracle_member(oracle, affinity, "podAntiAffinity", JSON_OBJECT);
    uint32_t features = 0;
    size_t i;
    features |= (oracle_count(oracle, with, terms) > 0) << FEATURE_POD_AFFINITY;
    features |= (oracle_count(oracle, against, terms) > 0) << FEATURE_POD_ANTI_AFFINITY;
    features |= (oracle_count(oracle, spec, "resourceClaims") > 0) << FEATURE_RESOURCE_CLAIM;
    json_array_foreach(oracle_list(oracle, spec, "topologySpreadConstraints", SIZE_MAX), i,
                       item) if (str_is(oracle_text(oracle, item, "whenUnsatisfiable"),
                                        "DoNotSchedule")) features |= 1U << FEATURE_TOPOLOGY_SPREAD;
    json_array_foreach(oracle_list(oracle, spec, "volumes", SIZE_MAX), i, item)
    {
        features |= (uint32_t)oracle_present(item, "persistentVolumeClaim") << FEATURE_VOLUME_CLAIM;
        features |= (uint32_t)oracle_present(item, "ephemeral") << FEATURE_EPHEMERAL_CLAIM;
        for (size_t j = 0; j < ARRAY_LEN(disks); j++)
            features |= (uint32_t)oracle_present(item, disks[j]) << FEATURE_INLINE_DISK;
    }
    if (oracle_present(spec, "workloadRef") || oracle_present(spec, "schedulingGroup") ||
        oracle_present(spec, "podGroup"))
        features |= 1U << FEATURE_POD_GROUP;
    return features;
}

static void oracle_tolerations(struct oracle *oracle, const json_t *spec)
{
    json_t *list = oracle_list(oracle, spec, "tolerations", OBJECT_TOLERATIONS_MAX), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        dump_str(oracle->out, "tolerates", oracle_text(oracle, item, "key"));
        dump_int(oracle->out, "op", toleration_op_parse(oracle_text(oracle, item, "operator")));
        dump_str(oracle->out, "value", oracle_text(oracle, item, "value"));
        dump_int(oracle->out, "effect", taint_effect_parse(oracle_text(oracle, item, "effect")));
    }
}

static void oracle_pod_spec(struct oracle *oracle, const json_t *metadata, const json_t *spec)
{
    struct buf *out = oracle->out;
    dump_int(out, "generation", oracle_int(oracle, metadata, "generation", INT64_MIN, INT64_MAX));
    dump_int(out, "deleting", oracle_present(metadata, "deletionTimestamp"));
    dump_str(out, "scheduler", oracle_text(oracle, spec, "schedulerName"));
    dump_str(out, "node", oracle_text(oracle, spec, "nodeName"));
    dump_int(out, "priority", oracle_int(oracle, spec, "priority", INT32_MIN, INT32_MAX));
    dump_int(out, "gates", (int64_t)oracle_count(oracle, spec, "schedulingGates"));
    dump_int(out, "features", oracle_features(oracle, spec));
    oracle_containers(oracle, "container", spec, "containers");
    oracle_containers(oracle, "init", spec, "initContainers");
    oracle_amounts(oracle, "overhead", spec, "overhead");
    oracle_amounts(oracle, "requests", oracle_member(oracle, spec, "resources", JSON_OBJECT),
                   "requests");
    oracle_labels(oracle, "select", spec, "nodeSelector");
    oracle_node_affinity(oracle, oracle_member(oracle, spec, "affinity", JSON_OBJECT));
    oracle_tolerations(oracle, spec);
}

static void oracle_statuses(struct oracle *oracle, const char *name, const json_t *status,
                            const char *key)
{
    json_t *list = oracle_list(oracle, status, key, OBJECT_CONTAINERS_MAX), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        (void)buf_printf(oracle->out, "\n  %s", name);
        dump_str(oracle->out, "name", oracle_text(oracle, item, "name"));
        oracle_amounts(oracle, "requests", oracle_member(oracle, item, "resources", JSON_OBJECT),
                       "requests");
        oracle_amounts(oracle, "allocated", item, "allocatedResources");
    }
}

static void oracle_pod_status(struct oracle *oracle, const json_t *status)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed"};
    struct buf *out = oracle->out;
    struct scheduled_condition scheduled = {0};
    struct str text = oracle_text(oracle, status, "phase");
    int phase = text.len == 0 ? PHASE_PENDING : PHASE_UNKNOWN;
    bool is_infeasible = false;
    json_t *item;
    size_t i;
    for (size_t j = 0; j < ARRAY_LEN(phases); j++)
        phase = str_is(text, phases[j]) ? (int)j : phase;
    json_array_foreach(oracle_list(oracle, status, "conditions", SIZE_MAX), i, item)
    {
        struct str type = oracle_text(oracle, item, "type");
        struct scheduled_condition read = {
            .is_set = true,
            .is_true = str_is(oracle_text(oracle, item, "status"), "True"),
            .reason = oracle_text(oracle, item, "reason"),
            .message = oracle_text(oracle, item, "message"),
            .observed_generation =
                oracle_int(oracle, item, "observedGeneration", INT64_MIN, INT64_MAX),
        };
        if (str_is(type, "PodScheduled"))
            scheduled = read;
        if (str_is(type, "PodResizePending"))
            is_infeasible = str_is(read.reason, "Infeasible");
    }
    dump_int(out, "\n  phase", phase);
    dump_str(out, "nominated", oracle_text(oracle, status, "nominatedNodeName"));
    dump_int(out, "scheduled", scheduled.is_set);
    dump_int(out, "true", scheduled.is_true);
    dump_str(out, "reason", scheduled.reason);
    dump_str(out, "message", scheduled.message);
    dump_int(out, "observed", scheduled.observed_generation);
    dump_int(out, "infeasible", is_infeasible);
    oracle_statuses(oracle, "status", status, "containerStatuses");
    oracle_statuses(oracle, "init-status", status, "initContainerStatuses");
    oracle_amounts(oracle, "allocated", status, "allocatedResources");
    oracle_amounts(oracle, "actual", oracle_member(oracle, status, "resources", JSON_OBJECT),
                   "requests");
}

static void oracle_node_rest(struct oracle *oracle, const json_t *metadata, const json_t *spec,
                             const json_t *status)
{
    json_t *flag = json_object_get(spec, "unschedulable"), *item, *name;
    size_t i, j;
    oracle->is_wrong |= flag && !json_is_boolean(flag) && !json_is_null(flag);
    dump_int(oracle->out, "unschedulable", json_is_true(flag));
    oracle_labels(oracle, "label", metadata, "labels");
    json_array_foreach(oracle_list(oracle, spec, "taints", OBJECT_TAINTS_MAX), i, item)
    {
        dump_str(oracle->out, "taint", oracle_text(oracle, item, "key"));
        dump_str(oracle->out, "value", oracle_text(oracle, item, "value"));
        dump_int(oracle->out, "effect", taint_effect_parse(oracle_text(oracle, item, "effect")));
    }
    oracle_amounts(oracle, "allocatable", status, "allocatable");
    json_array_foreach(oracle_list(oracle, status, "images", SIZE_MAX), i, item)
    {
        if (i == OBJECT_IMAGES_MAX)
            break;
        dump_int(oracle->out, "image", oracle_int(oracle, item, "sizeBytes", 0, INT64_MAX));
        json_array_foreach(oracle_member(oracle, item, "names", JSON_ARRAY), j, name)
        {
            oracle->is_wrong |= !json_is_string(name);
            if (json_is_string(name))
                oracle_image(oracle, "name", oracle_value(oracle, name));
        }
    }
}

/* Fields that only a metav1.Status has, and annotations: read in every object, so types matter. */
static void oracle_status_fields(struct oracle *oracle, const json_t *object,
                                 const json_t *metadata, struct status_object *ret_status)
{
    json_t *annotations = oracle_member(oracle, metadata, "annotations", JSON_OBJECT);
    json_t *details = oracle_member(oracle, object, "details", JSON_OBJECT);
    (void)oracle_text(oracle, annotations, "k8s.io/initial-events-end");
    *ret_status = (struct status_object){
        .code = (int32_t)oracle_int(oracle, object, "code", INT32_MIN, INT32_MAX),
        .reason = oracle_text(oracle, object, "reason"),
        .message = oracle_text(oracle, object, "message"),
        .retry_after_seconds =
            (int32_t)oracle_int(oracle, details, "retryAfterSeconds", INT32_MIN, INT32_MAX),
    };
}

/* One object; false when its kind ends the input. */
static bool oracle_object(struct oracle *oracle, const json_t *object, enum decode_verb verb)
{
    bool is_pod = oracle->kind == DECODE_POD;
    oracle->is_wrong = false;
    struct str kind = oracle_text(oracle, object, "kind");
    if (kind.len > 0 && !str_is(kind, is_pod ? "Pod" : "Node"))
        return false;
    json_t *metadata = oracle_member(oracle, object, "metadata", JSON_OBJECT);
    json_t *spec = oracle_member(oracle, object, "spec", JSON_OBJECT);
    json_t *status = oracle_member(oracle, object, "status", JSON_OBJECT);
    struct status_object ignored;
    oracle_status_fields(oracle, object, metadata, &ignored);
    struct str name = oracle_text(oracle, metadata, "name");
    struct str uid = oracle_text(oracle, metadata, "uid");
    struct str version = oracle_text(oracle, metadata, "resourceVersion");
    struct str namespace = is_pod ? oracle_text(oracle, metadata, "namespace") : STR("");
    oracle->is_wrong |= name.len == 0 || uid.len >= UID_TEXT_BYTES;

    struct buf *out = oracle->out, rest;
    buf_init(&rest, DUMP_BYTES_MAX);
    oracle->out = &rest;
    dump_str(&rest, "uid", uid);
    if (is_pod) {
        oracle_pod_spec(oracle, metadata, spec);
        oracle_pod_status(oracle, status);
    } else {
        oracle_node_rest(oracle, metadata, spec, status);
    }
    oracle->out = out;
    (void)buf_printf(out, "%s %d", is_pod ? "pod" : "node", (int)verb);
    if (is_pod)
        dump_str(out, "namespace", namespace);
    dump_str(out, "name", name);
    dump_str(out, "version", version);
    dump_int(out, "problem", oracle->is_wrong);
    if (!oracle->is_wrong)
        (void)buf_add(out, rest.data, rest.len);
    (void)buf_add_str(out, "\n");
    buf_fini(&rest);
    return true;
}

static bool oracle_list_body(struct oracle *oracle, const json_t *root)
{
    oracle->is_wrong = false;
    struct str kind = oracle_text(oracle, root, "kind");
    json_t *metadata = oracle_member(oracle, root, "metadata", JSON_OBJECT);
    (void)oracle_text(oracle, metadata, "resourceVersion");
    (void)oracle_text(oracle, metadata, "continue");
    json_t *items = oracle_list(oracle, root, "items", SIZE_MAX), *item;
    if (oracle->is_wrong ||
        (kind.len > 0 && !str_is(kind, oracle->kind == DECODE_POD ? "PodList" : "NodeList")))
        return false;
    size_t i;
    json_array_foreach(items, i,
                       item) if (!oracle_object(oracle, item, DECODE_LISTED)) return false;
    return true;
}

static void oracle_bookmark(struct oracle *oracle, const json_t *object)
{
    json_t *metadata = oracle_member(oracle, object, "metadata", JSON_OBJECT);
    json_t *annotations = oracle_member(oracle, metadata, "annotations", JSON_OBJECT);
    (void)buf_add_str(oracle->out, "bookmark");
    dump_str(oracle->out, "version", oracle_text(oracle, metadata, "resourceVersion"));
    dump_int(oracle->out, "end",
             str_is(oracle_text(oracle, annotations, "k8s.io/initial-events-end"), "true"));
    (void)buf_add_str(oracle->out, "\n");
}

static bool oracle_event(struct oracle *oracle, const json_t *event)
{
    static const char *const verbs[] = {"ADDED", "MODIFIED", "DELETED"};
    oracle->is_wrong = false;
    struct str type = oracle_text(oracle, event, "type");
    json_t *object = oracle_member(oracle, event, "object", JSON_OBJECT);
    if (oracle->is_wrong || !object)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (str_is(type, verbs[i]))
            return oracle_object(oracle, object, (enum decode_verb)(DECODE_ADDED + i));
    if (str_is(type, "BOOKMARK")) {
        oracle_bookmark(oracle, object);
        return true;
    }
    if (!str_is(type, "ERROR"))
        return false;
    struct status_object status;
    oracle_status_fields(oracle, object, NULL, &status);
    struct dump dump = {.text = *oracle->out};
    dump_error(&dump, &status);
    *oracle->out = dump.text;
    return true;
}

enum oracle_verdict {
    ORACLE_EQUAL,   /* the decoder has to succeed with the same text */
    ORACLE_REFUSED, /* the decoder has to refuse */
    ORACLE_SILENT,  /* jansson cannot tell: not JSON for it, or keys twice */
};

static size_t oracle_depth(const json_t *value)
{
    size_t deepest = 0, i;
    const char *key;
    json_t *child;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, child)
        {
            size_t depth = oracle_depth(child);
            deepest = depth > deepest ? depth : deepest;
        }
    } else {
        json_array_foreach(value, i, child)
        {
            size_t depth = oracle_depth(child);
            deepest = depth > deepest ? depth : deepest;
        }
    }
    return deepest + (json_is_object(value) || json_is_array(value));
}

/* One top-level value. */
static bool oracle_root(struct oracle *oracle, enum decode_source source, const json_t *root)
{
    if (!json_is_object(root) || oracle_depth(root) > DECODE_DEPTH_MAX)
        return false;
    return source == DECODE_LIST    ? oracle_list_body(oracle, root)
           : source == DECODE_WATCH ? oracle_event(oracle, root)
                                    : oracle_object(oracle, root, DECODE_LISTED);
}

static enum oracle_verdict oracle_run(enum decode_kind kind, enum decode_source source,
                                      const char *bytes, size_t len, struct buf *out)
{
    struct oracle oracle = {.out = out, .kind = kind};
    size_t flags = JSON_REJECT_DUPLICATES;
    flags |= source == DECODE_WATCH ? JSON_DISABLE_EOF_CHECK : 0;
    size_t at = 0;
    bool is_fine = true;
    do {
        while (source == DECODE_WATCH && at < len && strchr(" \t\r\n", bytes[at]) && bytes[at])
            at++;
        if (source == DECODE_WATCH && at == len)
            break;
        json_error_t error;
        json_t *root = json_loadb(bytes + at, len - at, flags, &error);
        if (!root)
            return ORACLE_SILENT;
        at += (size_t)error.position;
        is_fine = oracle_root(&oracle, source, root);
        json_decref(root);
    } while (is_fine && source == DECODE_WATCH);
    return is_fine ? ORACLE_EQUAL : ORACLE_REFUSED;
}

#endif
