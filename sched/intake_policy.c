/*
 * Policies, disruption budgets and owners seen and gone, and what they mean to those who wait: an
 * edit takes each pod it concerns out of the queue's groups and puts it back; a slot that comes
 * free in a unit gives the next of its line a turn.
 */
#include "model/pod_meta.h"
#include "sched/sched_private.h"

enum {
    STATUS_EVERY_MS = 1000,    /* a burst of changes is told once a second ... */
    STATUS_WRITES_A_TURN = 20, /* ... of so many policies: 10,000 edits must not starve the binds */
    STATUS_REFUSED_MS = 10000, /* a right that is missing will not be there a second later */
};

/* ---- what is noted takes effect ---- */

static void before_regroup(void *ctx, struct pod *pod)
{
    struct sched *sched = ctx;
    pod->has_sent_labels = false; /* its unit's may be others now */
    queue_detach(sched->queue, pod);
}

static void after_regroup(void *ctx, struct pod *pod)
{
    struct sched *sched = ctx;
    queue_reinsert(sched->queue, pod, POD_REGROUPED, sched_now(sched));
}

static void on_freed(void *ctx, const struct policy_group *group)
{
    struct sched *sched = ctx;
    queue_offer(sched->queue, group, sched_now(sched));
}

void intake_settle(struct sched *sched)
{
    const struct book_watcher watcher = {sched, before_regroup, after_regroup};
    book_settle(sched->book, &watcher);
    book_take_freed(sched->book, on_freed, sched);
    /* After the pods: then what the first list does not name is gone, and not to come. */
    if (!sched->asked_for_owners && sched->pods_synced && book_wants_owners(sched->book)) {
        sched->asked_for_owners = true;
        sched->port.watch_owners(sched->port.ctx);
    }
}

/* ---- status ---- */

void intake_report_policies(struct sched *sched, struct mono_ms now)
{
    if (mono_before(now, sched->statuses_at))
        return;
    struct policy_status status;
    uint32_t count = 0;
    while (count < STATUS_WRITES_A_TURN &&
           book_take_status(sched->book, sched_wall_s(sched), &status)) {
        sched->port.patch_policy(sched->port.ctx, &status);
        count++;
    }
    sched->statuses_at = count > 0 ? mono_add(now, STATUS_EVERY_MS) : (struct mono_ms){0};
}

struct mono_ms intake_next_report(const struct sched *sched)
{
    return sched->statuses_at.ms == 0 ? MONO_NEVER : sched->statuses_at;
}

static void on_status_reply(struct sched *sched, const struct reply *reply)
{
    if (reply->outcome != OUTCOME_DONE && reply->outcome != OUTCOME_GONE)
        book_status_failed(sched->book, reply->pod.uid);
    if (reply->outcome == OUTCOME_FORBIDDEN || reply->outcome == OUTCOME_INVALID)
        sched->statuses_at = mono_add(sched_now(sched), STATUS_REFUSED_MS);
}

/* ---- pods that never start ---- */

void intake_start_failure(struct sched *sched, const struct pod *pod)
{
    uint32_t unit = book_pod_unit(pod);
    if (unit == POLICY_UNITS_MAX || pod->place != POD_BOUND || pod->was_running || pod->is_deleting)
        return;
    struct err err = {0};
    const struct policy *policy = book_policy(sched->book, pod, &err);
    if (!policy || !sched->types->items[policy->units[unit].type].is_virtual)
        return;
    book_cool(sched->book, pod, unit, sched_now(sched));
    book_note_refusal(sched->book, pod, unit, STR("a pod was bound and did not start"),
                      sched_wall_s(sched));
}

/* ---- labels of a unit ---- */

static bool carries(const struct pod *pod, const struct label *labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (labels_get(&pod->meta->labels, labels[i].key_sym) != labels[i].value_sym)
            return false;
    return true;
}

/* Annotations of ours say that it was our Binding; then its labels have to be there too, or this
 * server does not copy them, whatever its version (elastic-policies 10.3). */
void intake_check_labels(struct sched *sched, struct pod *pod, const struct pod_object *object)
{
    bool is_asked = pod->has_sent_labels && pod_policy_entry(pod);
    pod->has_sent_labels = false;
    if (!is_asked)
        return;
    struct err err = {0};
    const struct policy *policy = book_policy(sched->book, pod, &err);
    uint32_t index = policy ? policy_unit_find(policy, pod->unit_sym) : POLICY_UNITS_MAX;
    if (index == POLICY_UNITS_MAX || !str_equal(object->assignment.policy, policy->name) ||
        !str_equal(object->assignment.unit, symbol_str(sched->symbols, pod->unit_sym)))
        return;
    const struct policy_unit *unit = &policy->units[index];
    if (carries(pod, unit->labels, unit->label_count) &&
        carries(pod, unit->type_labels, unit->type_label_count))
        return;
    struct pod_ref ref = pod_ref(pod);
    sched->port.labels_missing(sched->port.ctx, &ref);
}

/* ---- events ---- */

/* Told once: a restart looks at them again. */
static void see_policy(struct sched *sched, const struct policy_object *object)
{
    uint64_t before = book_ignored_policies(sched->book);
    book_see(sched->book, object, sched_wall_s(sched));
    if (before == 0 && book_ignored_policies(sched->book) > 0)
        sched->port.note(sched->port.ctx, NOTE_ERROR,
                         "more ResourcePolicies than are kept: those beyond have no effect; delete "
                         "some and restart spillway");
}

static void on_policy(struct sched *sched, const struct event *event)
{
    switch ((int)event->kind) {
    case EVENT_POLICY_LIST_BEGIN:
        book_begin_list(sched->book, (enum policy_source)event->source);
        return;
    case EVENT_POLICY_LIST_END:
        book_end_list(sched->book, (enum policy_source)event->source);
        sched->policies_synced[event->source] = true;
        return;
    case EVENT_POLICY_SEEN:
        see_policy(sched, event->policy);
        return;
    case EVENT_POLICY_GONE:
        book_drop(sched->book, event->policy);
        return;
    default:
        on_status_reply(sched, event->reply);
    }
}

static void see_budget(struct sched *sched, const struct budget_object *object)
{
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, ERR_TEXT_BYTES);
    if (!budgets_see(&sched->budgets, object))
        (void)buf_printf(&text,
                         "more than %d PodDisruptionBudgets: " STR_FMT "/" STR_FMT
                         " protects nobody from preemption",
                         BUDGETS_MAX, STR_ARG(object->meta.namespace), STR_ARG(object->meta.name));
    else if (object->problem.len > 0)
        (void)buf_printf(
            &text,
            "PodDisruptionBudget " STR_FMT "/" STR_FMT " protects nobody from preemption: " STR_FMT,
            STR_ARG(object->meta.namespace), STR_ARG(object->meta.name), STR_ARG(object->problem));
    if (text.len > 0)
        sched->port.note(sched->port.ctx, NOTE_WARNING, text.data);
}

static void on_budget(struct sched *sched, const struct event *event)
{
    switch ((int)event->kind) {
    case EVENT_BUDGET_LIST_BEGIN:
        budgets_begin_list(&sched->budgets);
        return;
    case EVENT_BUDGET_LIST_END:
        budgets_end_list(&sched->budgets);
        sched->budgets_synced = true;
        return;
    case EVENT_BUDGET_SEEN:
        see_budget(sched, event->budget);
        return;
    default:
        budgets_drop(&sched->budgets, event->budget);
    }
}

static void on_owner(struct sched *sched, const struct event *event)
{
    switch ((int)event->kind) {
    case EVENT_OWNER_LIST_BEGIN:
        book_begin_owners(sched->book, (enum owner_kind)event->source);
        return;
    case EVENT_OWNER_LIST_END:
        book_end_owners(sched->book, (enum owner_kind)event->source);
        return;
    case EVENT_OWNER_SEEN:
        book_see_owner(sched->book, event->owner);
        return;
    default:
        book_drop_owner(sched->book, event->owner);
    }
}

void intake_policy_event(struct sched *sched, const struct event *event)
{
    if (event->kind >= EVENT_BUDGET_LIST_BEGIN && event->kind <= EVENT_BUDGET_GONE)
        on_budget(sched, event);
    else if (event->kind >= EVENT_OWNER_LIST_BEGIN && event->kind <= EVENT_OWNER_GONE)
        on_owner(sched, event);
    else
        on_policy(sched, event);
}
