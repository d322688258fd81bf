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
    return preemptor;
}

void preemptor_free(struct preemptor *preemptor)
{
    if (!preemptor)
        return;
    free(preemptor->slots);
    free(preemptor);
}

/* ---- eligibility ---- */

static enum verdict verdict_on(const struct preemptor *preemptor, const struct pod *pod,
                               const struct preempt_scope *scope, uint32_t slot,
                               struct diagnosis *diagnosis)
{
    const struct fitting fitting = {preemptor->world.cluster, pod, scope->type};
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by = PLUGIN_FEATURES;
    enum verdict verdict =
        nominator_explain(preemptor->world.nominator, &fitting, slot, &reasons, &refused_by);
    if (diagnosis && verdict != VERDICT_FIT)
        diagnosis_add(diagnosis, refused_by, &reasons);
    return verdict;
}

/* Its victims of last time are still leaving the node it is nominated to (A14.1). Those whose end
 * was asked for count from then on: the watch may not have shown it yet. */
static bool is_waiting_for_victims(const struct preemptor *preemptor, const struct pod *pod,
                                   const struct preempt_scope *scope)
{
    const struct node_table *nodes = &preemptor->world.cluster->nodes;
    if (pod->nominated_node_sym == SYM_EMPTY)
        return false;
    const struct node *node = node_table_find(nodes, pod->nominated_node_sym);
    if (!node || !node->is_present || !bitset_test(scope->nodes, node->slot) ||
        verdict_on(preemptor, pod, scope, node->slot, NULL) == VERDICT_UNFIT_FINAL)
        return false;
    for (const struct pod *other = node->pods; other; other = other->node_next)
        if (other->is_preempted && other->priority < pod->priority)
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
        enum verdict verdict = verdict_on(preemptor, pod, scope, slot, NULL);
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
        struct candidate *candidate = &preemptor->candidates[1];
        if (!preempt_dry_run(preemptor, pod, scope, preemptor->slots[(first + i) % count],
                             diagnosis))
            continue;
        has_clean |= candidate->choice.budget_violations == 0;
        if (found++ == 0 || is_better(candidate, &preemptor->candidates[0]))
            preemptor->candidates[0] = *candidate;
    }
    return found > 0;
}

static void say(struct buf *message, const char *text)
{
    if (message)
        (void)buf_printf(message, " preemption: %s", text);
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
    if (is_waiting_for_victims(preemptor, pod, scope)) {
        say(message, "not eligible due to a terminating pod on the nominated node.");
        return PREEMPT_WAITING;
    }
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, cluster->nodes.present_count);
    find_nodes(preemptor, pod, scope, &diagnosis);
    if (find_best(preemptor, pod, scope, &diagnosis)) {
        *ret_choice = &preemptor->candidates[0].choice;
        return PREEMPT_FOUND;
    }
    if (message && cluster->nodes.present_count > 0) {
        say(message, "");
        diagnosis_format(&diagnosis, cluster->symbols, NULL, message);
    }
    return PREEMPT_NONE;
}
