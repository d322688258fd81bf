/* What the parts of a run share: cluster_run.c life and order, cluster_drain.c the drain and what
 * it used, cluster_steady.c pods at a steady rate and the restart. */
#ifndef BENCH_CLUSTER_RUN_PRIVATE_H
#define BENCH_CLUSTER_RUN_PRIVATE_H

#include "bench/bind_ceiling.h"
#include "bench/child.h"
#include "bench/cluster_run.h"
#include "bench/control_plane.h"
#include "watch/reflector.h"

struct moment {
    int64_t at_ns;
    struct process_usage scheduler, apiserver, etcd, own;
    int64_t machine_cpu_us;
};

struct run {
    const struct cluster_options *options;
    struct cluster_load load;
    enum contestant contestant;
    struct control_plane plane;
    struct child_process child; /* the scheduler */
    uint16_t metrics_port;      /* of kube-scheduler */
    struct bind_ceiling *ceiling;
    struct symbols *symbols;
    struct http_client *client;
    struct reflector *watch;
    uint32_t samples, samples_bound, steady_sent, steady_bound, steady_open;
    struct moment first, last, told; /* the last Event, when there is none the last bind */
    bool *is_bound;                  /* by pod number */
    int64_t *sent_ns;                /* by number in the steady part; then how long it took */
    int64_t restart_bound_ns;
    int32_t refused_status; /* of a steady POST */
    uv_timer_t steady;
    uint32_t open_count;
};

/* ---- cluster_run.c ---- */

int run_start_contestant(struct run *run, bool is_restart, struct err *err) NODISCARD;
void run_stop_contestant(struct run *run);
void run_make_pod(const struct run *run, uint32_t number, struct buf *path, struct buf *body);

/* control_plane_await(), and an error when the scheduler ends. */
int run_await(struct run *run, bool (*done)(const void *run), uint32_t limit_seconds,
              const char *what, struct err *err) NODISCARD;

/* ---- cluster_drain.c ---- */

void drain_on_bound(struct run *run); /* one of the sampled pods */
int drain_run(struct run *run, struct cluster_figures *figures, struct err *err) NODISCARD;

/* After the scheduler has ended: what its decisions cost. */
int drain_read_decisions(const struct run *run, struct cluster_figures *figures,
                         struct err *err) NODISCARD;

/* ---- cluster_steady.c ---- */

void steady_on_bound(struct run *run, uint32_t number); /* a pod that came after the drain */
int steady_run(struct run *run, struct cluster_figures *figures, struct err *err) NODISCARD;
int restart_run(struct run *run, struct cluster_figures *figures, struct err *err) NODISCARD;

#endif
