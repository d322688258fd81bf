#include "sched/nominator.h"

#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/node_ports.h"

/* Those of one node; there while there are some. */
struct nominees {
    uint32_t node_sym;
    struct nominee *first, *last;
};

static uint64_t pod_hash(const struct pod *pod)
{
    return hash_mix(pod->uid.hi, pod->uid.lo);
}

static bool is_of_pod(const void *value, const void *key)
{
    return ((const struct nominee *)value)->pod == key;
}

static uint64_t node_hash(uint32_t node_sym)
{
    return hash_mix(node_sym, 1);
}

static bool is_of_node(const void *value, const void *key)
{
    return ((const struct nominees *)value)->node_sym == *(const uint32_t *)key;
}

static struct nominees *find_nominees(const struct nominator *nominator, uint32_t node_sym)
{
    return map_get(&nominator->by_node, node_hash(node_sym), is_of_node, &node_sym);
}

void nominator_init(struct nominator *nominator)
{
    *nominator = (struct nominator){0};
    map_init(&nominator->by_pod);
    map_init(&nominator->by_node);
}

void nominator_fini(struct nominator *nominator)
{
    size_t position = 0;
    for (void *nominee; (nominee = map_next(&nominator->by_pod, &position));)
        free(nominee);
    position = 0;
    for (void *nominees; (nominees = map_next(&nominator->by_node, &position));)
        free(nominees);
    map_fini(&nominator->by_pod);
    map_fini(&nominator->by_node);
}

static void unlink_nominee(struct nominator *nominator, struct nominee *nominee)
{
    struct nominees *nominees = find_nominees(nominator, nominee->node_sym);
    CHECK(nominees);
    *(nominee->previous ? &nominee->previous->next : &nominees->first) = nominee->next;
    *(nominee->next ? &nominee->next->previous : &nominees->last) = nominee->previous;
    if (nominees->first)
        return;
    map_remove(&nominator->by_node, node_hash(nominees->node_sym), is_of_node, &nominees->node_sym);
    free(nominees);
}

void nominator_remove(struct nominator *nominator, const struct pod *pod)
{
    if (nominator->count == 0)
        return;
    struct nominee *nominee = map_remove(&nominator->by_pod, pod_hash(pod), is_of_pod, pod);
    if (!nominee)
        return;
    unlink_nominee(nominator, nominee);
    nominator->count--;
    free(nominee);
}

static struct nominees *ensure_nominees(struct nominator *nominator, uint32_t node_sym)
{
    struct nominees *nominees = find_nominees(nominator, node_sym);
    if (nominees)
        return nominees;
    nominees = mem_zalloc(1, sizeof(*nominees));
    nominees->node_sym = node_sym;
    map_put(&nominator->by_node, node_hash(node_sym), nominees);
    return nominees;
}

void nominator_update(struct nominator *nominator, struct pod *pod)
{
    nominator_remove(nominator, pod);
    if (nominator_node(pod) == SYM_EMPTY)
        return;
    struct nominees *nominees = ensure_nominees(nominator, pod->nominated_node_sym);
    struct nominee *nominee = mem_zalloc(1, sizeof(*nominee));
    *nominee = (struct nominee){pod, pod->nominated_node_sym, nominees->last, NULL};
    *(nominees->last ? &nominees->last->next : &nominees->first) = nominee;
    nominees->last = nominee;
    map_put(&nominator->by_pod, pod_hash(pod), nominee);
    nominator->count++;
}

struct nominee *nominator_first(const struct nominator *nominator, uint32_t node_sym)
{
    const struct nominees *nominees =
        nominator->count > 0 ? find_nominees(nominator, node_sym) : NULL;
    return nominees ? nominees->first : NULL;
}

static bool counts_against(const struct pod *nominated, const struct pod *pod)
{
    return nominated != pod && nominated->priority >= pod->priority;
}

bool nominator_counts(const struct nominator *nominator, const struct cluster *cluster,
                      const struct pod *pod, uint32_t slot)
{
    const struct nominee *nominee =
        nominator_first(nominator, cluster->nodes.nodes[slot]->name_sym);
    for (; nominee; nominee = nominee->next)
        if (counts_against(nominee->pod, pod))
            return true;
    return false;
}

void nominator_account(const struct nominator *nominator, struct cluster *cluster,
                       const struct pod *pod, uint32_t slot, int sign)
{
    struct node *node = cluster->nodes.nodes[slot];
    const struct nominee *nominee = nominator_first(nominator, node->name_sym);
    for (; nominee; nominee = nominee->next) {
        const struct pod *nominated = nominee->pod;
        if (!counts_against(nominated, pod))
            continue;
        node_table_account(&cluster->nodes, slot, nominated->shape->requests, sign);
        if (sign > 0)
            node_add_ports(node, nominated->shape->ports, nominated->shape->port_count);
        else
            node_remove_ports(node, nominated->shape->ports, nominated->shape->port_count);
    }
}

enum verdict nominator_explain(const struct nominator *nominator, const struct fitting *fitting,
                               uint32_t slot, struct reasons *reasons, enum plugin *ret_refused_by)
{
    struct cluster *cluster = fitting->cluster;
    const struct pod *pod = fitting->pod;
    const struct filter_input in = {
        .cluster = cluster,
        .shape = pod->shape,
        .is_nominated = cluster->nodes.nodes[slot]->name_sym == pod->nominated_node_sym,
        .type = fitting->type,
    };
    nominator_account(nominator, cluster, pod, slot, 1);
    enum verdict verdict = filters_explain(&in, slot, reasons, ret_refused_by);
    nominator_account(nominator, cluster, pod, slot, -1);
    return verdict;
}
