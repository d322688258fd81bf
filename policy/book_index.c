/*
 * pod -> policy without looking at all policies: each entry lies in one bucket, that of the rarest
 * pair its selector asks for, or of its namespace when it asks for none. A pod looks into the
 * buckets of its labels.
 */
#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/pod_meta.h"
#include "policy/book_private.h"

struct bucket_key {
    uint32_t namespace_sym;
    struct label pair;
};

static const struct label no_pair = {SYM_EMPTY, SYM_EMPTY};

static uint64_t hash_key(const struct book *book, struct bucket_key key)
{
    uint64_t hash = hash_mix(book->cluster->hash_seed, key.namespace_sym);
    return hash_mix(hash, (uint64_t)key.pair.key_sym << 32 | key.pair.value_sym);
}

static bool bucket_is(const void *value, const void *wanted)
{
    const struct index_bucket *bucket = value;
    const struct bucket_key *key = wanted;
    return bucket->namespace_sym == key->namespace_sym &&
           bucket->pair.key_sym == key->pair.key_sym &&
           bucket->pair.value_sym == key->pair.value_sym;
}

static struct index_bucket *bucket_find(const struct book *book, struct bucket_key key)
{
    return map_get(&book->buckets, hash_key(book, key), bucket_is, &key);
}

static uint32_t bucket_count(const struct book *book, struct bucket_key key)
{
    const struct index_bucket *bucket = bucket_find(book, key);
    return bucket ? bucket->count : 0;
}

/* In with one value is a pair too. A pair with an empty key is none. */
static struct label rarest_pair(const struct book *book, const struct policy_entry *entry)
{
    const struct pod_selector *selector = &entry->selector->selector;
    struct label best = no_pair;
    uint32_t best_count = UINT32_MAX;
    for (uint32_t i = 0; i < selector->label_count + selector->expression_count; i++) {
        struct label pair = no_pair;
        if (i < selector->label_count) {
            pair = selector->labels[i];
        } else {
            const struct requirement *in = &selector->expressions[i - selector->label_count];
            if (in->op == SELECTOR_IN && in->value_count == 1)
                pair = (struct label){in->key_sym, in->value_syms[0]};
        }
        if (pair.key_sym == SYM_EMPTY)
            continue;
        uint32_t count = bucket_count(book, (struct bucket_key){entry->namespace_sym, pair});
        if (count < best_count) {
            best = pair;
            best_count = count;
        }
    }
    return best;
}

void index_add(struct book *book, struct policy_entry *entry)
{
    CHECK(!entry->bucket);
    struct bucket_key key = {entry->namespace_sym, rarest_pair(book, entry)};
    struct index_bucket *bucket = bucket_find(book, key);
    if (!bucket) {
        bucket = mem_zalloc(1, sizeof(*bucket));
        bucket->namespace_sym = key.namespace_sym;
        bucket->pair = key.pair;
        map_put(&book->buckets, hash_key(book, key), bucket);
    }
    bucket->count++;
    entry->bucket = bucket;
    entry->bucket_prev = NULL;
    entry->bucket_next = bucket->entries;
    if (bucket->entries)
        bucket->entries->bucket_prev = entry;
    bucket->entries = entry;
}

void index_remove(struct book *book, struct policy_entry *entry)
{
    struct index_bucket *bucket = entry->bucket;
    if (!bucket)
        return;
    *(entry->bucket_prev ? &entry->bucket_prev->bucket_next : &bucket->entries) =
        entry->bucket_next;
    if (entry->bucket_next)
        entry->bucket_next->bucket_prev = entry->bucket_prev;
    entry->bucket = NULL;
    entry->bucket_prev = entry->bucket_next = NULL;
    if (--bucket->count > 0)
        return;
    struct bucket_key key = {bucket->namespace_sym, bucket->pair};
    CHECK(map_remove(&book->buckets, hash_key(book, key), bucket_is, &key) == bucket);
    free(bucket);
}

/* Whether `a` rules where both select: the older, then by name, then ours before ACK's. */
bool entry_is_before(const struct book *book, const struct policy_entry *a,
                     const struct policy_entry *b)
{
    if (a->created_unix_s != b->created_unix_s)
        return a->created_unix_s < b->created_unix_s;
    if (a->name_sym != b->name_sym)
        return strcmp(symbol_text(book->cluster->symbols, a->name_sym),
                      symbol_text(book->cluster->symbols, b->name_sym)) < 0;
    if (a->source != b->source)
        return a->source < b->source;
    return a->id < b->id;
}

static const struct index_bucket *pod_bucket(const struct book *book, const struct pod *pod,
                                             uint32_t label)
{
    struct label pair = label == 0 ? no_pair : pod->meta->labels.items[label - 1];
    return bucket_find(book, (struct bucket_key){pod->namespace_sym, pair});
}

struct policy_entry *index_find(struct book *book, const struct pod *pod, index_other *on_other)
{
    struct policy_entry *ruler = NULL;
    uint32_t found = 0;
    if (book->buckets.count == 0)
        return NULL;
    for (uint32_t i = 0; i <= pod->meta->labels.count; i++) {
        const struct index_bucket *bucket = pod_bucket(book, pod, i);
        for (struct policy_entry *entry = bucket ? bucket->entries : NULL; entry;
             entry = entry->bucket_next) {
            if (!policy_selects(entry->selector, &pod->meta->labels))
                continue;
            found++;
            if (!ruler || entry_is_before(book, entry, ruler))
                ruler = entry;
        }
    }
    if (found < 2 || !on_other)
        return ruler;
    for (uint32_t i = 0; i <= pod->meta->labels.count; i++) {
        const struct index_bucket *bucket = pod_bucket(book, pod, i);
        for (struct policy_entry *entry = bucket ? bucket->entries : NULL; entry;
             entry = entry->bucket_next)
            if (entry != ruler && policy_selects(entry->selector, &pod->meta->labels))
                on_other(book, entry, ruler, pod);
    }
    return ruler;
}
