/*
 * Owner references: who depends on whom, and what happens to dependents when the last owner goes
 * (Kubernetes' garbage collector, pkg/controller/garbagecollector; here at once instead of in the
 * background, so that virtual time needs no extra turns).
 *
 * An index by owner uid makes the removal of an object without dependents O(1).
 */
#include <stdlib.h>

#include "bench/json_scan.h"
#include "bench/store_private.h"
#include "model/base/hash.h"
#include "model/base/mem.h"

enum { MAX_OWNERS = 16 }; /* further references of one object are not followed */

static bool dependents_of(const void *value, const void *key)
{
    const struct dependents *dependents = value;
    return str_is(*(const struct str *)key, dependents->uid);
}

static uint64_t uid_hash(const struct store *store, struct str uid)
{
    return hash_bytes(store->hash_seed, uid.ptr, uid.len);
}

static struct dependents *dependents_find(const struct store *store, struct str uid)
{
    return map_get(&store->owners, uid_hash(store, uid), dependents_of, &uid);
}

static struct dependents *dependents_get(struct store *store, struct str uid)
{
    struct dependents *dependents = dependents_find(store, uid);
    if (!dependents) {
        dependents = mem_zalloc(1, sizeof(*dependents));
        memcpy(dependents->uid, uid.ptr, uid.len);
        map_put(&store->owners, uid_hash(store, uid), dependents);
    }
    return dependents;
}

/* The uids of an object's owners; returns how many. Only of kinds that can be in this store: others
 * are never seen to go, so nothing is collected for them. */
static size_t owner_uids(const struct object *object, struct str *ret_uids)
{
    struct json_iter iter = json_items(object_section(object, SEC_OWNERS));
    struct str item, uid, kind, version, raw[3];
    size_t count = 0;
    while (count < MAX_OWNERS && json_next_item(&iter, &item)) {
        if (json_find(item, STR("uid"), &raw[0]) && json_plain(raw[0], &uid) &&
            json_find(item, STR("kind"), &raw[1]) && json_plain(raw[1], &kind) &&
            json_find(item, STR("apiVersion"), &raw[2]) && json_plain(raw[2], &version) &&
            uid.len < UID_BYTES && kind_by_type(version, kind))
            ret_uids[count++] = uid;
    }
    return count;
}

void store_owners_link(struct store *store, struct entry *entry)
{
    struct str uids[MAX_OWNERS];
    if (!entry->object->sections[SEC_OWNERS])
        return;
    entry->link_count = owner_uids(entry->object, uids);
    entry->links = mem_zalloc(entry->link_count, sizeof(*entry->links));
    for (size_t i = 0; i < entry->link_count; i++) {
        struct dependents *dependents = dependents_get(store, uids[i]);
        if (dependents->count == dependents->capacity) {
            dependents->capacity = mem_grow(dependents->capacity, dependents->count + 1);
            dependents->links =
                mem_resize(dependents->links, dependents->capacity, sizeof(struct owner_link *));
        }
        entry->links[i] = (struct owner_link){entry, dependents, dependents->count};
        dependents->links[dependents->count++] = &entry->links[i];
    }
}

void store_owners_unlink(struct store *store, struct entry *entry)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        struct dependents *dependents = entry->links[i].dependents;
        struct owner_link *last = dependents->links[--dependents->count];
        last->position = entry->links[i].position;
        dependents->links[last->position] = last;
        if (dependents->count == 0) {
            struct str uid = str_from(dependents->uid);
            CHECK(map_remove(&store->owners, uid_hash(store, uid), dependents_of, &uid));
            free(dependents->links);
            free(dependents);
        }
    }
    free(entry->links);
    entry->links = NULL;
    entry->link_count = 0;
}

bool store_owners_has_dependents(const struct store *store, const char *uid)
{
    return dependents_find(store, str_from(uid)) != NULL;
}

void store_owners_fini(struct store *store)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        for (size_t j = 0; j < store->tables[i].count; j++)
            if (store->tables[i].order[j])
                store_owners_unlink(store, store->tables[i].order[j]);
    map_fini(&store->owners);
}

static void doom_uid(struct store *store, const char *uid)
{
    if (store->doomed_count == store->doomed_capacity) {
        store->doomed_capacity = mem_grow(store->doomed_capacity, store->doomed_count + 1);
        store->doomed = mem_resize(store->doomed, store->doomed_capacity, sizeof(*store->doomed));
    }
    memcpy(store->doomed[store->doomed_count++].uid, uid, UID_BYTES);
}

/* An object went: its dependents are to be looked at, and an owner that waits in foreground
 * deletion may go now. */
void store_owners_doom(struct store *store, const struct object *removed)
{
    if (store_owners_has_dependents(store, removed->ident->uid))
        doom_uid(store, removed->ident->uid);
    struct str uids[MAX_OWNERS];
    size_t count = owner_uids(removed, uids);
    for (size_t i = 0; i < count; i++) {
        const struct entry *owner = store_find_uid(store, uids[i]);
        if (owner && owner->object->deleted_s > 0)
            doom_uid(store, owner->object->ident->uid);
    }
}

/* The owner references without those to `uid`: a new version that is not published yet. */
static struct object *without_owner(const struct object *object, struct str gone)
{
    struct object *copy = object_copy(object);
    struct json_iter iter = json_items(object_section(object, SEC_OWNERS));
    struct str item, raw, uid;
    struct buf owners;
    buf_init(&owners, MAX_OBJECT_BYTES);
    while (json_next_item(&iter, &item)) {
        if (json_find(item, STR("uid"), &raw) && json_plain(raw, &uid) && str_equal(uid, gone))
            continue;
        (void)buf_add_str(&owners, owners.len > 0 ? "," : "[");
        (void)buf_add(&owners, item.ptr, item.len);
    }
    bool empty = owners.len == 0;
    (void)buf_add_str(&owners, "]");
    object_set_blob(&copy->sections[SEC_OWNERS], empty ? NULL : blob_new(owners.data, owners.len));
    buf_fini(&owners);
    return copy;
}

/* A copy of the dependents' uids: the list changes while they are worked off. */
static struct doomed *dependents_copy(const struct store *store, struct str uid, size_t *ret_count)
{
    const struct dependents *dependents = dependents_find(store, uid);
    size_t count = dependents ? dependents->count : 0;
    struct doomed *copy = mem_zalloc(count, sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        memcpy(copy[i].uid, dependents->links[i]->entry->object->ident->uid, UID_BYTES);
    *ret_count = count;
    return copy;
}

void store_owners_orphan(struct store *store, const struct object *owner)
{
    size_t count;
    struct str uid = str_from(owner->ident->uid);
    struct doomed *copy = dependents_copy(store, uid, &count);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = store_find_uid(store, str_from(copy[i].uid));
        if (entry)
            store_publish(store, entry, without_owner(entry->object, uid));
    }
    free(copy);
}

static bool has_living_owner(const struct store *store, const struct object *object)
{
    struct str uids[MAX_OWNERS];
    size_t count = owner_uids(object, uids);
    for (size_t i = 0; i < count; i++) {
        const struct entry *owner = store_find_uid(store, uids[i]);
        if (owner && owner->object->deleted_s == 0)
            return true;
    }
    return false;
}

/* What kube calls attemptToDeleteItem, for all dependents of one owner. */
static void collect_dependents(struct store *store, struct str owner_uid)
{
    size_t count;
    struct doomed *copy = dependents_copy(store, owner_uid, &count);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = store_find_uid(store, str_from(copy[i].uid));
        if (!entry)
            continue;
        if (has_living_owner(store, entry->object))
            store_publish(store, entry, without_owner(entry->object, owner_uid));
        else if (entry->object->deleted_s == 0)
            store_delete_entry(store, entry, -1, PROPAGATE_BACKGROUND);
    }
    free(copy);
}

void store_owners_delete_dependents(struct store *store, const struct object *owner)
{
    char uid[UID_BYTES];
    memcpy(uid, owner->ident->uid, UID_BYTES);
    collect_dependents(store, str_from(uid));
}

void store_owners_collect(struct store *store)
{
    if (store->collecting)
        return;
    store->collecting = true;
    while (store->doomed_count > 0) {
        struct doomed next = store->doomed[--store->doomed_count];
        struct entry *owner = store_find_uid(store, str_from(next.uid));
        if (owner)
            (void)store_finish_deletion(store, owner);
        else
            collect_dependents(store, str_from(next.uid));
    }
    store->collecting = false;
}
