/* The drain: all pods wait when the contestant starts; until the last of them is bound. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cluster_run_private.h"
#include "bench/event_replay.h"
#include "bench/kube_metrics.h"
#include "bench/report.h"

enum { TOLD_TICK_MS = 250, TOLD_QUIET_TICKS = 8 };

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

/* Where room has to be made first, most of the work lies before the first binding. */
static bool counts_from_start(const struct run *run)
{
    return run->load.workload == CLUSTER_PREEMPTING;
}

void drain_on_bound(struct run *run)
{
    if (run->samples_bound++ == 0 && !counts_from_start(run))
        take_moment(run, &run->first);
    if (run->samples_bound == run->samples)
        take_moment(run, &run->last);
}

/* ---- the drain ---- */

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

/* Until no more Events come for a while. */
static int await_told(struct run *run, struct cluster_figures *figures, struct err *err)
{
    double count = figures->events_per_pod * cluster_load_feasible_pods(&run->load);
    uint32_t limit_s = run->options->limit_seconds;
    int64_t until_ns = report_now_ns() + (int64_t)limit_s * 1000000000;
    run->told = run->last;
    for (uint32_t quiet = 0; quiet < TOLD_QUIET_TICKS; quiet++) {
        if (report_now_ns() > until_ns)
            return err_set(err, ETIMEDOUT, "Events still come %u s after the last bind", limit_s);
        int rc = control_plane_pass(&run->plane, TOLD_TICK_MS, err);
        if (rc < 0)
            return rc;
        struct moment now;
        take_moment(run, &now);
        double seen = count_events(run);
        if (seen <= count)
            continue;
        count = seen;
        run->told = now;
        quiet = 0;
    }
    figures->events_told_per_pod = count / cluster_load_feasible_pods(&run->load);
    return 0;
}

static double cpu_us(const struct process_usage *from, const struct process_usage *to)
{
    return (double)(to->cpu_us - from->cpu_us);
}

static void read_drain(const struct run *run, struct cluster_figures *figures)
{
    const struct moment *first = &run->first, *last = &run->last;
    double seconds = (double)(last->at_ns - first->at_ns) / 1e9;
    double all_pods = cluster_load_feasible_pods(&run->load);
    double pods = counts_from_start(run) ? all_pods : all_pods / run->samples * (run->samples - 1);
    double scheduler = cpu_us(&first->scheduler, &last->scheduler);
    double apiserver = cpu_us(&first->apiserver, &last->apiserver);
    double etcd = cpu_us(&first->etcd, &last->etcd), own = cpu_us(&first->own, &last->own);
    double all = (double)(last->machine_cpu_us - first->machine_cpu_us);
    figures->pods_per_second = pods / seconds;
    figures->cpu_us_per_pod = scheduler / pods;
    figures->apiserver_cpu_us_per_pod = apiserver / pods;
    figures->apiserver_cpu_told_us_per_pod = cpu_us(&first->apiserver, &run->told.apiserver) / pods;
    figures->etcd_cpu_us_per_pod = etcd / pods;
    figures->rss_bytes = (double)last->scheduler.rss_peak_bytes;
    double ours =
        apiserver + etcd + own + (contestant_is_scheduler(run->contestant) ? scheduler : 0);
    figures->machine_busy = (all - ours) / 1e6 / seconds;
}

/* kube-scheduler's own measure, of all its decisions until now. */
static int read_algorithm(const struct run *run, struct cluster_figures *figures, struct err *err)
{
    static const char name[] = "scheduler_scheduling_algorithm_duration_seconds";
    struct buf text;
    buf_init(&text, KUBE_METRICS_BYTES_MAX);
    double count = 0, seconds = 0;
    if (kube_metrics_read(run->metrics_port, &text)) {
        char key[sizeof(name) + 8];
        (void)snprintf(key, sizeof(key), "%s_count", name);
        count = kube_metrics_sum(&text, key, NULL);
        (void)snprintf(key, sizeof(key), "%s_sum", name);
        seconds = kube_metrics_sum(&text, key, NULL);
    }
    buf_fini(&text);
    if (count < cluster_load_feasible_pods(&run->load))
        return err_set(err, EPROTO, "kube-scheduler's metrics count %.0f decisions for %u pods",
                       count, cluster_load_feasible_pods(&run->load));
    figures->decision_us = seconds / count * 1e6;
    return 0;
}

int drain_read_decisions(const struct run *run, struct cluster_figures *figures, struct err *err)
{
    char path[CONTROL_PLANE_PATH_BYTES + 32];
    (void)snprintf(path, sizeof(path), "%s/record", run->plane.dir);
    const struct event_replay_output output = {
        .timed_bindings = cluster_load_feasible_pods(&run->load),
    };
    struct event_replay_result result;
    int rc = event_replay(path, &output, &result, err);
    if (rc < 0)
        return err_wrap(err, "the recording of the run");
    if (result.differs || result.timed_attempts < output.timed_bindings)
        return err_set(err, EPROTO, "the recording of the run: %" PRIu64 " decisions; %s",
                       result.timed_attempts, result.difference);
    figures->decision_us = (double)result.timed_ns / 1e3 / (double)result.timed_attempts;
    return 0;
}

int drain_run(struct run *run, struct cluster_figures *figures, struct err *err)
{
    int rc = run_start_contestant(run, false, err);
    if (rc == 0 && counts_from_start(run))
        take_moment(run, &run->first);
    if (rc == 0)
        rc = run_await(run, is_drained, run->options->limit_seconds, "all pods bound", err);
    if (rc < 0)
        return rc;
    figures->events_per_pod = count_events(run) / cluster_load_feasible_pods(&run->load);
    rc = await_told(run, figures, err);
    if (rc < 0)
        return rc;
    read_drain(run, figures);
    if (run->ceiling && bind_ceiling_failed(run->ceiling) > 0)
        return err_set(err, EPROTO, "%" PRIu64 " bare binds or their events failed",
                       bind_ceiling_failed(run->ceiling));
    return run->contestant == CONTESTANT_KUBE_SCHEDULER ? read_algorithm(run, figures, err) : 0;
}
