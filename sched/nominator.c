#include "sched/nominator.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "model/node_ports.h"

void nominator_init(struct nominator *nominator)
{
    *nominator = (struct nominator){0};
}

void nominator_fini(struct nominator *nominator)
{
    free(nominator->pods);
}

void nominator_remove(struct nominator *nominator, const struct pod *pod)
{
    for (uint32_t i = 0; i < nominator->count; i++) {
        if (nominator->pods[i] != pod)
            continue;
        nominator->count--;
        for (uint32_t k = i; k < nominator->count; k++)
            nominator->pods[k] = nominator->pods[k + 1];
        return;
    }
}

void nominator_update(struct nominator *nominator, struct pod *pod)
{
    nominator_remove(nominator, pod);
    if (nominator_node(pod) == SYM_EMPTY)
        return;
    if (nominator->count == nominator->capacity) {
        nominator->capacity = (uint32_t)mem_grow(nominator->capacity, nominator->count + 1);
        nominator->pods =
            mem_resize(nominator->pods, nominator->capacity, sizeof(*nominator->pods));
    }
    nominator->pods[nominator->count++] = pod;
}

static bool counts_against(const struct pod *nominated, const struct pod *pod, uint32_t node_sym)
{
    return nominated != pod && nominated->priority >= pod->priority &&
           nominated->nominated_node_sym == node_sym;
}

bool nominator_counts(const struct nominator *nominator, const struct cluster *cluster,
                      const struct pod *pod, uint32_t slot)
{
    uint32_t node_sym = cluster->nodes.nodes[slot]->name_sym;
    for (uint32_t i = 0; i < nominator->count; i++)
        if (counts_against(nominator->pods[i], pod, node_sym))
            return true;
    return false;
}

static void nominator_account(const struct nominator *nominator, struct cluster *cluster,
                              const struct pod *pod, uint32_t slot, int sign)
{
    struct node *node = cluster->nodes.nodes[slot];
    for (uint32_t i = 0; i < nominator->count; i++) {
        const struct pod *nominated = nominator->pods[i];
        if (!counts_against(nominated, pod, node->name_sym))
            continue;
        node_table_account(&cluster->nodes, slot, nominated->shape->requests, sign);
        if (sign > 0)
            node_add_ports(node, nominated->shape->ports, nominated->shape->port_count);
        else
            node_remove_ports(node, nominated->shape->ports, nominated->shape->port_count);
    }
}

enum verdict nominator_explain(const struct nominator *nominator, struct cluster *cluster,
                               const struct pod *pod, uint32_t slot, struct reasons *reasons,
                               enum plugin *ret_refused_by)
{
    const struct filter_input in = {
        .cluster = cluster,
        .shape = pod->shape,
        .is_nominated = cluster->nodes.nodes[slot]->name_sym == pod->nominated_node_sym,
    };
    nominator_account(nominator, cluster, pod, slot, 1);
    enum verdict verdict = filters_explain(&in, slot, reasons, ret_refused_by);
    nominator_account(nominator, cluster, pod, slot, -1);
    return verdict;
}
