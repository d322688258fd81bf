#include "bench/play_object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/decode.h"
#include "model/names.h"

enum { UID_NODE = 1, UID_POLICY = 3 }; /* pods: bench/play.c */

struct str play_version_text(char text[PLAY_VERSION_BYTES], uint64_t version)
{
    int len = snprintf(text, PLAY_VERSION_BYTES, "%" PRIu64, version);
    CHECK(len > 0 && len < PLAY_VERSION_BYTES);
    return (struct str){text, (size_t)len};
}

static uint32_t copy_amounts(struct scalar *to, const struct workload_amounts *from)
{
    uint32_t count = 0;
    if (from->cpu_milli > 0)
        to[count++] = (struct scalar){NAME_CPU, from->cpu_milli};
    if (from->memory_bytes > 0)
        to[count++] = (struct scalar){NAME_MEMORY, from->memory_bytes};
    for (uint32_t i = 0; i < from->extended_count; i++)
        if (from->extended[i].amount > 0)
            to[count++] = (struct scalar){from->extended[i].name_sym, from->extended[i].amount};
    return count;
}

static void copy_labels(struct label *to, const struct workload_label *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = (struct label){from[i].key_sym, from[i].value_sym};
}

static uint32_t intern(const struct workload *workload, struct str text)
{
    uint32_t symbol = symbol_intern(workload->symbols, text);
    CHECK(symbol != SYM_FULL);
    return symbol;
}

/* Required node affinity of one term. */
static void choose(struct play_pod_parts *parts, const struct workload_pod_kind *from)
{
    if (from->choice_count == 0)
        return;
    for (uint32_t i = 0; i < from->choice_count; i++)
        parts->choice_syms[i] = from->choice_syms[i];
    parts->choice = (struct requirement){.key_sym = from->choice_key_sym,
                                         .op = SELECTOR_IN,
                                         .value_count = from->choice_count,
                                         .value_syms = parts->choice_syms};
    parts->choice_term = (struct node_term){.expression_count = 1, .expressions = &parts->choice};
    parts->pod.has_required_terms = true;
    parts->pod.required_terms = &parts->choice_term;
    parts->pod.required_term_count = 1;
}

void play_pod_parts_init(struct play_pod_parts *parts, const struct workload *workload,
                         uint32_t kind)
{
    const struct workload_pod_kind *from = &workload->pod_kinds[kind];
    *parts = (struct play_pod_parts){
        .container = {.name = STR("main"), .image_sym = intern(workload, STR("workload:latest"))},
        .toleration = {.op = TOLERATION_EXISTS, .effect = TAINT_NO_SCHEDULE},
    };
    parts->container.requests =
        (struct amounts){copy_amounts(parts->requests, &from->asks), parts->requests, true};
    copy_labels(parts->labels, from->labels, from->label_count);
    copy_labels(parts->selector, from->selector, from->selector_count);
    parts->pod = (struct pod_object){
        .namespace = STR("default"),
        .namespace_sym = intern(workload, STR("default")),
        .generation = 1,
        .labels = parts->labels,
        .label_count = from->label_count,
        .scheduler_name_sym = intern(workload, STR("spillway")),
        .priority = from->priority,
        .containers = &parts->container,
        .container_count = 1,
        .node_selector = parts->selector,
        .node_selector_count = from->selector_count,
        .tolerations = &parts->toleration,
        .toleration_count = from->tolerates_all,
    };
    choose(parts, from);
}

void play_node_parts_init(struct play_node_parts *parts, const struct workload *workload,
                          uint32_t index, uint64_t version)
{
    const struct workload_node *node = &workload->nodes[index];
    const struct workload_node_kind *kind = &workload->node_kinds[node->kind];
    *parts = (struct play_node_parts){0};
    uint32_t count = copy_amounts(parts->allocatable, &kind->offers);
    parts->allocatable[count++] = (struct scalar){NAME_PODS, kind->pods};
    copy_labels(parts->labels, kind->labels, kind->label_count);
    parts->labels[kind->label_count] = (struct label){NAME_HOSTNAME, node->name_sym};
    for (uint32_t i = 0; i < kind->taint_count; i++)
        parts->taints[i] =
            (struct taint){kind->taints[i].key_sym, kind->taints[i].value_sym, TAINT_NO_SCHEDULE};
    parts->node = (struct node_object){
        .name = symbol_str(workload->symbols, node->name_sym),
        .name_sym = node->name_sym,
        .resource_version = play_version_text(parts->version, version),
        .uid = {UID_NODE, (uint64_t)index + 1},
        .labels = {kind->label_count + 1, parts->labels},
        .taints = {kind->taint_count, parts->taints},
        .allocatable = {count, parts->allocatable, true},
    };
}

/* ---- policies ---- */

struct policy_reading {
    const struct workload *workload;
    uint32_t index, seen;
    void (*see)(void *ctx, const struct policy_object *policy);
    void *ctx;
    struct err *err;
    int rc;
};

/* What the apiserver would have added. */
static void on_policy(void *ctx, enum decode_verb verb, const struct policy_object *policy)
{
    struct policy_reading *reading = ctx;
    char version[PLAY_VERSION_BYTES];
    struct policy_object completed = *policy;
    (void)verb;
    reading->seen++;
    if (policy->problem.len > 0) {
        reading->rc = err_set(reading->err, EINVAL, STR_FMT, STR_ARG(policy->problem));
        return;
    }
    if (completed.meta.namespace_sym == SYM_EMPTY) {
        completed.meta.namespace = STR("default");
        completed.meta.namespace_sym = intern(reading->workload, STR("default"));
    }
    completed.meta.uid = (struct uid){UID_POLICY, (uint64_t)reading->index + 1};
    completed.meta.generation = 1;
    completed.meta.created_unix_s = PLAY_EPOCH_UNIX_S;
    completed.meta.resource_version = play_version_text(version, (uint64_t)reading->index + 1);
    completed.source = POLICY_SOURCE_SPILLWAY;
    reading->see(reading->ctx, &completed);
}

int play_policy_read(const struct workload *workload, uint32_t index,
                     void (*see)(void *ctx, const struct policy_object *policy), void *ctx,
                     struct err *err)
{
    struct policy_reading reading = {workload, index, 0, see, ctx, err, 0};
    const struct decode_handler handler = {.ctx = &reading, .policy = on_policy};
    const char *json = workload->policies[index];
    struct decoder *decoder =
        decoder_new(DECODE_POLICY, DECODE_OBJECT, workload->symbols, &handler);
    int rc = decoder_feed(decoder, json, strlen(json), err);
    if (rc == 0)
        rc = decoder_finish(decoder, err);
    decoder_free(decoder);
    if (rc < 0 || reading.rc < 0) {
        (void)err_wrap(err, "policy %" PRIu32 " of the workload", index);
        return rc < 0 ? rc : reading.rc;
    }
    if (reading.seen == 1)
        return 0;
    return err_set(err, EINVAL,
                   "policy %" PRIu32 " of the workload: one ResourcePolicy is expected", index);
}
