/* What was seen of nodes: static columns, allocatable, images. */
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/cluster.h"
#include "model/cluster_private.h"

static uint64_t hash_image(uint32_t name_sym)
{
    return hash_mix(name_sym, 0x696d616765u);
}

static bool image_has_name(const void *value, const void *key)
{
    return ((const struct image *)value)->name_sym == *(const uint32_t *)key;
}

const struct image *cluster_image(const struct cluster *cluster, uint32_t name_sym)
{
    return map_get(&cluster->images, hash_image(name_sym), image_has_name, &name_sym);
}

static void count_image(struct cluster *cluster, uint32_t name_sym, int sign)
{
    uint64_t hash = hash_image(name_sym);
    struct image *image = map_get(&cluster->images, hash, image_has_name, &name_sym);
    CHECK(image != NULL);
    if (sign > 0) {
        image->node_count++;
        return;
    }
    CHECK(image->node_count > 0);
    if (--image->node_count == 0) {
        (void)map_remove(&cluster->images, hash, image_has_name, &name_sym);
        free(image);
    }
}

void cluster_count_images(struct cluster *cluster, const struct node *node, int sign)
{
    for (uint32_t i = 0; i < node->image_count; i++)
        count_image(cluster, node->image_syms[i], sign);
}

/* Makes sure that each image has its record; the size is the one first reported. */
static void learn_images(struct cluster *cluster, const struct node_object *object)
{
    for (uint32_t i = 0; i < object->image_count; i++) {
        for (uint32_t n = 0; n < object->images[i].name_count; n++) {
            uint32_t name_sym = object->images[i].name_syms[n];
            if (cluster_image(cluster, name_sym))
                continue;
            struct image *image = mem_zalloc(1, sizeof(*image));
            image->name_sym = name_sym;
            image->size_bytes = object->images[i].size_bytes;
            map_put(&cluster->images, hash_image(name_sym), image);
        }
    }
}

/* All names of all images, ascending, once each; yours. */
static uint32_t *collect_images(const struct node_object *object, uint32_t *ret_count)
{
    uint32_t total = 0, count = 0;
    for (uint32_t i = 0; i < object->image_count; i++)
        total += object->images[i].name_count;
    uint32_t *syms = mem_zalloc(total, sizeof(uint32_t));
    for (uint32_t i = 0; i < object->image_count; i++)
        for (uint32_t n = 0; n < object->images[i].name_count; n++)
            syms[count++] = object->images[i].name_syms[n];
    qsort(syms, count, sizeof(*syms), symbol_compare);
    uint32_t unique = 0;
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || syms[i] != syms[i - 1])
            syms[unique++] = syms[i];
    *ret_count = unique;
    return syms;
}

static bool see_images(struct cluster *cluster, struct node *node, const struct node_object *object)
{
    uint32_t count;
    uint32_t *syms = collect_images(object, &count);
    if (count == node->image_count &&
        (count == 0 || memcmp(syms, node->image_syms, count * sizeof(*syms)) == 0)) {
        free(syms);
        return false;
    }
    learn_images(cluster, object);
    struct node old = *node;
    node->image_syms = syms;
    node->image_count = count;
    cluster_count_images(cluster, node,
                         1); /* first the new, so that a shared one keeps its record */
    cluster_count_images(cluster, &old, -1);
    free(old.image_syms);
    return true;
}

static struct labels copy_labels(const struct labels *labels)
{
    struct labels copy = {labels->count, mem_zalloc(labels->count, sizeof(struct label))};
    if (labels->count > 0)
        memcpy(copy.items, labels->items, labels->count * sizeof(struct label));
    labels_sort(&copy);
    return copy;
}

static struct taints copy_taints(const struct taints *taints)
{
    struct taints copy = {taints->count, mem_zalloc(taints->count, sizeof(struct taint))};
    if (taints->count > 0)
        memcpy(copy.items, taints->items, taints->count * sizeof(struct taint));
    return copy;
}

static bool labels_equal(const struct labels *a, const struct labels *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof(struct label)) == 0);
}

static bool taints_equal(const struct taints *a, const struct taints *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof(struct taint)) == 0);
}

/* The static side: the old one moves to `before`, where wake-up rules can compare. */
static uint32_t see_static(struct node *node, const struct node_object *object,
                           struct node_before *before)
{
    *before = (struct node_before){node->is_unschedulable, node->labels, node->taints};
    node->labels = copy_labels(&object->labels);
    node->taints = copy_taints(&object->taints);
    node->is_unschedulable = object->is_unschedulable;
    bool had_problem = node->has_problem;
    node->has_problem = object->problem.len > 0;
    uint32_t bits = 0;
    bits |= labels_equal(&node->labels, &before->labels) ? 0 : NODE_LABELS;
    bits |= taints_equal(&node->taints, &before->taints) ? 0 : NODE_TAINTS;
    bits |= node->has_problem != had_problem ? NODE_PROBLEM : 0;
    if (node->is_unschedulable != before->is_unschedulable)
        bits |= node->is_unschedulable ? NODE_NOW_UNSCHEDULABLE : NODE_NOW_SCHEDULABLE;
    return bits;
}

/* A resource that no node offered before: what its pods hold was not counted yet. */
static void sum_column(struct cluster *cluster, uint32_t column)
{
    struct node_table *nodes = &cluster->nodes;
    for (uint32_t slot = 0; slot < nodes->slot_count; slot++) {
        struct node *node = nodes->nodes[slot];
        for (struct pod *pod = node ? node->pods : NULL; pod; pod = pod->node_next) {
            int64_t held = requests_get(pod->held, nodes->columns[column].name_sym);
            nodes->columns[column].used[slot] += resource_accounted(held);
        }
    }
}

static void set_column(struct cluster *cluster, uint32_t column, uint32_t slot, int64_t amount,
                       struct node_change *change)
{
    int64_t before = cluster->nodes.columns[column].allocatable[slot];
    if (amount == before)
        return;
    node_table_set_allocatable(&cluster->nodes, column, slot, amount);
    change->bits |= NODE_ALLOCATABLE;
    if (amount > before)
        change->raised_columns |= UINT64_C(1) << column;
}

static int64_t amounts_get(const struct amounts *amounts, uint32_t name_sym)
{
    int64_t amount = 0; /* the last one wins, as in a JSON object */
    for (uint32_t i = 0; i < amounts->count; i++)
        if (amounts->items[i].name_sym == name_sym)
            amount = amounts->items[i].amount;
    return amount > 0 ? amount : 0;
}

static void see_allocatable(struct cluster *cluster, struct node *node,
                            const struct node_object *object, struct node_change *change)
{
    for (uint32_t i = 0; i < object->allocatable.count; i++) {
        bool is_new;
        uint32_t column = node_table_ensure_column(&cluster->nodes,
                                                   object->allocatable.items[i].name_sym, &is_new);
        if (is_new)
            sum_column(cluster, column);
    }
    for (uint32_t column = 0; column < cluster->nodes.column_count; column++)
        set_column(cluster, column, node->slot,
                   amounts_get(&object->allocatable, cluster->nodes.columns[column].name_sym),
                   change);
}

/* The same name with another UID is another node: the old one is gone first. */
static void drop_predecessor(struct cluster *cluster, const struct node_object *object)
{
    struct node *node = node_table_find(&cluster->nodes, object->name_sym);
    if (!node || !node->is_present || uid_equal(node->uid, object->uid))
        return;
    struct node_change gone;
    cluster_drop_node(cluster, object->name_sym, node->uid, &gone);
    node_change_fini(&gone);
}

void cluster_see_node(struct cluster *cluster, const struct node_object *object,
                      struct node_change *ret_change)
{
    *ret_change = (struct node_change){0};
    drop_predecessor(cluster, object);
    struct node *node = node_table_ensure(&cluster->nodes, object->name_sym);
    ret_change->node = node;
    node->list_epoch = cluster->node_epoch;
    uint64_t version = cluster_version(cluster, object->resource_version);
    bool is_same = node->is_present && node->resource_version == version;
    if (is_same && !node->has_problem) /* what could not be read may have been spoilt on the way */
        return;
    node->resource_version = version;
    node->uid = object->uid;
    ret_change->bits = see_static(node, object, &ret_change->before);
    see_allocatable(cluster, node, object, ret_change);
    if (see_images(cluster, node, object))
        ret_change->bits |= NODE_IMAGES;
    if (!node->is_present) {
        ret_change->bits |= NODE_ADDED;
        node_table_set_present(&cluster->nodes, node, true);
    } else if (ret_change->bits & ~(uint32_t)(NODE_ALLOCATABLE | NODE_IMAGES)) {
        node_table_log_static(&cluster->nodes, node->slot);
    }
    if (ret_change->bits)
        cluster_note_gain(cluster);
}

void cluster_drop_node(struct cluster *cluster, uint32_t name_sym, struct uid uid,
                       struct node_change *ret_change)
{
    *ret_change = (struct node_change){0};
    struct node *node = node_table_find(&cluster->nodes, name_sym);
    if (!node || !node->is_present || !uid_equal(node->uid, uid))
        return;
    ret_change->bits = NODE_REMOVED;
    ret_change->before = (struct node_before){node->is_unschedulable, node->labels, node->taints};
    node->labels = (struct labels){0};
    node->taints = (struct taints){0};
    cluster_count_images(cluster, node, -1);
    free(node->image_syms);
    node->image_syms = NULL;
    node->image_count = 0;
    for (uint32_t column = 0; column < cluster->nodes.column_count; column++)
        node_table_set_allocatable(&cluster->nodes, column, node->slot, 0);
    node_table_set_present(&cluster->nodes, node, false);
    cluster_note_gain(cluster);
    if (node->pod_count == 0)
        node_table_release(&cluster->nodes, node);
    else
        ret_change->node = node;
}

void node_change_fini(struct node_change *change)
{
    free(change->before.labels.items);
    free(change->before.taints.items);
    *change = (struct node_change){0};
}
