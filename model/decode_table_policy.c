#include "model/decode_table.h"

/* ---- what they have in common ---- */

static const struct decode_field meta_fields[] = {
    {TEXT("name", struct draft, meta.name)},
    {TEXT("namespace", struct draft, meta.namespace)},
    {TEXT("uid", struct draft, meta.uid_text)},
    {TEXT("resourceVersion", struct draft, meta.resource_version)},
    {INT("generation", struct draft, meta.generation, INT64_MIN, INT64_MAX)},
    {TIME("creationTimestamp", struct draft, meta.created_unix_s)},
    {INSIDE("annotations", decode_annotation_table)},
};
static const struct decode_table meta_table = {TABLE(meta_fields), .is_identity = true};

/* ---- policies ---- */

static const struct decode_field unit_fields[] = {
    {TEXT("name", struct unit_object, name)},
    {TEXT("resource", struct unit_object, resource)},
    {LABELS("nodeSelector", struct unit_object, node_selector, node_selector_count)},
    {NUMBER_OR_TEXT("max", struct unit_object, max)},
    {NUMBER_OR_TEXT("min", struct unit_object, min)},
    {AMOUNTS("maxResources", struct unit_object, max_resources)},
    {LABELS("podLabels", struct unit_object, pod_labels, pod_label_count)},
    {LABELS("podAnnotations", struct unit_object, pod_annotations, pod_annotation_count)},
    {BOOL("spotInstance", struct unit_object, is_spot)},
    {INT("scaleInWeight", struct unit_object, scale_in_weight, INT32_MIN, INT32_MAX),
     TELLS(struct unit_object, has_scale_in_weight)},
    {TEXT("timeout", struct unit_object, timeout)},
    {TEXT("coolDown", struct unit_object, cool_down)},
};
static const struct decode_table unit_table = {TABLE(unit_fields)};

static const struct decode_field next_fields[] = {
    {TEXT("policy", struct draft, policy.next_policy)},
    {TEXT("timeout", struct draft, policy.next_timeout)},
};
static const struct decode_table next_table = {TABLE(next_fields)};

static const struct decode_field policy_spec_fields[] = {
    {PRESENT("consumerRef", struct draft, policy.has_consumer_ref)},
    {TEXT("deletionCost", struct draft, policy.deletion_cost)},
    {TRISTATE("ignorePreviousPod", struct draft, policy.ignore_previous)},
    {TRISTATE("ignoreTerminatingPod", struct draft, policy.ignore_terminating)},
    {LIST("matchExpressions", struct draft, policy.expressions, policy.expression_count,
          struct requirement, OBJECT_REQUIREMENTS_MAX, decode_requirement_table)},
    {KEY("matchLabelKeys", FIELD_SYMBOLS), AT(struct draft, policy.label_keys),
     BESIDE(struct draft, policy.label_key_count), .max = OBJECT_LABEL_KEYS_MAX,
     .intern = symbol_intern},
    {TEXT("overflow", struct draft, policy.overflow)},
    {TEXT("preemptPolicy", struct draft, policy.preempt_policy)},
    {LABELS("selector", struct draft, policy.selector, policy.selector_count)},
    {TEXT("strategy", struct draft, policy.strategy)},
    {LIST("units", struct draft, policy.units, policy.unit_count, struct unit_object,
          OBJECT_UNITS_MAX, unit_table),
     TELLS(struct draft, policy.has_units)},
    {INSIDE("whenTryNextUnits", next_table)},
};
static const struct decode_table policy_spec_table = {TABLE(policy_spec_fields)};

static const struct decode_field policy_fields[] = {
    {TEXT("kind", struct draft, kind)},
    {INSIDE("metadata", meta_table)},
    {INSIDE("spec", policy_spec_table)},
    STATUS_FIELDS,
};
const struct decode_table decode_policy_table = {TABLE(policy_fields), .is_identity = true};

/* ---- disruption budgets ---- */

static void selector_begin(void *item)
{
    struct label_selector_object *selector = item;
    selector->is_set = true;
}

static const struct decode_field selector_fields[] = {
    {LABELS("matchLabels", struct label_selector_object, labels, label_count)},
    {LIST("matchExpressions", struct label_selector_object, expressions, expression_count,
          struct requirement, OBJECT_REQUIREMENTS_MAX, decode_requirement_table)},
};
static const struct decode_table selector_table = {TABLE(selector_fields), .begin = selector_begin};

static const struct decode_field budget_spec_fields[] = {
    {OBJECT("selector", struct draft, budget.selector, selector_table)},
};
static const struct decode_table budget_spec_table = {TABLE(budget_spec_fields)};

static const struct decode_field budget_status_fields[] = {
    {KEY("disruptedPods", FIELD_KEYS), AT(struct draft, budget.disrupted_pods),
     BESIDE(struct draft, budget.disrupted_count), .max = OBJECT_DISRUPTED_PODS_MAX},
    {INT("disruptionsAllowed", struct draft, budget.disruptions_allowed, INT32_MIN, INT32_MAX)},
};
static const struct decode_table budget_status_table = {TABLE(budget_status_fields)};

static const struct decode_field budget_fields[] = {
    {TEXT("kind", struct draft, kind)},
    {INSIDE("metadata", meta_table)},
    {INSIDE("spec", budget_spec_table)},
    {INSIDE("status", budget_status_table)},
    STATUS_FIELDS,
};
const struct decode_table decode_budget_table = {TABLE(budget_fields), .is_identity = true};

/* ---- owners ---- */

static void owner_begin(void *item)
{
    struct draft *draft = item;
    draft->owner.replicas = 1;
}

static const struct decode_field owner_spec_fields[] = {
    {INT("replicas", struct draft, owner.replicas, 0, INT32_MAX)},
};
static const struct decode_table owner_spec_table = {TABLE(owner_spec_fields)};

static const struct decode_field owner_fields[] = {
    {TEXT("kind", struct draft, kind)},
    {INSIDE("metadata", meta_table)},
    {INSIDE("spec", owner_spec_table)},
    STATUS_FIELDS,
};
const struct decode_table decode_owner_table = {TABLE(owner_fields), .is_identity = true,
                                                .begin = owner_begin};
