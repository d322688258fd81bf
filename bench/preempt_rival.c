#include "bench/preempt_rival.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/control_plane.h"
#include "bench/kube_metrics.h"
#include "bench/plain_load.h"
#include "bench/report.h"
#include "model/base/mem.h"

enum { POLL_MS = 250, LIMIT_SECONDS = 300 };

struct rival {
    struct control_plane plane;
    struct child_process child;
    uint16_t port; /* of its metrics */
    uint32_t node_count, pod_count;
};

/* ---- objects ---- */

static void make_node(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    (void)ctx;
    (void)buf_add_str(path, "/api/v1/nodes");
    plain_node_add(body, index);
}

static void add_pod(struct buf *body, const char *prefix, uint32_t number, const char *more)
{
    (void)buf_printf(
        body,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s-%u\"},"
        "\"spec\":{%s,\"containers\":[{\"name\":\"main\",\"image\":"
        "\"registry.example/app:1\",\"resources\":{\"requests\":{\"cpu\":\"%dm\"}}}]}}",
        prefix, number, more, PREEMPT_POD_CPU_MILLI);
}

static void make_bound(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    const struct rival *rival = ctx;
    char more[64];
    (void)snprintf(more, sizeof(more), "\"nodeName\":\"node-%u\"", index % rival->node_count);
    (void)buf_add_str(path, "/api/v1/namespaces/default/pods");
    add_pod(body, "low", index, more);
}

static void make_preemptor(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    (void)ctx;
    (void)buf_add_str(path, "/api/v1/namespaces/default/pods");
    add_pod(body, "high", index, "\"priorityClassName\":\"high\"");
}

static void make_class(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    (void)ctx;
    (void)index;
    (void)buf_add_str(path, "/apis/scheduling.k8s.io/v1/priorityclasses");
    (void)buf_printf(body,
                     "{\"apiVersion\":\"scheduling.k8s.io/v1\",\"kind\":\"PriorityClass\","
                     "\"metadata\":{\"name\":\"high\"},\"value\":%d}",
                     PREEMPT_PRIORITY);
}

/* ---- its metrics ---- */

static double decisions_of(const struct buf *text)
{
    return kube_metrics_sum(text, "scheduler_framework_extension_point_duration_seconds_count",
                            "extension_point=\"PostFilter\"");
}

static void read_figures(const struct buf *text, struct preempt_rival_figures *ret_figures)
{
    static const char attempts[] = "scheduler_scheduling_attempt_duration_seconds";
    char name[96];
    (void)snprintf(name, sizeof(name), "%s_count", attempts);
    double attempt_count = kube_metrics_sum(text, name, "result=\"unschedulable\"");
    (void)snprintf(name, sizeof(name), "%s_sum", attempts);
    double attempt_seconds = kube_metrics_sum(text, name, "result=\"unschedulable\"");
    double decisions = decisions_of(text);
    double seconds =
        kube_metrics_sum(text, "scheduler_framework_extension_point_duration_seconds_sum",
                         "extension_point=\"PostFilter\"");
    *ret_figures = (struct preempt_rival_figures){
        .us_per_attempt = attempt_count > 0 ? attempt_seconds / attempt_count * 1e6 : 0,
        .us_post_filter = decisions > 0 ? seconds / decisions * 1e6 : 0,
        .decisions = decisions,
    };
}

/* ---- the run ---- */

/* Until its metrics count that many decisions. */
static int await_decisions(struct rival *rival, double wanted, struct buf *text, struct err *err)
{
    int64_t until_ns = report_now_ns() + (int64_t)LIMIT_SECONDS * 1000000000;
    for (;;) {
        int rc = control_plane_pass(&rival->plane, POLL_MS, err);
        if (rc < 0)
            return rc;
        if (kube_metrics_read(rival->port, text) && decisions_of(text) >= wanted)
            return 0;
        if (!rival->child.running)
            return err_set(err, ECHILD, "kube-scheduler ended");
        if (report_now_ns() > until_ns)
            return err_set(err, ETIMEDOUT, "kube-scheduler did not decide");
    }
}

static int measure(struct rival *rival, struct buf *text, struct err *err)
{
    struct control_plane *plane = &rival->plane;
    uint32_t bound = rival->node_count * PREEMPT_PODS_A_NODE;
    int rc = control_plane_post_many(plane, 1, make_class, rival, err);
    if (rc == 0)
        rc = control_plane_post_many(plane, rival->node_count, make_node, rival, err);
    if (rc == 0)
        rc = control_plane_post_many(plane, bound, make_bound, rival, err);
    if (rc == 0)
        rc = control_plane_start_kube_scheduler(plane, &rival->child, &rival->port, err);
    if (rc == 0)
        rc = await_decisions(rival, 0, text, err);
    if (rc == 0)
        rc = control_plane_post_many(plane, rival->pod_count, make_preemptor, rival, err);
    return rc == 0 ? await_decisions(rival, rival->pod_count, text, err) : rc;
}

int preempt_rival_run(const char *bin, uint32_t node_count, uint32_t pod_count,
                      struct preempt_rival_figures *ret_figures, struct err *err)
{
    struct rival *rival = mem_zalloc(1, sizeof(*rival));
    rival->node_count = node_count;
    rival->pod_count = pod_count;
    int rc = control_plane_open(&rival->plane, bin, err);
    if (rc < 0) {
        free(rival);
        return rc;
    }
    struct buf text;
    buf_init(&text, KUBE_METRICS_BYTES_MAX);
    rc = measure(rival, &text, err);
    if (rc == 0)
        read_figures(&text, ret_figures);
    buf_fini(&text);
    if (rival->child.handles_open > 0)
        control_plane_end_child(&rival->plane, &rival->child);
    control_plane_close(&rival->plane, rc < 0);
    free(rival);
    return rc;
}
