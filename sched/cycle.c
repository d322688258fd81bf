#include "sched/cycle.h"

#include "sched/cycle_private.h"
#include "sched/explain.h"
#include "sched/match.h"
#include "sched/refusal.h"
#include "sched/sampling.h"

void cycle_init(struct cycle *cycle, const struct cycle_config *config,
                const struct cycle_world *world)
{
    CHECK(config->predicate_step > 0);
    *cycle = (struct cycle){.config = *config, .world = *world};
    bitset_init(&cycle->outside);
    walk_init(&cycle->walk);
    batch_init(&cycle->batch);
    rng_init(&cycle->rng, config->seed);
}

void cycle_fini(struct cycle *cycle)
{
    walk_fini(&cycle->walk);
    batch_fini(&cycle->batch);
    bitset_fini(&cycle->outside);
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

/* With no node at all nobody refused: any filter's event may bring the first. */
static uint32_t every_filter(void)
{
    uint32_t plugins = 0;
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        plugins |= filters[i] ? 1u << i : 0;
    return plugins;
}

/* Whether what this search finds out may serve other pods: with nominated pods about, nodes look
 * different to each priority. Nodes of no unit are put together anew for each pod. */
static bool cycle_may_share(const struct cycle *cycle, const struct pod *pod,
                            const struct bitset *nodes)
{
    return cycle->config.is_batched && cycle->world.nominator->count == 0 &&
           pod->nominated_node_sym == SYM_EMPTY && nodes != &cycle->outside;
}

/* The failure cache for nodes of the scope. */
static struct match_cache *cycle_cache(const struct cycle *cycle, const struct pod *pod,
                                       const struct walk_scope *scope)
{
    const struct unit_types *types = cycle->world.types;
    uint32_t type = scope->type ? (uint32_t)(scope->type - types->items) : UNIT_TYPE_ANY;
    return match_cache(pod->shape, types, type);
}

/* A walk through the scope. Returns the best of the nodes it found; NODE_SLOT_NONE: it found none.
 */
static uint32_t cycle_draw(struct cycle *cycle, const struct batch_search *search, bool may_share)
{
    struct cluster *cluster = cycle->world.cluster;
    const struct pod *pod = search->pod;
    const struct walk_scope *scope = search->scope;
    const struct walk_limits limits = cycle_limits(cycle, pod->shape);
    bool is_kube = cycle->config.percentage >= 0;
    uint32_t start = *scope->cursor;
    walk_run(&cycle->walk, scope, cluster, cycle->world.nominator, pod, limits);
    if (is_kube)
        sampling_move_start(scope, cluster, pod, start, cycle->walk.visited);
    if (*scope->cursor >= cluster->nodes.slot_count)
        *scope->cursor = 0; /* not where a node that comes would stand */
    if (is_kube && *scope->cursor != start)
        may_share = false; /* kube-scheduler begins elsewhere for each pod */
    if (cycle->walk.count == 0) {
        if (may_share)
            barren_remember(cluster, cycle_cache(cycle, pod, scope), scope->nodes);
        return NODE_SLOT_NONE;
    }
    bool is_cut = cycle->walk.count >= limits.target;
    uint32_t slot = batch_begin(&cycle->batch, search, &cycle->walk, is_cut);
    if (!may_share)
        batch_end(&cycle->batch);
    return slot;
}

uint32_t cycle_search(struct cycle *cycle, const struct pod *pod, const struct walk_scope *scope)
{
    const struct batch_search search = {.cluster = cycle->world.cluster,
                                        .pod = pod,
                                        .scope = scope,
                                        .config = &cycle->config.score,
                                        .rng = &cycle->rng};
    if (!cycle_may_share(cycle, pod, scope->nodes))
        return cycle_draw(cycle, &search, false);
    struct match_cache *cache = cycle_cache(cycle, pod, scope);
    if (barren_is_known(search.cluster, cache, scope->nodes))
        return NODE_SLOT_NONE;
    uint32_t slot;
    if (!batch_next(&cycle->batch, &search, &slot))
        return cycle_draw(cycle, &search, true);
    if (slot == NODE_SLOT_NONE)
        barren_remember(search.cluster, cache, scope->nodes);
    return slot;
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

/* Writes why, and returns who refused. */
static uint32_t cycle_refuse(const struct cycle *cycle, const struct pod *pod, struct buf *message)
{
    const struct cluster *cluster = cycle->world.cluster;
    const struct cycle_world *world = &cycle->world;
    const struct explain_scope refused = {
        .cluster = world->cluster,
        .nominator = world->nominator,
        .pod = pod,
        .match = match_sync_refusals(cluster, pod->shape, world->types, UNIT_TYPE_ANY)};
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, cluster->nodes.present_count);
    explain_all(&refused, &diagnosis);
    diagnosis_format(&diagnosis, cluster->symbols, NULL, message);
    return diagnosis.refused_by ? diagnosis.refused_by : every_filter();
}

/* The same as for the last pod of the shape when nothing changed since. */
static uint32_t cycle_refuse_again(const struct cycle *cycle, const struct pod *pod,
                                   struct buf *message)
{
    const struct cluster *cluster = cycle->world.cluster;
    bool may_share = cycle_may_share(cycle, pod, &cluster->nodes.present);
    uint32_t rejectors = may_share ? refusal_recall(cluster, pod->shape, message) : 0;
    if (rejectors)
        return rejectors;
    rejectors = cycle_refuse(cycle, pod, message);
    if (may_share)
        refusal_remember(cluster, pod->shape, buf_str(message), rejectors);
    return rejectors;
}

/* No node takes the pod; victims may make room, for each pod by its own priority. */
static struct cycle_result cycle_refused(struct cycle *cycle, const struct pod *pod,
                                         struct buf *message)
{
    const struct cluster *cluster = cycle->world.cluster;
    struct cycle_result result = {.slot = NODE_SLOT_NONE,
                                  .rejectors = cycle_refuse_again(cycle, pod, message),
                                  .wake_at = MONO_NEVER};
    const struct preempt_scope scope = {
        .nodes = &cluster->nodes.present,
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
    return slot != NODE_SLOT_NONE ? cycle_found(slot) : cycle_refused(cycle, pod, message);
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
