#include "sched/cycle.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "sched/cycle_private.h"
#include "sched/match.h"
#include "sched/sampling.h"

void cycle_init(struct cycle *cycle, const struct cycle_config *config,
                const struct cycle_world *world)
{
    CHECK(config->predicate_step > 0);
    *cycle = (struct cycle){.config = *config, .world = *world};
    bitset_init(&cycle->outside);
    walk_init(&cycle->walk);
    rng_init(&cycle->rng, config->seed);
}

void cycle_fini(struct cycle *cycle)
{
    walk_fini(&cycle->walk);
    bitset_fini(&cycle->outside);
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

static struct walk_limits cycle_limits(const struct cycle *cycle, const struct shape *shape)
{
    const struct cycle_config *config = &cycle->config;
    if (config->percentage >= 0)
        return sampling_limits(cycle->world.cluster, shape, (uint32_t)config->percentage,
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

uint32_t cycle_nominated(const struct cycle *cycle, const struct pod *pod,
                         const struct bitset *nodes, const struct unit_type *type)
{
    if (pod->nominated_node_sym == SYM_EMPTY)
        return NODE_SLOT_NONE;
    struct cluster *cluster = cycle->world.cluster;
    const struct node *node = node_table_find(&cluster->nodes, pod->nominated_node_sym);
    if (!node || !node->is_present || !bitset_test(nodes, node->slot))
        return NODE_SLOT_NONE;
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by;
    const struct fitting fitting = {cluster, pod, type};
    if (nominator_explain(cycle->world.nominator, &fitting, node->slot, &reasons, &refused_by) !=
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
static uint32_t cycle_best(struct cycle *cycle, const struct shape *shape)
{
    const struct walk *walk = &cycle->walk;
    if (walk->count == 1)
        return walk->slots[0];
    cycle_reserve_scores(cycle, walk->count);
    const struct score_input in = {.cluster = cycle->world.cluster,
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

uint32_t cycle_search(struct cycle *cycle, const struct pod *pod, const struct walk_scope *scope)
{
    struct cluster *cluster = cycle->world.cluster;
    uint32_t start = *scope->cursor;
    walk_run(&cycle->walk, scope, cluster, cycle->world.nominator, pod,
             cycle_limits(cycle, pod->shape));
    if (cycle->config.percentage >= 0)
        sampling_move_start(scope, cluster, pod, start, cycle->walk.visited);
    return cycle->walk.count > 0 ? cycle_best(cycle, pod->shape) : NODE_SLOT_NONE;
}

enum verdict cycle_explain(const struct cycle *cycle, const struct pod *pod,
                           const struct unit_type *type, uint32_t slot, struct diagnosis *diagnosis)
{
    struct cluster *cluster = cycle->world.cluster;
    const struct filter_input in = {.cluster = cluster, .shape = pod->shape, .type = type};
    const struct fitting fitting = {cluster, pod, type};
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by = PLUGIN_FEATURES;
    enum verdict verdict =
        cycle->world.nominator->count > 0
            ? nominator_explain(cycle->world.nominator, &fitting, slot, &reasons, &refused_by)
            : filters_explain(&in, slot, &reasons, &refused_by);
    CHECK(verdict != VERDICT_FIT);
    diagnosis_add(diagnosis, refused_by, &reasons);
    return verdict;
}

bool cycle_preempt(struct cycle *cycle, const struct pod *pod, const struct preempt_scope *scope,
                   struct cycle_result *result, struct buf *message)
{
    if (!cycle->world.preemptor || cycle->world.cluster->nodes.present_count == 0)
        return false;
    switch (preempt_find(cycle->world.preemptor, pod, scope, &result->preemption, message)) {
    case PREEMPT_FOUND:
        return true;
    case PREEMPT_WAITING:
        result->keeps_nomination = true;
        return true;
    case PREEMPT_NONE:
        return false;
    case PREEMPT_INELIGIBLE:
        result->keeps_nomination = true;
        return false;
    }
    CHECK_NEVER("a known answer");
}

static struct cycle_result cycle_refuse(struct cycle *cycle, const struct pod *pod,
                                        struct buf *message)
{
    const struct cluster *cluster = cycle->world.cluster;
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, cluster->nodes.present_count);
    const struct bitset *present = &cluster->nodes.present;
    for (uint32_t slot = bitset_next(present, 0); slot != UINT32_MAX;
         slot = bitset_next(present, slot + 1))
        (void)cycle_explain(cycle, pod, NULL, slot, &diagnosis);
    diagnosis_format(&diagnosis, cluster->symbols, NULL, message);
    struct cycle_result result = {
        .slot = NODE_SLOT_NONE,
        .rejectors = diagnosis.refused_by ? diagnosis.refused_by : every_filter(),
        .wake_at = MONO_NEVER,
    };
    const struct preempt_scope scope = {
        .nodes = present,
        .matching = match_sync(cluster, pod->shape, cycle->world.types, UNIT_TYPE_ANY),
        .full_unit = POLICY_UNITS_MAX,
        .now_unix_s = cycle_wall_s(cycle, cycle->now)};
    (void)cycle_preempt(cycle, pod, &scope, &result, message);
    return result;
}

/* Refused before any node was asked, for good on each of them: no victim helps. */
static struct cycle_result cycle_refuse_conflict(struct cycle *cycle, const struct pod *pod,
                                                 struct buf *message)
{
    const struct bitset none = {0};
    const struct preempt_scope scope = {.nodes = &cycle->world.cluster->nodes.present,
                                        .matching = &none,
                                        .full_unit = POLICY_UNITS_MAX};
    struct cycle_result result = {
        .slot = NODE_SLOT_NONE, .rejectors = 1u << PLUGIN_NODE_AFFINITY, .wake_at = MONO_NEVER};
    (void)cycle_preempt(cycle, pod, &scope, &result, message);
    return result;
}

static struct cycle_result cycle_found(uint32_t slot)
{
    return (struct cycle_result){.slot = slot, .wake_at = MONO_NEVER};
}

static struct cycle_result cycle_run_all(struct cycle *cycle, const struct pod *pod,
                                         struct buf *message)
{
    const struct cluster *cluster = cycle->world.cluster;
    uint32_t nominated = cycle_nominated(cycle, pod, &cluster->nodes.present, NULL);
    if (nominated != NODE_SLOT_NONE)
        return cycle_found(nominated);
    const struct walk_scope scope = {
        .nodes = &cluster->nodes.present,
        .matching = match_sync(cluster, pod->shape, cycle->world.types, UNIT_TYPE_ANY),
        .cursor = &cycle->cursor,
    };
    uint32_t slot = cycle_search(cycle, pod, &scope);
    return slot != NODE_SLOT_NONE ? cycle_found(slot) : cycle_refuse(cycle, pod, message);
}

static struct cycle_result cycle_refuse_early(enum plugin plugin)
{
    return (struct cycle_result){.slot = NODE_SLOT_NONE,
                                 .rejectors = 1u << plugin,
                                 .is_unsupported = true,
                                 .wake_at = MONO_NEVER};
}

struct cycle_result cycle_run(struct cycle *cycle, struct pod *pod, struct mono_ms now,
                              struct buf *message)
{
    const struct cluster *cluster = cycle->world.cluster;
    cycle->now = now;
    buf_clear(message);
    struct buf unsupported CLEANUP(buf_fini);
    buf_init(&unsupported, CYCLE_MESSAGE_BYTES_MAX);
    if (cycle_unsupported(pod, &unsupported)) {
        format_prefilter(cluster, unsupported.data, message);
        return cycle_refuse_early(PLUGIN_FEATURES);
    }
    if (cluster->nodes.present_count > 0 && cycle_conflicts(cluster, pod->shape, message))
        return cycle_refuse_conflict(cycle, pod, message);
    if (!pod_policy_entry(pod))
        return cycle_run_all(cycle, pod, message);
    struct err err = {0};
    const struct policy *policy = book_policy(cycle->world.book, pod, &err);
    if (policy)
        return cycle_run_units(cycle, pod, policy, now, message);
    format_prefilter(cluster, err.text, message);
    return cycle_refuse_early(PLUGIN_UNITS);
}
