#include "tests/sched/batch_oracle.h"

#include "policy/unit_presets.h"

/* Where to look. */
struct place {
    const struct bitset *nodes;
    const struct unit_type *type;
    uint32_t *cursor;
    bool is_shared; /* the same set of nodes for every pod */
};

void oracle_init(struct oracle *oracle, const struct cycle *cycle)
{
    *oracle = (struct oracle){.cycle = cycle};
    rng_init(&oracle->rng, cycle->config.seed);
}

static bool fits(const struct oracle *oracle, const struct pod *pod, const struct unit_type *type,
                 uint32_t slot)
{
    const struct cycle_world *world = &oracle->cycle->world;
    struct reasons reasons = {.count = 0};
    enum plugin refused_by;
    const struct fitting fitting = {world->cluster, pod, type};
    return nominator_explain(world->nominator, &fitting, slot, &reasons, &refused_by) ==
           VERDICT_FIT;
}

static bool has_scores(const struct score_config *config)
{
    for (uint32_t i = 0; i < SCORE_COUNT; i++)
        if (config->weights[i] > 0)
            return true;
    return false;
}

static struct walk_limits limits_of(const struct oracle *oracle)
{
    const struct cycle_config *config = &oracle->cycle->config;
    if (config->percentage < 0)
        return (struct walk_limits){config->predicate_step,
                                    config->feasible_target ? config->feasible_target : UINT32_MAX};
    uint32_t node_count = oracle->cycle->world.cluster->nodes.present_count;
    uint32_t target = walk_kube_target(node_count, (uint32_t)config->percentage);
    return (struct walk_limits){1, has_scores(&config->score) ? target : 1};
}

/* Node by node from the cursor on; returns where it ends. */
static uint32_t walk(const struct oracle *oracle, const struct pod *pod, const struct place *place,
                     struct oracle_sample *sample)
{
    const struct walk_limits limits = limits_of(oracle);
    uint32_t slot_count = oracle->cycle->world.cluster->nodes.slot_count;
    uint32_t examined = 0, start = *place->cursor;
    sample->count = 0;
    for (uint32_t i = 0; i < slot_count; i++) {
        uint32_t slot = start < slot_count ? (start + i) % slot_count : i;
        if (!bitset_test(place->nodes, slot))
            continue;
        if (fits(oracle, pod, place->type, slot))
            sample->slots[sample->count++] = slot;
        if (++examined % limits.step == 0 && sample->count >= limits.target)
            return slot + 1 < slot_count ? slot + 1 : 0;
    }
    return start;
}

static uint32_t choose(struct oracle *oracle, const struct pod *pod,
                       const struct oracle_sample *sample)
{
    if (sample->count == 1)
        return sample->slots[0];
    int64_t scratch[ORACLE_NODES_MAX], totals[ORACLE_NODES_MAX] = {0};
    const struct score_input in = {oracle->cycle->world.cluster, pod->shape,
                                   &oracle->cycle->config.score, sample->slots, sample->count};
    (void)scores_add(&in, SCORE_ALL, scratch, totals);
    int64_t top = totals[0];
    uint32_t best[ORACLE_NODES_MAX], best_count = 0;
    for (uint32_t i = 0; i < sample->count; i++)
        top = totals[i] > top ? totals[i] : top;
    for (uint32_t i = 0; i < sample->count; i++)
        if (totals[i] == top)
            best[best_count++] = sample->slots[i];
    return best[best_count > 1 ? rng_below(&oracle->rng, best_count) : 0];
}

static bool may_keep(const struct oracle *oracle, const struct pod *pod, const struct place *place)
{
    return place->is_shared && oracle->cycle->world.nominator->count == 0 &&
           pod->nominated_node_sym == SYM_EMPTY;
}

/* From the kept sample, all of it filtered and scored anew; NODE_SLOT_NONE: it does not serve. */
static uint32_t choose_kept(struct oracle *oracle, const struct pod *pod, const struct place *place)
{
    if (!may_keep(oracle, pod, place) || !oracle->kept.holds || oracle->kept.shape != pod->shape ||
        oracle->kept.nodes != place->nodes || oracle->kept.type != place->type)
        return NODE_SLOT_NONE;
    const struct oracle_sample *drawn = &oracle->kept.sample;
    struct oracle_sample left = {.count = 0};
    for (uint32_t i = 0; i < drawn->count; i++)
        if (fits(oracle, pod, place->type, drawn->slots[i]))
            left.slots[left.count++] = drawn->slots[i];
    if (oracle->kept.decided >= drawn->count / 8)
        return NODE_SLOT_NONE;
    oracle->kept.decided++;
    oracle->shared++;
    return choose(oracle, pod, &left);
}

static bool search(struct oracle *oracle, const struct pod *pod, const struct place *place,
                   struct oracle_answer *answer)
{
    answer->cursor = place->cursor;
    answer->cursor_slot = *place->cursor;
    answer->slot = choose_kept(oracle, pod, place);
    if (answer->slot != NODE_SLOT_NONE)
        return true;
    struct oracle_sample sample;
    answer->cursor_slot = walk(oracle, pod, place, &sample);
    if (sample.count == 0)
        return false;
    bool is_cut = oracle->cycle->config.percentage < 0 && sample.count >= limits_of(oracle).target;
    oracle->kept.holds = is_cut && may_keep(oracle, pod, place);
    oracle->kept.shape = pod->shape;
    oracle->kept.nodes = place->nodes;
    oracle->kept.type = place->type;
    oracle->kept.sample = sample;
    oracle->kept.decided = 1;
    answer->slot = choose(oracle, pod, &sample);
    return true;
}

static bool is_in_units(const struct book *book, const struct pod *pod, uint32_t unit_count,
                        uint32_t slot)
{
    for (uint32_t unit = 0; unit < unit_count; unit++)
        if (bitset_test(book_unit_nodes(book, pod, unit), slot))
            return true;
    return false;
}

static void search_outside(struct oracle *oracle, const struct pod *pod, uint32_t unit_count,
                           struct oracle_answer *answer)
{
    const struct cycle_world *world = &oracle->cycle->world;
    struct bitset outside;
    bitset_init(&outside);
    for (uint32_t slot = 0; slot < world->cluster->nodes.slot_count; slot++)
        if (bitset_test(&world->cluster->nodes.present, slot) &&
            !is_in_units(world->book, pod, unit_count, slot))
            bitset_set(&outside, slot);
    uint32_t cursor = oracle->cycle->cursor;
    const struct place place = {&outside, NULL, &cursor, false};
    (void)search(oracle, pod, &place, answer);
    answer->cursor = &oracle->cycle->cursor;
    bitset_fini(&outside);
}

static void search_units(struct oracle *oracle, const struct pod *pod, const struct policy *policy,
                         struct oracle_answer *answer)
{
    const struct cycle_world *world = &oracle->cycle->world;
    for (uint32_t unit = 0; unit < policy->unit_count; unit++) {
        const struct unit_type *type = &world->types->items[policy->units[unit].type];
        const char *why;
        if (!unit_type_can_host(type, pod->shape, &why) ||
            book_fullness(world->book, pod, unit).kind != FULLNESS_ROOM)
            continue;
        const struct place place = {book_unit_nodes(world->book, pod, unit), type,
                                    book_unit_cursor(world->book, pod, unit), true};
        answer->unit_sym = policy->units[unit].name_sym;
        if (search(oracle, pod, &place, answer))
            return;
    }
    answer->unit_sym = SYM_EMPTY;
    if (policy->overflow == OVERFLOW_ANYWHERE)
        search_outside(oracle, pod, policy->unit_count, answer);
}

struct oracle_answer oracle_decide(struct oracle *oracle, const struct pod *pod)
{
    const struct cycle_world *world = &oracle->cycle->world;
    struct oracle_answer answer = {.slot = NODE_SLOT_NONE};
    if (pod_policy_entry(pod)) {
        struct err err = {0};
        const struct policy *policy = book_policy(world->book, pod, &err);
        CHECK(policy);
        search_units(oracle, pod, policy, &answer);
        return answer;
    }
    uint32_t cursor = oracle->cycle->cursor;
    const struct place place = {&world->cluster->nodes.present, NULL, &cursor, true};
    (void)search(oracle, pod, &place, &answer);
    answer.cursor = &oracle->cycle->cursor;
    return answer;
}
