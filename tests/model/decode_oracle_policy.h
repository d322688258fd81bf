/* Policies, budgets and owners in the decoder's oracle: decode_oracle.h. */
#ifndef TESTS_MODEL_DECODE_ORACLE_POLICY_H
#define TESTS_MODEL_DECODE_ORACLE_POLICY_H

#include "tests/model/decode_oracle_pod.h"

/* A string as it is, a number as it is written; jansson gives whole numbers only. */
static void oracle_number_text(struct oracle *oracle, const char *name, const json_t *object,
                               const char *key)
{
    const json_t *value = json_object_get(object, key);
    char digits[32] = "";
    struct str text = {"", 0};
    if (json_is_string(value))
        text = oracle_value(oracle, value);
    else if (json_is_integer(value))
        text = (struct str){digits, (size_t)snprintf(digits, sizeof(digits), "%lld",
                                                     (long long)json_integer_value(value))};
    else
        oracle->is_wrong |= value && !json_is_null(value);
    dump_str(oracle->out, name, text);
}

static void oracle_tristate(struct oracle *oracle, const char *name, const json_t *object,
                            const char *key)
{
    bool flag = oracle_bool(oracle, object, key);
    dump_int(oracle->out, name,
             !oracle_present(object, key) ? TRISTATE_UNSET
             : flag                       ? TRISTATE_TRUE
                                          : TRISTATE_FALSE);
}

static void oracle_unit(struct oracle *oracle, const json_t *unit)
{
    struct buf *out = oracle->out;
    (void)buf_add_str(out, "\n  unit");
    dump_str(out, "name", oracle_text(oracle, unit, "name"));
    dump_str(out, "resource", oracle_text(oracle, unit, "resource"));
    oracle_labels(oracle, "select", unit, "nodeSelector");
    oracle_number_text(oracle, "max", unit, "max");
    oracle_number_text(oracle, "min", unit, "min");
    oracle_amounts(oracle, "resources", unit, "maxResources");
    oracle_labels(oracle, "pod-label", unit, "podLabels");
    oracle_labels(oracle, "pod-annotation", unit, "podAnnotations");
    dump_int(out, "spot", oracle_bool(oracle, unit, "spotInstance"));
    dump_int(out, "weighs", oracle_present(unit, "scaleInWeight"));
    dump_int(out, "weight", oracle_int(oracle, unit, "scaleInWeight", INT32_MIN, INT32_MAX));
    dump_str(out, "timeout", oracle_text(oracle, unit, "timeout"));
    dump_str(out, "cool_down", oracle_text(oracle, unit, "coolDown"));
}

static void oracle_policy_rest(struct oracle *oracle, const json_t *spec)
{
    struct buf *out = oracle->out;
    json_t *key, *unit;
    size_t i;
    dump_int(out, "source", 0);
    oracle_labels(oracle, "selects", spec, "selector");
    oracle_requirements(oracle, "expression", spec, "matchExpressions");
    dump_int(out, "consumer", oracle_present(spec, "consumerRef"));
    dump_str(out, "strategy", oracle_text(oracle, spec, "strategy"));
    dump_str(out, "preempt", oracle_text(oracle, spec, "preemptPolicy"));
    dump_str(out, "overflow", oracle_text(oracle, spec, "overflow"));
    dump_str(out, "cost", oracle_text(oracle, spec, "deletionCost"));
    oracle_tristate(oracle, "previous", spec, "ignorePreviousPod");
    oracle_tristate(oracle, "terminating", spec, "ignoreTerminatingPod");
    json_t *keys = oracle_member(oracle, spec, "matchLabelKeys", JSON_ARRAY);
    oracle->is_wrong |= json_array_size(keys) > OBJECT_LABEL_KEYS_MAX;
    json_array_foreach(keys, i, key)
    {
        oracle->is_wrong |= !json_is_string(key);
        if (json_is_string(key))
            dump_str(out, "key", oracle_value(oracle, key));
    }
    json_t *next = oracle_member(oracle, spec, "whenTryNextUnits", JSON_OBJECT);
    dump_str(out, "next", oracle_text(oracle, next, "policy"));
    dump_str(out, "after", oracle_text(oracle, next, "timeout"));
    json_t *units = oracle_list(oracle, spec, "units", OBJECT_UNITS_MAX);
    dump_int(out, "units", units != NULL);
    json_array_foreach(units, i, unit) oracle_unit(oracle, unit);
}

static void oracle_budget_rest(struct oracle *oracle, const json_t *spec, const json_t *status)
{
    json_t *selector = oracle_member(oracle, spec, "selector", JSON_OBJECT), *ignored;
    const char *pod;
    dump_int(oracle->out, "selects", selector != NULL);
    oracle_labels(oracle, "label", selector, "matchLabels");
    oracle_requirements(oracle, "expression", selector, "matchExpressions");
    dump_int(oracle->out, "allowed",
             oracle_int(oracle, status, "disruptionsAllowed", INT32_MIN, INT32_MAX));
    json_t *pods = oracle_member(oracle, status, "disruptedPods", JSON_OBJECT);
    oracle->is_wrong |= json_object_size(pods) > OBJECT_DISRUPTED_PODS_MAX;
    json_object_foreach(pods, pod, ignored) dump_str(oracle->out, "disrupted", str_from(pod));
}

static void oracle_owner_rest(struct oracle *oracle, const json_t *spec)
{
    int64_t replicas = oracle_int(oracle, spec, "replicas", 0, INT32_MAX);
    dump_int(oracle->out, "kind", 0);
    dump_int(oracle->out, "replicas", oracle_present(spec, "replicas") ? replicas : 1);
}

static void oracle_meta_rest(struct oracle *oracle, const json_t *metadata)
{
    dump_int(oracle->out, "generation",
             oracle_int(oracle, metadata, "generation", INT64_MIN, INT64_MAX));
    dump_int(oracle->out, "created", oracle_time(oracle, metadata, "creationTimestamp"));
}

#endif
