/* Preemption (kube-scheduler.md A14): which node, which victims, and what is said of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sched/preempt_core.h"

static struct core core;

static void setup(void)
{
    preempt_core_init(&core);
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(preempt, .init = setup, .fini = teardown);

static void add_node(const char *name)
{
    preempt_add_node(&core, name);
}

static void add_running(const char *name, const char *node, const char *containers,
                        int32_t priority, int64_t started_s)
{
    preempt_add_running(&core, name, node, containers, priority, started_s);
}

static void add_pending(const char *name, const char *containers, int32_t priority)
{
    preempt_add_pending(&core, name, containers, priority);
}

static const char *victims(void)
{
    return preempt_victims(&core);
}

static const char *nominated(void)
{
    return preempt_nominated(&core);
}

static const char *message(void)
{
    return preempt_message(&core);
}

/* ---- victims on a node ---- */

Test(preempt, nothing_is_evicted_unless_it_is_switched_on)
{
    struct core off;
    core_init(&off);
    core_node(&off, &(struct fixture_node){.name = "n1", .allocatable = "cpu=1, pods=10"});
    core_pod(&off, &(struct fixture_pod){.name = "low", .node = "n1", .containers = "cpu=1"});
    core_pod(&off, &(struct fixture_pod){.name = "p", .containers = "cpu=1", .priority = HIGH});
    core_pass(&off);
    cr_expect_eq(off.port->counts[MEM_EVICT], 0);
    core_fini(&off);
}

Test(preempt, the_fewest_that_make_room_leave)
{
    add_node("n1");
    add_running("big", "n1", "cpu=2", 5, 1000);
    add_running("small", "n1", "cpu=1", 1, 1000);
    add_running("more", "n1", "cpu=1", 3, 1000);
    add_pending("p", "cpu=2", HIGH);
    cr_expect_str_eq(victims(), "more", "the last one, small, waits for the answer");
    core_reply_evict(&core, "more", OUTCOME_DONE);
    cr_expect_str_eq(victims(), "more small", "big, the most important one, may stay");
    cr_expect_str_eq(nominated(), "n1");
    cr_expect_str_eq(message(), "0/1 nodes are available: 1 Insufficient cpu. preemption: found a "
                                "potential placement for pod on node n1, preempting 2 victims");
    cr_expect_str_eq(mem_port_call(core.port, MEM_EVICT, 0)->text,
                     "spillway: preempting to accommodate a higher priority pod");
}

Test(preempt, of_equal_priority_the_later_start_leaves)
{
    add_node("n1");
    add_running("young", "n1", "cpu=2", 1, 3000);
    add_running("old", "n1", "cpu=2", 1, 2000);
    add_pending("p", "cpu=2", HIGH);
    cr_expect_str_eq(victims(), "young");
}

Test(preempt, a_pod_without_a_start_time_counts_as_started_now)
{
    add_node("n1");
    add_running("unknown", "n1", "cpu=2", 1, 0);
    add_running("old", "n1", "cpu=2", 1, 2000);
    add_pending("p", "cpu=2", HIGH);
    cr_expect_str_eq(victims(), "unknown");
}

Test(preempt, equal_and_higher_priorities_are_safe)
{
    add_node("n1");
    add_node("n2");
    add_running("equal", "n1", "cpu=4", HIGH, 1000);
    add_running("higher", "n2", "cpu=4", HIGH + 1, 1000);
    add_pending("p", "cpu=1", HIGH);
    cr_expect_str_eq(victims(), "");
    cr_expect_str_eq(message(),
                     "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are "
                     "available: 2 No preemption victims found for incoming pod.");
}

Test(preempt, it_says_where_it_would_not_help)
{
    add_node("n1");
    add_node("n2");
    core_node(&core, &(struct fixture_node){
                         .name = "n3", .allocatable = "cpu=4, pods=10", .taints = "a:NoSchedule"});
    add_running("mixed", "n1", "cpu=1", 1, 1000);
    add_running("higher", "n1", "cpu=3", HIGH + 1, 1000);
    add_running("all", "n2", "cpu=4", HIGH + 1, 1000);
    add_pending("p", "cpu=2", HIGH);
    cr_expect_str_eq(message(),
                     "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient "
                     "cpu. preemption: 0/3 nodes are available: 1 Insufficient cpu, 1 No "
                     "preemption victims found for incoming pod, 1 Preemption is not helpful for "
                     "scheduling.");
    add_pending("huge", "cpu=5", HIGH);
    cr_expect(strstr(message(), " preemption: 0/3 nodes are available: 3 Preemption is not helpful "
                                "for scheduling."));
}

Test(preempt, terms_that_contradict_each_other_are_past_help)
{
    add_node("n1");
    core_pod(&core, &(struct fixture_pod){.name = "p",
                                          .required = "@metadata.name In n1 & @metadata.name In n2",
                                          .priority = HIGH});
    core_pass(&core);
    cr_expect_str_eq(message(), "0/1 nodes are available: pod affinity terms conflict. preemption: "
                                "0/1 nodes are available: 1 Preemption is not helpful for "
                                "scheduling.");
}

Test(preempt, without_nodes_nothing_is_said_of_it)
{
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .priority = HIGH, .nominated = "n1", .preempts_never = true});
    core_pass(&core);
    cr_expect_str_eq(message(), "no nodes available to schedule pods");
    cr_expect(mem_port_call(core.port, MEM_STATUS, 0)->clears_nomination);
}

Test(preempt, host_ports_are_freed_as_well)
{
    add_node("n1");
    core_pod(&core, &(struct fixture_pod){.name = "web", .node = "n1", .ports = "TCP/80"});
    add_running("other", "n1", "cpu=1", 1, 1000);
    core_pod(&core, &(struct fixture_pod){.name = "p", .ports = "TCP/80", .priority = HIGH});
    core_pass(&core);
    cr_expect_str_eq(victims(), "web");
}

Test(preempt, a_thousand_victims_on_one_node_are_no_limit)
{
    core_node(&core, &(struct fixture_node){.name = "n1", .allocatable = "cpu=1, pods=1000"});
    for (int i = 0; i < 1000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "l%d", i);
        core_pod(&core, &(struct fixture_pod){.name = name, .node = "n1", .containers = "cpu=1m"});
    }
    add_pending("p", "cpu=1", HIGH);
    cr_expect_eq(core.port->counts[MEM_EVICT], 999, "all but the last");
}

/* ---- budgets ---- */

static void add_labelled(const char *name, const char *node, const char *labels, int32_t priority)
{
    core_pod(&core, &(struct fixture_pod){.name = name,
                                          .node = node,
                                          .containers = "cpu=4",
                                          .labels = labels,
                                          .priority = priority});
}

Test(preempt, a_node_without_a_broken_budget_is_better_than_lower_priorities)
{
    add_node("n1");
    add_node("n2");
    add_labelled("guarded", "n1", "app=a", 1);
    add_labelled("open", "n2", "app=b", 50);
    core_budget(&core, "a", 0, NULL);
    add_pending("p", "cpu=1", HIGH);
    cr_expect_str_eq(victims(), "open");
}

Test(preempt, a_budget_that_allows_it_is_not_broken)
{
    add_node("n1");
    add_node("n2");
    add_labelled("guarded", "n1", "app=a", 1);
    add_labelled("open", "n2", "app=b", 50);
    core_budget(&core, "a", 1, NULL);
    add_pending("p", "cpu=1", HIGH);
    cr_expect_str_eq(victims(), "guarded");
}

Test(preempt, a_pod_that_is_being_disrupted_counts_no_more)
{
    add_node("n1");
    add_node("n2");
    add_labelled("guarded", "n1", "app=a", 1);
    add_labelled("open", "n2", "app=b", 50);
    core_budget(&core, "a", 0, "guarded");
    add_pending("p", "cpu=1", HIGH);
    cr_expect_str_eq(victims(), "guarded");
}

Test(preempt, those_under_a_budget_are_put_back_first)
{
    add_node("n1");
    core_pod(&core, &(struct fixture_pod){
                        .name = "guarded", .node = "n1", .containers = "cpu=2", .labels = "app=a"});
    core_pod(&core, &(struct fixture_pod){
                        .name = "open", .node = "n1", .containers = "cpu=2", .priority = 9});
    core_budget(&core, "a", 0, NULL);
    add_pending("p", "cpu=2", HIGH);
    cr_expect_str_eq(victims(), "open", "though it is the more important one");
}

Test(preempt, budgets_do_not_forbid_it)
{
    add_node("n1");
    add_labelled("guarded", "n1", "app=a", 1);
    core_budget(&core, "a", 0, NULL);
    add_pending("p", "cpu=1", HIGH);
    cr_expect_str_eq(victims(), "guarded");
}

/* ---- the node ---- */

/* Per row two nodes; the second is the better one by the criterion named (A14.5). */
struct row_pod {
    int32_t priority;
    const char *containers;
    int64_t started_s;
};

struct node_row {
    const char *criterion;
    struct row_pod pods[2][3];
};

static const struct node_row node_rows[] = {
    {"lowest top priority", {{{9, "cpu=4", 1}}, {{8, "cpu=2", 1}, {8, "cpu=2", 1}}}},
    {"smallest sum", {{{9, "cpu=2", 1}, {8, "cpu=2", 1}}, {{9, "cpu=2", 1}, {7, "cpu=2", 1}}}},
    /* negative priorities: two of them sum up to more than one does */
    {"fewest victims",
     {{{-2000000, "cpu=2", 1}, {-2000000, "cpu=2", 1}}, {{-2000000, "cpu=4", 1}}}},
    {"latest start", {{{9, "cpu=4", 1000}}, {{9, "cpu=4", 2000}}}},
    {"earliest of the top ones",
     {{{9, "cpu=2", 1000}, {9, "cpu=2", 9000}}, {{9, "cpu=2", 2000}, {9, "cpu=2", 3000}}}},
    {"not the start of lower ones",
     {{{9, "cpu=2", 1000}, {8, "cpu=2", 9000}}, {{9, "cpu=2", 2000}, {8, "cpu=2", 10}}}},
};

static void add_row_pods(const struct node_row *row, size_t side, const char *node)
{
    for (size_t i = 0; i < ARRAY_LEN(row->pods[side]) && row->pods[side][i].containers; i++) {
        const struct row_pod *pod = &row->pods[side][i];
        char name[16];
        (void)snprintf(name, sizeof(name), "%s-%zu", node, i);
        add_running(name, node, pod->containers, pod->priority, pod->started_s);
    }
}

Test(preempt, the_node_is_picked_by_five_criteria_in_order)
{
    for (size_t i = 0; i < 2 * ARRAY_LEN(node_rows); i++) {
        const struct node_row *row = &node_rows[i / 2];
        bool is_swapped = i % 2;
        teardown();
        setup();
        add_node("n0");
        add_node("n1");
        add_row_pods(row, is_swapped, "n0");
        add_row_pods(row, !is_swapped, "n1");
        add_pending("p", "cpu=4", HIGH);
        cr_expect_str_eq(nominated(), is_swapped ? "n0" : "n1", "%s", row->criterion);
    }
}

/* ---- the same events, the same choice; the tables are as they were ---- */

enum { NODE_NAMES_MAX = 8 };

static void fill_random_cluster(uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed);
    for (int node = 0; node < NODE_NAMES_MAX; node++) {
        char node_name[8];
        (void)snprintf(node_name, sizeof(node_name), "n%d", node);
        add_node(node_name);
        for (int i = 0; i < 4; i++) {
            char name[16];
            (void)snprintf(name, sizeof(name), "%s-%d", node_name, i);
            core_pod(&core, &(struct fixture_pod){.name = name,
                                                  .node = node_name,
                                                  .containers = "cpu=1",
                                                  .ports = rng_below(&rng, 2) ? "TCP/80" : NULL,
                                                  .labels = rng_below(&rng, 2) ? "app=a" : "app=b",
                                                  .priority = (int32_t)rng_below(&rng, 3),
                                                  .started_s = 1 + (int64_t)rng_below(&rng, 9)});
        }
    }
    core_budget(&core, "a", (int32_t)rng_below(&rng, 3), NULL);
}

Test(preempt, equal_events_give_equal_victims)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        char first[512] = "";
        for (int run = 0; run < 2; run++) {
            teardown();
            setup();
            fill_random_cluster(seed);
            for (int i = 0; i < 6; i++) {
                char name[8];
                (void)snprintf(name, sizeof(name), "p%d", i);
                core_pod(&core, &(struct fixture_pod){.name = name,
                                                      .containers = "cpu=2",
                                                      .ports = i % 2 ? "TCP/80" : NULL,
                                                      .priority = HIGH - i});
            }
            core_pass(&core); /* with cluster_check() */
            if (run == 0)
                (void)snprintf(first, sizeof(first), "%s", victims());
        }
        cr_expect_str_eq(first, victims(), "seed %d", (int)seed);
        cr_expect_gt(strlen(first), 0, "seed %d", (int)seed);
    }
}
