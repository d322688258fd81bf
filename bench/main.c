/* build/spillway-bench: the simulated cluster, the demo and the benchmarks. */
#include <stdio.h>
#include <string.h>

#include "bench/cmd_apiserver.h"
#include "bench/cmd_cluster.h"
#include "bench/cmd_count.h"
#include "bench/cmd_cycle.h"
#include "bench/cmd_decode.h"
#include "bench/cmd_demo.h"
#include "bench/cmd_http.h"
#include "bench/cmd_memory.h"
#include "bench/cmd_micro.h"
#include "bench/cmd_perf.h"
#include "bench/cmd_preempt.h"
#include "bench/cmd_replay.h"
#include "bench/cmd_scale.h"
#include "bench/cmd_trace.h"
#include "bench/cmd_startup.h"
#include "bench/cmd_units.h"
#include "bench/cmd_wake.h"
#include "bench/cmd_wire.h"
#include "model/base/check.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"demo", cmd_demo, "pods being scheduled, live, on a simulated cluster"},
    {"apiserver", cmd_apiserver, "a simulated apiserver on loopback, for kubectl and schedulers"},
    {"decode", cmd_decode, "how fast Pods are read out of a list"},
    {"count", cmd_count, "the workloads whose instructions are counted (make counts)"},
    {"micro", cmd_micro, "what single parts of the core cost"},
    {"cycle", cmd_cycle, "what one decision costs"},
    {"scale", cmd_scale, "how a decision's cost grows with the cluster"},
    {"startup", cmd_startup, "start to first binding of the real binary on a full cluster"},
    {"http", cmd_http, "binds a second of the real binary over HTTP/2"},
    {"cluster", cmd_cluster, "the same on a real control plane, beside kube-scheduler"},
    {"perf", cmd_perf, "a workload of scheduler_perf, from outside, on any scheduler"},
    {"preempt", cmd_preempt, "what one preemption costs, beside kube-scheduler's own"},
    {"units", cmd_units, "what elastic units add to a decision, to memory, and to waiting"},
    {"wake", cmd_wake, "what one event costs among parked pods"},
    {"memory", cmd_memory, "what nodes and pods cost in memory"},
    {"wire", cmd_wire, "pods as JSON and as protobuf from a real apiserver: what each side pays"},
    {"replay", cmd_replay,
     "a workload, a public trace or a recording through the core, or over HTTP"},
    {"trace", cmd_trace, "what a public trace holds, and whether its rows are right"},
};

static void print_help(FILE *out)
{
    (void)fprintf(out,
                  "usage: spillway-bench COMMAND [flags]; --help after a command lists them\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1)
        (void)fprintf(stderr, "spillway-bench: unknown command \"%s\"\n", argv[1]);
    print_help(stderr);
    return 2;
}
