#include "bench/trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/trace_fill.h"
#include "bench/trace_openb.h"
#include "bench/trace_reader.h"
#include "bench/trace_v2025.h"
#include "bench/trace_v2026.h"

enum { FOLDERS = 2, NAMES_BYTES = 128 };

struct trace_set {
    const char *name;
    const char *folders[FOLDERS]; /* under --traces: alibaba/clusterdata's, and a plain one */
    /* `part` is what stands behind the set's name and a colon, "" nothing. */
    int (*load)(struct trace_reader *reader, const char *folder, const char *part, struct err *err);
    const char *help;
};

static const struct trace_set sets[] = {
    {"openb",
     {"cluster-trace-gpu-v2023/csv", "alibaba-gpu-v2023"},
     trace_openb_load,
     "  openb[:PODS[:NODES]]  a GPU cluster of 2023\n"
     "      PODS: default, cpu0, cpu037, cpu050, cpu072, cpu100, cpu200, cpu235, cpu250, cpu300,\n"
     "      gpushare20, gpushare40, gpushare60, gpushare80, gpushare100, gpuspec05, gpuspec10,\n"
     "      gpuspec20, gpuspec25, gpuspec33, multigpu20, multigpu30, multigpu40, multigpu50\n"
     "      NODES: all_node, gpu_node\n"},
    {"v2025",
     {"cluster-trace-gpu-v2025", "alibaba-gpu-v2025"},
     trace_v2025_load,
     "  v2025                 inference services on disaggregated GPUs; their nodes are made\n"},
    {"v2026",
     {"cluster-trace-v2026-spot-gpu", "alibaba-v2026-spot-gpu"},
     trace_v2026_load,
     "  v2026, v2026:nodes    GPU jobs of high and spot priority; the nodes without jobs\n"},
};

static const struct trace_set *find_set(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        if (str_is(name, sets[i].name))
            return &sets[i];
    return NULL;
}

static int refuse_set(struct str name, struct err *err)
{
    struct buf known;
    buf_init(&known, NAMES_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        (void)buf_printf(&known, "%s%s",
                         i == 0                     ? ""
                         : i + 1 == ARRAY_LEN(sets) ? " or "
                                                    : ", ",
                         sets[i].name);
    int rc =
        err_set(err, EINVAL, "trace \"" STR_FMT "\": %s is expected", STR_ARG(name), known.data);
    buf_fini(&known);
    return rc;
}

/* The set's folder that is there. */
static int find_folder(const struct trace_set *set, const char *dir, char folder[TRACE_PATH_BYTES],
                       struct err *err)
{
    for (int i = 0; i < FOLDERS; i++) {
        struct stat found;
        int len = snprintf(folder, TRACE_PATH_BYTES, "%s/%s", dir, set->folders[i]);
        if (len < 0 || len >= TRACE_PATH_BYTES)
            return err_set(err, ENAMETOOLONG, "%s: a shorter path is expected", dir);
        if (stat(folder, &found) == 0)
            return 0;
    }
    return err_set(err, ENOENT, "%s: a folder %s or %s is expected there", dir, set->folders[0],
                   set->folders[1]);
}

int trace_load(struct workload *workload, const char *dir, const char *name,
               const struct trace_options *options, struct trace_loaded *ret_loaded,
               struct err *err)
{
    const char *colon = strchr(name, ':');
    struct str set_name = {name, colon ? (size_t)(colon - name) : strlen(name)};
    const struct trace_set *set = find_set(set_name);
    if (!set)
        return refuse_set(set_name, err);
    char folder[TRACE_PATH_BYTES];
    int rc = find_folder(set, dir, folder, err);
    if (rc < 0)
        return rc;
    struct trace_loaded loaded = {0};
    struct trace_reader reader;
    trace_reader_init(&reader, workload, options, &loaded);
    rc = set->load(&reader, folder, colon ? colon + 1 : "", err);
    trace_reader_fini(&reader);
    if (rc < 0)
        return rc;
    workload_sort(workload);
    if (options->fill_percent > 0)
        rc = trace_fill(workload, options->gpu_shares ? TRACE_GPU_CORE : TRACE_WHOLE_GPU,
                        options->fill_percent, options->seed, err);
    if (rc < 0)
        return rc;
    *ret_loaded = loaded;
    return 0;
}

void trace_describe(struct buf *text)
{
    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        (void)buf_add_str(text, sets[i].help);
}

void trace_describe_skipped(const struct trace_skipped *skipped, struct buf *text)
{
    for (unsigned fault = 0; fault < CSV_FAULTS; fault++)
        if (skipped->counts[fault] > 0)
            (void)buf_printf(text, "passed over: %u %s; the first: %s\n", skipped->counts[fault],
                             csv_fault_text((enum csv_fault)fault), skipped->first[fault]);
}
