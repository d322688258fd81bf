/*
 * The write of a decision, from assume to a known outcome. The reservation ends only by an object
 * that was seen, a definite refusal, or a GET (reliability I14).
 *
 *    assume --PACED, where the unit takes only so many a second--+
 *      |                                                         |
 *      +--POST--> SENT --done----------------> NONE, assumed until the watch confirms
 *                     | |
 *                     | +--refused, surely not done--> forget, error backoff
 *                     |
 *                     | conflict, unknown
 *                     v
 *                  READING --bound----------------> confirmed, or counted where it really is
 *                   |   ^  --gone, another UID----> dropped
 *         no answer |   |  --unbound, conflict----> forget, error backoff
 *                   v   |  --unbound, unknown-----> POST again, to the same node if it is there
 *                  WAITING, with growing pauses
 */
#include <stdio.h>

#include "model/names.h"
#include "policy/cost.h"
#include "sched/match.h"
#include "sched/sched_private.h"

enum { RETRY_FIRST_MS = 500, RETRY_MAX_MS = 30000, RETRY_DOUBLINGS_MAX = 6 };

static bool is_timed(enum bind_phase phase)
{
    return phase == BIND_WAITING || phase == BIND_PACED;
}

static bool pod_retried_before(const void *a, const void *b)
{
    const struct pod *left = a, *right = b;
    if (left->retry_at.ms != right->retry_at.ms)
        return left->retry_at.ms < right->retry_at.ms;
    return left->queue_sequence < right->queue_sequence;
}

static uint32_t *pod_position(void *item)
{
    return &((struct pod *)item)->timer_position;
}

void binding_init(struct sched *sched)
{
    heap_init(&sched->waiting, pod_retried_before, pod_position);
}

static bool is_unknown(enum bind_phase phase)
{
    return phase == BIND_READING || phase == BIND_WAITING;
}

/* Of a phase with a time, pod->retry_at is set before. */
static void set_phase(struct sched *sched, struct pod *pod, enum bind_phase phase)
{
    if (is_timed(pod->bind_phase))
        heap_remove(&sched->waiting, pod);
    if (is_timed(phase))
        heap_push(&sched->waiting, pod);
    sched->binds_open -= pod->bind_phase != BIND_NONE;
    sched->binds_open += phase != BIND_NONE;
    sched->binds_unknown -= is_unknown((enum bind_phase)pod->bind_phase);
    sched->binds_unknown += is_unknown(phase);
    pod->bind_phase = (uint8_t)phase;
}

/* ---- what travels with the Binding ---- */

struct bind_pairs {
    uint32_t annotation_count, label_count;
    struct meta_pair annotations[BIND_PAIRS_MAX], labels[BIND_PAIRS_MAX];
    char generation[24], cost[16];
};

static void add_pair(struct meta_pair *pairs, uint32_t *count, struct str key, struct str value)
{
    CHECK(*count < BIND_PAIRS_MAX);
    pairs[(*count)++] = (struct meta_pair){key, value};
}

static void add_labels(const struct sched *sched, struct meta_pair *pairs, uint32_t *count,
                       const struct label *labels, uint32_t label_count)
{
    for (uint32_t i = 0; i < label_count; i++)
        add_pair(pairs, count, symbol_str(sched->symbols, labels[i].key_sym),
                 symbol_str(sched->symbols, labels[i].value_sym));
}

static void add_annotation(struct bind_pairs *pairs, const char *key, struct str value)
{
    add_pair(pairs->annotations, &pairs->annotation_count, str_from(key), value);
}

static void add_cost(const struct policy *policy, const struct policy_unit *unit,
                     const struct pod *pod, struct bind_pairs *pairs)
{
    if (!cost_is_ours(policy->cost_mode, pod->has_foreign_cost))
        return;
    (void)snprintf(pairs->cost, sizeof(pairs->cost), "%d", (int)unit->scale_in_cost);
    add_annotation(pairs, ANNOTATION_DELETION_COST, str_from(pairs->cost));
    add_annotation(pairs, ANNOTATION_COST_OWNER, str_from(pairs->cost));
}

/* Unit, policy and cost, so that a restart finds them and scale-in empties the last unit first: no
 * write beyond the bind (elastic-policies 10.3). */
static void describe_unit(const struct sched *sched, const struct pod *pod,
                          struct bind_pairs *pairs)
{
    struct err err = {0};
    const struct policy *policy = book_policy(sched->book, pod, &err);
    uint32_t index = policy ? policy_unit_find(policy, pod->unit_sym) : POLICY_UNITS_MAX;
    if (index == POLICY_UNITS_MAX)
        return;
    const struct policy_unit *unit = &policy->units[index];
    add_labels(sched, pairs->annotations, &pairs->annotation_count, unit->annotations,
               unit->annotation_count);
    add_labels(sched, pairs->labels, &pairs->label_count, unit->labels, unit->label_count);
    add_labels(sched, pairs->labels, &pairs->label_count, unit->type_labels,
               unit->type_label_count);
    add_annotation(pairs, ANNOTATION_POLICY, policy->name);
    add_annotation(pairs, ANNOTATION_UNIT, symbol_str(sched->symbols, unit->name_sym));
    (void)snprintf(pairs->generation, sizeof(pairs->generation), "%lld",
                   (long long)policy->generation);
    add_annotation(pairs, ANNOTATION_GENERATION, str_from(pairs->generation));
    add_cost(policy, unit, pod, pairs);
}

static void send_described(struct sched *sched, struct pod *pod, struct bind_request *request)
{
    struct bind_pairs pairs;
    pairs.annotation_count = pairs.label_count = 0;
    describe_unit(sched, pod, &pairs);
    request->annotation_count = pairs.annotation_count;
    request->annotations = pairs.annotations;
    request->label_count = pairs.label_count;
    request->labels = pairs.labels;
    pod->has_sent_labels = pairs.label_count > 0;
    sched->port.bind(sched->port.ctx, request);
}

static void send_bind(struct sched *sched, struct pod *pod)
{
    CHECK(!uid_is_zero(pod->uid));                    /* I04 */
    CHECK(sched_is_synced(sched));                    /* I06 */
    CHECK(pod->gate_count == 0 && !pod->is_deleting); /* I08 */
    CHECK(pod->place == POD_ASSUMED && pod->is_ours); /* I09 */
    set_phase(sched, pod, BIND_SENT);
    const struct node *node = sched->cluster.nodes.nodes[pod->node_slot];
    struct bind_request request = {.pod = pod_ref(pod), .node_name_sym = node->name_sym};
    if (pod_policy_entry(pod))
        send_described(sched, pod, &request);
    else
        sched->port.bind(sched->port.ctx, &request);
}

/* Assumed: counts on its node, and in its unit. */
static void assume(struct sched *sched, struct pod *pod, const struct cycle_result *result)
{
    cluster_assume(&sched->cluster, pod, result->slot);
    book_place(sched->book, pod, result->unit_sym);
}

static struct mono_ms paced_to(struct sched *sched, const struct pod *pod)
{
    uint32_t unit = book_pod_unit(pod);
    struct mono_ms now = sched_now(sched);
    if (unit == POLICY_UNITS_MAX)
        return now;
    struct err err = {0};
    const struct policy *policy = book_policy(sched->book, pod, &err);
    CHECK(policy);
    return pacer_take(&sched->pacer, policy->units[unit].type, now);
}

void binding_start(struct sched *sched, struct pod *pod, const struct cycle_result *result)
{
    CHECK(pod->gate_count == 0 && !pod->is_deleting);
    queue_placed(sched->queue, pod, sched_now(sched));
    uint32_t held_sym = nominator_node(pod);
    nominator_remove(&sched->nominator, pod);
    assume(sched, pod, result);
    if (held_sym != sched->cluster.nodes.nodes[pod->node_slot]->name_sym)
        intake_nomination_gone(sched, held_sym, pod->shape);
    if (pod->shape->refs == 1)
        match_drop(pod->shape); /* no other pod will ask: a bit a node for each is too much */
    sched->stats.assumed++;
    pod->bind_tries = 0;
    pod->retry_at = paced_to(sched, pod);
    if (mono_before(sched_now(sched), pod->retry_at))
        set_phase(sched, pod, BIND_PACED);
    else
        send_bind(sched, pod);
}

static void read_pod(struct sched *sched, struct pod *pod)
{
    set_phase(sched, pod, BIND_READING);
    struct pod_ref ref = pod_ref(pod);
    sched->port.read_pod(sched->port.ctx, &ref);
}

static void wait_and_retry(struct sched *sched, struct pod *pod)
{
    uint32_t doublings =
        pod->bind_tries < RETRY_DOUBLINGS_MAX ? pod->bind_tries : RETRY_DOUBLINGS_MAX;
    int64_t delay_ms = INT64_C(1) << doublings;
    delay_ms *= RETRY_FIRST_MS;
    if (pod->bind_tries < UINT8_MAX)
        pod->bind_tries++;
    pod->retry_at = mono_add(sched_now(sched), delay_ms < RETRY_MAX_MS ? delay_ms : RETRY_MAX_MS);
    set_phase(sched, pod, BIND_WAITING);
}

/* I14: a reservation ends by a definite refusal of its bind, or by a read that found the pod
 * unbound (and by what is seen of the pod: intake.c). */
static bool ends_reservation(enum bind_phase phase, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_DONE:
        return phase == BIND_READING;
    case OUTCOME_GONE:
    case OUTCOME_FORBIDDEN:
    case OUTCOME_INVALID:
    case OUTCOME_THROTTLED:
        return phase == BIND_SENT;
    case OUTCOME_NOT_SENT:
        return phase == BIND_SENT || phase == BIND_PACED;
    case OUTCOME_CONFLICT:
    case OUTCOME_UNKNOWN:
    case OUTCOME_COUNT:
        break;
    }
    return false;
}

/* Surely not bound, as `outcome` says: the room is free again, the pod tries later. Bind failures
 * are errors, never "Unschedulable": a new node would not help. */
static void give_up(struct sched *sched, struct pod *pod, enum outcome outcome, struct str message)
{
    CHECK(ends_reservation((enum bind_phase)pod->bind_phase, outcome));
    sched->stats.bind_failed++;
    uint32_t slot = pod->node_slot;
    set_phase(sched, pod, BIND_NONE);
    book_leave(sched->book, pod);
    cluster_forget(&sched->cluster, pod);
    pod->unit_sym = SYM_EMPTY;
    book_enter(sched->book, pod, NULL);
    if (pod->is_ours)
        queue_return(sched->queue, pod, 0, sched_now(sched));
    nominator_update(&sched->nominator, pod);
    intake_freed(sched, slot, WAKE_POD_REMOVED, pod->shape);
    sched_check_pod(sched, pod);
    if (sched->is_stopped || !pod->is_ours)
        return;
    buf_clear(&sched->message);
    (void)buf_printf(&sched->message, "binding rejected: " STR_FMT, STR_ARG(message));
    report_failed(sched, pod, buf_str(&sched->message));
}

/* The assumed or bound pod a reply is about; NULL when it is gone or another one has its name. */
static struct pod *find_replied(const struct sched *sched, const struct pod_ref *ref)
{
    struct pod *pod = cluster_find_pod(&sched->cluster, ref->namespace_sym, ref->name);
    return pod && uid_equal(pod->uid, ref->uid) ? pod : NULL;
}

static void bind_done(struct sched *sched, struct pod *pod)
{
    set_phase(sched, pod, BIND_NONE);
    sched->stats.bound++;
    report_bound(sched, pod);
}

/* The first time the truth is asked for at once, then with growing pauses: a server that answers
 * every POST with 500 must not be hammered. */
static void bind_unknown(struct sched *sched, struct pod *pod, struct str message)
{
    sched->stats.bind_unknown++;
    pod->is_conflicted = false;
    if (pod->bind_tries == 0) {
        pod->bind_tries++;
        read_pod(sched, pod);
        return;
    }
    wait_and_retry(sched, pod);
    buf_clear(&sched->message);
    (void)buf_printf(&sched->message, "binding not confirmed, will be tried again: " STR_FMT,
                     STR_ARG(message));
    report_unconfirmed(sched, pod, buf_str(&sched->message));
}

void binding_on_reply(struct sched *sched, const struct reply *reply)
{
    struct pod *pod = find_replied(sched, &reply->pod);
    if (!pod || pod->bind_phase != BIND_SENT)
        return;
    if (reply->outcome == OUTCOME_DONE) {
        bind_done(sched, pod);
        return;
    }
    if (pod->place ==
        POD_BOUND) { /* the watch was faster than the answer: it is bound all the same */
        bind_done(sched, pod);
        return;
    }
    CHECK(pod->place == POD_ASSUMED);
    switch (reply->outcome) {
    case OUTCOME_CONFLICT:
        sched->stats.conflicts++;
        pod->is_conflicted = true;
        read_pod(sched, pod);
        return;
    case OUTCOME_UNKNOWN:
        bind_unknown(sched, pod, reply->message);
        return;
    case OUTCOME_GONE:
    case OUTCOME_FORBIDDEN:
    case OUTCOME_INVALID:
    case OUTCOME_THROTTLED:
    case OUTCOME_NOT_SENT:
        give_up(sched, pod, reply->outcome, reply->message);
        return;
    case OUTCOME_DONE:
    case OUTCOME_COUNT:
        break;
    }
    CHECK_NEVER("a known outcome");
}

static bool is_present(const struct sched *sched, const struct pod *pod)
{
    return sched->cluster.nodes.nodes[pod->node_slot]->is_present;
}

/* The truth about a pod whose bind has no clear answer. */
static void settle(struct sched *sched, struct pod *pod, const struct pod_object *object)
{
    bool is_finished = object->phase == PHASE_SUCCEEDED || object->phase == PHASE_FAILED;
    bool is_unbound = object->node_name_sym == SYM_EMPTY && !is_finished;
    bool is_deleting = object->is_deleting || pod->is_deleting;
    bool is_gated = object->gate_count > 0 || pod->gate_count > 0;
    const char *why_not = pod->is_conflicted        ? "the apiserver refused it (409)"
                          : is_deleting             ? "the pod is being deleted"
                          : is_gated                ? "the pod is gated"
                          : !pod->is_ours           ? "the pod is another scheduler's"
                          : !is_present(sched, pod) ? "the node is gone"
                                                    : NULL;
    if (is_unbound && !why_not) {
        send_bind(sched, pod); /* it may still be under way in the server: the same node only */
        return;
    }
    if (is_unbound)
        give_up(sched, pod, OUTCOME_DONE, str_from(why_not));
    /* Bound, here or elsewhere, finished or changed: the object says what counts. */
    intake_pod(sched, object);
}

/* Nobody but a person can settle this: the reservation stays (I14), and the pod says what to do. A
 * bind that was not done would otherwise wait in silence for ever. */
static void report_unreadable(struct sched *sched, const struct pod *pod, const struct reply *reply)
{
    const char *node =
        symbol_text(sched->symbols, sched->cluster.nodes.nodes[pod->node_slot]->name_sym);
    const char *mend = reply->http_status == 401
                           ? "renew the credentials that spillway uses"
                           : "grant get on pods to this user, as manifests/rbac.yaml does";
    buf_clear(&sched->message);
    (void)buf_printf(&sched->message,
                     "binding to %s not confirmed, its place stays taken until the pod may be "
                     "read: %s: " STR_FMT,
                     node, mend, STR_ARG(reply->message));
    report_unconfirmed(sched, pod, buf_str(&sched->message));
}

void binding_on_read(struct sched *sched, const struct reply *reply,
                     const struct pod_object *object)
{
    struct pod *pod = find_replied(sched, &reply->pod);
    if (!pod || pod->bind_phase != BIND_READING)
        return;
    bool is_gone = reply->outcome == OUTCOME_GONE ||
                   (reply->outcome == OUTCOME_DONE && !uid_equal(object->uid, pod->uid));
    if (is_gone) {
        intake_pod_removed(sched, pod);
        return;
    }
    if (pod->place == POD_BOUND) {
        bind_done(sched, pod);
        return;
    }
    if (reply->outcome == OUTCOME_DONE) {
        settle(sched, pod, object);
        return;
    }
    if (reply->outcome == OUTCOME_FORBIDDEN)
        report_unreadable(sched, pod, reply);
    wait_and_retry(sched, pod);
}

void binding_confirmed(struct sched *sched, struct pod *pod)
{
    /* SENT: its answer comes and tells the user. Otherwise nobody else will. */
    if (pod->bind_phase == BIND_READING || is_timed(pod->bind_phase))
        bind_done(sched, pod);
}

void binding_drop(struct sched *sched, struct pod *pod)
{
    set_phase(sched, pod, BIND_NONE);
}

/* The pause of a unit is over. What happened to the pod meanwhile counts. */
static void send_paced(struct sched *sched, struct pod *pod)
{
    const char *why_not = pod->is_deleting          ? "the pod is being deleted"
                          : pod->gate_count > 0     ? "the pod is gated"
                          : !pod->is_ours           ? "the pod is another scheduler's"
                          : !is_present(sched, pod) ? "the node is gone"
                                                    : NULL;
    if (why_not)
        give_up(sched, pod, OUTCOME_NOT_SENT, str_from(why_not));
    else
        send_bind(sched, pod);
}

void binding_retry_due(struct sched *sched, struct mono_ms now)
{
    for (struct pod *pod; (pod = heap_peek(&sched->waiting)) && !mono_before(now, pod->retry_at);) {
        if (pod->bind_phase == BIND_PACED)
            send_paced(sched, pod);
        else
            read_pod(sched, pod);
    }
}

struct mono_ms binding_next_retry(const struct sched *sched)
{
    const struct pod *pod = heap_peek(&sched->waiting);
    return pod ? pod->retry_at : MONO_NEVER;
}

void binding_stop(struct sched *sched)
{
    for (uint32_t i = sched->waiting.count; i-- > 0;) {
        struct pod *pod = sched->waiting.items[i];
        if (pod->bind_phase == BIND_PACED) {
            give_up(sched, pod, OUTCOME_NOT_SENT, STR("not sent: shutting down"));
            i = sched->waiting.count; /* the heap moved */
        }
    }
}
