/*
 * The scheduler core: events in, decisions out through the port. Everything it knows it learnt from
 * events; everything it does it does through the port; it has no clock, no socket, no thread.
 *
 *     sched_on_event()   records: cluster, queue, wake-ups. Decides nothing.
 *     sched_pass()       decides: pods off the queue, a node for each, assumed, bound through the
 * port.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "model/event.h"
#include "model/port.h"
#include "sched/cycle.h"
#include "sched/queue.h"

enum { SCHED_NAMES_MAX = 16 };

struct sched_config {
    uint32_t scheduler_name_count;
    uint32_t scheduler_name_syms[SCHED_NAMES_MAX];
    struct cycle_config cycle;
    struct queue_config queue;
    uint64_t hash_seed;
    /* What `resource` of a unit means; borrowed, outlives the core. NULL: the presets. */
    const struct unit_types *unit_types;
    bool watches_policies; /* nothing is decided before both kinds of policies were listed */
    bool preempts;         /* nor before the disruption budgets were */
    int64_t wall_zero_ms;  /* wall time (Unix, ms) when the port's clock was 0 */
};

/* Defaults: name "spillway", step 64, target 100, default scores and backoffs. */
void sched_config_init(struct sched_config *config, struct symbols *symbols);

struct sched_stats {
    uint64_t attempts, assumed, bound, bind_failed, bind_unknown, unschedulable, conflicts;
    uint64_t nominated, evicted; /* pods that room was made for; victims whose end was asked for */
    uint64_t nodes_visited; /* by searches: examined, or certainly skipped (sched/walk.h) */
};

struct sched; /* opaque */

/* `symbols` and what `port` points to are borrowed and outlive it. */
struct sched *sched_new(const struct sched_config *config, struct symbols *symbols,
                        const struct port *port);
void sched_free(struct sched *sched);

void sched_on_event(struct sched *sched, const struct event *event);

/* Tries up to `budget` pods, as long as the port has room for binds and both lists were complete
 * once. Returns whether more could be tried at once. */
bool sched_pass(struct sched *sched, uint32_t budget);

/* When sched_pass() should run next for time alone; MONO_NEVER when only an event can help. */
struct mono_ms sched_next_wakeup(const struct sched *sched);

/* No pod is popped from now on. Replies still count. */
void sched_stop(struct sched *sched);

/* Binds whose outcome is not known yet. */
uint32_t sched_binds_open(const struct sched *sched);

bool sched_is_synced(const struct sched *sched);
struct sched_stats sched_stats(const struct sched *sched);
const struct cluster *sched_cluster(const struct sched *sched); /* lent, for tests and reports */
const struct book *sched_book(const struct sched *sched);       /* likewise */

/* CHECKs the cluster, the queue and that each pod is in exactly one state. */
void sched_check(const struct sched *sched);

#endif
