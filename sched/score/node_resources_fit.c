/*
 * NodeResourcesFit as a score (kube-scheduler
 * plugins/noderesources/{least_allocated,most_allocated, requested_to_capacity_ratio}.go;
 * kube-scheduler.md A11).
 *
 * The rule, for each resource of the strategy with capacity cap on the node:
 *   1. req = what the node's pods ask + what this pod asks; for cpu and memory in the view where a
 *      container that asks nothing counts 100m and 200 MiB
 *   2. LeastAllocated:  0 when req > cap, else (cap - req) * 100 / cap
 *      MostAllocated:   min(req, cap) * 100 / cap
 *      RequestedToCapacityRatio: the configured curve at min(req, cap) * 100 / cap
 *   3. the weighted mean over the resources with cap > 0, cut to an integer; the curve's mean
 * leaves out resources that score 0 and is rounded half up
 *   4. resources other than cpu, memory and ephemeral-storage that the pod does not ask are left
 * out
 *
 * As in kube-scheduler up to 1.37 at least, cpu and memory at the pod level count for the pods that
 * are on the node, but not for the one that comes: NewFit() does not tell its scorer of them.
 *
 * Deviation: products are exact also where kube's of 1.35 overflow.
 */
#include "sched/score.h"

__extension__ typedef unsigned __int128 wide;

/* One resource of the strategy, its places looked up once a pod. */
struct term {
    const int64_t *allocatable, *used; /* by slot */
    int64_t request;                   /* of the pod */
    int64_t weight;
};

struct terms {
    uint32_t count;
    struct term items[SCORE_RESOURCES_MAX];
};

/* What one resource of a node scores; 0 <= amounts, cap > 0. */
typedef int64_t resource_score(const struct score_config *config, int64_t requested, int64_t cap);

/* part * 100 / whole, exact; 0 <= part <= whole. Only absurd amounts take the wide division. */
static int64_t percent_of(int64_t part, int64_t whole)
{
    if (__builtin_expect(part <= INT64_MAX / SCORE_MAX, 1))
        return part * SCORE_MAX / whole;
    return (int64_t)((wide)part * SCORE_MAX / (wide)whole);
}

/* 2 */
static inline int64_t least_score(const struct score_config *config, int64_t requested, int64_t cap)
{
    (void)config;
    return requested > cap ? 0 : percent_of(cap - requested, cap);
}

static inline int64_t most_score(const struct score_config *config, int64_t requested, int64_t cap)
{
    (void)config;
    return percent_of(requested < cap ? requested : cap, cap);
}

/* The broken line through the points, flat beyond its ends. */
static int64_t curve_at(const struct score_config *config, int64_t utilization)
{
    const struct score_point *points = config->points;
    if (utilization <= points[0].utilization)
        return points[0].score;
    for (uint32_t i = 1; i < config->point_count; i++) {
        if (utilization > points[i].utilization)
            continue;
        int64_t rise = points[i].score - points[i - 1].score;
        int64_t run = points[i].utilization - points[i - 1].utilization;
        return points[i - 1].score + rise * (utilization - points[i - 1].utilization) / run;
    }
    return points[config->point_count - 1].score;
}

static int64_t ratio_score(const struct score_config *config, int64_t requested, int64_t cap)
{
    return curve_at(config, most_score(config, requested, cap));
}

/* Steps 1 and 4. */
static void terms_collect(const struct score_input *in, struct terms *ret_terms)
{
    const struct node_table *table = &in->cluster->nodes;
    const struct requests *requests = in->shape->requests;
    uint32_t count = 0;
    for (uint32_t i = 0; i < in->config->resource_count; i++) {
        const struct score_resource *resource = &in->config->resources[i];
        uint32_t column = node_table_column(table, resource->name_sym);
        if (column == RESOURCE_NONE)
            continue;
        struct term term = {
            .allocatable = table->columns[column].allocatable,
            .used = table->columns[column].used,
            .request = requests_get(requests, resource->name_sym),
            .weight = resource->weight,
        };
        if (column == RESOURCE_CPU) {
            term.used = table->nonzero_cpu_milli;
            term.request = requests->fit_cpu_milli;
        } else if (column == RESOURCE_MEMORY) {
            term.used = table->nonzero_memory_bytes;
            term.request = requests->fit_memory_bytes;
        } else if (column >= RESOURCE_FIXED_COUNT && term.request == 0) {
            continue;
        }
        ret_terms->items[count++] = term;
    }
    ret_terms->count = count;
}

/* Step 3 for the two strategies that cut. Inlined into one loop a strategy, with `score` known. */
static inline __attribute__((always_inline)) void run_cut(const struct score_input *in,
                                                          const struct terms *terms,
                                                          resource_score *score,
                                                          int64_t *restrict ret_scores)
{
    const uint32_t *slots = in->slots;
    uint32_t count = in->count, term_count = terms->count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = slots[i];
        int64_t sum = 0, weights = 0;
        for (uint32_t k = 0; k < term_count; k++) {
            const struct term *term = &terms->items[k];
            int64_t cap = term->allocatable[slot];
            if (cap <= 0)
                continue;
            int64_t requested = resource_add(term->used[slot], term->request);
            sum += score(in->config, requested, cap) * term->weight;
            weights += term->weight;
        }
        ret_scores[i] = weights == 0 ? 0 : sum / weights;
    }
}

/* Step 3 for the curve. Rounding (2 * sum + weights) / (2 * weights) is half up, for sums >= 0. */
static void run_curve(const struct score_input *in, const struct terms *terms, int64_t *ret_scores)
{
    for (uint32_t i = 0; i < in->count; i++) {
        uint32_t slot = in->slots[i];
        int64_t sum = 0, weights = 0;
        for (uint32_t k = 0; k < terms->count; k++) {
            const struct term *term = &terms->items[k];
            int64_t cap = term->allocatable[slot];
            if (cap <= 0)
                continue;
            int64_t requested = resource_add(term->used[slot], term->request);
            int64_t score = ratio_score(in->config, requested, cap);
            if (score == 0)
                continue;
            sum += score * term->weight;
            weights += term->weight;
        }
        ret_scores[i] = weights == 0 ? 0 : (2 * sum + weights) / (2 * weights);
    }
}

static bool fit_score_applies(const struct score_input *in)
{
    (void)in;
    return true;
}

static void fit_score_run(const struct score_input *in, int64_t *ret_scores)
{
    struct terms terms;
    terms_collect(in, &terms);
    switch (in->config->strategy) {
    case FIT_LEAST_ALLOCATED:
        run_cut(in, &terms, least_score, ret_scores);
        break;
    case FIT_MOST_ALLOCATED:
        run_cut(in, &terms, most_score, ret_scores);
        break;
    case FIT_REQUESTED_TO_CAPACITY:
        CHECK(in->config->point_count > 0);
        run_curve(in, &terms, ret_scores);
        break;
    }
}

const struct score score_node_resources_fit = {
    .name = "NodeResourcesFit",
    .basis = SCORE_BY_USAGE,
    .applies = fit_score_applies,
    .run = fit_score_run,
};
