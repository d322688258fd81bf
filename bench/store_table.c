/* Objects of one kind: by key in a hash table, in key order in two arrays that are tidied when
 * somebody lists. Adding and removing is O(1); a list after n changes sorts the n new ones and
 * merges. */
#include "bench/store_private.h"

#include <stdlib.h>

#include "model/base/mem.h"

static int compare_keys(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.ptr, b.ptr, len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static struct str entry_key(const struct entry *entry)
{
    return entry->object->ident->key;
}

static bool entry_has_key(const void *value, const void *key)
{
    return str_equal(entry_key(value), *(const struct str *)key);
}

struct entry *table_find(const struct table *table, uint64_t hash, struct str key)
{
    return map_get(&table->map, hash, entry_has_key, &key);
}

void table_fini(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!table->order[i])
            continue;
        object_unref(table->order[i]->object);
        free(table->order[i]);
    }
    free(table->order);
    free(table->objects);
    map_fini(&table->map);
}

void table_add(struct table *table, uint64_t hash, struct entry *entry)
{
    map_put(&table->map, hash, entry);
    if (table->count == table->capacity) {
        table->capacity = mem_grow(table->capacity, table->count + 1);
        table->order = mem_resize(table->order, table->capacity, sizeof(struct entry *));
        table->objects = mem_resize(table->objects, table->capacity, sizeof(struct object *));
    }
    entry->position = table->count;
    table->order[table->count] = entry;
    table->objects[table->count++] = entry->object;
}

void table_remove(struct table *table, uint64_t hash, struct entry *entry)
{
    struct str key = entry_key(entry);
    CHECK(map_remove(&table->map, hash, entry_has_key, &key) == entry);
    CHECK(table->order[entry->position] == entry);
    table->order[entry->position] = NULL;
    table->holes++;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *const *first = a, *const *second = b;
    return compare_keys(entry_key(*first), entry_key(*second));
}

/* Closes the holes. */
static void table_squeeze(struct table *table)
{
    size_t to = 0, sorted = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (i == table->sorted)
            sorted = to;
        if (table->order[i])
            table->order[to++] = table->order[i];
    }
    table->sorted = table->sorted >= table->count ? to : sorted;
    table->count = to;
    table->holes = 0;
}

/* Merges the sorted front with the sorted tail, from the back. */
static void table_merge(struct table *table)
{
    size_t tail_count = table->count - table->sorted;
    struct entry **tail = mem_zalloc(tail_count, sizeof(*tail));
    memcpy(tail, table->order + table->sorted, tail_count * sizeof(*tail));
    size_t front = table->sorted, to = table->count;
    while (tail_count > 0) {
        bool take_front =
            front > 0 && compare_entries(&table->order[front - 1], &tail[tail_count - 1]) > 0;
        table->order[--to] = take_front ? table->order[--front] : tail[--tail_count];
    }
    free(tail);
}

static void table_tidy(struct table *table)
{
    if (table->holes == 0 && table->sorted == table->count)
        return;
    table_squeeze(table);
    if (table->count > table->sorted) {
        qsort(table->order + table->sorted, table->count - table->sorted, sizeof(struct entry *),
              compare_entries);
        table_merge(table);
    }
    table->sorted = table->count;
    for (size_t i = 0; i < table->count; i++) {
        table->order[i]->position = i;
        table->objects[i] = table->order[i]->object;
    }
}

/* The first position whose key is not before `prefix` followed by `last`. */
static size_t table_lower_bound(const struct table *table, struct str key)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(entry_key(table->order[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct store_list store_list(struct store *store, enum kind_id kind, struct str ns)
{
    struct table *table = &store->tables[kind];
    table_tidy(table);
    if (ns.len == 0 || !kind_get(kind)->namespaced || table->count == 0)
        return (struct store_list){table->objects, table->count};
    struct buf key;
    buf_init(&key, 4096);
    (void)buf_printf(&key, STR_FMT "/", STR_ARG(ns));
    size_t from = key.len > 0 ? table_lower_bound(table, buf_str(&key)) : 0;
    if (key.len > 0)
        key.data[key.len - 1] = '/' + 1; /* the key behind all of "ns/..." */
    size_t to = key.len > 0 ? table_lower_bound(table, buf_str(&key)) : 0;
    buf_fini(&key);
    return (struct store_list){table->objects + from, to - from};
}
