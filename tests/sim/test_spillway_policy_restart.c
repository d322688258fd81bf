/*
 * build/spillway, ResourcePolicies and kill -9: what counts is on the pods and in their conditions,
 * so that a new process goes on where the old one ended.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "model/object.h"
#include "policy/sentence.h"
#include "tests/sim/policy_stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_policy_restart, .init = setup, .fini = teardown, .timeout = 120);

static const char *const flags[] = {"--pod-initial-backoff-seconds=1",
                                    "--pod-max-backoff-seconds=1", NULL};

Test(spillway_policy_restart, exactly_the_max_is_bound_whenever_it_is_killed)
{
    static const uint64_t kills[] = {1, 20, 55, 90, 99};
    policy_stage_add_nodes(&stage, "1000");
    policy_stage_create(&stage, "web", "\"units\":[{\"resource\":\"ecs\",\"max\":100}]");
    policy_stage_add_pods(&stage, "web", 500, "web");
    stage_start(&stage, "kubeconfig", flags);
    for (size_t i = 0; i < ARRAY_LEN(kills); i++) {
        stage_await_bindings(&stage, kills[i]);
        policy_stage_restart(&stage, flags);
    }
    policy_stage_await_status(&stage, "web", "summary.pods", "100/100");
    policy_stage_await_status(&stage, "web", "waiting", "400");
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 100);
    cr_expect_eq(stage.bindings, 100);
    cr_expect_eq(stage.moves, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}

/* The end of the wait, as the pod's condition says it. */
static int64_t said_end(const char *message)
{
    struct str policy;
    int64_t generation;
    struct unit_said units[4];
    uint32_t count;
    cr_assert(sentence_parse(str_from(message), &policy, &generation, units, 4, &count), "%s",
              message);
    cr_assert_eq(count, 2, "%s", message);
    cr_assert_eq(units[0].when, UNIT_WHEN_AT, "%s", message);
    return units[0].until_unix_s;
}

Test(spillway_policy_restart, a_pod_waits_in_a_unit_no_longer_for_two_restarts)
{
    policy_stage_add_nodes(&stage, "0");
    policy_stage_create(&stage, "web",
                        "\"whenTryNextUnits\":{\"policy\":\"TimeoutOrExceedMax\",\"timeout\":"
                        "\"5s\"},\"units\":[{\"resource\":\"ecs\",\"name\":\"ecs\",\"max\":5},"
                        "{\"resource\":\"eci\",\"name\":\"eci\"}]");
    policy_stage_add_pods(&stage, "web", 1, "web");
    stage_start(&stage, "kubeconfig", flags);
    char *first = policy_stage_await_message(&stage, "web-0", "ecs: no node takes it");
    int64_t end_unix_s = said_end(first);
    for (int i = 0; i < 2; i++) {
        policy_stage_restart(&stage, flags);
        stage_await_said(&stage, "Caches are synced");
        char *again = policy_stage_await_message(&stage, "web-0", "ecs: no node takes it");
        cr_expect_eq(said_end(again), end_unix_s, "%s, and now %s", first, again);
        cr_expect_str_eq(stage_node_of(&stage, "web-0"), "");
        free(again);
    }
    free(first);
    stage_await_bound(&stage, "web-0");
    /* time() may be some milliseconds behind the clock that the wait goes by */
    cr_expect_geq((int64_t)time(NULL) + 1, end_unix_s, "it went on too early");
    cr_expect_str_eq(stage_node_of(&stage, "web-0"), "eci-0");
    cr_expect_str_eq(policy_stage_annotation(&stage, "web-0", ANNOTATION_UNIT), "eci");
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_policy_restart, does_not_write_again_what_is_there_already)
{
    policy_stage_add_nodes(&stage, "1000");
    policy_stage_create(&stage, "web", "\"units\":[{\"resource\":\"ecs\",\"max\":2}]");
    policy_stage_add_pods(&stage, "web", 4, "web");
    stage_start(&stage, "kubeconfig", flags);
    policy_stage_await_status(&stage, "web", "waiting", "2");
    policy_stage_await_status(&stage, "web", "summary.pods", "2/2");
    policy_stage_restart(&stage, flags);
    stage_await_said(&stage, "Caches are synced");
    policy_stage_patch(&stage, "web", "\"units\":[{\"resource\":\"ecs\",\"max\":3}]");
    stage_await_bindings(&stage, 3);
    policy_stage_await_status(&stage, "web", "summary.pods", "3/3");
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 3);
    cr_expect_eq(stage.moves, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}
