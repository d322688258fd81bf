/* The invariants of the cluster, walked whole: for tests and debug runs, not for the hot path. One
 * node at a time is checked in releases too (sched/sched_check.c). */
#include "model/cluster.h"
#include "model/node_bounds.h"
#include "model/node_ports.h"

void cluster_check_node(const struct cluster *cluster, const struct node *node)
{
    const struct node_table *nodes = &cluster->nodes;
    int64_t used[RESOURCE_COLUMNS_MAX] = {0};
    int64_t nonzero_cpu = 0, nonzero_memory = 0;
    uint32_t pods = 0, ports = 0, port_uses = 0;
    for (const struct pod *pod = node->pods; pod; pod = pod->node_next) {
        CHECK(pod->node_slot == node->slot && pod->place != POD_PENDING && pod->held);
        CHECK(!pod->node_next || pod->node_next->node_prev == pod);
        for (uint32_t i = 0; i < nodes->column_count; i++)
            used[i] += resource_accounted(requests_get(pod->held, nodes->columns[i].name_sym));
        nonzero_cpu += resource_accounted(pod->held->nonzero_cpu_milli);
        nonzero_memory += resource_accounted(pod->held->nonzero_memory_bytes);
        ports += pod->shape->port_count;
        pods++;
    }
    CHECK(pods == node->pod_count);
    for (uint32_t i = 0; i < nodes->column_count; i++)
        CHECK(used[i] == nodes->columns[i].used[node->slot]);
    CHECK(nonzero_cpu == nodes->nonzero_cpu_milli[node->slot]);
    CHECK(nonzero_memory == nodes->nonzero_memory_bytes[node->slot]);
    for (uint32_t i = 0; i < node->port_count; i++) {
        CHECK(i == 0 || host_port_compare(&node->ports[i - 1].port, &node->ports[i].port) < 0);
        port_uses += node->ports[i].pods;
    }
    CHECK(port_uses == ports);
}

static void check_nodes(const struct cluster *cluster)
{
    const struct node_table *nodes = &cluster->nodes;
    uint32_t present = 0;
    for (uint32_t slot = 0; slot < nodes->slot_count; slot++) {
        const struct node *node = nodes->nodes[slot];
        CHECK(bitset_test(&nodes->present, slot) == (node && node->is_present));
        if (!node)
            continue;
        CHECK(node->slot == slot && node_table_find(nodes, node->name_sym) == node);
        CHECK(node->is_present || node->pod_count > 0);
        present += node->is_present;
        cluster_check_node(cluster, node);
    }
    node_bounds_check(nodes);
    bitset_check(&nodes->present);
    CHECK(present == nodes->present_count && bitset_count(&nodes->present) == present);
}

static void check_pods(const struct cluster *cluster)
{
    uint32_t bound = 0, assumed = 0;
    size_t position = 0;
    for (const struct pod *pod; (pod = map_next(&cluster->pods, &position));) {
        CHECK(cluster_find_pod(cluster, pod->namespace_sym, str_from(pod->name)) == pod);
        CHECK(pod->shape && pod->shape->refs > 0);
        CHECK(pod->meta && pod->meta->refs > 0);
        CHECK((pod->place == POD_PENDING) == (pod->node_slot == NODE_SLOT_NONE));
        CHECK((pod->place == POD_PENDING) == (pod->held == NULL));
        CHECK(pod->place == POD_PENDING || pod->queue_place == QUEUE_NOWHERE);
        bound += pod->place == POD_BOUND;
        assumed += pod->place == POD_ASSUMED;
    }
    CHECK(bound == cluster->bound_count && assumed == cluster->assumed_count);
    CHECK(cluster->pods.count == cluster->pod_count);
}

static void check_images(const struct cluster *cluster)
{
    uint64_t holdings = 0, counted = 0;
    for (uint32_t slot = 0; slot < cluster->nodes.slot_count; slot++)
        holdings += cluster->nodes.nodes[slot] ? cluster->nodes.nodes[slot]->image_count : 0;
    size_t position = 0;
    for (const struct image *image; (image = map_next(&cluster->images, &position));)
        counted += image->node_count;
    CHECK(holdings == counted);
}

void cluster_check(const struct cluster *cluster)
{
    check_nodes(cluster);
    check_pods(cluster);
    check_images(cluster);
}
