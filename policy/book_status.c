/* What a user reads of a policy. Made when it is taken, from the counts as they are then. */
#include <inttypes.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "policy/book_private.h"

enum { GROUP_KEY_BYTES_MAX = 512 };

void status_due(struct book *book, struct policy_entry *entry)
{
    if (entry->is_status_due || entry->is_gone || entry->source != POLICY_SOURCE_SPILLWAY)
        return;
    entry->is_status_due = true;
    entry->due_next = NULL;
    entry->due_prev = book->due_last;
    *(book->due_last ? &book->due_last->due_next : &book->due_first) = entry;
    book->due_last = entry;
}

void status_forget(struct book *book, struct policy_entry *entry)
{
    if (!entry->is_status_due)
        return;
    *(entry->due_prev ? &entry->due_prev->due_next : &book->due_first) = entry->due_next;
    *(entry->due_next ? &entry->due_next->due_prev : &book->due_last) = entry->due_prev;
    entry->due_prev = entry->due_next = NULL;
    entry->is_status_due = false;
}

void book_note_refusal(struct book *book, const struct pod *pod, uint32_t unit, struct str text,
                       int64_t now_unix_s)
{
    CHECK(pod->group && pod->group->kind == GROUP_COUNTED);
    struct policy_entry *entry = pod->group->entry;
    CHECK(unit < entry->policy->unit_count);
    struct entry_unit *state = &entry->units[unit];
    if (text.len > POLICY_STATUS_TEXT_BYTES)
        text.len = POLICY_STATUS_TEXT_BYTES;
    state->refused_unix_s = now_unix_s;
    if (state->refusal && str_is(text, state->refusal))
        return; /* the same words again are no news to write */
    free(state->refusal);
    state->refusal = mem_strndup(text.ptr, text.len);
    status_due(book, entry);
}

/* ---- conditions ---- */

static struct str printed(struct book *book, struct buf *text)
{
    struct str copy = arena_copy(&book->status, buf_str(text));
    buf_fini(text);
    return copy;
}

static int64_t condition_since(struct entry_condition *condition, bool is_true, int64_t now_unix_s)
{
    if (!condition->is_known || condition->is_true != is_true)
        *condition = (struct entry_condition){true, is_true, now_unix_s};
    return condition->since_unix_s;
}

static void fill_accepted(struct book *book, struct policy_entry *entry, int64_t now_unix_s,
                          struct policy_status *status)
{
    struct buf text;
    buf_init(&text, POLICY_STATUS_TEXT_BYTES);
    bool is_true = !entry->problem;
    if (!is_true && entry->policy)
        (void)buf_printf(&text, "%s; generation %" PRId64 " stays in force", entry->problem,
                         entry->policy->generation);
    else if (!is_true)
        (void)buf_printf(&text, "%s; its pods wait until it is mended", entry->problem);
    else if (entry->policy && entry->policy->has_consumer_ref)
        (void)buf_add_str(&text, "spec.consumerRef is read and not used");
    status->accepted = (struct policy_status_condition){
        .is_true = is_true,
        .reason = is_true ? "Accepted" : "Invalid",
        .message = printed(book, &text),
        .transition_unix_s = condition_since(&entry->accepted, is_true, now_unix_s),
    };
}

/* Ready: in force, and each unit has a node, or waits for nodes that come. */
static void fill_ready(struct book *book, struct policy_entry *entry, int64_t now_unix_s,
                       struct policy_status *status)
{
    struct buf text;
    buf_init(&text, POLICY_STATUS_TEXT_BYTES);
    const char *reason = "Ready";
    if (!entry->policy) {
        reason = "NotAccepted";
        (void)buf_add_str(&text, "no generation of this policy is in force");
    }
    for (uint32_t i = 0; entry->policy && i < entry->policy->unit_count; i++) {
        const struct policy_unit *unit = &entry->policy->units[i];
        if (entry->units[i].set->node_count > 0 || unit->waits)
            continue;
        reason = "UnitWithoutNodes";
        if (text.len == 0)
            (void)buf_printf(&text,
                             "spec.units[%" PRIu32 "] (%s): no node is of its type and carries its "
                             "nodeSelector; label nodes, or mend resource or nodeSelector",
                             i, symbol_text(book->cluster->symbols, unit->name_sym));
    }
    bool is_true = text.len == 0;
    status->ready = (struct policy_status_condition){
        .is_true = is_true,
        .reason = reason,
        .message = printed(book, &text),
        .transition_unix_s = condition_since(&entry->ready, is_true, now_unix_s),
    };
}

static void fill_overlap(struct book *book, struct policy_entry *entry, int64_t now_unix_s,
                         struct policy_status *status)
{
    bool overlaps = entry->overlap_count > 0;
    status->overlap_transition_unix_s = condition_since(&entry->overlapping, overlaps, now_unix_s);
    if (!overlaps)
        return;
    struct buf text;
    buf_init(&text, POLICY_STATUS_TEXT_BYTES);
    (void)buf_printf(&text,
                     "%" PRIu32 " pods that this policy selects, for example %s, are ruled by "
                     "policy %s, which is older; make the selectors disjoint",
                     entry->overlap_count, entry->overlap_pod,
                     symbol_text(book->cluster->symbols, entry->overlap_ruler_sym));
    status->overlap = printed(book, &text);
}

/* ---- units ---- */

static struct str quota_text(struct book *book, const struct pod_quota *quota)
{
    struct buf text;
    buf_init(&text, 32);
    if (quota->is_set)
        (void)buf_printf(&text, "%" PRId32 "%s", quota->value, quota->is_percent ? "%" : "");
    return printed(book, &text);
}

static uint32_t add_capped(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Sums over the groups. Without keys there is one group, be it empty. */
static void fill_unit_sums(const struct policy_entry *entry, uint32_t unit,
                           struct policy_status_unit *status)
{
    const struct policy_unit *wanted = &entry->policy->units[unit];
    uint32_t group_count = 0;
    for (const struct policy_group *group = entry->groups; group; group = group->next) {
        if (group->kind != GROUP_COUNTED)
            continue;
        group_count++;
        status->pods = add_capped(status->pods, group->counts[unit].pods);
        if (wanted->max.is_set)
            status->max_pods = add_capped(status->max_pods, group_quota(group, &wanted->max));
        for (uint32_t i = 0; i < wanted->resource_count; i++)
            status->resources[i].used =
                resource_add(status->resources[i].used, group->counts[unit].used[i]);
    }
    if (group_count == 0 && wanted->max.is_set)
        status->max_pods = pod_quota_count(&wanted->max, 0);
    for (uint32_t i = 0; i < wanted->resource_count; i++) {
        int64_t limit = wanted->resources[i].amount;
        status->resources[i].name_sym = wanted->resources[i].name_sym;
        if (__builtin_mul_overflow(limit, group_count > 0 ? group_count : 1,
                                   &status->resources[i].limit))
            status->resources[i].limit = INT64_MAX;
    }
}

static void fill_units(struct book *book, const struct policy_entry *entry,
                       struct policy_status *status)
{
    uint32_t count = entry->policy ? entry->policy->unit_count : 0;
    struct policy_status_unit *units = arena_zalloc(&book->status, count, sizeof(*units));
    for (uint32_t i = 0; i < count; i++) {
        const struct policy_unit *unit = &entry->policy->units[i];
        units[i].name = symbol_str(book->cluster->symbols, unit->name_sym);
        units[i].max = quota_text(book, &unit->max);
        units[i].has_max = unit->max.is_set;
        units[i].resource_count = unit->resource_count;
        fill_unit_sums(entry, i, &units[i]);
        if (entry->units[i].refusal)
            units[i].refusal = arena_copy(&book->status, str_from(entry->units[i].refusal));
        units[i].refused_unix_s = entry->units[i].refused_unix_s;
    }
    status->unit_count = count;
    status->units = units;
}

/* ---- groups: the largest ---- */

static uint64_t group_size(const struct policy_group *group)
{
    return group->pod_count;
}

/* Larger first; of equal ones the order of their slot keys, so that it does not flicker. */
static bool group_is_before(const struct policy_group *a, const struct policy_group *b)
{
    return group_size(a) != group_size(b) ? group_size(a) > group_size(b) : a->hash < b->hash;
}

static uint32_t pick_groups(const struct policy_entry *entry,
                            const struct policy_group *ret_groups[POLICY_STATUS_GROUPS_MAX])
{
    uint32_t count = 0;
    for (const struct policy_group *group = entry->groups; group; group = group->next) {
        if (group->kind != GROUP_COUNTED)
            continue;
        uint32_t place = count;
        while (place > 0 && group_is_before(group, ret_groups[place - 1]))
            place--;
        if (place == POLICY_STATUS_GROUPS_MAX)
            continue;
        uint32_t last = count < POLICY_STATUS_GROUPS_MAX ? count : POLICY_STATUS_GROUPS_MAX - 1;
        for (uint32_t i = last; i > place; i--)
            ret_groups[i] = ret_groups[i - 1];
        ret_groups[place] = group;
        count = last + 1;
    }
    return count;
}

static struct str group_key_text(struct book *book, const struct policy_group *group)
{
    const struct policy *policy = group->entry->policy;
    struct buf text;
    buf_init(&text, GROUP_KEY_BYTES_MAX);
    for (uint32_t i = 0; i < policy->key_count; i++)
        (void)buf_printf(&text, "%s%s=%s", i > 0 ? "," : "",
                         symbol_text(book->cluster->symbols, policy->key_syms[i]),
                         symbol_text(book->cluster->symbols, group->values[i]));
    return printed(book, &text);
}

/* Without keys there is one group, which the units show already. */
static void fill_groups(struct book *book, const struct policy_entry *entry,
                        struct policy_status *status)
{
    if (!entry->policy || entry->policy->key_count == 0)
        return;
    const struct policy_group *picked[POLICY_STATUS_GROUPS_MAX];
    uint32_t count = pick_groups(entry, picked);
    struct policy_status_group *groups = arena_zalloc(&book->status, count, sizeof(*groups));
    for (uint32_t i = 0; i < count; i++) {
        groups[i].key = group_key_text(book, picked[i]);
        groups[i].waiting = picked[i]->waiting;
        for (uint32_t u = 0; u < entry->policy->unit_count; u++)
            groups[i].pods[u] = picked[i]->counts[u].pods;
    }
    status->group_count = count;
    status->group_total = entry->group_count;
    status->groups = groups;
}

bool book_take_status(struct book *book, int64_t now_unix_s, struct policy_status *ret_status)
{
    left_settle(book, NULL);
    struct policy_entry *entry = book->due_first;
    if (!entry)
        return false;
    status_forget(book, entry);
    arena_reset(&book->status);
    struct policy_status status = {
        .name = symbol_str(book->cluster->symbols, entry->name_sym),
        .namespace_sym = entry->namespace_sym,
        .uid = entry->uid,
        .observed_generation = entry->observed_generation,
        .accepted_generation = entry->policy ? entry->policy->generation : 0,
        .waiting = entry->waiting,
    };
    fill_accepted(book, entry, now_unix_s, &status);
    fill_ready(book, entry, now_unix_s, &status);
    fill_overlap(book, entry, now_unix_s, &status);
    fill_units(book, entry, &status);
    fill_groups(book, entry, &status);
    *ret_status = status;
    return true;
}
