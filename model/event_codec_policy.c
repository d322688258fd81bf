#include "model/event_codec_parts.h"

/* As in model/event_codec.c: a field that is added has to be written and read here. */
_Static_assert(sizeof(struct object_meta) == 104 && sizeof(struct label_selector_object) == 32 &&
                   sizeof(struct budget_object) == 168 && sizeof(struct owner_object) == 128 &&
                   sizeof(struct unit_object) == 168 && sizeof(struct policy_object) == 296,
               "all fields of policies, budgets and owners are written and read");

static void code_meta(struct codec *codec, struct object_meta *meta)
{
    codec_str(codec, &meta->name);
    codec_str(codec, &meta->namespace);
    codec_str(codec, &meta->uid_text);
    codec_str(codec, &meta->resource_version);
    codec_symbol(codec, &meta->namespace_sym);
    codec_uid(codec, &meta->uid);
    codec_i64(codec, &meta->generation);
    codec_i64(codec, &meta->created_unix_s);
}

/* ---- policies ---- */

static struct unit_object code_unit(struct codec *codec, struct unit_object unit)
{
    codec_str(codec, &unit.name);
    codec_str(codec, &unit.resource);
    CODEC_ARRAY(codec, unit.node_selector, unit.node_selector_count, OBJECT_LABELS_MAX);
    event_code_labels(codec, unit.node_selector, unit.node_selector_count);
    codec_str(codec, &unit.max);
    codec_str(codec, &unit.min);
    event_code_amounts(codec, &unit.max_resources);
    CODEC_ARRAY(codec, unit.pod_labels, unit.pod_label_count, OBJECT_LABELS_MAX);
    event_code_labels(codec, unit.pod_labels, unit.pod_label_count);
    CODEC_ARRAY(codec, unit.pod_annotations, unit.pod_annotation_count, OBJECT_LABELS_MAX);
    event_code_labels(codec, unit.pod_annotations, unit.pod_annotation_count);
    codec_bool(codec, &unit.is_spot);
    codec_bool(codec, &unit.has_scale_in_weight);
    codec_i32(codec, &unit.scale_in_weight);
    codec_str(codec, &unit.timeout);
    codec_str(codec, &unit.cool_down);
    return unit;
}

static void code_tristate(struct codec *codec, enum tristate *tristate)
{
    uint32_t value = (uint32_t)*tristate;
    codec_below(codec, &value, TRISTATE_TRUE + 1);
    *tristate = (enum tristate)value;
}

static void code_rules(struct codec *codec, struct policy_object *policy)
{
    CODEC_ARRAY(codec, policy->selector, policy->selector_count, OBJECT_LABELS_MAX);
    event_code_labels(codec, policy->selector, policy->selector_count);
    CODEC_ARRAY(codec, policy->expressions, policy->expression_count, OBJECT_REQUIREMENTS_MAX);
    event_code_requirements(codec, policy->expressions, policy->expression_count);
    codec_bool(codec, &policy->has_consumer_ref);
    codec_str(codec, &policy->strategy);
    codec_str(codec, &policy->preempt_policy);
    codec_str(codec, &policy->overflow);
    codec_str(codec, &policy->deletion_cost);
    code_tristate(codec, &policy->ignore_previous);
    code_tristate(codec, &policy->ignore_terminating);
    CODEC_ARRAY(codec, policy->label_keys, policy->label_key_count, OBJECT_LABEL_KEYS_MAX);
    for (uint32_t i = 0; i < policy->label_key_count; i++)
        codec_symbol(codec, &policy->label_keys[i]);
    codec_str(codec, &policy->next_policy);
    codec_str(codec, &policy->next_timeout);
}

void event_code_policy(struct codec *codec, struct policy_object *policy)
{
    uint32_t source = (uint32_t)policy->source;
    code_meta(codec, &policy->meta);
    codec_below(codec, &source, POLICY_SOURCE_COUNT);
    policy->source = (enum policy_source)source;
    code_rules(codec, policy);
    codec_bool(codec, &policy->has_units);
    CODEC_ARRAY(codec, policy->units, policy->unit_count, OBJECT_UNITS_MAX);
    for (uint32_t i = 0; i < policy->unit_count; i++) {
        struct unit_object unit = code_unit(codec, policy->units[i]);
        if (codec_is_reading(codec))
            policy->units[i] = unit;
    }
    codec_str(codec, &policy->problem);
}

/* ---- budgets and owners ---- */

void event_code_budget(struct codec *codec, struct budget_object *budget)
{
    struct label_selector_object *selector = &budget->selector;
    code_meta(codec, &budget->meta);
    codec_bool(codec, &selector->is_set);
    CODEC_ARRAY(codec, selector->labels, selector->label_count, OBJECT_LABELS_MAX);
    event_code_labels(codec, selector->labels, selector->label_count);
    CODEC_ARRAY(codec, selector->expressions, selector->expression_count, OBJECT_REQUIREMENTS_MAX);
    event_code_requirements(codec, selector->expressions, selector->expression_count);
    codec_i32(codec, &budget->disruptions_allowed);
    CODEC_ARRAY(codec, budget->disrupted_pods, budget->disrupted_count, OBJECT_DISRUPTED_PODS_MAX);
    for (uint32_t i = 0; i < budget->disrupted_count; i++) {
        struct str name = budget->disrupted_pods[i];
        codec_str(codec, &name);
        if (codec_is_reading(codec))
            budget->disrupted_pods[i] = name;
    }
    codec_str(codec, &budget->problem);
}

void event_code_owner(struct codec *codec, struct owner_object *owner)
{
    uint32_t kind = (uint32_t)owner->kind;
    code_meta(codec, &owner->meta);
    codec_below(codec, &kind, OWNER_OTHER + 1);
    owner->kind = (enum owner_kind)kind;
    codec_i32(codec, &owner->replicas);
    codec_str(codec, &owner->problem);
}
