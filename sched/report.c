/*
 * What users read about a pod: events and the PodScheduled condition (kube-scheduler.md A13, A16).
 * A condition is written only when it would change; events are the writer's to merge and to drop.
 */
#include "sched/sched_private.h"

static void emit(struct sched *sched, const struct pod *pod, bool is_warning, struct str note)
{
    char version[24];
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, sizeof(version));
    /* The top bit marks a version that is no number: its text was not kept. */
    if (pod->resource_version >> 63 == 0)
        (void)buf_printf(&text, "%llu", (unsigned long long)pod->resource_version);
    const struct event_request request = {
        .pod = pod_ref(pod),
        .resource_version = buf_str(&text),
        .scheduler_name_sym = pod->shape->scheduler_name_sym,
        .is_warning = is_warning,
        .reason = is_warning ? "FailedScheduling" : "Scheduled",
        .action = is_warning ? "Scheduling" : "Binding",
        .note = note,
    };
    sched->port.emit_event(sched->port.ctx, &request);
}

void report_bound(struct sched *sched, const struct pod *pod)
{
    const struct node *node = sched->cluster.nodes.nodes[pod->node_slot];
    buf_clear(&sched->message);
    (void)buf_printf(&sched->message, "Successfully assigned %s/%s to %s",
                     symbol_text(sched->symbols, pod->namespace_sym), pod->name,
                     symbol_text(sched->symbols, node->name_sym));
    emit(sched, pod, false, buf_str(&sched->message));
}

static void report_condition(struct sched *sched, struct pod *pod, const char *reason,
                             struct str message)
{
    uint64_t hash = cluster_condition_hash(&sched->cluster, str_from(reason), message);
    bool clears_nomination = pod->nominated_node_sym != SYM_EMPTY;
    if (pod->condition_hash == hash && !clears_nomination)
        return;
    const struct status_request request = {
        .pod = pod_ref(pod),
        .reason = reason,
        .message = message,
        .observed_generation = pod->generation,
        .clears_nomination = clears_nomination,
        .was_false = pod->condition_hash != 0,
    };
    pod->condition_hash = hash;
    sched->port.patch_status(sched->port.ctx, &request);
}

/* Refused by nodes: more capacity would help, so autoscalers may act on it. */
void report_refused(struct sched *sched, struct pod *pod, struct str message)
{
    emit(sched, pod, true, message);
    report_condition(sched, pod, "Unschedulable", message);
}

/* Refused for another reason: new nodes would be bought for nothing. */
void report_failed(struct sched *sched, struct pod *pod, struct str message)
{
    emit(sched, pod, true, message);
    report_condition(sched, pod, "SchedulerError", message);
}

/* The pod may be bound already: its condition is the apiserver's, only an event tells. */
void report_unconfirmed(struct sched *sched, const struct pod *pod, struct str message)
{
    emit(sched, pod, true, message);
}

void report_skipped(struct sched *sched, const struct pod *pod)
{
    buf_clear(&sched->message);
    (void)buf_printf(&sched->message, "skip schedule deleting pod: %s/%s",
                     symbol_text(sched->symbols, pod->namespace_sym), pod->name);
    emit(sched, pod, true, buf_str(&sched->message));
}

/* A patch that was not taken: the next failed attempt writes it again. */
void report_on_status_reply(struct sched *sched, const struct reply *reply)
{
    if (reply->outcome == OUTCOME_DONE)
        return;
    struct pod *pod = cluster_find_pod(&sched->cluster, reply->pod.namespace_sym, reply->pod.name);
    if (pod && uid_equal(pod->uid, reply->pod.uid))
        pod->condition_hash = 0;
}
