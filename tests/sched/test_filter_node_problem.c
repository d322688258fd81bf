/* NodeProblem: ours alone; a node that could not be read as written takes no pods until mended. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

#define TEXT "node(s) could not be read"

Test(filter_node_problem, nothing_makes_up_for_a_problem_and_mending_wakes)
{
    struct fixture fixture;
    fixture_init(&fixture);
    char text[PROBE_TEXT_BYTES];
    struct fixture_pod plain = {.name = "p1"}, bold = {.name = "p2", .tolerations = "*"};
    struct fixture_node node = {
        .name = "n1", .allocatable = "cpu=4", .problem = "status.allocatable.cpu is negative"};
    struct wake_event event = {.kind = WAKE_NODE_ADDED, .slot = fixture_node(&fixture, &node)};
    cr_assert_eq(probe_filter(&fixture, &filter_node_problem, &plain, event.slot, text),
                 VERDICT_UNFIT_FINAL);
    cr_assert_str_eq(text, TEXT);
    cr_assert_eq(probe_filter(&fixture, &filter_node_problem, &bold, event.slot, text),
                 VERDICT_UNFIT_FINAL);
    cr_assert_not(probe_hint(&fixture, &filter_node_problem, &plain, &event));
    node.problem = NULL;
    fixture_node(&fixture, &node);
    cr_assert_eq(probe_filter(&fixture, &filter_node_problem, &plain, event.slot, text),
                 VERDICT_FIT);
    cr_assert(probe_hint(&fixture, &filter_node_problem, &plain, &event));
    fixture_fini(&fixture);
}
