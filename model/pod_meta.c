#include "model/pod_meta.h"

#include "model/base/hash.h"

/* Labels and hashes of one pod, as the decoder bounds them. */
enum {
    SCRATCH_BYTES_MAX =
        OBJECT_LABELS_MAX * sizeof(struct label) + OBJECT_ANNOTATIONS_MAX * sizeof(uint64_t)
};

_Static_assert(sizeof(struct label) == sizeof(uint64_t), "one scratch holds both, aligned");

void pod_meta_table_init(struct pod_meta_table *table, uint64_t hash_seed)
{
    map_init(&table->metas);
    pool_init(&table->pieces);
    buf_init(&table->scratch, SCRATCH_BYTES_MAX);
    table->hash_seed = hash_seed;
}

void pod_meta_table_fini(struct pod_meta_table *table)
{
    CHECK(table->metas.count == 0);
    map_fini(&table->metas);
    pool_fini(&table->pieces);
    buf_fini(&table->scratch);
}

/* Insertion: there are few. */
static void sort_hashes(uint64_t *hashes, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        uint64_t hash = hashes[i];
        uint32_t place = i;
        for (; place > 0 && hashes[place - 1] > hash; place--)
            hashes[place] = hashes[place - 1];
        hashes[place] = hash;
    }
}

/* The meta of the pod with its arrays in the scratch buffer: what is looked for, or to be copied.
 */
static struct pod_meta make_wanted(struct pod_meta_table *table, const struct pod_object *pod)
{
    struct buf *scratch = &table->scratch;
    buf_clear(scratch);
    if (pod->label_count > 0)
        CHECK(buf_add(scratch, pod->labels, pod->label_count * sizeof(*pod->labels)));
    size_t hashes_at = scratch->len;
    if (pod->annotation_count > 0)
        CHECK(buf_add(scratch, pod->annotation_hashes,
                      pod->annotation_count * sizeof(*pod->annotation_hashes)));
    struct labels labels = {pod->label_count, (struct label *)(void *)scratch->data};
    uint64_t *hashes = scratch->data ? (uint64_t *)(void *)(scratch->data + hashes_at) : NULL;
    labels_sort(&labels);
    sort_hashes(hashes, pod->annotation_count);
    uint64_t hash = hash_bytes(table->hash_seed, labels.items, labels.count * sizeof(struct label));
    if (pod->annotation_count > 0)
        hash = hash_bytes(hash, hashes, pod->annotation_count * sizeof(*hashes));
    hash = hash_mix(hash ^ pod->owner_uid.hi, pod->owner_uid.lo);
    return (struct pod_meta){.annotation_count = pod->annotation_count,
                             .hash = hash_mix(hash, (uint64_t)pod->owner_kind),
                             .owner_uid = pod->owner_uid,
                             .owner_kind = (uint32_t)pod->owner_kind,
                             .labels = labels,
                             .annotation_hashes = hashes};
}

static bool arrays_equal(const void *a, const void *b, size_t bytes)
{
    return bytes == 0 || memcmp(a, b, bytes) == 0;
}

static bool meta_equal(const void *value, const void *key)
{
    const struct pod_meta *a = value, *b = key;
    return a->labels.count == b->labels.count && a->annotation_count == b->annotation_count &&
           a->owner_kind == b->owner_kind && uid_equal(a->owner_uid, b->owner_uid) &&
           arrays_equal(a->labels.items, b->labels.items, a->labels.count * sizeof(struct label)) &&
           arrays_equal(a->annotation_hashes, b->annotation_hashes,
                        a->annotation_count * sizeof(uint64_t));
}

static size_t meta_bytes(const struct pod_meta *meta)
{
    return sizeof(*meta) + meta->labels.count * sizeof(struct label) +
           meta->annotation_count * sizeof(uint64_t);
}

/* One piece with both arrays behind it: a label or annotation of its own (StatefulSet, CNI) gives
 * every pod a meta of its own. */
static struct pod_meta *meta_new(struct pod_meta_table *table, const struct pod_meta *wanted)
{
    size_t labels_bytes = wanted->labels.count * sizeof(struct label);
    size_t hashes_bytes = wanted->annotation_count * sizeof(uint64_t);
    struct pod_meta *meta = pool_alloc(&table->pieces, meta_bytes(wanted));
    char *arrays = (char *)(meta + 1);
    *meta = *wanted;
    if (labels_bytes > 0)
        memcpy(arrays, wanted->labels.items, labels_bytes);
    if (hashes_bytes > 0)
        memcpy(arrays + labels_bytes, wanted->annotation_hashes, hashes_bytes);
    meta->labels.items = (struct label *)(void *)arrays;
    meta->annotation_hashes = (const uint64_t *)(const void *)(arrays + labels_bytes);
    return meta;
}

struct pod_meta *pod_meta_intern(struct pod_meta_table *table, const struct pod_object *pod)
{
    struct pod_meta wanted = make_wanted(table, pod);
    struct pod_meta *meta = map_get(&table->metas, wanted.hash, meta_equal, &wanted);
    if (!meta) {
        meta = meta_new(table, &wanted);
        map_put(&table->metas, wanted.hash, meta);
    }
    meta->refs++;
    return meta;
}

static bool is_same(const void *value, const void *key)
{
    return value == key;
}

void pod_meta_unref(struct pod_meta_table *table, struct pod_meta *meta)
{
    if (!meta)
        return;
    CHECK(meta->refs > 0);
    if (--meta->refs > 0)
        return;
    CHECK(map_remove(&table->metas, meta->hash, is_same, meta) == meta);
    pool_free(&table->pieces, meta, meta_bytes(meta));
}

bool pod_meta_has_annotation(const struct pod_meta *meta, uint64_t pair_hash)
{
    uint32_t low = 0, high = meta->annotation_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (meta->annotation_hashes[middle] == pair_hash)
            return true;
        if (meta->annotation_hashes[middle] < pair_hash)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
