/* After the drain: pods that come one by one at a steady rate, then a restart of the scheduler. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/cluster_run_private.h"
#include "bench/plain_load.h"
#include "bench/report.h"
#include "model/base/mem.h"

enum {
    SETTLE_MS = 5000, /* after the drain: events and garbage collection */
    RESTART_LIMIT_S = 120,
};

/* One pod of the steady part under way. */
struct steady_call {
    struct run *run;
    uint32_t number;
};

static void steady_end(struct steady_call *call, int32_t refused_status)
{
    call->run->steady_open--;
    if (refused_status != 0)
        call->run->refused_status = refused_status;
    free(call);
}

static int32_t refused(const struct http_reply *reply)
{
    if (reply->status == 201)
        return 0;
    return reply->status ? reply->status : -1;
}

static void steady_post(struct steady_call *call, const struct buf *path, const struct buf *body,
                        void (*on_done)(void *ctx, const struct http_reply *reply))
{
    CHECK(!buf_overflowed(path) && !buf_overflowed(body));
    const struct http_options options = {
        .method = "POST",
        .path = path->data,
        .body = buf_str(body),
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = call,
        .on_done = on_done,
    };
    (void)http_call_start(call->run->plane.client, &options);
}

/* How long the pod took; after which it counts. */
static void took(struct run *run, uint32_t number)
{
    int64_t *taken_ns = &run->sent_ns[number - run->options->pods];
    *taken_ns = report_now_ns() - *taken_ns;
    run->steady_bound++;
}

static void on_bare_bind_done(void *ctx, const struct http_reply *reply)
{
    struct steady_call *call = ctx;
    took(call->run, call->number);
    steady_end(call, refused(reply));
}

/* What no scheduler can do without: a bind after the pod is there. */
static void send_bare_bind(struct steady_call *call)
{
    struct buf path, body;
    buf_init(&path, CONTROL_PLANE_PATH_BYTES);
    buf_init(&body, CLUSTER_OBJECT_BYTES);
    (void)buf_add_str(&path, "/api/v1/namespaces/default/pods/");
    plain_pod_name_add(&path, call->number);
    (void)buf_add_str(&path, "/binding");
    (void)buf_add_str(&body,
                      "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\"");
    plain_pod_name_add(&body, call->number);
    (void)buf_printf(&body,
                     "\"},\"target\":{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":"
                     "\"node-%u\"}}",
                     call->number % call->run->options->nodes);
    steady_post(call, &path, &body, on_bare_bind_done);
    buf_fini(&path);
    buf_fini(&body);
}

static void on_created(void *ctx, const struct http_reply *reply)
{
    struct steady_call *call = ctx;
    if (reply->status == 201 && !contestant_is_scheduler(call->run->contestant))
        send_bare_bind(call);
    else
        steady_end(call, refused(reply));
}

void steady_on_bound(struct run *run, uint32_t number)
{
    if (!contestant_is_scheduler(run->contestant))
        return;
    if (number < run->options->pods + run->options->steady_pods)
        took(run, number);
    else
        run->restart_bound_ns = report_now_ns();
}

static void send_pod(struct run *run, uint32_t number)
{
    struct steady_call *call = mem_zalloc(1, sizeof(*call));
    struct buf path, body;
    *call = (struct steady_call){run, number};
    buf_init(&path, CONTROL_PLANE_PATH_BYTES);
    buf_init(&body, CLUSTER_OBJECT_BYTES);
    run_make_pod(run, number, &path, &body);
    run->steady_open++;
    steady_post(call, &path, &body, on_created);
    buf_fini(&path);
    buf_fini(&body);
}

static void on_steady_timer(uv_timer_t *timer)
{
    struct run *run = timer->data;
    if (run->steady_sent == run->options->steady_pods) {
        (void)uv_timer_stop(timer);
        return;
    }
    run->sent_ns[run->steady_sent] = report_now_ns();
    send_pod(run, run->options->pods + run->steady_sent++);
}

static bool steady_is_over(const void *ctx)
{
    const struct run *run = ctx;
    bool all_bound = run->steady_bound == run->options->steady_pods;
    return (all_bound || run->refused_status != 0) && run->steady_open == 0;
}

int steady_run(struct run *run, struct cluster_figures *figures, struct err *err)
{
    const struct cluster_options *options = run->options;
    int rc = control_plane_pass(&run->plane, SETTLE_MS, err);
    if (rc < 0)
        return rc;
    uint64_t every_ms = 1000 / options->rate;
    CHECK(uv_timer_start(&run->steady, on_steady_timer, 0, every_ms) == 0);
    rc = run_await(run, steady_is_over, options->limit_seconds, "the pods of the steady part bound",
                   err);
    (void)uv_timer_stop(&run->steady);
    if (rc < 0)
        return rc;
    if (run->refused_status != 0)
        return err_set(err, EPROTO, "the POST of a pod was answered %d", run->refused_status);
    double *ms = mem_zalloc(options->steady_pods, sizeof(*ms));
    for (uint32_t i = 0; i < options->steady_pods; i++)
        ms[i] = (double)run->sent_ns[i] / 1e6;
    figures->p50_ms = report_percentile(ms, options->steady_pods, 50);
    figures->p99_ms = report_percentile(ms, options->steady_pods, 99);
    free(ms);
    return 0;
}

static bool restart_is_over(const void *ctx)
{
    return ((const struct run *)ctx)->restart_bound_ns != 0;
}

static bool no_post_is_open(const void *ctx)
{
    return ((const struct run *)ctx)->steady_open == 0;
}

/* A pod waits, then the scheduler starts: it has to know all nodes and all bound pods first. */
int restart_run(struct run *run, struct cluster_figures *figures, struct err *err)
{
    run_stop_contestant(run);
    send_pod(run, run->options->pods + run->options->steady_pods);
    int rc = control_plane_await(&run->plane, no_post_is_open, run, RESTART_LIMIT_S, "a pod", err);
    if (rc < 0)
        return rc;
    int64_t started_ns = report_now_ns();
    rc = run_start_contestant(run, true, err);
    if (rc == 0)
        rc =
            run_await(run, restart_is_over, RESTART_LIMIT_S, "the first bind after a restart", err);
    figures->restart_seconds = (double)(run->restart_bound_ns - started_ns) / 1e9;
    return rc;
}
