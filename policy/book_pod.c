/* Pods enter and leave groups and the counts of units. */
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/pod_meta.h"
#include "policy/book_private.h"

static bool carries_pairs(const struct pod *pod, const struct policy_unit *unit)
{
    for (uint32_t i = 0; i < unit->label_count; i++)
        if (labels_get(&pod->meta->labels, unit->labels[i].key_sym) != unit->labels[i].value_sym)
            return false;
    for (uint32_t i = 0; i < unit->annotation_count; i++)
        if (!pod_meta_has_annotation(pod->meta, unit->annotation_hashes[i]))
            return false;
    return true;
}

/* Scheduled before the policy was made: by the time of PodScheduled. Where that is not known, a
 * pod that was assigned a unit came later, and another one is as old as it is. */
static bool is_previous(const struct pod *pod, const struct policy_entry *entry)
{
    if (pod->place != POD_BOUND)
        return false;
    if (pod->bound_unix_s > 0)
        return pod->bound_unix_s < entry->created_unix_s;
    return pod->unit_sym == SYM_EMPTY && pod->created_unix_s < entry->created_unix_s;
}

void pod_unit_of(const struct pod *pod, const struct policy_entry *entry, uint32_t *ret_unit,
                 bool *ret_is_counted)
{
    const struct policy *policy = entry->policy;
    uint32_t unit = POLICY_UNITS_MAX;
    if (pod->place != POD_PENDING) {
        unit =
            pod->unit_sym != SYM_EMPTY ? policy_unit_find(policy, pod->unit_sym) : POLICY_UNITS_MAX;
        if (unit < POLICY_UNITS_MAX && !bitset_test(&entry->units[unit].set->nodes, pod->node_slot))
            unit = POLICY_UNITS_MAX;
        for (uint32_t i = 0; unit == POLICY_UNITS_MAX && i < policy->unit_count; i++)
            if (bitset_test(&entry->units[i].set->nodes, pod->node_slot) &&
                carries_pairs(pod, &policy->units[i]))
                unit = i;
    }
    *ret_unit = unit;
    *ret_is_counted = unit < POLICY_UNITS_MAX &&
                      !(policy->ignores_terminating && pod->is_deleting) &&
                      !(policy->ignores_previous && is_previous(pod, entry));
}

/* Adds (sign 1) or takes off (-1). */
static void count_pod(struct pod *pod, int sign)
{
    struct policy_group *group = pod->group;
    const struct policy_unit *unit = &group->policy->units[pod->unit];
    struct unit_count *count = &group->counts[pod->unit];
    int64_t amounts[POLICY_RESOURCES_MAX];
    unit_amounts(unit, pod->held, amounts);
    CHECK(sign > 0 || count->pods > 0);
    count->pods = sign > 0 ? count->pods + 1 : count->pods - 1;
    for (uint32_t i = 0; i < unit->resource_count; i++) {
        count->used[i] += sign * amounts[i];
        CHECK(count->used[i] >= 0);
    }
}

static void note_overlap(struct book *book, struct policy_entry *other,
                         const struct policy_entry *ruler, const struct pod *pod)
{
    book->overlap_count++;
    if (other->overlap_count++ > 0)
        return;
    free(other->overlap_pod);
    other->overlap_pod = mem_strdup(pod->name);
    other->overlap_ruler_sym = ruler->name_sym;
    status_due(book, other);
}

static void forget_overlap(struct book *book, struct policy_entry *other,
                           const struct policy_entry *ruler, const struct pod *pod)
{
    (void)ruler;
    (void)pod;
    CHECK(book->overlap_count > 0 && other->overlap_count > 0);
    book->overlap_count--;
    if (--other->overlap_count == 0)
        status_due(book, other);
}

/* All of the entry's namespace enter again. */
void overlap_reset(struct book *book, struct policy_entry *entry)
{
    if (entry->overlap_count == 0)
        return;
    book->overlap_count -= entry->overlap_count;
    entry->overlap_count = 0;
    status_due(book, entry);
}

static void group_wait(struct policy_group *group, int sign)
{
    group->waiting = sign > 0 ? group->waiting + 1 : group->waiting - 1;
    group->entry->waiting = sign > 0 ? group->entry->waiting + 1 : group->entry->waiting - 1;
}

/* Of a member of a counted group. */
static void count_in_unit(struct pod *pod)
{
    struct policy_entry *entry = pod->group->entry;
    uint32_t unit;
    pod_unit_of(pod, entry, &unit, &pod->is_counted);
    pod->unit = (uint8_t)unit;
    if (unit < POLICY_UNITS_MAX && pod->is_deleting)
        entry->units[unit].terminating++;
    if (pod->is_counted)
        count_pod(pod, 1);
}

void pod_attach(struct book *book, struct pod *pod)
{
    CHECK(!pod->group);
    pod->unit = POLICY_UNITS_MAX;
    pod->is_counted = false;
    pod->is_noted_waiting &= pod->place == POD_PENDING;
    struct policy_entry *entry =
        book->buckets.count > 0 ? index_find(book, pod, note_overlap) : NULL;
    if (!entry)
        return;
    struct policy_group *group = group_ensure(book, entry, pod);
    pod->group = group;
    group->pod_count++;
    if (pod->is_noted_waiting)
        group_wait(group, 1);
    if (group->kind != GROUP_COUNTED)
        return;
    if (entry->policy->has_percent)
        owner_use_add(book, group, pod);
    count_in_unit(pod);
}

void pod_detach(struct pod *pod, struct pod_left *ret_left)
{
    struct policy_group *group = pod->group;
    struct pod_left left = {.pod = pod, .group = group, .unit = POLICY_UNITS_MAX};
    *ret_left = left;
    if (!group)
        return;
    if (group->kind == GROUP_COUNTED) {
        struct policy_entry *entry = group->entry;
        left.unit = pod->unit;
        left.was_counted = pod->is_counted;
        left.was_terminating = pod->unit < POLICY_UNITS_MAX && pod->is_deleting;
        if (left.was_counted) {
            unit_amounts(&entry->policy->units[left.unit], pod->held, left.amounts);
            count_pod(pod, -1);
        }
        if (left.was_terminating) {
            CHECK(entry->units[left.unit].terminating > 0);
            entry->units[left.unit].terminating--;
        }
        if (entry->policy->has_percent)
            left.use = owner_use_remove(group, pod);
    }
    left.was_waiting = pod->is_noted_waiting;
    if (left.was_waiting)
        group_wait(group, -1);
    group->pod_count--;
    pod->group = NULL;
    pod->unit = POLICY_UNITS_MAX;
    pod->is_counted = false;
    *ret_left = left;
}

/* Whether the pod holds at least what it held, in the same slot. */
static bool holds_as_much(const struct pod_left *left, const struct pod *pod)
{
    if (!pod || pod->group != left->group || !pod->is_counted || pod->unit != left->unit)
        return false;
    const struct policy_unit *unit = &pod->group->policy->units[pod->unit];
    int64_t amounts[POLICY_RESOURCES_MAX];
    unit_amounts(unit, pod->held, amounts);
    for (uint32_t i = 0; i < unit->resource_count; i++)
        if (amounts[i] < left->amounts[i])
            return false;
    return true;
}

/* The last terminating pod of a unit is gone: all groups of the policy may have waited for it. */
static void terminating_cleared(struct book *book, const struct policy_entry *entry, uint32_t unit)
{
    if (entry->units[unit].terminating > 0 || entry->policy->next_rule != NEXT_LACK_NOT_LEAVING)
        return;
    for (struct policy_group *group = entry->groups; group; group = group->next)
        group_freed(book, group);
}

/* Whether a pod came back as it left, as far as the status can tell. */
static bool is_unchanged(const struct pod_left *left, const struct pod *pod)
{
    return pod && pod->group == left->group && pod->unit == left->unit &&
           pod->is_counted == left->was_counted && pod->is_noted_waiting == left->was_waiting;
}

/* Ends the time between leaving and entering: now it is known what came free. */
void left_settle(struct book *book, const struct pod *returned)
{
    if (!book->left.group) { /* nothing but the pod's name was noted */
        book->left.pod = NULL;
        if (returned && returned->group)
            status_due(book, returned->group->entry);
        return;
    }
    struct pod_left left = book->left;
    book->left = (struct pod_left){0};
    if (returned && returned->group && !is_unchanged(&left, returned))
        status_due(book, returned->group->entry);
    bool is_same_slot = holds_as_much(&left, returned);
    if (left.was_counted && !is_same_slot)
        group_freed(book, left.group);
    bool still_leaves = returned && returned->group == left.group && returned->is_deleting &&
                        returned->unit == left.unit;
    if (left.was_terminating && !still_leaves)
        terminating_cleared(book, left.group->entry, left.unit);
    if (!is_unchanged(&left, returned) || !is_same_slot)
        status_due(book, left.group->entry);
    if (left.use)
        owner_use_release(book, left.use);
    group_release(book, left.group);
}

void book_leave(struct book *book, struct pod *pod)
{
    left_settle(book, NULL);
    if (!pod->group) {
        book->left.pod = pod;
        return;
    }
    if (book->overlap_count > 0)
        (void)index_find(book, pod, forget_overlap);
    pod_detach(pod, &book->left);
}

/* A pod that waits has no assignment; one on a node keeps its own, or takes the annotation's. */
static void take_assignment(struct book *book, struct pod *pod,
                            const struct assignment_object *assignment)
{
    if (pod->place == POD_PENDING) {
        pod->unit_sym = SYM_EMPTY;
        return;
    }
    if (pod->unit_sym != SYM_EMPTY || !assignment || assignment->unit.len == 0 ||
        assignment->unit.len > POLICY_NAME_BYTES_MAX)
        return;
    uint32_t unit_sym = symbol_intern(book->cluster->symbols, assignment->unit);
    pod->unit_sym = unit_sym == SYM_FULL ? SYM_EMPTY : unit_sym;
}

void book_enter(struct book *book, struct pod *pod, const struct assignment_object *assignment)
{
    bool returns = book->left.pod == pod;
    if (!returns)
        left_settle(book, NULL);
    take_assignment(book, pod, assignment);
    pod_attach(book, pod);
    left_settle(book, pod);
}

void book_place(struct book *book, struct pod *pod, uint32_t unit_sym)
{
    left_settle(book, NULL);
    CHECK(pod->place == POD_ASSUMED && pod->unit == POLICY_UNITS_MAX && !pod->is_counted);
    book_note_waiting(book, pod, false);
    pod->unit_sym = unit_sym;
    if (!pod->group)
        return;
    if (pod->group->kind == GROUP_COUNTED)
        count_in_unit(pod);
    status_due(book, pod->group->entry);
}

void book_note_waiting(struct book *book, struct pod *pod, bool waits)
{
    waits &= pod->place == POD_PENDING;
    if (pod->is_noted_waiting == waits)
        return;
    pod->is_noted_waiting = waits;
    if (!pod->group)
        return;
    group_wait(pod->group, waits ? 1 : -1);
    status_due(book, pod->group->entry);
}
