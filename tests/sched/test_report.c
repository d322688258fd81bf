/* What is written about a pod, when, and how often: kube-scheduler.md A13 and A15. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sched/core.h"

static const struct fixture_node small = {.name = "n1", .allocatable = "cpu=1, memory=1Gi"};
static const struct fixture_pod large = {.name = "p", .containers = "cpu=2"};
static const char too_large[] = "0/1 nodes are available: 1 Insufficient cpu.";

enum { LEFTOVER_MS = 6 * 60 * 1000 }; /* a parked pod is tried again, whatever happened */

/* The rows of A13's table of events. */
static void expect_event(const struct core *core, bool is_warning, const char *reason,
                         const char *action, const char *note)
{
    const struct mem_call *event = mem_port_call(core->port, MEM_EVENT, -1);
    cr_expect_eq(event->is_warning, is_warning, "%s", note);
    cr_expect_str_eq(event->reason, reason);
    cr_expect_str_eq(event->action, action);
    cr_expect_str_eq(event->text, note);
    cr_expect_str_eq(symbol_text(core->fixture.symbols, event->controller_sym), "spillway");
}

Test(report, each_event_has_the_type_reason_action_and_note_of_the_table)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_pod(&core, &large);
    core_pass(&core);
    expect_event(&core, true, "FailedScheduling", "Scheduling", too_large);
    core_pod(&core, &(struct fixture_pod){.name = "fits", .containers = "cpu=1"});
    core_pass(&core);
    core_reply_bind(&core, OUTCOME_DONE);
    expect_event(&core, false, "Scheduled", "Binding", "Successfully assigned default/fits to n1");
    struct pod_object *going = fixture_pod_object(&core.fixture, &large);
    going->is_deleting = true;
    core_pod_object(&core, going);
    core.port->now.ms += LEFTOVER_MS;
    core_pass(&core);
    expect_event(&core, true, "FailedScheduling", "Scheduling",
                 "skip schedule deleting pod: default/p");
    core_fini(&core);
}

Test(report, an_event_names_the_version_of_the_pod_it_is_about)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    struct pod_object *object = fixture_pod_object(&core.fixture, &large);
    object->resource_version = STR("7340032");
    core_pod_object(&core, object);
    core_pass(&core);
    cr_expect_str_eq(mem_port_call(core.port, MEM_EVENT, 0)->version, "7340032");
    core_fini(&core);
}

/* A15: bound at once, 1 POST of the binding and 1 event, no PATCH; refused, 1 PATCH and 1 event;
 * the same again, an event (a series, on the wire) and no PATCH. */
Test(report, costs_one_patch_until_the_message_changes)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_pod(&core, &large);
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_STATUS], 1);
    cr_expect_not(mem_port_call(core.port, MEM_STATUS, 0)->was_false);
    for (uint32_t again = 1; again <= 3; again++) {
        core.port->now.ms += LEFTOVER_MS;
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_STATUS], 1);
        cr_expect_eq(core.port->counts[MEM_EVENT], 1 + again);
    }
    core_node(&core, &(struct fixture_node){.name = "n2",
                                            .allocatable = "cpu=8, memory=1Gi",
                                            .taints = "a:NoSchedule"});
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_STATUS], 2);
    const struct mem_call *status = mem_port_call(core.port, MEM_STATUS, 1);
    cr_expect_str_eq(status->text, "0/2 nodes are available: 1 Insufficient cpu, "
                                   "1 node(s) had untolerated taint(s).");
    cr_expect(status->was_false, "lastTransitionTime stays");
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    core_fini(&core);
}

/* A restart, or a kube-scheduler before us: what is said already is not said again. */
Test(report, a_condition_that_is_there_already_is_not_written)
{
    static const struct {
        const char *reason, *message;
        bool is_true;
        uint32_t patches;
    } rows[] = {
        {"Unschedulable", too_large, false, 0},
        {"SchedulerError", too_large, false, 1},
        {"SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", false, 1},
        {"Unschedulable", "0/2 nodes are available: 2 Insufficient cpu.", false, 1},
        {"Unschedulable", too_large, true, 1}, /* True: whatever it says */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &small);
        struct pod_object *object = fixture_pod_object(&core.fixture, &large);
        object->scheduled = (struct scheduled_condition){.is_set = true,
                                                         .is_true = rows[i].is_true,
                                                         .reason = str_from(rows[i].reason),
                                                         .message = str_from(rows[i].message)};
        core_pod_object(&core, object);
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_STATUS], rows[i].patches, "row %zu", i);
        cr_expect_eq(core.port->counts[MEM_EVENT], 1, "row %zu", i);
        if (rows[i].patches > 0)
            cr_expect_eq(mem_port_call(core.port, MEM_STATUS, 0)->was_false, !rows[i].is_true,
                         "row %zu: lastTransitionTime moves from True to False only", i);
        core_fini(&core);
    }
}

/* Since 1.34: metadata.generation of the pod that was decided on. */
Test(report, the_condition_names_the_generation_it_was_decided_on)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    struct pod_object *object = fixture_pod_object(&core.fixture, &large);
    object->generation = 3;
    core_pod_object(&core, object);
    core_pass(&core);
    cr_expect_eq(mem_port_call(core.port, MEM_STATUS, 0)->observed_generation, 3);
    core_fini(&core);
}

/* SchedulingGated is the apiserver's to say, at creation. */
Test(report, of_a_gated_pod_nothing_is_written)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_pod(&core, &(struct fixture_pod){.name = "p", .gates = 1});
    core.port->now.ms += LEFTOVER_MS;
    core_pass(&core);
    cr_expect_eq(core.port->count, 0);
    core_fini(&core);
}

/* The condition is whole; only the event's note is cut, by the writer (tests/watch). */
Test(report, a_long_message_is_not_cut_in_the_condition)
{
    struct core core;
    core_init(&core);
    char containers[64 * 24] = "cpu=1";
    size_t len = strlen(containers);
    for (uint32_t i = 0; i < 50; i++)
        len += (size_t)snprintf(containers + len, sizeof(containers) - len, ", example.com/r%02u=1",
                                i);
    core_node(&core, &small);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = containers});
    core_pass(&core);
    const struct mem_call *status = mem_port_call(core.port, MEM_STATUS, 0);
    size_t whole = sizeof("0/1 nodes are available: .") - sizeof(", ") +
                   50 * (sizeof(", 1 Insufficient example.com/r00") - 1);
    cr_expect_eq(status->text_len, whole);
    cr_expect_gt(whole, 1024);
    core_fini(&core);
}
