/*
 * What the decoder delivered, as text: equal texts are equal objects. Used to compare one input cut
 * in different ways, and the decoder with its oracle. Functions are static: each user is one
 * program.
 */
#ifndef TESTS_MODEL_DECODE_DUMP_H
#define TESTS_MODEL_DECODE_DUMP_H

#include <stdlib.h>

#include "model/base/buf.h"
#include "model/base/rng.h"
#include "model/decode.h"
#include "model/names.h"
#include "model/uid.h"

enum { DUMP_BYTES_MAX = 64 << 20 };

struct dump {
    struct buf text;
    const struct symbols *symbols;
    uint32_t object_count, problem_count;
};

static void dump_str(struct buf *out, const char *key, struct str text)
{
    (void)buf_printf(out, " %s=\"", key);
    (void)buf_add_json(out, text.ptr ? text.ptr : "", text.len);
    (void)buf_add_str(out, "\"");
}

static void dump_sym(struct dump *dump, const char *key, uint32_t symbol)
{
    dump_str(&dump->text, key, symbol_str(dump->symbols, symbol));
}

static void dump_int(struct buf *out, const char *key, int64_t value)
{
    (void)buf_printf(out, " %s=%lld", key, (long long)value);
}

static void dump_amounts(struct dump *dump, const char *key, const struct amounts *amounts)
{
    (void)buf_printf(&dump->text, " %s=%s{", key, amounts->is_set ? "set" : "unset");
    for (uint32_t i = 0; i < amounts->count; i++) {
        dump_sym(dump, "name", amounts->items[i].name_sym);
        dump_int(&dump->text, "amount", amounts->items[i].amount);
    }
    (void)buf_add_str(&dump->text, "}");
}

static void dump_containers(struct dump *dump, const char *key,
                            const struct container_object *containers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct container_object *container = &containers[i];
        (void)buf_printf(&dump->text, "\n  %s", key);
        dump_str(&dump->text, "name", container->name);
        dump_sym(dump, "image", container->image_sym);
        dump_int(&dump->text, "always", container->restart_always);
        dump_amounts(dump, "requests", &container->requests);
        for (uint32_t j = 0; j < container->port_count; j++) {
            dump_int(&dump->text, "port", container->ports[j].port);
            dump_int(&dump->text, "protocol", container->ports[j].protocol);
            dump_sym(dump, "ip", container->ports[j].ip_sym);
        }
    }
}

static void dump_statuses(struct dump *dump, const char *key,
                          const struct container_status_object *statuses, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        (void)buf_printf(&dump->text, "\n  %s", key);
        dump_str(&dump->text, "name", statuses[i].name);
        dump_amounts(dump, "requests", &statuses[i].requests);
        dump_amounts(dump, "allocated", &statuses[i].allocated);
    }
}

static int dump_compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Values are ascending by symbol, which depends on history: here by text. */
static void dump_sorted(struct buf *out, const char **texts, uint32_t count)
{
    qsort(texts, count, sizeof(*texts), dump_compare_texts);
    for (uint32_t i = 0; i < count; i++)
        dump_str(out, "value", str_from(texts[i]));
}

static void dump_requirements(struct dump *dump, const char *key, const struct requirement *items,
                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *texts[OBJECT_VALUES_MAX];
        dump_sym(dump, key, items[i].key_sym);
        dump_int(&dump->text, "op", items[i].op);
        for (uint32_t j = 0; j < items[i].value_count; j++) {
            CHECK(j == 0 || items[i].value_syms[j - 1] <= items[i].value_syms[j]);
            texts[j] = symbol_text(dump->symbols, items[i].value_syms[j]);
        }
        dump_sorted(&dump->text, texts, items[i].value_count);
    }
}

static void dump_term(struct dump *dump, int64_t weight, const struct node_term *term)
{
    (void)buf_add_str(&dump->text, "\n  term");
    dump_int(&dump->text, "weight", weight);
    dump_requirements(dump, "expression", term->expressions, term->expression_count);
    dump_requirements(dump, "field", term->fields, term->field_count);
}

static void dump_identity(struct dump *dump, struct str name, struct str version,
                          struct str problem)
{
    dump_str(&dump->text, "name", name);
    dump_str(&dump->text, "version", version);
    dump_int(&dump->text, "problem", problem.len > 0);
    dump->object_count++;
    dump->problem_count += problem.len > 0;
}

static void dump_labels(struct dump *dump, const char *key, const struct label *labels,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        dump_sym(dump, key, labels[i].key_sym);
        dump_sym(dump, "is", labels[i].value_sym);
    }
}

static void dump_uid(struct dump *dump, struct uid uid)
{
    char text[UID_TEXT_BYTES];
    dump_str(&dump->text, "uid", (struct str){text, uid_format(dump->symbols, uid, text)});
}

static void dump_pod_meta(struct dump *dump, const struct pod_object *pod)
{
    struct buf *out = &dump->text;
    dump_int(out, "created", pod->created_unix_s);
    dump_labels(dump, "label", pod->labels, pod->label_count);
    for (uint32_t i = 0; i < pod->annotation_count; i++)
        dump_int(out, "annotation", (int64_t)pod->annotation_hashes[i]);
    dump_str(out, "policy", pod->assignment.policy);
    dump_str(out, "unit", pod->assignment.unit);
    dump_int(out, "has_cost", pod->has_deletion_cost);
    dump_str(out, "cost", pod->deletion_cost);
    dump_str(out, "our_cost", pod->deletion_cost_owner);
    dump_int(out, "owner_kind", pod->owner_kind);
    dump_uid(dump, pod->owner_uid);
}

static void dump_pod_spec(struct dump *dump, const struct pod_object *pod)
{
    struct buf *out = &dump->text;
    dump_int(out, "generation", pod->generation);
    dump_int(out, "deleting", pod->is_deleting);
    dump_sym(dump, "scheduler", pod->scheduler_name_sym);
    dump_sym(dump, "node", pod->node_name_sym);
    dump_int(out, "priority", pod->priority);
    dump_int(out, "gates", pod->gate_count);
    dump_int(out, "features", pod->features);
    dump_int(out, "host_needs", pod->host_needs);
    dump_int(out, "volumes", pod->volume_count);
    dump_int(out, "never", pod->preempts_never);
    dump_containers(dump, "container", pod->containers, pod->container_count);
    dump_containers(dump, "init", pod->init_containers, pod->init_container_count);
    dump_amounts(dump, "overhead", &pod->overhead);
    dump_amounts(dump, "requests", &pod->pod_requests);
    dump_labels(dump, "select", pod->node_selector, pod->node_selector_count);
    dump_int(out, "required", pod->has_required_terms);
    for (uint32_t i = 0; i < pod->required_term_count; i++)
        dump_term(dump, 0, &pod->required_terms[i]);
    for (uint32_t i = 0; i < pod->preferred_term_count; i++)
        dump_term(dump, pod->preferred_terms[i].weight, &pod->preferred_terms[i].term);
    for (uint32_t i = 0; i < pod->toleration_count; i++) {
        dump_sym(dump, "tolerates", pod->tolerations[i].key_sym);
        dump_int(out, "op", pod->tolerations[i].op);
        dump_sym(dump, "value", pod->tolerations[i].value_sym);
        dump_int(out, "effect", pod->tolerations[i].effect);
    }
}

static void dump_pod_status(struct dump *dump, const struct pod_object *pod)
{
    struct buf *out = &dump->text;
    dump_int(out, "\n  phase", pod->phase);
    dump_sym(dump, "nominated", pod->nominated_node_sym);
    dump_int(out, "scheduled", pod->scheduled.is_set);
    dump_int(out, "true", pod->scheduled.is_true);
    dump_str(out, "reason", pod->scheduled.reason);
    dump_str(out, "message", pod->scheduled.message);
    dump_int(out, "observed", pod->scheduled.observed_generation);
    dump_int(out, "since", pod->scheduled.transition_unix_s);
    dump_int(out, "infeasible", pod->resize_infeasible);
    dump_int(out, "ready", pod->is_ready);
    dump_int(out, "preempted", pod->is_preempted);
    dump_int(out, "started", pod->started_unix_s);
    dump_statuses(dump, "status", pod->statuses, pod->status_count);
    dump_statuses(dump, "init-status", pod->init_statuses, pod->init_status_count);
    dump_amounts(dump, "allocated", &pod->pod_allocated);
    dump_amounts(dump, "actual", &pod->pod_actual);
}

static void dump_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct dump *dump = ctx;
    (void)buf_printf(&dump->text, "pod %d", (int)verb);
    dump_str(&dump->text, "namespace", pod->namespace);
    dump_identity(dump, pod->name, pod->resource_version, pod->problem);
    CHECK(pod->problem.len < OBJECT_PROBLEM_BYTES);
    if (pod->problem.len == 0) {
        dump_uid(dump, pod->uid);
        CHECK(str_equal(symbol_str(dump->symbols, pod->namespace_sym), pod->namespace));
        dump_pod_meta(dump, pod);
        dump_pod_spec(dump, pod);
        dump_pod_status(dump, pod);
    }
    (void)buf_add_str(&dump->text, "\n");
}

static void dump_node(void *ctx, enum decode_verb verb, const struct node_object *node)
{
    struct dump *dump = ctx;
    struct buf *out = &dump->text;
    (void)buf_printf(out, "node %d", (int)verb);
    dump_identity(dump, node->name, node->resource_version, node->problem);
    CHECK(node->problem.len < OBJECT_PROBLEM_BYTES);
    if (node->problem.len == 0) {
        dump_uid(dump, node->uid);
        CHECK(str_equal(symbol_str(dump->symbols, node->name_sym), node->name));
        dump_int(out, "unschedulable", node->is_unschedulable);
        dump_labels(dump, "label", node->labels.items, node->labels.count);
        for (uint32_t i = 0; i < node->taints.count; i++) {
            dump_sym(dump, "taint", node->taints.items[i].key_sym);
            dump_sym(dump, "value", node->taints.items[i].value_sym);
            dump_int(out, "effect", node->taints.items[i].effect);
        }
        dump_amounts(dump, "allocatable", &node->allocatable);
        for (uint32_t i = 0; i < node->image_count; i++) {
            dump_int(out, "image", node->images[i].size_bytes);
            for (uint32_t j = 0; j < node->images[i].name_count; j++)
                dump_sym(dump, "name", node->images[i].name_syms[j]);
        }
    }
    (void)buf_add_str(out, "\n");
}

/* "policy 1 namespace=... name=... version=... problem=0 uid=..."; false when it has a problem. */
static bool dump_meta(struct dump *dump, const char *kind, enum decode_verb verb,
                      const struct object_meta *meta, struct str problem)
{
    (void)buf_printf(&dump->text, "%s %d", kind, (int)verb);
    dump_str(&dump->text, "namespace", meta->namespace);
    dump_identity(dump, meta->name, meta->resource_version, problem);
    CHECK(problem.len < OBJECT_PROBLEM_BYTES);
    if (problem.len > 0)
        return false;
    CHECK(str_equal(symbol_str(dump->symbols, meta->namespace_sym), meta->namespace));
    dump_uid(dump, meta->uid);
    dump_int(&dump->text, "generation", meta->generation);
    dump_int(&dump->text, "created", meta->created_unix_s);
    return true;
}

static void dump_unit(struct dump *dump, const struct unit_object *unit)
{
    struct buf *out = &dump->text;
    (void)buf_add_str(out, "\n  unit");
    dump_str(out, "name", unit->name);
    dump_str(out, "resource", unit->resource);
    dump_labels(dump, "select", unit->node_selector, unit->node_selector_count);
    dump_str(out, "max", unit->max);
    dump_str(out, "min", unit->min);
    dump_amounts(dump, "resources", &unit->max_resources);
    dump_labels(dump, "pod-label", unit->pod_labels, unit->pod_label_count);
    dump_labels(dump, "pod-annotation", unit->pod_annotations, unit->pod_annotation_count);
    dump_int(out, "spot", unit->is_spot);
    dump_int(out, "weighs", unit->has_scale_in_weight);
    dump_int(out, "weight", unit->scale_in_weight);
    dump_str(out, "timeout", unit->timeout);
    dump_str(out, "cool_down", unit->cool_down);
}

static void dump_policy_rules(struct dump *dump, const struct policy_object *policy)
{
    struct buf *out = &dump->text;
    dump_int(out, "source", policy->source);
    dump_labels(dump, "selects", policy->selector, policy->selector_count);
    dump_requirements(dump, "expression", policy->expressions, policy->expression_count);
    dump_int(out, "consumer", policy->has_consumer_ref);
    dump_str(out, "strategy", policy->strategy);
    dump_str(out, "preempt", policy->preempt_policy);
    dump_str(out, "overflow", policy->overflow);
    dump_str(out, "cost", policy->deletion_cost);
    dump_int(out, "previous", policy->ignore_previous);
    dump_int(out, "terminating", policy->ignore_terminating);
    for (uint32_t i = 0; i < policy->label_key_count; i++)
        dump_sym(dump, "key", policy->label_keys[i]);
    dump_str(out, "next", policy->next_policy);
    dump_str(out, "after", policy->next_timeout);
    dump_int(out, "units", policy->has_units);
}

static void dump_policy(void *ctx, enum decode_verb verb, const struct policy_object *policy)
{
    struct dump *dump = ctx;
    if (dump_meta(dump, "policy", verb, &policy->meta, policy->problem)) {
        dump_policy_rules(dump, policy);
        for (uint32_t i = 0; i < policy->unit_count; i++)
            dump_unit(dump, &policy->units[i]);
    }
    (void)buf_add_str(&dump->text, "\n");
}

static void dump_budget(void *ctx, enum decode_verb verb, const struct budget_object *budget)
{
    struct dump *dump = ctx;
    if (dump_meta(dump, "budget", verb, &budget->meta, budget->problem)) {
        dump_int(&dump->text, "selects", budget->selector.is_set);
        dump_labels(dump, "label", budget->selector.labels, budget->selector.label_count);
        dump_requirements(dump, "expression", budget->selector.expressions,
                          budget->selector.expression_count);
        dump_int(&dump->text, "allowed", budget->disruptions_allowed);
        for (uint32_t i = 0; i < budget->disrupted_count; i++)
            dump_str(&dump->text, "disrupted", budget->disrupted_pods[i]);
    }
    (void)buf_add_str(&dump->text, "\n");
}

static void dump_owner(void *ctx, enum decode_verb verb, const struct owner_object *owner)
{
    struct dump *dump = ctx;
    if (dump_meta(dump, "owner", verb, &owner->meta, owner->problem)) {
        dump_int(&dump->text, "kind", owner->kind);
        dump_int(&dump->text, "replicas", owner->replicas);
    }
    (void)buf_add_str(&dump->text, "\n");
}

static void dump_bookmark(void *ctx, struct str version, bool is_initial_events_end)
{
    struct dump *dump = ctx;
    (void)buf_add_str(&dump->text, "bookmark");
    dump_str(&dump->text, "version", version);
    dump_int(&dump->text, "end", is_initial_events_end);
    (void)buf_add_str(&dump->text, "\n");
}

static void dump_error(void *ctx, const struct status_object *status)
{
    struct dump *dump = ctx;
    (void)buf_add_str(&dump->text, "error");
    dump_int(&dump->text, "code", status->code);
    dump_str(&dump->text, "reason", status->reason);
    dump_str(&dump->text, "message", status->message);
    dump_int(&dump->text, "retry", status->retry_after_seconds);
    (void)buf_add_str(&dump->text, "\n");
}

static struct decode_handler dump_handler(struct dump *dump)
{
    return (struct decode_handler){.ctx = dump,
                                   .pod = dump_pod,
                                   .node = dump_node,
                                   .policy = dump_policy,
                                   .budget = dump_budget,
                                   .owner = dump_owner,
                                   .bookmark = dump_bookmark,
                                   .error = dump_error};
}

/* How an input is cut: pieces of 1 to `max_bytes` bytes by the seed; 0: whole. */
struct cutting {
    uint64_t seed;
    size_t max_bytes, first_bytes; /* first_bytes > 0: two pieces */
};

static size_t cutting_next(const struct cutting *cutting, struct rng *rng, size_t at, size_t left)
{
    size_t len = left;
    if (cutting->first_bytes > 0 && at == 0)
        len = cutting->first_bytes;
    else if (cutting->max_bytes > 0)
        len = 1 + rng_below(rng, cutting->max_bytes);
    return len < left ? len : left;
}

static int dump_feed(struct decoder *decoder, const char *bytes, size_t len,
                     const struct cutting *cutting, struct err *err)
{
    struct rng rng;
    rng_init(&rng, cutting->seed);
    for (size_t at = 0; at < len;) {
        size_t piece_len = cutting_next(cutting, &rng, at, len - at);
        char *piece = malloc(piece_len); /* exact, so that ASan sees any byte read beyond it */
        CHECK(piece != NULL);
        memcpy(piece, bytes + at, piece_len);
        int result = decoder_feed(decoder, piece, piece_len, err);
        free(piece);
        if (result < 0)
            return result;
        at += piece_len;
    }
    return decoder_finish(decoder, err);
}

/* Decodes an input into text; release it with buf_fini(&ret_dump->text). The result of the decoder.
 */
static UNUSED int dump_run(enum decode_kind kind, enum decode_source source, struct str input,
                           const struct cutting *cutting, struct dump *ret_dump, struct err *err)
{
    struct symbols *symbols = names_symbols_new(7);
    *ret_dump = (struct dump){.symbols = symbols};
    buf_init(&ret_dump->text, DUMP_BYTES_MAX);
    struct decode_handler handler = dump_handler(ret_dump);
    struct decoder *decoder = decoder_new(kind, source, symbols, &handler);
    int result = dump_feed(decoder, input.ptr, input.len, cutting, err);
    (void)buf_add(&ret_dump->text, "", 0);
    decoder_free(decoder);
    symbols_free(symbols);
    ret_dump->symbols = NULL;
    return result;
}

#endif
