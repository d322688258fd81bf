/*
 * The decoder's oracle: the same objects out of a jansson tree, written as the same text as
 * decode_dump.h does. It shares nothing with the decoder but the parsers of single values.
 */
#ifndef TESTS_MODEL_DECODE_ORACLE_H
#define TESTS_MODEL_DECODE_ORACLE_H

#include "tests/model/decode_oracle_policy.h"

static void oracle_node_rest(struct oracle *oracle, const json_t *metadata, const json_t *spec,
                             const json_t *status)
{
    json_t *item, *name;
    size_t i, j;
    dump_int(oracle->out, "unschedulable", oracle_bool(oracle, spec, "unschedulable"));
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
    if (oracle->kind != DECODE_POD) /* a pod's annotations are never wrong */
        (void)oracle_text(oracle, annotations, "k8s.io/initial-events-end");
    *ret_status = (struct status_object){
        .code = (int32_t)oracle_int(oracle, object, "code", INT32_MIN, INT32_MAX),
        .reason = oracle_text(oracle, object, "reason"),
        .message = oracle_text(oracle, object, "message"),
        .retry_after_seconds =
            (int32_t)oracle_int(oracle, details, "retryAfterSeconds", INT32_MIN, INT32_MAX),
    };
}

static const struct {
    const char *objects[2], *lists[2], *word; /* as the dump calls it */
    bool has_namespace, has_status;
} oracle_kinds[DECODE_KIND_COUNT] = {
    [DECODE_POD] = {{"Pod"}, {"PodList"}, "pod", true, true},
    [DECODE_NODE] = {{"Node"}, {"NodeList"}, "node", false, true},
    [DECODE_POLICY] = {{"ResourcePolicy"}, {"ResourcePolicyList"}, "policy", true, false},
    [DECODE_BUDGET] = {{"PodDisruptionBudget"}, {"PodDisruptionBudgetList"}, "budget", true, true},
    [DECODE_OWNER] = {{"ReplicaSet", "StatefulSet"},
                      {"ReplicaSetList", "StatefulSetList"},
                      "owner",
                      true,
                      false},
};

static bool oracle_is_one_of(struct str kind, const char *const kinds[2])
{
    return kind.len == 0 || str_is(kind, kinds[0]) || (kinds[1] && str_is(kind, kinds[1]));
}

/* All but what tells one object from another. */
static void oracle_rest(struct oracle *oracle, const json_t *metadata, const json_t *spec,
                        const json_t *status)
{
    if (oracle->kind == DECODE_POD) {
        oracle_pod_spec(oracle, metadata, spec);
        oracle_pod_status(oracle, status);
    } else if (oracle->kind == DECODE_NODE) {
        oracle_node_rest(oracle, metadata, spec, status);
    } else {
        oracle_meta_rest(oracle, metadata);
        if (oracle->kind == DECODE_POLICY)
            oracle_policy_rest(oracle, spec);
        else if (oracle->kind == DECODE_BUDGET)
            oracle_budget_rest(oracle, spec, status);
        else
            oracle_owner_rest(oracle, spec);
    }
}

/* One object; false when its kind ends the input. */
static bool oracle_object(struct oracle *oracle, const json_t *object, enum decode_verb verb)
{
    bool has_namespace = oracle_kinds[oracle->kind].has_namespace;
    oracle->is_wrong = false;
    struct str kind = oracle_text(oracle, object, "kind");
    if (!oracle_is_one_of(kind, oracle_kinds[oracle->kind].objects))
        return false;
    json_t *metadata = oracle_member(oracle, object, "metadata", JSON_OBJECT);
    json_t *spec = oracle_member(oracle, object, "spec", JSON_OBJECT);
    json_t *status = oracle_kinds[oracle->kind].has_status
                         ? oracle_member(oracle, object, "status", JSON_OBJECT)
                         : NULL;
    struct status_object ignored;
    oracle_status_fields(oracle, object, metadata, &ignored);
    struct str name = oracle_text(oracle, metadata, "name");
    struct str uid = oracle_text(oracle, metadata, "uid");
    struct str version = oracle_text(oracle, metadata, "resourceVersion");
    struct str namespace = has_namespace ? oracle_text(oracle, metadata, "namespace") : STR("");
    oracle->is_wrong |= name.len == 0 || uid.len >= UID_TEXT_BYTES;

    struct buf *out = oracle->out, rest;
    buf_init(&rest, DUMP_BYTES_MAX);
    oracle->out = &rest;
    dump_str(&rest, "uid", uid);
    oracle_rest(oracle, metadata, spec, status);
    oracle->out = out;
    (void)buf_printf(out, "%s %d", oracle_kinds[oracle->kind].word, (int)verb);
    if (has_namespace)
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
    if (oracle->is_wrong || !oracle_is_one_of(kind, oracle_kinds[oracle->kind].lists))
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
    if (len > 0 && memchr(bytes, '\0', len))
        return ORACLE_SILENT; /* jansson 2.14 passes a NUL that stands right behind a number */
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
