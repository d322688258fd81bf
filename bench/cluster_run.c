#include "bench/cluster_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cluster_judge.h"
#include "bench/cluster_run_private.h"
#include "bench/plain_load.h"
#include "model/base/mem.h"
#include "model/names.h"

enum { SAMPLE_EVERY = 20 /* pods */ };

#define SAMPLE_ACCOUNT "sample"

static const char *scheduler_name(enum contestant contestant)
{
    if (!contestant_is_scheduler(contestant))
        return "nobody";
    return contestant == CONTESTANT_SPILLWAY ? "spillway" : "default-scheduler";
}

/* ---- the watch ---- */

static void on_watched(void *ctx, const struct event *event)
{
    struct run *run = ctx;
    if (event->kind != EVENT_POD_SEEN || event->pod->node_name_sym == SYM_EMPTY)
        return;
    uint32_t number = plain_pod_number(event->pod->name.ptr, event->pod->name.len);
    if (number > run->options->pods + run->options->steady_pods || run->is_bound[number])
        return;
    run->is_bound[number] = true;
    if (number < run->options->pods)
        drain_on_bound(run);
    else
        steady_on_bound(run, number);
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct run *run = ctx;
    log_error(&run->plane.log, err->text, {NULL, NULL});
}

static bool watch_is_synced(const void *ctx)
{
    return reflector_is_synced(((const struct run *)ctx)->watch);
}

static int start_watch(struct run *run, struct err *err)
{
    struct control_plane *plane = &run->plane;
    run->client = http_client_new(&plane->loop, plane->access, &plane->log, "sample", 1);
    const struct reflector_options options = {
        .loop = &plane->loop,
        .client = run->client,
        .log = &plane->log,
        .symbols = run->symbols,
        .kind = DECODE_POD,
        .path = "/api/v1/pods",
        .field_selector = "spec.serviceAccountName=" SAMPLE_ACCOUNT,
        .seed = 1,
        .ctx = run,
        .on_event = on_watched,
        .on_trouble = on_trouble,
    };
    run->watch = reflector_start(&options);
    return control_plane_await(plane, watch_is_synced, run, 60, "a watch of the sampled pods", err);
}

static void on_part_closed(void *ctx)
{
    struct run *run = ctx;
    run->open_count--;
}

static void await_closed(struct run *run)
{
    while (run->open_count > 0)
        (void)uv_run(&run->plane.loop, UV_RUN_ONCE);
}

static void stop_watch(struct run *run)
{
    if (run->watch) {
        run->open_count = 1;
        reflector_stop(run->watch, on_part_closed, run);
        await_closed(run);
        run->open_count = 1;
        http_client_close(run->client, on_part_closed, run);
        await_closed(run);
    }
}

/* ---- objects ---- */

static void make_node(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    const struct run *run = ctx;
    (void)buf_add_str(path, "/api/v1/nodes");
    cluster_load_add_node(&run->load, index, body);
}

static void make_prior(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    const struct run *run = ctx;
    cluster_load_add_prior(&run->load, index, path, body);
}

static void make_later_prior(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    make_prior(ctx, index + 1, path, body);
}

/* Names sort by number % 50, the template: evenly within each, and within each thousand. */
static bool is_sample(const struct run *run, uint32_t number)
{
    uint32_t row = number / PLAIN_TEMPLATES, column = number % PLAIN_TEMPLATES;
    return number >= run->options->pods || (row % SAMPLE_EVERY == column % SAMPLE_EVERY &&
                                            cluster_load_is_feasible(&run->load, number));
}

void run_make_pod(const struct run *run, uint32_t number, struct buf *path, struct buf *body)
{
    (void)buf_add_str(path, "/api/v1/namespaces/default/pods");
    cluster_load_add_pod(&run->load, number, scheduler_name(run->contestant),
                         is_sample(run, number) ? SAMPLE_ACCOUNT : "default", body);
}

static void make_pod(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    run_make_pod(ctx, index, path, body);
}

static int make_objects(struct run *run, struct err *err)
{
    struct control_plane *plane = &run->plane;
    uint32_t prior_count = cluster_load_prior_count(&run->load);
    /* The first of them before the nodes: what follows names it, and the apiserver has to have seen
     * it by then. */
    int rc = prior_count > 0 ? control_plane_post_many(plane, 1, make_prior, run, err) : 0;
    if (rc == 0)
        rc = control_plane_post_many(plane, run->options->nodes, make_node, run, err);
    if (rc == 0 && prior_count > 1)
        rc = control_plane_post_many(plane, prior_count - 1, make_later_prior, run, err);
    if (rc == 0)
        rc = control_plane_post_many(plane, run->options->pods, make_pod, run, err);
    return rc;
}

/* ---- the contestant ---- */

static int start_spillway(struct run *run, bool is_restart, struct err *err)
{
    char record[CONTROL_PLANE_PATH_BYTES + 32];
    (void)snprintf(record, sizeof(record), "--record=%s/record", run->plane.dir);
    const char *more[3] = {NULL};
    size_t count = 0;
    if (run->load.workload == CLUSTER_PREEMPTING)
        more[count++] = "--preemption";
    if (run->options->records && !is_restart)
        more[count++] = record;
    return control_plane_start_spillway(&run->plane, &run->child, run->options->spillway, more,
                                        err);
}

int run_start_contestant(struct run *run, bool is_restart, struct err *err)
{
    if (run->contestant == CONTESTANT_SPILLWAY)
        return start_spillway(run, is_restart, err);
    if (run->contestant == CONTESTANT_KUBE_SCHEDULER)
        return control_plane_start_kube_scheduler(&run->plane, &run->child, &run->metrics_port,
                                                  err);
    run->ceiling = bind_ceiling_start(&run->plane, &run->load,
                                      run->contestant == CONTESTANT_CEILING_WITH_EVENTS);
    return 0;
}

void run_stop_contestant(struct run *run)
{
    if (run->ceiling)
        bind_ceiling_stop(run->ceiling);
    run->ceiling = NULL;
    control_plane_end_child(&run->plane, &run->child);
}

/* What is awaited of a contestant: it, or the end of the program. */
struct hope {
    const struct run *run;
    bool (*done)(const void *ctx);
};

static bool hope_is_over(const void *ctx)
{
    const struct hope *hope = ctx;
    return hope->done(hope->run) ||
           (contestant_is_scheduler(hope->run->contestant) && !hope->run->child.running);
}

int run_await(struct run *run, bool (*done)(const void *run), uint32_t limit_seconds,
              const char *what, struct err *err)
{
    struct hope hope = {run, done};
    int rc = control_plane_await(&run->plane, hope_is_over, &hope, limit_seconds, what, err);
    if (rc == 0 && !done(run))
        return err_set(err, ECHILD, "the scheduler ended by itself; its log is in %s",
                       run->plane.dir);
    return rc;
}

/* ---- the whole ---- */

static int run_parts(struct run *run, struct cluster_figures *figures, struct err *err)
{
    const struct cluster_options *options = run->options;
    bool is_scheduler = contestant_is_scheduler(run->contestant);
    bool has_steady = options->steady_pods > 0 && run->contestant != CONTESTANT_CEILING_WITH_EVENTS;
    bool has_restart = has_steady && is_scheduler;
    struct cluster_expected expected = {
        .load = &run->load,
        .pods = options->pods + (has_steady ? options->steady_pods : 0) + has_restart,
        .is_decided = is_scheduler,
    };
    int rc = make_objects(run, err);
    if (rc == 0)
        rc = start_watch(run, err);
    if (rc == 0)
        rc = drain_run(run, figures, err);
    if (rc == 0 && has_steady)
        rc = steady_run(run, figures, err);
    if (rc == 0 && has_restart)
        rc = restart_run(run, figures, err);
    if (rc == 0)
        rc = cluster_judge(&run->plane, &expected, err);
    if (rc == 0 && run->contestant == CONTESTANT_SPILLWAY && options->records) {
        run_stop_contestant(run);
        rc = drain_read_decisions(run, figures, err);
    }
    return rc;
}

int cluster_run(const struct cluster_options *options, enum contestant contestant,
                struct cluster_figures *ret_figures, struct err *err)
{
    struct run *run = mem_zalloc(1, sizeof(*run));
    struct cluster_figures figures = {0};
    run->options = options;
    run->contestant = contestant;
    run->load = (struct cluster_load){
        .workload = options->workload,
        .nodes = options->nodes,
        .pods = options->pods,
        .late_pods = options->steady_pods > 0 ? options->steady_pods + 1 : 0,
    };
    int rc = control_plane_open(&run->plane, options->bin, err);
    if (rc < 0) {
        free(run);
        return rc;
    }
    run->symbols = names_symbols_new(1);
    for (uint32_t i = 0; i < options->pods; i++)
        run->samples += is_sample(run, i);
    run->is_bound = mem_zalloc(options->pods + options->steady_pods + 1, sizeof(*run->is_bound));
    run->sent_ns = mem_zalloc(options->steady_pods + 1, sizeof(*run->sent_ns));
    CHECK(uv_timer_init(&run->plane.loop, &run->steady) == 0);
    run->steady.data = run;
    rc = run_parts(run, &figures, err);
    run_stop_contestant(run);
    stop_watch(run);
    uv_close((uv_handle_t *)&run->steady, NULL);
    control_plane_close(&run->plane, options->keeps_files || (rc < 0 && rc != -EINTR));
    symbols_free(run->symbols);
    free(run->is_bound);
    free(run->sent_ns);
    free(run);
    if (rc == 0)
        *ret_figures = figures;
    return rc;
}
