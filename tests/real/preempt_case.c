#include "tests/real/preempt_case.h"

#include <inttypes.h>

#include "tests/real/generate_pick.h"

const int32_t case_priorities[CASE_PRIORITIES] = {-100, 0, 10, 1000, 1000000};

static const int64_t sizes_milli[] = {0, 250, 500, 750, 1000, 1500, 2000};

static void make_node(struct rng *rng, struct case_node *node)
{
    node->cpu_milli = 1000 * (int64_t)(2 + rng_below(rng, 3));
    node->memory_mib = 4096;
    node->pods = pick_chance(rng, 15) ? 3 : 20;
    node->is_tainted = pick_chance(rng, 10);
}

/* Start times differ on a node: the order of equals is open. */
static void make_pods_of(struct rng *rng, struct preempt_case *it, uint32_t node)
{
    uint32_t count = (uint32_t)rng_below(rng, CASE_PODS_A_NODE_MAX + 1);
    int64_t cpu_left = it->nodes[node].cpu_milli;
    bool has_port = false;
    for (uint32_t i = 0; i < count && i < it->nodes[node].pods; i++) {
        struct case_pod pod = {.node = node,
                               .cpu_milli = PICK(rng, sizes_milli),
                               .memory_mib = 128 * (int64_t)rng_below(rng, 5),
                               .level = (uint32_t)rng_below(rng, CASE_PRIORITIES),
                               .start_s = 1700000000 + 60 * (int64_t)((i * 5 + node) % 8)};
        if (pod.cpu_milli > cpu_left)
            continue;
        if (pick_chance(rng, 60))
            pod.level = (uint32_t)rng_below(rng, 3);
        pod.has_port = !has_port && pick_chance(rng, 15);
        has_port |= pod.has_port;
        pod.is_leaving = pick_chance(rng, 5);
        for (uint32_t budget = 0; budget < it->budget_count; budget++)
            if (pick_chance(rng, 40))
                pod.budgets |= 1u << budget;
        cpu_left -= pod.cpu_milli;
        it->pods[it->pod_count++] = pod;
    }
}

static void make_budgets(struct rng *rng, struct preempt_case *it)
{
    for (uint32_t i = 0; i < it->budget_count; i++) {
        it->budgets[i].allowed = (int32_t)rng_below(rng, 3);
        it->budgets[i].disrupted_pod = it->pod_count > 0 && pick_chance(rng, 25)
                                           ? (uint32_t)rng_below(rng, it->pod_count)
                                           : CASE_PODS_MAX;
    }
}

static void make_preemptor(struct rng *rng, struct preempt_case *it)
{
    it->preemptor = (struct case_pod){.cpu_milli = 500 * (int64_t)(1 + rng_below(rng, 6)),
                                      .memory_mib = 512 * (int64_t)rng_below(rng, 3),
                                      .has_port = pick_chance(rng, 20),
                                      .level = 2 + (uint32_t)rng_below(rng, 3)};
    it->tolerates = pick_chance(rng, 30);
    it->preempts_never = pick_chance(rng, 4);
    if (pick_chance(rng, 25))
        it->nominee = (struct case_nominee){
            .is_there = true,
            .node = (uint32_t)rng_below(rng, it->node_count),
            .level = (uint32_t)rng_below(rng, CASE_PRIORITIES),
            .cpu_milli = 250 * (int64_t)(1 + rng_below(rng, 4)),
        };
}

static void make(struct rng *rng, struct preempt_case *it)
{
    it->node_count = 1 + (uint32_t)rng_below(rng, CASE_NODES_MAX);
    it->budget_count = (uint32_t)rng_below(rng, CASE_BUDGETS_MAX + 1);
    for (uint32_t i = 0; i < it->node_count; i++) {
        make_node(rng, &it->nodes[i]);
        make_pods_of(rng, it, i);
    }
    if (it->pod_count > 0 && pick_chance(rng, 20)) /* counts as started now, so one at most */
        it->pods[rng_below(rng, it->pod_count)].start_s = 0;
    make_budgets(rng, it);
    make_preemptor(rng, it);
}

/* ---- room ---- */

static bool is_closed(const struct preempt_case *it, uint32_t node)
{
    return (it->nodes[node].is_tainted && !it->tolerates) ||
           it->preemptor.cpu_milli > it->nodes[node].cpu_milli ||
           it->preemptor.memory_mib > it->nodes[node].memory_mib;
}

/* Whether the pod fits on the node beside `stay`, and beside whom a nomination holds a place for.
 */
static bool fits(const struct preempt_case *it, uint32_t node, uint64_t stay, bool with_nominee)
{
    int64_t cpu_milli = it->preemptor.cpu_milli, memory_mib = it->preemptor.memory_mib, pods = 1;
    const struct case_nominee *nominee = &it->nominee;
    if (with_nominee && nominee->is_there && nominee->node == node &&
        case_priorities[nominee->level] >= case_priorities[it->preemptor.level]) {
        cpu_milli += nominee->cpu_milli;
        pods++;
    }
    for (uint32_t i = 0; i < it->pod_count; i++) {
        if (it->pods[i].node != node || !(stay >> i & 1))
            continue;
        cpu_milli += it->pods[i].cpu_milli;
        memory_mib += it->pods[i].memory_mib;
        pods++;
        if (it->pods[i].has_port && it->preemptor.has_port)
            return false;
    }
    return cpu_milli <= it->nodes[node].cpu_milli && memory_mib <= it->nodes[node].memory_mib &&
           pods <= it->nodes[node].pods;
}

void case_generate(struct preempt_case *it, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed);
    for (bool fits_somewhere = true; fits_somewhere;) {
        *it = (struct preempt_case){.seed = seed};
        make(&rng, it);
        fits_somewhere = false;
        for (uint32_t node = 0; node < it->node_count; node++)
            fits_somewhere |= !is_closed(it, node) && fits(it, node, UINT64_MAX, true);
    }
}

/* ---- A14.4: one node ---- */

static int64_t start_of(const struct case_pod *pod)
{
    return pod->start_s ? pod->start_s : INT64_MAX;
}

static bool is_before(const struct case_pod *a, const struct case_pod *b)
{
    if (a->level != b->level)
        return a->level > b->level;
    return start_of(a) < start_of(b);
}

/* Pods of the node with lower priority, the most important first; their number. */
static uint32_t find_lower(const struct preempt_case *it, uint32_t node, uint32_t *order)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < it->pod_count; i++) {
        if (it->pods[i].node != node || it->pods[i].level >= it->preemptor.level)
            continue;
        uint32_t at = count++;
        for (; at > 0 && is_before(&it->pods[i], &it->pods[order[at - 1]]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return count;
}

/* Bits of those whose end breaks a budget, when budgets are asked in this order. */
static uint64_t find_violating(const struct preempt_case *it, const uint32_t *order, uint32_t count,
                               bool is_reversed)
{
    int32_t left[CASE_BUDGETS_MAX];
    uint64_t violating = 0;
    for (uint32_t i = 0; i < it->budget_count; i++)
        left[i] = it->budgets[i].allowed;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < it->budget_count; k++) {
            uint32_t budget = is_reversed ? it->budget_count - 1 - k : k;
            if (!(it->pods[order[i]].budgets >> budget & 1) ||
                it->budgets[budget].disrupted_pod == order[i])
                continue;
            if (--left[budget] < 0) {
                violating |= UINT64_C(1) << order[i];
                break;
            }
        }
    return violating;
}

static bool find_choice(const struct preempt_case *it, uint32_t node, bool is_reversed,
                        struct case_choice *ret_choice)
{
    uint32_t order[CASE_PODS_MAX];
    uint32_t count = find_lower(it, node, order);
    uint64_t stay = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++)
        stay &= ~(UINT64_C(1) << order[i]);
    if (count == 0 || is_closed(it, node) || !fits(it, node, stay, true))
        return false;
    uint64_t violating = find_violating(it, order, count, is_reversed);
    *ret_choice = (struct case_choice){.node = node};
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < count; i++) {
            uint64_t bit = UINT64_C(1) << order[i];
            if ((violating & bit) != 0 ? round != 0 : round == 0)
                continue;
            if (fits(it, node, stay | bit, true)) {
                stay |= bit;
            } else {
                ret_choice->victims |= bit;
                ret_choice->violations += (violating & bit) != 0;
            }
        }
    return true;
}

/* ---- A14.5: among nodes ---- */

struct rank {
    int64_t violations, top, sum, count, start;
};

static struct rank rank_of(const struct preempt_case *it, const struct case_choice *choice)
{
    struct rank rank = {.violations = choice->violations, .top = INT64_MIN, .start = INT64_MAX};
    for (uint32_t i = 0; i < it->pod_count; i++) {
        if (!(choice->victims >> i & 1))
            continue;
        int64_t priority = case_priorities[it->pods[i].level];
        rank.sum += priority + (INT64_C(1) << 31);
        rank.count++;
        if (priority > rank.top) {
            rank.top = priority;
            rank.start = start_of(&it->pods[i]);
        } else if (priority == rank.top && start_of(&it->pods[i]) < rank.start) {
            rank.start = start_of(&it->pods[i]);
        }
    }
    return rank;
}

/* Below 0: a is the better one; 0: equal. */
static int compare_ranks(const struct rank *a, const struct rank *b)
{
    const int64_t differences[] = {a->violations - b->violations, a->top - b->top, a->sum - b->sum,
                                   a->count - b->count};
    for (size_t i = 0; i < ARRAY_LEN(differences); i++)
        if (differences[i] != 0)
            return differences[i] < 0 ? -1 : 1;
    return a->start > b->start ? -1 : a->start < b->start;
}

static uint64_t leaving_of(const struct preempt_case *it)
{
    uint64_t leaving = 0;
    for (uint32_t i = 0; i < it->pod_count; i++)
        leaving |= (uint64_t)it->pods[i].is_leaving << i;
    return leaving;
}

static bool is_right_in_order(const struct preempt_case *it, const struct case_choice *choice,
                              bool is_reversed)
{
    struct case_choice own;
    if (!find_choice(it, choice->node, is_reversed, &own) ||
        (own.victims & ~leaving_of(it)) != choice->victims)
        return false;
    const struct rank rank = rank_of(it, &own);
    for (uint32_t node = 0; node < it->node_count; node++) {
        struct case_choice other;
        if (!find_choice(it, node, is_reversed, &other))
            continue;
        const struct rank other_rank = rank_of(it, &other);
        if (compare_ranks(&other_rank, &rank) < 0)
            return false;
    }
    return true;
}

bool case_is_right(const struct preempt_case *it, const struct case_choice *choice)
{
    return is_right_in_order(it, choice, false) || is_right_in_order(it, choice, true);
}

uint32_t case_violations(const struct preempt_case *it, const struct case_choice *choice)
{
    struct case_choice own;
    return find_choice(it, choice->node, false, &own) ? own.violations : 0;
}

bool case_is_hopeless(const struct preempt_case *it)
{
    struct case_choice choice;
    bool has_candidate = false;
    for (uint32_t node = 0; node < it->node_count; node++)
        has_candidate |= find_choice(it, node, false, &choice);
    return !has_candidate || it->preempts_never;
}

/* ---- for people ---- */

void case_print(const struct preempt_case *it, struct buf *out)
{
    (void)buf_printf(out, "pod: %" PRId64 "m %" PRId64 "Mi%s priority %d%s%s\n",
                     it->preemptor.cpu_milli, it->preemptor.memory_mib,
                     it->preemptor.has_port ? " port" : "",
                     (int)case_priorities[it->preemptor.level], it->tolerates ? " tolerates" : "",
                     it->preempts_never ? " never" : "");
    for (uint32_t i = 0; i < it->budget_count; i++)
        (void)buf_printf(out, "budget %u: allows %d, disrupted pod %u\n", i,
                         (int)it->budgets[i].allowed, it->budgets[i].disrupted_pod);
    if (it->nominee.is_there)
        (void)buf_printf(out, "nominated to node %u: %" PRId64 "m priority %d\n", it->nominee.node,
                         it->nominee.cpu_milli, (int)case_priorities[it->nominee.level]);
    for (uint32_t node = 0; node < it->node_count; node++) {
        (void)buf_printf(out, "node %u: %" PRId64 "m, %" PRId64 " pods%s\n", node,
                         it->nodes[node].cpu_milli, it->nodes[node].pods,
                         it->nodes[node].is_tainted ? ", tainted" : "");
        for (uint32_t i = 0; i < it->pod_count; i++)
            if (it->pods[i].node == node)
                (void)buf_printf(out,
                                 "  pod %u: %" PRId64 "m %" PRId64 "Mi%s priority %d start %" PRId64
                                 " budgets %x%s\n",
                                 i, it->pods[i].cpu_milli, it->pods[i].memory_mib,
                                 it->pods[i].has_port ? " port" : "",
                                 (int)case_priorities[it->pods[i].level], it->pods[i].start_s,
                                 it->pods[i].budgets, it->pods[i].is_leaving ? " leaving" : "");
    }
    for (uint32_t node = 0; node < it->node_count; node++) {
        struct case_choice choice;
        if (!find_choice(it, node, false, &choice))
            continue;
        choice.victims &= ~leaving_of(it);
        (void)buf_printf(out, "candidate: node %u, victims %" PRIx64 ", %u violations%s\n", node,
                         choice.victims, choice.violations,
                         case_is_right(it, &choice) ? ", a right one" : "");
    }
}
