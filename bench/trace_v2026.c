#include "bench/trace_v2026.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MILLI = 1000, POD_NAME_BYTES = TRACE_NAME_BYTES + 16 };

#define JOBS_FILE "job_info_df.csv"

static const struct csv_number cores = {0, TRACE_CORES_MAX, MILLI};

/* ---- nodes ---- */

enum { NODE_NAME, NODE_MODEL, NODE_GPUS, NODE_CPU };

static const struct csv_column node_columns[] = {
    [NODE_NAME] = {"node_name", false},
    [NODE_MODEL] = {"gpu_model", false},
    [NODE_GPUS] = {"gpu_capacity_num", false},
    [NODE_CPU] = {"cpu_num", false},
};

static int read_node(struct trace_reader *reader, struct err *err)
{
    static const struct csv_number gpus = {0, TRACE_GPUS_MAX, 0};
    struct workload_node_kind kind = {.pods = TRACE_NODE_PODS};
    uint32_t name, model = SYM_EMPTY;
    int64_t count = 0;
    int rc = trace_read_name(reader, NODE_NAME, "node-", &name, err);
    if (rc == 0)
        rc = trace_read_word(reader, NODE_MODEL, &model, err);
    if (rc == 0 && model != SYM_EMPTY)
        rc = trace_add_label(reader, kind.labels, &kind.label_count, TRACE_GPU_MODEL, model, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, NODE_GPUS, &gpus, &count, err);
    if (rc == 0)
        rc = trace_add_gpus(reader, &kind.offers, count * MILLI, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, NODE_CPU, &cores, &kind.offers.cpu_milli, err);
    return rc < 0 ? rc : trace_add_node(reader, &kind, name, err);
}

static const struct trace_file node_file = {node_columns, ARRAY_LEN(node_columns), read_node};

/* ---- jobs ---- */

enum { JOB_NAME, JOB_MODEL, JOB_CPU, JOB_GPUS, JOB_WORKERS, JOB_SUBMITTED, JOB_DURATION, JOB_TYPE };

static const struct csv_column job_columns[] = {
    [JOB_NAME] = {"job_name", false},      [JOB_MODEL] = {"gpu_model", false},
    [JOB_CPU] = {"cpu_request", false},    [JOB_GPUS] = {"gpu_request", false},
    [JOB_WORKERS] = {"worker_num", false}, [JOB_SUBMITTED] = {"submit_time", false},
    [JOB_DURATION] = {"duration", false},  [JOB_TYPE] = {"job_type", false},
};

static int read_asks(struct trace_reader *reader, struct workload_pod_kind *kind, struct err *err)
{
    static const struct csv_number gpus = {0, TRACE_GPUS_MAX, MILLI};
    uint32_t model = SYM_EMPTY;
    int64_t gpu_milli = 0;
    int rc = csv_read_number(&reader->csv, JOB_CPU, &cores, &kind->asks.cpu_milli, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, JOB_GPUS, &gpus, &gpu_milli, err);
    if (rc == 0)
        rc = trace_add_gpus(reader, &kind->asks, gpu_milli, err);
    if (rc == 0)
        rc = trace_read_word(reader, JOB_MODEL, &model, err);
    if (rc == 0 && model != SYM_EMPTY)
        rc = trace_add_label(reader, kind->selector, &kind->selector_count, TRACE_GPU_MODEL, model,
                             err);
    return rc;
}

static int read_type(struct trace_reader *reader, struct workload_pod_kind *kind, struct err *err)
{
    struct str type = csv_field(&reader->csv, JOB_TYPE);
    uint32_t type_sym;
    if (!str_is(type, "HP") && !str_is(type, "Spot"))
        return csv_refuse(&reader->csv, CSV_NAME, JOB_TYPE, "HP or Spot", err);
    kind->priority = str_is(type, "HP") ? TRACE_PRIORITY_HP : 0;
    int rc = trace_intern(reader, type, &type_sym, err);
    return rc < 0 ? rc
                  : trace_add_label(reader, kind->labels, &kind->label_count, "job-type", type_sym,
                                    err);
}

/* Both have to be there. */
static int read_times(struct trace_reader *reader, struct workload_pod *pod, struct err *err)
{
    static const uint32_t times[] = {JOB_SUBMITTED, JOB_DURATION};
    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        if (csv_is_missing(&reader->csv, times[i]))
            return csv_refuse(&reader->csv, CSV_NUMBER, times[i], "a time in seconds", err);
    int rc = trace_read_time(reader, JOB_SUBMITTED, 0, &pod->created_ms, err);
    return rc < 0 ? rc : trace_read_time(reader, JOB_DURATION, 0, &pod->runs_ms, err);
}

static int add_workers(struct trace_reader *reader, const struct workload_pod_kind *kind,
                       struct workload_pod *pod, int64_t workers, struct err *err)
{
    uint32_t job_sym = pod->name_sym;
    int rc = 0;
    for (int64_t i = 0; i < workers && rc == 0; i++) {
        char name[POD_NAME_BYTES];
        (void)snprintf(name, sizeof(name), "%s-%d", symbol_text(reader->workload->symbols, job_sym),
                       (int)i);
        rc = trace_intern(reader, str_from(name), &pod->name_sym, err);
        if (rc == 0)
            rc = trace_add_pod(reader, kind, pod, err);
    }
    return rc;
}

static int read_job(struct trace_reader *reader, struct err *err)
{
    static const struct csv_number workers = {1, TRACE_WORKERS_MAX, 0};
    struct workload_pod_kind kind = {0};
    struct workload_pod pod = {.gone_ms = INT64_MAX};
    int64_t count = 0;
    int rc = trace_read_name(reader, JOB_NAME, "job-", &pod.name_sym, err);
    if (rc == 0)
        rc = read_asks(reader, &kind, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, JOB_WORKERS, &workers, &count, err);
    if (rc == 0)
        rc = read_type(reader, &kind, err);
    if (rc == 0)
        rc = read_times(reader, &pod, err);
    return rc < 0 ? rc : add_workers(reader, &kind, &pod, count, err);
}

static const struct trace_file job_file = {job_columns, ARRAY_LEN(job_columns), read_job};

/* ---- the set ---- */

int trace_v2026_load(struct trace_reader *reader, const char *folder, const char *part,
                     struct err *err)
{
    bool nodes_only = strcmp(part, "nodes") == 0;
    if (*part && !nodes_only)
        return err_set(err, EINVAL, "trace v2026: \"%s\": \"nodes\" or nothing is expected", part);
    int rc = trace_read_file(reader, &node_file, folder, "node_info_df.csv", err);
    if (rc < 0 || nodes_only)
        return rc;
    rc = trace_read_file(reader, &job_file, folder, JOBS_FILE, err);
    if (rc == -ENOENT)
        return err_set(err, ENOENT,
                       "%s/" JOBS_FILE ": no such file; the jobs are in the repository that the "
                       "nodes are from; \"v2026:nodes\" reads the nodes alone",
                       folder);
    return rc;
}
