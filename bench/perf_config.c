#include "bench/perf_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/perf_field.h"
#include "model/base/buf.h"
#include "model/base/mem.h"

/* What is known of it but not played: it needs more than objects at an apiserver. */
static const char *const unsupported[] = {
    "createPodGroups",        "allocResourceClaims",   "updateAny",
    "startCollectingProfile", "stopCollectingProfile", "createResourceDriver"};

const char *perf_opcode_name(enum perf_opcode opcode)
{
    static const char *const names[] = {
#define X(id, name) [PERF_##id] = (name),
        PERF_OPCODE_MAP(X)
#undef X
    };
    CHECK(opcode < PERF_OPCODES);
    return names[opcode];
}

/* ---- steps ---- */

static int read_opcode(const struct perf_reader *reader, const struct perf_at *at,
                       const json_t *json, enum perf_opcode *ret_opcode, struct err *err)
{
    const char *name = json_string_value(json_object_get(json, "opcode"));
    if (!name)
        return perf_doc_fail(reader->doc, at, err, "a step needs an opcode, which is a text");
    for (enum perf_opcode i = 0; i < PERF_OPCODES; i++) {
        if (strcmp(name, perf_opcode_name(i)) == 0) {
            *ret_opcode = i;
            return 0;
        }
    }
    struct perf_at where = perf_at_key(at, "opcode");
    for (size_t i = 0; i < ARRAY_LEN(unsupported); i++)
        if (strcmp(name, unsupported[i]) == 0)
            return perf_doc_fail(reader->doc, &where, err, "opcode %s is not supported", name);
    return perf_doc_fail(reader->doc, &where, err, "unknown opcode \"%.60s\"", name);
}

static void op_fini(struct perf_op *op)
{
    json_decref(op->params);
    for (uint32_t i = 0; i < op->template_count; i++) {
        free(op->templates[i].path);
        free(op->templates[i].text);
    }
    free(op->owned_namespace);
    *op = (struct perf_op){0};
}

/* What a step needs beside fields that are right in themselves. */
static const char *find_fault(const struct perf_op *op)
{
    switch (op->opcode) {
    case PERF_CREATE_NODES:
    case PERF_CREATE_NAMESPACES:
    case PERF_CREATE_POD_SETS:
        if (op->opcode != PERF_CREATE_NODES && !op->prefix)
            return op->opcode == PERF_CREATE_NAMESPACES ? "prefix is missing"
                                                        : "namespacePrefix is missing";
        return op->has_count ? NULL : "count or countParam is missing";
    case PERF_CREATE_PODS:
        if (op->collects && op->skips_wait)
            return "collectMetrics and skipWaitToCompletion exclude each other";
        if (op->count * op->multiplier > PERF_COUNT_MAX)
            return "too many pods";
        return op->has_count ? NULL : "count or countParam is missing";
    case PERF_DELETE_PODS:
        return op->namespace ? NULL : "namespace is missing";
    case PERF_CHURN:
        if (op->template_count == 0)
            return "templatePaths is missing";
        if (op->recreates && op->number == 0)
            return "mode recreate needs a number";
        return op->interval_ms > 0 ? NULL : "intervalMilliseconds must be positive";
    case PERF_CREATE_ANY:
        return op->template_count > 0 ? NULL : "templatePath is missing";
    case PERF_START_COLLECTING:
        return json_array_size(op->namespaces) > 0 ? NULL : "namespaces are missing";
    case PERF_BARRIER:
    case PERF_SLEEP:
    case PERF_STOP_COLLECTING:
    case PERF_OPCODES:
        break;
    }
    return NULL;
}

static int read_op(const struct perf_reader *reader, const struct perf_at *at, const json_t *json,
                   struct perf_op *op, struct err *err)
{
    *op = (struct perf_op){.count = 1, .multiplier = 1, .signature_batch = 1, .interval_ms = 500};
    if (!json_is_object(json))
        return perf_doc_fail(reader->doc, at, err, "a step is a map");
    int rc = read_opcode(reader, at, json, &op->opcode, err);
    if (rc < 0)
        return rc;
    op->line = perf_doc_line(reader->doc, at);
    op->params = json_object();
    rc = perf_fields_read(reader, at, json, op, err);
    const char *fault = rc == 0 ? find_fault(op) : NULL;
    return fault
               ? perf_doc_fail(reader->doc, at, err, "%s: %s", perf_opcode_name(op->opcode), fault)
               : rc;
}

static int add_op(struct perf_workload *workload, const struct perf_at *at,
                  const struct perf_op *owned_op, struct err *err)
{
    if (workload->op_count == PERF_OPS_MAX) {
        struct perf_op op = *owned_op;
        op_fini(&op);
        return perf_doc_fail(&workload->doc, at, err, "more than %d steps", PERF_OPS_MAX);
    }
    workload->ops = mem_resize(workload->ops, workload->op_count + 1, sizeof(*workload->ops));
    workload->ops[workload->op_count++] = *owned_op;
    return 0;
}

/* Number `i` of a set: the same step in a namespace of its own. Read anew: it owns what it has. */
static int add_set_member(const struct perf_reader *reader, const struct perf_at *at,
                          const json_t *json, const struct perf_op *set, int64_t i,
                          struct perf_workload *workload, struct err *err)
{
    struct perf_at inner = perf_at_key(at, "createPodsOp");
    struct perf_op op;
    int rc = read_op(reader, &inner, json_object_get(json, "createPodsOp"), &op, err);
    if (rc == 0 && op.opcode != PERF_CREATE_PODS)
        rc = perf_doc_fail(reader->doc, &inner, err, "createPodsOp is a createPods");
    if (rc < 0) {
        op_fini(&op);
        return rc;
    }
    struct buf name;
    buf_init(&name, 256);
    (void)buf_printf(&name, "%s-%lld", set->prefix, (long long)i);
    op.owned_namespace = buf_overflowed(&name) ? mem_strdup("") : buf_take(&name);
    buf_fini(&name);
    op.namespace = op.owned_namespace;
    return add_op(workload, at, &op, err);
}

static int add_step(const struct perf_reader *reader, const struct perf_at *at, const json_t *json,
                    struct perf_workload *workload, struct err *err)
{
    struct perf_op op;
    int rc = read_op(reader, at, json, &op, err);
    if (rc < 0) {
        op_fini(&op);
        return rc;
    }
    if (op.opcode != PERF_CREATE_POD_SETS)
        return add_op(workload, at, &op, err);
    for (int64_t i = 0; rc == 0 && i < op.count; i++)
        rc = add_set_member(reader, at, json, &op, i, workload, err);
    op_fini(&op);
    return rc;
}

/* ---- the case and the workload ---- */

/* The element of `list` with that name; NULL name: the only one. */
static int find_named(const struct perf_doc *doc, const struct perf_at *at, const json_t *list,
                      const char *what, const char *name, size_t *ret_index, struct err *err)
{
    size_t count = json_array_size(list);
    if (count == 0)
        return perf_doc_fail(doc, at, err, "a list of %ss is expected", what);
    for (size_t i = 0; i < count; i++) {
        const char *have = json_string_value(json_object_get(json_array_get(list, i), "name"));
        struct perf_at where = perf_at_index(at, i);
        if (!have)
            return perf_doc_fail(doc, &where, err, "a %s needs a name", what);
        if (name ? strcmp(have, name) == 0 : count == 1) {
            *ret_index = i;
            return 0;
        }
    }
    if (!name)
        return perf_doc_fail(doc, at, err, "there are %zu %ss: say which", count, what);
    return perf_doc_fail(doc, at, err, "there is no %s \"%.60s\"", what, name);
}

static int check_keys(const struct perf_doc *doc, const struct perf_at *at, const json_t *object,
                      const char *const *known, struct err *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const char *const *at_known = known;
        while (*at_known && strcmp(*at_known, key) != 0)
            at_known++;
        struct perf_at where = perf_at_key(at, key);
        if (!*at_known)
            return perf_doc_fail(doc, &where, err, "unknown field \"%.60s\"", key);
    }
    return 0;
}

static int read_workload(struct perf_workload *workload, const char *case_name, const char *name,
                         struct err *err)
{
    static const char *const case_keys[] = {"name",
                                            "featureGates",
                                            "metricsCollectorConfig",
                                            "workloadTemplate",
                                            "workloads",
                                            "schedulerConfigPath",
                                            "defaultPodTemplatePath",
                                            "labels",
                                            "defaultThresholdMetricSelector",
                                            NULL};
    static const char *const workload_keys[] = {
        "name", "params", "labels", "threshold", "thresholdMetricSelector", "featureGates", NULL};
    struct perf_doc *doc = &workload->doc;
    struct perf_at root = {0};
    size_t case_index, index;
    int rc = find_named(doc, &root, doc->root, "test case", case_name, &case_index, err);
    if (rc < 0)
        return rc;
    const json_t *test = json_array_get(doc->root, case_index);
    struct perf_at at = perf_at_index(&root, case_index);
    struct perf_at workloads_at = perf_at_key(&at, "workloads");
    const json_t *workloads = json_object_get(test, "workloads");
    rc = check_keys(doc, &at, test, case_keys, err);
    if (rc == 0)
        rc = find_named(doc, &workloads_at, workloads, "workload", name, &index, err);
    if (rc < 0)
        return rc;
    const json_t *chosen = json_array_get(workloads, index);
    struct perf_at chosen_at = perf_at_index(&workloads_at, index);
    rc = check_keys(doc, &chosen_at, chosen, workload_keys, err);
    if (rc < 0)
        return rc;
    workload->case_name = json_string_value(json_object_get(test, "name"));
    workload->name = json_string_value(json_object_get(chosen, "name"));
    workload->has_feature_gates =
        json_object_get(test, "featureGates") || json_object_get(chosen, "featureGates");
    workload->has_scheduler_config = json_object_get(test, "schedulerConfigPath") != NULL;
    const struct perf_reader reader = {
        .doc = doc,
        .params = json_object_get(chosen, "params"),
        .default_pod_path = json_string_value(json_object_get(test, "defaultPodTemplatePath")),
    };
    const json_t *steps = json_object_get(test, "workloadTemplate");
    struct perf_at steps_at = perf_at_key(&at, "workloadTemplate");
    if (json_array_size(steps) == 0)
        return perf_doc_fail(doc, &steps_at, err, "workloadTemplate is a list of steps");
    for (size_t i = 0; rc == 0 && i < json_array_size(steps); i++) {
        struct perf_at step_at = perf_at_index(&steps_at, i);
        rc = add_step(&reader, &step_at, json_array_get(steps, i), workload, err);
    }
    return rc;
}

int perf_workload_load(struct perf_workload *workload, const char *path, const char *case_name,
                       const char *name, struct err *err)
{
    *workload = (struct perf_workload){0};
    int rc = perf_doc_load(&workload->doc, path, err);
    if (rc == 0)
        rc = read_workload(workload, case_name, name, err);
    if (rc < 0)
        perf_workload_fini(workload);
    return rc;
}

void perf_workload_fini(struct perf_workload *workload)
{
    for (uint32_t i = 0; i < workload->op_count; i++)
        op_fini(&workload->ops[i]);
    free(workload->ops);
    perf_doc_fini(&workload->doc);
    *workload = (struct perf_workload){0};
}

int perf_workload_list(const char *path, struct buf *out, struct err *err)
{
    struct perf_doc doc;
    int rc = perf_doc_load(&doc, path, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < json_array_size(doc.root); i++) {
        const json_t *test = json_array_get(doc.root, i);
        const json_t *workloads = json_object_get(test, "workloads");
        for (size_t j = 0; j < json_array_size(workloads); j++) {
            const char *name = json_string_value(json_object_get(test, "name"));
            const char *own =
                json_string_value(json_object_get(json_array_get(workloads, j), "name"));
            (void)buf_printf(out, "%s/%s\n", name ? name : "?", own ? own : "?");
        }
    }
    perf_doc_fini(&doc);
    return 0;
}
