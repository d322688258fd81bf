#include "model/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/cluster_private.h"
#include "model/node_ports.h"

enum { PODS_PER_CHUNK = 256 };

void cluster_init(struct cluster *cluster, struct symbols *symbols, uint64_t hash_seed)
{
    *cluster = (struct cluster){.symbols = symbols, .hash_seed = hash_seed};
    node_table_init(&cluster->nodes);
    shape_table_init(&cluster->shapes, symbols, hash_seed);
    pod_meta_table_init(&cluster->metas, hash_seed);
    map_init(&cluster->pods);
    map_init(&cluster->images);
    pool_init(&cluster->names);
}

static void pod_fini(struct cluster *cluster, struct pod *pod)
{
    shape_unref(&cluster->shapes, pod->shape);
    pod_meta_unref(&cluster->metas, pod->meta);
    requests_unref(&cluster->shapes, pod->held);
    pool_free(&cluster->names, pod->name, strlen(pod->name) + 1);
    free(pod->problem);
}

void cluster_fini(struct cluster *cluster)
{
    size_t position = 0;
    for (struct pod *pod; (pod = map_next(&cluster->pods, &position));)
        pod_fini(cluster, pod);
    position = 0;
    for (struct image *image; (image = map_next(&cluster->images, &position));)
        free(image);
    map_fini(&cluster->pods);
    map_fini(&cluster->images);
    pool_fini(&cluster->names);
    node_table_fini(&cluster->nodes);
    shape_table_fini(&cluster->shapes);
    pod_meta_table_fini(&cluster->metas);
    for (uint32_t i = 0; i < cluster->pod_chunk_count; i++)
        free(cluster->pod_chunks[i]);
    free(cluster->pod_chunks);
}

uint64_t cluster_version(const struct cluster *cluster, struct str resource_version)
{
    uint64_t number = 0;
    bool is_decimal = resource_version.len > 0 && resource_version.len < 19;
    for (size_t i = 0; is_decimal && i < resource_version.len; i++) {
        char digit = resource_version.ptr[i];
        is_decimal = digit >= '0' && digit <= '9' && (digit != '0' || i > 0);
        number = number * 10 + (uint64_t)(digit - '0');
    }
    if (is_decimal)
        return number;
    return hash_bytes(cluster->hash_seed, resource_version.ptr, resource_version.len) | UINT64_C(1)
                                                                                            << 63;
}

/* Pods by namespace and name */

static uint64_t hash_pod(const struct cluster *cluster, uint32_t namespace_sym, struct str name)
{
    return hash_bytes(cluster->hash_seed ^ namespace_sym, name.ptr, name.len);
}

static bool pod_has_name(const void *value, const void *key)
{
    const struct pod *pod = value;
    const struct pod_ref *wanted = key;
    return pod->namespace_sym == wanted->namespace_sym &&
           strncmp(pod->name, wanted->name.ptr, wanted->name.len) == 0 &&
           pod->name[wanted->name.len] == '\0';
}

struct pod *cluster_find_pod(const struct cluster *cluster, uint32_t namespace_sym, struct str name)
{
    struct pod_ref key = {.namespace_sym = namespace_sym, .name = name};
    return map_get(&cluster->pods, hash_pod(cluster, namespace_sym, name), pod_has_name, &key);
}

struct pod *cluster_next_pod(const struct cluster *cluster, size_t *position)
{
    return map_next(&cluster->pods, position);
}

struct pod_ref pod_ref(const struct pod *pod)
{
    return (struct pod_ref){pod->namespace_sym, str_from(pod->name), pod->uid};
}

/* Records come from chunks: one malloc for 256 pods, and a free list. */
static struct pod *pod_alloc(struct cluster *cluster)
{
    if (!cluster->free_pods) {
        struct pod *chunk = mem_zalloc(PODS_PER_CHUNK, sizeof(*chunk));
        uint32_t count = cluster->pod_chunk_count++;
        if ((count & (count - 1)) == 0) /* full: doubled */
            cluster->pod_chunks = mem_resize(cluster->pod_chunks, count ? (size_t)count * 2 : 1,
                                             sizeof(*cluster->pod_chunks));
        cluster->pod_chunks[count] = chunk;
        for (uint32_t i = PODS_PER_CHUNK; i-- > 0;) {
            chunk[i].queue_next = cluster->free_pods;
            cluster->free_pods = &chunk[i];
        }
    }
    struct pod *pod = cluster->free_pods;
    cluster->free_pods = pod->queue_next;
    *pod = (struct pod){.node_slot = NODE_SLOT_NONE, .queue_place = QUEUE_NOWHERE};
    return pod;
}

struct pod *cluster_new_pod(struct cluster *cluster, const struct pod_object *object)
{
    struct pod *pod = pod_alloc(cluster);
    pod->uid = object->uid;
    pod->name = pool_copy(&cluster->names, object->name);
    pod->namespace_sym = object->namespace_sym;
    map_put(&cluster->pods, hash_pod(cluster, pod->namespace_sym, object->name), pod);
    cluster->pod_count++;
    return pod;
}

uint32_t cluster_drop_pod(struct cluster *cluster, struct pod *pod)
{
    CHECK(pod->queue_place == QUEUE_NOWHERE);
    uint32_t slot = pod->node_slot;
    if (pod->place != POD_PENDING)
        cluster_take_off(cluster, pod);
    struct pod_ref key = pod_ref(pod);
    CHECK(map_remove(&cluster->pods, hash_pod(cluster, key.namespace_sym, key.name), pod_has_name,
                     &key) == pod);
    pod_fini(cluster, pod);
    *pod = (struct pod){.queue_next = cluster->free_pods};
    cluster->free_pods = pod;
    cluster->pod_count--;
    return slot;
}

void cluster_note_gain(struct cluster *cluster)
{
    cluster->change_count++;
    cluster->gain_count++;
}

/* Usage: the one place where a pod starts and stops to count on a node */

void cluster_put_on(struct cluster *cluster, struct pod *pod, struct node *node,
                    enum pod_place place, struct requests *owned_held)
{
    CHECK(pod->place == POD_PENDING && place != POD_PENDING && !pod->held);
    pod->held = owned_held;
    pod->node_slot = node->slot;
    pod->place = (uint8_t)place;
    pod->node_prev = NULL;
    pod->node_next = node->pods;
    if (node->pods)
        node->pods->node_prev = pod;
    node->pods = pod;
    node->pod_count++;
    node_table_account(&cluster->nodes, node->slot, pod->held, 1);
    node_add_ports(node, pod->shape->ports, pod->shape->port_count);
    *(place == POD_BOUND ? &cluster->bound_count : &cluster->assumed_count) += 1;
    cluster->change_count++;
}

void cluster_take_off(struct cluster *cluster, struct pod *pod)
{
    CHECK(pod->place != POD_PENDING);
    struct node *node = cluster->nodes.nodes[pod->node_slot];
    *(pod->node_prev ? &pod->node_prev->node_next : &node->pods) = pod->node_next;
    if (pod->node_next)
        pod->node_next->node_prev = pod->node_prev;
    pod->node_prev = pod->node_next = NULL;
    node->pod_count--;
    node_table_account(&cluster->nodes, node->slot, pod->held, -1);
    node_remove_ports(node, pod->shape->ports, pod->shape->port_count);
    requests_unref(&cluster->shapes, pod->held);
    pod->held = NULL;
    *(pod->place == POD_BOUND ? &cluster->bound_count : &cluster->assumed_count) -= 1;
    pod->place = POD_PENDING;
    pod->node_slot = NODE_SLOT_NONE;
    cluster_note_gain(cluster);
    if (!node->is_present && node->pod_count == 0)
        node_table_release(&cluster->nodes, node);
}

void cluster_assume(struct cluster *cluster, struct pod *pod, uint32_t slot)
{
    CHECK(slot < cluster->nodes.slot_count);
    CHECK(cluster->nodes.nodes[slot] && cluster->nodes.nodes[slot]->is_present);
    CHECK(pod->queue_place == QUEUE_NOWHERE);
    cluster_put_on(cluster, pod, cluster->nodes.nodes[slot], POD_ASSUMED,
                   requests_ref(pod->shape->requests));
}

void cluster_forget(struct cluster *cluster, struct pod *pod)
{
    CHECK(pod->place == POD_ASSUMED);
    cluster_take_off(cluster, pod);
}

/* Lists */

void cluster_begin_node_list(struct cluster *cluster)
{
    cluster->node_epoch++;
}

void cluster_begin_pod_list(struct cluster *cluster)
{
    cluster->pod_epoch++;
}

struct node *cluster_unlisted_node(const struct cluster *cluster, uint32_t *position)
{
    while (*position < cluster->nodes.slot_count) {
        struct node *node = cluster->nodes.nodes[(*position)++];
        if (node && node->is_present && node->list_epoch != cluster->node_epoch)
            return node;
    }
    return NULL;
}

static struct pod *next_pod(const struct cluster *cluster, uint32_t *position)
{
    while (*position < cluster->pod_chunk_count * PODS_PER_CHUNK) {
        struct pod *chunk = cluster->pod_chunks[*position / PODS_PER_CHUNK];
        struct pod *pod = &chunk[(*position)++ % PODS_PER_CHUNK];
        if (pod->name)
            return pod;
    }
    return NULL;
}

struct pod *cluster_unlisted_pod(const struct cluster *cluster, uint32_t *position)
{
    struct pod *pod;
    while ((pod = next_pod(cluster, position)) && pod->list_epoch == cluster->pod_epoch)
        ;
    return pod;
}
