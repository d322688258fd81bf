#include "bench/store_world_object.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/replay_judge.h"
#include "model/base/buf.h"

enum { OBJECT_BYTES = 8192 };

static void create(struct store *store, enum kind_id kind, struct str ns, const struct buf *body)
{
    struct api_status status;
    CHECK(!buf_overflowed(body));
    /* A name that is there already keeps the object it has: workloads may be that bad. */
    (void)!store_create_text(store, kind, ns, buf_str(body), NULL, &status);
}

static const char *text(const struct workload *workload, uint32_t symbol)
{
    return symbol_text(workload->symbols, symbol);
}

/* Members of a list of requests or of what is allocatable. */
static void add_amounts(struct buf *body, const struct workload *workload,
                        const struct workload_amounts *amounts)
{
    (void)buf_printf(body, "\"cpu\":\"%" PRId64 "m\",\"memory\":\"%" PRId64 "\"",
                     amounts->cpu_milli, amounts->memory_bytes);
    for (uint32_t i = 0; i < amounts->extended_count; i++)
        if (amounts->extended[i].amount > 0)
            (void)buf_printf(body, ",\"%s\":\"%" PRId64 "\"",
                             text(workload, amounts->extended[i].name_sym),
                             amounts->extended[i].amount);
}

static void add_labels(struct buf *body, const struct workload *workload,
                       const struct workload_label *labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        (void)buf_printf(body, "%s\"%s\":\"%s\"", i > 0 ? "," : "",
                         text(workload, labels[i].key_sym), text(workload, labels[i].value_sym));
}

void store_world_create_node(struct store *store, const struct workload *workload, uint32_t node)
{
    const struct workload_node_kind *kind = &workload->node_kinds[workload->nodes[node].kind];
    const char *name = text(workload, workload->nodes[node].name_sym);
    struct buf body CLEANUP(buf_fini);
    buf_init(&body, OBJECT_BYTES);
    (void)buf_printf(&body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"%s\","
                     "\"labels\":{\"kubernetes.io/hostname\":\"%s\"%s",
                     name, name, kind->label_count > 0 ? "," : "");
    add_labels(&body, workload, kind->labels, kind->label_count);
    (void)buf_add_str(&body, "}},\"spec\":{\"taints\":[");
    for (uint32_t i = 0; i < kind->taint_count; i++)
        (void)buf_printf(&body, "%s{\"key\":\"%s\",\"value\":\"%s\",\"effect\":\"NoSchedule\"}",
                         i > 0 ? "," : "", text(workload, kind->taints[i].key_sym),
                         text(workload, kind->taints[i].value_sym));
    (void)buf_printf(&body, "]},\"status\":{\"allocatable\":{\"pods\":\"%" PRId64 "\",",
                     kind->pods);
    add_amounts(&body, workload, &kind->offers);
    (void)buf_add_str(&body, "},\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}");
    create(store, KIND_NODE, STR(""), &body);
}

static void add_pod_labels(struct buf *body, const struct workload *workload,
                           const struct workload_pod_kind *kind)
{
    bool has_app = false;
    int64_t gpus = 0;
    for (uint32_t i = 0; i < kind->label_count; i++)
        has_app = has_app || str_is(symbol_str(workload->symbols, kind->labels[i].key_sym), "app");
    for (uint32_t i = 0; i < kind->asks.extended_count; i++)
        if (str_is(symbol_str(workload->symbols, kind->asks.extended[i].name_sym), REPLAY_GPU))
            gpus = kind->asks.extended[i].amount;
    add_labels(body, workload, kind->labels, kind->label_count);
    if (!has_app)
        (void)buf_printf(body, "%s\"app\":\"c%" PRId64 "-m%" PRId64 "-g%" PRId64 "\"",
                         kind->label_count > 0 ? "," : "", kind->asks.cpu_milli,
                         kind->asks.memory_bytes >> 20, gpus);
}

/* Extended resources are limits too, or the apiserver refuses them. */
static void add_limits(struct buf *body, const struct workload *workload,
                       const struct workload_amounts *asks)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < asks->extended_count; i++) {
        if (asks->extended[i].amount == 0)
            continue;
        (void)buf_printf(body, "%s\"%s\":\"%" PRId64 "\"", count++ > 0 ? "," : "",
                         text(workload, asks->extended[i].name_sym), asks->extended[i].amount);
    }
}

/* spec.nodeSelector and spec.affinity, each behind a comma. */
static void add_node_rules(struct buf *body, const struct workload *workload,
                           const struct workload_pod_kind *from)
{
    if (from->selector_count > 0) {
        (void)buf_add_str(body, ",\"nodeSelector\":{");
        add_labels(body, workload, from->selector, from->selector_count);
        (void)buf_add_str(body, "}");
    }
    if (from->choice_count == 0)
        return;
    (void)buf_printf(body,
                     ",\"affinity\":{\"nodeAffinity\":{"
                     "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{"
                     "\"matchExpressions\":[{\"key\":\"%s\",\"operator\":\"In\",\"values\":[",
                     text(workload, from->choice_key_sym));
    for (uint32_t i = 0; i < from->choice_count; i++)
        (void)buf_printf(body, "%s\"%s\"", i > 0 ? "," : "", text(workload, from->choice_syms[i]));
    (void)buf_add_str(body, "]}]}]}}}");
}

void store_world_create_pod(struct store *store, const struct workload *workload, uint32_t kind,
                            const char *name, bool with_selector)
{
    const struct workload_pod_kind *from = &workload->pod_kinds[kind];
    struct buf body CLEANUP(buf_fini);
    buf_init(&body, OBJECT_BYTES);
    (void)buf_printf(&body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\","
                     "\"namespace\":\"default\",\"labels\":{",
                     name);
    add_pod_labels(&body, workload, from);
    (void)buf_add_str(&body, "}},\"spec\":{\"schedulerName\":\"spillway\"");
    if (from->priority != 0)
        (void)buf_printf(&body, ",\"priority\":%" PRId32, from->priority);
    if (with_selector)
        add_node_rules(&body, workload, from);
    if (from->tolerates_all)
        (void)buf_add_str(&body,
                          ",\"tolerations\":[{\"operator\":\"Exists\",\"effect\":\"NoSchedule\"}]");
    (void)buf_add_str(&body, ",\"containers\":[{\"name\":\"main\",\"image\":\"workload\","
                             "\"resources\":{\"requests\":{");
    add_amounts(&body, workload, &from->asks);
    (void)buf_add_str(&body, "},\"limits\":{");
    add_limits(&body, workload, &from->asks);
    (void)buf_add_str(&body, "}}}]}}");
    create(store, KIND_POD, STR("default"), &body);
}

void store_world_create_policy(struct store *store, const struct workload *workload,
                               uint32_t policy)
{
    struct api_status status;
    struct str json = str_from(workload->policies[policy]);
    CHECK(store_create_text(store, KIND_RESOURCE_POLICY, STR("default"), json, NULL, &status));
}
