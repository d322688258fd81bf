/* Which policy rules a pod, where it counts, and how full a unit is. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/policy/world.h"

Test(book, assumed_and_bound_pods_count_and_a_failed_bind_gives_back_once)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    object.units[0].max = STR("2");
    world_policy(&world, &object);
    struct pod *waiting = world_pending(&world, "waiting"), *first = world_pending(&world, "first");
    world_settle(&world);
    (void)world_pod_on(&world, "second", "a1");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    world_policy(&world, &object);
    world_settle(&world);
    (void)world_pod_on(&world, "p1", "a1");
    (void)world_freed(&world);
    (void)world_pod_on(&world, "p1", "a1");
    cr_expect(!book_has_freed(world.book));
    cr_expect_eq(world_freed(&world), 0);
    world_fini(&world);
}

Test(book, a_forged_annotation_does_not_lift_a_cap)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
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
        world_init_pools(&world);
        struct policy_object object = world_two_pools(&world, "p");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
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
    world_init_pools(&world);
    struct policy_object young = world_two_pools(&world, "a-young"),
                         old = world_two_pools(&world, "z-old");
    young.meta.created_unix_s = 2000;
    world_policy(&world, &young);
    struct pod *pod = world_pending(&world, "p1");
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
    world_init_pools(&world);
    struct policy_object b = world_two_pools(&world, "b"), a = world_two_pools(&world, "a");
    world_policy(&world, &b);
    world_policy(&world, &a);
    struct pod *pod = world_pending(&world, "p1");
    world_settle(&world);
    struct err err;
    cr_expect_eq(book_policy(world.book, pod, &err)->name_sym, make_sym(&world.make, "a"));
    world_fini(&world);
}

Test(book, the_last_good_generation_stays_in_force)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    world_policy(&world, &object);
    struct pod *pod = world_pending(&world, "p1");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    object.units[0].resource = STR("fargate");
    world_policy(&world, &object);
    struct pod *pod = world_pending(&world, "p1");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    uint32_t key = make_sym(&world.make, "pod-template-hash");
    object.label_keys = &key;
    object.label_key_count = 1;
    world_policy(&world, &object);
    struct pod *pod = world_pending(&world, "p1");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    object.units[1].cool_down = STR("5m");
    world_policy(&world, &object);
    struct pod *pod = world_pending(&world, "p1");
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
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    object.units[1].min = STR("1");
    world_policy(&world, &object);
    struct pod *pod = world_pending(&world, "p1");
    world_settle(&world);
    cr_expect(!book_is_below_min(world.book, pod, 0));
    cr_expect(book_is_below_min(world.book, pod, 1));
    (void)world_pod_on(&world, "p2", "b1");
    cr_expect(!book_is_below_min(world.book, pod, 1));
    world_fini(&world);
}

Test(book, a_list_drops_what_it_does_not_name)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object p = world_two_pools(&world, "p"), q = world_two_pools(&world, "q");
    q.selector = make_labels(&world.make, "app=api", &q.selector_count);
    world_policy(&world, &p);
    world_policy(&world, &q);
    struct pod *pod = world_pending(&world, "p1");
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

Test(book, an_owner_that_a_complete_list_does_not_name_wants_nothing)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    object.units[0].max = STR("50%");
    world_policy(&world, &object);
    struct pod *pod = owned(&world, "p1", 1, NULL), *orphan = owned(&world, "p2", 2, NULL);
    world_owner(&world, 1, 4);
    world_settle(&world);
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_OWNER_UNKNOWN);
    book_begin_owners(world.book, OWNER_REPLICA_SET);
    world_owner(&world, 1, 4);
    book_end_owners(world.book, OWNER_REPLICA_SET);
    cr_expect_eq(book_fullness(world.book, pod, 0).max, 2, "of 4 and of the orphan's none");
    cr_expect_eq(book_fullness(world.book, orphan, 0).max, 2);
    book_begin_owners(world.book, OWNER_REPLICA_SET);
    book_end_owners(world.book, OWNER_REPLICA_SET);
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_PODS);
    cr_expect_eq(book_fullness(world.book, pod, 0).max, 0);
    world_fini(&world);
}

Test(book, a_pod_without_an_owner_that_tells_replicas_is_one)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object object = world_two_pools(&world, "p");
    object.units[0].max = STR("50%");
    world_policy(&world, &object);
    struct pod *pod = world_pending(&world, "p1");
    (void)world_pending(&world, "p2");
    (void)world_pending(&world, "p3");
    world_settle(&world);
    cr_expect_eq(book_fullness(world.book, pod, 0).kind, FULLNESS_ROOM);
    cr_expect_eq(book_fullness(world.book, pod, 0).max, 2, "ceil(50%% of 3)");
    world_fini(&world);
}

enum { MANY_POLICIES = 10000, MANY_PODS = 50 };

/* Each selects app=<i> and a pair that all share, which is the worse index. */
static struct policy_object one_of_many(struct world *world, uint32_t index)
{
    char *name = arena_alloc(&world->make.arena, 16), labels[48];
    (void)snprintf(name, 16, "p%u", index);
    (void)snprintf(labels, sizeof(labels), "common=yes,app=%u", index);
    struct policy_object object = world_two_pools(world, name);
    object.selector = make_labels(&world->make, labels, &object.selector_count);
    return object;
}

Test(book, ten_thousand_policies_take_effect_in_one_pass_over_the_pods)
{
    struct world world;
    world_init_pools(&world);
    struct pod *pods[MANY_PODS];
    for (uint32_t i = 0; i < MANY_PODS; i++) {
        char name[16], labels[48];
        (void)snprintf(name, sizeof(name), "pod%u", i);
        (void)snprintf(labels, sizeof(labels), "common=yes,app=%u", i * 199);
        pods[i] = world_pod(&world, &(struct pod_spec){.name = name, .labels = labels});
    }
    for (uint32_t i = 0; i < MANY_POLICIES; i++) {
        struct policy_object object = one_of_many(&world, i);
        world_policy(&world, &object);
    }
    world_settle(&world);
    cr_expect_eq(world.regrouped, MANY_PODS);
    for (uint32_t i = 0; i < MANY_PODS; i++) {
        struct err err;
        char name[16];
        (void)snprintf(name, sizeof(name), "p%u", i * 199);
        cr_assert_eq(book_policy(world.book, pods[i], &err)->name_sym, make_sym(&world.make, name));
    }
    world_settle(&world);
    cr_expect_eq(world.regrouped, MANY_PODS, "nothing was noted, nothing is done");
    world_fini(&world);
}

Test(book, of_two_sources_ours_rules)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object ack = world_two_pools(&world, "p"), ours = world_two_pools(&world, "p");
    ack.source = POLICY_SOURCE_ACK;
    ack.meta.uid.lo = 77;
    world_policy(&world, &ack);
    world_policy(&world, &ours);
    struct pod *pod = world_pending(&world, "p1");
    world_settle(&world);
    struct err err;
    cr_expect_eq(book_policy(world.book, pod, &err)->source, POLICY_SOURCE_SPILLWAY);
    book_drop(world.book, &ours);
    world_settle(&world);
    cr_expect_eq(book_policy(world.book, pod, &err)->source, POLICY_SOURCE_ACK);
    world_fini(&world);
}

Test(book, the_same_name_with_another_uid_is_another_policy)
{
    struct world world;
    world_init_pools(&world);
    struct policy_object first = world_two_pools(&world, "p"), second = first;
    world_policy(&world, &first);
    struct pod *pod = world_pending(&world, "p1");
    world_settle(&world);
    second.meta.uid.lo = 77;
    second.strategy = STR("hope"); /* not good: what the other had is no last good generation */
    world_policy(&world, &second);
    book_drop(world.book, &first); /* a late word of the old one's end */
    world_settle(&world);
    struct err err = {0};
    cr_assert_not_null(pod_policy_entry(pod));
    cr_expect_null(book_policy(world.book, pod, &err));
    cr_expect_not_null(strstr(err.text, "spec.strategy"), "%s", err.text);
    world_fini(&world);
}
