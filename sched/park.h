/*
 * Refused pods that wait for an event, and the index that finds those whom an event may help.
 *
 *    shape --parked--> group --+-- cohort {A}     pod, pod, pod ...     refused by plug-in A
 *                       ^  ^   +-- cohort {A, B}  pod ...               refused by A and B
 *                       |  |
 *    by_plugin[A] ------+  |         a group stands under every plug-in that refused one of its
 * pods by_plugin[B] ---------+
 *
 * Pods of one shape get one answer, so a plug-in's hint is asked once a group: an event costs as
 * many hints as there are groups under the plug-ins that listen to it, however many pods are
 * parked. Cohorts (pods with the same rejectors; rarely more than three a shape) let a yes take out
 * just the pods of that plug-in without looking at the others. Private to sched/queue.c.
 */
#ifndef SCHED_PARK_H
#define SCHED_PARK_H

#include <stdint.h>

#include "model/base/heap.h"
#include "model/cluster.h"
#include "model/pod.h"
#include "sched/filter.h"

struct park_group;

struct park_index {
    struct park_group **groups; /* no order */
    uint32_t count, capacity;
};

struct park {
    struct park_index by_plugin[PLUGIN_COUNT];
    struct heap oldest; /* all parked pods by time stamp */
};

void park_init(struct park *park);
void park_fini(struct park *park); /* the pods and their shapes are still there */

/* The pod has rejectors; they and its shape stay as they are until it is removed. O(log pods). */
void park_add(struct park *park, struct pod *pod);
void park_remove(struct park *park, struct pod *pod);

/* Takes out the pods whose refusal this event may have ended: a list by queue_next, no order, NULL
 * when there are none. One hint a group and listening plug-in, and O(log pods) a pod taken out. */
struct pod *park_wake(struct park *park, const struct cluster *cluster,
                      const struct wake_event *event);

/* Who waits longest; NULL when nobody waits. */
struct pod *park_oldest(const struct park *park);
uint32_t park_count(const struct park *park);

/* Walks everything and CHECKs. */
void park_check(const struct park *park);

#endif
