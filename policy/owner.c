/* Replicas that the owners of a group's pods should have: what percentages are of. */
#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/pod_meta.h"
#include "policy/book_private.h"

static uint64_t hash_uid(struct uid uid)
{
    return hash_mix(uid.hi, uid.lo);
}

static bool owner_has_uid(const void *value, const void *uid)
{
    return uid_equal(((const struct owner *)value)->uid, *(const struct uid *)uid);
}

static struct owner *owner_find(const struct book *book, struct uid uid)
{
    return map_get(&book->owners, hash_uid(uid), owner_has_uid, &uid);
}

static struct owner *owner_ensure(struct book *book, struct uid uid, enum owner_kind kind)
{
    struct owner *owner = owner_find(book, uid);
    if (owner)
        return owner;
    owner = mem_zalloc(1, sizeof(*owner));
    owner->uid = uid;
    owner->kind = kind;
    map_put(&book->owners, hash_uid(uid), owner);
    return owner;
}

/* A record is worth keeping while its object exists, or pods name it, or may still do so. */
static void owner_release(struct book *book, struct owner *owner)
{
    if (owner->uses || owner->exists || owner->is_remembered)
        return;
    CHECK(map_remove(&book->owners, hash_uid(owner->uid), owner_has_uid, &owner->uid) == owner);
    free(owner);
}

/* Pods and owners come by two watches: a pod may be seen after the end of its owner, and would wait
 * for it, and its group with it, until the next list. The oldest of the ring is forgotten. */
static void owner_remember(struct book *book, struct owner *owner)
{
    if (owner->is_remembered)
        return;
    struct uid *place = &book->gone_owners[book->gone_owner_next];
    book->gone_owner_next = (book->gone_owner_next + 1) % BOOK_GONE_OWNERS_MAX;
    struct owner *oldest = uid_is_zero(*place) ? NULL : owner_find(book, *place);
    *place = owner->uid;
    owner->is_remembered = true;
    if (!oldest)
        return;
    oldest->is_remembered = false;
    owner_release(book, oldest);
}

static bool tells_replicas(enum owner_kind kind)
{
    return kind == OWNER_REPLICA_SET || kind == OWNER_STATEFUL_SET;
}

static void count_owner(struct policy_group *group, const struct owner *owner, int sign)
{
    if (!owner->is_known)
        group->unknown_owners = sign > 0 ? group->unknown_owners + 1 : group->unknown_owners - 1;
    else if (sign > 0)
        group->replicas += (uint64_t)owner->replicas;
    else
        group->replicas -= (uint64_t)owner->replicas;
}

static void owner_set(struct book *book, struct owner *owner, int32_t replicas)
{
    bool rises = !owner->is_known || replicas > owner->replicas;
    bool changes = rises || replicas != owner->replicas;
    for (struct owner_use *use = owner->uses; use; use = use->owner_next)
        count_owner(use->group, owner, -1);
    owner->is_known = true;
    owner->replicas = replicas;
    for (struct owner_use *use = owner->uses; use; use = use->owner_next) {
        count_owner(use->group, owner, 1);
        if (rises) /* the slots that are shares may be more now */
            group_freed(book, use->group);
        if (changes)
            status_due(book, use->group->entry);
    }
}

static struct owner_use *use_find(const struct policy_group *group, const struct pod *pod)
{
    bool has_owner = tells_replicas((enum owner_kind)pod->meta->owner_kind);
    for (struct owner_use *use = group->uses; use; use = use->group_next)
        if (has_owner ? use->owner && uid_equal(use->owner->uid, pod->meta->owner_uid)
                      : !use->owner)
            return use;
    return NULL;
}

void owner_use_add(struct book *book, struct policy_group *group, const struct pod *pod)
{
    struct owner_use *use = use_find(group, pod);
    bool rises = false;
    if (!use) {
        use = mem_zalloc(1, sizeof(*use));
        use->group = group;
        use->group_next = group->uses;
        group->uses = use;
        enum owner_kind kind = (enum owner_kind)pod->meta->owner_kind;
        if (tells_replicas(kind)) {
            struct owner *owner = owner_ensure(book, pod->meta->owner_uid, kind);
            use->owner = owner;
            use->owner_next = owner->uses;
            if (owner->uses)
                owner->uses->owner_prev = use;
            owner->uses = use;
            count_owner(group, owner, 1);
            rises = owner->is_known && owner->replicas > 0;
        }
    }
    use->pods++;
    if (!use->owner) {
        group->replicas++;
        rises = true;
    }
    if (rises)
        group_freed(book, group);
}

struct owner_use *owner_use_remove(struct policy_group *group, const struct pod *pod)
{
    struct owner_use *use = use_find(group, pod);
    CHECK(use && use->pods > 0);
    use->pods--;
    if (!use->owner)
        group->replicas--;
    return use;
}

void owner_use_release(struct book *book, struct owner_use *use)
{
    if (use->pods > 0)
        return;
    struct policy_group *group = use->group;
    struct owner *owner = use->owner;
    struct owner_use **link = &group->uses;
    while (*link != use)
        link = &(*link)->group_next;
    *link = use->group_next;
    if (owner) {
        count_owner(group, owner, -1);
        if (!owner->is_known)
            group_freed(book, group);
        *(use->owner_prev ? &use->owner_prev->owner_next : &owner->uses) = use->owner_next;
        if (use->owner_next)
            use->owner_next->owner_prev = use->owner_prev;
        owner_release(book, owner);
    }
    free(use);
}

void owners_fini(struct book *book)
{
    size_t position = 0;
    for (struct policy_group *group; (group = map_next(&book->groups, &position));) {
        for (struct owner_use *use = group->uses, *next; use; use = next) {
            next = use->group_next;
            free(use);
        }
        group->uses = NULL;
    }
    position = 0;
    for (struct owner *owner; (owner = map_next(&book->owners, &position));)
        free(owner);
}

void book_begin_owners(struct book *book, enum owner_kind kind)
{
    book->owner_epochs[kind]++;
}

/* What the list did not name is gone, and so is what only pods tell of. */
void book_end_owners(struct book *book, enum owner_kind kind)
{
    struct owner **gone = mem_zalloc(book->owners.count, sizeof(struct owner *));
    size_t gone_count = 0, position = 0;
    for (struct owner *owner; (owner = map_next(&book->owners, &position));)
        if (owner->kind == kind &&
            (!owner->exists || owner->list_epoch != book->owner_epochs[kind]))
            gone[gone_count++] = owner;
    for (size_t i = 0; i < gone_count; i++) {
        gone[i]->exists = false;
        owner_set(book, gone[i], 0);
        owner_remember(book, gone[i]);
    }
    free(gone);
}

void book_see_owner(struct book *book, const struct owner_object *object)
{
    if (!tells_replicas(object->kind))
        return;
    struct owner *owner = owner_ensure(book, object->meta.uid, object->kind);
    owner->list_epoch = book->owner_epochs[object->kind];
    owner->exists = true;
    owner_set(book, owner, object->replicas > 0 ? object->replicas : 0);
}

void book_drop_owner(struct book *book, const struct owner_object *object)
{
    struct owner *owner = owner_find(book, object->meta.uid);
    if (!owner)
        return;
    owner->exists = false;
    owner_set(book, owner, 0);
    owner_remember(book, owner);
}
