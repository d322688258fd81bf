/*
 * One contestant on one real control plane that was made for it: nodes and waiting pods, the drain,
 * then pods that come at a steady rate, then (schedulers only) a restart.
 *
 * How it watches without being a load itself: every 20th pod, spread evenly over the order of
 * creation and the order of names, has an account of its own, and only those are watched. The drain
 * counts from the first of them bound to the last. So a scheduler's own watch is the only one of
 * all pods, and the ceiling has one too.
 */
#ifndef BENCH_CLUSTER_RUN_H
#define BENCH_CLUSTER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/cluster_load.h"
#include "model/base/err.h"

enum contestant {
    CONTESTANT_CEILING,             /* bare binds */
    CONTESTANT_CEILING_WITH_EVENTS, /* the same, and an Event for each */
    CONTESTANT_KUBE_SCHEDULER,
    CONTESTANT_SPILLWAY,
    CONTESTANTS
};

struct cluster_options {
    const char *bin;      /* the folder of etcd, kube-apiserver and kube-scheduler */
    const char *spillway; /* NULL: the one beside this program */
    enum cluster_workload workload;
    uint32_t nodes, pods;
    uint32_t steady_pods; /* of the steady part; 0: none, and no restart */
    uint32_t rate;        /* of these, a second */
    uint32_t limit_seconds;
    bool keeps_files;
    bool records; /* spillway's drain, for decision_us */
};

struct cluster_figures {
    /* First binding to last, as a watcher sees them; of PREEMPTING start of the program to last. */
    double pods_per_second;
    /* A pod that is bound; between the same two moments. */
    double cpu_us_per_pod, apiserver_cpu_us_per_pod;
    double etcd_cpu_us_per_pod;
    double rss_bytes;      /* highest until the last bind */
    double events_per_pod; /* Event objects until the last bind */
    /* The same two until no more Events come: a scheduler may tell of its pods after the drain. Of
     * a bare ceiling those until the last bind. */
    double apiserver_cpu_told_us_per_pod, events_told_per_pod;
    double machine_busy; /* cores, other programs than these four, at work between the two */
    /* One decision of the drain, from the queue's pop to the call of bind. kube-scheduler: its
     * scheduling_algorithm_duration, by the clock. spillway: processor time of all its passes, of
     * the recording of this run, replayed in this process; 0 without one. */
    double decision_us;
    /* The POST of a pod leaves, to a watcher sees it bound. The ceiling: to the answer to the bind
     * that was sent right after the answer to the POST. */
    double p50_ms, p99_ms;
    double restart_seconds; /* start of the program to a watcher sees the pod bound that waited */
};

/* It decides, and is a process of its own. */
static inline bool contestant_is_scheduler(enum contestant contestant)
{
    return contestant == CONTESTANT_KUBE_SCHEDULER || contestant == CONTESTANT_SPILLWAY;
}

/* 0, or a negative error and what went wrong: also when a pod is not bound, or a node overfull. */
int cluster_run(const struct cluster_options *options, enum contestant contestant,
                struct cluster_figures *ret_figures, struct err *err) NODISCARD;

#endif
