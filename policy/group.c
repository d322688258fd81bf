/* Groups: pods of one entry with the same values of its matchLabelKeys. Found by the tuple of value
 * symbols, never by joined text ("a"+"bc" is not "ab"+"c"). */
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/pod_meta.h"
#include "model/shape.h"
#include "policy/book_private.h"

struct group_key {
    const struct policy_entry *entry;
    enum group_kind kind;
    uint32_t count;
    uint32_t values[OBJECT_LABEL_KEYS_MAX];
};

static struct group_key key_of(const struct policy_entry *entry, const struct pod *pod)
{
    struct group_key key = {.entry = entry, .kind = GROUP_COUNTED};
    const struct policy *policy = entry->policy;
    if (!policy) {
        key.kind = GROUP_NO_POLICY;
        return key;
    }
    for (uint32_t i = 0; i < policy->key_count; i++) {
        uint32_t value_sym = labels_get(&pod->meta->labels, policy->key_syms[i]);
        if (value_sym == SYM_ABSENT) {
            key.kind = GROUP_KEYLESS;
            key.values[0] = policy->key_syms[i];
            key.count = 1;
            return key;
        }
        key.values[key.count++] = value_sym;
    }
    return key;
}

static uint64_t hash_key(const struct book *book, const struct group_key *key)
{
    uint64_t hash = hash_mix(book->cluster->hash_seed ^ key->entry->id, (uint64_t)key->kind);
    for (uint32_t i = 0; i < key->count; i++)
        hash = hash_mix(hash, key->values[i]);
    return hash;
}

static bool group_has_key(const void *value, const void *wanted)
{
    const struct policy_group *group = value;
    const struct group_key *key = wanted;
    return group->entry == key->entry && group->kind == key->kind &&
           (key->count == 0 ||
            memcmp(group->values, key->values, key->count * sizeof(key->values[0])) == 0);
}

static bool group_is(const void *value, const void *key)
{
    return value == key;
}

/* One block: the group, its counts, the amounts used, the values. */
static struct policy_group *group_new(struct policy_entry *entry, const struct group_key *key)
{
    uint32_t unit_count = key->kind == GROUP_COUNTED ? entry->policy->unit_count : 0;
    size_t amount_count = 0;
    for (uint32_t i = 0; i < unit_count; i++)
        amount_count += entry->policy->units[i].resource_count;
    size_t head = sizeof(struct policy_group) + unit_count * sizeof(struct unit_count);
    size_t amounts = amount_count * sizeof(int64_t);
    char *block = mem_zalloc(1, head + amounts + key->count * sizeof(uint32_t));
    struct policy_group *group = (void *)block;
    int64_t *used = (void *)(block + head);
    *group = (struct policy_group){
        .entry = entry, .kind = key->kind, .values = (void *)(block + head + amounts)};
    if (key->kind == GROUP_COUNTED) {
        group->policy = entry->policy;
        group->units = entry->units;
    }
    if (key->count > 0)
        memcpy(group->values, key->values, key->count * sizeof(key->values[0]));
    for (uint32_t i = 0; i < unit_count; i++) {
        group->counts[i] = (struct unit_count){.used = used};
        used += entry->policy->units[i].resource_count;
    }
    return group;
}

struct policy_group *group_ensure(struct book *book, struct policy_entry *entry,
                                  const struct pod *pod)
{
    struct group_key key = key_of(entry, pod);
    uint64_t hash = hash_key(book, &key);
    struct policy_group *group = map_get(&book->groups, hash, group_has_key, &key);
    if (!group && key.kind == GROUP_COUNTED && book->groups.count >= BOOK_GROUPS_MAX) {
        key = (struct group_key){.entry = entry, .kind = GROUP_TOO_MANY};
        hash = hash_key(book, &key);
        group = map_get(&book->groups, hash, group_has_key, &key);
    }
    if (group)
        return group;
    group = group_new(entry, &key);
    group->hash = hash;
    group->next = entry->groups;
    if (entry->groups)
        entry->groups->prev = group;
    entry->groups = group;
    entry->group_count += group->kind == GROUP_COUNTED;
    map_put(&book->groups, hash, group);
    return group;
}

void group_freed(struct book *book, struct policy_group *group)
{
    if (group->is_freed)
        return;
    group->is_freed = true;
    group->freed_next = NULL;
    group->freed_prev = book->freed_last;
    *(book->freed_last ? &book->freed_last->freed_next : &book->freed_first) = group;
    book->freed_last = group;
}

static void group_not_freed(struct book *book, struct policy_group *group)
{
    if (!group->is_freed)
        return;
    *(group->freed_prev ? &group->freed_prev->freed_next : &book->freed_first) = group->freed_next;
    *(group->freed_next ? &group->freed_next->freed_prev : &book->freed_last) = group->freed_prev;
    group->freed_prev = group->freed_next = NULL;
    group->is_freed = false;
}

bool book_has_freed(const struct book *book)
{
    return book->freed_first || book->left.was_counted || book->left.was_terminating;
}

void book_take_freed(struct book *book,
                     void (*on_freed)(void *ctx, const struct policy_group *group), void *ctx)
{
    left_settle(book, NULL);
    while (book->freed_first) {
        struct policy_group *group = book->freed_first;
        group_not_freed(book, group);
        on_freed(ctx, group);
    }
}

void group_release(struct book *book, struct policy_group *group)
{
    if (group->pod_count > 0)
        return;
    CHECK(group->waiting == 0 && !group->uses);
    group_not_freed(book, group);
    CHECK(map_remove(&book->groups, group->hash, group_is, group) == group);
    *(group->prev ? &group->prev->next : &group->entry->groups) = group->next;
    if (group->next)
        group->next->prev = group->prev;
    group->entry->group_count -= group->kind == GROUP_COUNTED;
    free(group);
}

uint32_t group_quota(const struct policy_group *group, const struct pod_quota *quota)
{
    return pod_quota_count(quota, quota->is_percent ? group->replicas : 0);
}

void unit_amounts(const struct policy_unit *unit, const struct requests *requests,
                  int64_t ret_amounts[POLICY_RESOURCES_MAX])
{
    for (uint32_t i = 0; i < unit->resource_count; i++)
        ret_amounts[i] = resource_accounted(requests_get(requests, unit->resources[i].name_sym));
}
