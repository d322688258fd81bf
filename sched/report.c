/*
 * What users read about a pod: events and the PodScheduled condition (kube-scheduler.md A13, A16).
 * A condition is written only when it would change; events are the writer's to merge and to drop.
 */
#include "sched/sched_private.h"

/* What an event says, beside whom it is about. */
struct words {
    bool is_warning;
    const char *reason, *action;
};

static const struct words bound_words = {false, "Scheduled", "Binding"};
static const struct words failed_words = {true, "FailedScheduling", "Scheduling"};

static void emit(struct sched *sched, const struct pod *pod, const struct words *words,
                 struct str note)
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
        .is_warning = words->is_warning,
        .reason = words->reason,
        .action = words->action,
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
    emit(sched, pod, &bound_words, buf_str(&sched->message));
}

/* In force at once; the watch tells later. Those who yielded to the old one may try that node. */
static void nominate(struct sched *sched, struct pod *pod, uint32_t nominated_sym)
{
    uint32_t old_sym = pod->nominated_node_sym;
    pod->nominated_node_sym = nominated_sym;
    pod->nomination = NOMINATION_SENT;
    nominator_update(&sched->nominator, pod);
    if (old_sym != nominated_sym)
        intake_nomination_gone(sched, old_sym, pod->shape);
}

/* `nominated_sym`: the nomination after this write; the pod's own: it stays. */
static void report_condition(struct sched *sched, struct pod *pod, const char *reason,
                             struct str message, uint32_t nominated_sym)
{
    uint64_t hash = cluster_condition_hash(&sched->cluster, str_from(reason), message);
    bool is_other = pod->nominated_node_sym != nominated_sym || pod->nomination == NOMINATION_DUE;
    if (pod->condition_hash == hash && !is_other)
        return;
    const struct status_request request = {
        .pod = pod_ref(pod),
        .reason = reason,
        .message = message,
        .observed_generation = pod->generation,
        .clears_nomination = is_other && nominated_sym == SYM_EMPTY,
        .nominated_node_sym = is_other ? nominated_sym : SYM_EMPTY,
        .was_false = pod->condition_hash != 0,
    };
    pod->condition_hash = hash;
    sched->port.patch_status(sched->port.ctx, &request);
    if (is_other)
        nominate(sched, pod, nominated_sym);
}

/* Refused by nodes: more capacity would help, so autoscalers may act on it. A nomination goes out
 * in the same write: they take it for placed (kube-scheduler.md A16). */
void report_refused(struct sched *sched, struct pod *pod, struct str message,
                    enum nomination_change change, uint32_t nominated_slot)
{
    uint32_t nominated_sym = change == NOMINATION_STAYS ? pod->nominated_node_sym : SYM_EMPTY;
    if (nominated_slot != NODE_SLOT_NONE)
        nominated_sym = sched->cluster.nodes.nodes[nominated_slot]->name_sym;
    emit(sched, pod, &failed_words, message);
    report_condition(sched, pod, "Unschedulable", message, nominated_sym);
}

/* Its place is another pod's now. Said at once: the pod may be gated, and then no attempt of its
 * own would tell (kube-scheduler.md A14.6). */
void report_nomination_lost(struct sched *sched, struct pod *pod)
{
    const struct status_request request = {.pod = pod_ref(pod), .clears_nomination = true};
    pod->nominated_node_sym = SYM_EMPTY;
    pod->nomination = NOMINATION_ENDS;
    sched->port.patch_status(sched->port.ctx, &request);
}

/* Refused for another reason: new nodes would be bought for nothing. */
void report_failed(struct sched *sched, struct pod *pod, struct str message)
{
    emit(sched, pod, &failed_words, message);
    report_condition(sched, pod, "SchedulerError", message, SYM_EMPTY);
}

/* The pod may be bound already: its condition is the apiserver's, only an event tells. */
void report_unconfirmed(struct sched *sched, const struct pod *pod, struct str message)
{
    emit(sched, pod, &failed_words, message);
}

void report_skipped(struct sched *sched, const struct pod *pod)
{
    buf_clear(&sched->message);
    (void)buf_printf(&sched->message, "skip schedule deleting pod: %s/%s",
                     symbol_text(sched->symbols, pod->namespace_sym), pod->name);
    emit(sched, pod, &failed_words, buf_str(&sched->message));
}

/* Said by the scheduler of the pod that needs the room: the victim may be another one's. */
void report_preempted(struct sched *sched, const struct preempted *preempted)
{
    char uid_text[UID_TEXT_BYTES];
    (void)uid_format(sched->symbols, preempted->preemptor.uid, uid_text);
    buf_clear(&sched->message);
    (void)buf_printf(&sched->message, "Preempted by pod %s on node %s", uid_text,
                     symbol_text(sched->symbols, preempted->node_sym));
    const struct event_request request = {
        .pod = preempted->victim,
        .resource_version = STR(""),
        .scheduler_name_sym = preempted->scheduler_name_sym,
        .reason = "Preempted",
        .action = "Preempting",
        .related = &preempted->preemptor,
        .note = buf_str(&sched->message),
    };
    sched->port.emit_event(sched->port.ctx, &request);
}

/* A patch that was not taken: the next failed attempt writes it again. */
void report_on_status_reply(struct sched *sched, const struct reply *reply)
{
    if (reply->outcome == OUTCOME_DONE)
        return;
    struct pod *pod = cluster_find_pod(&sched->cluster, reply->pod.namespace_sym, reply->pod.name);
    if (!pod || !uid_equal(pod->uid, reply->pod.uid))
        return;
    pod->condition_hash = 0;
    if (pod->nomination == NOMINATION_SENT || pod->nomination == NOMINATION_ENDS)
        pod->nomination = NOMINATION_DUE;
}
