/* Everything counted again from scratch, by looking at every policy for every pod. */

#include "model/pod_meta.h"
#include "policy/book_private.h"

static void check_sets(const struct book *book)
{
    size_t position = 0;
    for (const struct node_set *set; (set = map_next(&book->sets, &position));) {
        uint32_t last = book->cluster->nodes.slot_count;
        if (last < set->nodes.word_count * 64)
            last = set->nodes.word_count * 64;
        for (uint32_t slot = 0; slot < last; slot++)
            CHECK(bitset_test(&set->nodes, slot) == node_set_accepts(book, set, slot));
        CHECK(bitset_count(&set->nodes) == set->node_count);
    }
}

/* The entry that rules a pod, without the index. */
static const struct policy_entry *ruler_of(const struct book *book, const struct pod *pod)
{
    const struct policy_entry *ruler = NULL;
    size_t position = 0;
    for (const struct policy_entry *entry; (entry = map_next(&book->by_name, &position));)
        if (entry->namespace_sym == pod->namespace_sym && entry->selector &&
            policy_selects(entry->selector, &pod->meta->labels) &&
            (!ruler || entry_is_before(book, entry, ruler)))
            ruler = entry;
    return ruler;
}

static void check_pod(const struct book *book, const struct pod *pod)
{
    const struct policy_entry *ruler = ruler_of(book, pod);
    CHECK((pod->group ? pod->group->entry : NULL) == ruler);
    if (!ruler || pod->group->kind != GROUP_COUNTED)
        return;
    for (uint32_t i = 0; i < ruler->policy->key_count; i++)
        CHECK(labels_get(&pod->meta->labels, ruler->policy->key_syms[i]) == pod->group->values[i]);
    uint32_t unit;
    bool is_counted;
    pod_unit_of(pod, ruler, &unit, &is_counted);
    CHECK(pod->unit == unit && pod->is_counted == is_counted);
}

/* Sums of one group, by a look at every pod. */
static void check_group(const struct book *book, const struct policy_group *group)
{
    const struct policy *policy = group->entry->policy;
    uint32_t unit_count = group->kind == GROUP_COUNTED ? policy->unit_count : 0;
    uint32_t pods[POLICY_UNITS_MAX] = {0}, members = 0, waiting = 0;
    int64_t used[POLICY_UNITS_MAX][POLICY_RESOURCES_MAX] = {{0}};
    size_t position = 0;
    for (const struct pod *pod; (pod = cluster_next_pod(book->cluster, &position));) {
        members += pod->group == group;
        waiting += pod->group == group && pod->is_noted_waiting;
        if (pod->group != group || !pod->is_counted)
            continue;
        CHECK(pod->unit < unit_count);
        int64_t amounts[POLICY_RESOURCES_MAX];
        unit_amounts(&policy->units[pod->unit], pod->held, amounts);
        pods[pod->unit]++;
        for (uint32_t i = 0; i < policy->units[pod->unit].resource_count; i++)
            used[pod->unit][i] += amounts[i];
    }
    CHECK(group->pod_count == members && group->waiting == waiting);
    for (uint32_t u = 0; u < unit_count; u++) {
        CHECK(group->counts[u].pods == pods[u]);
        for (uint32_t i = 0; i < policy->units[u].resource_count; i++)
            CHECK(group->counts[u].used[i] == used[u][i]);
    }
    uint64_t replicas = 0;
    uint32_t unknown = 0;
    for (const struct owner_use *use = group->uses; use; use = use->group_next) {
        CHECK(use->group == group && (use->pods > 0 || use == book->left.use));
        if (!use->owner)
            replicas += use->pods;
        else if (use->owner->is_known)
            replicas += (uint64_t)use->owner->replicas;
        else
            unknown++;
    }
    CHECK(group->replicas == replicas && group->unknown_owners == unknown);
}

static void check_entry(const struct book *book, const struct policy_entry *entry)
{
    uint32_t group_count = 0, waiting = 0;
    uint32_t terminating[POLICY_UNITS_MAX] = {0};
    for (const struct policy_group *group = entry->groups; group; group = group->next) {
        CHECK(group->entry == entry && (group->pod_count > 0 || group == book->left.group));
        check_group(book, group);
        group_count += group->kind == GROUP_COUNTED;
        waiting += group->waiting;
    }
    CHECK(entry->group_count == group_count && entry->waiting == waiting);
    size_t position = 0;
    for (const struct pod *pod; (pod = cluster_next_pod(book->cluster, &position));)
        if (pod->group && pod->group->entry == entry && pod->group->kind == GROUP_COUNTED &&
            pod->unit < POLICY_UNITS_MAX)
            terminating[pod->unit] += pod->is_deleting;
    for (uint32_t i = 0; entry->policy && i < entry->policy->unit_count; i++)
        CHECK(entry->units[i].terminating == terminating[i]);
}

void book_check(const struct book *book)
{
    /* What was noted and is not settled may differ. */
    if (book->noted_count > 0 || book->has_noted_nodes)
        return;
    check_sets(book);
    size_t position = 0;
    for (const struct pod *pod; (pod = cluster_next_pod(book->cluster, &position));)
        check_pod(book, pod);
    uint64_t overlaps = 0;
    position = 0;
    for (const struct policy_entry *entry; (entry = map_next(&book->by_name, &position));) {
        check_entry(book, entry);
        overlaps += entry->overlap_count;
    }
    CHECK(book->overlap_count == overlaps);
}
