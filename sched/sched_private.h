/* What the files of the core share (sched.c, sched_check.c, intake.c, binding.c, report.c); nobody
 * else includes it, but the test that breaks its invariants. */
#ifndef SCHED_SCHED_PRIVATE_H
#define SCHED_SCHED_PRIVATE_H

#include "model/base/heap.h"
#include "policy/book.h"
#include "sched/budget.h"
#include "sched/pacer.h"
#include "sched/preempt.h"
#include "sched/sched.h"

struct sched {
    struct sched_config config;
    struct symbols *symbols; /* borrowed */
    struct port port;
    struct cluster cluster;
    const struct unit_types *types; /* config's, or `presets` */
    struct unit_types presets;
    struct book *book;
    struct budgets budgets;
    struct queue *queue;
    struct nominator nominator;
    struct preemptor *preemptor; /* NULL: preemption is off */
    struct map asked;            /* victims whose end was asked for, until the answer; eviction.c */
    struct cycle cycle;
    struct pacer pacer;
    struct buf message; /* of the decision under way */
    struct sched_stats stats;
    struct heap waiting;    /* assumed pods in BIND_WAITING and BIND_PACED, by retry_at */
    uint32_t binds_open;    /* pods with a bind phase other than BIND_NONE */
    uint32_t binds_unknown; /* of these, those in BIND_READING and BIND_WAITING */
    uint32_t node_check_slot, node_check_passes; /* sched_check.c: where next, and when */
    bool nodes_synced, pods_synced, budgets_synced;
    bool policies_synced[POLICY_SOURCE_COUNT];
    bool asked_for_owners;
    struct mono_ms statuses_at; /* no status of a policy is written before; 0: at once */
    bool is_stopped;
    bool is_listing_pods;    /* between POD_LIST_BEGIN and _END */
    uint64_t nameless_count; /* objects passed over: nothing to find them by */
};

static inline struct mono_ms sched_now(const struct sched *sched)
{
    return sched->port.now(sched->port.ctx);
}

static inline int64_t sched_wall_s(const struct sched *sched)
{
    return (sched_now(sched).ms + sched->config.wall_zero_ms) / 1000;
}

/* binding.c: the write of a decision, until its outcome is known */
void binding_init(struct sched *sched);
void binding_start(struct sched *sched, struct pod *pod, const struct cycle_result *result);
void binding_stop(struct sched *sched); /* what was not sent yet never will be */
void binding_on_reply(struct sched *sched, const struct reply *reply);
void binding_on_read(struct sched *sched, const struct reply *reply, const struct pod_object *pod);
void binding_confirmed(struct sched *sched, struct pod *pod); /* the watch showed it bound */
void binding_drop(struct sched *sched, struct pod *pod);      /* the pod is going away */
void binding_retry_due(struct sched *sched, struct mono_ms now);
struct mono_ms binding_next_retry(const struct sched *sched);

/* intake.c: objects seen and gone */
void intake_pod(struct sched *sched, const struct pod_object *object);
void intake_pod_gone(struct sched *sched, const struct pod_object *object);
void intake_pod_removed(struct sched *sched, struct pod *pod); /* known, and surely gone */
void intake_pods_list_begins(struct sched *sched);
void intake_pods_listed(struct sched *sched);
void intake_node(struct sched *sched, const struct node_object *object);
void intake_node_gone(struct sched *sched, const struct node_object *object);
void intake_nodes_listed(struct sched *sched);
void intake_freed(struct sched *sched, uint32_t slot, uint32_t wake_kind,
                  const struct shape *shape);
/* Those who yielded to a nomination that is no more may try that node. */
void intake_nomination_gone(struct sched *sched, uint32_t node_sym, const struct shape *shape);

/* intake_policy.c: policies, budgets and owners; what they mean to waiting pods */
void intake_policy_event(struct sched *sched, const struct event *event);
/* A pod was seen where it was bound to, as `object`. */
void intake_check_labels(struct sched *sched, struct pod *pod, const struct pod_object *object);
void intake_settle(struct sched *sched); /* before anything is decided or asked */
void intake_report_policies(struct sched *sched, struct mono_ms now);
struct mono_ms intake_next_report(const struct sched *sched);
/* A pod that left without being deleted and never ran: its virtual unit could not start it. */
void intake_start_failure(struct sched *sched, const struct pod *pod);

/* eviction.c: the victims of a preemption */
void eviction_start(struct sched *sched, struct pod *pod, const struct preempt_choice *choice);
void eviction_on_reply(struct sched *sched, const struct reply *reply);
void evictions_fini(struct sched *sched);

/* sched_check.c: always on */
void sched_check_pod(const struct sched *sched, const struct pod *pod);
void sched_check_some(struct sched *sched); /* once a pass */

/* report.c: what users read */
enum nomination_change { NOMINATION_CLEARS, NOMINATION_STAYS };
void report_bound(struct sched *sched, const struct pod *pod);
/* With `nominated_slot` other than NODE_SLOT_NONE the nomination goes out in the same write. */
void report_refused(struct sched *sched, struct pod *pod, struct str message,
                    enum nomination_change change, uint32_t nominated_slot);
/* Any of these may be gone by now. */
struct preempted {
    struct pod_ref victim, preemptor;
    uint32_t scheduler_name_sym; /* of the preemptor */
    uint32_t node_sym;
};
void report_preempted(struct sched *sched, const struct preempted *preempted);
void report_nomination_lost(struct sched *sched, struct pod *pod);
void report_failed(struct sched *sched, struct pod *pod, struct str message);
void report_unconfirmed(struct sched *sched, const struct pod *pod, struct str message);
void report_skipped(struct sched *sched, const struct pod *pod);
void report_on_status_reply(struct sched *sched, const struct reply *reply);

#endif
