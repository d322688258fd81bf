#include "bench/cluster_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bind_ceiling.h"
#include "bench/child.h"
#include "bench/cluster_judge.h"
#include "bench/control_plane.h"
#include "bench/plain_load.h"
#include "bench/report.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "watch/reflector.h"

enum {
    SAMPLE_EVERY = 20, /* pods */
    SETTLE_MS = 5000,  /* after the drain: events and garbage collection */
    RESTART_LIMIT_S = 120,
};

#define SAMPLE_ACCOUNT "sample"

struct moment {
    int64_t at_ns;
    struct process_usage scheduler, apiserver, etcd, own;
    int64_t machine_cpu_us;
};

struct run {
    const struct cluster_options *options;
    enum contestant contestant;
    struct control_plane plane;
    struct child_process child; /* the scheduler */
    struct bind_ceiling *ceiling;
    struct symbols *symbols;
    struct http_client *client;
    struct reflector *watch;
    uint32_t samples, samples_bound, steady_sent, steady_bound, steady_open;
    struct moment first, last;
    bool *is_bound;   /* by pod number */
    int64_t *sent_ns; /* by number in the steady part; then how long it took */
    int64_t restart_bound_ns;
    int32_t refused_status; /* of a steady POST */
    uv_timer_t steady;
    uint32_t open_count;
};

static const char *scheduler_name(enum contestant contestant)
{
    static const char *const names[] = {
        [CONTESTANT_CEILING] = "nobody",
        [CONTESTANT_KUBE_SCHEDULER] = "default-scheduler",
        [CONTESTANT_SPILLWAY] = "spillway",
    };
    return names[contestant];
}

/* ---- what is used ---- */

/* All processes, user and system, from the first line of /proc/stat; 0 when it cannot be read. */
static int64_t machine_cpu_us(void)
{
    unsigned long long user = 0, nice = 0, system = 0;
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return 0;
    if (fscanf(file, "cpu %llu %llu %llu", &user, &nice, &system) != 3)
        user = nice = system = 0;
    (void)fclose(file);
    return (int64_t)(user + nice + system) * 1000000 / sysconf(_SC_CLK_TCK);
}

static void use(pid_t pid, struct process_usage *ret_usage)
{
    if (process_usage(pid, ret_usage) < 0)
        *ret_usage = (struct process_usage){0};
}

static void take_moment(const struct run *run, struct moment *ret_moment)
{
    ret_moment->at_ns = report_now_ns();
    use(run->plane.apiserver.process.pid, &ret_moment->apiserver);
    use(run->plane.etcd.process.pid, &ret_moment->etcd);
    use(getpid(), &ret_moment->own);
    if (run->child.running)
        use(run->child.process.pid, &ret_moment->scheduler);
    else
        ret_moment->scheduler = ret_moment->own;
    ret_moment->machine_cpu_us = machine_cpu_us();
}

/* ---- the watch ---- */

static void on_bound(struct run *run, uint32_t number)
{
    const struct cluster_options *options = run->options;
    int64_t now_ns = report_now_ns();
    if (number < options->pods) {
        if (run->samples_bound++ == 0)
            take_moment(run, &run->first);
        if (run->samples_bound == run->samples)
            take_moment(run, &run->last);
    } else if (number < options->pods + options->steady_pods) {
        int64_t *taken_ns = &run->sent_ns[number - options->pods];
        *taken_ns = now_ns - *taken_ns;
        run->steady_bound++;
    } else {
        run->restart_bound_ns = now_ns;
    }
}

static void on_watched(void *ctx, const struct event *event)
{
    struct run *run = ctx;
    if (event->kind != EVENT_POD_SEEN || event->pod->node_name_sym == SYM_EMPTY)
        return;
    uint32_t number = plain_pod_number(event->pod->name.ptr, event->pod->name.len);
    if (number > run->options->pods + run->options->steady_pods || run->is_bound[number])
        return;
    run->is_bound[number] = true;
    on_bound(run, number);
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
    (void)ctx;
    (void)buf_add_str(path, "/api/v1/nodes");
    plain_node_add(body, index);
}

/* Names sort by number % 50, the template: evenly within each, and within each thousand. */
static bool is_sample(const struct run *run, uint32_t number)
{
    uint32_t row = number / PLAIN_TEMPLATES, column = number % PLAIN_TEMPLATES;
    return number >= run->options->pods || row % SAMPLE_EVERY == column % SAMPLE_EVERY;
}

static void make_pod(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    const struct run *run = ctx;
    (void)buf_add_str(path, "/api/v1/namespaces/default/pods");
    plain_pod_add(body, index, scheduler_name(run->contestant),
                  is_sample(run, index) ? SAMPLE_ACCOUNT : "default");
}

static int make_objects(struct run *run, struct err *err)
{
    struct control_plane *plane = &run->plane;
    int rc = control_plane_post_many(plane, run->options->nodes, make_node, NULL, err);
    if (rc == 0)
        rc = control_plane_post_many(plane, run->options->pods, make_pod, run, err);
    return rc;
}

/* ---- the drain ---- */

static int start_contestant(struct run *run, struct err *err)
{
    struct control_plane *plane = &run->plane;
    if (run->contestant == CONTESTANT_CEILING) {
        run->ceiling = bind_ceiling_start(plane, run->options->nodes);
        return 0;
    }
    if (run->contestant == CONTESTANT_SPILLWAY) {
        char *beside = run->options->spillway ? NULL : program_beside("spillway");
        const char *const arguments[] = {beside ? beside : run->options->spillway, "--kubeconfig",
                                         plane->kubeconfig, NULL};
        int rc = control_plane_spawn(plane, &run->child, "spillway", arguments, err);
        free(beside);
        return rc;
    }
    char program[CONTROL_PLANE_PATH_BYTES + 32], config[CONTROL_PLANE_PATH_BYTES + 64];
    (void)snprintf(program, sizeof(program), "%s/kube-scheduler", run->options->bin);
    (void)snprintf(config, sizeof(config), "--config=%s", plane->kube_scheduler);
    const char *const arguments[] = {program, config, "--secure-port=0", NULL};
    return control_plane_spawn(plane, &run->child, "kube-scheduler", arguments, err);
}

static void stop_contestant(struct run *run)
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

static bool has_ended(const struct run *run)
{
    return run->contestant != CONTESTANT_CEILING && !run->child.running;
}

static bool hope_is_over(const void *ctx)
{
    const struct hope *hope = ctx;
    return hope->done(hope->run) || has_ended(hope->run);
}

static int await(struct run *run, bool (*done)(const void *ctx), uint32_t limit_seconds,
                 const char *what, struct err *err)
{
    struct hope hope = {run, done};
    int rc = control_plane_await(&run->plane, hope_is_over, &hope, limit_seconds, what, err);
    if (rc == 0 && !done(run))
        return err_set(err, ECHILD, "the scheduler ended by itself; its log is in %s",
                       run->plane.dir);
    return rc;
}

static bool is_drained(const void *ctx)
{
    const struct run *run = ctx;
    return run->samples_bound == run->samples;
}

/* How many Events there are: a list of one says how many follow. */
static double count_events(struct run *run)
{
    struct err err = {0};
    struct buf body;
    buf_init(&body, HTTP_BODY_BYTES_MAX);
    static const char member[] = "\"remainingItemCount\":";
    double count = 0;
    if (control_plane_call(&run->plane, "GET", "/apis/events.k8s.io/v1/events?limit=1", NULL, &body,
                           &err) == 200) {
        const char *at = strstr(body.data, member);
        bool has_items = !strstr(body.data, "\"items\":[]");
        count = (at ? strtod(at + sizeof(member) - 1, NULL) : 0) + (has_items ? 1 : 0);
    }
    buf_fini(&body);
    return count;
}

static double cpu_us(const struct process_usage *from, const struct process_usage *to)
{
    return (double)(to->cpu_us - from->cpu_us);
}

static void read_drain(const struct run *run, struct cluster_figures *figures)
{
    const struct moment *first = &run->first, *last = &run->last;
    double seconds = (double)(last->at_ns - first->at_ns) / 1e9;
    double pods = (double)run->options->pods / run->samples * (run->samples - 1);
    double scheduler = cpu_us(&first->scheduler, &last->scheduler);
    double apiserver = cpu_us(&first->apiserver, &last->apiserver);
    double etcd = cpu_us(&first->etcd, &last->etcd), own = cpu_us(&first->own, &last->own);
    double all = (double)(last->machine_cpu_us - first->machine_cpu_us);
    figures->pods_per_second = pods / seconds;
    figures->cpu_us_per_pod = scheduler / pods;
    figures->apiserver_cpu_us_per_pod = apiserver / pods;
    figures->etcd_cpu_us_per_pod = etcd / pods;
    figures->rss_bytes = (double)last->scheduler.rss_peak_bytes;
    double ours = apiserver + etcd + own + (run->contestant == CONTESTANT_CEILING ? 0 : scheduler);
    figures->machine_busy = (all - ours) / 1e6 / seconds;
}

static int drain(struct run *run, struct cluster_figures *figures, struct err *err)
{
    int rc = start_contestant(run, err);
    if (rc == 0)
        rc = await(run, is_drained, run->options->limit_seconds, "all pods bound", err);
    if (rc < 0)
        return rc;
    figures->events_per_pod = count_events(run) / run->options->pods;
    read_drain(run, figures);
    if (run->ceiling && bind_ceiling_failed(run->ceiling) > 0)
        return err_set(err, EPROTO, "%llu bare binds failed",
                       (unsigned long long)bind_ceiling_failed(run->ceiling));
    return 0;
}

/* ---- pods at a steady rate, and the restart ---- */

static void on_steady_done(void *ctx, const struct http_reply *reply)
{
    struct run *run = ctx;
    run->steady_open--;
    if (reply->status != 201)
        run->refused_status = reply->status ? reply->status : -1;
}

static void send_pod(struct run *run, uint32_t number)
{
    struct buf path, body;
    buf_init(&path, CONTROL_PLANE_PATH_BYTES);
    buf_init(&body, PLAIN_OBJECT_BYTES);
    make_pod(run, number, &path, &body);
    const struct http_options options = {
        .method = "POST",
        .path = path.data,
        .body = buf_str(&body),
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = run,
        .on_done = on_steady_done,
    };
    run->steady_open++;
    (void)http_call_start(run->plane.client, &options);
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
    return run->steady_bound == run->options->steady_pods && run->steady_open == 0;
}

static int compare_ns(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int steady(struct run *run, struct cluster_figures *figures, struct err *err)
{
    const struct cluster_options *options = run->options;
    int rc = control_plane_pass(&run->plane, SETTLE_MS, err);
    if (rc < 0)
        return rc;
    uint64_t every_ms = 1000 / options->rate;
    CHECK(uv_timer_start(&run->steady, on_steady_timer, 0, every_ms) == 0);
    rc = await(run, steady_is_over, options->limit_seconds, "the pods of the steady part bound",
               err);
    (void)uv_timer_stop(&run->steady);
    if (rc < 0)
        return rc;
    if (run->refused_status != 0)
        return err_set(err, EPROTO, "the POST of a pod was answered %d", run->refused_status);
    size_t count = options->steady_pods;
    qsort(run->sent_ns, count, sizeof(*run->sent_ns), compare_ns);
    figures->p50_ms = (double)run->sent_ns[count / 2] / 1e6;
    figures->p99_ms = (double)run->sent_ns[count * 99 / 100] / 1e6;
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
static int restart(struct run *run, struct cluster_figures *figures, struct err *err)
{
    stop_contestant(run);
    send_pod(run, run->options->pods + run->options->steady_pods);
    int rc = control_plane_await(&run->plane, no_post_is_open, run, RESTART_LIMIT_S, "a pod", err);
    if (rc < 0)
        return rc;
    int64_t started_ns = report_now_ns();
    rc = start_contestant(run, err);
    if (rc == 0)
        rc = await(run, restart_is_over, RESTART_LIMIT_S, "the first bind after a restart", err);
    figures->restart_seconds = (double)(run->restart_bound_ns - started_ns) / 1e9;
    return rc;
}

/* ---- the whole ---- */

static int run_parts(struct run *run, struct cluster_figures *figures, struct err *err)
{
    const struct cluster_options *options = run->options;
    bool has_steady = options->steady_pods > 0 && run->contestant != CONTESTANT_CEILING;
    uint32_t made = options->pods + (has_steady ? options->steady_pods + 1 : 0);
    int rc = make_objects(run, err);
    if (rc == 0)
        rc = start_watch(run, err);
    if (rc == 0)
        rc = drain(run, figures, err);
    if (rc == 0 && has_steady)
        rc = steady(run, figures, err);
    if (rc == 0 && has_steady)
        rc = restart(run, figures, err);
    if (rc == 0)
        rc = cluster_judge(&run->plane, options->nodes, made, err);
    return rc;
}

int cluster_run(const struct cluster_options *options, enum contestant contestant,
                struct cluster_figures *ret_figures, struct err *err)
{
    struct run *run = mem_zalloc(1, sizeof(*run));
    struct cluster_figures figures = {0};
    run->options = options;
    run->contestant = contestant;
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
    stop_contestant(run);
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
