/* Entries: one a ResourcePolicy object. An edit is read at once and put in force by book_settle();
 * an object that cannot be used leaves in force what was. */
#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "policy/book_private.h"

struct entry_key {
    enum policy_source source;
    uint32_t namespace_sym, name_sym;
};

static uint64_t hash_name(struct entry_key key)
{
    return hash_mix((uint64_t)key.namespace_sym << 32 | key.name_sym, (uint64_t)key.source);
}

static bool entry_has_name(const void *value, const void *wanted)
{
    const struct policy_entry *entry = value;
    const struct entry_key *key = wanted;
    return entry->source == key->source && entry->namespace_sym == key->namespace_sym &&
           entry->name_sym == key->name_sym;
}

static uint64_t hash_uid(struct uid uid)
{
    return hash_mix(uid.hi, uid.lo);
}

static bool entry_is(const void *value, const void *key)
{
    return value == key;
}

static struct policy_entry *entry_find(const struct book *book, const struct policy_object *object)
{
    struct entry_key key = {object->source, object->meta.namespace_sym,
                            symbol_find(book->cluster->symbols, object->meta.name)};
    return map_get(&book->by_name, hash_name(key), entry_has_name, &key);
}

void entry_note(struct book *book, struct policy_entry *entry)
{
    if (entry->is_noted)
        return;
    entry->is_noted = true;
    if (book->noted_count == book->noted_capacity) {
        book->noted_capacity = mem_grow(book->noted_capacity, book->noted_count + 1);
        book->noted = mem_resize(book->noted, book->noted_capacity, sizeof(struct policy_entry *));
    }
    book->noted[book->noted_count++] = entry;
}

static void entry_map(struct book *book, struct policy_entry *entry)
{
    struct entry_key key = {entry->source, entry->namespace_sym, entry->name_sym};
    map_put(&book->by_name, hash_name(key), entry);
    map_put(&book->by_uid, hash_uid(entry->uid), entry);
}

static void entry_unmap(struct book *book, struct policy_entry *entry)
{
    struct entry_key key = {entry->source, entry->namespace_sym, entry->name_sym};
    CHECK(map_remove(&book->by_name, hash_name(key), entry_is, entry) == entry);
    CHECK(map_remove(&book->by_uid, hash_uid(entry->uid), entry_is, entry) == entry);
    status_forget(book, entry);
    entry->is_gone = true;
}

static struct policy_entry *entry_new(struct book *book, const struct policy_object *object)
{
    uint32_t name_sym = symbol_intern(book->cluster->symbols, object->meta.name);
    if (book->by_name.count >= BOOK_POLICIES_MAX || name_sym == SYM_FULL) {
        book->ignored_policies++;
        return NULL;
    }
    struct policy_entry *entry = mem_zalloc(1, sizeof(*entry));
    entry->id = ++book->last_id;
    entry->source = object->source;
    entry->namespace_sym = object->meta.namespace_sym;
    entry->name_sym = name_sym;
    entry->uid = object->meta.uid;
    entry->created_unix_s = object->meta.created_unix_s;
    entry_map(book, entry);
    return entry;
}

/* No more found by name; its pods keep it until book_settle(). */
static void entry_remove(struct book *book, struct policy_entry *entry)
{
    entry_unmap(book, entry);
    entry_note(book, entry);
}

static void units_free(struct book *book, struct entry_unit *units, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        node_set_unref(book, units[i].set);
        free(units[i].refusal);
    }
    free(units);
}

static void drop_policy(struct book *book, struct policy_entry *entry)
{
    if (entry->policy) {
        units_free(book, entry->units, entry->policy->unit_count);
        book->percent_count -= entry->policy->has_percent;
    }
    if (entry->selector != entry->policy)
        policy_free(entry->selector);
    policy_free(entry->policy);
    entry->units = NULL;
    entry->policy = entry->selector = NULL;
}

void entry_free(struct book *book, struct policy_entry *entry)
{
    index_remove(book, entry);
    drop_policy(book, entry);
    policy_free(entry->next);
    free(entry->problem);
    free(entry->overlap_pod);
    free(entry);
}

/* What a unit of the same name went through is not forgotten over an edit. */
static void units_inherit(struct policy_entry *fresh, struct policy_entry *old)
{
    for (uint32_t i = 0; old->policy && i < fresh->policy->unit_count; i++) {
        const struct policy_unit *unit = &fresh->policy->units[i];
        uint32_t was = policy_unit_find(old->policy, unit->name_sym);
        if (was == POLICY_UNITS_MAX)
            continue;
        if (unit->cool_down_ms > 0)
            fresh->units[i].cool_until = old->units[was].cool_until;
        fresh->units[i].refusal = old->units[was].refusal;
        fresh->units[i].refused_unix_s = old->units[was].refused_unix_s;
        old->units[was].refusal = NULL;
    }
}

static void enforce(struct book *book, struct policy_entry *entry, struct policy *owned_policy,
                    struct policy_entry *old)
{
    entry->selector = owned_policy;
    if (owned_policy->unit_count == 0)
        return;
    entry->policy = owned_policy;
    entry->units = mem_zalloc(owned_policy->unit_count, sizeof(*entry->units));
    for (uint32_t i = 0; i < owned_policy->unit_count; i++)
        entry->units[i].set = node_set_ref(book, &owned_policy->units[i]);
    units_inherit(entry, old);
    book->percent_count += owned_policy->has_percent;
}

/* A new record in the place of the old, whose groups and pods stay with it. */
struct policy_entry *entry_apply(struct book *book, struct policy_entry *entry)
{
    entry->is_noted = false;
    if (!entry->is_gone && !entry->next)
        return NULL;
    index_remove(book, entry);
    if (entry->is_gone)
        return entry;
    struct policy *next = entry->next;
    struct policy_entry *fresh = mem_zalloc(1, sizeof(*fresh));
    fresh->id = entry->id;
    fresh->source = entry->source;
    fresh->namespace_sym = entry->namespace_sym;
    fresh->name_sym = entry->name_sym;
    fresh->uid = entry->uid;
    fresh->created_unix_s = entry->created_unix_s;
    fresh->observed_generation = entry->observed_generation;
    fresh->list_epoch = entry->list_epoch;
    fresh->problem = entry->problem;
    fresh->accepted = entry->accepted;
    fresh->ready = entry->ready;
    fresh->overlapping = entry->overlapping;
    entry->problem = NULL;
    entry->next = NULL;
    entry_unmap(book, entry);
    entry_map(book, fresh);
    enforce(book, fresh, next, entry);
    index_add(book, fresh);
    status_due(book, fresh);
    return entry;
}

static void condition_set(struct entry_condition *condition, bool is_true, int64_t now_unix_s)
{
    if (!condition->is_known || condition->is_true != is_true)
        *condition = (struct entry_condition){true, is_true, now_unix_s};
}

static void entry_read(struct book *book, struct policy_entry *entry,
                       const struct policy_object *object)
{
    struct err err = {0};
    struct policy *next = policy_parse(object, book->types, book->cluster->symbols, &err);
    free(entry->problem);
    entry->problem = next ? NULL : mem_strdup(err.text);
    bool has_good = entry->policy || (entry->next && entry->next->unit_count > 0);
    if (!next && has_good)
        return;
    policy_free(entry->next);
    entry->next = next ? next : policy_parse_selector(object, book->cluster->symbols);
    entry_note(book, entry);
}

void book_see(struct book *book, const struct policy_object *object, int64_t now_unix_s)
{
    struct policy_entry *entry = entry_find(book, object);
    if (entry && !uid_equal(entry->uid, object->meta.uid)) {
        entry_remove(book, entry);
        entry = NULL;
    }
    bool is_new = !entry;
    if (is_new && !(entry = entry_new(book, object)))
        return;
    entry->list_epoch = book->policy_epochs[entry->source];
    if (!is_new && entry->observed_generation == object->meta.generation &&
        object->meta.generation != 0)
        return; /* its status, or labels of its own */
    entry_read(book, entry, object);
    entry->observed_generation = object->meta.generation;
    condition_set(&entry->accepted, !entry->problem, now_unix_s);
    status_due(book, entry);
}

void book_drop(struct book *book, const struct policy_object *object)
{
    struct policy_entry *entry = entry_find(book, object);
    if (entry && uid_equal(entry->uid, object->meta.uid))
        entry_remove(book, entry);
}

void book_begin_list(struct book *book, enum policy_source source)
{
    book->policy_epochs[source]++;
}

void book_end_list(struct book *book, enum policy_source source)
{
    struct policy_entry **gone = mem_zalloc(book->by_name.count, sizeof(struct policy_entry *));
    size_t gone_count = 0, position = 0;
    for (struct policy_entry *entry; (entry = map_next(&book->by_name, &position));)
        if (entry->source == source && entry->list_epoch != book->policy_epochs[source])
            gone[gone_count++] = entry;
    for (size_t i = 0; i < gone_count; i++)
        entry_remove(book, gone[i]);
    free(gone);
}

static bool entry_has_uid(const void *value, const void *uid)
{
    return uid_equal(((const struct policy_entry *)value)->uid, *(const struct uid *)uid);
}

void book_status_failed(struct book *book, struct uid uid)
{
    struct policy_entry *entry = map_get(&book->by_uid, hash_uid(uid), entry_has_uid, &uid);
    if (entry)
        status_due(book, entry);
}
