/*
 * What a trace holds once it is read, before anything is played: the figures that tell whether the
 * right files were read, and how much load they are.
 */
#include "bench/cmd_trace.h"

#include <stdio.h>

#include "bench/flags.h"
#include "bench/report.h"
#include "bench/trace.h"

enum { MINUTE_MS = 60 * 1000, DESCRIPTION_BYTES = 8192 };

/* Sums over nodes or pods; GPUs by whichever resource the options chose. Both limits of a workload
 * together stay below 2^63: so many pods of the largest size (trace_reader.h). */
struct sums {
    int64_t cpu_milli, memory_mib;
    double gpus;
};

static void add(struct sums *sums, const struct workload *workload,
                const struct workload_amounts *amounts)
{
    sums->cpu_milli += amounts->cpu_milli;
    sums->memory_mib += amounts->memory_bytes >> 20;
    for (uint32_t i = 0; i < amounts->extended_count; i++) {
        const char *name = symbol_text(workload->symbols, amounts->extended[i].name_sym);
        bool whole = strcmp(name, TRACE_WHOLE_GPU) == 0;
        if (whole || strcmp(name, TRACE_GPU_CORE) == 0)
            sums->gpus += (double)amounts->extended[i].amount / (whole ? 1 : 100);
    }
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

/* The most pods that come within 60 s of one of them. Cost: a walk; they are sorted. */
static uint32_t busiest_minute(const struct workload *workload)
{
    uint32_t most = 0, first = 0;
    for (uint32_t i = 0; i < workload->pod_count; i++) {
        while (workload->pods[i].created_ms - workload->pods[first].created_ms >= MINUTE_MS)
            first++;
        if (i - first + 1 > most)
            most = i - first + 1;
    }
    return most;
}

static uint32_t count_staying(const struct workload *workload)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < workload->pod_count; i++)
        count += workload->pods[i].runs_ms == INT64_MAX && workload->pods[i].gone_ms == INT64_MAX;
    return count;
}

static void report_load(struct report *report, const struct workload *workload)
{
    struct sums nodes = {0}, pods = {0};
    for (uint32_t i = 0; i < workload->node_count; i++)
        add(&nodes, workload, &workload->node_kinds[workload->nodes[i].kind].offers);
    for (uint32_t i = 0; i < workload->pod_count; i++)
        add(&pods, workload, &workload->pod_kinds[workload->pods[i].kind].asks);
    report_add(report, "trace.nodes", workload->node_count, "nodes");
    report_add(report, "trace.node_cpu_milli", (double)nodes.cpu_milli, "m");
    report_add(report, "trace.node_memory_mib", (double)nodes.memory_mib, "MiB");
    report_add(report, "trace.node_gpus", nodes.gpus, "GPUs");
    report_add(report, "trace.pods", workload->pod_count, "pods");
    report_add(report, "trace.pod_kinds", workload->pod_kind_count, "different pods");
    report_add(report, "trace.pod_cpu_milli", (double)pods.cpu_milli, "m, all pods together");
    report_add(report, "trace.pod_memory_mib", (double)pods.memory_mib, "MiB");
    report_add(report, "trace.pod_gpus", pods.gpus, "GPUs");
    report_add(report, "trace.gpu_percent", percent(pods.gpus, nodes.gpus),
               "% of the GPUs there are");
    report_add(report, "trace.pods_staying", count_staying(workload),
               "pods that neither end nor go");
}

static void report_times(struct report *report, const struct workload *workload)
{
    int64_t span_ms = 0;
    if (workload->pod_count > 0)
        span_ms = workload->pods[workload->pod_count - 1].created_ms - workload->pods[0].created_ms;
    report_add(report, "trace.span_seconds", (double)span_ms / 1000, "s, first pod to last");
    report_add(report, "trace.busiest_minute", busiest_minute(workload), "pods");
}

static int show(const struct workload *workload, const struct trace_loaded *loaded,
                const char *json)
{
    struct report report;
    struct buf skipped;
    report_init(&report, "trace: what it holds");
    report_load(&report, workload);
    report_times(&report, workload);
    report_add(&report, "trace.passed_over", loaded->skipped.total, "rows");
    buf_init(&skipped, DESCRIPTION_BYTES);
    trace_describe_skipped(&loaded->skipped, &skipped);
    if (skipped.len > 0)
        (void)fprintf(stderr, "%s", skipped.data);
    buf_fini(&skipped);
    return report_finish(&report, json);
}

static int run(const char *dir, const char *name, const struct trace_options *options,
               const char *json)
{
    struct workload workload;
    struct trace_loaded loaded;
    struct err err = {0};
    int code = 2;
    workload_init(&workload);
    if (trace_load(&workload, dir, name, options, &loaded, &err) < 0)
        (void)fprintf(stderr, "spillway-bench trace: %s\n", err.text);
    else
        code = show(&workload, &loaded, json);
    workload_fini(&workload);
    return code;
}

int cmd_trace(int argc, char **argv)
{
    struct trace_options options = {.spare_percent = TRACE_SPARE_PERCENT, .seed = 1};
    const char *dir = NULL, *name = "openb", *json = NULL;
    const struct flag flags[] = {
        {"traces", FLAG_TEXT, &dir, 0, 0, "DIR", "a copy of github.com/alibaba/clusterdata"},
        {"set", FLAG_TEXT, &name, 0, 0, "NAME", "of it, as above; default: openb"},
        {"skip-bad", FLAG_SWITCH, &options.skip_bad, 0, 0, NULL,
         "count rows that are wrong and pass over them; else the first is the end"},
        {"stay", FLAG_SWITCH, &options.stay, 0, 0, NULL, "no pod ends or is deleted"},
        {"gpu-shares", FLAG_SWITCH, &options.gpu_shares, 0, 0, NULL,
         "GPUs by the hundredth (" TRACE_GPU_CORE "); else a part is a whole one"},
        {"fill", FLAG_COUNT, &options.fill_percent, 0, TRACE_FILL_PERCENT_MAX, "PERCENT",
         "pods drawn from it until they ask for so much of the GPUs; 0: as they are"},
        {"seed", FLAG_COUNT, &options.seed, 0, INT32_MAX, "N", "of --fill"},
        {"spare-percent", FLAG_COUNT, &options.spare_percent, 0, 1000, "N",
         "of nodes that are made, beyond the peak"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    struct buf summary;
    buf_init(&summary, DESCRIPTION_BYTES);
    (void)buf_add_str(&summary, "what a public trace holds, and whether its rows are right\n\n");
    trace_describe(&summary);
    enum flags_result parsed = flags_parse(flags, ARRAY_LEN(flags), summary.data, argc, argv);
    buf_fini(&summary);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    if (!dir) {
        (void)fprintf(stderr, "spillway-bench trace: --traces DIR is needed; see --help\n");
        return 2;
    }
    return run(dir, name, &options, json);
}
