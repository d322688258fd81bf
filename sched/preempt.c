#include "sched/preempt.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "sched/preempt_private.h"

enum { CANDIDATES_PERCENT = 10, CANDIDATES_MIN = 100 }; /* kube's defaults (A14.3) */

struct preemptor *preemptor_new(const struct preempt_world *world, uint64_t seed)
{
    struct preemptor *preemptor = mem_zalloc(1, sizeof(*preemptor));
    preemptor->world = *world;
    rng_init(&preemptor->rng, seed);
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        if (filters[i] && !filters[i]->is_static)
            preemptor->dynamic[preemptor->dynamic_count++] = filters[i];
    return preemptor;
}

void preemptor_free(struct preemptor *preemptor)
{
    if (!preemptor)
        return;
    for (size_t i = 0; i < ARRAY_LEN(preemptor->candidates); i++)
        free(preemptor->candidates[i].choice.victims);
    free(preemptor->slots);
    free(preemptor->lower);
    free(preemptor->gone);
    free(preemptor);
}

/* ---- verdicts ---- */

enum verdict preempt_verdict(const struct preemptor *preemptor, const struct filter_input *in,
                             uint32_t slot)
{
    for (uint32_t i = 0; i < preemptor->dynamic_count; i++) {
        enum verdict verdict = preemptor->dynamic[i]->check(in, slot);
        if (verdict != VERDICT_FIT)
            return verdict;
    }
    return VERDICT_FIT;
}

/* With the nominated pods that count against the pod. What a static filter refuses stays refused
 * whoever leaves. */
static enum verdict verdict_on(const struct preemptor *preemptor, const struct pod *pod,
                               const struct preempt_scope *scope, uint32_t slot)
{
    if (!bitset_test(scope->matching, slot))
        return VERDICT_UNFIT_FINAL;
    const struct preempt_world *world = &preemptor->world;
    const struct filter_input in = {
        .cluster = world->cluster, .shape = pod->shape, .type = scope->type};
    bool has_nominees = nominator_counts(world->nominator, world->cluster, pod, slot);
    if (has_nominees)
        nominator_account(world->nominator, world->cluster, pod, slot, 1);
    enum verdict verdict = preempt_verdict(preemptor, &in, slot);
    if (has_nominees)
        nominator_account(world->nominator, world->cluster, pod, slot, -1);
    return verdict;
}

/* ---- eligibility ---- */

/* Those whose end we ask for count from then on: the watch may not have shown it yet. A condition
 * alone does not: the delete behind it may have failed, or never been sent. */
static bool is_leaving(const struct pod *victim)
{
    return victim->is_evicted || (victim->is_preempted && victim->is_deleting);
}

bool preempt_is_waiting(const struct preemptor *preemptor, const struct pod *pod,
                        const struct preempt_scope *scope)
{
    const struct node_table *nodes = &preemptor->world.cluster->nodes;
    if (pod->nominated_node_sym == SYM_EMPTY)
        return false;
    const struct node *node = node_table_find(nodes, pod->nominated_node_sym);
    if (!node || !node->is_present ||
        verdict_on(preemptor, pod, scope, node->slot) == VERDICT_UNFIT_FINAL)
        return false;
    for (const struct pod *other = node->pods; other; other = other->node_next)
        if (is_leaving(other) && other->priority < pod->priority)
            return true;
    return false;
}

/* ---- candidates ---- */

static void add_slot(struct preemptor *preemptor, uint32_t slot)
{
    if (preemptor->slot_count == preemptor->slot_capacity) {
        preemptor->slot_capacity =
            (uint32_t)mem_grow(preemptor->slot_capacity, (size_t)preemptor->slot_count + 1);
        preemptor->slots =
            mem_resize(preemptor->slots, preemptor->slot_capacity, sizeof(*preemptor->slots));
    }
    preemptor->slots[preemptor->slot_count++] = slot;
}

/* Nodes where fewer pods would help; the others are counted. In a full unit those that have room
 * count as well: a slot of the unit is what is missing. */
static void find_nodes(struct preemptor *preemptor, const struct pod *pod,
                       const struct preempt_scope *scope, struct diagnosis *diagnosis)
{
    const struct node_table *nodes = &preemptor->world.cluster->nodes;
    bool is_full = scope->full_unit != POLICY_UNITS_MAX;
    preemptor->slot_count = 0;
    for (uint32_t slot = bitset_next(scope->nodes, 0); slot != UINT32_MAX;
         slot = bitset_next(scope->nodes, slot + 1)) {
        if (!bitset_test(&nodes->present, slot))
            continue;
        enum verdict verdict = verdict_on(preemptor, pod, scope, slot);
        if (verdict == VERDICT_UNFIT || (verdict == VERDICT_FIT && is_full))
            add_slot(preemptor, slot);
        else
            diagnosis_add_kind(diagnosis, REASON_NOT_HELPFUL);
    }
}

/* The better of two: fewest violations, lowest top priority, smallest sum of priorities, fewest
 * victims, the latest start among the victims of highest priority (A14.5). */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (a->choice.budget_violations != b->choice.budget_violations)
        return a->choice.budget_violations < b->choice.budget_violations;
    if (a->top_priority != b->top_priority)
        return a->top_priority < b->top_priority;
    if (a->priority_sum != b->priority_sum)
        return a->priority_sum < b->priority_sum;
    if (a->choice.victim_count != b->choice.victim_count)
        return a->choice.victim_count < b->choice.victim_count;
    return a->top_started_s > b->top_started_s;
}

static uint32_t candidates_wanted(uint32_t count)
{
    uint64_t wanted = (uint64_t)count * CANDIDATES_PERCENT / 100;
    if (wanted < CANDIDATES_MIN)
        wanted = CANDIDATES_MIN;
    return wanted < count ? (uint32_t)wanted : count;
}

static void swap_candidates(struct preemptor *preemptor)
{
    struct candidate better = preemptor->candidates[1];
    preemptor->candidates[1] = preemptor->candidates[0];
    preemptor->candidates[0] = better;
}

/* Tries nodes from a random one on, until there are enough candidates and one of them breaks no
 * budget; keeps the best. */
static bool find_best(struct preemptor *preemptor, const struct pod *pod,
                      const struct preempt_scope *scope, struct diagnosis *diagnosis)
{
    uint32_t count = preemptor->slot_count, found = 0;
    if (count == 0)
        return false;
    uint32_t wanted = candidates_wanted(count);
    uint32_t first = (uint32_t)rng_below(&preemptor->rng, count);
    bool has_clean = false;
    for (uint32_t i = 0; i < count && (found < wanted || !has_clean); i++) {
        if (!preempt_dry_run(preemptor, pod, scope, preemptor->slots[(first + i) % count],
                             diagnosis))
            continue;
        has_clean |= preemptor->candidates[1].choice.budget_violations == 0;
        if (found++ == 0 || is_better(&preemptor->candidates[1], &preemptor->candidates[0]))
            swap_candidates(preemptor);
    }
    return found > 0;
}

static void say(struct buf *message, const char *text)
{
    if (message)
        (void)buf_printf(message, " preemption: %s", text);
}

static void say_found(const struct preemptor *preemptor, struct buf *message)
{
    const struct preempt_choice *choice = &preemptor->candidates[0].choice;
    const struct cluster *cluster = preemptor->world.cluster;
    if (message)
        (void)buf_printf(
            message,
            " preemption: found a potential placement for pod on node %s, preempting "
            "%u victims",
            symbol_text(cluster->symbols, cluster->nodes.nodes[choice->slot]->name_sym),
            choice->victim_count);
}

enum preempt_answer preempt_find(struct preemptor *preemptor, const struct pod *pod,
                                 const struct preempt_scope *scope,
                                 const struct preempt_choice **ret_choice, struct buf *message)
{
    const struct cluster *cluster = preemptor->world.cluster;
    if (pod->preempts_never) {
        say(message, "not eligible due to preemptionPolicy=Never.");
        return PREEMPT_INELIGIBLE;
    }
    if (preempt_is_waiting(preemptor, pod, scope)) {
        say(message, "not eligible due to a terminating pod on the nominated node.");
        return PREEMPT_WAITING;
    }
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, cluster->nodes.present_count);
    find_nodes(preemptor, pod, scope, &diagnosis);
    if (find_best(preemptor, pod, scope, &diagnosis)) {
        say_found(preemptor, message);
        *ret_choice = &preemptor->candidates[0].choice;
        return PREEMPT_FOUND;
    }
    if (message && cluster->nodes.present_count > 0) {
        say(message, "");
        diagnosis_format(&diagnosis, cluster->symbols, NULL, message);
    }
    return PREEMPT_NONE;
}
