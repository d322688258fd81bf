/*
 * The invariants of the core (reliability 5.2), in three sizes: of one pod after each change (I12),
 * of one node now and then (I13), and of everything, for tests. The first two are on in releases:
 * they cost a few loads a change and, spread out, about one pod's sums a pass.
 */
#include "sched/sched_private.h"

enum {
    NODE_CHECK_PASSES_MIN = 64, /* between two nodes; and one more for each pod that was added up */
    NODE_CHECK_PODS_MAX = 8192, /* adding up more would hold the loop for a millisecond */
};

void sched_check_pod(const struct sched *sched, const struct pod *pod)
{
    bool is_pending = pod->place == POD_PENDING;
    CHECK(is_pending == (pod->node_slot == NODE_SLOT_NONE) && is_pending == (pod->held == NULL));
    if (is_pending) {
        bool waits = pod->is_ours && !pod->is_deleting;
        CHECK(pod->queue_place != QUEUE_NOWHERE || !waits);
        CHECK(pod->bind_phase == BIND_NONE);
    } else {
        CHECK(pod->queue_place == QUEUE_NOWHERE);
    }
    queue_check_pod(sched->queue, pod);
}

void sched_check_some(struct sched *sched)
{
    const struct node_table *nodes = &sched->cluster.nodes;
    if (sched->node_check_passes > 0) {
        sched->node_check_passes--;
        return;
    }
    if (sched->node_check_slot >= nodes->slot_count)
        sched->node_check_slot = 0;
    if (nodes->slot_count == 0)
        return;
    const struct node *node = nodes->nodes[sched->node_check_slot++];
    uint32_t pod_count = node && node->pod_count <= NODE_CHECK_PODS_MAX ? node->pod_count : 0;
    if (pod_count > 0)
        cluster_check_node(&sched->cluster, node);
    sched->node_check_passes = NODE_CHECK_PASSES_MIN + pod_count;
}

void sched_check(const struct sched *sched)
{
    cluster_check(&sched->cluster);
    book_check(sched->book);
    queue_check(sched->queue);
    uint32_t open = 0, unknown = 0;
    size_t position = 0;
    for (const struct pod *pod; (pod = map_next(&sched->cluster.pods, &position));) {
        sched_check_pod(sched, pod);
        open += pod->bind_phase != BIND_NONE;
        unknown += pod->bind_phase == BIND_READING || pod->bind_phase == BIND_WAITING;
    }
    CHECK(open == sched->binds_open && unknown == sched->binds_unknown);
}
