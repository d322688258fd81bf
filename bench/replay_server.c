/*
 * A trace becomes objects like this: a row of the node list is a Node of that cpu, memory and
 * number of GPUs (nvidia.com/gpu, whole); a row of the pod list is a Pod that asks for its cpu,
 * memory and number of GPUs. The places for pods on a node are no limit here (the trace has none).
 *
 *   1. all nodes are there; spillway starts and watches; the pods arrive in the order of their
 *      times, all within --arrival-seconds; none departs
 *   2. each pod is bound or refused; spillway is stopped
 *   3. another spillway starts on what is there: it reads everything, and tries the pods that wait
 *      once more. Their reasons now speak of the final state, which can be counted
 */
#include "bench/replay_server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/controller_read.h"
#include "bench/pair.h"
#include "bench/replay_judge.h"
#include "bench/report.h"
#include "bench/trace.h"

enum {
    ARRIVE_EVERY_MS = 5,
    SETTLE_EVERY_MS = 250,
    SETTLED_TICKS = 3, /* without a change of any pod */
    WATCHES = 2,       /* nodes and pods: spillway is listening */
    NODE_PODS = 1000,
    OBJECT_BYTES = 4096,
    PATH_BYTES = 1024,
    REASON_BYTES = 1 << 20,
};

struct replay {
    struct trace trace;
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

/* Members of a list of requests or of what is allocatable. */
static void add_amounts(struct buf *body, int64_t cpu_milli, int64_t memory_mib, int64_t gpus)
{
    (void)buf_printf(body, "\"cpu\":\"%" PRId64 "m\",\"memory\":\"%" PRId64 "Mi\"", cpu_milli,
                     memory_mib);
    if (gpus > 0)
        (void)buf_printf(body, ",\"" REPLAY_GPU "\":\"%" PRId64 "\"", gpus);
}

static void create_node(struct store *store, const struct trace_node *node)
{
    struct buf body;
    buf_init(&body, OBJECT_BYTES);
    (void)buf_printf(&body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"%s\","
                     "\"labels\":{\"kubernetes.io/hostname\":\"%s\"",
                     node->name, node->name);
    if (node->model[0])
        (void)buf_printf(&body, ",\"nvidia.com/gpu.product\":\"%s\"", node->model);
    (void)buf_printf(&body, "}},\"status\":{\"allocatable\":{\"pods\":\"%d\",", NODE_PODS);
    add_amounts(&body, node->cpu_milli, node->memory_mib, node->gpus);
    (void)buf_add_str(&body, "},\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}");
    create(store, KIND_NODE, &body);
    buf_fini(&body);
}

static void create_pod(struct store *store, const struct trace_pod *pod)
{
    struct buf body;
    buf_init(&body, OBJECT_BYTES);
    (void)buf_printf(&body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\","
                     "\"namespace\":\"default\",\"labels\":{\"app\":\"c%" PRId64 "-m%" PRId64
                     "-g%" PRId64 "\"}},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":"
                     "[{\"name\":\"main\",\"image\":\"trace\",\"resources\":{\"requests\":{",
                     pod->name, pod->cpu_milli, pod->memory_mib, pod->gpus);
    add_amounts(&body, pod->cpu_milli, pod->memory_mib, pod->gpus);
    if (pod->gpus > 0) /* extended resources are limits, or the apiserver refuses them */
        (void)buf_printf(&body, "},\"limits\":{\"" REPLAY_GPU "\":\"%" PRId64 "\"", pod->gpus);
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
    if (++replay->decided == replay->trace.pod_count)
        pair_finish(&replay->pair);
}

/* Those whose time has come: the trace's span is stretched to --arrival-seconds. */
static void on_arrival(uv_timer_t *timer)
{
    struct replay *replay = timer->data;
    const struct trace *trace = &replay->trace;
    if (replay->first_ns == 0) {
        if (apiserver_counts(replay->pair.server).watches_now < WATCHES)
            return;
        replay->first_ns = report_now_ns();
    }
    double span_s =
        (double)(trace->pods[trace->pod_count - 1].created_s - trace->pods[0].created_s);
    double elapsed_s = (double)(report_now_ns() - replay->first_ns) / 1e9;
    double share = replay->arrival_seconds > 0 ? elapsed_s / replay->arrival_seconds : 1;
    double until_s = (double)trace->pods[0].created_s + span_s * share;
    while (replay->arrived < trace->pod_count &&
           (share >= 1 || (double)trace->pods[replay->arrived].created_s <= until_s))
        create_pod(replay->pair.store, &trace->pods[replay->arrived++]);
    if (replay->arrived == trace->pod_count)
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
                      replay->trace.pod_count);
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
    report_add(&report, "replay.nodes", replay->trace.node_count, "nodes");
    report_add(&report, "replay.pods", replay->trace.pod_count, "pods, none departs");
    report_add(&report, "replay.bound", replay->verdict.bound, "pods");
    report_add(&report, "replay.waiting", replay->verdict.waiting,
               "pods that fit nowhere and say why");
    report_add(&report, "replay.cpu_percent", percent_used(replay, "cpu"), "% allocated");
    report_add(&report, "replay.memory_percent", percent_used(replay, "memory"), "% allocated");
    report_add(&report, "replay.gpu_percent", percent_used(replay, REPLAY_GPU), "% allocated");
    report_add(&report, "replay.nodes_used", nodes_used(replay), "nodes");
    report_add(&report, "replay.arrival_seconds", replay->arrival_seconds, "s, asked for");
    report_add(&report, "replay.seconds", seconds, "s, first arrival to last decision");
    report_add(&report, "replay.decisions_per_second", replay->trace.pod_count / seconds,
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
    if (pair_open(pair, 2 * replay->trace.pod_count, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return 1;
    }
    replay->verify = verify_new(pair->store);
    for (uint32_t i = 0; i < replay->trace.node_count; i++)
        create_node(pair->store, &replay->trace.nodes[i]);
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

static int read_list(struct trace *trace, const char *path, bool is_pods, struct err *err)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return err_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    int rc =
        is_pods ? trace_read_pods(trace, in, path, err) : trace_read_nodes(trace, in, path, err);
    (void)fclose(in);
    return rc;
}

static int read_trace(struct trace *trace, const char *dir, const char *workload, struct err *err)
{
    char nodes[PATH_BYTES], pods[PATH_BYTES];
    int len =
        snprintf(nodes, sizeof(nodes), "%s/alibaba-gpu-v2023/openb_node_list_all_node.csv", dir);
    int pods_len =
        snprintf(pods, sizeof(pods), "%s/alibaba-gpu-v2023/openb_pod_list_%s.csv", dir, workload);
    if (len < 0 || len >= PATH_BYTES || pods_len < 0 || pods_len >= PATH_BYTES)
        return err_set(err, ENAMETOOLONG, "--traces and --workload are too long");
    int rc = read_list(trace, nodes, false, err);
    return rc < 0 ? rc : read_list(trace, pods, true, err);
}

int replay_server(const struct replay_server_options *options)
{
    struct replay replay = {.arrival_seconds = options->arrival_seconds,
                            .limit_seconds = options->limit_seconds};
    struct err err = {0};
    int code = 2;
    if (read_trace(&replay.trace, options->traces, options->set, &err) < 0)
        (void)fprintf(stderr, "spillway-bench replay: %s\n", err.text);
    else
        code = run(&replay, options->spillway, options->json);
    trace_fini(&replay.trace);
    return code;
}
