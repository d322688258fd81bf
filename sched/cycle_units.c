/*
 * The walk through the units of a pod's policy (elastic-policies 1.5): a hard order, never a score.
 *
 *     for each unit, in order, those below their min first:
 *       cannot host the pod, or cools down?       the next
 *       full (F)?  else its nodes are searched    found: done
 *       preemptPolicy BeforeNextUnit              victims in this unit
 *       the policy's rule                         the next, or wait here
 *     overflow: anywhere                          nodes of no unit
 *     preemptPolicy AfterAllUnits                 victims in the units, in order
 *
 * What each unit said is kept as data: the sentence, the status and the wake-ups are made of it.
 */
#include "model/names.h"
#include "policy/rule.h"
#include "policy/sentence.h"
#include "policy/unit_presets.h"
#include "sched/cycle_private.h"
#include "sched/explain.h"
#include "sched/match.h"
#include "sched/unit_wait.h"

struct unit_search {
    struct cycle *cycle;
    struct pod *pod;
    const struct policy *policy;
    struct mono_ms now;
    struct unit_refusal *refusals; /* by unit; NOT_TRIED until it was; the cycle's */
    bool *lacks;                   /* its nodes were searched, none takes the pod; the cycle's */
    bool sought_victims;
    struct cycle_result result;
};

static int64_t wall_s(const struct unit_search *search, struct mono_ms at)
{
    return cycle_wall_s(search->cycle, at);
}

static struct walk_scope unit_scope(const struct unit_search *search, uint32_t unit)
{
    const struct cycle_world *world = &search->cycle->world;
    uint32_t type = search->policy->units[unit].type;
    return (struct walk_scope){
        .nodes = book_unit_nodes(world->book, search->pod, unit),
        .matching = match_sync(world->cluster, search->pod->shape, world->types, type),
        .cursor = book_unit_cursor(world->book, search->pod, unit),
        .type = &world->types->items[type],
    };
}

/* Until when the unit is skipped: pods failed to start there, or it refused this one. */
static struct mono_ms unit_cool_until(const struct unit_search *search, uint32_t unit)
{
    struct mono_ms of_unit = book_cool_until(search->cycle->world.book, search->pod, unit);
    struct mono_ms of_pod = unit_wait_cool_until(search->pod, search->policy->units[unit].name_sym);
    return mono_before(of_unit, of_pod) ? of_pod : of_unit;
}

/* A node of the unit for the pod, unless it is full. */
static uint32_t unit_find(struct unit_search *search, uint32_t unit, struct unit_refusal *refusal)
{
    struct cycle *cycle = search->cycle;
    const struct book *book = cycle->world.book;
    const struct unit_type *type = &cycle->world.types->items[search->policy->units[unit].type];
    if (!unit_type_can_host(type, search->pod->shape, &refusal->need)) {
        refusal->why = UNIT_WHY_CANNOT_HOST;
        return NODE_SLOT_NONE;
    }
    struct mono_ms cool_until = unit_cool_until(search, unit);
    if (mono_before(search->now, cool_until)) {
        refusal->why = UNIT_WHY_COOLING;
        refusal->until_unix_s = wall_s(search, cool_until);
        search->result.wake_at = mono_min(search->result.wake_at, cool_until);
        return NODE_SLOT_NONE;
    }
    refusal->fullness = book_fullness(book, search->pod, unit);
    if (refusal->fullness.kind != FULLNESS_ROOM) {
        refusal->why = UNIT_WHY_FULL;
        return NODE_SLOT_NONE;
    }
    refusal->why = UNIT_WHY_LACKS;
    const struct walk_scope scope = unit_scope(search, unit);
    uint32_t slot = cycle_nominated(cycle, search->pod, scope.nodes, scope.type);
    if (slot == NODE_SLOT_NONE)
        slot = cycle_search(cycle, search->pod, &scope);
    search->lacks[unit] = slot == NODE_SLOT_NONE;
    return slot;
}

static bool found(struct unit_search *search, uint32_t unit, uint32_t slot)
{
    search->result.slot = slot;
    search->result.unit_sym = search->policy->units[unit].name_sym;
    search->result.wake_at = MONO_NEVER;
    return true;
}

/* Its victims of last time are leaving: wherever that is, it is not worth more of them. */
static bool is_waiting_for_victims(struct unit_search *search)
{
    const struct cycle_world *world = &search->cycle->world;
    const struct node *node =
        node_table_find(&world->cluster->nodes, search->pod->nominated_node_sym);
    for (uint32_t unit = 0; node && unit < search->policy->unit_count; unit++) {
        if (!bitset_test(book_unit_nodes(world->book, search->pod, unit), node->slot))
            continue;
        uint32_t type = search->policy->units[unit].type;
        const struct preempt_scope scope = {
            .matching = match_sync(world->cluster, search->pod->shape, world->types, type),
            .type = &world->types->items[type],
        };
        return preempt_is_waiting(world->preemptor, search->pod, &scope);
    }
    return false;
}

/* What was sought and found, for the sentence. */
static enum unit_preempt preempt_said(const struct unit_search *search, bool is_settled)
{
    if (search->result.preemption)
        return UNIT_PREEMPT_FOUND;
    if (is_settled)
        return UNIT_PREEMPT_WAITS;
    return search->pod->preempts_never ? UNIT_PREEMPT_NEVER : UNIT_PREEMPT_NONE;
}

static bool find_victims(struct unit_search *search, uint32_t unit, bool is_full)
{
    const struct cycle_world *world = &search->cycle->world;
    const struct unit_type *type = &world->types->items[search->policy->units[unit].type];
    search->sought_victims = true;
    if (is_waiting_for_victims(search)) {
        search->result.keeps_nomination = true;
        return true;
    }
    const struct preempt_scope scope = {
        .nodes = book_unit_nodes(world->book, search->pod, unit),
        .matching = match_sync(world->cluster, search->pod->shape, world->types,
                               search->policy->units[unit].type),
        .type = type,
        .full_unit = is_full ? unit : POLICY_UNITS_MAX,
        .now_unix_s = wall_s(search, search->now),
    };
    return cycle_preempt(search->cycle, search->pod, &scope, &search->result, NULL);
}

/* Room in the unit through victims; never for lack of it in a virtual unit. */
static bool unit_preempt(struct unit_search *search, uint32_t unit)
{
    struct unit_refusal *refusal = &search->refusals[unit];
    const struct unit_type *type =
        &search->cycle->world.types->items[search->policy->units[unit].type];
    bool is_full =
        refusal->why == UNIT_WHY_FULL && refusal->fullness.kind != FULLNESS_OWNER_UNKNOWN;
    if (type->is_virtual || type->obeys_only_max || (!is_full && refusal->why != UNIT_WHY_LACKS))
        return false;
    if (!search->cycle->world.preemptor)
        return false;
    bool is_settled = find_victims(search, unit, is_full);
    refusal->preempt = preempt_said(search, is_settled);
    if (refusal->preempt == UNIT_PREEMPT_FOUND) {
        const struct node_table *nodes = &search->cycle->world.cluster->nodes;
        refusal->victim_count = search->result.preemption->victim_count;
        refusal->victims_node_sym = nodes->nodes[search->result.preemption->slot]->name_sym;
    }
    return is_settled;
}

/* Whether the walk may go on behind a unit that refused, and what that says to the user. */
static bool unit_may_leave(struct unit_search *search, uint32_t unit)
{
    struct unit_refusal *refusal = &search->refusals[unit];
    const struct policy_unit *rules = &search->policy->units[unit];
    if (refusal->why == UNIT_WHY_CANNOT_HOST || refusal->why == UNIT_WHY_COOLING) {
        refusal->when = UNIT_WHEN_TRIED; /* opted for, and no fact of the rules */
        return true;
    }
    if (refusal->why == UNIT_WHY_FULL && refusal->fullness.kind == FULLNESS_OWNER_UNKNOWN)
        return false; /* a matter of moments: nothing is decided on a guess */
    struct unit_facts facts = {
        .is_full = refusal->why == UNIT_WHY_FULL,
        .lacks = refusal->why == UNIT_WHY_LACKS,
        .is_unlimited = !rules->max.is_set && rules->resource_count == 0,
        .waits = rules->waits,
        .has_terminating = book_has_terminating(search->cycle->world.book, search->pod, unit),
    };
    struct mono_ms until = MONO_NEVER;
    /* Units of ACS obey their max alone: a timeout does nothing there (elastic-policies 1.5). */
    bool obeys_only_max = search->cycle->world.types->items[rules->type].obeys_only_max;
    if (!obeys_only_max && unit_rule_waits_on_time(search->policy->next_rule, facts)) {
        until = unit_wait_until(search->pod, rules->name_sym, rules->timeout_ms, search->now);
        facts.is_timed_out = !mono_before(search->now, until);
        refusal->until_unix_s = wall_s(search, until);
    }
    if (unit_rule(search->policy->next_rule, facts) == UNIT_NEXT) {
        refusal->when = facts.is_timed_out ? UNIT_WHEN_SINCE : UNIT_WHEN_TRIED;
        return true;
    }
    bool is_held = search->policy->next_rule == NEXT_LACK_NOT_LEAVING && facts.has_terminating;
    if (is_held)
        refusal->why = UNIT_WHY_TERMINATING;
    refusal->when = is_held                     ? UNIT_WHEN_NEVER_SAID
                    : until.ms == MONO_NEVER.ms ? UNIT_WHEN_ROOM
                                                : UNIT_WHEN_AT;
    search->result.wake_at = mono_min(search->result.wake_at, until);
    if (until.ms != MONO_NEVER.ms) {
        search->result.clock_sym = rules->name_sym;
        search->result.clock_ms = rules->timeout_ms;
    }
    return false;
}

/* First, units that hold less than their min, in order, whatever the rule (elastic-policies 3.3 b);
 * one that lacks a node counts as any other in the walk that follows. */
static bool walk_minima(struct unit_search *search)
{
    for (uint32_t unit = 0; unit < search->policy->unit_count; unit++) {
        if (!search->policy->units[unit].min.is_set ||
            !book_is_below_min(search->cycle->world.book, search->pod, unit))
            continue;
        struct unit_refusal refusal = {.unit = unit};
        uint32_t slot = unit_find(search, unit, &refusal);
        if (slot != NODE_SLOT_NONE)
            return found(search, unit, slot);
    }
    return false;
}

/* Returns whether the pod was placed or room is being made; *ret_is_through: no unit holds it. */
static bool walk_units(struct unit_search *search, bool *ret_is_through)
{
    bool preempts_between = search->policy->preempt_when == PREEMPT_BEFORE_NEXT_UNIT;
    for (uint32_t unit = 0; unit < search->policy->unit_count; unit++) {
        struct unit_refusal *refusal = &search->refusals[unit];
        uint32_t slot = unit_find(search, unit, refusal);
        if (slot != NODE_SLOT_NONE)
            return found(search, unit, slot);
        if (preempts_between && unit_preempt(search, unit))
            return true;
        if (!unit_may_leave(search, unit))
            return false;
    }
    *ret_is_through = true;
    return false;
}

/* ---- nodes of no unit ---- */

static void find_outside(struct unit_search *search)
{
    struct cycle *cycle = search->cycle;
    const struct bitset *present = &cycle->world.cluster->nodes.present;
    bitset_zero(&cycle->outside);
    bitset_reserve(&cycle->outside, present->word_count * 64);
    for (uint32_t word = 0; word < present->word_count; word++) {
        uint64_t rest = bitset_word(present, word);
        for (uint32_t unit = 0; unit < search->policy->unit_count; unit++)
            rest &= ~bitset_word(book_unit_nodes(cycle->world.book, search->pod, unit), word);
        bitset_set_word(&cycle->outside, word, rest);
    }
}

static enum overflow_result walk_outside(struct unit_search *search)
{
    struct cycle *cycle = search->cycle;
    if (search->policy->overflow != OVERFLOW_ANYWHERE)
        return OVERFLOW_FORBIDDEN;
    find_outside(search);
    const struct walk_scope scope = {
        .nodes = &cycle->outside,
        .matching =
            match_sync(cycle->world.cluster, search->pod->shape, cycle->world.types, UNIT_TYPE_ANY),
        .cursor = &cycle->cursor,
    };
    uint32_t slot = cycle_nominated(cycle, search->pod, scope.nodes, NULL);
    if (slot == NODE_SLOT_NONE)
        slot = cycle_search(cycle, search->pod, &scope);
    if (slot == NODE_SLOT_NONE)
        return OVERFLOW_NONE_FITS;
    search->result.slot = slot;
    search->result.wake_at = MONO_NEVER;
    return OVERFLOW_NONE_FITS;
}

/* ---- why not ---- */

static void explain_by_unit(enum reason_kind kind, uint64_t members, struct diagnosis *diagnosis)
{
    const struct reason reason = {kind, SYM_EMPTY};
    diagnosis_add_nodes(diagnosis, PLUGIN_UNITS, reason, (uint32_t)__builtin_popcountll(members));
}

/* By their filters. */
static void explain_members(const struct unit_search *search, uint32_t type, uint32_t block,
                            uint64_t members, struct diagnosis *diagnosis)
{
    if (members == 0)
        return;
    const struct cycle_world *world = &search->cycle->world;
    const struct explain_scope scope = {
        .cluster = world->cluster,
        .nominator = world->nominator,
        .pod = search->pod,
        .match = match_sync_refusals(world->cluster, search->pod->shape, world->types, type),
        .type = &world->types->items[type]};
    explain_block(&scope, block, members, diagnosis);
}

static void explain_unit(const struct unit_search *search, uint32_t unit, uint32_t block,
                         uint64_t members, struct diagnosis *diagnosis)
{
    if (search->lacks[unit])
        explain_members(search, search->policy->units[unit].type, block, members, diagnosis);
    else
        explain_by_unit(search->refusals[unit].why == UNIT_WHY_FULL ? REASON_UNIT_FULL
                                                                    : REASON_UNIT_CLOSED,
                        members, diagnosis);
}

/* Each node of a block counts once, for the first unit it is in. */
static void explain_units(const struct unit_search *search, uint32_t block, bool looked_outside,
                          struct diagnosis *diagnosis)
{
    const struct cycle_world *world = &search->cycle->world;
    uint64_t rest = bitset_word(&world->cluster->nodes.present, block);
    for (uint32_t unit = 0; rest && unit < search->policy->unit_count; unit++) {
        uint64_t members =
            rest & bitset_word(book_unit_nodes(world->book, search->pod, unit), block);
        explain_unit(search, unit, block, members, diagnosis);
        rest &= ~members;
    }
    if (looked_outside)
        explain_members(search, UNIT_TYPE_ANY, block, rest, diagnosis);
    else
        explain_by_unit(REASON_NO_UNIT, rest, diagnosis);
}

/* Whether another pod of the group, or this one a moment later, could stop elsewhere than here. */
static bool may_pass(const struct unit_search *search, uint32_t unit)
{
    const struct policy_unit *rules = &search->policy->units[unit];
    return unit_type_is_choosy(&search->cycle->world.types->items[rules->type]) ||
           rules->cool_down_ms > 0;
}

/* Whether the refusal has nothing to do with the pod's shape, priority or time: each unit on the
 * way is full by the number of its pods. */
static bool is_for_group(const struct unit_search *search, enum overflow_result overflow)
{
    if (search->sought_victims || overflow == OVERFLOW_NONE_FITS ||
        search->result.wake_at.ms != MONO_NEVER.ms)
        return false;
    uint32_t last = 0;
    for (uint32_t unit = 0; unit < search->policy->unit_count; unit++) {
        const struct unit_refusal *refusal = &search->refusals[unit];
        if (search->lacks[unit])
            return false;
        if (refusal->why == UNIT_WHY_NOT_TRIED)
            continue;
        last = unit;
        if (refusal->why != UNIT_WHY_FULL || refusal->fullness.kind == FULLNESS_RESOURCE)
            return false;
    }
    return overflow != OVERFLOW_NOT_REACHED || !may_pass(search, last);
}

static void refuse(struct unit_search *search, enum overflow_result overflow, struct buf *message)
{
    struct cycle *cycle = search->cycle;
    const struct cluster *cluster = cycle->world.cluster;
    struct diagnosis diagnosis;
    diagnosis_init(&diagnosis, cluster->nodes.present_count);
    for (uint32_t block = 0; block < cluster->nodes.present.word_count; block++)
        explain_units(search, block, overflow == OVERFLOW_NONE_FITS, &diagnosis);
    diagnosis_format(&diagnosis, cluster->symbols, NULL, message);
    (void)buf_add_str(message, " ");
    sentence_format(search->policy, cluster->symbols, search->refusals, search->policy->unit_count,
                    overflow, message);
    /* A node may join a unit, and then any filter's event may be the one that helps. */
    search->result.rejectors = diagnosis.refused_by | 1u << PLUGIN_UNITS;
    search->result.is_for_group = is_for_group(search, overflow);
}

/* For the policy's status. A unit that lacks a node cools down where its policy says so, and then
 * the end of that is what the pod waits for. */
static void note_refusal(struct unit_search *search, uint32_t unit)
{
    struct book *book = search->cycle->world.book;
    struct buf why CLEANUP(buf_fini);
    buf_init(&why, POLICY_STATUS_TEXT_BYTES);
    sentence_format_why(search->cycle->world.cluster->symbols, &search->refusals[unit], &why);
    book_note_refusal(book, search->pod, unit, buf_str(&why), wall_s(search, search->now));
    const struct policy_unit *rules = &search->policy->units[unit];
    if (!search->lacks[unit] || rules->cool_down_ms == 0)
        return;
    struct mono_ms until = mono_add(search->now, rules->cool_down_ms);
    unit_wait_cool(search->pod, rules->name_sym, until);
    search->result.wake_at = mono_min(search->result.wake_at, until);
}

static void note_refusals(struct unit_search *search)
{
    for (uint32_t unit = 0; unit < search->policy->unit_count; unit++)
        if (search->refusals[unit].why != UNIT_WHY_NOT_TRIED)
            note_refusal(search, unit);
}

static bool preempt_after_all(struct unit_search *search)
{
    if (search->policy->preempt_when != PREEMPT_AFTER_ALL_UNITS)
        return false;
    for (uint32_t unit = 0; unit < search->policy->unit_count; unit++)
        if (unit_preempt(search, unit))
            return true;
    return false;
}

struct cycle_result cycle_run_units(struct cycle *cycle, struct pod *pod,
                                    const struct policy *policy, struct mono_ms now,
                                    struct buf *message)
{
    struct unit_search search = {
        .cycle = cycle,
        .pod = pod,
        .policy = policy,
        .now = now,
        .refusals = cycle->refusals,
        .lacks = cycle->lacks,
        .result = {.slot = NODE_SLOT_NONE, .wake_at = MONO_NEVER},
    };
    for (uint32_t unit = 0; unit < policy->unit_count; unit++) {
        search.refusals[unit] = (struct unit_refusal){.unit = unit, .why = UNIT_WHY_NOT_TRIED};
        search.lacks[unit] = false;
    }
    if (policy->has_min && walk_minima(&search))
        return search.result;
    enum overflow_result overflow = OVERFLOW_NOT_REACHED;
    bool is_through = false;
    bool is_settled = walk_units(&search, &is_through);
    if (is_through)
        overflow = walk_outside(&search);
    if (search.result.slot != NODE_SLOT_NONE)
        return search.result;
    if (is_through && !is_settled)
        (void)preempt_after_all(&search);
    refuse(&search, overflow, message);
    note_refusals(&search);
    return search.result;
}
