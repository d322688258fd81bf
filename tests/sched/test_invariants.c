/* The invariants that are checked in releases too (reliability 5.2): each is broken on purpose, and
 * the process ends before it writes anything wrong. No event can bring these states about, so that
 * the core is reached into. I14 is not among them: nothing leads to a reservation that ends by
 * itself. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#include "sched/sched_private.h"
#include "tests/sched/core.h"

static struct core core;
static struct pod *pod;
static uint32_t slot;

/* A node, and a pod that was just popped for it. */
static void setup(void)
{
    core_init(&core);
    core_node(&core, &(struct fixture_node){.name = "n1", .allocatable = "cpu=4, memory=4Gi"});
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    pod = queue_pop(core.sched->queue, core.port->now);
    slot = node_table_find(&core.sched->cluster.nodes, fixture_sym(&core.fixture, "n1"))->slot;
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(invariants, .init = setup, .fini = teardown);

Test(invariants, hold_for_a_pod_like_any_other)
{
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
}

/* ---- what a binding must be ---- */

Test(invariants, i04_a_binding_without_a_uid_is_a_bug, .signal = SIGABRT)
{
    pod->uid = (struct uid){0, 0};
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
}

Test(invariants, i06_a_binding_before_the_lists_are_complete_is_a_bug, .signal = SIGABRT)
{
    core.sched->pods_synced = false;
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
}

Test(invariants, i08_a_binding_of_a_gated_pod_is_a_bug, .signal = SIGABRT)
{
    pod->gate_count = 1;
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
}

Test(invariants, i08_a_binding_of_a_pod_that_is_being_deleted_is_a_bug, .signal = SIGABRT)
{
    pod->is_deleting = true;
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
}

Test(invariants, i09_a_binding_of_another_schedulers_pod_is_a_bug, .signal = SIGABRT)
{
    pod->is_ours = false;
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
}

/* ---- I12: one place ---- */

Test(invariants, i12_a_pod_that_waits_nowhere_is_a_bug, .signal = SIGABRT)
{
    sched_check_pod(core.sched, pod);
}

Test(invariants, i12_a_pod_that_waits_and_is_reserved_is_a_bug, .signal = SIGABRT)
{
    queue_add(core.sched->queue, pod, core.port->now);
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
    sched_check_pod(core.sched, pod);
}

Test(invariants, i12_a_pod_that_is_not_where_it_says_is_a_bug, .signal = SIGABRT)
{
    queue_return(core.sched->queue, pod, 1u << PLUGIN_NODE_RESOURCES_FIT, core.port->now);
    pod->queue_place = QUEUE_ACTIVE;
    sched_check_pod(core.sched, pod);
}

Test(invariants, i12_is_checked_when_an_object_is_seen, .signal = SIGABRT)
{
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
    pod->held = NULL;
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
}

/* ---- I13: sums, sampled ---- */

Test(invariants, i13_a_sum_that_is_wrong_is_found_within_64_passes, .signal = SIGABRT)
{
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot});
    core.sched->cluster.nodes.columns[RESOURCE_CPU].used[slot]++;
    for (int pass = 0; pass <= 64; pass++)
        (void)sched_pass(core.sched, 1);
    core.sched->cluster.nodes.columns[RESOURCE_CPU].used[slot]--; /* not found: no abort later */
}

Test(invariants, i13_every_node_has_its_turn, .signal = SIGABRT)
{
    enum { OTHERS = 9, PODS = 1 };
    static const char *const names[OTHERS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    for (uint32_t i = 0; i < OTHERS; i++)
        core_node(&core, &(struct fixture_node){.name = names[i], .allocatable = "cpu=4"});
    binding_start(core.sched, pod, &(struct cycle_result){.slot = slot + OTHERS});
    core.sched->cluster.nodes.columns[RESOURCE_CPU].used[slot + OTHERS]++;
    for (int pass = 0; pass <= (OTHERS + 1) * (64 + 1 + PODS); pass++)
        (void)sched_pass(core.sched, 1);
    core.sched->cluster.nodes.columns[RESOURCE_CPU].used[slot + OTHERS]--;
}

/* ---- I22: bounds ---- */

/* A server that answers nothing but 500: every bind ends in doubt, every read in no answer. */
Test(invariants, i22_no_more_than_1024_binds_are_open_when_one_is_in_doubt)
{
    queue_add(core.sched->queue, pod, core.port->now);
    core_node(&core, &(struct fixture_node){.name = "big", .allocatable = "cpu=9000, pods=9000"});
    for (int i = 0; i < 1500; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        core_pod(&core, &(struct fixture_pod){.name = name, .containers = "cpu=1"});
    }
    uint32_t answered = 0;
    for (int turn = 0; turn < 20; turn++) {
        core.port->room = 100;
        core_pass(&core);
        for (; answered < core.port->counts[MEM_BIND]; answered++)
            core_answer_bind(&core, (int)answered, OUTCOME_UNKNOWN);
    }
    cr_expect_eq(answered, 1024);
    cr_expect_eq(sched_binds_open(core.sched), 1024);
    core_reply_read(&core, OUTCOME_GONE, NULL);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1025);
}
