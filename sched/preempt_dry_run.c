/*
 * One node: take off all pods of lower priority, see whether the pod fits, and put back as many as
 * still let it, those that a budget protects first (kube-scheduler.md A14.4). On the live table;
 * what was taken off is put back before it returns.
 */
#include <stdlib.h>

#include "model/node_ports.h"
#include "sched/preempt_private.h"

static int64_t started_s(const struct pod *pod, int64_t now_unix_s)
{
    return pod->started_unix_s ? (int64_t)pod->started_unix_s : now_unix_s;
}

/* Higher priority, then the earlier start, is more important. */
static bool is_more_important(const struct pod *a, const struct pod *b, int64_t now_unix_s)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return started_s(a, now_unix_s) < started_s(b, now_unix_s);
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

/* By insertion: equal ones stay in the order of the node's list. Beyond the limit the less
 * important stay where they are: the pod has to do with the room of the others. */
static void find_lower(struct preemptor *preemptor, const struct pod *pod, uint32_t slot,
                       int64_t now_unix_s)
{
    preemptor->lower_count = 0;
    const struct node *node = preemptor->world.cluster->nodes.nodes[slot];
    for (struct pod *other = node->pods; other; other = other->node_next) {
        if (other->priority >= pod->priority || preemptor->lower_count == PREEMPT_VICTIMS_MAX)
            continue;
        uint32_t i = preemptor->lower_count++;
        for (; i > 0 && is_more_important(other, preemptor->lower[i - 1], now_unix_s); i--)
            preemptor->lower[i] = preemptor->lower[i - 1];
        preemptor->lower[i] = other;
    }
}

/* ---- budgets ---- */

enum { BUDGETS_A_NODE_MAX = 1024 }; /* that cover pods of one node; further ones do not count */

struct spent {
    const struct budget *budget;
    int32_t left;
};

static struct spent *spent_of(struct spent *spent, uint32_t *count, const struct budget *budget)
{
    for (uint32_t i = 0; i < *count; i++)
        if (spent[i].budget == budget)
            return &spent[i];
    if (*count == BUDGETS_A_NODE_MAX)
        return NULL;
    spent[*count] = (struct spent){budget, budget->disruptions_allowed};
    return &spent[(*count)++];
}

/* In order of importance each victim takes one disruption of each budget that covers it. */
static void find_violations(struct preemptor *preemptor)
{
    struct spent spent[BUDGETS_A_NODE_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < preemptor->lower_count; i++) {
        const struct pod *victim = preemptor->lower[i];
        preemptor->violates[i] = false;
        for (const struct budget *budget =
                 budgets_of(preemptor->world.budgets, victim->namespace_sym);
             budget; budget = budget->next) {
            struct spent *entry =
                budget_covers(budget, victim) ? spent_of(spent, &count, budget) : NULL;
            if (entry && --entry->left < 0)
                preemptor->violates[i] = true;
        }
    }
}

/* ---- who may stay ---- */

/* Whether the pod fits now, and what is off frees its unit. */
static bool fits(struct preemptor *preemptor, const struct pod *pod,
                 const struct preempt_scope *scope, uint32_t slot, struct diagnosis *diagnosis)
{
    const struct fitting fitting = {preemptor->world.cluster, pod, scope->type};
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by;
    if (nominator_explain(preemptor->world.nominator, &fitting, slot, &reasons, &refused_by) !=
        VERDICT_FIT) {
        if (diagnosis)
            diagnosis_add(diagnosis, refused_by, &reasons);
        return false;
    }
    if (scope->full_unit == POLICY_UNITS_MAX)
        return true;
    struct pod *gone[PREEMPT_VICTIMS_MAX];
    uint32_t gone_count = 0;
    for (uint32_t i = 0; i < preemptor->lower_count; i++)
        if (!preemptor->is_back[i])
            gone[gone_count++] = preemptor->lower[i];
    bool has_room =
        book_fullness_without(preemptor->world.book, pod, scope->full_unit, gone, gone_count)
            .kind == FULLNESS_ROOM;
    if (!has_room && diagnosis)
        diagnosis_add_kind(diagnosis, REASON_UNIT_FULL);
    return has_room;
}

/* Puts back those that let the pod fit all the same. */
static void put_back(struct preemptor *preemptor, const struct pod *pod,
                     const struct preempt_scope *scope, uint32_t slot, bool of_violating)
{
    for (uint32_t i = 0; i < preemptor->lower_count; i++) {
        if (preemptor->violates[i] != of_violating)
            continue;
        set_off(preemptor, preemptor->lower[i], slot, 1);
        preemptor->is_back[i] = true;
        if (!fits(preemptor, pod, scope, slot, NULL)) {
            set_off(preemptor, preemptor->lower[i], slot, -1);
            preemptor->is_back[i] = false;
        }
    }
}

static void fill_candidate(struct preemptor *preemptor, uint32_t slot, int64_t now_unix_s)
{
    struct candidate *candidate = &preemptor->candidates[1];
    candidate->choice.slot = slot;
    candidate->choice.victim_count = candidate->choice.budget_violations = 0;
    candidate->priority_sum = 0;
    candidate->top_started_s = INT64_MAX;
    for (uint32_t i = 0; i < preemptor->lower_count; i++) {
        struct pod *victim = preemptor->lower[i];
        if (preemptor->is_back[i])
            continue;
        if (candidate->choice.victim_count == 0)
            candidate->top_priority = victim->priority;
        candidate->choice.victims[candidate->choice.victim_count++] = victim;
        candidate->choice.budget_violations += preemptor->violates[i];
        candidate->priority_sum += (uint64_t)((int64_t)victim->priority + (INT64_C(1) << 31));
        int64_t at_s = started_s(victim, now_unix_s);
        if (victim->priority == candidate->top_priority && at_s < candidate->top_started_s)
            candidate->top_started_s = at_s;
    }
}

bool preempt_dry_run(struct preemptor *preemptor, const struct pod *pod,
                     const struct preempt_scope *scope, uint32_t slot, struct diagnosis *diagnosis)
{
    find_lower(preemptor, pod, slot, scope->now_unix_s);
    if (preemptor->lower_count == 0) {
        diagnosis_add_kind(diagnosis, REASON_NO_VICTIMS);
        return false;
    }
    for (uint32_t i = 0; i < preemptor->lower_count; i++) {
        set_off(preemptor, preemptor->lower[i], slot, -1);
        preemptor->is_back[i] = false;
    }
    bool is_enough = fits(preemptor, pod, scope, slot, diagnosis);
    if (is_enough) {
        find_violations(preemptor);
        put_back(preemptor, pod, scope, slot, true);
        put_back(preemptor, pod, scope, slot, false);
        fill_candidate(preemptor, slot, scope->now_unix_s);
    }
    for (uint32_t i = 0; i < preemptor->lower_count; i++)
        if (!preemptor->is_back[i])
            set_off(preemptor, preemptor->lower[i], slot, 1);
    return is_enough && preemptor->candidates[1].choice.victim_count > 0;
}
