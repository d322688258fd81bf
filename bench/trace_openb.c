#include "bench/trace_openb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIB = 1 << 20,
    MEMORY_MIB_MAX = TRACE_MEMORY_GIB_MAX * 1024,
    GPU_MILLI = 1000,
    ROW_MS = 1000, /* between rows of lists without times */
    FILE_BYTES = 128,
};

static const struct csv_number cpu_milli = {0, TRACE_CORES_MAX * 1000, 0};
static const struct csv_number memory_mib = {0, MEMORY_MIB_MAX, MIB};
static const struct csv_number gpus = {0, TRACE_GPUS_MAX, 0};

/* ---- nodes ---- */

enum { NODE_NAME, NODE_CPU, NODE_MEMORY, NODE_GPUS, NODE_MODEL };

static const struct csv_column node_columns[] = {
    [NODE_NAME] = {"sn", false},           [NODE_CPU] = {"cpu_milli", false},
    [NODE_MEMORY] = {"memory_mib", false}, [NODE_GPUS] = {"gpu", false},
    [NODE_MODEL] = {"model", false},
};

static int read_node(struct trace_reader *reader, struct err *err)
{
    struct workload_node_kind kind = {.pods = TRACE_NODE_PODS};
    uint32_t name, model;
    int64_t count = 0;
    int rc = trace_read_name(reader, NODE_NAME, "", &name, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, NODE_CPU, &cpu_milli, &kind.offers.cpu_milli, err);
    if (rc == 0)
        rc =
            csv_read_number(&reader->csv, NODE_MEMORY, &memory_mib, &kind.offers.memory_bytes, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, NODE_GPUS, &gpus, &count, err);
    if (rc == 0)
        rc = trace_add_gpus(reader, &kind.offers, count * GPU_MILLI, err);
    if (rc == 0)
        rc = trace_read_word(reader, NODE_MODEL, &model, err);
    if (rc == 0 && model != SYM_EMPTY)
        rc = trace_add_label(reader, kind.labels, &kind.label_count, TRACE_GPU_MODEL, model, err);
    return rc < 0 ? rc : trace_add_node(reader, &kind, name, err);
}

static const struct trace_file node_file = {node_columns, ARRAY_LEN(node_columns), read_node};

/* ---- pods ---- */

enum {
    POD_NAME,
    POD_CPU,
    POD_MEMORY,
    POD_GPUS,
    POD_GPU_MILLI,
    POD_MODELS,
    POD_PHASE,
    POD_CREATED,
    POD_SCHEDULED,
    POD_DELETED,
};

static const struct csv_column pod_columns[] = {
    [POD_NAME] = {"name", false},
    [POD_CPU] = {"cpu_milli", false},
    [POD_MEMORY] = {"memory_mib", false},
    [POD_GPUS] = {"num_gpu", false},
    [POD_GPU_MILLI] = {"gpu_milli", false},
    [POD_MODELS] = {"gpu_spec", true},
    [POD_PHASE] = {"pod_phase", true},
    [POD_CREATED] = {"creation_time", true},
    [POD_SCHEDULED] = {"scheduled_time", true},
    [POD_DELETED] = {"deletion_time", true},
};

/* gpu_milli is of each GPU: a part of one, or whole ones. */
static int read_gpus(struct trace_reader *reader, struct workload_amounts *asks, struct err *err)
{
    int64_t count, each;
    int rc = csv_read_number(&reader->csv, POD_GPUS, &gpus, &count, err);
    if (rc < 0)
        return rc;
    struct csv_number wanted = {GPU_MILLI, GPU_MILLI, 0};
    if (count == 0)
        wanted.min = wanted.max = 0;
    else if (count == 1)
        wanted.min = 1;
    rc = csv_read_number(&reader->csv, POD_GPU_MILLI, &wanted, &each, err);
    return rc < 0 ? rc : trace_add_gpus(reader, asks, count * each, err);
}

/* The models between the '|', each once; how many, or negative. */
static int split_models(struct trace_reader *reader, struct str models[WORKLOAD_CHOICE_MAX],
                        struct err *err)
{
    struct str rest = csv_field(&reader->csv, POD_MODELS);
    int count = 0;
    for (;;) {
        const char *bar = memchr(rest.ptr, '|', rest.len);
        struct str model = {rest.ptr, bar ? (size_t)(bar - rest.ptr) : rest.len};
        bool known = false;
        for (int i = 0; i < count; i++)
            known = known || str_equal(models[i], model);
        if (model.len == 0 || !trace_is_word(model) || (!known && count == WORKLOAD_CHOICE_MAX))
            return csv_refuse(&reader->csv, CSV_NAME, POD_MODELS,
                              "a list of at most 8 GPU models with '|' between", err);
        if (!known)
            models[count++] = model;
        if (!bar)
            return count;
        rest = (struct str){bar + 1, rest.len - model.len - 1};
    }
}

static int read_models(struct trace_reader *reader, struct workload_pod_kind *kind, struct err *err)
{
    struct str models[WORKLOAD_CHOICE_MAX];
    if (csv_is_missing(&reader->csv, POD_MODELS))
        return 0;
    int count = split_models(reader, models, err);
    int rc =
        count < 0 ? count : trace_intern(reader, STR(TRACE_GPU_MODEL), &kind->choice_key_sym, err);
    for (int i = 0; i < count && rc == 0; i++)
        rc = trace_intern(reader, models[i], &kind->choice_syms[i], err);
    if (rc < 0)
        return rc;
    if (count == 1)
        return trace_add_label(reader, kind->selector, &kind->selector_count, TRACE_GPU_MODEL,
                               kind->choice_syms[0], err);
    kind->choice_count = (uint32_t)count;
    qsort(kind->choice_syms, kind->choice_count, sizeof(*kind->choice_syms), symbol_compare);
    return 0;
}

/* Succeeded and Failed end by themselves. A list without phases: none does. */
static int read_phase(struct trace_reader *reader, bool *ret_ends, struct err *err)
{
    struct str phase = csv_field(&reader->csv, POD_PHASE);
    *ret_ends = str_is(phase, "Succeeded") || str_is(phase, "Failed");
    if (*ret_ends || str_is(phase, "Running") || str_is(phase, "Pending") ||
        !csv_has(&reader->csv, POD_PHASE))
        return 0;
    return csv_refuse(&reader->csv, CSV_NAME, POD_PHASE, "Running, Pending, Succeeded or Failed",
                      err);
}

static int read_times(struct trace_reader *reader, struct workload_pod *pod, struct err *err)
{
    struct csv *csv = &reader->csv;
    bool ends;
    int64_t created = 0, scheduled, deleted;
    if (!csv_has(csv, POD_CREATED)) /* by its row, whatever rows were passed over */
        created = (int64_t)(csv->line - 2) * ROW_MS;
    else if (csv_is_missing(csv, POD_CREATED))
        return csv_refuse(csv, CSV_NUMBER, POD_CREATED, "a time in seconds", err);
    int rc = read_phase(reader, &ends, err);
    if (rc == 0)
        rc = trace_read_time(reader, POD_CREATED, created, &created, err);
    if (rc == 0)
        rc = trace_read_time(reader, POD_SCHEDULED, INT64_MAX, &scheduled, err);
    if (rc == 0)
        rc = trace_read_time(reader, POD_DELETED, INT64_MAX, &deleted, err);
    if (rc < 0)
        return rc;
    if (deleted < created)
        return csv_refuse(csv, CSV_TIMES, POD_DELETED, "a time not before creation_time", err);
    if (scheduled < created)
        return csv_refuse(csv, CSV_TIMES, POD_SCHEDULED, "a time not before creation_time", err);
    if (scheduled != INT64_MAX && scheduled > deleted)
        return csv_refuse(csv, CSV_TIMES, POD_SCHEDULED, "a time not behind deletion_time", err);
    if (ends && scheduled == INT64_MAX)
        return csv_refuse(csv, CSV_TIMES, POD_SCHEDULED, "a time, as the pod ended by itself", err);
    *pod = (struct workload_pod){.created_ms = created, .runs_ms = INT64_MAX, .gone_ms = deleted};
    if (ends && deleted != INT64_MAX) {
        pod->runs_ms = deleted - scheduled;
        pod->gone_ms = INT64_MAX;
    }
    return 0;
}

static int read_pod(struct trace_reader *reader, struct err *err)
{
    struct workload_pod_kind kind = {0};
    struct workload_pod pod;
    uint32_t name;
    int rc = trace_read_name(reader, POD_NAME, "", &name, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, POD_CPU, &cpu_milli, &kind.asks.cpu_milli, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, POD_MEMORY, &memory_mib, &kind.asks.memory_bytes, err);
    if (rc == 0)
        rc = read_gpus(reader, &kind.asks, err);
    if (rc == 0)
        rc = read_models(reader, &kind, err);
    if (rc == 0)
        rc = read_times(reader, &pod, err);
    if (rc < 0)
        return rc;
    pod.name_sym = name;
    return trace_add_pod(reader, &kind, &pod, err);
}

static const struct trace_file pod_file = {pod_columns, ARRAY_LEN(pod_columns), read_pod};

/* ---- the set ---- */

/* "openb_pod_list_" PART ".csv"; only words, so that no path can be made of it. */
static int list_name(char file[FILE_BYTES], const char *list, struct str part, struct err *err)
{
    if (part.len == 0 || !trace_is_word(part))
        return err_set(err, EINVAL,
                       "trace openb: a list \"" STR_FMT "\": a name as in --help is expected",
                       STR_ARG(part));
    (void)snprintf(file, FILE_BYTES, "openb_%s_list_%.*s.csv", list, (int)part.len, part.ptr);
    return 0;
}

int trace_openb_load(struct trace_reader *reader, const char *folder, const char *part,
                     struct err *err)
{
    char nodes[FILE_BYTES], pods[FILE_BYTES];
    const char *colon = strchr(part, ':');
    struct str pod_part = {part, colon ? (size_t)(colon - part) : strlen(part)};
    struct str node_part = colon ? str_from(colon + 1) : STR("all_node");
    int rc = list_name(nodes, "node", node_part, err);
    if (rc == 0)
        rc = list_name(pods, "pod", *part ? pod_part : STR("default"), err);
    if (rc == 0)
        rc = trace_read_file(reader, &node_file, folder, nodes, err);
    return rc < 0 ? rc : trace_read_file(reader, &pod_file, folder, pods, err);
}
