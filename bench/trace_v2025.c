#include "bench/trace_v2025.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"

enum { MILLI = 1000, GIB = 1 << 30, RDMA_MAX = 800, ROLES = 2, NODE_NAME_BYTES = 32 };

/* What is made for each role, and why: see the header. */
static const struct role {
    const char *name; /* as in the file */
    const char *node_prefix;
    int64_t cores, memory_gib, gpus, rdma;
} roles[ROLES] = {
    {"CN", "cn", 192, 1024, 0, 200},
    {"HN", "hn", 128, 1024, 8, 400},
};

/* ---- pods ---- */

enum { NAME, ROLE, APP, CPU, GPU, RDMA, MEMORY, CREATED, DELETED };

static const struct csv_column columns[] = {
    [NAME] = {"instance_sn", false},      [ROLE] = {"role", false},
    [APP] = {"app_name", false},          [CPU] = {"cpu_request", false},
    [GPU] = {"gpu_request", false},       [RDMA] = {"rdma_request", false},
    [MEMORY] = {"memory_request", false}, [CREATED] = {"creation_time", false},
    [DELETED] = {"deletion_time", false},
};

static int read_asks(struct trace_reader *reader, struct workload_amounts *asks, struct err *err)
{
    static const struct csv_number cores = {0, TRACE_CORES_MAX, MILLI};
    static const struct csv_number memory_gib = {0, TRACE_MEMORY_GIB_MAX, GIB};
    static const struct csv_number gpus = {0, TRACE_GPUS_MAX, MILLI};
    static const struct csv_number rdma = {0, RDMA_MAX, 0};
    int64_t gpu_milli = 0, rdma_percent = 0;
    int rc = csv_read_number(&reader->csv, CPU, &cores, &asks->cpu_milli, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, MEMORY, &memory_gib, &asks->memory_bytes, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, GPU, &gpus, &gpu_milli, err);
    if (rc == 0)
        rc = trace_add_gpus(reader, asks, gpu_milli, err);
    if (rc == 0)
        rc = csv_read_number(&reader->csv, RDMA, &rdma, &rdma_percent, err);
    if (rc == 0 && rdma_percent > 0)
        rc = trace_add_extended(reader, asks, TRACE_RDMA, rdma_percent, err);
    return rc;
}

static int read_labels(struct trace_reader *reader, struct workload_pod_kind *kind, struct err *err)
{
    struct str role = csv_field(&reader->csv, ROLE);
    uint32_t role_sym = SYM_EMPTY, app = SYM_EMPTY;
    if (!str_is(role, roles[0].name) && !str_is(role, roles[1].name))
        return csv_refuse(&reader->csv, CSV_NAME, ROLE, "CN or HN", err);
    int rc = trace_intern(reader, role, &role_sym, err);
    if (rc == 0)
        rc = trace_add_label(reader, kind->selector, &kind->selector_count, TRACE_ROLE, role_sym,
                             err);
    if (rc == 0)
        rc = trace_read_word(reader, APP, &app, err);
    if (rc == 0 && app != SYM_EMPTY)
        rc = trace_add_label(reader, kind->labels, &kind->label_count, "app", app, err);
    return rc;
}

static int read_row(struct trace_reader *reader, struct err *err)
{
    struct workload_pod_kind kind = {0};
    struct workload_pod pod = {.runs_ms = INT64_MAX};
    int rc = trace_read_name(reader, NAME, "", &pod.name_sym, err);
    if (rc == 0)
        rc = read_labels(reader, &kind, err);
    if (rc == 0)
        rc = read_asks(reader, &kind.asks, err);
    if (rc == 0)
        rc = trace_read_time(reader, CREATED, 0, &pod.created_ms, err);
    if (rc == 0)
        rc = trace_read_time(reader, DELETED, INT64_MAX, &pod.gone_ms, err);
    if (rc == 0 && pod.gone_ms < pod.created_ms)
        rc = csv_refuse(&reader->csv, CSV_TIMES, DELETED, "a time not before creation_time", err);
    return rc < 0 ? rc : trace_add_pod(reader, &kind, &pod, err);
}

static const struct trace_file file = {columns, ARRAY_LEN(columns), read_row};

/* ---- nodes ---- */

struct moment {
    int64_t at_ms;
    uint32_t pod_kind;
    bool comes;
};

/* Who goes makes room for who comes at the same time. */
static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->comes - y->comes;
}

/* When the pods of a role come and go, in order; yours. */
static struct moment *list_moments(const struct workload *workload, uint32_t role_sym,
                                   size_t *ret_count)
{
    struct moment *moments = mem_zalloc((size_t)workload->pod_count * 2, sizeof(*moments));
    size_t count = 0;
    for (uint32_t i = 0; i < workload->pod_count; i++) {
        const struct workload_pod *pod = &workload->pods[i];
        if (workload->pod_kinds[pod->kind].selector[0].value_sym != role_sym)
            continue;
        moments[count++] = (struct moment){pod->created_ms, pod->kind, true};
        if (pod->gone_ms != INT64_MAX)
            moments[count++] = (struct moment){pod->gone_ms, pod->kind, false};
    }
    qsort(moments, count, sizeof(*moments), compare_moments);
    *ret_count = count;
    return moments;
}

enum { CORES, BYTES, EXTENDED, AMOUNTS = EXTENDED + WORKLOAD_EXTENDED_MAX };

/* Amounts in the order of what the node offers. */
static void spread_amounts(const struct workload_amounts *amounts,
                           const struct workload_amounts *offers, int64_t ret_spread[AMOUNTS])
{
    for (int i = 0; i < AMOUNTS; i++)
        ret_spread[i] = 0;
    ret_spread[CORES] = amounts->cpu_milli;
    ret_spread[BYTES] = amounts->memory_bytes;
    for (uint32_t i = 0; i < offers->extended_count; i++)
        for (uint32_t j = 0; j < amounts->extended_count; j++)
            if (amounts->extended[j].name_sym == offers->extended[i].name_sym)
                ret_spread[EXTENDED + i] = amounts->extended[j].amount;
}

/* How many nodes hold what is asked for at any moment, resource by resource. */
static int64_t count_nodes(const struct workload *workload, const struct moment *moments,
                           size_t count, const struct workload_amounts *offers)
{
    int64_t offered[AMOUNTS], asked[AMOUNTS], now[AMOUNTS] = {0};
    int64_t nodes = 0;
    spread_amounts(offers, offers, offered);
    for (size_t i = 0; i < count; i++) {
        spread_amounts(&workload->pod_kinds[moments[i].pod_kind].asks, offers, asked);
        for (int j = 0; j < AMOUNTS; j++) {
            now[j] += moments[i].comes ? asked[j] : -asked[j];
            if (offered[j] > 0 && (now[j] + offered[j] - 1) / offered[j] > nodes)
                nodes = (now[j] + offered[j] - 1) / offered[j];
        }
    }
    return nodes;
}

static int describe_node(struct trace_reader *reader, const struct role *role,
                         struct workload_node_kind *kind, uint32_t *ret_role_sym, struct err *err)
{
    *kind = (struct workload_node_kind){
        .pods = TRACE_NODE_PODS,
        .offers = {.cpu_milli = role->cores * MILLI, .memory_bytes = role->memory_gib * GIB}};
    int rc = trace_intern(reader, str_from(role->name), ret_role_sym, err);
    if (rc == 0)
        rc = trace_add_label(reader, kind->labels, &kind->label_count, TRACE_ROLE, *ret_role_sym,
                             err);
    if (rc == 0)
        rc = trace_add_gpus(reader, &kind->offers, role->gpus * MILLI, err);
    if (rc == 0)
        rc = trace_add_extended(reader, &kind->offers, TRACE_RDMA, role->rdma, err);
    return rc;
}

static int make_nodes(struct trace_reader *reader, const struct role *role, struct err *err)
{
    struct workload_node_kind kind;
    uint32_t role_sym;
    int rc = describe_node(reader, role, &kind, &role_sym, err);
    if (rc < 0)
        return rc;
    size_t moment_count;
    struct moment *moments = list_moments(reader->workload, role_sym, &moment_count);
    int64_t count = count_nodes(reader->workload, moments, moment_count, &kind.offers);
    free(moments);
    count = (count * (100 + reader->options->spare_percent) + 99) / 100;
    if (count > WORKLOAD_NODES_MAX - reader->workload->node_count)
        return err_set(err, EFBIG, "trace v2025: more than %d nodes would have to be made",
                       WORKLOAD_NODES_MAX);
    for (int64_t i = 0; i < count && rc == 0; i++) {
        char name[NODE_NAME_BYTES];
        uint32_t name_sym;
        (void)snprintf(name, sizeof(name), "%s-%06d", role->node_prefix, (int)i);
        rc = trace_intern(reader, str_from(name), &name_sym, err);
        if (rc == 0)
            rc = trace_add_node(reader, &kind, name_sym, err);
    }
    return rc;
}

/* ---- the set ---- */

int trace_v2025_load(struct trace_reader *reader, const char *folder, const char *part,
                     struct err *err)
{
    if (*part)
        return err_set(err, EINVAL, "trace v2025: \"%s\": nothing is expected behind it", part);
    int rc = trace_read_file(reader, &file, folder, "disaggregated_DLRM_trace.csv", err);
    for (int i = 0; i < ROLES && rc == 0; i++)
        rc = make_nodes(reader, &roles[i], err);
    return rc;
}
