/*
 * A random walk over nodes, pods, policies, edits, placements and binds that fail. After each step
 * the book is recounted from scratch and compared with the oracle, which shares no code with it.
 * Invariants of elastic-policies 13: (1) no placement takes a unit over its max; (5) groups do not
 * share it; (6) a restart comes to the same counts; (7) a bind that fails gives back once.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "policy/rule.h"
#include "tests/model/seed.h"
#include "tests/policy/walk.h"

#if defined(__SANITIZE_ADDRESS__)
enum { STEPS = 20000 };
#else
enum { STEPS = 100000 };
#endif

enum {
    RESTART_EVERY = 500,
    UNIT_NAMES = 4,
    POOLS = 2,
    TIERS = 2,
    APPS = 2,
    NAMESPACES = 2,
    HASHES = 3,
    FIRST_POLICY_UNIX_S = 1000,
    BINDS_FROM_UNIX_S = 900, /* some before policies that are made in the walk */
};

static int pick(struct walk *walk, int count)
{
    return (int)rng_below(&walk->rng, (uint64_t)count);
}

static bool chance(struct walk *walk, int percent)
{
    return pick(walk, 100) < percent;
}

static int pick_or_none(struct walk *walk, int count, int percent_none)
{
    return chance(walk, percent_none) ? ORACLE_NONE : pick(walk, count);
}

/* ---- nodes ---- */

static void step_node(struct walk *walk)
{
    int index = pick(walk, ORACLE_NODES);
    struct oracle_node *node = &walk->oracle.nodes[index];
    if (node->exists && chance(walk, 20)) {
        node->exists = false;
        world_drop_node(walk->world, walk_text(walk, "n", index));
        return;
    }
    *node = (struct oracle_node){true, chance(walk, 30), pick_or_none(walk, POOLS, 20)};
    walk_see_node(walk, index);
}

/* ---- pods ---- */

/* Pending, or bound by another scheduler, perhaps with a forged annotation. */
static void step_new_pod(struct walk *walk, int index)
{
    struct oracle_pod *pod = &walk->oracle.pods[index];
    *pod = (struct oracle_pod){
        .exists = true,
        .namespace = pick(walk, NAMESPACES),
        .app = pick(walk, APPS),
        .hash = pick_or_none(walk, HASHES, 10),
        .tier = pick_or_none(walk, TIERS, 30),
        .node = ORACLE_NONE,
        .unit = ORACLE_NONE,
        .owner = pick_or_none(walk, ORACLE_OWNERS, 20),
        .cpu_milli = 250 * pick(walk, 5),
    };
    if (chance(walk, 30)) {
        pod->node = pick(walk, ORACLE_NODES);
        pod->unit = pick_or_none(walk, UNIT_NAMES, 50);
        pod->bound_unix_s = BINDS_FROM_UNIX_S + pick(walk, 300);
    }
    (void)walk_see_pod(walk, walk->world, index);
}

static void drop_pod(struct walk *walk, int index)
{
    world_drop_pod(walk->world, walk_find_pod(walk, walk->world, index));
    walk->oracle.pods[index] = (struct oracle_pod){0};
}

static void step_pod(struct walk *walk)
{
    int index = pick(walk, ORACLE_PODS);
    struct oracle_pod *pod = &walk->oracle.pods[index];
    if (!pod->exists) {
        step_new_pod(walk, index);
        return;
    }
    int what = pick(walk, 10);
    if (what < 2) {
        drop_pod(walk, index);
        return;
    }
    if (what < 3)
        pod->is_deleting = true;
    else if (what < 7)
        pod->hash = pick_or_none(walk, HASHES, 10);
    else if (what < 8)
        pod->app = pick(walk, APPS);
    else if (what < 9)
        pod->tier = pick_or_none(walk, TIERS, 30);
    /* else the same again */
    (void)walk_see_pod(walk, walk->world, index);
}

static void step_waiting(struct walk *walk)
{
    int index = pick(walk, ORACLE_PODS);
    if (walk->oracle.pods[index].exists)
        book_note_waiting(walk->world->book, walk_find_pod(walk, walk->world, index),
                          chance(walk, 50));
}

/* ---- binds ---- */

/* The first node of the unit, or ORACLE_NONE. */
static int node_of_unit(struct walk *walk, const struct pod *pod, uint32_t unit)
{
    const struct bitset *nodes = book_unit_nodes(walk->world->book, pod, unit);
    for (int i = 0; i < ORACLE_NODES; i++)
        if (walk->oracle.nodes[i].exists &&
            bitset_test(nodes, world_slot(walk->world, walk_text(walk, "n", i))))
            return i;
    return ORACLE_NONE;
}

static void place(struct walk *walk, int index, struct pod *pod, const struct policy *policy,
                  uint32_t unit, int node)
{
    struct oracle_pod *mirror = &walk->oracle.pods[index];
    int ruler = oracle_ruler(&walk->oracle, index);
    enum oracle_fullness before = oracle_fullness(&walk->oracle, index, (int)unit);
    cr_assert_eq(before, ORACLE_ROOM, "seed %" PRIu64 " step %" PRIu64 ": placed in a full unit",
                 walk->seed, walk->step);
    mirror->node = node;
    mirror->is_assumed = true;
    mirror->unit = walk->oracle.policies[ruler].units[unit].name;
    const char *name = symbol_text(walk->world->make.symbols, policy->units[unit].name_sym);
    world_assume(walk->world, pod, walk_text(walk, "n", node), name);
    walk->placed++;
}

/* A pod that waits, or ORACLE_NONE. */
static int pick_pending(struct walk *walk)
{
    int start = pick(walk, ORACLE_PODS);
    for (int i = 0; i < ORACLE_PODS; i++) {
        int index = (start + i) % ORACLE_PODS;
        const struct oracle_pod *pod = &walk->oracle.pods[index];
        if (pod->exists && pod->node == ORACLE_NONE && !pod->is_deleting)
            return index;
    }
    return ORACLE_NONE;
}

/* The walk of 1.5 with the default rule; "lacks" is a unit without a node. */
static void step_place(struct walk *walk)
{
    int index = pick_pending(walk);
    if (index == ORACLE_NONE)
        return;
    struct pod *pod = walk_find_pod(walk, walk->world, index);
    struct err err;
    const struct policy *policy =
        pod_policy_entry(pod) ? book_policy(walk->world->book, pod, &err) : NULL;
    for (uint32_t unit = 0; policy && unit < policy->unit_count; unit++) {
        int node = node_of_unit(walk, pod, unit);
        struct unit_facts facts = {
            .is_full = book_fullness(walk->world->book, pod, unit).kind != FULLNESS_ROOM,
            .lacks = node == ORACLE_NONE,
        };
        if (unit_rule(NEXT_LACK_OR_FULL, facts) == UNIT_PLACE) {
            place(walk, index, pod, policy, unit, node);
            return;
        }
    }
    walk->refused += policy != NULL;
}

/* An assumed pod's bind fails, or is seen done. */
static void step_bind(struct walk *walk)
{
    int index = pick(walk, ORACLE_PODS);
    struct oracle_pod *mirror = &walk->oracle.pods[index];
    if (!mirror->exists || !mirror->is_assumed)
        return;
    mirror->is_assumed = false;
    if (chance(walk, 40)) {
        mirror->node = mirror->unit = ORACLE_NONE;
        world_forget(walk->world, walk_find_pod(walk, walk->world, index));
        return;
    }
    mirror->bound_unix_s = FIRST_POLICY_UNIX_S + 1000; /* after all policies */
    (void)walk_see_pod(walk, walk->world, index);
}

/* ---- policies ---- */

static void random_policy(struct walk *walk, struct oracle_policy *policy)
{
    int first_name = pick(walk, UNIT_NAMES);
    policy->app = pick_or_none(walk, APPS, 15);
    policy->wants_tier = chance(walk, 20);
    policy->has_key = chance(walk, 50);
    policy->ignores_previous = chance(walk, 30);
    policy->counts_terminating = chance(walk, 30);
    policy->unit_count = 1 + pick(walk, ORACLE_UNITS);
    for (int i = 0; i < policy->unit_count; i++) {
        bool is_percent = chance(walk, 30);
        policy->units[i] = (struct oracle_unit){
            .name = (first_name + i) % UNIT_NAMES,
            .is_virtual = chance(walk, 30),
            .is_percent = is_percent,
            .pool = pick_or_none(walk, POOLS, 40),
            .tier = pick_or_none(walk, TIERS, 70),
            .max = pick_or_none(walk, is_percent ? 101 : 4, 30),
            .cpu_max_milli = chance(walk, 70) ? ORACLE_NONE : 500 * pick(walk, 4),
        };
    }
}

static void step_policy(struct walk *walk)
{
    int index = pick(walk, ORACLE_POLICIES);
    struct oracle_policy *policy = &walk->oracle.policies[index];
    if (policy->exists && chance(walk, 10)) {
        struct policy_object object = walk_policy(walk, walk->world, index);
        book_drop(walk->world->book, &object);
        *policy = (struct oracle_policy){0};
        return;
    }
    if (!policy->exists) {
        *policy = (struct oracle_policy){.exists = true,
                                         .namespace = pick(walk, NAMESPACES),
                                         .created_unix_s = FIRST_POLICY_UNIX_S + pick(walk, 3)};
        walk->policy_uids[index] = ++walk->uid_count;
    }
    walk->generations[index]++;
    if (chance(walk, 15) && policy->is_good) {
        walk_see_bad_policy(walk, index); /* the last good one stays */
        return;
    }
    random_policy(walk, policy);
    policy->is_good |= !chance(walk, 20);
    if (policy->is_good)
        walk_see_policy(walk, walk->world, index);
    else
        walk_see_bad_policy(walk, index);
}

static void step_owner(struct walk *walk)
{
    int owner = pick(walk, ORACLE_OWNERS);
    walk->oracle.replicas[owner] = pick(walk, 12);
    world_owner(walk->world, (uint64_t)owner + 1, walk->oracle.replicas[owner]);
}

/* ---- after each step ---- */

static enum oracle_fullness kind_of(struct fullness fullness)
{
    switch (fullness.kind) {
    case FULLNESS_ROOM:
        return ORACLE_ROOM;
    case FULLNESS_PODS:
        return ORACLE_FULL_PODS;
    case FULLNESS_RESOURCE:
        return ORACLE_FULL_CPU;
    case FULLNESS_OWNER_UNKNOWN:
        return ORACLE_UNKNOWN;
    }
    return ORACLE_ROOM;
}

static void compare_units(struct walk *walk, int index, const struct pod *pod)
{
    int ruler = oracle_ruler(&walk->oracle, index);
    for (int u = 0; u < walk->oracle.policies[ruler].unit_count; u++) {
        cr_assert_eq(kind_of(book_fullness(walk->world->book, pod, (uint32_t)u)),
                     oracle_fullness(&walk->oracle, index, u),
                     "seed %" PRIu64 " step %" PRIu64 " pod %d unit %d", walk->seed, walk->step,
                     index, u);
        cr_assert_eq(
            (int)world_count(walk->world, pod, (uint32_t)u), oracle_count(&walk->oracle, index, u),
            "seed %" PRIu64 " step %" PRIu64 " pod %d unit %d", walk->seed, walk->step, index, u);
        cr_assert_eq(book_has_terminating(walk->world->book, pod, (uint32_t)u),
                     oracle_has_terminating(&walk->oracle, index, u));
    }
}

/* One pod against the oracle; in full for one of them a step. */
static void compare_pod(struct walk *walk, int index, bool in_full)
{
    const struct pod *pod = walk_find_pod(walk, walk->world, index);
    bool is_counted;
    int unit = oracle_unit(&walk->oracle, index, &is_counted);
    cr_assert_eq(book_pod_unit(pod), unit == ORACLE_NONE ? POLICY_UNITS_MAX : (uint32_t)unit,
                 "seed %" PRIu64 " step %" PRIu64 " pod %d", walk->seed, walk->step, index);
    cr_assert_eq(pod->is_counted, is_counted, "seed %" PRIu64 " step %" PRIu64 " pod %d",
                 walk->seed, walk->step, index);
    int ruler = oracle_ruler(&walk->oracle, index);
    cr_assert_eq(pod_policy_entry(pod) != NULL, ruler != ORACLE_NONE);
    struct err err;
    const struct policy *policy =
        ruler == ORACLE_NONE ? NULL : book_policy(walk->world->book, pod, &err);
    bool is_refused =
        ruler == ORACLE_NONE || !walk->oracle.policies[ruler].is_good ||
        (walk->oracle.policies[ruler].has_key && walk->oracle.pods[index].hash == ORACLE_NONE);
    cr_assert_eq(policy == NULL, is_refused, "seed %" PRIu64 " step %" PRIu64, walk->seed,
                 walk->step);
    if (policy)
        cr_assert_eq(policy->name_sym,
                     make_sym(&walk->world->make, walk_text(walk, "policy", ruler)));
    if (policy && in_full)
        compare_units(walk, index, pod);
}

/* (6): another book over the same objects, in another order. Reservations are taken as bound. */
static void compare_restart(struct walk *walk)
{
    struct world fresh;
    world_init(&fresh);
    for (int i = 0; i < ORACLE_OWNERS; i++)
        if (walk->oracle.replicas[i] != ORACLE_NONE)
            world_owner(&fresh, (uint64_t)i + 1, walk->oracle.replicas[i]);
    struct walk copy = *walk; /* whose world the pods and nodes go to */
    copy.world = &fresh;
    for (int i = ORACLE_PODS - 1; i >= 0; i--) {
        struct oracle_pod *pod = &copy.oracle.pods[i];
        if (pod->is_assumed)
            pod->bound_unix_s = FIRST_POLICY_UNIX_S + 1000;
        pod->is_assumed = false;
        if (pod->exists)
            (void)walk_see_pod(&copy, copy.world, i);
    }
    for (int i = 0; i < ORACLE_NODES; i++)
        if (copy.oracle.nodes[i].exists)
            walk_see_node(&copy, i);
    for (int i = ORACLE_POLICIES - 1; i >= 0; i--)
        if (copy.oracle.policies[i].exists && copy.oracle.policies[i].is_good)
            walk_see_policy(&copy, copy.world, i);
        else if (copy.oracle.policies[i].exists)
            walk_see_bad_policy(&copy, i);
    world_settle(copy.world);
    for (int i = 0; i < ORACLE_PODS; i++)
        if (copy.oracle.pods[i].exists)
            compare_pod(&copy, i, true);
    world_fini(copy.world);
}

static void check_step(struct walk *walk)
{
    world_settle(walk->world);
    book_check(walk->world->book);
    int in_full = pick(walk, ORACLE_PODS);
    for (int i = 0; i < ORACLE_PODS; i++)
        if (walk->oracle.pods[i].exists)
            compare_pod(walk, i, i == in_full);
    if (chance(walk, 10))
        (void)world_freed(walk->world);
    struct policy_status status;
    if (chance(walk, 5))
        while (book_take_status(walk->world->book, (int64_t)walk->step, &status))
            cr_assert_leq(status.group_count, POLICY_STATUS_GROUPS_MAX);
    if (walk->step % RESTART_EVERY == 0)
        compare_restart(walk);
    arena_reset(&walk->world->make.arena);
}

Test(book_random, counts_are_a_recount_and_no_unit_goes_over_its_max)
{
    struct world world;
    struct walk walk = {.world = &world};
    walk.seed = seed_rng(&walk.rng, "book_random");
    world_init(walk.world);
    for (int i = 0; i < ORACLE_OWNERS; i++)
        walk.oracle.replicas[i] = ORACLE_NONE;
    for (walk.step = 1; walk.step <= STEPS; walk.step++) {
        int what = pick(&walk, 100);
        if (what < 10)
            step_node(&walk);
        else if (what < 35)
            step_pod(&walk);
        else if (what < 65)
            step_place(&walk);
        else if (what < 85)
            step_bind(&walk);
        else if (what < 92)
            step_policy(&walk);
        else if (what < 96)
            step_owner(&walk);
        else
            step_waiting(&walk);
        check_step(&walk);
    }
    cr_expect_gt(walk.placed, STEPS / 100, "the walk places: %u", walk.placed);
    cr_expect_gt(walk.refused, STEPS / 100, "and refuses: %u", walk.refused);
    world_fini(walk.world);
}
