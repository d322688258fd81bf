/* What a user reads of a policy. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/policy/world.h"

static struct policy_object web_policy(struct world *world)
{
    struct policy_object object = make_policy(&world->make, "p", 2);
    object.units[0].resource = STR("ecs");
    object.units[0].max = STR("2");
    object.units[1].resource = STR("eci");
    return object;
}

static struct policy_status take(struct world *world, int64_t now_unix_s)
{
    struct policy_status status;
    cr_assert(book_take_status(world->book, now_unix_s, &status));
    return status;
}

Test(book_status, shows_pods_max_waiting_and_the_last_refusal)
{
    struct world world;
    world_init(&world);
    world_node(&world, "n1", "");
    struct policy_object object = web_policy(&world);
    world_policy(&world, &object);
    struct pod *pod = world_pod(&world, &(struct pod_spec){.name = "p1"});
    (void)world_pod(&world, &(struct pod_spec){.name = "p2", .node = "n1"});
    world_settle(&world);
    book_note_waiting(world.book, pod, true);
    book_note_refusal(world.book, pod, 1, STR("no node takes it"), 5500);
    struct policy_status status = take(&world, 6000);
    cr_expect(str_is(status.name, "p") && status.unit_count == 2 && status.waiting == 1);
    cr_expect_eq(status.units[0].pods, 1);
    cr_expect(str_is(status.units[0].max, "2") && status.units[0].max_pods == 2);
    cr_expect(str_is(status.units[1].name, "eci-1") && !status.units[1].has_max);
    cr_expect(str_is(status.units[1].refusal, "no node takes it"));
    cr_expect_eq(status.units[1].refused_unix_s, 5500);
    cr_expect(status.accepted.is_true && status.accepted.transition_unix_s == 5000);
    cr_expect(!status.ready.is_true, "no node is virtual");
    cr_expect_str_eq(status.ready.reason, "UnitWithoutNodes");
    cr_expect_not_null(strstr(status.ready.message.ptr, "spec.units[1]"));
    cr_expect_not(book_take_status(world.book, 6000, &status), "taken");
    world_fini(&world);
}

Test(book_status, is_due_again_when_something_changes_and_only_then)
{
    struct world world;
    world_init(&world);
    world_node(&world, "n1", "");
    struct policy_object object = web_policy(&world);
    world_policy(&world, &object);
    world_settle(&world);
    struct pod_spec spec = {.name = "p1", .node = "n1"};
    (void)world_pod(&world, &spec);
    (void)take(&world, 6000);
    struct policy_status status;
    (void)world_pod(&world, &spec);
    cr_expect_not(book_take_status(world.book, 6001, &status), "the same pod again");
    world_policy(&world, &object);
    cr_expect_not(book_take_status(world.book, 6001, &status), "our own write came back");
    world_node(&world, "v1", "type=virtual-kubelet");
    world_settle(&world);
    status = take(&world, 7000);
    cr_expect(status.ready.is_true && status.ready.transition_unix_s == 7000);
    book_status_failed(world.book, status.uid);
    status = take(&world, 8000);
    cr_expect_eq(status.ready.transition_unix_s, 7000, "a retry is no transition");
    world_fini(&world);
}

Test(book_status, shows_the_largest_groups_and_how_many_there_are)
{
    struct world world;
    world_init(&world);
    world_node(&world, "n1", "");
    struct policy_object object = web_policy(&world);
    uint32_t key = make_sym(&world.make, "zone");
    object.label_keys = &key;
    object.label_key_count = 1;
    world_policy(&world, &object);
    world_settle(&world);
    for (uint32_t group = 0; group < 15; group++) {
        for (uint32_t i = 0; i <= group; i++) {
            char name[32], labels[32];
            (void)snprintf(name, sizeof(name), "p%u-%u", group, i);
            (void)snprintf(labels, sizeof(labels), "app=web,zone=z%u", group);
            (void)world_pod(&world,
                            &(struct pod_spec){.name = name, .labels = labels, .node = "n1"});
        }
    }
    struct policy_status status = take(&world, 6000);
    cr_expect_eq(status.group_total, 15);
    cr_assert_eq(status.group_count, POLICY_STATUS_GROUPS_MAX);
    for (uint32_t i = 0; i < status.group_count; i++) {
        char want[32];
        (void)snprintf(want, sizeof(want), "zone=z%u", 14 - i);
        cr_expect(str_is(status.groups[i].key, want), STR_FMT, STR_ARG(status.groups[i].key));
        cr_expect_eq(status.groups[i].pods[0], 15 - i);
    }
    cr_expect_eq(status.units[0].pods, 120);
    cr_expect_eq(status.units[0].max_pods, 30, "2 in each group");
    world_fini(&world);
}

Test(book_status, says_that_the_consumer_ref_is_not_used)
{
    struct world world;
    world_init(&world);
    struct policy_object object = web_policy(&world);
    object.has_consumer_ref = true;
    world_policy(&world, &object);
    world_settle(&world);
    struct policy_status status = take(&world, 6000);
    cr_expect(status.accepted.is_true);
    cr_expect_not_null(strstr(status.accepted.message.ptr, "consumerRef"));
    world_fini(&world);
}

Test(book_status, is_not_told_of_policies_of_another_group)
{
    struct world world;
    world_init(&world);
    struct policy_object object = web_policy(&world);
    object.source = POLICY_SOURCE_ACK;
    world_policy(&world, &object);
    world_settle(&world);
    struct policy_status status;
    cr_expect_not(book_take_status(world.book, 6000, &status));
    world_fini(&world);
}
