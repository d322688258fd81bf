#include "bench/cluster_judge.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/plain_load.h"
#include "bench/report.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "watch/reflector.h"

enum {
    LIST_LIMIT_S = 120,
    BOUND_LIMIT_S =
        60, /* a scheduler that binds in parallel is not at its end with the last sample */
    AGAIN_MS = 500,
};

struct node_load {
    int64_t cpu_milli, devices;
    uint32_t pods;
};

struct judge {
    const struct log *log;
    struct symbols *symbols;
    struct node_load *loads;
    const struct cluster_expected *expected;
    uint32_t device_sym;
    uint32_t pods, bound;
    uint32_t misplaced, misplaced_on; /* pod and node; UINT32_MAX: none */
    bool is_listed, is_stopped;
};

/* The number of "node-<i>"; UINT32_MAX: no such node. */
static uint32_t node_number(const struct judge *judge, uint32_t name_sym)
{
    struct str name = symbol_str(judge->symbols, name_sym);
    if (!str_starts(name, "node-"))
        return UINT32_MAX;
    char *end;
    unsigned long long number = strtoull(name.ptr + 5, &end, 10);
    return *end || number >= judge->expected->load->nodes ? UINT32_MAX : (uint32_t)number;
}

static void add_to_node(struct judge *judge, struct node_load *load, const struct pod_object *pod)
{
    load->pods++;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        const struct amounts *requests = &pod->containers[i].requests;
        for (uint32_t j = 0; j < requests->count; j++) {
            if (requests->items[j].name_sym == NAME_CPU)
                load->cpu_milli += requests->items[j].amount;
            if (requests->items[j].name_sym == judge->device_sym)
                load->devices += requests->items[j].amount;
        }
    }
}

static void on_pod(struct judge *judge, const struct pod_object *pod)
{
    uint32_t number = plain_pod_number(pod->name.ptr, pod->name.len);
    uint32_t node = node_number(judge, pod->node_name_sym);
    bool is_ours = number != UINT32_MAX; /* the others were there before */
    judge->pods += is_ours;
    if (node == UINT32_MAX)
        return;
    judge->bound += is_ours;
    add_to_node(judge, &judge->loads[node], pod);
    if (is_ours && !cluster_load_allows(judge->expected->load, number, node)) {
        judge->misplaced = number;
        judge->misplaced_on = node;
    }
}

static void on_listed(void *ctx, const struct event *event)
{
    struct judge *judge = ctx;
    if (event->kind == EVENT_POD_LIST_END)
        judge->is_listed = true;
    else if (event->kind == EVENT_POD_SEEN && !judge->is_listed)
        on_pod(judge, event->pod);
}

static void on_trouble(void *ctx, const struct err *err)
{
    const struct judge *judge = ctx;
    log_error(judge->log, err->text, {NULL, NULL});
}

static bool is_listed(const void *ctx)
{
    return ((const struct judge *)ctx)->is_listed;
}

static void on_stopped(void *ctx)
{
    struct judge *judge = ctx;
    judge->is_stopped = true;
}

static int list_pods(struct control_plane *plane, struct judge *judge, struct err *err)
{
    struct http_client *client =
        http_client_new(&plane->loop, plane->access, &plane->log, "judge", 1);
    const struct reflector_options options = {
        .loop = &plane->loop,
        .client = client,
        .log = &plane->log,
        .symbols = judge->symbols,
        .kind = DECODE_POD,
        .path = "/api/v1/pods",
        .seed = 1,
        .ctx = judge,
        .on_event = on_listed,
        .on_trouble = on_trouble,
    };
    struct reflector *pods = reflector_start(&options);
    int rc = control_plane_await(plane, is_listed, judge, LIST_LIMIT_S, "a list of all pods", err);
    reflector_stop(pods, on_stopped, judge);
    while (!judge->is_stopped)
        (void)uv_run(&plane->loop, UV_RUN_ONCE);
    judge->is_stopped = false;
    http_client_close(client, on_stopped, judge);
    while (!judge->is_stopped)
        (void)uv_run(&plane->loop, UV_RUN_ONCE);
    return rc;
}

static int find_fault(const struct judge *judge, struct err *err)
{
    const struct cluster_load *load = judge->expected->load;
    uint32_t pods = judge->expected->pods;
    uint32_t fitting = pods - (load->pods - cluster_load_feasible_pods(load));
    if (judge->pods != pods || judge->bound != fitting)
        return err_set(err, EAGAIN, "%u pods were made, %u fit; %u are there, %u of them on nodes",
                       pods, fitting, judge->pods, judge->bound);
    if (!judge->expected->is_decided)
        return 0;
    if (judge->misplaced != UINT32_MAX)
        return err_set(err, EPROTO, "pod %u may not be on node-%u", judge->misplaced,
                       judge->misplaced_on);
    for (uint32_t i = 0; i < load->nodes; i++) {
        const struct node_load *node = &judge->loads[i];
        if (node->cpu_milli > PLAIN_NODE_CORES * 1000 || node->pods > PLAIN_NODE_PODS ||
            node->devices > CLUSTER_DEVICES_A_NODE)
            return err_set(err, EPROTO,
                           "node-%u is overfull: %lld millicores, %u pods, %lld devices", i,
                           (long long)node->cpu_milli, node->pods, (long long)node->devices);
    }
    return 0;
}

static int judge_once(struct control_plane *plane, const struct cluster_expected *expected,
                      struct err *err)
{
    struct judge judge = {.log = &plane->log,
                          .symbols = names_symbols_new(1),
                          .loads = mem_zalloc(expected->load->nodes, sizeof(struct node_load)),
                          .expected = expected,
                          .misplaced = UINT32_MAX};
    judge.device_sym = symbol_intern(judge.symbols, STR(CLUSTER_DEVICE));
    int rc = list_pods(plane, &judge, err);
    if (rc == 0)
        rc = find_fault(&judge, err);
    free(judge.loads);
    symbols_free(judge.symbols);
    return rc;
}

int cluster_judge(struct control_plane *plane, const struct cluster_expected *expected,
                  struct err *err)
{
    int64_t until_ns = report_now_ns() + (int64_t)BOUND_LIMIT_S * 1000000000;
    for (;;) {
        int rc = judge_once(plane, expected, err);
        if (rc != -EAGAIN || report_now_ns() > until_ns)
            return rc;
        struct err why = {0};
        if (control_plane_pass(plane, AGAIN_MS, &why) < 0)
            return rc;
    }
}
