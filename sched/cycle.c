#include "sched/cycle.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "sched/match.h"
#include "sched/sampling.h"

void cycle_init(struct cycle *cycle, const struct cycle_config *config,
                const struct cluster *cluster)
{
    CHECK(config->predicate_step > 0);
    *cycle = (struct cycle){.config = *config};
    unit_init_all(&cycle->unit, cluster);
    walk_init(&cycle->walk);
    rng_init(&cycle->rng, config->seed);
}

void cycle_fini(struct cycle *cycle)
{
    walk_fini(&cycle->walk);
    free(cycle->totals);
    free(cycle->scratch);
}

static bool has_scores(const struct score_config *config)
{
    for (uint32_t i = 0; i < SCORE_COUNT; i++)
        if (config->weights[i] > 0)
            return true;
    return false;
}

static struct walk_limits cycle_limits(const struct cycle *cycle, const struct cluster *cluster,
                                       const struct shape *shape)
{
    const struct cycle_config *config = &cycle->config;
    if (config->percentage >= 0)
        return sampling_limits(cluster, shape, (uint32_t)config->percentage,
                               has_scores(&config->score));
    return (struct walk_limits){config->predicate_step,
                                config->feasible_target ? config->feasible_target : WALK_NO_TARGET};
}

/* What the pod needs and this version cannot do; false when there is nothing of the kind. */
static bool cycle_unsupported(const struct pod *pod, struct buf *text)
{
    static const char *const features[FEATURE_COUNT] = {
#define X(id, text) text,
        FEATURE_MAP(X)
#undef X
    };
    buf_clear(text);
    if (pod->problem) {
        (void)buf_add_str(text, pod->problem);
        return true;
    }
    if (uid_is_zero(pod->uid)) {
        (void)buf_add_str(text, "the pod has no metadata.uid, which a binding has to carry");
        return true;
    }
    if (pod->shape->is_over_limit) {
        (void)buf_printf(text, "the pod asks for more than %d different resources",
                         RESOURCE_SCALARS_MAX);
        return true;
    }
    for (uint32_t i = 0; i < FEATURE_COUNT; i++)
        if (pod->shape->features >> i & 1)
            (void)buf_printf(text, "%s%s", text->len ? ", " : "the pod needs ", features[i]);
    if (text->len == 0)
        return false;
    (void)buf_add_str(text, ": not supported by spillway yet");
    return true;
}

/* The sentence when no node was asked. */
static void format_prefilter(const struct cluster *cluster, const char *reason, struct buf *message)
{
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, cluster->nodes.present_count);
    diagnosis_format(&diagnosis, cluster->symbols, reason, message);
}

/* NodeAffinity's terms name nodes, and contradict each other (A10, PreFilter). */
static bool cycle_conflicts(const struct cluster *cluster, const struct shape *shape,
                            struct buf *message)
{
    if (!node_terms_conflict(shape->required_terms, shape->required_term_count))
        return false;
    format_prefilter(cluster, "pod affinity terms conflict", message);
    return true;
}

/* The node someone nominated it to, when it passes: no scoring, no further look (A5.3). */
static uint32_t cycle_nominated(struct cluster *cluster, const struct nominator *nominator,
                                const struct pod *pod)
{
    if (pod->nominated_node_sym == SYM_EMPTY)
        return NODE_SLOT_NONE;
    const struct node *node = node_table_find(&cluster->nodes, pod->nominated_node_sym);
    if (!node || !node->is_present)
        return NODE_SLOT_NONE;
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by;
    if (nominator_explain(nominator, cluster, pod, node->slot, &reasons, &refused_by) !=
        VERDICT_FIT)
        return NODE_SLOT_NONE;
    return node->slot;
}

static void cycle_reserve_scores(struct cycle *cycle, uint32_t count)
{
    if (count <= cycle->score_capacity)
        return;
    cycle->score_capacity = (uint32_t)mem_grow(cycle->score_capacity, count);
    cycle->totals = mem_resize(cycle->totals, cycle->score_capacity, sizeof(int64_t));
    cycle->scratch = mem_resize(cycle->scratch, cycle->score_capacity, sizeof(int64_t));
}

/* The best of the feasible nodes; one of equals by lot, so that equal nodes fill evenly. */
static uint32_t cycle_best(struct cycle *cycle, const struct cluster *cluster,
                           const struct shape *shape)
{
    const struct walk *walk = &cycle->walk;
    if (walk->count == 1)
        return walk->slots[0];
    cycle_reserve_scores(cycle, walk->count);
    const struct score_input in = {.cluster = cluster,
                                   .shape = shape,
                                   .config = &cycle->config.score,
                                   .slots = walk->slots,
                                   .count = walk->count};
    scores_sum(&in, cycle->scratch, cycle->totals);
    int64_t top = cycle->totals[0];
    uint32_t equals = 0;
    for (uint32_t i = 0; i < walk->count; i++) {
        if (cycle->totals[i] > top) {
            top = cycle->totals[i];
            equals = 0;
        }
        equals += cycle->totals[i] == top;
    }
    uint64_t skip = equals > 1 ? rng_below(&cycle->rng, equals) : 0;
    uint32_t i = 0;
    while (cycle->totals[i] != top || skip-- > 0)
        i++;
    return walk->slots[i];
}

/* With no node at all nobody refused: any filter's event may bring the first. */
static uint32_t every_filter(void)
{
    uint32_t plugins = 0;
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        plugins |= filters[i] ? 1u << i : 0;
    return plugins;
}

static struct cycle_result cycle_diagnose(struct cluster *cluster,
                                          const struct nominator *nominator, const struct pod *pod,
                                          struct buf *message)
{
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, cluster->nodes.present_count);
    const struct filter_input in = {.cluster = cluster, .shape = pod->shape};
    const struct bitset *present = &cluster->nodes.present;
    for (uint32_t slot = bitset_next(present, 0); slot != UINT32_MAX;
         slot = bitset_next(present, slot + 1)) {
        struct reasons reasons;
        reasons.count = 0;
        enum plugin refused_by = PLUGIN_FEATURES;
        enum verdict verdict =
            nominator->count > 0
                ? nominator_explain(nominator, cluster, pod, slot, &reasons, &refused_by)
                : filters_explain(&in, slot, &reasons, &refused_by);
        CHECK(verdict != VERDICT_FIT);
        diagnosis_add(&diagnosis, refused_by, &reasons);
    }
    diagnosis_format(&diagnosis, cluster->symbols, NULL, message);
    uint32_t rejectors = diagnosis.refused_by ? diagnosis.refused_by : every_filter();
    return (struct cycle_result){NODE_SLOT_NONE, rejectors, false};
}

struct cycle_result cycle_run(struct cycle *cycle, struct cluster *cluster,
                              const struct nominator *nominator, struct pod *pod,
                              struct buf *message)
{
    buf_clear(message);
    struct buf unsupported CLEANUP(buf_fini);
    buf_init(&unsupported, CYCLE_MESSAGE_BYTES_MAX);
    if (cycle_unsupported(pod, &unsupported)) {
        format_prefilter(cluster, unsupported.data, message);
        return (struct cycle_result){NODE_SLOT_NONE, 1u << PLUGIN_FEATURES, true};
    }
    if (cluster->nodes.present_count > 0 && cycle_conflicts(cluster, pod->shape, message))
        return (struct cycle_result){NODE_SLOT_NONE, 1u << PLUGIN_NODE_AFFINITY, false};
    uint32_t nominated = cycle_nominated(cluster, nominator, pod);
    if (nominated != NODE_SLOT_NONE)
        return (struct cycle_result){nominated, 0, false};
    match_sync(cluster, pod->shape);
    uint32_t start = cycle->unit.cursor;
    walk_run(&cycle->walk, &cycle->unit, cluster, nominator, pod,
             cycle_limits(cycle, cluster, pod->shape));
    if (cycle->config.percentage >= 0)
        sampling_move_start(&cycle->unit, cluster, pod, start, cycle->walk.visited);
    if (cycle->walk.count == 0)
        return cycle_diagnose(cluster, nominator, pod, message);
    return (struct cycle_result){cycle_best(cycle, cluster, pod->shape), 0, false};
}
