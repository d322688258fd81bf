/* What was seen of pods: identity, shape, what they hold, and where. */
#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/cluster.h"
#include "model/cluster_private.h"

uint64_t cluster_condition_hash(const struct cluster *cluster, struct str reason,
                                struct str message)
{
    uint64_t hash = hash_bytes(cluster->hash_seed, reason.ptr, reason.len);
    hash = hash_bytes(hash, message.ptr, message.len);
    return hash ? hash : 1;
}

/* Whether `after` asks less than `before` of any resource. */
static bool requests_fell(const struct requests *before, const struct requests *after)
{
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        if (after->fixed[i] < before->fixed[i])
            return true;
    for (uint32_t i = 0; i < before->scalar_count; i++)
        if (requests_get(after, before->scalars[i].name_sym) < before->scalars[i].amount)
            return true;
    return false;
}

static bool tolerations_equal(const struct shape *a, const struct shape *b)
{
    if (a->toleration_count != b->toleration_count)
        return false;
    for (uint32_t i = 0; i < a->toleration_count; i++) {
        const struct toleration *x = &a->tolerations[i], *y = &b->tolerations[i];
        if (x->key_sym != y->key_sym || x->value_sym != y->value_sym || x->op != y->op ||
            x->effect != y->effect)
            return false;
    }
    return true;
}

/* The spec. A pod on a node is taken off and put back, so that ports and sums follow its new shape.
 */
static uint32_t see_shape(struct cluster *cluster, struct pod *pod, const struct pod_object *object)
{
    struct shape *shape = shape_intern(&cluster->shapes, object);
    struct shape *before = pod->shape;
    if (shape == before) {
        shape_unref(&cluster->shapes, shape);
        return 0;
    }
    if (!before) {
        pod->shape = shape;
        return 0;
    }
    uint32_t bits = POD_SPEC;
    bits |= tolerations_equal(before, shape) ? 0 : POD_TOLERATIONS;
    bits |= requests_fell(before->requests, shape->requests) ? POD_SCALED_DOWN : 0;
    if (pod->place == POD_PENDING) {
        pod->shape = shape;
    } else {
        struct node *node = cluster->nodes.nodes[pod->node_slot];
        enum pod_place place = (enum pod_place)pod->place;
        struct requests *held = requests_ref(pod->held);
        node->pod_count++; /* holds a ghost alive across the move */
        cluster_take_off(cluster, pod);
        node->pod_count--;
        pod->shape = shape;
        cluster_put_on(cluster, pod, node, place, held);
    }
    shape_unref(&cluster->shapes, before);
    return bits;
}

/* Labels, annotations, owner. */
static uint32_t see_meta(struct cluster *cluster, struct pod *pod, const struct pod_object *object)
{
    struct pod_meta *before = pod->meta;
    pod->meta = pod_meta_intern(&cluster->metas, object);
    uint32_t bits = pod->meta == before ? 0 : POD_META;
    pod_meta_unref(&cluster->metas, before);
    return bits;
}

static struct requests *held_of(struct cluster *cluster, const struct pod_object *object)
{
    struct pod_resources resources;
    pod_resources_compute(object, POD_RESOURCES_ON_NODE, cluster->symbols, &resources);
    return requests_intern(&cluster->shapes, &resources);
}

/* Seen on the node where it already counts: confirms, and takes over what it holds now. */
static void see_same_node(struct cluster *cluster, struct pod *pod, const struct pod_object *object,
                          struct pod_change *change)
{
    struct requests *held = held_of(cluster, object);
    if (held != pod->held) {
        uint32_t slot = pod->node_slot;
        if (requests_fell(pod->held, held)) {
            change->bits |= POD_SCALED_DOWN;
            change->freed_slot = slot;
        }
        node_table_account(&cluster->nodes, slot, pod->held, -1);
        node_table_account(&cluster->nodes, slot, held, 1);
        requests_unref(&cluster->shapes, pod->held);
        pod->held = requests_ref(held);
        cluster_note_gain(cluster);
    }
    requests_unref(&cluster->shapes, held);
    if (pod->place == POD_ASSUMED) {
        pod->place = POD_BOUND;
        cluster->assumed_count--;
        cluster->bound_count++;
        change->bits |= POD_NOW_BOUND | POD_CONFIRMED;
    }
}

static void see_bound(struct cluster *cluster, struct pod *pod, const struct pod_object *object,
                      struct pod_change *change)
{
    struct node *node = node_table_ensure(&cluster->nodes, object->node_name_sym);
    if (pod->place != POD_PENDING && pod->node_slot == node->slot) {
        see_same_node(cluster, pod, object, change);
        return;
    }
    change->bits |= POD_NOW_BOUND;
    if (pod->place != POD_PENDING) {
        cluster->repairs++;
        change->bits |= POD_ELSEWHERE;
        change->freed_slot = pod->node_slot;
        cluster_take_off(cluster, pod);
    }
    cluster_put_on(cluster, pod, node, POD_BOUND, held_of(cluster, object));
}

/* Seen unbound. An assumed pod stays assumed: its bind is on the way. A bound one was never bound
 * in the server's view (restored from a backup): it waits again. */
static void see_unbound(struct cluster *cluster, struct pod *pod, struct pod_change *change)
{
    change->bits |= POD_UNBOUND_UPDATE;
    if (pod->place != POD_BOUND)
        return;
    cluster->repairs++;
    change->bits |= POD_IS_NEW;
    change->freed_slot = pod->node_slot;
    cluster_take_off(cluster, pod);
}

static void see_problem(struct pod *pod, const struct pod_object *object)
{
    free(pod->problem);
    pod->problem =
        object->problem.len > 0 ? mem_strndup(object->problem.ptr, object->problem.len) : NULL;
}

/* 1970 to 2106; 0: no time. */
static uint32_t seconds(int64_t unix_s)
{
    if (unix_s < 0)
        return 0;
    return unix_s < UINT32_MAX ? (uint32_t)unix_s : UINT32_MAX;
}

static void see_times(struct pod *pod, const struct pod_object *object)
{
    bool is_bound = object->node_name_sym != SYM_EMPTY && object->scheduled.is_true;
    pod->created_unix_s = seconds(object->created_unix_s);
    pod->started_unix_s = seconds(object->started_unix_s);
    pod->bound_unix_s = is_bound ? seconds(object->scheduled.transition_unix_s) : 0;
}

/* A deletion cost is ours as long as it still is what we noted beside it. */
static void see_flags(struct pod *pod, const struct pod_object *object)
{
    bool is_ours = object->deletion_cost_owner.len > 0 &&
                   str_equal(object->deletion_cost, object->deletion_cost_owner);
    pod->preempts_never = object->preempts_never;
    pod->is_preempted = object->is_preempted;
    pod->is_ready = object->is_ready;
    pod->was_running |= object->phase != PHASE_PENDING;
    pod->has_our_cost = object->has_deletion_cost && is_ours;
    pod->has_foreign_cost = object->has_deletion_cost && !is_ours;
}

/* An object older than a nomination of ours does not undo it. The write carries the condition too,
 * so an object with that condition is newer; one that only ends a nomination is seen by that. */
static uint32_t see_nomination(struct pod *pod, const struct pod_object *object,
                               uint64_t condition_hash)
{
    bool is_older = pod->nomination == NOMINATION_DUE ||
                    (pod->nomination == NOMINATION_SENT && pod->condition_hash != condition_hash) ||
                    (pod->nomination == NOMINATION_ENDS && object->nominated_node_sym != SYM_EMPTY);
    if (is_older && object->node_name_sym == SYM_EMPTY)
        return 0;
    pod->nomination = NOMINATION_SEEN;
    if (pod->nominated_node_sym == object->nominated_node_sym)
        return 0;
    pod->nominated_node_sym = object->nominated_node_sym;
    return POD_NOMINATION;
}

static uint32_t see_details(struct cluster *cluster, struct pod *pod,
                            const struct pod_object *object)
{
    uint32_t bits = 0;
    if (object->is_deleting && !pod->is_deleting)
        bits |= POD_NOW_DELETING;
    if (pod->gate_count > 0 && object->gate_count == 0)
        bits |= POD_GATES_REMOVED;
    if (pod->priority != object->priority)
        bits |= POD_PRIORITY;
    pod->is_deleting = object->is_deleting;
    pod->gate_count = (uint16_t)(object->gate_count < UINT16_MAX ? object->gate_count : UINT16_MAX);
    pod->priority = object->priority;
    pod->generation = object->generation;
    const struct scheduled_condition *condition = &object->scheduled;
    uint64_t condition_hash =
        condition->is_set && !condition->is_true
            ? cluster_condition_hash(cluster, condition->reason, condition->message)
            : 0;
    bits |= see_nomination(pod, object, condition_hash);
    pod->condition_hash = condition_hash;
    see_times(pod, object);
    see_flags(pod, object);
    see_problem(pod, object);
    return bits;
}

void cluster_see_pod(struct cluster *cluster, const struct pod_object *object, bool is_ours,
                     struct pod_change *ret_change)
{
    *ret_change = (struct pod_change){.freed_slot = NODE_SLOT_NONE};
    bool is_bound = object->node_name_sym != SYM_EMPTY;
    struct pod *pod = cluster_find_pod(cluster, object->namespace_sym, object->name);
    CHECK(!pod || uid_equal(pod->uid, object->uid));
    CHECK(object->phase != PHASE_SUCCEEDED && object->phase != PHASE_FAILED);
    uint64_t version = cluster_version(cluster, object->resource_version);
    /* What could not be read may have been spoilt on the way: the same version may read well now.
     */
    if (pod && pod->resource_version == version && !pod->problem) {
        pod->list_epoch = cluster->pod_epoch;
        *ret_change =
            (struct pod_change){.bits = POD_SAME, .pod = pod, .freed_slot = NODE_SLOT_NONE};
        return;
    }
    if (!pod && !is_bound && !is_ours)
        return;
    bool is_new = !pod;
    if (is_new)
        pod = cluster_new_pod(cluster, object);
    ret_change->pod = pod;
    pod->resource_version = version;
    pod->list_epoch = cluster->pod_epoch;
    pod->is_ours = is_ours;
    ret_change->bits |= see_shape(cluster, pod, object);
    uint32_t details = see_meta(cluster, pod, object) | see_details(cluster, pod, object);
    ret_change->bits |= is_new ? POD_IS_NEW : details;
    if (is_bound)
        see_bound(cluster, pod, object, ret_change);
    else
        see_unbound(cluster, pod, ret_change);
}
