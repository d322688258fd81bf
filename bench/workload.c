#include "bench/workload.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/names.h"

/* The growing arrays, as they are counted in `capacity`. */
enum array { ARRAY_NODE_KINDS, ARRAY_NODES, ARRAY_POD_KINDS, ARRAY_PODS, ARRAY_POLICIES };
enum { INDEX_NODES, INDEX_PODS };

void workload_init(struct workload *workload)
{
    *workload = (struct workload){.symbols = names_symbols_new(1)};
    map_init(&workload->kind_index[INDEX_NODES]);
    map_init(&workload->kind_index[INDEX_PODS]);
}

void workload_fini(struct workload *workload)
{
    for (uint32_t i = 0; i < workload->policy_count; i++)
        free(workload->policies[i]);
    free(workload->policies);
    free(workload->node_kinds);
    free(workload->nodes);
    free(workload->pod_kinds);
    free(workload->pods);
    map_fini(&workload->kind_index[INDEX_NODES]);
    map_fini(&workload->kind_index[INDEX_PODS]);
    symbols_free(workload->symbols);
    *workload = (struct workload){0};
}

/* `items` with room for one more. */
static void *grown(struct workload *workload, enum array array, void *items, uint32_t count,
                   size_t size)
{
    uint32_t *capacity = &workload->capacity[array];
    if (count < *capacity)
        return items;
    *capacity = (uint32_t)mem_grow(*capacity, (size_t)count + 1);
    return mem_resize(items, *capacity, size);
}

/* ---- kinds: equal ones are one ---- */

/* Copies of kinds have zeros in everything that does not count, also between the members: equal
 * kinds are then equal bytes. */
static void copy_amounts(struct workload_amounts *to, const struct workload_amounts *from)
{
    CHECK(from->extended_count <= WORKLOAD_EXTENDED_MAX);
    CHECK(from->cpu_milli >= 0 && from->memory_bytes >= 0);
    to->cpu_milli = from->cpu_milli;
    to->memory_bytes = from->memory_bytes;
    to->extended_count = from->extended_count;
    for (uint32_t i = 0; i < from->extended_count; i++) {
        CHECK(from->extended[i].amount >= 0);
        to->extended[i].name_sym = from->extended[i].name_sym;
        to->extended[i].amount = from->extended[i].amount;
    }
}

static void copy_labels(struct workload_label *to, const struct workload_label *from,
                        uint32_t count, uint32_t max)
{
    CHECK(count <= max);
    memcpy(to, from, count * sizeof(*to));
}

static void copy_node_kind(struct workload_node_kind *to, const struct workload_node_kind *from)
{
    memset(to, 0, sizeof(*to));
    CHECK(from->price_micro_per_hour >= 0 && from->price_micro_per_core_hour >= 0);
    copy_amounts(&to->offers, &from->offers);
    to->pods = from->pods;
    to->label_count = from->label_count;
    to->taint_count = from->taint_count;
    copy_labels(to->labels, from->labels, from->label_count, WORKLOAD_LABELS_MAX);
    copy_labels(to->taints, from->taints, from->taint_count, WORKLOAD_TAINTS_MAX);
    to->unit_sym = from->unit_sym;
    to->price_micro_per_hour = from->price_micro_per_hour;
    to->price_micro_per_core_hour = from->price_micro_per_core_hour;
}

static void copy_pod_kind(struct workload_pod_kind *to, const struct workload_pod_kind *from)
{
    memset(to, 0, sizeof(*to));
    copy_amounts(&to->asks, &from->asks);
    to->priority = from->priority;
    to->label_count = from->label_count;
    to->selector_count = from->selector_count;
    copy_labels(to->labels, from->labels, from->label_count, WORKLOAD_LABELS_MAX);
    copy_labels(to->selector, from->selector, from->selector_count, WORKLOAD_LABELS_MAX);
    CHECK(from->choice_count <= WORKLOAD_CHOICE_MAX);
    to->choice_count = from->choice_count;
    to->choice_key_sym = from->choice_count > 0 ? from->choice_key_sym : SYM_EMPTY;
    for (uint32_t i = 0; i < from->choice_count; i++) {
        CHECK(i == 0 || from->choice_syms[i - 1] < from->choice_syms[i]);
        to->choice_syms[i] = from->choice_syms[i];
    }
    to->tolerates_all = from->tolerates_all;
}

/* The value of an index is the number of the kind and one: a place in `kinds`. */
struct kind_key {
    const unsigned char *kinds;
    const void *kind;
    size_t size;
};

static bool kind_is(const void *value, const void *key)
{
    const struct kind_key *wanted = key;
    size_t place = (size_t)(uintptr_t)value - 1;
    return memcmp(wanted->kinds + place * wanted->size, wanted->kind, wanted->size) == 0;
}

/* The number of an equal kind, or `count`, which the kind is then known by. */
static uint32_t find_kind(struct map *index, struct kind_key key, uint32_t count)
{
    uint64_t hash = hash_bytes(0, key.kind, key.size);
    const void *found = map_get(index, hash, kind_is, &key);
    if (found)
        return (uint32_t)((uintptr_t)found - 1);
    map_put(index, hash, (void *)((uintptr_t)count + 1)); /* NOLINT(performance-no-int-to-ptr) */
    return count;
}

uint32_t workload_add_node_kind(struct workload *workload, const struct workload_node_kind *kind)
{
    uint32_t count = workload->node_kind_count;
    struct workload_node_kind copy;
    copy_node_kind(&copy, kind);
    struct kind_key key = {(const unsigned char *)workload->node_kinds, &copy, sizeof(copy)};
    uint32_t place = find_kind(&workload->kind_index[INDEX_NODES], key, count);
    if (place < count)
        return place;
    workload->node_kinds =
        grown(workload, ARRAY_NODE_KINDS, workload->node_kinds, count, sizeof(copy));
    memcpy(&workload->node_kinds[workload->node_kind_count++], &copy, sizeof(copy));
    return count;
}

uint32_t workload_add_pod_kind(struct workload *workload, const struct workload_pod_kind *kind)
{
    uint32_t count = workload->pod_kind_count;
    struct workload_pod_kind copy;
    copy_pod_kind(&copy, kind);
    struct kind_key key = {(const unsigned char *)workload->pod_kinds, &copy, sizeof(copy)};
    uint32_t place = find_kind(&workload->kind_index[INDEX_PODS], key, count);
    if (place < count)
        return place;
    workload->pod_kinds =
        grown(workload, ARRAY_POD_KINDS, workload->pod_kinds, count, sizeof(copy));
    memcpy(&workload->pod_kinds[workload->pod_kind_count++], &copy, sizeof(copy));
    return count;
}

/* ---- nodes, pods, policies ---- */

void workload_add_node(struct workload *workload, const struct workload_node *node)
{
    CHECK(workload->node_count < WORKLOAD_NODES_MAX);
    CHECK(node->kind < workload->node_kind_count);
    CHECK(node->joins_ms >= 0 && node->leaves_ms >= node->joins_ms);
    workload->nodes =
        grown(workload, ARRAY_NODES, workload->nodes, workload->node_count, sizeof(*node));
    workload->nodes[workload->node_count++] = *node;
}

void workload_add_pod(struct workload *workload, const struct workload_pod *pod)
{
    CHECK(workload->pod_count < WORKLOAD_PODS_MAX);
    CHECK(pod->kind < workload->pod_kind_count);
    CHECK(pod->created_ms >= 0 && pod->runs_ms >= 0 && pod->gone_ms >= pod->created_ms);
    workload->pods = grown(workload, ARRAY_PODS, workload->pods, workload->pod_count, sizeof(*pod));
    workload->pods[workload->pod_count++] = *pod;
}

void workload_add_policy(struct workload *workload, const char *json)
{
    workload->policies = grown(workload, ARRAY_POLICIES, workload->policies, workload->policy_count,
                               sizeof(*workload->policies));
    workload->policies[workload->policy_count++] = mem_strdup(json);
}

/* ---- order ---- */

struct moment {
    int64_t at_ms;
    uint32_t place;
};

/* qsort() is not stable: what is at one time keeps its order by its place. */
static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Brings `count` items of `size` bytes into the order of the moments; frees those. */
static void *reorder(void *items, size_t size, struct moment *owned_moments, uint32_t count)
{
    const unsigned char *from = items;
    qsort(owned_moments, count, sizeof(*owned_moments), compare_moments);
    unsigned char *to = mem_zalloc(count, size);
    for (uint32_t i = 0; i < count; i++)
        memcpy(to + i * size, from + owned_moments[i].place * size, size);
    free(owned_moments);
    free(items);
    return to;
}

void workload_sort(struct workload *workload)
{
    struct moment *joins = mem_zalloc(workload->node_count, sizeof(*joins));
    for (uint32_t i = 0; i < workload->node_count; i++)
        joins[i] = (struct moment){workload->nodes[i].joins_ms, i};
    workload->nodes =
        reorder(workload->nodes, sizeof(*workload->nodes), joins, workload->node_count);
    workload->capacity[ARRAY_NODES] = workload->node_count;
    struct moment *created = mem_zalloc(workload->pod_count, sizeof(*created));
    for (uint32_t i = 0; i < workload->pod_count; i++)
        created[i] = (struct moment){workload->pods[i].created_ms, i};
    workload->pods = reorder(workload->pods, sizeof(*workload->pods), created, workload->pod_count);
    workload->capacity[ARRAY_PODS] = workload->pod_count;
}
