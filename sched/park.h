/*
 * Refused pods that wait for an event, and the index that finds those whom an event may help.
 *
 *    shape --parked--> group --+-- cohort {A}     pod, pod, pod ...     refused by plug-in A
 *                       ^  ^   +-- cohort {A, B}  pod ...               refused by A and B
 *                       |  |
 *    by_plugin[A] ------+  |         a group stands under every plug-in that refused one of its
 *    by_plugin[B] ---------+         pods
 *
 * Pods of one shape (and one policy group) get one answer, so a plug-in's hint is asked once a
 * group: an event costs as many hints as there are groups under the plug-ins that listen to it,
 * however many pods are parked. When pods left a node, or hold less there, only that node changed:
 * groups that ask for more cpu or memory than is free there are passed over (a nanosecond each),
 * and a yes counts only when all filters let the pod run there as it is now. Cohorts (pods with the
 * same rejectors; rarely more than three a group) let a yes take out just the pods of that plug-in
 * without looking at the others.
 *
 * Pods with a policy take turns: groups of one policy group stand in a line, a yes marks the group
 * as hopeful, and one pod of the line is woken. When it was placed the next one is woken, when it
 * was refused its group is hopeful no more, and when the refusal had nothing to do with its shape
 * (the units are full by number) no other of the line is. So one slot that comes free costs two
 * attempts, not one a pod, and nobody who could have gained is left behind. Private to
 * sched/queue.c.
 */
#ifndef SCHED_PARK_H
#define SCHED_PARK_H

#include <stdint.h>

#include "model/base/heap.h"
#include "model/base/map.h"
#include "model/cluster.h"
#include "model/pod.h"
#include "policy/book.h"
#include "sched/filter.h"

struct park_group;
struct park_line;

/* A group, and what its pods ask: most groups are passed over without looking at them. */
struct park_entry {
    struct park_group *group;
    int64_t cpu_milli, memory_bytes;
};

struct park_index {
    struct park_entry *entries; /* no order */
    uint32_t count, capacity;
};

/* What hints are asked about; borrowed. */
struct park_world {
    const struct cluster *cluster;
    const struct book *book; /* NULL: no pod has a policy */
    const struct unit_types *types;
    bool preempts; /* who is woken may look for victims anywhere, not only for room on that node */
};

struct park {
    struct park_world world;
    struct park_index by_plugin[PLUGIN_COUNT];
    struct map lines;   /* by policy group */
    struct heap oldest; /* all parked pods by time stamp */
    struct heap timed;  /* those with a retry_at */
};

void park_init(struct park *park, const struct park_world *world);
void park_fini(struct park *park); /* the pods and their shapes are still there */

/* The pod has rejectors; they, its shape, its policy group and retry_at stay as they are until it
 * is removed. O(log pods). */
void park_add(struct park *park, struct pod *pod);
void park_remove(struct park *park, struct pod *pod);

/* Takes out the pods whose refusal this event may have ended: a list by queue_next, no order, NULL
 * when there are none. One hint a group and listening plug-in, and O(log pods) a pod taken out. Of
 * a line at most one comes, with has_turn. */
struct pod *park_wake(struct park *park, const struct wake_event *event);

/* Something that a policy refused for has ended: its groups are hopeful. Takes out the one whose
 * turn it is; NULL: one is out already, or none waits. */
struct pod *park_offer(struct park *park, const struct policy_group *policy);

/* The pod with the turn of this line was placed, or is gone: who is next? NULL: nobody. */
struct pod *park_next_turn(struct park *park, const struct policy_group *policy);

/* It was refused for what refuses any pod of the line: nobody there is hopeful. */
void park_refuse_line(struct park *park, const struct policy_group *policy);

/* It was refused and is parked again: the pods of its group would be too. Then as above. */
struct pod *park_refused_turn(struct park *park, struct pod *pod);

/* The pod, just parked, was refused by a unit that it waits in for a time. The others of its group,
 * who were refused for another reason and were not asked now, would be told the same: their clocks
 * of that unit begin as well. O(pods of the group) when there is one without a retry_at. */
struct park_clock {
    uint32_t unit_sym;
    int64_t timeout_ms;
};
void park_start_clocks(struct park *park, const struct pod *pod, const struct park_clock *clock,
                       struct mono_ms now);

/* Who waits longest; NULL when nobody waits. Who is the first that time alone may help. */
struct pod *park_oldest(const struct park *park);
struct pod *park_first_timed(const struct park *park);
uint32_t park_count(const struct park *park);

/* Walks everything and CHECKs. */
void park_check(const struct park *park);

/* Higher priority, then the older time stamp, then who came first: the order of the queue. */
bool pod_active_before(const void *a, const void *b);

/* park_hint.c: whether the event could turn the plug-in's no to this group's pods (`sample` is one)
 * into a yes, on a node that their policy lets them use. */
bool park_hint(const struct park_world *world, const struct pod *sample, uint32_t plugin,
               const struct wake_event *event);
uint32_t park_listeners(enum wake_kind kind); /* 1 << enum plugin of those who are asked */

/* 1 << enum plugin of those who refuse the pod on the node of the event now: what static filters
 * say, and where only room came free the others too. 0 without a node. */
uint32_t park_refusers(const struct park_world *world, const struct pod *sample,
                       const struct wake_event *event);

#endif
