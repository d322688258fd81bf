/*
 * One node: take off all pods of lower priority, see whether the pod fits, and put back as many as
 * still let it, those that a budget protects first (kube-scheduler.md A14.4). On the live table;
 * what was taken off is put back before it returns. Nominated pods that count against the pod are
 * on the node all the while (A8).
 */
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/node_ports.h"
#include "sched/preempt_private.h"

/* Higher priority, then the earlier start, is more important; kube-scheduler leaves the order of
 * equals open, here it is that of their UIDs. */
static int compare_lower(const void *left, const void *right)
{
    const struct lower *a = left, *b = right;
    if (a->pod->priority != b->pod->priority)
        return a->pod->priority > b->pod->priority ? -1 : 1;
    if (a->started_s != b->started_s)
        return a->started_s < b->started_s ? -1 : 1;
    if (a->pod->uid.hi != b->pod->uid.hi)
        return a->pod->uid.hi < b->pod->uid.hi ? -1 : 1;
    return a->pod->uid.lo < b->pod->uid.lo ? -1 : a->pod->uid.lo > b->pod->uid.lo;
}

static void set_off(struct preemptor *preemptor, const struct pod *pod, uint32_t slot, int sign)
{
    struct node_table *nodes = &preemptor->world.cluster->nodes;
    node_table_account(nodes, slot, pod->held, sign);
    if (sign > 0)
        node_add_ports(nodes->nodes[slot], pod->shape->ports, pod->shape->port_count);
    else
        node_remove_ports(nodes->nodes[slot], pod->shape->ports, pod->shape->port_count);
}

static void add_lower(struct preemptor *preemptor, struct pod *pod, int64_t now_unix_s)
{
    if (preemptor->lower_count == preemptor->lower_capacity) {
        preemptor->lower_capacity =
            (uint32_t)mem_grow(preemptor->lower_capacity, (size_t)preemptor->lower_count + 1);
        preemptor->lower =
            mem_resize(preemptor->lower, preemptor->lower_capacity, sizeof(*preemptor->lower));
        preemptor->gone =
            mem_resize(preemptor->gone, preemptor->lower_capacity, sizeof(*preemptor->gone));
    }
    preemptor->lower[preemptor->lower_count++] = (struct lower){
        .pod = pod,
        .started_s = pod->started_unix_s ? (int64_t)pod->started_unix_s : now_unix_s,
    };
}

/* By importance. */
static void find_lower(struct preemptor *preemptor, const struct pod *pod, uint32_t slot,
                       int64_t now_unix_s)
{
    preemptor->lower_count = 0;
    const struct node *node = preemptor->world.cluster->nodes.nodes[slot];
    for (struct pod *other = node->pods; other; other = other->node_next)
        if (other->priority < pod->priority)
            add_lower(preemptor, other, now_unix_s);
    if (preemptor->lower_count > 1)
        qsort(preemptor->lower, preemptor->lower_count, sizeof(*preemptor->lower), compare_lower);
}

/* ---- budgets ---- */

/* Takes a disruption of each budget that covers the victim, up to the first that has none left:
 * kube-scheduler asks the others no more either. */
static bool is_violating(const struct preemptor *preemptor, const struct pod *victim)
{
    struct budget *budget = budgets_of(preemptor->world.budgets, victim->namespace_sym);
    for (; budget; budget = budget->next) {
        if (!budget_covers(budget, victim))
            continue;
        if (budget->spent_in != preemptor->dry_runs) {
            budget->spent_in = preemptor->dry_runs;
            budget->left = budget->disruptions_allowed;
        }
        if (budget->left <= 0)
            return true;
        budget->left--;
    }
    return false;
}

/* In order of importance. */
static void find_violations(struct preemptor *preemptor)
{
    for (uint32_t i = 0; i < preemptor->lower_count; i++)
        preemptor->lower[i].is_violating = is_violating(preemptor, preemptor->lower[i].pod);
}

/* ---- who may stay ---- */

struct dry_run {
    struct preemptor *preemptor;
    const struct pod *pod;
    const struct preempt_scope *scope;
    struct filter_input in;
    uint32_t slot;
};

/* The unit is full unless enough of those who are off counted in it. */
static bool frees_unit(const struct dry_run *run)
{
    struct preemptor *preemptor = run->preemptor;
    if (run->scope->full_unit == POLICY_UNITS_MAX)
        return true;
    uint32_t gone_count = 0;
    for (uint32_t i = 0; i < preemptor->lower_count; i++)
        if (!preemptor->lower[i].is_back)
            preemptor->gone[gone_count++] = preemptor->lower[i].pod;
    return book_fullness_without(preemptor->world.book, run->pod, run->scope->full_unit,
                                 preemptor->gone, gone_count)
               .kind == FULLNESS_ROOM;
}

static bool fits(const struct dry_run *run)
{
    return preempt_verdict(run->preemptor, &run->in, run->slot) == VERDICT_FIT && frees_unit(run);
}

static void explain(const struct dry_run *run, struct diagnosis *diagnosis)
{
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by;
    if (filters_explain(&run->in, run->slot, &reasons, &refused_by) != VERDICT_FIT)
        diagnosis_add(diagnosis, refused_by, &reasons);
    else
        diagnosis_add_kind(diagnosis, REASON_UNIT_FULL);
}

/* Puts back those that let the pod fit all the same. */
static void put_back(const struct dry_run *run, bool of_violating)
{
    struct preemptor *preemptor = run->preemptor;
    for (uint32_t i = 0; i < preemptor->lower_count; i++) {
        struct lower *lower = &preemptor->lower[i];
        if (lower->is_violating != of_violating)
            continue;
        set_off(preemptor, lower->pod, run->slot, 1);
        lower->is_back = true;
        if (!fits(run)) {
            set_off(preemptor, lower->pod, run->slot, -1);
            lower->is_back = false;
        }
    }
}

static void add_victim(struct candidate *candidate, const struct lower *lower)
{
    struct preempt_choice *choice = &candidate->choice;
    if (choice->victim_count == candidate->victim_capacity) {
        candidate->victim_capacity =
            (uint32_t)mem_grow(candidate->victim_capacity, (size_t)choice->victim_count + 1);
        choice->victims =
            mem_resize(choice->victims, candidate->victim_capacity, sizeof(*choice->victims));
    }
    if (choice->victim_count == 0)
        candidate->top_priority = lower->pod->priority;
    choice->victims[choice->victim_count++] = lower->pod;
    choice->budget_violations += lower->is_violating;
    candidate->priority_sum += (uint64_t)((int64_t)lower->pod->priority + (INT64_C(1) << 31));
    if (lower->pod->priority == candidate->top_priority &&
        lower->started_s < candidate->top_started_s)
        candidate->top_started_s = lower->started_s;
}

static void fill_candidate(struct preemptor *preemptor, uint32_t slot)
{
    struct candidate *candidate = &preemptor->candidates[1];
    candidate->choice.slot = slot;
    candidate->choice.victim_count = candidate->choice.budget_violations = 0;
    candidate->priority_sum = 0;
    candidate->top_started_s = INT64_MAX;
    for (uint32_t i = 0; i < preemptor->lower_count; i++)
        if (!preemptor->lower[i].is_back)
            add_victim(candidate, &preemptor->lower[i]);
}

/* All of `lower` are off, the nominated pods on. True: the pod would fit. */
static bool choose(const struct dry_run *run, struct diagnosis *diagnosis)
{
    if (!fits(run)) {
        explain(run, diagnosis);
        return false;
    }
    find_violations(run->preemptor);
    put_back(run, true);
    put_back(run, false);
    fill_candidate(run->preemptor, run->slot);
    return run->preemptor->candidates[1].choice.victim_count > 0;
}

bool preempt_dry_run(struct preemptor *preemptor, const struct pod *pod,
                     const struct preempt_scope *scope, uint32_t slot, struct diagnosis *diagnosis)
{
    const struct preempt_world *world = &preemptor->world;
    preemptor->dry_runs++;
    find_lower(preemptor, pod, slot, scope->now_unix_s);
    if (preemptor->lower_count == 0) {
        diagnosis_add_kind(diagnosis, REASON_NO_VICTIMS);
        return false;
    }
    const struct dry_run run = {
        .preemptor = preemptor,
        .pod = pod,
        .scope = scope,
        .in = {.cluster = world->cluster, .shape = pod->shape, .type = scope->type},
        .slot = slot,
    };
    nominator_account(world->nominator, world->cluster, pod, slot, 1);
    for (uint32_t i = 0; i < preemptor->lower_count; i++)
        set_off(preemptor, preemptor->lower[i].pod, slot, -1);
    bool is_enough = choose(&run, diagnosis);
    for (uint32_t i = 0; i < preemptor->lower_count; i++)
        if (!preemptor->lower[i].is_back)
            set_off(preemptor, preemptor->lower[i].pod, slot, 1);
    nominator_account(world->nominator, world->cluster, pod, slot, -1);
    return is_enough;
}
