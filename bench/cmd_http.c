/*
 * Nodes and pods are all in the store and wait; then spillway starts. The time runs from the first
 * binding to the last, as the store sees them: neither the lists nor the start are in it.
 */
#include "bench/cmd_http.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "bench/flags.h"
#include "bench/pair.h"
#include "bench/plain_load.h"
#include "bench/report.h"
#include "bench/verify.h"

struct http_run {
    struct pair pair;
    struct store_subscriber subscriber;
    uint32_t nodes, pods, limit_seconds;
    uint32_t bound;
    uint64_t events; /* Event objects written */
    int64_t started_ns, first_ns, last_ns;
    int64_t server_cpu_us[2]; /* at the first and the last binding */
    struct process_usage usage[2];
    uint64_t events_at_last;
};

static int64_t own_cpu_us(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void take_usage(struct http_run *run, int at)
{
    run->server_cpu_us[at] = own_cpu_us();
    if (process_usage(run->pair.child.process.pid, &run->usage[at]) < 0)
        run->usage[at] = (struct process_usage){0};
}

static void on_pod_bound(struct http_run *run)
{
    run->last_ns = report_now_ns();
    if (run->bound++ == 0) {
        run->first_ns = run->last_ns;
        take_usage(run, 0);
    }
    if (run->bound == run->pods) {
        run->events_at_last = run->events;
        take_usage(run, 1);
        pair_finish(&run->pair);
    }
}

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct http_run *run = container_of(subscriber, struct http_run, subscriber);
    if (event->object->kind->id == KIND_EVENT)
        run->events += event->change == CHANGE_ADDED;
    if (event->object->kind->id != KIND_POD || event->change != CHANGE_MODIFIED)
        return;
    if (!event->before->node_name && event->object->node_name)
        on_pod_bound(run);
}

/* ---- the load ---- */

static void create(struct store *store, enum kind_id kind, const struct buf *body)
{
    struct api_status status;
    CHECK(!buf_overflowed(body));
    CHECK(store_create_text(store, kind, STR(""), buf_str(body), NULL, &status));
}

static void create_node(struct store *store, uint32_t i)
{
    struct buf body;
    buf_init(&body, PLAIN_OBJECT_BYTES);
    plain_node_add(&body, i);
    create(store, KIND_NODE, &body);
    buf_fini(&body);
}

static void create_pod(struct store *store, uint32_t i)
{
    struct buf body;
    buf_init(&body, PLAIN_OBJECT_BYTES);
    plain_pod_add(&body, i, "spillway", "default");
    create(store, KIND_POD, &body);
    buf_fini(&body);
}

/* ---- the run ---- */

static int run_pair(struct http_run *run, const char *spillway)
{
    struct err err = {0};
    struct pair *pair = &run->pair;
    run->started_ns = report_now_ns();
    if (pair_start_child(pair, spillway, NULL, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return 1;
    }
    enum pair_end end = pair_run(pair, run->limit_seconds);
    if (end != PAIR_DONE) {
        (void)fprintf(stderr, "spillway-bench: %u of %u pods are bound\n", run->bound, run->pods);
        pair_explain(pair, end);
        return 1;
    }
    return 0;
}

static void report_run(const struct http_run *run, struct report *report)
{
    double seconds = (double)(run->last_ns - run->first_ns) / 1e9;
    double binds = run->pods - 1; /* the first one starts the clock */
    const struct process_usage *usage = run->usage;
    report_add(report, "http.nodes", run->nodes, "nodes");
    report_add(report, "http.pods", run->pods, "pods");
    report_add(report, "http.binds_per_second", binds / seconds, "first binding to last");
    report_add(report, "http.seconds", seconds, "s, first binding to last");
    report_add(report, "http.seconds_from_start", (double)(run->last_ns - run->started_ns) / 1e9,
               "s, start of spillway to last binding");
    report_add(report, "http.cpu_us_per_bind_spillway",
               (double)(usage[1].cpu_us - usage[0].cpu_us) / binds, "us");
    report_add(report, "http.cpu_us_per_bind_server",
               (double)(run->server_cpu_us[1] - run->server_cpu_us[0]) / binds, "us");
    report_add(report, "http.rss_bytes", (double)usage[1].rss_bytes, "bytes, spillway at the end");
    report_add(report, "http.rss_peak_bytes", (double)usage[1].rss_peak_bytes,
               "bytes, spillway at its highest");
    report_add(report, "http.events_per_bind", (double)run->events_at_last / run->pods,
               "events written before the last binding");
}

/* None bound twice, no node overfull, all bound: else the figures are worth nothing. */
static bool judge(struct verify *verify)
{
    struct verify_claim claims[VERIFY_CLAIMS];
    bool fine = verify_judge(verify, NULL, 0, claims);
    for (uint32_t i = 0; i < VERIFY_CLAIMS && !fine; i++)
        if (!claims[i].holds)
            (void)fprintf(stderr, "spillway-bench: not so: %s: %s\n", claims[i].name,
                          claims[i].text);
    return fine;
}

static int measure(struct http_run *run, const char *spillway, const char *json)
{
    struct err err = {0};
    if (pair_open(&run->pair, 2 * run->pods, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return 1;
    }
    struct verify *verify = verify_new(run->pair.store);
    for (uint32_t i = 0; i < run->nodes; i++)
        create_node(run->pair.store, i);
    for (uint32_t i = 0; i < run->pods; i++)
        create_pod(run->pair.store, i);
    run->subscriber.on_event = on_store_event;
    store_subscribe(run->pair.store, &run->subscriber);
    int code = run_pair(run, spillway);
    bool fine = code == 0 && judge(verify);
    store_unsubscribe(run->pair.store, &run->subscriber);
    verify_free(verify);
    pair_close(&run->pair);
    if (!fine)
        return 1;
    struct report report;
    report_init(&report, "http: real binary and simulated apiserver, two processes");
    report_run(run, &report);
    return report_finish(&report, json);
}

int cmd_http(int argc, char **argv)
{
    struct http_run run = {.nodes = 5000, .pods = 50000, .limit_seconds = 300};
    const char *spillway = NULL, *json = NULL;
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &run.nodes, 1, 100000, "N", "nodes of 32 cores"},
        {"pods", FLAG_COUNT, &run.pods, 2, 1000000, "N", "waiting pods, at most 20 a node"},
        {"spillway", FLAG_TEXT, &spillway, 0, 0, "PATH",
         "the scheduler; default: the one beside this program"},
        {"limit", FLAG_COUNT, &run.limit_seconds, 1, 86400, "SECONDS", "after which it has failed"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags),
        "binds a second of the real binary against the simulated apiserver", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    if (run.pods > PLAIN_PODS_A_NODE_MAX * (uint64_t)run.nodes) {
        (void)fprintf(stderr, "spillway-bench http: %u pods on %u nodes: at most %d a node\n",
                      run.pods, run.nodes, PLAIN_PODS_A_NODE_MAX);
        return 2;
    }
    return measure(&run, spillway, json);
}
