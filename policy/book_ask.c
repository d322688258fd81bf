/* What the walk asks of a pod's policy and units. */
#include <errno.h>

#include "model/shape.h"
#include "policy/book_private.h"

/* What a policy of three or four units fills; behind that a larger one costs its misses. */
enum { CACHE_LINE_BYTES = 64, PREFETCH_POLICY_BYTES = 640, PREFETCH_UNITS = 4 };

static void prefetch(const void *start, size_t bytes)
{
    size_t in_line = (uintptr_t)start % CACHE_LINE_BYTES;
    const char *line = (const char *)start - in_line;
    for (size_t at = 0; at < in_line + bytes; at += CACHE_LINE_BYTES)
        __builtin_prefetch(line + at);
}

void book_prefetch_group(const struct pod *pod)
{
    const size_t hot = offsetof(struct policy_group, kind);
    if (pod->group)
        prefetch((const char *)pod->group + hot,
                 sizeof(*pod->group) - hot + PREFETCH_UNITS * sizeof(struct unit_count));
}

void book_prefetch_units(const struct pod *pod)
{
    const struct policy_group *group = pod->group;
    if (!group || !group->policy)
        return;
    prefetch(group->policy, PREFETCH_POLICY_BYTES);
    prefetch(group->units, PREFETCH_UNITS * sizeof(struct entry_unit));
    prefetch(group->entry, CACHE_LINE_BYTES);
}

const struct policy_entry *pod_policy_entry(const struct pod *pod)
{
    return pod->group ? pod->group->entry : NULL;
}

const struct policy *book_policy(const struct book *book, const struct pod *pod, struct err *err)
{
    const struct policy_group *group = pod->group;
    CHECK(group != NULL);
    if (group->kind == GROUP_COUNTED)
        return group->policy;
    const struct policy_entry *entry = group->entry;
    const struct symbols *symbols = book->cluster->symbols;
    const char *name = symbol_text(symbols, entry->name_sym);
    switch (group->kind) {
    case GROUP_NO_POLICY:
        (void)err_set(err, EINVAL, "policy %s is not in force: %s", name,
                      entry->problem ? entry->problem : "it was just mended");
        return NULL;
    case GROUP_KEYLESS:
        (void)err_set(err, EINVAL,
                      "policy %s: the pod lacks label \"%s\" of spec.matchLabelKeys; add it to the "
                      "pod template or remove the key from the policy",
                      name, symbol_text(symbols, group->values[0]));
        return NULL;
    case GROUP_COUNTED:
        break;
    case GROUP_TOO_MANY:
        (void)err_set(err, ENOSPC,
                      "policy %s: more than %d combinations of the values of spec.matchLabelKeys "
                      "are not counted; remove keys whose values differ from pod to pod",
                      name, BOOK_GROUPS_MAX);
        return NULL;
    }
    CHECK_NEVER("an unknown group");
}

/* The pod's group, which must be a counted one with that unit. */
static const struct policy_group *group_of(const struct pod *pod, uint32_t unit)
{
    const struct policy_group *group = pod->group;
    CHECK(group && group->policy && unit < group->policy->unit_count);
    return group;
}

const struct bitset *book_unit_nodes(const struct book *book, const struct pod *pod, uint32_t unit)
{
    (void)book;
    return &group_of(pod, unit)->units[unit].set->nodes;
}

uint32_t *book_unit_cursor(struct book *book, const struct pod *pod, uint32_t unit)
{
    (void)book;
    return &group_of(pod, unit)->units[unit].set->cursor;
}

/* Resources that the unit does not list are unlimited; the first pod of a group is compared too. */
static bool resource_is_full(const struct policy_unit *unit, const struct unit_count *count,
                             const struct requests *asked, struct fullness *ret_fullness)
{
    for (uint32_t i = 0; i < unit->resource_count; i++) {
        const struct scalar *limit = &unit->resources[i];
        int64_t amount = requests_get(asked, limit->name_sym);
        if (amount == 0 || resource_add(count->used[i], amount) <= limit->amount)
            continue;
        *ret_fullness = (struct fullness){.kind = FULLNESS_RESOURCE,
                                          .name_sym = limit->name_sym,
                                          .used = count->used[i],
                                          .asked = amount,
                                          .limit = limit->amount};
        return true;
    }
    return false;
}

static struct fullness fullness_of(const struct pod *pod, uint32_t unit,
                                   const struct unit_count *count)
{
    const struct policy_group *group = group_of(pod, unit);
    const struct policy_unit *wanted = &group->policy->units[unit];
    struct fullness fullness = {.kind = FULLNESS_ROOM};
    if (wanted->max.is_set) {
        fullness.pods = count->pods;
        fullness.max = group_quota(group, &wanted->max);
        if (wanted->max.is_percent && group->unknown_owners > 0)
            fullness.kind = FULLNESS_OWNER_UNKNOWN;
        else if (count->pods >= fullness.max)
            fullness.kind = FULLNESS_PODS;
    }
    if (fullness.kind == FULLNESS_ROOM)
        (void)resource_is_full(wanted, count, pod->shape->requests, &fullness);
    return fullness;
}

struct fullness book_fullness(const struct book *book, const struct pod *pod, uint32_t unit)
{
    (void)book;
    return fullness_of(pod, unit, &group_of(pod, unit)->counts[unit]);
}

struct fullness book_fullness_without(const struct book *book, const struct pod *pod, uint32_t unit,
                                      struct pod *const *gone, uint32_t gone_count)
{
    (void)book;
    const struct policy_group *group = group_of(pod, unit);
    const struct policy_unit *wanted = &group->policy->units[unit];
    int64_t used[POLICY_RESOURCES_MAX], amounts[POLICY_RESOURCES_MAX];
    struct unit_count count = {.pods = group->counts[unit].pods, .used = used};
    for (uint32_t i = 0; i < wanted->resource_count; i++)
        used[i] = group->counts[unit].used[i];
    for (uint32_t k = 0; k < gone_count; k++) {
        if (gone[k]->group != group || !gone[k]->is_counted || gone[k]->unit != unit)
            continue;
        count.pods--;
        unit_amounts(wanted, gone[k]->held, amounts);
        for (uint32_t i = 0; i < wanted->resource_count; i++)
            used[i] -= amounts[i];
    }
    return fullness_of(pod, unit, &count);
}

bool book_is_below_min(const struct book *book, const struct pod *pod, uint32_t unit)
{
    (void)book;
    const struct policy_group *group = group_of(pod, unit);
    const struct pod_quota *min = &group->policy->units[unit].min;
    if (!min->is_set || (min->is_percent && group->unknown_owners > 0))
        return false;
    return group->counts[unit].pods < group_quota(group, min);
}

bool book_has_terminating(const struct book *book, const struct pod *pod, uint32_t unit)
{
    (void)book;
    return group_of(pod, unit)->units[unit].terminating > 0;
}

void book_cool(struct book *book, const struct pod *pod, uint32_t unit, struct mono_ms now)
{
    (void)book;
    struct policy_entry *entry = group_of(pod, unit)->entry;
    int64_t cool_down_ms = entry->policy->units[unit].cool_down_ms;
    struct mono_ms until = mono_add(now, cool_down_ms);
    if (cool_down_ms > 0 && mono_before(entry->units[unit].cool_until, until))
        entry->units[unit].cool_until = until;
}

struct mono_ms book_cool_until(const struct book *book, const struct pod *pod, uint32_t unit)
{
    (void)book;
    return group_of(pod, unit)->units[unit].cool_until;
}

uint32_t book_pod_unit(const struct pod *pod)
{
    return pod->group && pod->group->kind == GROUP_COUNTED ? pod->unit : POLICY_UNITS_MAX;
}
