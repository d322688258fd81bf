/* Preemption (kube-scheduler.md A14): which node, which victims, what is said of it, and who waits
 * for whom. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sched/core.h"

static struct core core;

enum { HIGH = 100, NODE_NAMES_MAX = 8 };

static void switch_on(struct sched_config *config)
{
    config->preempts = true;
    config->wall_zero_ms = INT64_C(1800000000000);
}

static void setup(void)
{
    core_init_with(&core, switch_on);
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(preempt, .init = setup, .fini = teardown);

static void add_node(const char *name)
{
    core_node(&core, &(struct fixture_node){.name = name, .allocatable = "cpu=4, pods=10"});
}

/* A pod that runs on the node. */
static void add_running(const char *name, const char *node, const char *containers,
                        int32_t priority, int64_t started_s)
{
    core_pod(&core, &(struct fixture_pod){.name = name,
                                          .node = node,
                                          .containers = containers,
                                          .priority = priority,
                                          .started_s = started_s,
                                          .scheduler = "other"});
}

static void add_pending(const char *name, const char *containers, int32_t priority)
{
    core_pod(&core,
             &(struct fixture_pod){.name = name, .containers = containers, .priority = priority});
    core_pass(&core);
}

/* Names of the pods whose end was asked for, in order: "a b". */
static const char *victims(void)
{
    static char text[512];
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; i < (int)core.port->counts[MEM_EVICT]; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "",
                                mem_port_call(core.port, MEM_EVICT, i)->pod);
    return text;
}

/* What the last patch of a status nominated; "" nothing. */
static const char *nominated(void)
{
    return symbol_text(core.fixture.symbols,
                       mem_port_call(core.port, MEM_STATUS, -1)->node_name_sym);
}

static const char *message(void)
{
    return mem_port_call(core.port, MEM_STATUS, -1)->text;
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
struct node_row {
    const char *criterion;
    struct {
        int32_t priority;
        const char *containers;
        int64_t started_s;
    } pods[2][3];
};

static const struct node_row node_rows[] = {
    {"lowest top priority", {{{9, "cpu=4", 1}}, {{8, "cpu=2", 1}, {8, "cpu=2", 1}}}},
    {"smallest sum", {{{9, "cpu=2", 1}, {8, "cpu=2", 1}}, {{9, "cpu=2", 1}, {7, "cpu=2", 1}}}},
    /* negative priorities: two of them sum up to more than one does */
    {"fewest victims", {{{-5, "cpu=2", 1}, {-5, "cpu=2", 1}}, {{-5, "cpu=4", 1}}}},
    {"latest start", {{{9, "cpu=4", 1000}}, {{9, "cpu=4", 2000}}}},
    {"earliest of the top ones",
     {{{9, "cpu=2", 1000}, {9, "cpu=2", 9000}}, {{9, "cpu=2", 2000}, {9, "cpu=2", 3000}}}},
    {"not the start of lower ones",
     {{{9, "cpu=2", 1000}, {8, "cpu=2", 9000}}, {{9, "cpu=2", 2000}, {8, "cpu=2", 10}}}},
};

static void add_row_pods(const struct node_row *row, size_t side, const char *node)
{
    for (size_t i = 0; i < ARRAY_LEN(row->pods[side]) && row->pods[side][i].containers; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%s-%zu", node, i);
        add_running(name, node, row->pods[side][i].containers, row->pods[side][i].priority,
                    row->pods[side][i].started_s);
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

/* ---- nominations ---- */

Test(preempt, the_pod_takes_the_room_when_its_victim_is_gone)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("p", "cpu=4", HIGH);
    core_reply_evict(&core, "low", OUTCOME_DONE);
    add_pending("thief", "cpu=4", 50);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "low", .node = "n1"});
    core_wait(&core, 20000);
    cr_assert_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->pod, "p");
    cr_expect_str_eq(victims(), "low");
}

Test(preempt, nobody_else_is_evicted_while_victims_leave)
{
    add_node("n1");
    add_node("n2");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_running("mid", "n2", "cpu=4", 2, 1000);
    add_pending("p", "cpu=4", HIGH);
    cr_expect_str_eq(victims(), "low");
    core_wait(&core, 20000);
    /* something wakes it, before and after the watch shows the victim leaving */
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=3", .priority = HIGH, .nominated = "n1"});
    core_wait(&core, 20000);
    cr_expect_str_eq(message(),
                     "0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to "
                     "a terminating pod on the nominated node.");
    core_pod(&core, &(struct fixture_pod){.name = "low",
                                          .node = "n1",
                                          .containers = "cpu=4",
                                          .is_deleting = true,
                                          .is_preempted = true});
    core_reply_evict(&core, "low", OUTCOME_DONE);
    core_wait(&core, 20000);
    cr_expect_str_eq(victims(), "low");
    cr_expect(!mem_port_call(core.port, MEM_STATUS, -1)->clears_nomination);
}

/* As after a restart: only what the apiserver tells is known. */
Test(preempt, victims_of_an_earlier_life_are_waited_for)
{
    add_node("n1");
    add_node("n2");
    core_pod(&core, &(struct fixture_pod){.name = "low",
                                          .node = "n1",
                                          .containers = "cpu=4",
                                          .is_deleting = true,
                                          .is_preempted = true});
    add_running("mid", "n2", "cpu=4", 2, 1000);
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=4", .priority = HIGH, .nominated = "n1"});
    core_pass(&core);
    cr_expect_str_eq(victims(), "");
}

/* The scheduler ended between the condition and the delete. */
Test(preempt, a_condition_without_a_delete_is_not_leaving)
{
    add_node("n1");
    core_pod(&core, &(struct fixture_pod){
                        .name = "low", .node = "n1", .containers = "cpu=4", .is_preempted = true});
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=4", .priority = HIGH, .nominated = "n1"});
    core_pass(&core);
    cr_expect_str_eq(victims(), "low");
}

Test(preempt, never_means_never_and_keeps_a_nomination)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    core_pod(&core, &(struct fixture_pod){.name = "p",
                                          .containers = "cpu=4",
                                          .priority = HIGH,
                                          .nominated = "n1",
                                          .preempts_never = true});
    core_pass(&core);
    cr_expect_str_eq(victims(), "");
    cr_expect_str_eq(message(), "0/1 nodes are available: 1 Insufficient cpu. preemption: not "
                                "eligible due to preemptionPolicy=Never.");
    cr_expect(!mem_port_call(core.port, MEM_STATUS, 0)->clears_nomination);
}

Test(preempt, without_a_candidate_the_nomination_is_cleared)
{
    add_node("n1");
    add_running("high", "n1", "cpu=4", HIGH, 1000);
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=4", .priority = HIGH, .nominated = "n1"});
    core_pass(&core);
    cr_expect(mem_port_call(core.port, MEM_STATUS, 0)->clears_nomination);
    cr_expect_eq(core_find(&core, "p")->nominated_node_sym, SYM_EMPTY, "in force at once");
}

Test(preempt, those_of_lower_priority_lose_their_nomination)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("mid", "cpu=4", 50);
    core_reply_evict(&core, "low", OUTCOME_DONE);
    cr_expect_str_eq(nominated(), "n1");
    add_pending("p", "cpu=4", HIGH);
    cr_expect_eq(core_find(&core, "mid")->nominated_node_sym, SYM_EMPTY);
    core_wait(&core, 20000);
    cr_expect(mem_port_call(core.port, MEM_STATUS, -1)->clears_nomination);
    cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, -1)->pod, "mid");
    cr_expect_neq(core_find(&core, "p")->nominated_node_sym, SYM_EMPTY);
}

Test(preempt, room_held_by_a_nominated_pod_is_not_room)
{
    add_node("n1");
    add_running("a", "n1", "cpu=2", 1, 1000);
    add_running("b", "n1", "cpu=2", 2, 1000);
    core_pod(&core, &(struct fixture_pod){.name = "first",
                                          .containers = "cpu=2",
                                          .priority = HIGH,
                                          .nominated = "n1",
                                          .gates = 1});
    add_pending("p", "cpu=2", HIGH);
    cr_expect_eq(core.port->counts[MEM_EVICT], 1);
    core_reply_evict(&core, "b", OUTCOME_DONE);
    cr_expect_str_eq(victims(), "b a", "room for both");
}

Test(preempt, an_older_object_does_not_undo_a_nomination)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("p", "cpu=4", HIGH);
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=4", .priority = HIGH, .labels = "new"});
    core_pass(&core);
    cr_expect_neq(core_find(&core, "p")->nominated_node_sym, SYM_EMPTY);
    add_pending("thief", "cpu=1", 50);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
}

Test(preempt, a_nomination_that_was_not_written_is_written_again)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("p", "cpu=4", HIGH);
    core_reply_status(&core, OUTCOME_THROTTLED);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=3", .priority = HIGH});
    core_wait(&core, 20000);
    cr_expect_eq(core.port->counts[MEM_STATUS], 2);
    cr_expect_str_eq(nominated(), "n1");
}

/* ---- the same events, the same choice; the tables are as they were ---- */

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
