/*
 * A trace (bench/trace.h) becomes objects like this: a Node or Pod offers or asks for its cpu,
 * memory and number of whole GPUs. Node selectors are not written: the judge counts room alone.
 *
 *   1. all nodes are there; spillway starts and watches; the pods arrive in the order of their
 *      times, all within --arrival-seconds; none departs
 *   2. each pod is bound or refused; spillway is stopped
 *   3. another spillway starts on what is there: it reads everything, and tries the pods that wait
 *      once more. Their reasons now speak of the final state, which can be counted
 */
#include "bench/cmd_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/controller_read.h"
#include "bench/event_replay.h"
#include "bench/flags.h"
#include "bench/pair.h"
#include "bench/replay_judge.h"
#include "bench/report.h"
#include "bench/trace.h"

enum {
    ARRIVE_EVERY_MS = 5,
    SETTLE_EVERY_MS = 250,
    SETTLED_TICKS = 3, /* without a change of any pod */
    WATCHES = 2,       /* nodes and pods: spillway is listening */
    MIB = 1 << 20,
    OBJECT_BYTES = 4096,
    NAME_BYTES = 128,
    REASON_BYTES = 1 << 20,
};

struct replay {
    struct workload workload;
    struct pair pair;
    struct verify *verify;
    struct store_subscriber subscriber;
    uv_timer_t timer; /* arrivals, then settling */
    uint32_t arrival_seconds, limit_seconds;
    uint32_t arrived, decided;
    int64_t first_ns, last_ns; /* first arrival, last decision */
    uint64_t pod_changes, pod_changes_before;
    uint32_t quiet_ticks;
    struct replay_verdict verdict;
};

/* ---- objects ---- */

static void create(struct store *store, enum kind_id kind, const struct buf *body)
{
    struct api_status status;
    CHECK(!buf_overflowed(body));
    CHECK(store_create_text(store, kind, STR(""), buf_str(body), NULL, &status));
}

static int64_t whole_gpus(const struct workload *workload, const struct workload_amounts *amounts)
{
    for (uint32_t i = 0; i < amounts->extended_count; i++)
        if (str_is(symbol_str(workload->symbols, amounts->extended[i].name_sym), REPLAY_GPU))
            return amounts->extended[i].amount;
    return 0;
}

/* Members of a list of requests or of what is allocatable. */
static void add_amounts(struct buf *body, const struct workload *workload,
                        const struct workload_amounts *amounts)
{
    int64_t gpus = whole_gpus(workload, amounts);
    (void)buf_printf(body, "\"cpu\":\"%" PRId64 "m\",\"memory\":\"%" PRId64 "\"",
                     amounts->cpu_milli, amounts->memory_bytes);
    if (gpus > 0)
        (void)buf_printf(body, ",\"" REPLAY_GPU "\":\"%" PRId64 "\"", gpus);
}

static void create_node(struct store *store, const struct workload *workload,
                        const struct workload_node *node)
{
    const struct workload_node_kind *kind = &workload->node_kinds[node->kind];
    const char *name = symbol_text(workload->symbols, node->name_sym);
    struct buf body;
    buf_init(&body, OBJECT_BYTES);
    (void)buf_printf(&body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"%s\","
                     "\"labels\":{\"kubernetes.io/hostname\":\"%s\"",
                     name, name);
    for (uint32_t i = 0; i < kind->label_count; i++)
        (void)buf_printf(&body, ",\"%s\":\"%s\"",
                         symbol_text(workload->symbols, kind->labels[i].key_sym),
                         symbol_text(workload->symbols, kind->labels[i].value_sym));
    (void)buf_printf(&body, "}},\"status\":{\"allocatable\":{\"pods\":\"%" PRId64 "\",",
                     kind->pods);
    add_amounts(&body, workload, &kind->offers);
    (void)buf_add_str(&body, "},\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}");
    create(store, KIND_NODE, &body);
    buf_fini(&body);
}

static void create_pod(struct store *store, const struct workload *workload,
                       const struct workload_pod *pod)
{
    const struct workload_amounts *asks = &workload->pod_kinds[pod->kind].asks;
    int64_t gpus = whole_gpus(workload, asks);
    struct buf body;
    buf_init(&body, OBJECT_BYTES);
    (void)buf_printf(&body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\","
                     "\"namespace\":\"default\",\"labels\":{\"app\":\"c%" PRId64 "-m%" PRId64
                     "-g%" PRId64 "\"}},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":"
                     "[{\"name\":\"main\",\"image\":\"trace\",\"resources\":{\"requests\":{",
                     symbol_text(workload->symbols, pod->name_sym), asks->cpu_milli,
                     asks->memory_bytes / MIB, gpus);
    add_amounts(&body, workload, asks);
    if (gpus > 0) /* extended resources are limits, or the apiserver refuses them */
        (void)buf_printf(&body, "},\"limits\":{\"" REPLAY_GPU "\":\"%" PRId64 "\"", gpus);
    (void)buf_add_str(&body, "}}}]}}");
    create(store, KIND_POD, &body);
    buf_fini(&body);
}

/* ---- the first scheduler ---- */

static bool is_refused(const struct object *pod)
{
    struct condition_view scheduled;
    return object_condition(pod, "PodScheduled", &scheduled) && str_is(scheduled.status, "False");
}

static bool is_decided(const struct object *pod)
{
    return pod->node_name || is_refused(pod);
}

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct replay *replay = container_of(subscriber, struct replay, subscriber);
    if (event->object->kind->id != KIND_POD || event->change != CHANGE_MODIFIED)
        return;
    replay->pod_changes++;
    if (is_decided(event->before) || !is_decided(event->object))
        return;
    replay->last_ns = report_now_ns();
    if (++replay->decided == replay->workload.pod_count)
        pair_finish(&replay->pair);
}

/* Those whose time has come: the trace's span is stretched to --arrival-seconds. */
static void on_arrival(uv_timer_t *timer)
{
    struct replay *replay = timer->data;
    const struct workload *workload = &replay->workload;
    if (replay->first_ns == 0) {
        if (apiserver_counts(replay->pair.server).watches_now < WATCHES)
            return;
        replay->first_ns = report_now_ns();
    }
    const struct workload_pod *pods = workload->pods;
    double first_ms = (double)pods[0].created_ms;
    double span_ms = (double)pods[workload->pod_count - 1].created_ms - first_ms;
    double elapsed_s = (double)(report_now_ns() - replay->first_ns) / 1e9;
    double share = replay->arrival_seconds > 0 ? elapsed_s / replay->arrival_seconds : 1;
    double until_ms = first_ms + span_ms * share;
    while (replay->arrived < workload->pod_count &&
           (share >= 1 || (double)pods[replay->arrived].created_ms <= until_ms))
        create_pod(replay->pair.store, workload, &pods[replay->arrived++]);
    if (replay->arrived == workload->pod_count)
        (void)uv_timer_stop(timer);
}

/* ---- the second one ---- */

static void on_settle(uv_timer_t *timer)
{
    struct replay *replay = timer->data;
    bool quiet = replay->pod_changes == replay->pod_changes_before &&
                 apiserver_counts(replay->pair.server).watches_now >= WATCHES;
    replay->quiet_ticks = quiet ? replay->quiet_ticks + 1 : 0;
    replay->pod_changes_before = replay->pod_changes;
    if (replay->quiet_ticks < SETTLED_TICKS)
        return;
    replay_judge(replay->verify, replay->pair.store, NULL, &replay->verdict);
    if (replay->verdict.wrong == 0)
        pair_finish(&replay->pair);
}

/* One scheduler from its start to its end. */
static int run_scheduler(struct replay *replay, const char *spillway, uv_timer_cb on_timer,
                         uint32_t every_ms)
{
    struct err err = {0};
    struct pair *pair = &replay->pair;
    if (pair_start_child(pair, spillway, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return 1;
    }
    CHECK(uv_timer_start(&replay->timer, on_timer, every_ms, every_ms) == 0);
    enum pair_end end = pair_run(pair, replay->limit_seconds);
    (void)uv_timer_stop(&replay->timer);
    if (end != PAIR_DONE) {
        (void)fprintf(stderr, "spillway-bench: %u of %u pods are decided\n", replay->decided,
                      replay->workload.pod_count);
        if (replay->verdict.wrong > 0)
            (void)fprintf(stderr, "spillway-bench: %u pods are wrong, the first: %s\n",
                          replay->verdict.wrong, replay->verdict.first_wrong);
        pair_explain(pair, end);
        return 1;
    }
    pair_stop_child(pair);
    return 0;
}

/* ---- what it came to ---- */

static double percent_used(const struct replay *replay, const char *resource)
{
    double used = 0, offered = 0;
    const struct verify_node *node;
    for (uint32_t i = 0; (node = verify_node_at(replay->verify, i)); i++) {
        used += (double)amounts_get(&node->used, resource);
        offered += (double)amounts_get(&node->offered, resource);
    }
    return offered > 0 ? 100 * used / offered : 0;
}

static uint32_t nodes_used(const struct replay *replay)
{
    uint32_t count = 0;
    const struct verify_node *node;
    for (uint32_t i = 0; (node = verify_node_at(replay->verify, i)); i++)
        count += amounts_get(&node->used, "pods") > 0;
    return count;
}

static int report_replay(const struct replay *replay, const char *json)
{
    struct report report;
    double seconds = (double)(replay->last_ns - replay->first_ns) / 1e9;
    report_init(&report, "replay: a trace through real binary and simulated apiserver");
    report_add(&report, "replay.nodes", replay->workload.node_count, "nodes");
    report_add(&report, "replay.pods", replay->workload.pod_count, "pods, none departs");
    report_add(&report, "replay.bound", replay->verdict.bound, "pods");
    report_add(&report, "replay.waiting", replay->verdict.waiting,
               "pods that fit nowhere and say why");
    report_add(&report, "replay.cpu_percent", percent_used(replay, "cpu"), "% allocated");
    report_add(&report, "replay.memory_percent", percent_used(replay, "memory"), "% allocated");
    report_add(&report, "replay.gpu_percent", percent_used(replay, REPLAY_GPU), "% allocated");
    report_add(&report, "replay.nodes_used", nodes_used(replay), "nodes");
    report_add(&report, "replay.arrival_seconds", replay->arrival_seconds, "s, asked for");
    report_add(&report, "replay.seconds", seconds, "s, first arrival to last decision");
    report_add(&report, "replay.decisions_per_second", replay->workload.pod_count / seconds,
               "binds and refusals");
    return report_finish(&report, json);
}

/* None twice, none overfull, at any moment; and all bound or rightly waiting. */
static bool judge(struct replay *replay)
{
    enum { TWICE = 1, OVERFULL = 2 }; /* the others are judged pod by pod, by replay_judge() */
    struct verify_claim claims[VERIFY_CLAIMS];
    struct buf reasons;
    bool fine = true;
    (void)verify_judge(replay->verify, NULL, 0, claims);
    for (uint32_t i = TWICE; i <= OVERFULL; i++) {
        if (!claims[i].holds)
            (void)fprintf(stderr, "spillway-bench: not so: %s: %s\n", claims[i].name,
                          claims[i].text);
        fine = fine && claims[i].holds;
    }
    buf_init(&reasons, REASON_BYTES);
    replay_judge(replay->verify, replay->pair.store, &reasons, &replay->verdict);
    if (replay->verdict.wrong > 0)
        (void)fprintf(stderr, "spillway-bench: %u pods are wrong, the first: %s\n",
                      replay->verdict.wrong, replay->verdict.first_wrong);
    if (reasons.len > 0)
        (void)printf("waiting  cpu m, mem MiB, GPUs    because (cluster as it is at the end)\n%s",
                     reasons.data);
    buf_fini(&reasons);
    return fine && replay->verdict.wrong == 0;
}

static int run(struct replay *replay, const char *spillway, const char *json)
{
    struct err err = {0};
    struct pair *pair = &replay->pair;
    if (pair_open(pair, 2 * replay->workload.pod_count, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return 1;
    }
    replay->verify = verify_new(pair->store);
    for (uint32_t i = 0; i < replay->workload.node_count; i++)
        create_node(pair->store, &replay->workload, &replay->workload.nodes[i]);
    replay->subscriber.on_event = on_store_event;
    store_subscribe(pair->store, &replay->subscriber);
    CHECK(uv_timer_init(&pair->loop, &replay->timer) == 0);
    replay->timer.data = replay;

    int code = run_scheduler(replay, spillway, on_arrival, ARRIVE_EVERY_MS);
    if (code == 0)
        code = run_scheduler(replay, spillway, on_settle, SETTLE_EVERY_MS);
    if (code == 0)
        code = judge(replay) ? report_replay(replay, json) : 1;

    uv_close((uv_handle_t *)&replay->timer, NULL);
    store_unsubscribe(pair->store, &replay->subscriber);
    verify_free(replay->verify);
    pair_close(pair);
    return code;
}

/* ---- the command ---- */

static int read_trace(struct workload *workload, const char *dir, const char *pods, bool skip_bad,
                      struct err *err)
{
    const struct trace_options options = {.skip_bad = skip_bad, .stay = true};
    struct trace_loaded loaded;
    char name[NAME_BYTES];
    int len = snprintf(name, sizeof(name), "openb:%s", pods);
    if (len < 0 || len >= NAME_BYTES)
        return err_set(err, ENAMETOOLONG, "--workload is too long");
    int rc = trace_load(workload, dir, name, &options, &loaded, err);
    if (rc < 0)
        return rc;
    struct buf skipped;
    buf_init(&skipped, REASON_BYTES);
    trace_describe_skipped(&loaded.skipped, &skipped);
    if (skipped.len > 0)
        (void)fprintf(stderr, "%s", skipped.data);
    buf_fini(&skipped);
    return 0;
}

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

int cmd_replay(int argc, char **argv)
{
    struct replay replay = {.arrival_seconds = 1, .limit_seconds = 300};
    const char *events = NULL;
    const char *traces = NULL, *workload = "default", *spillway = NULL, *json = NULL;
    bool server = false, summary = false, state = false, skip_bad = false;
    const struct flag flags[] = {
        {"events", FLAG_TEXT, &events, 0, 0, "FILE",
         "a recording of spillway --record, through the core in virtual time: bindings and hash"},
        {"summary", FLAG_SWITCH, &summary, 0, 0, NULL, "of --events: not each binding"},
        {"state", FLAG_SWITCH, &state, 0, 0, NULL,
         "of --events: also what spillway knew at the end, nodes and pods, a line each"},
        {"traces", FLAG_TEXT, &traces, 0, 0, "DIR",
         "a copy of github.com/alibaba/clusterdata; its openb set is read"},
        {"skip-bad", FLAG_SWITCH, &skip_bad, 0, 0, NULL,
         "of --traces: count rows that are wrong and pass over them"},
        {"workload", FLAG_TEXT, &workload, 0, 0, "NAME", "of the pod list; default: default"},
        {"server", FLAG_SWITCH, &server, 0, 0, NULL,
         "through the simulated apiserver and the real binary: the only way yet"},
        {"arrival-seconds", FLAG_COUNT, &replay.arrival_seconds, 0, 86400, "N",
         "the trace's span is pressed into so many seconds"},
        {"spillway", FLAG_TEXT, &spillway, 0, 0, "PATH",
         "the scheduler; default: the one beside this program"},
        {"limit", FLAG_COUNT, &replay.limit_seconds, 1, 86400, "SECONDS",
         "after which it has failed"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags),
        "--events: what a spillway learnt and decided, once more through the core.\n"
        "--traces: a trace whole: cpu, memory and number of GPUs of nodes and pods, no "
        "departures.\n"
        "Not looked at: gpu_milli (a shared GPU counts as a whole one), gpu_spec, qos, pod_phase,\n"
        "deletion_time, scheduled_time",
        argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    if (events)
        return replay_events(events, summary, state);
    if (!traces || !server) {
        (void)fprintf(stderr, "spillway-bench replay: %s is needed; see --help\n",
                      traces ? "--server" : "--events FILE or --traces DIR");
        return 2;
    }
    struct err err = {0};
    int code = 2;
    workload_init(&replay.workload);
    if (read_trace(&replay.workload, traces, workload, skip_bad, &err) < 0)
        (void)fprintf(stderr, "spillway-bench replay: %s\n", err.text);
    else
        code = run(&replay, spillway, json);
    workload_fini(&replay.workload);
    return code;
}
