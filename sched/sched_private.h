/* What the files of the core share (sched.c, sched_check.c, intake.c, binding.c, report.c); nobody
 * else includes it, but the test that breaks its invariants. */
#ifndef SCHED_SCHED_PRIVATE_H
#define SCHED_SCHED_PRIVATE_H

#include "sched/sched.h"

struct sched {
    struct sched_config config;
    struct symbols *symbols; /* borrowed */
    struct port port;
    struct cluster cluster;
    struct queue *queue;
    struct nominator nominator;
    struct cycle cycle;
    struct buf message; /* of the decision under way */
    struct sched_stats stats;
    struct pod **waiting; /* assumed pods in BIND_WAITING */
    uint32_t waiting_count, waiting_capacity;
    uint32_t binds_open;    /* pods with a bind phase other than BIND_NONE */
    uint32_t binds_unknown; /* of these, those in BIND_READING and BIND_WAITING */
    uint32_t node_check_slot, node_check_passes; /* sched_check.c: where next, and when */
    bool nodes_synced, pods_synced;
    bool is_stopped;
    bool is_listing_pods;    /* between POD_LIST_BEGIN and _END */
    uint64_t nameless_count; /* objects passed over: nothing to find them by */
};

static inline struct mono_ms sched_now(const struct sched *sched)
{
    return sched->port.now(sched->port.ctx);
}

/* binding.c: the write of a decision, until its outcome is known */
void binding_start(struct sched *sched, struct pod *pod, uint32_t slot);
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
void intake_nomination_gone(struct sched *sched, uint32_t node_sym, const struct shape *shape);

/* sched_check.c: always on */
void sched_check_pod(const struct sched *sched, const struct pod *pod);
void sched_check_some(struct sched *sched); /* once a pass */

/* report.c: what users read */
void report_bound(struct sched *sched, const struct pod *pod);
void report_refused(struct sched *sched, struct pod *pod, struct str message);
void report_failed(struct sched *sched, struct pod *pod, struct str message);
void report_unconfirmed(struct sched *sched, const struct pod *pod, struct str message);
void report_skipped(struct sched *sched, const struct pod *pod);
void report_on_status_reply(struct sched *sched, const struct reply *reply);

#endif
