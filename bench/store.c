#include "bench/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/crd.h"
#include "bench/store_private.h"
#include "model/base/hash.h"
#include "model/base/mem.h"

enum { DEFAULT_HISTORY = 200000, DEFAULT_EVENTS = 50000, DEFAULT_EVENT_TTL_MS = 3600 * 1000 };

/* ---- life ---- */

static void store_first_namespaces(struct store *store)
{
    static const char *const names[] = {"default", "kube-system", "kube-public", "kube-node-lease"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        json_t *body = json_pack("{s:{s:s}}", "metadata", "name", names[i]);
        struct api_status status;
        CHECK(store_create(store, KIND_NAMESPACE, STR(""), body, NULL, &status));
        json_decref(body);
    }
}

static void store_install_crds(struct store *store)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        struct api_status status;
        if (kind_get((enum kind_id)i)->is_custom)
            CHECK(crd_install(store, (enum kind_id)i, &status));
    }
}

struct store *store_new(const struct store_options *options, const struct sim_clock *clock)
{
    struct store *store = mem_zalloc(1, sizeof(*store));
    store->clock = clock;
    if (options)
        store->options = *options;
    if (store->options.history_events == 0)
        store->options.history_events = DEFAULT_HISTORY;
    if (store->options.event_limit == 0)
        store->options.event_limit = DEFAULT_EVENTS;
    if (store->options.event_ttl_ms == 0)
        store->options.event_ttl_ms = DEFAULT_EVENT_TTL_MS;
    rng_init(&store->rng, store->options.seed);
    store->hash_seed = rng_next(&store->rng);
    store->history = mem_zalloc(store->options.history_events, sizeof(*store->history));
    for (size_t i = 0; i < KIND_COUNT; i++)
        map_init(&store->tables[i].map);
    map_init(&store->uids);
    map_init(&store->owners);
    store_first_namespaces(store);
    if (!store->options.without_crds)
        store_install_crds(store);
    return store;
}

static void history_forget(struct store_event *event)
{
    struct store_event gone = *event;
    *event = (struct store_event){0};
    object_unref((struct object *)(uintptr_t)gone.object);
    object_unref((struct object *)(uintptr_t)gone.before);
}

void store_free(struct store *store)
{
    if (!store)
        return;
    CHECK(!store->subscribers);
    for (size_t i = 0; i < store->options.history_events; i++)
        history_forget(&store->history[i]);
    free(store->history);
    store_owners_fini(store);
    event_queue_fini(store);
    for (size_t i = 0; i < KIND_COUNT; i++)
        table_fini(&store->tables[i]);
    map_fini(&store->uids);
    free(store->doomed);
    free(store);
}

const struct sim_clock *store_clock(const struct store *store)
{
    return store->clock;
}

int64_t store_rv(const struct store *store)
{
    return store->rv;
}

int64_t store_now_s(const struct store *store)
{
    return store->clock->wall_us / 1000000;
}

/* A version 4 UUID from the store's own generator: a run with the same seed gives the same UIDs. */
void store_uid(struct store *store, char ret_uid[UID_BYTES])
{
    uint64_t a = rng_next(&store->rng), b = rng_next(&store->rng);
    (void)snprintf(ret_uid, UID_BYTES, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
                   (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
                   (unsigned)(b >> 48 & 0x3fff) | 0x8000u,
                   (unsigned long long)(b & 0xffffffffffffu));
}

/* ---- finding ---- */

static uint64_t key_hash(const struct store *store, struct str key)
{
    return hash_bytes(store->hash_seed, key.ptr, key.len);
}

struct entry *store_find(const struct store *store, enum kind_id kind, struct str ns,
                         struct str name)
{
    char key[1024];
    if (!kind_get(kind)->namespaced)
        ns = STR("");
    if (ns.len + name.len + 2 > sizeof(key))
        return NULL;
    size_t at = 0;
    if (ns.len > 0) {
        memcpy(key, ns.ptr, ns.len);
        at = ns.len;
        key[at++] = '/';
    }
    if (name.len > 0)
        memcpy(key + at, name.ptr, name.len);
    struct str text = {key, at + name.len};
    return table_find(&store->tables[kind], key_hash(store, text), text);
}

const struct object *store_get(const struct store *store, enum kind_id kind, struct str ns,
                               struct str name)
{
    const struct entry *entry = store_find(store, kind, ns, name);
    return entry ? entry->object : NULL;
}

static bool entry_has_uid(const void *value, const void *key)
{
    const struct entry *entry = value;
    return str_is(*(const struct str *)key, entry->object->ident->uid);
}

struct entry *store_find_uid(const struct store *store, struct str uid)
{
    return map_get(&store->uids, key_hash(store, uid), entry_has_uid, &uid);
}

const struct object *store_get_by_uid(const struct store *store, struct str uid)
{
    const struct entry *entry = store_find_uid(store, uid);
    return entry ? entry->object : NULL;
}

size_t store_count(const struct store *store, enum kind_id kind)
{
    return store->tables[kind].map.count;
}

/* ---- changes ---- */

void store_subscribe(struct store *store, struct store_subscriber *subscriber)
{
    struct store_subscriber **end = &store->subscribers;
    while (*end)
        end = &(*end)->next;
    subscriber->next = NULL;
    *end = subscriber;
}

void store_unsubscribe(struct store *store, struct store_subscriber *subscriber)
{
    CHECK(!store->notifying);
    for (struct store_subscriber **at = &store->subscribers; *at; at = &(*at)->next) {
        if (*at == subscriber) {
            *at = subscriber->next;
            return;
        }
    }
}

/* Writes the event into the ring and tells the subscribers. Every resource version is one event, so
 * that the ring is indexed by it. */
static void store_tell(struct store *store, enum store_change change, struct object *object,
                       const struct object *before)
{
    CHECK(!store->notifying);
    CHECK(object->rv == store->rv);
    struct store_event *slot =
        &store->history[(uint64_t)object->rv % store->options.history_events];
    if (slot->object && slot->object->rv > store->compacted_rv)
        store->compacted_rv = slot->object->rv;
    history_forget(slot);
    *slot = (struct store_event){change, object_ref(object), before ? object_ref(before) : NULL};
    struct store_event event = *slot;
    store->notifying = true;
    for (struct store_subscriber *at = store->subscribers; at; at = at->next)
        at->on_event(at, &event);
    store->notifying = false;
}

void store_publish(struct store *store, struct entry *entry, struct object *owned_object)
{
    struct object *before = entry->object;
    struct table *table = &store->tables[before->kind->id];
    bool owners_changed = owned_object->sections[SEC_OWNERS] != before->sections[SEC_OWNERS];
    if (owners_changed)
        store_owners_unlink(store, entry);
    owned_object->rv = ++store->rv;
    entry->object = owned_object;
    table->objects[entry->position] = owned_object;
    if (owners_changed)
        store_owners_link(store, entry);
    store_tell(store, CHANGE_MODIFIED, owned_object, before);
    object_unref(before);
}

/* The entry of an object's namespace, NULL for cluster-scoped kinds. */
static struct entry *namespace_of(const struct store *store, const struct object *object)
{
    if (!object->kind->namespaced)
        return NULL;
    return store_find(store, KIND_NAMESPACE, STR(""), str_from(object->ident->ns));
}

struct entry *store_insert(struct store *store, struct object *owned_object)
{
    const struct ident *ident = owned_object->ident;
    struct entry *entry = mem_zalloc(1, sizeof(*entry));
    entry->object = owned_object;
    table_add(&store->tables[owned_object->kind->id], key_hash(store, ident->key), entry);
    map_put(&store->uids, key_hash(store, str_from(ident->uid)), entry);
    store_owners_link(store, entry);
    struct entry *home = namespace_of(store, owned_object);
    if (home)
        home->contents++;
    owned_object->rv = ++store->rv;
    store_tell(store, CHANGE_ADDED, owned_object, NULL);
    return entry;
}

void store_remove(struct store *store, struct entry *entry)
{
    struct object *before = entry->object;
    const struct ident *ident = before->ident;
    struct str uid = str_from(ident->uid);
    store_owners_unlink(store, entry);
    table_remove(&store->tables[before->kind->id], key_hash(store, ident->key), entry);
    CHECK(map_remove(&store->uids, key_hash(store, uid), entry_has_uid, &uid) == entry);
    struct object *last = object_copy(before);
    last->rv = ++store->rv;
    free(entry);
    struct entry *home = namespace_of(store, before);
    store_owners_doom(store, last);
    store_tell(store, CHANGE_DELETED, last, before);
    if (home) {
        CHECK(home->contents > 0);
        home->contents--;
        (void)store_finish_deletion(store, home);
    }
    object_unref(last);
    object_unref(before);
}

/* ---- history ---- */

bool store_history_next(const struct store *store, int64_t rv, struct store_event *ret_event)
{
    CHECK(rv >= store->compacted_rv);
    if (rv >= store->rv)
        return false;
    *ret_event = store->history[(uint64_t)(rv + 1) % store->options.history_events];
    CHECK(ret_event->object && ret_event->object->rv == rv + 1);
    return true;
}

int64_t store_compacted_rv(const struct store *store)
{
    return store->compacted_rv;
}

void store_compact(struct store *store)
{
    for (size_t i = 0; i < store->options.history_events; i++)
        history_forget(&store->history[i]);
    store->compacted_rv = store->rv;
}

void store_tick(struct store *store)
{
    event_queue_trim(store);
}
