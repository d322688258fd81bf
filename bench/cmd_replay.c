/*
 * One command, three ways: a recording of a spillway (--events), a workload in virtual time
 * (--workload, --traces), and a workload in real time over HTTP (--server), on the simulated
 * apiserver or on a real one (--control-plane, --kubeconfig).
 */
#include "bench/cmd_replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/control_plane.h"
#include "bench/event_replay.h"
#include "bench/flags.h"
#include "bench/generate.h"
#include "bench/replay_play.h"
#include "bench/replay_server.h"
#include "bench/replay_source.h"

enum { HELP_BYTES = 8192, SEED_MAX = INT32_MAX, ARRIVAL_SECONDS = 1 };

/* Bindings to stdout, then the state, then what they come to. 1 when they are not those of then. */
static int replay_events(const char *path, bool summary_only, bool with_state)
{
    const struct event_replay_output output = {.bindings = summary_only ? NULL : stdout,
                                               .state = with_state ? stdout : NULL};
    struct event_replay_result result;
    struct err err = {0};
    if (event_replay(path, &output, &result, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench replay: %s\n", err.text);
        return 2;
    }
    (void)printf("events %" PRIu64 ", passes %" PRIu64 ", idle passes %" PRIu64 ", seconds %.3f\n",
                 result.events, result.passes, result.idle_passes, (double)result.span_ms / 1e3);
    (void)printf("bindings %" PRIu64 ", hash %016" PRIx64 "\n", result.bindings,
                 result.bindings_hash);
    if (result.is_cut)
        (void)printf("cut: the last record is not whole; replayed up to there\n");
    else if (!result.has_end)
        (void)printf("no end: spillway was killed, or records still; replayed up to there\n");
    if (result.differs)
        (void)fprintf(stderr,
                      "spillway-bench replay: the bindings are not those of the recorded run: %s\n",
                      result.difference);
    return result.differs ? 1 : 0;
}

/* ---- workloads ---- */

struct flags_given {
    const char *events, *json, *svg, *bindings, *spillway, *kubeconfig, *bin, *scheduler;
    struct replay_source source;
    uint32_t arrival_seconds, limit_seconds;
    bool server, control_plane, summary, state, preemption, full_scan;
};

static struct replay_stage_options stage_of(const struct flags_given *given,
                                            const struct replay_loaded *loaded)
{
    return (struct replay_stage_options){
        .kind = given->kubeconfig      ? STAGE_CLUSTER
                : given->control_plane ? STAGE_CONTROL_PLANE
                                       : STAGE_SIMULATED,
        .spillway = given->spillway,
        .scheduler = given->scheduler ? given->scheduler : "spillway",
        .preempts = given->preemption || loaded->preempts,
        .bin = given->bin,
        .kubeconfig = given->kubeconfig,
    };
}

static int play(const struct flags_given *given, struct workload *workload,
                const struct replay_loaded *loaded)
{
    if (given->server)
        return replay_server(workload, &(struct replay_server_options){
                                           .stage = stage_of(given, loaded),
                                           .arrival_seconds = given->arrival_seconds,
                                           .limit_seconds = given->limit_seconds,
                                           .until_ms = loaded->until_ms,
                                           .json = given->json,
                                           .svg = given->svg,
                                           .bindings = given->bindings,
                                       });
    return replay_play(workload, &(struct replay_play_options){
                                     .seed = given->source.seed,
                                     .preempts = given->preemption || loaded->preempts,
                                     .until_ms = loaded->until_ms,
                                     .limit_seconds = given->limit_seconds,
                                     .beside_full_scan = given->full_scan,
                                     .json = given->json,
                                     .svg = given->svg,
                                     .bindings = given->bindings,
                                 });
}

static int load_and_play(const struct flags_given *given)
{
    struct workload workload;
    struct replay_loaded loaded;
    struct err err = {0};
    int code = 2;
    workload_init(&workload);
    if (replay_source_load(&given->source, &workload, &loaded, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench replay: %s\n", err.text);
    } else {
        if (loaded.notes.len > 0)
            (void)fprintf(stderr, "%s", loaded.notes.data);
        buf_fini(&loaded.notes);
        code = play(given, &workload, &loaded);
    }
    workload_fini(&workload);
    return code;
}

/* Flags that say nothing together; NULL: fine. */
static const char *contradiction(const struct flags_given *given)
{
    const struct replay_source *source = &given->source;
    bool is_sized = source->nodes > 0 || source->pods > 0;
    bool is_drawn = given->svg || source->prices || given->full_scan;
    bool is_real = given->control_plane || given->kubeconfig;
    bool is_trace = source->set || source->trace.skip_bad || source->trace.stay ||
                    source->trace.gpu_shares || source->trace.fill_percent > 0 ||
                    source->trace.spare_percent != TRACE_SPARE_PERCENT;
    const struct {
        bool is_so;
        const char *text;
    } rules[] = {
        {!given->events && !source->workload && !source->traces,
         "--workload NAME, --traces DIR or --events FILE is needed"},
        {given->events && (source->workload || source->traces || given->server),
         "--events is a replay of its own: no --workload, --traces or --server with it"},
        {!given->events && (given->summary || given->state),
         "--summary and --state are about --events"},
        {given->events && (given->json || given->bindings || is_sized || source->hours > 0 ||
                           is_drawn || given->preemption),
         "--events takes only --summary and --state"},
        {source->workload && source->traces, "either --workload or --traces"},
        {is_trace && !source->traces,
         "--set, --skip-bad, --stay, --gpu-shares, --fill and --spare-percent are about --traces"},
        {is_sized && !source->workload,
         "--nodes and --pods are about --workload: a trace has its own"},
        {given->server && given->full_scan, "--full-scan is about virtual time, not --server"},
        {!given->server && (given->spillway || given->arrival_seconds != ARRIVAL_SECONDS ||
                            is_real || given->bin || given->scheduler),
         "--spillway, --arrival-seconds, --control-plane, --kubeconfig, --bin and --scheduler are "
         "about --server"},
        {given->control_plane && given->kubeconfig, "either --control-plane or --kubeconfig"},
        {given->bin && !given->control_plane, "--bin is about --control-plane"},
        {given->scheduler && !is_real, "--scheduler is about --control-plane and --kubeconfig"},
        {given->control_plane && given->scheduler && !control_plane_has_scheduler(given->scheduler),
         "--scheduler: --control-plane can start spillway or default-scheduler only"},
        {given->kubeconfig && (given->spillway || given->preemption),
         "--spillway and --preemption are not about --kubeconfig: the scheduler runs there "
         "already"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].is_so)
            return rules[i].text;
    return NULL;
}

static int run(const struct flags_given *given)
{
    const char *wrong = contradiction(given);
    if (wrong) {
        (void)fprintf(stderr, "spillway-bench replay: %s; see --help\n", wrong);
        return 2;
    }
    if (given->events)
        return replay_events(given->events, given->summary, given->state);
    return load_and_play(given);
}

static enum flags_result parse(int argc, char **argv, struct flags_given *given)
{
    struct replay_source *source = &given->source;
    const struct flag flags[] = {
        {"workload", FLAG_TEXT, &source->workload, 0, 0, "NAME", "a made-up one of those above"},
        {"nodes", FLAG_COUNT, &source->nodes, GENERATE_NODES_MIN, GENERATE_NODES_MAX, "N",
         "of --workload; 0: as usual for it"},
        {"pods", FLAG_COUNT, &source->pods, GENERATE_PODS_MIN, GENERATE_PODS_MAX, "N",
         "of --workload; 0: as usual for it"},
        {"hours", FLAG_COUNT, &source->hours, 1, GENERATE_HOURS_MAX, "N",
         "the end; 0: as usual for --workload, of --traces when all is over"},
        {"seed", FLAG_COUNT, &source->seed, 0, SEED_MAX, "N", "of all that is random"},
        {"preemption", FLAG_SWITCH, &given->preemption, 0, 0, NULL,
         "higher priorities take the room of lower ones"},
        {"full-scan", FLAG_SWITCH, &given->full_scan, 0, 0, NULL,
         "play it once more looking at every node for each pod: what sampling nodes loses"},
        {"prices", FLAG_TEXT, &source->prices, 0, 0, "FILE",
         "lines like \"ecs 0.05 core\", \"h100 30 node\", \"eci 0.1 pod-core\": an hour's price"},
        {"svg", FLAG_TEXT, &given->svg, 0, 0, "FILE", "draw pods by unit, and cost"},
        {"bindings", FLAG_TEXT, &given->bindings, 0, 0, "FILE",
         "write each as \"pod node milliseconds\""},
        {"traces", FLAG_TEXT, &source->traces, 0, 0, "DIR",
         "a copy of github.com/alibaba/clusterdata"},
        {"set", FLAG_TEXT, &source->set, 0, 0, "NAME", "of it, as above; default: openb"},
        {"skip-bad", FLAG_SWITCH, &source->trace.skip_bad, 0, 0, NULL,
         "of --traces: count rows that are wrong and pass over them"},
        {"stay", FLAG_SWITCH, &source->trace.stay, 0, 0, NULL,
         "of --traces: no pod ends or is deleted"},
        {"gpu-shares", FLAG_SWITCH, &source->trace.gpu_shares, 0, 0, NULL,
         "of --traces: GPUs in hundredths, summed over those of a node"},
        {"fill", FLAG_COUNT, &source->trace.fill_percent, 0, TRACE_FILL_PERCENT_MAX, "PERCENT",
         "of --traces: pods drawn until they ask for so much of the GPUs; 0: as they are"},
        {"spare-percent", FLAG_COUNT, &source->trace.spare_percent, 0, 1000, "N",
         "of --traces that have no nodes: more than the peak asks for"},
        {"server", FLAG_SWITCH, &given->server, 0, 0, NULL,
         "in real time, through an apiserver (the simulated one) and the real binary"},
        {"control-plane", FLAG_SWITCH, &given->control_plane, 0, 0, NULL,
         "of --server: through a real etcd and kube-apiserver, started for it"},
        {"bin", FLAG_TEXT, &given->bin, 0, 0, "DIR",
         "of --control-plane: its programs; default: what tests/real/build.sh makes"},
        {"kubeconfig", FLAG_TEXT, &given->kubeconfig, 0, 0, "FILE",
         "of --server: a real cluster without nodes where the scheduler runs already; what was "
         "made stays there"},
        {"scheduler", FLAG_TEXT, &given->scheduler, 0, 0, "NAME",
         "of a real one: schedulerName of all pods; default: spillway"},
        {"arrival-seconds", FLAG_COUNT, &given->arrival_seconds, 0, 86400, "N",
         "of --server: the workload's span is pressed into so many seconds"},
        {"spillway", FLAG_TEXT, &given->spillway, 0, 0, "PATH",
         "of --server: the scheduler; default: the one beside this program"},
        {"events", FLAG_TEXT, &given->events, 0, 0, "FILE",
         "a recording of spillway --record, through the core in virtual time: bindings and hash"},
        {"summary", FLAG_SWITCH, &given->summary, 0, 0, NULL, "of --events: not each binding"},
        {"state", FLAG_SWITCH, &given->state, 0, 0, NULL,
         "of --events: also what spillway knew at the end, nodes and pods, a line each"},
        {"limit", FLAG_COUNT, &given->limit_seconds, 1, 86400, "SECONDS",
         "of real time: then it ends with what there is"},
        {"json", FLAG_TEXT, &given->json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    struct buf help CLEANUP(buf_fini);
    buf_init(&help, HELP_BYTES);
    (void)buf_add_str(&help, "a workload through the scheduler, in virtual time unless --server "
                             "is given.\nWorkloads that are made up:\n");
    replay_source_describe(&help);
    return flags_parse(flags, ARRAY_LEN(flags), help.data, argc, argv);
}

int cmd_replay(int argc, char **argv)
{
    struct flags_given given = {
        .source = {.seed = 1, .trace = {.spare_percent = TRACE_SPARE_PERCENT}},
        .arrival_seconds = ARRIVAL_SECONDS,
        .limit_seconds = 300,
    };
    enum flags_result parsed = parse(argc, argv, &given);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    int code = run(&given);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    (void)fprintf(stderr, "spillway-bench replay: cannot write to standard output\n");
    return code > 0 ? code : 1;
}
