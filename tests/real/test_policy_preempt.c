/* Where a policy lets pods of higher priority take the room of others: in each unit before the
 * next, or only when no unit is left. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/elastic.h"

static const struct node_kind reserved = {.prefix = "reserved",
                                          .allocatable =
                                              "{\"cpu\":\"2\",\"memory\":\"8Gi\",\"pods\":\"110\"}",
                                          .labels = "{\"pool\":\"reserved\"}"};
static const struct node_kind hourly = {.prefix = "hourly",
                                        .allocatable =
                                            "{\"cpu\":\"2\",\"memory\":\"8Gi\",\"pods\":\"110\"}",
                                        .labels = "{\"pool\":\"hourly\"}"};

static const char *const one_cpu[] = {"{\"cpu\":\"1\"}"};

#define IMPORTANT                                                                                  \
    "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: test-important}, "   \
    "value: 1000}\n---\n"
#define POLICY(when)                                                                               \
    IMPORTANT "{apiVersion: scheduling.spillway.io/v1alpha1, kind: ResourcePolicy, metadata: "     \
              "{name: high}, spec: {selector: {app: high}, preemptPolicy: " when ", units: ["      \
              "{name: reserved, nodeSelector: {pool: reserved}}, "                                 \
              "{name: hourly, nodeSelector: {pool: hourly}}]}}"

/* The reserved node is full of pods without priority, the other is free; `high` is created. */
static void open_contest(struct world *world, const char *name, const char *policy, int high)
{
    char kubeconfig[256];
    const struct pod_kind low = {.prefix = "low",
                                 .scheduler = "spillway",
                                 .spec = "\"nodeSelector\":{\"pool\":\"reserved\"}",
                                 .requests = one_cpu,
                                 .request_count = 1};
    world_open(world, name);
    elastic_install(world);
    world_add_nodes(world, &reserved, 1);
    world_add_nodes(world, &hourly, 1);
    elastic_apply(world, policy);
    (void)snprintf(kubeconfig, sizeof(kubeconfig), "%s/admin.kubeconfig", world->dir);
    world_start_spillway_with(
        world, (const char *const[]){"--kubeconfig", kubeconfig, "--preemption", NULL}, NULL);
    free(elastic_await_condition(world, "high", "Accepted", "Accepted"));
    world_add_pods(world, &low, 2);
    elastic_await_split(world, "low", (struct split[]){{"reserved", 2}, {NULL, 0}});
    elastic_add_deployment(world, &(struct deployment_kind){"high", high, "", "",
                                                            "priorityClassName: test-important"});
}

Test(policy_preempt, in_each_unit_before_the_next_is_tried, .timeout = 300)
{
    struct world world;
    open_contest(&world, "preempt-first", POLICY("BeforeNextUnit"), 1);
    elastic_await_split(&world, "high", (struct split[]){{"reserved", 1}, {NULL, 0}});
    elastic_await_split(&world, "low", (struct split[]){{"reserved", 1}, {NULL, 0}});
    world_close(&world);
}

Test(policy_preempt, only_when_every_unit_has_refused, .timeout = 300)
{
    struct world world;
    open_contest(&world, "preempt-last", POLICY("AfterAllUnits"), 2);
    elastic_await_split(&world, "high", (struct split[]){{"hourly", 2}, {NULL, 0}});
    elastic_await_split(&world, "low", (struct split[]){{"reserved", 2}, {NULL, 0}});
    elastic_scale(&world, "high", 3);
    elastic_await_split(&world, "high",
                        (struct split[]){{"hourly", 2}, {"reserved", 1}, {NULL, 0}});
    elastic_await_split(&world, "low", (struct split[]){{"reserved", 1}, {NULL, 0}});
    world_close(&world);
}
