/* Which policy rules a pod, where it counts, and how full a unit is. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/policy/world.h"

/* Policy default/`name` for app=web: unit 0 of nodes pool=a, unit 1 of nodes pool=b. */
static struct policy_object two_pools(struct world *world, const char *name)
{
    struct policy_object object = make_policy(&world->make, name, 2);
    static const char *const pools[] = {"pool=a", "pool=b"};
    for (uint32_t i = 0; i < 2; i++) {
        struct unit_object *unit = &object.units[i];
        unit->node_selector = make_labels(&world->make, pools[i], &unit->node_selector_count);
    }
    return object;
}

static void two_nodes(struct world *world)
{
    world_init(world);
    world_node(world, "a1", "pool=a");
    world_node(world, "b1", "pool=b");
}

static struct pod *pod_on(struct world *world, const char *name, const char *node)
{
    return world_pod(world, &(struct pod_spec){.name = name, .node = node, .cpu_milli = 100});
}

static struct pod *pending(struct world *world, const char *name)
{
    return pod_on(world, name, NULL);
}

Test(book, assumed_and_bound_pods_count_and_a_failed_bind_gives_back_once)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    object.units[0].max = STR("2");
    world_policy(&world, &object);
    struct pod *waiting = pending(&world, "waiting"), *first = pending(&world, "first");
    world_settle(&world);
    (void)pod_on(&world, "second", "a1");
    world_assume(&world, first, "a1", "unit-0");
    struct fullness fullness = book_fullness(world.book, waiting, 0);
    cr_expect_eq(fullness.kind, FULLNESS_PODS);
    cr_expect(fullness.pods == 2 && fullness.max == 2);
    cr_expect_eq(book_fullness(world.book, waiting, 1).kind, FULLNESS_ROOM);
    (void)world_freed(&world);
    world_forget(&world, first);
    cr_expect_eq(world_freed(&world), 1);
    cr_expect_eq(world_freed(&world), 0);
    cr_expect_eq(book_fullness(world.book, waiting, 0).kind, FULLNESS_ROOM);
    cr_expect_eq(world_count(&world, waiting, 0), 1);
    world_fini(&world);
}

Test(book, a_pod_that_is_seen_again_frees_nothing)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    world_policy(&world, &object);
    world_settle(&world);
    (void)pod_on(&world, "p1", "a1");
    (void)world_freed(&world);
    (void)pod_on(&world, "p1", "a1");
    cr_expect(!book_has_freed(world.book));
    cr_expect_eq(world_freed(&world), 0);
    world_fini(&world);
}

/* PR-907, 2: overlapping unit selectors double-count. */
Test(book, pr907_2_a_pod_on_a_node_of_two_units_counts_once)
{
    struct world world;
    two_nodes(&world);
    world_node(&world, "both", "pool=a");
    struct policy_object object = two_pools(&world, "p");
    object.units[1].node_selector_count = 0; /* any node */
    world_policy(&world, &object);
    world_settle(&world);
    struct pod *pod = pod_on(&world, "p1", "both");
    cr_expect_eq(book_pod_unit(pod), 0, "the first unit that fits");
    cr_expect_eq(world_count(&world, pod, 0), 1);
    cr_expect_eq(world_count(&world, pod, 1), 0);
    struct pod *assigned =
        world_pod(&world, &(struct pod_spec){.name = "p2", .node = "both", .unit = "unit-1"});
    cr_expect_eq(book_pod_unit(assigned), 1, "the one recorded at bind");
    world_fini(&world);
}

/* PR-907, 3: "a"+"bc" equals "ab"+"c". */
Test(book, pr907_3_groups_are_tuples_and_never_joined_text)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
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
Test(book, pr907_4_the_first_pod_of_a_group_is_held_to_max_resources)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
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
Test(book, pr907_5_a_resource_that_is_not_listed_is_unlimited)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    max_resource(&world, &object.units[0], "example.com/gpu", 1);
    world_policy(&world, &object);
    world_settle(&world);
    struct pod *pod = world_pod(&world, &(struct pod_spec){.name = "p1", .cpu_milli = 64000});
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_ROOM);
    world_fini(&world);
}

/* PR-907, 8: node label changes do not move counts; pods bound before the policy never count. */
Test(book, pr907_8_counts_follow_node_labels_and_hold_older_pods)
{
    struct world world;
    two_nodes(&world);
    struct pod *old = pod_on(&world, "old", "a1"); /* before there is a policy */
    struct policy_object object = two_pools(&world, "p");
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
Test(book, pr907_9_a_freed_slot_concerns_its_own_group_only)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p"), other = two_pools(&world, "q");
    other.selector = make_labels(&world.make, "app=api", &other.selector_count);
    world_policy(&world, &object);
    world_policy(&world, &other);
    struct pod *pod = pod_on(&world, "p1", "a1");
    (void)world_pod(&world, &(struct pod_spec){.name = "q1", .labels = "app=api", .node = "a1"});
    world_settle(&world);
    (void)world_freed(&world);
    world_drop_pod(&world, pod);
    cr_expect_eq(world_freed(&world), 0, "nobody of its group is left to gain");
    (void)pending(&world, "p2");
    pod = pod_on(&world, "p3", "a1");
    world_drop_pod(&world, pod);
    cr_expect_eq(world_freed(&world), 1);
    world_fini(&world);
}

Test(book, a_forged_annotation_does_not_lift_a_cap)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    object.units[0].max = STR("1");
    world_policy(&world, &object);
    world_settle(&world);
    struct pod *liar =
        world_pod(&world, &(struct pod_spec){.name = "liar", .node = "a1", .unit = "unit-1"});
    cr_expect_eq(book_pod_unit(liar), 0, "the count follows the node");
    struct pod *pod = world_pod(&world, &(struct pod_spec){.name = "p1", .unit = "unit-1"});
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_PODS);
    cr_expect_eq(book_pod_unit(pod), POLICY_UNITS_MAX, "it is on no node");
    struct pod *stranger = world_pod(
        &world, &(struct pod_spec){.name = "stranger", .node = "a1", .unit = "no such unit"});
    cr_expect_eq(book_pod_unit(stranger), 0);
    world_fini(&world);
}

/* Elastic-policies 1.4, 3. */
Test(book, only_pods_with_the_units_labels_and_annotations_count_in_it)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    object.units[0].pod_labels =
        make_labels(&world.make, "tier=gold", &object.units[0].pod_label_count);
    object.units[0].pod_annotations =
        make_labels(&world.make, "paid=yes", &object.units[0].pod_annotation_count);
    world_policy(&world, &object);
    world_settle(&world);
    static const struct {
        const char *labels, *annotations, *unit;
        uint32_t counts_in;
    } pods[] = {
        {"app=web,tier=gold", "paid=yes,x=y", NULL, 0},
        {"app=web,tier=gold", "paid=no", NULL, POLICY_UNITS_MAX},
        {"app=web,tier=tin", "paid=yes", NULL, POLICY_UNITS_MAX},
        {"app=web", NULL, "unit-0", 0}, /* assigned: the labels are on their way */
    };
    for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "p%zu", i);
        struct pod *pod = world_pod(&world, &(struct pod_spec){.name = name,
                                                               .labels = pods[i].labels,
                                                               .annotations = pods[i].annotations,
                                                               .unit = pods[i].unit,
                                                               .node = "a1"});
        cr_expect_eq(book_pod_unit(pod), pods[i].counts_in, "row %zu", i);
    }
    world_fini(&world);
}

/* Elastic-policies 1.4, 4 and 5. */
Test(book, terminating_and_previous_pods_count_as_the_policy_says)
{
    for (uint32_t mode = 0; mode < 4; mode++) {
        struct world world;
        two_nodes(&world);
        struct policy_object object = two_pools(&world, "p");
        object.ignore_terminating = mode & 1 ? TRISTATE_TRUE : TRISTATE_FALSE;
        object.ignore_previous = mode & 2 ? TRISTATE_TRUE : TRISTATE_FALSE;
        world_policy(&world, &object); /* made at 1000 */
        world_settle(&world);
        struct pod *leaving = world_pod(&world, &(struct pod_spec){.name = "leaving",
                                                                   .node = "a1",
                                                                   .created_unix_s = 1200,
                                                                   .is_deleting = true});
        struct pod *older = world_pod(
            &world, &(struct pod_spec){
                        .name = "older", .node = "a1", .created_unix_s = 900, .bound_unix_s = 999});
        struct pod *late = world_pod(
            &world, &(struct pod_spec){
                        .name = "late", .node = "a1", .created_unix_s = 900, .bound_unix_s = 1000});
        cr_expect_eq(leaving->is_counted, !(mode & 1));
        cr_expect_eq(older->is_counted, !(mode & 2));
        cr_expect(late->is_counted, "made before the policy, scheduled after");
        cr_expect(book_has_terminating(world.book, late, 0));
        cr_expect(!book_has_terminating(world.book, late, 1));
        world_fini(&world);
    }
}

Test(book, a_terminating_pod_of_another_group_is_one_of_the_policy)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    uint32_t key = make_sym(&world.make, "pod-template-hash");
    object.label_keys = &key;
    object.label_key_count = 1;
    object.next_policy = STR("LackResourceAndNoTerminating");
    world_policy(&world, &object);
    world_settle(&world);
    struct pod *old = world_pod(&world, &(struct pod_spec){.name = "old",
                                                           .node = "a1",
                                                           .labels = "app=web,pod-template-hash=1",
                                                           .is_deleting = true});
    struct pod *new = world_pod(
        &world, &(struct pod_spec){.name = "new", .labels = "app=web,pod-template-hash=2"});
    cr_expect(book_has_terminating(world.book, new, 0));
    (void)world_freed(&world);
    world_drop_pod(&world, old);
    cr_expect_eq(world_freed(&world), 1, "the group that waits for it is told");
    cr_expect(!book_has_terminating(world.book, new, 0));
    world_fini(&world);
}

Test(book, the_older_policy_rules_and_the_other_says_so)
{
    struct world world;
    two_nodes(&world);
    struct policy_object young = two_pools(&world, "a-young"), old = two_pools(&world, "z-old");
    young.meta.created_unix_s = 2000;
    world_policy(&world, &young);
    struct pod *pod = pending(&world, "p1");
    world_settle(&world);
    struct err err;
    uint32_t young_sym = make_sym(&world.make, "a-young"), old_sym = make_sym(&world.make, "z-old");
    cr_expect_eq(book_policy(world.book, pod, &err)->name_sym, young_sym);
    world_policy(&world, &old);
    world_settle(&world);
    cr_expect_eq(book_policy(world.book, pod, &err)->name_sym, old_sym);
    struct policy_status status;
    bool told = false;
    while (book_take_status(world.book, 6000, &status)) {
        if (!str_is(status.name, "a-young"))
            cr_expect_eq(status.overlap.len, 0);
        else
            told = status.overlap.len > 0 && strstr(status.overlap.ptr, "p1") &&
                   strstr(status.overlap.ptr, "z-old");
    }
    cr_expect(told);
    book_drop(world.book, &old);
    world_settle(&world);
    cr_expect_eq(book_policy(world.book, pod, &err)->name_sym, young_sym);
    cr_assert(book_take_status(world.book, 7000, &status));
    cr_expect_eq(status.overlap.len, 0);
    world_fini(&world);
}

Test(book, of_policies_made_in_one_second_the_name_decides)
{
    struct world world;
    two_nodes(&world);
    struct policy_object b = two_pools(&world, "b"), a = two_pools(&world, "a");
    world_policy(&world, &b);
    world_policy(&world, &a);
    struct pod *pod = pending(&world, "p1");
    world_settle(&world);
    struct err err;
    cr_expect_eq(book_policy(world.book, pod, &err)->name_sym, make_sym(&world.make, "a"));
    world_fini(&world);
}

Test(book, the_last_good_generation_stays_in_force)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    world_policy(&world, &object);
    struct pod *pod = pending(&world, "p1");
    world_settle(&world);
    object.meta.generation = 2;
    object.units[0].resource = STR("fargate");
    world_policy(&world, &object);
    world_settle(&world);
    struct err err;
    cr_assert_not_null(book_policy(world.book, pod, &err));
    cr_expect_eq(book_policy(world.book, pod, &err)->generation, 1);
    struct policy_status status;
    cr_assert(book_take_status(world.book, 6000, &status));
    cr_expect(!status.accepted.is_true && status.ready.is_true);
    cr_expect_str_eq(status.accepted.reason, "Invalid");
    cr_expect_not_null(strstr(status.accepted.message.ptr, "spec.units[0].resource"));
    cr_expect(status.observed_generation == 2 && status.accepted_generation == 1);
    world_fini(&world);
}

Test(book, with_no_good_generation_the_pods_wait_and_all_others_go_on)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    object.units[0].resource = STR("fargate");
    world_policy(&world, &object);
    struct pod *pod = pending(&world, "p1");
    struct pod *other = world_pod(&world, &(struct pod_spec){.name = "q", .labels = "app=api"});
    world_settle(&world);
    struct err err = {0};
    cr_assert_not_null(pod_policy_entry(pod));
    cr_expect_null(book_policy(world.book, pod, &err));
    cr_expect_not_null(strstr(err.text, "spec.units[0].resource"), "%s", err.text);
    cr_expect_null(pod_policy_entry(other));
    object.units[0].resource = STR("ecs");
    object.meta.generation = 2;
    world_policy(&world, &object);
    world.regrouped = 0;
    world_settle(&world);
    cr_expect_not_null(book_policy(world.book, pod, &err));
    cr_expect_geq(world.regrouped, 1, "the pod is told of");
    world_fini(&world);
}

Test(book, a_pod_that_lacks_a_key_is_refused_with_the_key)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    uint32_t key = make_sym(&world.make, "pod-template-hash");
    object.label_keys = &key;
    object.label_key_count = 1;
    world_policy(&world, &object);
    struct pod *pod = pending(&world, "p1");
    world_settle(&world);
    struct err err = {0};
    cr_expect_null(book_policy(world.book, pod, &err));
    cr_expect_not_null(strstr(err.text, "pod-template-hash"), "%s", err.text);
    world_fini(&world);
}

static struct pod *owned(struct world *world, const char *name, uint64_t owner, const char *node)
{
    return world_pod(
        world, &(struct pod_spec){
                   .name = name, .owner_kind = OWNER_REPLICA_SET, .owner = owner, .node = node});
}

Test(book, a_share_is_of_the_replicas_of_all_owners_in_the_group)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    object.units[0].max = STR("30%");
    world_policy(&world, &object);
    struct pod *pod = owned(&world, "p1", 1, NULL);
    world_settle(&world);
    cr_expect(book_wants_owners(world.book));
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_OWNER_UNKNOWN);
    (void)world_freed(&world);
    world_owner(&world, 1, 5);
    cr_expect_eq(world_freed(&world), 1);
    cr_expect_eq(book_fullness(world.book, pod, 0).max, 2, "ceil(30%% of 5)");
    struct pod *second = owned(&world, "p2", 2, "a1"); /* a rollout: another ReplicaSet */
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_OWNER_UNKNOWN);
    world_owner(&world, 2, 6);
    cr_expect_eq(book_fullness(world.book, pod, 0).max, 4, "ceil(30%% of 11)");
    cr_expect_eq(book_fullness(world.book, pod, 0).pods, 1);
    world_drop_pod(&world, second);
    world_settle(&world);
    cr_expect_eq(book_fullness(world.book, pod, 0).max, 2);
    world_fini(&world);
}

Test(book, a_unit_cools_down_for_its_time_and_keeps_it_over_an_edit)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    object.units[1].cool_down = STR("5m");
    world_policy(&world, &object);
    struct pod *pod = pending(&world, "p1");
    world_settle(&world);
    book_cool(world.book, pod, 0, (struct mono_ms){1000});
    book_cool(world.book, pod, 1, (struct mono_ms){1000});
    cr_expect_eq(book_cool_until(world.book, pod, 0).ms, 0, "it has no coolDown");
    cr_expect_eq(book_cool_until(world.book, pod, 1).ms, 301000);
    object.meta.generation = 2;
    struct unit_object unit = object.units[0]; /* the units change places */
    object.units[0] = object.units[1];
    object.units[1] = unit;
    object.units[0].name = STR("unit-1");
    object.units[1].name = STR("unit-0");
    world_policy(&world, &object);
    world_settle(&world);
    cr_expect_eq(book_cool_until(world.book, pod, 0).ms, 301000);
    cr_expect_eq(book_cool_until(world.book, pod, 1).ms, 0);
    world_fini(&world);
}

Test(book, min_is_below_until_it_is_held)
{
    struct world world;
    two_nodes(&world);
    struct policy_object object = two_pools(&world, "p");
    object.units[1].min = STR("1");
    world_policy(&world, &object);
    struct pod *pod = pending(&world, "p1");
    world_settle(&world);
    cr_expect(!book_is_below_min(world.book, pod, 0));
    cr_expect(book_is_below_min(world.book, pod, 1));
    (void)pod_on(&world, "p2", "b1");
    cr_expect(!book_is_below_min(world.book, pod, 1));
    world_fini(&world);
}

Test(book, a_list_drops_what_it_does_not_name)
{
    struct world world;
    two_nodes(&world);
    struct policy_object p = two_pools(&world, "p"), q = two_pools(&world, "q");
    q.selector = make_labels(&world.make, "app=api", &q.selector_count);
    world_policy(&world, &p);
    world_policy(&world, &q);
    struct pod *pod = pending(&world, "p1");
    world_settle(&world);
    book_begin_list(world.book, POLICY_SOURCE_SPILLWAY);
    world_policy(&world, &q);
    book_end_list(world.book, POLICY_SOURCE_SPILLWAY);
    world_settle(&world);
    cr_expect_null(pod_policy_entry(pod));
    struct pod *api = world_pod(&world, &(struct pod_spec){.name = "q1", .labels = "app=api"});
    cr_expect_not_null(pod_policy_entry(api));
    book_begin_list(world.book, POLICY_SOURCE_ACK);
    book_end_list(world.book, POLICY_SOURCE_ACK);
    world_settle(&world);
    cr_expect_not_null(pod_policy_entry(api), "another source's list is none of ours");
    world_fini(&world);
}
