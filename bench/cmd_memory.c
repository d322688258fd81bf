#include "bench/cmd_memory.h"

#include "bench/core_load.h"
#include "bench/flags.h"
#include "bench/report.h"

int cmd_memory(int argc, char **argv)
{
    uint32_t nodes = 5000, pods = 150000;
    const char *json = NULL;
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &nodes, 1, 1000000, "N", "nodes"},
        {"pods", FLAG_COUNT, &pods, 1, 10000000, "N", "pods, spread over the nodes"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags), "resident memory of nodes and pods", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    struct core_load load;
    core_load_init(&load, 1);
    int64_t empty = report_rss_bytes();
    core_load_begin(&load);
    for (uint32_t i = 0; i < nodes; i++)
        core_load_node(&load, i);
    int64_t with_nodes = report_rss_bytes();
    for (uint32_t i = 0; i < pods; i++)
        core_load_pod(&load, i, i % nodes);
    core_load_end(&load);
    int64_t with_pods = report_rss_bytes();
    struct report report;
    report_init(&report, "memory: the core with all nodes and pods");
    report_add(&report, "memory.nodes", nodes, "nodes");
    report_add(&report, "memory.pods", pods, "pods");
    report_add(&report, "memory.bytes_per_node", (double)(with_nodes - empty) / nodes, "bytes");
    report_add(&report, "memory.bytes_per_pod", (double)(with_pods - with_nodes) / pods,
               "bytes, all in");
    report_add(&report, "memory.rss_bytes", (double)report_rss_bytes(), "bytes, whole process");
    report_add(&report, "memory.rss_peak_bytes", (double)report_rss_peak_bytes(),
               "bytes, whole process at its highest");
    core_load_fini(&load);
    return report_finish(&report, json);
}
