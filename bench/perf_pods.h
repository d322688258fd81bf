/*
 * All pods of the cluster as a watcher sees them, and counts of some of them. A pod that was seen
 * scheduled or tried stays so, also when it is gone: a count never falls.
 */
#ifndef BENCH_PERF_PODS_H
#define BENCH_PERF_PODS_H

#include <jansson.h>

#include "bench/control_plane.h"

enum { PERF_PODS_MAX = 2000000 };

struct perf_pods; /* opaque */

/* Which pods are counted, and how many of them there are. */
struct perf_count {
    const char *namespace;     /* NULL: `namespaces` says which */
    const json_t *namespaces;  /* array of texts; NULL with no namespace: all */
    const json_t *labels;      /* object of texts: pods that have all of them; NULL: all */
    uint64_t scheduled, tried; /* on a node; of the others those with a condition PodScheduled */
    int64_t last_ns;           /* when the last one was scheduled; 0: none since it counts */
    struct perf_count *next;   /* private */
};

/* Starts the watch and waits for its list. `plane` is borrowed. NULL: see *err. */
struct perf_pods *perf_pods_start(struct control_plane *plane, struct err *err);

/* Ends the watch, running the loop for it, and frees all. NULL: nothing. */
void perf_pods_stop(struct perf_pods *pods);

/* Counts what is there and keeps counting until it is taken off; `count` is borrowed until then. */
void perf_pods_count(struct perf_pods *pods, struct perf_count *count);
void perf_pods_forget(struct perf_pods *pods, struct perf_count *count);

/* Names of the pods of `count` that are there and not being deleted: an array of texts, yours. */
json_t *perf_pods_names(const struct perf_pods *pods, const struct perf_count *count);

/* NULL, or what went wrong so that the counts are not to be trusted: a literal. */
const char *perf_pods_trouble(const struct perf_pods *pods);

#endif
