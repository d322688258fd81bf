/*
 * NodeResourcesBalancedAllocation (kube-scheduler plugins/noderesources/balanced_allocation.go;
 * kube-scheduler.md A11): prefers nodes whose cpu and memory fill up at the same rate.
 *
 * The rule, over real requests, without stand-ins for containers that ask nothing:
 *   1. skipped when the pod asks neither cpu nor memory
 *   2. f = min(1, used / allocatable) for each of the two; one of which the node has none is left
 * out
 *   3. std = |f_cpu - f_memory| / 2, and 0 when fewer than two are left
 *   4. s = (1 - std) * 100, cut to an integer
 *   5. up to 1.35 the score is s with the pod; since 1.36 it is
 *      50 + (50 + s(with) - s(without)) / 2, so that a pod that changes nothing gives 75
 *
 * Doubles, because the cut of step 4 must fall where kube's does. The set of resources is fixed to
 * kube's default, cpu and memory.
 */
#include "sched/score.h"

struct balance_columns {
    const struct resource_column *cpu, *memory;
};

static struct balance_columns columns_of(const struct score_input *in)
{
    const struct resource_column *columns = in->cluster->nodes.columns;
    return (struct balance_columns){&columns[RESOURCE_CPU], &columns[RESOURCE_MEMORY]};
}

static bool balance_applies(const struct score_input *in)
{
    const struct requests *requests = in->shape->requests;
    return requests->fixed[RESOURCE_CPU] > 0 || requests->fixed[RESOURCE_MEMORY] > 0; /* 1 */
}

static double fraction(int64_t used, int64_t allocatable)
{
    double exact = (double)used / (double)allocatable;
    return exact > 1 ? 1 : exact; /* 2 */
}

/* Steps 2 to 4 for a node that `cpu` and `memory` are added to. */
static int64_t balance_of(const struct balance_columns *columns, uint32_t slot, int64_t cpu_milli,
                          int64_t memory_bytes)
{
    int64_t cpu_capacity = columns->cpu->allocatable[slot];
    int64_t memory_capacity = columns->memory->allocatable[slot];
    if (cpu_capacity <= 0 || memory_capacity <= 0)
        return SCORE_MAX; /* 3: nothing to compare */
    double difference =
        fraction(resource_add(columns->cpu->used[slot], cpu_milli), cpu_capacity) -
        fraction(resource_add(columns->memory->used[slot], memory_bytes), memory_capacity);
    double deviation = (difference < 0 ? -difference : difference) / 2; /* 3 */
    return (int64_t)((1 - deviation) * SCORE_MAX);                      /* 4 */
}

static void balance_run(const struct score_input *in, int64_t *ret_scores)
{
    const struct balance_columns columns = columns_of(in);
    const int64_t cpu_milli = in->shape->requests->fixed[RESOURCE_CPU];
    const int64_t memory_bytes = in->shape->requests->fixed[RESOURCE_MEMORY];
    for (uint32_t i = 0; i < in->count; i++) {
        int64_t with = balance_of(&columns, in->slots[i], cpu_milli, memory_bytes);
        ret_scores[i] = with;
        if (in->config->is_balance_neutral) { /* 5 */
            int64_t without = balance_of(&columns, in->slots[i], 0, 0);
            ret_scores[i] = SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2;
        }
    }
}

const struct score score_balanced_allocation = {
    .name = "NodeResourcesBalancedAllocation",
    .basis = SCORE_BY_USAGE,
    .applies = balance_applies,
    .run = balance_run,
};
