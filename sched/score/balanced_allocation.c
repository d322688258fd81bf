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
    const int64_t *cpu_allocatable, *cpu_used, *memory_allocatable, *memory_used; /* by slot */
    int64_t cpu_milli, memory_bytes;                                              /* of the pod */
};

static bool balance_applies(const struct score_input *in)
{
    const struct requests *requests = in->shape->requests;
    return requests->fixed[RESOURCE_CPU] > 0 || requests->fixed[RESOURCE_MEMORY] > 0; /* 1 */
}

static inline double fraction(int64_t used, double allocatable)
{
    double exact = (double)used / allocatable;
    return exact > 1 ? 1 : exact; /* 2 */
}

/* Steps 3 and 4. */
static inline int64_t balance_of(double cpu_fraction, double memory_fraction)
{
    double difference = cpu_fraction - memory_fraction;
    double deviation = (difference < 0 ? -difference : difference) / 2;
    return (int64_t)((1 - deviation) * SCORE_MAX);
}

/* Each capacity is read and converted once, for the node with the pod and without it. */
static inline int64_t balance_score(const struct balance_columns *columns, uint32_t slot,
                                    bool is_neutral)
{
    int64_t cpu_capacity = columns->cpu_allocatable[slot];
    int64_t memory_capacity = columns->memory_allocatable[slot];
    int64_t cpu_used = columns->cpu_used[slot], memory_used = columns->memory_used[slot];
    int64_t with = SCORE_MAX, without = SCORE_MAX;
    if (cpu_capacity > 0 && memory_capacity > 0) { /* 3: else nothing to compare */
        double cpu = (double)cpu_capacity, memory = (double)memory_capacity;
        with = balance_of(fraction(resource_add(cpu_used, columns->cpu_milli), cpu),
                          fraction(resource_add(memory_used, columns->memory_bytes), memory));
        if (is_neutral)
            without = balance_of(fraction(cpu_used, cpu), fraction(memory_used, memory));
    }
    return is_neutral ? SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2 : with; /* 5 */
}

static void balance_run(const struct score_input *in, int64_t *restrict ret_scores)
{
    const struct resource_column *cpu = &in->cluster->nodes.columns[RESOURCE_CPU];
    const struct resource_column *memory = &in->cluster->nodes.columns[RESOURCE_MEMORY];
    const struct balance_columns columns = {.cpu_allocatable = cpu->allocatable,
                                            .cpu_used = cpu->used,
                                            .memory_allocatable = memory->allocatable,
                                            .memory_used = memory->used,
                                            .cpu_milli = in->shape->requests->fixed[RESOURCE_CPU],
                                            .memory_bytes =
                                                in->shape->requests->fixed[RESOURCE_MEMORY]};
    const uint32_t *slots = in->slots;
    uint32_t count = in->count;
    bool is_neutral = in->config->is_balance_neutral;
    for (uint32_t i = 0; i < count; i++)
        ret_scores[i] = balance_score(&columns, slots[i], is_neutral);
}

const struct score score_balanced_allocation = {
    .name = "NodeResourcesBalancedAllocation",
    .basis = SCORE_BY_USAGE,
    .applies = balance_applies,
    .run = balance_run,
};
