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
    int64_t cpu_milli;
    uint32_t pods;
};

struct judge {
    const struct log *log;
    struct symbols *symbols;
    struct node_load *loads;
    uint32_t nodes, pods, bound;
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
    return *end || number >= judge->nodes ? UINT32_MAX : (uint32_t)number;
}

static void on_pod(struct judge *judge, const struct pod_object *pod)
{
    judge->pods++;
    uint32_t node = node_number(judge, pod->node_name_sym);
    if (node == UINT32_MAX)
        return;
    judge->bound++;
    judge->loads[node].pods++;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        const struct amounts *requests = &pod->containers[i].requests;
        for (uint32_t j = 0; j < requests->count; j++)
            if (requests->items[j].name_sym == NAME_CPU)
                judge->loads[node].cpu_milli += requests->items[j].amount;
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

static int find_fault(const struct judge *judge, uint32_t pods, struct err *err)
{
    if (judge->pods != pods || judge->bound != pods)
        return err_set(err, EAGAIN, "%u pods were made, %u are there, %u of them on nodes", pods,
                       judge->pods, judge->bound);
    for (uint32_t i = 0; i < judge->nodes; i++)
        if (judge->loads[i].cpu_milli > PLAIN_NODE_CORES * 1000 ||
            judge->loads[i].pods > PLAIN_NODE_PODS)
            return err_set(err, EPROTO, "node-%u is overfull: %lld millicores, %u pods", i,
                           (long long)judge->loads[i].cpu_milli, judge->loads[i].pods);
    return 0;
}

static int judge_once(struct control_plane *plane, uint32_t nodes, uint32_t pods, struct err *err)
{
    struct judge judge = {.log = &plane->log,
                          .symbols = names_symbols_new(1),
                          .loads = mem_zalloc(nodes, sizeof(struct node_load)),
                          .nodes = nodes};
    int rc = list_pods(plane, &judge, err);
    if (rc == 0)
        rc = find_fault(&judge, pods, err);
    free(judge.loads);
    symbols_free(judge.symbols);
    return rc;
}

int cluster_judge(struct control_plane *plane, uint32_t nodes, uint32_t pods, struct err *err)
{
    int64_t until_ns = report_now_ns() + (int64_t)BOUND_LIMIT_S * 1000000000;
    for (;;) {
        int rc = judge_once(plane, nodes, pods, err);
        if (rc != -EAGAIN || report_now_ns() > until_ns)
            return rc;
        struct err why = {0};
        if (control_plane_pass(plane, AGAIN_MS, &why) < 0)
            return rc;
    }
}
