/* Defects of the one public implementation of such policies (elastic-policies 1b), those that are
 * the core's: each is a test here. The others are in tests/policy/test_pr907.c. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/sched/core.h"

#define POLICY                                                                                     \
    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"                           \
    "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"1\",\"generation\":1,"         \
    "\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},\"spec\":{\"whenTryNextUnits\":{\"policy\":"  \
    "\"TimeoutOrExceedMax\",\"timeout\":\"1m\"},\"units\":[{\"name\":\"a\",\"max\":9,"             \
    "\"nodeSelector\":{\"pool\":\"a\"}},{\"name\":\"b\",\"nodeSelector\":{\"pool\":\"b\"}}]}}"

static struct core core;

static void setup(void)
{
    core_init(&core);
    core_policy(&core, POLICY);
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(pr907, .init = setup, .fini = teardown);

/* Its order was a score, which others outvoted. Here the later unit's node wins each score: it is
 * empty, holds the image, is preferred, and the first unit's node is nearly full. */
Test(pr907, defect_1_the_order_of_units_is_no_score)
{
    core_node(&core, &(struct fixture_node){.name = "full",
                                            .allocatable = "cpu=4, memory=4Gi, pods=110",
                                            .labels = "pool=a",
                                            .taints = "slow:PreferNoSchedule"});
    core_node(&core, &(struct fixture_node){.name = "empty",
                                            .allocatable = "cpu=64, memory=64Gi, pods=110",
                                            .labels = "pool=b",
                                            .images = "big:1=900Mi"});
    core_pod(&core, &(struct fixture_pod){.name = "before", .node = "full", .containers = "cpu=3"});
    core_pod(&core, &(struct fixture_pod){.name = "p",
                                          .containers = "cpu=500m",
                                          .images = "big:1",
                                          .preferred = "100: pool In b"});
    core_pass(&core);
    cr_expect_str_eq(core_bound_to(&core, 0), "full");
}

/* It read and wrote the pod before each bind. */
Test(pr907, defect_6_a_placement_is_one_write)
{
    core_node(&core, &(struct fixture_node){
                         .name = "n", .allocatable = "cpu=4, pods=110", .labels = "pool=a"});
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    mem_port_clear(core.port);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_eq(core.port->counts[MEM_READ] + core.port->counts[MEM_STATUS], 0);
    cr_expect(strstr(mem_port_call(core.port, MEM_BIND, 0)->annotations,
                     "controller.kubernetes.io/pod-deletion-cost=200"));
}

/* What it remembered of each pod was never given back. */
Test(pr907, defect_7_nothing_is_kept_of_a_pod_that_waited)
{
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    core_node(&core, &(struct fixture_node){
                         .name = "n", .allocatable = "cpu=0, pods=110", .labels = "pool=a"});
    core_pass(&core);
    cr_assert(core_find(&core, "p")->waits, "it waits in the first unit");
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1", .node = "n"});
    cr_expect_null(core_find(&core, "p")->waits);
}
