/*
 * Objects seen and gone: the cluster takes them in, the queue follows, and whoever may gain is
 * woken. Nothing here decides anything.
 */
#include <stdio.h>

#include "model/names.h"
#include "sched/sched_private.h"
#include "sched/unit_wait.h"

static bool is_ours(const struct sched *sched, uint32_t scheduler_name_sym)
{
    for (uint32_t i = 0; i < sched->config.scheduler_name_count; i++)
        if (sched->config.scheduler_name_syms[i] == scheduler_name_sym)
            return true;
    return false;
}

static void wake(struct sched *sched, const struct wake_event *event)
{
    (void)queue_wake(sched->queue, event, sched_now(sched));
}

/* A pod of `shape` left a node, or holds less there. */
void intake_freed(struct sched *sched, uint32_t slot, uint32_t wake_kind, const struct shape *shape)
{
    if (slot == NODE_SLOT_NONE)
        return;
    wake(sched, &(struct wake_event){
                    .kind = wake_kind,
                    .slot = slot,
                    .freed_ports = wake_kind == WAKE_POD_REMOVED ? shape->ports : NULL,
                    .freed_port_count = wake_kind == WAKE_POD_REMOVED ? shape->port_count : 0,
                });
}

/* Those who yielded to a nomination that is no more may try that node. */
void intake_nomination_gone(struct sched *sched, uint32_t node_sym, const struct shape *shape)
{
    const struct node *node = node_table_find(&sched->cluster.nodes, node_sym);
    if (node_sym != SYM_EMPTY && node)
        intake_freed(sched, node->slot, WAKE_POD_REMOVED, shape);
}

void intake_pod_removed(struct sched *sched, struct pod *pod)
{
    queue_remove(sched->queue, pod);
    uint32_t nominated_sym = nominator_node(pod);
    nominator_remove(&sched->nominator, pod);
    binding_drop(sched, pod);
    intake_start_failure(sched, pod);
    book_leave(sched->book, pod);
    unit_waits_drop(pod);
    struct shape *shape = shape_ref(pod->shape);
    uint32_t slot = cluster_drop_pod(&sched->cluster, pod);
    intake_freed(sched, slot, WAKE_POD_REMOVED, shape);
    intake_nomination_gone(sched, nominated_sym, shape);
    shape_unref(&sched->cluster.shapes, shape);
}

void intake_pod_gone(struct sched *sched, const struct pod_object *object)
{
    struct pod *pod = cluster_find_pod(&sched->cluster, object->namespace_sym, object->name);
    if (pod && uid_equal(pod->uid, object->uid))
        intake_pod_removed(sched, pod);
}

/* Where a pod that was taken in stands in the queue now. */
static void requeue(struct sched *sched, const struct pod_change *change, bool was_queued)
{
    struct pod *pod = change->pod;
    struct mono_ms now = sched_now(sched);
    /* Other labels, another policy. */
    uint32_t bits = change->bits | (change->bits & POD_META ? (uint32_t)POD_REGROUPED : 0);
    if (pod->place != POD_PENDING || !pod->is_ours)
        queue_remove(sched->queue, pod);
    else if (was_queued)
        queue_reinsert(sched->queue, pod, bits, now);
    else if (!pod->is_deleting)
        queue_add(sched->queue, pod, now);
}

/* What a pod was before an object changed it. */
struct pod_before {
    struct shape *shape;    /* referenced; NULL: the pod is new */
    uint32_t nominated_sym; /* the node it held a place on; SYM_EMPTY: none */
    bool was_queued;
};

static void intake_changed(struct sched *sched, const struct pod_change *change,
                           const struct pod_before *before)
{
    struct pod *pod = change->pod;
    const struct shape *shape = before->shape ? before->shape : pod->shape;
    if (change->bits & POD_CONFIRMED)
        binding_confirmed(sched, pod);
    else if (change->bits & POD_NOW_BOUND || pod->place == POD_PENDING)
        binding_drop(sched, pod); /* somebody else bound it, or a list took its bind back */
    nominator_update(&sched->nominator, pod);
    requeue(sched, change, before->was_queued);
    bool is_still_there = pod->node_slot == change->freed_slot;
    intake_freed(sched, change->freed_slot,
                 is_still_there ? WAKE_POD_SCALED_DOWN : WAKE_POD_REMOVED, shape);
    if (before->nominated_sym != nominator_node(pod) || change->bits & POD_SCALED_DOWN)
        intake_nomination_gone(sched, before->nominated_sym, shape);
    sched_check_pod(sched, pod);
}

/* Tells of an object that has nothing to be found by, or is where nobody knows; with a full table
 * of names every object may be one: the first, the second, the fourth ... is told. */
static void note_passed_over(struct sched *sched, const char *kind, struct str name,
                             struct str problem)
{
    uint64_t before = sched->nameless_count++;
    if (before & sched->nameless_count)
        return;
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, ERR_TEXT_BYTES);
    if (problem.len > 0) /* it begins with the name */
        (void)buf_printf(&text, "%s passed over: " STR_FMT, kind, STR_ARG(problem));
    else
        (void)buf_printf(&text, "%s passed over: " STR_FMT ": metadata.namespace: is not there",
                         kind, STR_ARG(name));
    sched->port.note(sched->port.ctx, NOTE_ERROR, text.data);
}

/* Whether the object is older than what is known: a node is never taken from a pod, and a deletion
 * never taken back, so that the watch is behind a read, or the answer to a read behind the watch.
 * Only a list can prove that the apiserver's data went back (restored from a backup). */
static bool is_old_news(const struct sched *sched, const struct pod *pod,
                        const struct pod_object *object)
{
    bool was_alive = pod->is_deleting && !object->is_deleting;
    return object->node_name_sym == SYM_EMPTY && (pod->place == POD_BOUND || was_alive) &&
           !sched->is_listing_pods;
}

/* Its policy, its unit, and until when it waits in which. */
static void intake_enter_book(struct sched *sched, struct pod *pod, const struct pod_object *object)
{
    book_enter(sched->book, pod, &object->assignment);
    if (pod->place != POD_PENDING)
        unit_waits_drop(pod);
    else if (object->scheduled.is_set && !object->scheduled.is_true)
        unit_waits_restore(pod, object->scheduled.message, sched->symbols,
                           sched->config.wall_zero_ms);
}

static void intake_living_pod(struct sched *sched, struct pod *pod, const struct pod_object *object)
{
    if (object->node_name_sym == NAME_UNKNOWN_NODE)
        note_passed_over(sched, "pod", object->name, object->problem);
    struct pod_before before = {0};
    if (pod)
        before = (struct pod_before){.shape = shape_ref(pod->shape),
                                     .nominated_sym = nominator_node(pod),
                                     .was_queued = pod->queue_place != QUEUE_NOWHERE};
    if (before.was_queued)
        queue_detach(sched->queue, pod);
    if (pod)
        book_leave(sched->book, pod);
    struct pod_change change;
    cluster_see_pod(&sched->cluster, object, is_ours(sched, object->scheduler_name_sym), &change);
    if (change.pod)
        intake_enter_book(sched, change.pod, object);
    if (change.bits & POD_CONFIRMED)
        intake_check_labels(sched, pod, object);
    if (change.bits & POD_SAME) {
        if (before.was_queued)
            queue_reinsert(sched->queue, pod, 0, sched_now(sched));
    } else if (change.pod) {
        intake_changed(sched, &change, &before);
    }
    shape_unref(&sched->cluster.shapes, before.shape);
}

void intake_pod(struct sched *sched, const struct pod_object *object)
{
    if (object->namespace_sym == SYM_EMPTY || object->name.len == 0) {
        note_passed_over(sched, "pod", object->name, object->problem);
        return;
    }
    struct pod *pod = cluster_find_pod(&sched->cluster, object->namespace_sym, object->name);
    if (pod && !uid_equal(pod->uid, object->uid)) {
        intake_pod_removed(sched, pod); /* its name is taken by another pod: it is gone */
        pod = NULL;
    }
    if (object->phase == PHASE_SUCCEEDED || object->phase == PHASE_FAILED) {
        if (pod)
            intake_pod_removed(sched, pod);
    } else if (!pod || !is_old_news(sched, pod, object)) {
        intake_living_pod(sched, pod, object);
    }
}

void intake_pods_list_begins(struct sched *sched)
{
    cluster_begin_pod_list(&sched->cluster);
    sched->is_listing_pods = true;
}

void intake_pods_listed(struct sched *sched)
{
    sched->is_listing_pods = false;
    uint32_t position = 0;
    for (struct pod *pod; (pod = cluster_unlisted_pod(&sched->cluster, &position));)
        intake_pod_removed(sched, pod);
    sched->pods_synced = true;
}

static void note_node_problem(struct sched *sched, const struct node_object *object)
{
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, ERR_TEXT_BYTES);
    if (object->problem.len > 0)
        (void)buf_printf(&text, "node " STR_FMT " takes no pods: " STR_FMT, STR_ARG(object->name),
                         STR_ARG(object->problem));
    else if (!object->allocatable.is_set)
        (void)buf_printf(&text,
                         "node " STR_FMT " has no status.allocatable: nothing fits until its "
                         "kubelet reports",
                         STR_ARG(object->name));
    if (text.len > 0)
        sched->port.note(sched->port.ctx, NOTE_WARNING, text.data);
}

/* Once: the resources that have a column now keep it. */
static void note_ignored_resources(struct sched *sched, const struct node_object *object)
{
    char text[ERR_TEXT_BYTES];
    (void)snprintf(text, sizeof(text),
                   "node " STR_FMT " offers a resource beyond the %d that are kept: pods that ask "
                   "for it wait; fewer kinds of resources and a restart make room",
                   STR_ARG(object->name), RESOURCE_COLUMNS_MAX);
    sched->port.note(sched->port.ctx, NOTE_WARNING, text);
}

void intake_node(struct sched *sched, const struct node_object *object)
{
    if (object->name_sym == SYM_EMPTY) {
        note_passed_over(sched, "node", object->name, object->problem);
        return;
    }
    struct node_change change;
    bool had_ignored = sched->cluster.nodes.ignored_resources > 0;
    cluster_see_node(&sched->cluster, object, &change);
    if (!had_ignored && sched->cluster.nodes.ignored_resources > 0)
        note_ignored_resources(sched, object);
    if (change.bits & (NODE_ADDED | NODE_LABELS)) {
        book_node_changed(sched->book, change.node->slot);
        intake_settle(sched); /* whoever is woken is asked by the units as they are now */
    }
    bool is_mended = change.bits & NODE_PROBLEM && !change.node->has_problem;
    struct wake_event event = {.slot = change.node->slot,
                               .before = &change.before,
                               .raised_columns = change.raised_columns};
    static const struct {
        uint32_t bits, wake_kind;
    } wakes[] = {
        {NODE_NOW_SCHEDULABLE | NODE_TAINTS, WAKE_NODE_TAINTS},
        {NODE_LABELS, WAKE_NODE_LABELS},
        {NODE_ALLOCATABLE, WAKE_NODE_ALLOCATABLE},
    };
    if (change.bits & NODE_ADDED || is_mended) {
        event.kind = WAKE_NODE_ADDED;
        wake(sched, &event);
    } else {
        for (size_t i = 0; i < ARRAY_LEN(wakes); i++) {
            event.kind = wakes[i].wake_kind;
            if (change.bits & wakes[i].bits)
                wake(sched, &event);
        }
    }
    if (change.bits & (NODE_ADDED | NODE_PROBLEM | NODE_ALLOCATABLE))
        note_node_problem(sched, object);
    node_change_fini(&change);
}

static void intake_node_removed(struct sched *sched, uint32_t name_sym, struct uid uid)
{
    struct node_change change;
    const struct node *node = node_table_find(&sched->cluster.nodes, name_sym);
    if (node)
        book_node_changed(sched->book, node->slot);
    cluster_drop_node(&sched->cluster, name_sym, uid, &change);
    node_change_fini(&change);
}

void intake_node_gone(struct sched *sched, const struct node_object *object)
{
    intake_node_removed(sched, object->name_sym, object->uid);
}

void intake_nodes_listed(struct sched *sched)
{
    uint32_t position = 0;
    for (struct node *node; (node = cluster_unlisted_node(&sched->cluster, &position));)
        intake_node_removed(sched, node->name_sym, node->uid);
    sched->nodes_synced = true;
}
