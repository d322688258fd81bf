/*
 * build/spillway and ResourcePolicies: pods fill units in order, each says where it is and what it
 * costs, the status says how far it is, and edits reach pods that wait.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/crd.h"
#include "model/object.h"
#include "tests/sim/policy_stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    policy_stage_add_nodes(&stage, "1000");
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_policy, .init = setup, .fini = teardown, .timeout = 120);

static const char *const flags[] = {"--pod-initial-backoff-seconds=1",
                                    "--pod-max-backoff-seconds=1", NULL};

#define ECS_3_ECI                                                                                  \
    "\"units\":[{\"resource\":\"ecs\",\"name\":\"ecs\",\"max\":3},{\"resource\":\"eci\",\"name\":" \
    "\"eci\"}]"
#define ECS(max) "\"units\":[{\"resource\":\"ecs\",\"name\":\"ecs\",\"max\":" max "}]"

static void start(void)
{
    stage_start(&stage, "kubeconfig", flags);
}

Test(spillway_policy, fills_units_in_order_and_leaves_its_words_on_the_pods)
{
    policy_stage_create(&stage, "web", ECS_3_ECI);
    policy_stage_add_pods(&stage, "web", 10, "web");
    policy_stage_add_pods(&stage, "other", 2, "other");
    start();
    stage_await_bindings(&stage, 12);
    cr_expect_eq(stage_pods_on(&stage, "eci-0"), 7);
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 3 + 2, "pods of no policy stay off the taint");
    char name[32];
    for (int i = 0; i < 10; i++) {
        (void)snprintf(name, sizeof(name), "web-%d", i);
        bool is_ecs = strcmp(stage_node_of(&stage, name), "ecs-0") == 0;
        cr_expect_str_eq(policy_stage_annotation(&stage, name, ANNOTATION_POLICY), "web");
        cr_expect_str_eq(policy_stage_annotation(&stage, name, ANNOTATION_UNIT),
                         is_ecs ? "ecs" : "eci");
        cr_expect_str_eq(policy_stage_annotation(&stage, name, ANNOTATION_GENERATION), "1");
        cr_expect_str_eq(policy_stage_annotation(&stage, name, ANNOTATION_DELETION_COST),
                         is_ecs ? "200" : "100", "100 x (n - i): the last unit leaves first");
    }
    cr_expect_str_eq(policy_stage_annotation(&stage, "other-0", ANNOTATION_POLICY), "");
    cr_expect_str_eq(policy_stage_annotation(&stage, "other-0", ANNOTATION_DELETION_COST), "");

    policy_stage_await_status(&stage, "web", "summary.pods", "3/3, 7");
    policy_stage_await_status(&stage, "web", "summary.units", "ecs, eci");
    policy_stage_await_status(&stage, "web", "observedGeneration", "1");
    policy_stage_await_status(&stage, "web", "acceptedGeneration", "1");
    policy_stage_await_status(&stage, "web", "waiting", "0");
    policy_stage_await_status(&stage, "web", "units.0.pods", "3");
    policy_stage_await_condition(&stage, "web", (struct condition_wanted){"Accepted", "True", ""});
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_policy, tells_waiting_pods_why_and_lets_an_edit_reach_them)
{
    policy_stage_create(&stage, "web", ECS("3"));
    policy_stage_add_pods(&stage, "web", 10, "web");
    start();
    stage_await_bindings(&stage, 3);
    policy_stage_await_status(&stage, "web", "waiting", "7");
    for (int i = 0; i < 10; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "web-%d", i);
        if (!stage_node_of(&stage, name)[0])
            free(policy_stage_await_message(&stage, name,
                                            "Policy web, generation 1: ecs: full, 3 of 3 pods"));
    }
    policy_stage_await_status(&stage, "web", "units.0.lastRefusal.message", "full, 3 of 3 pods");

    policy_stage_patch(&stage, "web", ECS("5"));
    stage_await_bindings(&stage, 5);
    policy_stage_await_status(&stage, "web", "summary.pods", "5/5");
    policy_stage_await_status(&stage, "web", "waiting", "5");
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 5);

    policy_stage_patch(&stage, "web", ECS_3_ECI); /* the five stay where they are */
    stage_await_bindings(&stage, 10);
    policy_stage_await_status(&stage, "web", "summary.pods", "5/3, 5");
    cr_expect_eq(stage_pods_on(&stage, "eci-0"), 5);
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_policy, lets_a_waiting_pod_have_the_place_of_one_that_went)
{
    policy_stage_create(&stage, "web", ECS("3"));
    policy_stage_add_pods(&stage, "web", 4, "web");
    start();
    policy_stage_await_status(&stage, "web", "waiting", "1");
    policy_stage_await_status(&stage, "web", "summary.pods", "3/3");
    const char *gone = stage_node_of(&stage, "web-0")[0] ? "web-0" : "web-1";
    policy_stage_delete(&stage, KIND_POD, "default", gone);
    stage_await_bindings(&stage, 4);
    policy_stage_await_status(&stage, "web", "waiting", "0");
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 3);
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_policy, frees_the_pods_of_a_policy_that_is_deleted)
{
    policy_stage_create(&stage, "web", ECS("3"));
    policy_stage_add_pods(&stage, "web", 10, "web");
    start();
    policy_stage_await_status(&stage, "web", "waiting", "7");
    policy_stage_delete(&stage, KIND_RESOURCE_POLICY, "default", "web");
    stage_await_bindings(&stage, 10);
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 10);
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_policy, keeps_the_last_good_generation_of_one_that_became_invalid)
{
    policy_stage_create(&stage, "web", ECS("3"));
    policy_stage_add_pods(&stage, "web", 5, "web");
    start();
    policy_stage_await_status(&stage, "web", "waiting", "2");
    policy_stage_patch(&stage, "web", ECS("\"many\""));
    policy_stage_await_condition(
        &stage, "web", (struct condition_wanted){"Accepted", "False", "spec.units[0].max"});
    policy_stage_await_status(&stage, "web", "observedGeneration", "2");
    policy_stage_await_status(&stage, "web", "acceptedGeneration", "1");
    policy_stage_add_pods(&stage, "more", 5, "web");
    policy_stage_await_status(&stage, "web", "waiting", "7");
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 3);

    policy_stage_patch(&stage, "web", ECS("4"));
    stage_await_bindings(&stage, 4);
    policy_stage_await_condition(&stage, "web", (struct condition_wanted){"Accepted", "True", ""});
    policy_stage_await_status(&stage, "web", "acceptedGeneration", "3");
    policy_stage_await_status(&stage, "web", "waiting", "6");
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 4);
    cr_expect_eq(stage_stop(&stage), 0);
}

/* Without a good generation nobody knows where its pods may go. All others go on. */
Test(spillway_policy, lets_the_pods_of_one_that_was_never_valid_wait_and_says_so)
{
    policy_stage_create(&stage, "web", "\"units\":[{\"resource\":\"moon\"}]");
    policy_stage_add_pods(&stage, "web", 2, "web");
    policy_stage_add_pods(&stage, "other", 2, "other");
    start();
    stage_await_bindings(&stage, 2);
    free(policy_stage_await_message(&stage, "web-0", "\"moon\" is no unit type"));
    policy_stage_await_condition(
        &stage, "web", (struct condition_wanted){"Accepted", "False", "spec.units[0].resource"});
    cr_expect_str_eq(stage_node_of(&stage, "web-0"), "");
    cr_expect_str_eq(stage_node_of(&stage, "web-1"), "");
    cr_expect_eq(stage_stop(&stage), 0);
}

#define CRD "resourcepolicies.scheduling.spillway.io"

Test(spillway_policy, runs_without_the_definition_and_picks_it_up_when_it_is_installed)
{
    policy_stage_delete(&stage, KIND_CUSTOM_RESOURCE_DEFINITION, "", CRD);
    policy_stage_add_pods(&stage, "before", 5, "web");
    start();
    stage_await_bindings(&stage, 5);
    cr_expect_eq(spillway_count_said(&stage.spillway, "Not installed on this server"), 1);
    struct api_status status;
    cr_assert(crd_install(stage.store, KIND_RESOURCE_POLICY, &status), "%s", status.message);
    policy_stage_create(&stage, "web", ECS("8")); /* the five are there already */
    policy_stage_await_condition(&stage, "web", (struct condition_wanted){"Accepted", "True", ""});
    policy_stage_add_pods(&stage, "web", 10, "web");
    policy_stage_await_status(&stage, "web", "waiting", "7");
    cr_expect_eq(stage_pods_on(&stage, "ecs-0"), 5 + 3);

    policy_stage_delete(&stage, KIND_CUSTOM_RESOURCE_DEFINITION, "", CRD);
    stage_await_bindings(&stage, 15); /* and the policies went with it */
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_policy, takes_unit_types_of_the_operators_own)
{
    char path[128], flag[160];
    (void)snprintf(path, sizeof(path), "%s/units.yaml", stage.dir);
    (void)snprintf(flag, sizeof(flag), "--unit-types=%s", path);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    (void)fputs("types:\n- name: serverless\n  anyOf: [{matchLabels: {type: virtual-kubelet}}]\n"
                "  tolerations: [{key: virtual-kubelet.io/provider, operator: Exists}]\n"
                "  labels: {tier: cheap}\n",
                file);
    (void)fclose(file);
    policy_stage_create(&stage, "web", "\"units\":[{\"resource\":\"serverless\"}]");
    policy_stage_add_pods(&stage, "web", 3, "web");
    stage_start(&stage, "kubeconfig", (const char *const[]){flag, NULL});
    stage_await_bindings(&stage, 3);
    cr_expect_eq(stage_pods_on(&stage, "eci-0"), 3);
    struct str tier = {0};
    cr_expect(object_label(store_get(stage.store, KIND_POD, STR("default"), STR("web-0")),
                           STR("tier"), &tier));
    cr_expect(str_is(tier, "cheap"));
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_policy, does_not_start_with_unit_types_that_are_wrong)
{
    char path[128], flag[160];
    (void)snprintf(path, sizeof(path), "%s/units.yaml", stage.dir);
    (void)snprintf(flag, sizeof(flag), "--unit-types=%s", path);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    (void)fputs("types:\n- {name: serverless, maxCPU: lots}\n", file);
    (void)fclose(file);
    stage_start(&stage, "kubeconfig", (const char *const[]){flag, NULL});
    cr_expect_neq(stage_await_exit(&stage), 0);
    cr_expect(spillway_said(&stage.spillway, "types[0].maxCPU: must be an amount of CPU"));
}
