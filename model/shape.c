#include "model/shape.h"

#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "model/shape_key.h"
#include "model/unit_type.h"

enum { KEY_BYTES_MAX = 64 << 20 };

/* The key again, word by word, and the block that the arrays are cut from. */
struct unpacker {
    const uint32_t *word;
    char *free;
    char *end;
};

static void *unpack_array(struct unpacker *unpacker, size_t count, size_t size, size_t align)
{
    size_t misaligned = (size_t)((uintptr_t)unpacker->free % align);
    unpacker->free += misaligned ? align - misaligned : 0;
    void *array = unpacker->free;
    unpacker->free += count * size;
    CHECK(unpacker->free <= unpacker->end);
    return array;
}

#define UNPACK_ARRAY(unpacker, count, type)                                                        \
    ((type *)unpack_array(unpacker, count, sizeof(type), _Alignof(type)))

static int64_t unpack_amount(struct unpacker *unpacker)
{
    uint64_t low = *unpacker->word++;
    uint64_t high = *unpacker->word++;
    return (int64_t)(high << 32 | low);
}

static struct requirement *unpack_requirements(struct unpacker *unpacker, uint32_t count)
{
    struct requirement *items = UNPACK_ARRAY(unpacker, count, struct requirement);
    for (uint32_t i = 0; i < count; i++) {
        items[i].key_sym = *unpacker->word++;
        items[i].op = *unpacker->word++;
        items[i].value_count = *unpacker->word++;
        items[i].value_syms = UNPACK_ARRAY(unpacker, items[i].value_count, uint32_t);
        for (uint32_t v = 0; v < items[i].value_count; v++)
            items[i].value_syms[v] = *unpacker->word++;
    }
    return items;
}

static void unpack_term(struct unpacker *unpacker, struct node_term *term)
{
    term->expression_count = *unpacker->word++;
    term->expressions = unpack_requirements(unpacker, term->expression_count);
    term->field_count = *unpacker->word++;
    term->fields = unpack_requirements(unpacker, term->field_count);
}

static void unpack_affinity(struct unpacker *unpacker, struct shape *shape)
{
    shape->has_required_terms = *unpacker->word++;
    shape->required_term_count = *unpacker->word++;
    struct node_term *terms = UNPACK_ARRAY(unpacker, shape->required_term_count, struct node_term);
    for (uint32_t i = 0; i < shape->required_term_count; i++)
        unpack_term(unpacker, &terms[i]);
    shape->required_terms = terms;
    shape->preferred_term_count = *unpacker->word++;
    struct preferred_term *preferred =
        UNPACK_ARRAY(unpacker, shape->preferred_term_count, struct preferred_term);
    for (uint32_t i = 0; i < shape->preferred_term_count; i++) {
        preferred[i].weight = (int32_t)*unpacker->word++;
        unpack_term(unpacker, &preferred[i].term);
    }
    shape->preferred_terms = preferred;
}

static void unpack_lists(struct unpacker *unpacker, struct shape *shape)
{
    shape->toleration_count = *unpacker->word++;
    struct toleration *tolerations =
        UNPACK_ARRAY(unpacker, shape->toleration_count, struct toleration);
    for (uint32_t i = 0; i < shape->toleration_count; i++) {
        tolerations[i].key_sym = *unpacker->word++;
        tolerations[i].value_sym = *unpacker->word++;
        uint32_t packed = *unpacker->word++;
        tolerations[i].op = (uint16_t)(packed >> 16);
        tolerations[i].effect = (uint16_t)(packed & 0xffff);
    }
    shape->tolerations = tolerations;
    shape->port_count = *unpacker->word++;
    struct host_port *ports = UNPACK_ARRAY(unpacker, shape->port_count, struct host_port);
    for (uint32_t i = 0; i < shape->port_count; i++) {
        ports[i].ip_sym = *unpacker->word++;
        uint32_t packed = *unpacker->word++;
        ports[i].port = (uint16_t)(packed >> 16);
        ports[i].protocol = (uint16_t)(packed & 0xffff);
    }
    shape->ports = ports;
    shape->image_count = shape->container_count = *unpacker->word++;
    uint32_t *images = UNPACK_ARRAY(unpacker, shape->image_count, uint32_t);
    for (uint32_t i = 0; i < shape->image_count; i++)
        images[i] = *unpacker->word++;
    shape->image_syms = images;
}

/* Reads the key back into the fields; the order is that of shape_key_build(). */
static void shape_unpack(struct shape *shape, char *block, size_t block_bytes)
{
    struct unpacker unpacker = {shape->key, block, block + block_bytes};
    shape->scheduler_name_sym = *unpacker.word++;
    shape->features = *unpacker.word++;
    shape->is_over_limit = *unpacker.word++;
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT + SHAPE_KEY_SCORED_AMOUNTS; i++)
        (void)unpack_amount(&unpacker); /* the requests are interned by themselves */
    uint32_t scalar_count = *unpacker.word++;
    unpacker.word += (size_t)scalar_count * 3;
    shape->node_selector_count = *unpacker.word++;
    struct label *selector = UNPACK_ARRAY(&unpacker, shape->node_selector_count, struct label);
    for (uint32_t i = 0; i < shape->node_selector_count; i++) {
        selector[i].key_sym = *unpacker.word++;
        selector[i].value_sym = *unpacker.word++;
    }
    shape->node_selector = selector;
    unpack_affinity(&unpacker, shape);
    unpack_lists(&unpacker, shape);
    shape->volume_count = *unpacker.word++;
    shape->host_needs = *unpacker.word++;
    CHECK(unpacker.word == shape->key + shape->key_words);
}

void shape_table_init(struct shape_table *table, const struct symbols *symbols, uint64_t hash_seed)
{
    map_init(&table->shapes);
    map_init(&table->requests);
    buf_init(&table->scratch, KEY_BYTES_MAX);
    table->hash_seed = hash_seed;
    table->symbols = symbols;
}

void shape_table_fini(struct shape_table *table)
{
    CHECK(table->shapes.count == 0);
    CHECK(table->requests.count == 0);
    map_fini(&table->shapes);
    map_fini(&table->requests);
    buf_fini(&table->scratch);
}

static bool shape_has_key(const void *value, const void *key)
{
    const struct shape *shape = value;
    const struct buf *wanted = key;
    return shape->key_words * sizeof(uint32_t) == wanted->len &&
           memcmp(shape->key, wanted->data, wanted->len) == 0;
}

static bool is_same(const void *value, const void *key)
{
    return value == key;
}

void match_cache_fini(struct match_cache *cache)
{
    bitset_fini(&cache->matches);
    free(cache->planes);
    *cache = (struct match_cache){0};
}

static struct shape *shape_new(struct shape_table *table, uint64_t hash, size_t array_bytes,
                               const struct pod_resources *resources)
{
    struct shape *shape = mem_zalloc(1, sizeof(*shape));
    size_t key_bytes = table->scratch.len;
    char *block = mem_zalloc(1, key_bytes + array_bytes);
    memcpy(block, table->scratch.data, key_bytes);
    shape->key = (uint32_t *)(void *)block;
    shape->key_words = (uint32_t)(key_bytes / sizeof(uint32_t));
    shape->hash = hash;
    shape->requests = requests_intern(table, resources);
    shape_unpack(shape, block + key_bytes, array_bytes);
    bitset_init(&shape->match.matches);
    map_put(&table->shapes, hash, shape);
    return shape;
}

struct shape *shape_intern(struct shape_table *table, const struct pod_object *pod)
{
    struct pod_resources resources;
    pod_resources_compute(pod, POD_RESOURCES_INCOMING, table->symbols, &resources);
    struct shape_sizes sizes;
    shape_key_build(pod, &resources, &table->scratch, &sizes);
    uint64_t hash = hash_bytes(table->hash_seed, table->scratch.data, table->scratch.len);
    struct shape *shape = map_get(&table->shapes, hash, shape_has_key, &table->scratch);
    if (!shape)
        shape = shape_new(table, hash, sizes.array_bytes, &resources);
    shape->refs++;
    return shape;
}

struct shape *shape_ref(struct shape *shape)
{
    shape->refs++;
    return shape;
}

void shape_unref(struct shape_table *table, struct shape *shape)
{
    if (!shape)
        return;
    CHECK(shape->refs > 0);
    if (--shape->refs > 0)
        return;
    CHECK(shape->parked == NULL);
    CHECK(map_remove(&table->shapes, shape->hash, is_same, shape) == shape);
    requests_unref(table, shape->requests);
    match_cache_fini(&shape->match);
    for (uint32_t i = 0; shape->typed && i < UNIT_TYPES_MAX; i++)
        match_cache_fini(&shape->typed[i]);
    free(shape->typed);
    free(shape->refusal);
    free(shape->key);
    free(shape);
}

static bool scalars_equal(const struct scalar *a, uint32_t a_count, const struct scalar *b,
                          uint32_t b_count)
{
    if (a_count != b_count)
        return false;
    for (uint32_t i = 0; i < a_count; i++)
        if (a[i].name_sym != b[i].name_sym || a[i].amount != b[i].amount)
            return false;
    return true;
}

static bool requests_equal(const void *value, const void *key)
{
    const struct requests *requests = value;
    const struct pod_resources *wanted = key;
    return requests->nonzero_cpu_milli == wanted->nonzero_cpu_milli &&
           requests->nonzero_memory_bytes == wanted->nonzero_memory_bytes &&
           requests->fit_cpu_milli == wanted->fit_cpu_milli &&
           requests->fit_memory_bytes == wanted->fit_memory_bytes &&
           memcmp(requests->fixed, wanted->fixed, sizeof(requests->fixed)) == 0 &&
           scalars_equal(requests->scalars, requests->scalar_count, wanted->scalars,
                         wanted->scalar_count);
}

static uint64_t requests_hash(const struct shape_table *table,
                              const struct pod_resources *resources)
{
    uint64_t hash = hash_bytes(table->hash_seed, resources->fixed, sizeof(resources->fixed));
    for (uint32_t i = 0; i < resources->scalar_count; i++)
        hash =
            hash_mix(hash ^ resources->scalars[i].name_sym, (uint64_t)resources->scalars[i].amount);
    hash = hash_mix(hash ^ (uint64_t)resources->nonzero_cpu_milli,
                    (uint64_t)resources->nonzero_memory_bytes);
    return hash_mix(hash ^ (uint64_t)resources->fit_cpu_milli,
                    (uint64_t)resources->fit_memory_bytes);
}

struct requests *requests_intern(struct shape_table *table, const struct pod_resources *resources)
{
    uint64_t hash = requests_hash(table, resources);
    struct requests *requests = map_get(&table->requests, hash, requests_equal, resources);
    if (requests)
        return requests_ref(requests);
    requests = mem_zalloc(1, sizeof(*requests) + resources->scalar_count * sizeof(struct scalar));
    requests->refs = 1;
    requests->hash = hash;
    memcpy(requests->fixed, resources->fixed, sizeof(requests->fixed));
    requests->nonzero_cpu_milli = resources->nonzero_cpu_milli;
    requests->nonzero_memory_bytes = resources->nonzero_memory_bytes;
    requests->fit_cpu_milli = resources->fit_cpu_milli;
    requests->fit_memory_bytes = resources->fit_memory_bytes;
    requests->scalar_count = resources->scalar_count;
    for (uint32_t i = 0; i < resources->scalar_count; i++)
        requests->scalars[i] = resources->scalars[i];
    map_put(&table->requests, hash, requests);
    return requests;
}

struct requests *requests_ref(struct requests *requests)
{
    requests->refs++;
    return requests;
}

void requests_unref(struct shape_table *table, struct requests *requests)
{
    if (!requests)
        return;
    CHECK(requests->refs > 0);
    if (--requests->refs > 0)
        return;
    CHECK(map_remove(&table->requests, requests->hash, is_same, requests) == requests);
    free(requests);
}

int64_t requests_get(const struct requests *requests, uint32_t name_sym)
{
    if (name_sym >= NAME_CPU && name_sym <= NAME_PODS)
        return requests->fixed[name_sym - NAME_CPU];
    for (uint32_t i = 0; i < requests->scalar_count; i++)
        if (requests->scalars[i].name_sym == name_sym)
            return requests->scalars[i].amount;
    return 0;
}
