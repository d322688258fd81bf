/* Defects of the one public implementation (elastic-policies 1b), each by its number, that are a
 * matter of policies: 1, 6 and 7 are of the scheduler. */
#include <criterion/criterion.h>

#include "tests/policy/world.h"

/* PR-907, 2: overlapping unit selectors double-count. */
Test(pr907, defect_2_a_pod_on_a_node_of_two_units_counts_once)
{
    struct world world;
    world_init_pools(&world);
    world_node(&world, "both", "pool=a");
    struct policy_object object = world_two_pools(&world, "p");
    object.units[1].node_selector_count = 0; /* any node */
    world_policy(&world, &object);
    world_settle(&world);
    struct pod *pod = world_pod_on(&world, "p1", "both");
    cr_expect_eq(book_pod_unit(pod), 0, "the first unit that fits");
    cr_expect_eq(world_count(&world, pod, 0), 1);
    cr_expect_eq(world_count(&world, pod, 1), 0);
    struct pod *assigned =
        world_pod(&world, &(struct pod_spec){.name = "p2", .node = "both", .unit = "unit-1"});
    cr_expect_eq(book_pod_unit(assigned), 1, "the one recorded at bind");
    world_fini(&world);
}

/* PR-907, 3: "a"+"bc" equals "ab"+"c". */
Test(pr907, defect_3_groups_are_tuples_and_never_joined_text)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    uint32_t keys[] = {make_sym(&world.make, "x"), make_sym(&world.make, "y")};
    object.label_keys = keys;
    object.label_key_count = 2;
    object.units[0].max = STR("1");
    world_policy(&world, &object);
    world_settle(&world);
    (void)world_pod(&world,
                    &(struct pod_spec){.name = "p1", .labels = "app=web,x=a,y=bc", .node = "a1"});
    struct pod *other =
        world_pod(&world, &(struct pod_spec){.name = "p2", .labels = "app=web,x=ab,y=c"});
    struct pod *sibling =
        world_pod(&world, &(struct pod_spec){.name = "p3", .labels = "app=web,x=a,y=bc"});
    cr_expect_eq(book_fullness(world.book, other, 0).kind, FULLNESS_ROOM);
    cr_expect_eq(book_fullness(world.book, sibling, 0).kind, FULLNESS_PODS);
    world_fini(&world);
}

static void max_resource(struct world *world, struct unit_object *unit, const char *name,
                         int64_t amount)
{
    unit->max_resources.items = arena_zalloc(&world->make.arena, 1, sizeof(struct scalar));
    unit->max_resources.items[0] = (struct scalar){make_sym(&world->make, name), amount};
    unit->max_resources.count = 1;
}

/* PR-907, 4: the first pod of a group may exceed maxResources. */
Test(pr907, defect_4_the_first_pod_of_a_group_is_held_to_max_resources)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    max_resource(&world, &object.units[0], "cpu", 1000);
    world_policy(&world, &object);
    world_settle(&world);
    struct pod *large = world_pod(&world, &(struct pod_spec){.name = "p1", .cpu_milli = 1001});
    struct pod *fitting = world_pod(&world, &(struct pod_spec){.name = "p2", .cpu_milli = 1000});
    struct fullness fullness = book_fullness(world.book, large, 0);
    cr_expect_eq(fullness.kind, FULLNESS_RESOURCE);
    cr_expect(fullness.used == 0 && fullness.asked == 1001 && fullness.limit == 1000);
    cr_expect_eq(book_fullness(world.book, fitting, 0).kind, FULLNESS_ROOM);
    world_assume(&world, fitting, "a1", "unit-0");
    fullness = book_fullness(world.book, large, 0);
    cr_expect(fullness.kind == FULLNESS_RESOURCE && fullness.used == 1000);
    world_fini(&world);
}

/* PR-907, 5: a resource that maxResources does not list is treated as exceeded. */
Test(pr907, defect_5_a_resource_that_is_not_listed_is_unlimited)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    max_resource(&world, &object.units[0], "example.com/gpu", 1);
    world_policy(&world, &object);
    world_settle(&world);
    struct pod *pod = world_pod(&world, &(struct pod_spec){.name = "p1", .cpu_milli = 64000});
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_ROOM);
    world_fini(&world);
}

/* PR-907, 8: node label changes do not move counts; pods bound before the policy never count. */
Test(pr907, defect_8_counts_follow_node_labels_and_hold_older_pods)
{
    struct world world;
    world_init_pools(&world);
    struct pod *old = world_pod_on(&world, "old", "a1"); /* before there is a policy */
    struct policy_object object = world_two_pools(&world, "p");
    world_policy(&world, &object);
    world_settle(&world);
    cr_expect_eq(book_pod_unit(old), 0);
    (void)world_freed(&world);
    for (uint32_t i = 0; i < 5; i++) { /* a node that flaps */
        world_node(&world, "a1", i % 2 ? "pool=a" : "pool=b");
        world_settle(&world);
        cr_expect_eq(book_pod_unit(old), i % 2 ? 0 : 1);
        cr_expect_eq(world_count(&world, old, 0), i % 2 ? 1 : 0);
        cr_expect_eq(world_freed(&world), 1, "a slot came free in the unit that was left");
    }
    world_drop_node(&world, "a1");
    world_settle(&world);
    cr_expect_eq(book_pod_unit(old), POLICY_UNITS_MAX);
    world_fini(&world);
}

/* PR-907, 9: every event requeues every blocked pod. */
Test(pr907, defect_9_a_freed_slot_concerns_its_own_group_only)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p"),
                         other = world_two_pools(&world, "q");
    other.selector = make_labels(&world.make, "app=api", &other.selector_count);
    world_policy(&world, &object);
    world_policy(&world, &other);
    struct pod *pod = world_pod_on(&world, "p1", "a1");
    (void)world_pod(&world, &(struct pod_spec){.name = "q1", .labels = "app=api", .node = "a1"});
    world_settle(&world);
    (void)world_freed(&world);
    world_drop_pod(&world, pod);
    cr_expect_eq(world_freed(&world), 0, "nobody of its group is left to gain");
    (void)world_pending(&world, "p2");
    pod = world_pod_on(&world, "p3", "a1");
    world_drop_pod(&world, pod);
    cr_expect_eq(world_freed(&world), 1);
    world_fini(&world);
}
