#include "watch/event_series.h"

#include <stdlib.h>

#include "model/base/check.h"
#include "model/base/hash.h"
#include "model/base/map.h"
#include "model/base/mem.h"

enum entry_state { ENTRY_CREATING, ENTRY_OPEN, ENTRY_WRITING };

struct entry {
    struct series_key key;
    struct entry *newer, *older; /* by last sighting */
    enum entry_state state;
    bool is_closing; /* the last PATCH is under way */
    uint32_t namespace_sym;
    uint32_t count, told_count; /* 1 is told by the POST */
    struct mono_ms seen_at, told_at;
    int64_t last_unix_us;
    char *event_name; /* owned */
};

struct event_series {
    uint64_t hash_seed;
    struct map entries;
    struct entry *newest, *oldest;
};

struct event_series *event_series_new(uint64_t hash_seed)
{
    struct event_series *series = mem_zalloc(1, sizeof *series);
    series->hash_seed = hash_seed;
    map_init(&series->entries);
    return series;
}

static void entry_free(struct entry *entry)
{
    free(entry->event_name);
    free(entry);
}

void event_series_free(struct event_series *series)
{
    if (!series)
        return;
    for (struct entry *entry = series->oldest, *next; entry; entry = next) {
        next = entry->newer;
        entry_free(entry);
    }
    map_fini(&series->entries);
    free(series);
}

static uint64_t key_hash(const struct event_series *series, struct series_key key)
{
    return hash_mix(hash_mix(series->hash_seed ^ key.uid.hi, key.uid.lo), key.hash);
}

static bool entry_answers(const void *value, const void *key)
{
    const struct entry *entry = value;
    const struct series_key *wanted = key;
    return uid_equal(entry->key.uid, wanted->uid) && entry->key.hash == wanted->hash;
}

static struct entry *entry_find(const struct event_series *series, struct series_key key)
{
    return map_get(&series->entries, key_hash(series, key), entry_answers, &key);
}

static void list_remove(struct event_series *series, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &series->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &series->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void list_add(struct event_series *series, struct entry *entry)
{
    entry->older = series->newest;
    *(series->newest ? &series->newest->newer : &series->oldest) = entry;
    series->newest = entry;
}

static void forget(struct event_series *series, struct entry *entry)
{
    list_remove(series, entry);
    CHECK(map_remove(&series->entries, key_hash(series, entry->key), entry_answers, &entry->key) ==
          entry);
    entry_free(entry);
}

static void start_patch(struct entry *entry, struct mono_ms now, struct series_patch *ret_patch)
{
    entry->state = ENTRY_WRITING;
    entry->told_count = entry->count;
    entry->told_at = now;
    *ret_patch = (struct series_patch){
        .key = entry->key,
        .namespace_sym = entry->namespace_sym,
        .event_name = str_from(entry->event_name),
        .count = entry->count,
        .last_unix_us = entry->last_unix_us,
    };
}

static void add(struct event_series *series, const struct series_sighting *sighting)
{
    if (series->entries.count >= EVENT_SERIES_MAX)
        forget(series, series->oldest);
    struct entry *entry = mem_zalloc(1, sizeof *entry);
    entry->key = sighting->key;
    entry->namespace_sym = sighting->namespace_sym;
    entry->count = entry->told_count = 1;
    entry->seen_at = entry->told_at = sighting->now;
    entry->last_unix_us = sighting->unix_us;
    entry->event_name = mem_strndup(sighting->event_name.ptr, sighting->event_name.len);
    map_put(&series->entries, key_hash(series, entry->key), entry);
    list_add(series, entry);
}

enum series_verdict event_series_see(struct event_series *series,
                                     const struct series_sighting *sighting,
                                     struct series_patch *ret_patch)
{
    struct entry *entry = entry_find(series, sighting->key);
    if (!entry) {
        add(series, sighting);
        return SERIES_POST;
    }
    entry->count += entry->count < UINT32_MAX / 2;
    entry->seen_at = sighting->now;
    entry->last_unix_us = sighting->unix_us;
    entry->is_closing = false;
    list_remove(series, entry);
    list_add(series, entry);
    if (entry->state != ENTRY_OPEN || entry->told_count > 1)
        return SERIES_COUNTED;
    start_patch(entry, sighting->now, ret_patch);
    return SERIES_PATCH;
}

bool event_series_posted(struct event_series *series, struct series_key key, bool is_done,
                         struct series_patch *ret_patch)
{
    struct entry *entry = entry_find(series, key);
    if (!entry || entry->state != ENTRY_CREATING)
        return false; /* it made room for another, or that one is new again */
    if (!is_done) {
        forget(series, entry);
        return false;
    }
    entry->state = ENTRY_OPEN;
    if (entry->count == 1)
        return false;
    start_patch(entry, entry->seen_at, ret_patch);
    return true;
}

void event_series_patched(struct event_series *series, struct series_key key, bool is_gone)
{
    struct entry *entry = entry_find(series, key);
    if (!entry || entry->state != ENTRY_WRITING)
        return;
    entry->state = ENTRY_OPEN;
    if (is_gone || entry->is_closing)
        forget(series, entry);
}

bool event_series_due(struct event_series *series, struct mono_ms now,
                      struct series_patch *ret_patch)
{
    struct entry *next;
    for (struct entry *entry = series->oldest; entry; entry = next) {
        next = entry->newer;
        if (entry->state != ENTRY_OPEN)
            continue;
        bool is_over = mono_since(now, entry->seen_at) >= EVENT_SERIES_SILENCE_MS;
        bool is_stale =
            entry->count > 1 && mono_since(now, entry->told_at) >= EVENT_SERIES_REFRESH_MS;
        if (is_over && entry->count == entry->told_count) {
            forget(series, entry);
        } else if (is_over || is_stale) {
            entry->is_closing = is_over;
            start_patch(entry, now, ret_patch);
            return true;
        }
    }
    return false;
}

uint32_t event_series_count(const struct event_series *series)
{
    return (uint32_t)series->entries.count;
}
