/*
 * Random events with every field in use. Functions are static: each user is one program.
 */
#ifndef TESTS_MODEL_EVENT_SAMPLES_H
#define TESTS_MODEL_EVENT_SAMPLES_H

#include <stdio.h>
#include <stdlib.h>

#include "model/base/arena.h"
#include "model/base/rng.h"
#include "model/event.h"

struct sample {
    struct rng rng;
    struct arena *arena; /* of what an event points to */
    uint32_t symbol_count;
};

static void sample_init(struct sample *sample, struct symbols *symbols, uint32_t symbol_count,
                        struct arena *arena, uint64_t seed)
{
    *sample = (struct sample){.arena = arena};
    rng_init(&sample->rng, seed);
    for (uint32_t i = 0; i < symbol_count; i++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "symbol-%u", i);
        (void)symbol_intern(symbols, (struct str){text, (size_t)len});
    }
    sample->symbol_count = symbols_count(symbols);
}

static uint32_t sample_below(struct sample *sample, uint32_t limit)
{
    return (uint32_t)rng_below(&sample->rng, limit);
}

static bool sample_bool(struct sample *sample)
{
    return sample_below(sample, 2);
}

/* Of all magnitudes. */
static int64_t sample_i64(struct sample *sample)
{
    return (int64_t)(rng_next(&sample->rng) >> sample_below(sample, 64)) *
           (sample_bool(sample) ? 1 : -1);
}

static uint32_t sample_symbol(struct sample *sample)
{
    return sample_below(sample, sample->symbol_count);
}

static struct str sample_str(struct sample *sample)
{
    char bytes[200];
    size_t len =
        sample_bool(sample) ? sample_below(sample, 8) : sample_below(sample, sizeof(bytes));
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(1 + sample_below(sample, 255));
    return arena_copy(sample->arena, (struct str){bytes, len});
}

static struct uid sample_uid(struct sample *sample)
{
    if (sample_below(sample, 4) == 0)
        return (struct uid){UINT64_MAX, sample_symbol(sample)};
    return (struct uid){rng_next(&sample->rng) >> 1, rng_next(&sample->rng)};
}

/* Few as a rule, the most there can be at times. */
static uint32_t sample_count(struct sample *sample, uint32_t max)
{
    return sample_below(sample, 200) == 0 ? max : sample_below(sample, 3);
}

#define SAMPLE_ARRAY(sample, items, count, max)                                                    \
    ((count) = sample_count((sample), (max)),                                                      \
     (items) = arena_zalloc((sample)->arena, (count), sizeof(*(items))))

static struct amounts sample_amounts(struct sample *sample)
{
    struct amounts amounts = {.is_set = sample_bool(sample)};
    SAMPLE_ARRAY(sample, amounts.items, amounts.count, OBJECT_RESOURCES_MAX);
    for (uint32_t i = 0; i < amounts.count; i++)
        amounts.items[i] = (struct scalar){sample_symbol(sample), sample_i64(sample)};
    return amounts;
}

static struct container_object *sample_containers(struct sample *sample, uint32_t *ret_count)
{
    struct container_object *items;
    SAMPLE_ARRAY(sample, items, *ret_count, OBJECT_CONTAINERS_MAX);
    for (uint32_t i = 0; i < *ret_count; i++) {
        items[i] = (struct container_object){.name = sample_str(sample),
                                             .image_sym = sample_symbol(sample),
                                             .restart_always = sample_bool(sample),
                                             .requests = sample_amounts(sample)};
        SAMPLE_ARRAY(sample, items[i].ports, items[i].port_count, OBJECT_PORTS_MAX);
        for (uint32_t j = 0; j < items[i].port_count; j++)
            items[i].ports[j] =
                (struct host_port){sample_symbol(sample), (uint16_t)sample_below(sample, 65536),
                                   (uint16_t)sample_below(sample, PROTOCOL_OTHER + 1)};
    }
    return items;
}

static struct container_status_object *sample_statuses(struct sample *sample, uint32_t *ret_count)
{
    struct container_status_object *items;
    SAMPLE_ARRAY(sample, items, *ret_count, OBJECT_CONTAINERS_MAX);
    for (uint32_t i = 0; i < *ret_count; i++)
        items[i] = (struct container_status_object){sample_str(sample), sample_amounts(sample),
                                                    sample_amounts(sample)};
    return items;
}

static int sample_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static struct requirement *sample_requirements(struct sample *sample, uint32_t *ret_count)
{
    struct requirement *items;
    SAMPLE_ARRAY(sample, items, *ret_count, OBJECT_REQUIREMENTS_MAX);
    for (uint32_t i = 0; i < *ret_count; i++) {
        struct requirement *item = &items[i];
        item->key_sym = sample_symbol(sample);
        item->op = sample_below(sample, SELECTOR_INVALID + 1);
        SAMPLE_ARRAY(sample, item->value_syms, item->value_count, OBJECT_VALUES_MAX);
        for (uint32_t j = 0; j < item->value_count; j++)
            item->value_syms[j] = sample_symbol(sample);
        qsort(item->value_syms, item->value_count, sizeof(uint32_t), sample_compare);
    }
    return items;
}

static struct node_term sample_term(struct sample *sample)
{
    struct node_term term;
    term.expressions = sample_requirements(sample, &term.expression_count);
    term.fields = sample_requirements(sample, &term.field_count);
    return term;
}

static struct label *sample_labels(struct sample *sample, uint32_t *ret_count)
{
    struct label *items;
    SAMPLE_ARRAY(sample, items, *ret_count, OBJECT_LABELS_MAX);
    for (uint32_t i = 0; i < *ret_count; i++)
        items[i] = (struct label){sample_symbol(sample), sample_symbol(sample)};
    return items;
}

static void sample_affinity(struct sample *sample, struct pod_object *pod)
{
    pod->node_selector = sample_labels(sample, &pod->node_selector_count);
    pod->has_required_terms = sample_bool(sample);
    SAMPLE_ARRAY(sample, pod->required_terms, pod->required_term_count, OBJECT_TERMS_MAX);
    for (uint32_t i = 0; i < pod->required_term_count; i++)
        pod->required_terms[i] = sample_term(sample);
    SAMPLE_ARRAY(sample, pod->preferred_terms, pod->preferred_term_count, OBJECT_TERMS_MAX);
    for (uint32_t i = 0; i < pod->preferred_term_count; i++)
        pod->preferred_terms[i] =
            (struct preferred_term){(int32_t)sample_i64(sample), sample_term(sample)};
    SAMPLE_ARRAY(sample, pod->tolerations, pod->toleration_count, OBJECT_TOLERATIONS_MAX);
    for (uint32_t i = 0; i < pod->toleration_count; i++)
        pod->tolerations[i] =
            (struct toleration){sample_symbol(sample), sample_symbol(sample),
                                (uint16_t)sample_below(sample, TOLERATION_INVALID + 1),
                                (uint16_t)sample_below(sample, TAINT_UNKNOWN_EFFECT + 1)};
}

static struct pod_object *sample_pod(struct sample *sample)
{
    struct pod_object *pod = arena_zalloc(sample->arena, 1, sizeof(*pod));
    *pod = (struct pod_object){
        .name = sample_str(sample),
        .namespace = sample_str(sample),
        .uid_text = sample_str(sample),
        .resource_version = sample_str(sample),
        .namespace_sym = sample_symbol(sample),
        .uid = sample_uid(sample),
        .generation = sample_i64(sample),
        .is_deleting = sample_bool(sample),
        .created_unix_s = sample_i64(sample),
        .assignment = {sample_str(sample), sample_str(sample)},
        .deletion_cost = sample_str(sample),
        .deletion_cost_owner = sample_str(sample),
        .has_deletion_cost = sample_bool(sample),
        .owner_uid = sample_uid(sample),
        .owner_kind = (enum owner_kind)sample_below(sample, OWNER_OTHER + 1),
        .scheduler_name_sym = sample_symbol(sample),
        .node_name_sym = sample_symbol(sample),
        .priority = (int32_t)sample_i64(sample),
        .gate_count = (uint32_t)sample_i64(sample),
        .features = sample_below(sample, 1 << FEATURE_COUNT),
        .host_needs = sample_below(sample, 1 << HOST_NEED_COUNT),
        .volume_count = (uint32_t)sample_i64(sample),
        .preempts_never = sample_bool(sample),
        .overhead = sample_amounts(sample),
        .pod_requests = sample_amounts(sample),
        .phase = (enum pod_phase)sample_below(sample, PHASE_UNKNOWN + 1),
        .nominated_node_sym = sample_symbol(sample),
        .scheduled = {sample_bool(sample), sample_bool(sample), sample_str(sample),
                      sample_str(sample), sample_i64(sample), sample_i64(sample)},
        .resize_infeasible = sample_bool(sample),
        .is_ready = sample_bool(sample),
        .is_preempted = sample_bool(sample),
        .started_unix_s = sample_i64(sample),
        .pod_allocated = sample_amounts(sample),
        .pod_actual = sample_amounts(sample),
        .problem = sample_str(sample),
    };
    pod->containers = sample_containers(sample, &pod->container_count);
    pod->init_containers = sample_containers(sample, &pod->init_container_count);
    pod->statuses = sample_statuses(sample, &pod->status_count);
    pod->init_statuses = sample_statuses(sample, &pod->init_status_count);
    sample_affinity(sample, pod);
    pod->labels = sample_labels(sample, &pod->label_count);
    SAMPLE_ARRAY(sample, pod->annotation_hashes, pod->annotation_count, OBJECT_ANNOTATIONS_MAX);
    for (uint32_t i = 0; i < pod->annotation_count; i++)
        pod->annotation_hashes[i] = rng_next(&sample->rng);
    return pod;
}

static struct node_object *sample_node(struct sample *sample)
{
    struct node_object *node = arena_zalloc(sample->arena, 1, sizeof(*node));
    *node = (struct node_object){
        .name = sample_str(sample),
        .uid_text = sample_str(sample),
        .resource_version = sample_str(sample),
        .name_sym = sample_symbol(sample),
        .uid = sample_uid(sample),
        .is_unschedulable = sample_bool(sample),
        .allocatable = sample_amounts(sample),
        .problem = sample_str(sample),
    };
    node->labels.items = sample_labels(sample, &node->labels.count);
    SAMPLE_ARRAY(sample, node->taints.items, node->taints.count, OBJECT_TAINTS_MAX);
    for (uint32_t i = 0; i < node->taints.count; i++)
        node->taints.items[i] = (struct taint){sample_symbol(sample), sample_symbol(sample),
                                               sample_below(sample, TAINT_UNKNOWN_EFFECT + 1)};
    SAMPLE_ARRAY(sample, node->images, node->image_count, OBJECT_IMAGES_MAX);
    for (uint32_t i = 0; i < node->image_count; i++) {
        struct image_object *image = &node->images[i];
        image->size_bytes = sample_i64(sample);
        SAMPLE_ARRAY(sample, image->name_syms, image->name_count, OBJECT_VALUES_MAX);
        for (uint32_t j = 0; j < image->name_count; j++)
            image->name_syms[j] = sample_symbol(sample);
    }
    return node;
}

static struct object_meta sample_meta(struct sample *sample)
{
    return (struct object_meta){
        .name = sample_str(sample),
        .namespace = sample_str(sample),
        .uid_text = sample_str(sample),
        .resource_version = sample_str(sample),
        .namespace_sym = sample_symbol(sample),
        .uid = sample_uid(sample),
        .generation = sample_i64(sample),
        .created_unix_s = sample_i64(sample),
    };
}

static struct unit_object sample_unit(struct sample *sample)
{
    struct unit_object unit = {
        .name = sample_str(sample),
        .resource = sample_str(sample),
        .max = sample_str(sample),
        .min = sample_str(sample),
        .max_resources = sample_amounts(sample),
        .is_spot = sample_bool(sample),
        .has_scale_in_weight = sample_bool(sample),
        .scale_in_weight = (int32_t)sample_i64(sample),
        .timeout = sample_str(sample),
        .cool_down = sample_str(sample),
    };
    unit.node_selector = sample_labels(sample, &unit.node_selector_count);
    unit.pod_labels = sample_labels(sample, &unit.pod_label_count);
    unit.pod_annotations = sample_labels(sample, &unit.pod_annotation_count);
    return unit;
}

static struct policy_object *sample_policy(struct sample *sample)
{
    struct policy_object *policy = arena_zalloc(sample->arena, 1, sizeof(*policy));
    *policy = (struct policy_object){
        .meta = sample_meta(sample),
        .source = (enum policy_source)sample_below(sample, POLICY_SOURCE_COUNT),
        .has_consumer_ref = sample_bool(sample),
        .strategy = sample_str(sample),
        .preempt_policy = sample_str(sample),
        .overflow = sample_str(sample),
        .deletion_cost = sample_str(sample),
        .ignore_previous = (enum tristate)sample_below(sample, TRISTATE_TRUE + 1),
        .ignore_terminating = (enum tristate)sample_below(sample, TRISTATE_TRUE + 1),
        .next_policy = sample_str(sample),
        .next_timeout = sample_str(sample),
        .has_units = sample_bool(sample),
        .problem = sample_str(sample),
    };
    policy->selector = sample_labels(sample, &policy->selector_count);
    policy->expressions = sample_requirements(sample, &policy->expression_count);
    SAMPLE_ARRAY(sample, policy->label_keys, policy->label_key_count, OBJECT_LABEL_KEYS_MAX);
    for (uint32_t i = 0; i < policy->label_key_count; i++)
        policy->label_keys[i] = sample_symbol(sample);
    SAMPLE_ARRAY(sample, policy->units, policy->unit_count, OBJECT_UNITS_MAX);
    for (uint32_t i = 0; i < policy->unit_count; i++)
        policy->units[i] = sample_unit(sample);
    return policy;
}

static struct budget_object *sample_budget(struct sample *sample)
{
    struct budget_object *budget = arena_zalloc(sample->arena, 1, sizeof(*budget));
    *budget = (struct budget_object){
        .meta = sample_meta(sample),
        .selector = {.is_set = sample_bool(sample)},
        .disruptions_allowed = (int32_t)sample_i64(sample),
        .problem = sample_str(sample),
    };
    struct label_selector_object *selector = &budget->selector;
    selector->labels = sample_labels(sample, &selector->label_count);
    selector->expressions = sample_requirements(sample, &selector->expression_count);
    SAMPLE_ARRAY(sample, budget->disrupted_pods, budget->disrupted_count,
                 OBJECT_DISRUPTED_PODS_MAX);
    for (uint32_t i = 0; i < budget->disrupted_count; i++)
        budget->disrupted_pods[i] = sample_str(sample);
    return budget;
}

static struct owner_object *sample_owner(struct sample *sample)
{
    struct owner_object *owner = arena_zalloc(sample->arena, 1, sizeof(*owner));
    *owner = (struct owner_object){
        .meta = sample_meta(sample),
        .kind = (enum owner_kind)sample_below(sample, OWNER_OTHER + 1),
        .replicas = (int32_t)sample_i64(sample),
        .problem = sample_str(sample),
    };
    return owner;
}

static struct reply *sample_reply(struct sample *sample)
{
    struct reply *reply = arena_zalloc(sample->arena, 1, sizeof(*reply));
    *reply = (struct reply){
        .pod = {sample_symbol(sample), sample_str(sample), sample_uid(sample)},
        .outcome = (enum outcome)sample_below(sample, OUTCOME_COUNT),
        .http_status = (int32_t)sample_below(sample, 600),
        .message = sample_str(sample),
    };
    return reply;
}

static struct event sample_event(struct sample *sample, enum event_kind kind)
{
    struct event event = {.kind = kind};
    if (kind >= EVENT_POLICY_LIST_BEGIN && kind <= EVENT_POLICY_GONE)
        event.source = sample_below(sample, POLICY_SOURCE_COUNT);
    if (kind >= EVENT_OWNER_LIST_BEGIN && kind <= EVENT_OWNER_GONE)
        event.source = sample_below(sample, OWNER_OTHER + 1);
    if (kind == EVENT_NODE_SEEN || kind == EVENT_NODE_GONE)
        event.node = sample_node(sample);
    if (kind == EVENT_POD_SEEN || kind == EVENT_POD_GONE)
        event.pod = sample_pod(sample);
    if (kind == EVENT_POLICY_SEEN || kind == EVENT_POLICY_GONE)
        event.policy = sample_policy(sample);
    if (kind == EVENT_BUDGET_SEEN || kind == EVENT_BUDGET_GONE)
        event.budget = sample_budget(sample);
    if (kind == EVENT_OWNER_SEEN || kind == EVENT_OWNER_GONE)
        event.owner = sample_owner(sample);
    if (kind == EVENT_BIND_REPLY || kind == EVENT_STATUS_REPLY || kind == EVENT_POD_READ ||
        kind == EVENT_EVICT_REPLY || kind == EVENT_POLICY_STATUS_REPLY)
        event.reply = sample_reply(sample);
    if (kind == EVENT_POD_READ && event.reply->outcome == OUTCOME_DONE)
        event.read_pod = sample_pod(sample);
    return event;
}

#endif
