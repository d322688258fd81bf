/* Owners whose replicas percentages are of, when they go: what their pods count as then. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/policy/world.h"

static struct world world;
static struct policy_object object;

/* One unit for half of the replicas. */
static void setup(void)
{
    world_init_pools(&world);
    object = world_two_pools(&world, "p");
    object.units[0].max = STR("50%");
    world_policy(&world, &object);
    world_settle(&world);
}

static void teardown(void)
{
    world_fini(&world);
}

TestSuite(owner, .init = setup, .fini = teardown);

static struct pod *owned(const char *name, uint64_t owner)
{
    return world_pod(
        &world, &(struct pod_spec){.name = name, .owner_kind = OWNER_REPLICA_SET, .owner = owner});
}

static void expect_max(const struct pod *pod, uint32_t max)
{
    struct fullness fullness = book_fullness(world.book, pod, 0);
    cr_expect_neq(fullness.kind, FULLNESS_OWNER_UNKNOWN);
    cr_expect_eq(fullness.max, max, "%u", fullness.max);
}

Test(owner, that_is_deleted_while_its_pods_live_wants_nothing)
{
    struct pod *pod = owned("p1", 1);
    world_owner(&world, 1, 4);
    expect_max(pod, 2);
    world_drop_owner(&world, 1);
    expect_max(pod, 0);
}

/* The old ReplicaSet of a rollout is cleaned up; an edit takes its last pod out of one group and
 * puts it into another, and the pods of the new one must not wait for an owner that never comes. */
Test(owner, that_is_gone_stays_known_over_an_edit_of_the_policy)
{
    struct pod *old = owned("old", 1);
    world_owner(&world, 1, 4);
    struct pod *new = owned("new", 2);
    world_owner(&world, 2, 6);
    world_drop_owner(&world, 1);
    expect_max(new, 3);
    for (int generation = 2; generation < 5; generation++) {
        object.meta.generation = generation;
        world_policy(&world, &object);
        world_settle(&world);
        expect_max(new, 3);
        expect_max(old, 3);
    }
}

Test(owner, whose_end_was_seen_before_its_pod_wants_nothing)
{
    world_owner(&world, 1, 4);
    world_drop_owner(&world, 1);
    struct pod *late = owned("late", 1);
    expect_max(late, 0);
    world_drop_pod(&world, late);
    expect_max(owned("later", 1), 0);
}

Test(owner, that_a_list_did_not_name_is_known_to_late_pods_too)
{
    world_owner(&world, 1, 4);
    book_begin_owners(world.book, OWNER_REPLICA_SET);
    book_end_owners(world.book, OWNER_REPLICA_SET);
    expect_max(owned("late", 1), 0);
}

Test(owner, that_comes_back_counts_again)
{
    struct pod *pod = owned("p1", 1);
    world_owner(&world, 1, 4);
    world_drop_owner(&world, 1);
    world_owner(&world, 1, 8); /* restored from a backup */
    expect_max(pod, 4);
    world_drop_owner(&world, 1);
    expect_max(pod, 0);
}

/* What is remembered is bounded: the oldest is forgotten, unless its pods live. */
Test(owner, is_forgotten_when_many_others_went_after_it)
{
    struct pod *kept = owned("kept", 2);
    for (uint64_t uid = 1; uid <= BOOK_GONE_OWNERS_MAX + 2; uid++) {
        world_owner(&world, uid, 4);
        world_drop_owner(&world, uid);
    }
    expect_max(kept, 0);
    world_drop_pod(&world, kept);
    world_settle(&world);
    struct pod *late = owned("late", 1);
    cr_expect_eq(book_fullness(world.book, late, 0).kind, FULLNESS_OWNER_UNKNOWN);
    world_drop_pod(&world, late);
    expect_max(owned("known", 3), 0);
    expect_max(owned("last", BOOK_GONE_OWNERS_MAX + 2), 0);
}
