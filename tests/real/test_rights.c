/* Who spillway is to the apiserver, and what it may do: the rights of manifests/rbac.yaml, no more.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/account.h"
#include "tests/real/world.h"

static const struct node_kind node = {
    .prefix = "node",
    .allocatable = "{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"110\"}",
};
static const char *const sizes[] = {"{\"cpu\":\"1\"}", "{\"cpu\":\"100\"}"};
static const struct pod_kind pod = {
    .prefix = "pod", .scheduler = "spillway", .requests = sizes, .request_count = ARRAY_LEN(sizes)};

/* All that spillway writes: a bind, a condition, and an event of each kind. */
static void expect_all_writes(struct world *world)
{
    world_add_pods(world, &pod, 2);
    char *bound_to CLEANUP(mem_freep) = world_await_bound(world, "pod-0");
    cr_expect_str_eq(bound_to, "node-0");
    char *message CLEANUP(mem_freep) = world_await_refusal(world, "pod-1", "Unschedulable");
    cr_expect_str_eq(message, "0/1 nodes are available: 1 Insufficient cpu.");
    json_decref(world_await_pod_event(world, "pod-0", "Scheduled"));
    json_decref(world_await_pod_event(world, "pod-1", "FailedScheduling"));
}

Test(rights, the_role_suffices_for_a_token, .timeout = 300)
{
    struct world world;
    world_open(&world, "token");
    world_add_nodes(&world, &node, 1);
    world_start_spillway(&world, "token");
    expect_all_writes(&world);
    world_close(&world);
}

Test(rights, the_role_suffices_for_a_client_certificate_held_as_data, .timeout = 300)
{
    struct world world;
    world_open(&world, "certificate");
    world_add_nodes(&world, &node, 1);
    world_start_spillway(&world, "spillway");
    expect_all_writes(&world);
    world_close(&world);
}

static char *read_text(const char *dir, const char *name)
{
    struct process file = {0};
    (void)snprintf(file.log_path, sizeof(file.log_path), "%s/%s", dir, name);
    char *text = process_log(&file);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

Test(rights, a_missing_right_is_named_and_its_grant_heals_without_a_restart, .timeout = 300)
{
    struct world world;
    world_open(&world, "rightless");
    world_add_nodes(&world, &node, 1);
    world_start_spillway(&world, "rightless");
    static const char *const nodes[] = {"rightless", "list", "nodes", NULL};
    static const char *const pods[] = {"rightless", "list", "pods", NULL};
    cr_assert(process_await_log(&world.spillway, nodes, WORLD_PATIENCE_MS),
              "the right to list nodes is not named in %s", world.spillway.log_path);
    cr_assert(process_await_log(&world.spillway, pods, WORLD_PATIENCE_MS),
              "the right to list pods is not named in %s", world.spillway.log_path);

    free(world_kubectl(&world, "create", "clusterrolebinding", "test-rightless",
                       "--clusterrole=spillway", "--user=rightless", NULL));
    expect_all_writes(&world);
    free(world_kubectl(&world, "delete", "clusterrolebinding", "test-rightless", NULL));

    char *log CLEANUP(mem_freep) = process_log(&world.spillway);
    char *token CLEANUP(mem_freep) = read_text(world.dir, "rightless.token");
    cr_expect(strlen(token) == 32 && !strstr(log, token), "the token is in the log");
    world_close(&world);
}

/* The files and variables that a kubelet gives to a pod. */
Test(rights, a_pods_service_account_files_are_enough, .timeout = 300)
{
    struct world world;
    world_open(&world, "account");
    world_add_nodes(&world, &node, 1);
    struct account account;
    account_make(&account, &world, "kube-system");
    account_start_spillway(&account, &world, account_apiserver_port(&world));
    expect_all_writes(&world);
    char *log CLEANUP(mem_freep) = process_log(&world.spillway);
    cr_expect(!strstr(log, account.token), "the token is in the log");
    account_fini(&account);
    world_close(&world);
}
