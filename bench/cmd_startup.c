/*
 * The store is full before spillway starts: nodes, pods on them as a real apiserver
 * writes them (but for the managedFields, which the store does not keep), and some that wait. The
 * clock runs from the start of the process to the first binding that the store sees: start, TLS,
 * lists, decoding, the first decision and its write.
 */
#include "bench/cmd_startup.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/flags.h"
#include "bench/pair.h"
#include "bench/plain_load.h"
#include "bench/pod_text.h"
#include "bench/report.h"

enum { WAITING_PODS = 100, PODS_MAX = 1000000 /* what names of pod_text.h are unique for */ };

struct startup {
    struct pair pair;
    struct store_subscriber subscriber;
    uint32_t nodes, pods, limit_seconds;
    bool is_bound; /* and the figures below are taken */
    int64_t started_ns, bound_ns;
    int64_t server_cpu_ns[2];
    uint64_t sent_bytes;
    struct process_usage usage;
};

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct startup *run = container_of(subscriber, struct startup, subscriber);
    if (run->is_bound || event->object->kind->id != KIND_POD || event->change != CHANGE_MODIFIED ||
        event->before->node_name || !event->object->node_name)
        return;
    run->is_bound = true;
    run->bound_ns = report_now_ns();
    run->server_cpu_ns[1] = report_cpu_ns();
    run->sent_bytes = apiserver_counts(run->pair.server).bytes_out;
    if (process_usage(run->pair.child.process.pid, &run->usage) < 0)
        run->usage = (struct process_usage){0};
    pair_finish(&run->pair);
}

/* ---- the load ---- */

static void create_text(struct store *store, enum kind_id kind, const struct buf *body)
{
    struct api_status status;
    CHECK(!buf_overflowed(body));
    CHECK(store_create_text(store, kind, STR(""), buf_str(body), NULL, &status));
}

static struct str dump_member(const json_t *object, const char *key, char **ret_owned)
{
    *ret_owned = json_dumps(json_object_get(object, key), JSON_COMPACT | JSON_ENCODE_ANY);
    CHECK(*ret_owned != NULL);
    return str_from(*ret_owned);
}

/* A creation drops the status, as everywhere: it is written as a kubelet does. */
static void write_status(struct store *store, const struct object *object, json_t *status)
{
    char *conditions, *rest;
    struct status_text text = {.phase = STR("Running")};
    text.conditions = dump_member(status, "conditions", &conditions);
    CHECK(json_object_del(status, "phase") == 0 && json_object_del(status, "conditions") == 0);
    rest = json_dumps(status, JSON_COMPACT);
    CHECK(rest != NULL);
    struct str inner = str_from(rest); /* without its braces */
    text.rest = (struct str){inner.ptr + 1, inner.len - 2};
    store_set_status(store, object, &text, NULL);
    free(conditions);
    free(rest);
}

/* Pod `i` of bench/pod_text.h, running on one of the nodes. */
static void create_running_pod(struct startup *run, struct buf *text, uint32_t i)
{
    enum { NODE_NAME_BYTES = 32 };
    char node[NODE_NAME_BYTES];
    struct api_status status;
    const struct object *object;
    buf_clear(text);
    pod_text_add(text, i);
    json_t *pod = json_loadb(text->data, text->len, 0, NULL);
    CHECK(pod != NULL);
    (void)snprintf(node, sizeof(node), "node-%u", i % run->nodes);
    json_t *metadata = json_object_get(pod, "metadata");
    CHECK(json_object_set_new(json_object_get(pod, "spec"), "nodeName", json_string(node)) == 0);
    CHECK(json_object_set_new(metadata, "namespace", json_string("default")) == 0);
    CHECK(json_object_del(metadata, "managedFields") == 0);
    CHECK(json_object_del(metadata, "resourceVersion") == 0);
    CHECK(store_create(run->pair.store, KIND_POD, STR(""), pod, &object, &status));
    write_status(run->pair.store, object, json_object_get(pod, "status"));
    json_decref(pod);
}

static void fill(struct startup *run)
{
    enum { POD_TEXT_BYTES = 16384 };
    struct buf body;
    buf_init(&body, POD_TEXT_BYTES);
    for (uint32_t i = 0; i < run->nodes; i++) {
        buf_clear(&body);
        plain_node_add(&body, i);
        create_text(run->pair.store, KIND_NODE, &body);
    }
    for (uint32_t i = 0; i < run->pods; i++)
        create_running_pod(run, &body, i);
    for (uint32_t i = 0; i < WAITING_PODS; i++) {
        buf_clear(&body);
        plain_pod_add(&body, run->pods + i, "spillway", "default");
        create_text(run->pair.store, KIND_POD, &body);
    }
    buf_fini(&body);
}

/* ---- the run ---- */

static int run_pair(struct startup *run, const char *spillway)
{
    struct err err = {0};
    run->started_ns = report_now_ns();
    run->server_cpu_ns[0] = report_cpu_ns();
    if (pair_start_child(&run->pair, spillway, NULL, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench startup: %s\n", err.text);
        return 1;
    }
    enum pair_end end = pair_run(&run->pair, run->limit_seconds);
    if (end == PAIR_DONE)
        return 0;
    (void)fprintf(stderr, "spillway-bench startup: no pod was bound\n");
    pair_explain(&run->pair, end);
    return 1;
}

static void report_run(const struct startup *run, struct report *report)
{
    double server = (double)(run->server_cpu_ns[1] - run->server_cpu_ns[0]) / 1e9;
    report_add(report, "startup.nodes", run->nodes, "nodes");
    report_add(report, "startup.pods", run->pods, "pods on them");
    report_add(report, "startup.seconds", (double)(run->bound_ns - run->started_ns) / 1e9,
               "s, start of spillway to its first binding");
    report_add(report, "startup.server_seconds", server,
               "s of processor time of the simulated apiserver");
    report_add(report, "startup.spillway_seconds", (double)run->usage.cpu_us / 1e6,
               "s of processor time of spillway");
    report_add(report, "startup.sent_bytes", (double)run->sent_bytes, "bytes the apiserver sent");
    report_add(report, "startup.rss_bytes", (double)run->usage.rss_bytes, "bytes, spillway");
    report_add(report, "startup.rss_peak_bytes", (double)run->usage.rss_peak_bytes,
               "bytes, spillway at its highest");
}

static int measure(struct startup *run, const char *spillway, const char *json)
{
    struct err err = {0};
    if (pair_open(&run->pair, 0, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench startup: %s\n", err.text);
        return 1;
    }
    fill(run);
    run->subscriber.on_event = on_store_event;
    store_subscribe(run->pair.store, &run->subscriber);
    int code = run_pair(run, spillway);
    store_unsubscribe(run->pair.store, &run->subscriber);
    pair_close(&run->pair);
    if (code != 0)
        return code;
    struct report report;
    report_init(&report, "startup: real binary and simulated apiserver, two processes");
    report_run(run, &report);
    return report_finish(&report, json);
}

int cmd_startup(int argc, char **argv)
{
    struct startup run = {.nodes = 5000, .pods = 150000, .limit_seconds = 120};
    const char *spillway = NULL, *json = NULL;
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &run.nodes, 1, 100000, "N", "nodes of 32 cores"},
        {"pods", FLAG_COUNT, &run.pods, 1, PODS_MAX, "N", "pods that run on them"},
        {"spillway", FLAG_TEXT, &spillway, 0, 0, "PATH",
         "the scheduler; default: the one beside this program"},
        {"limit", FLAG_COUNT, &run.limit_seconds, 1, 86400, "SECONDS", "after which it has failed"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags),
                    "start to first binding of the real binary on a full cluster", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    return measure(&run, spillway, json);
}
