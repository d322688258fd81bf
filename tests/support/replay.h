/* `spillway-bench replay --events` as the tests use it. */
#ifndef TESTS_SUPPORT_REPLAY_H
#define TESTS_SUPPORT_REPLAY_H

#include "tests/support/process.h"

/* Replays to its end. Release with process_result_fini(). */
void replay_run(const char *recording, struct process_result *ret_result);

/* The same, with what spillway knew at the end (bench/core_state.h) in what is printed and no
 * bindings. */
void replay_run_state(const char *recording, struct process_result *ret_result);

/* The node of the last binding of a pod ("namespace/name") in what it printed; yours, "" for none.
 */
char *replay_node_of(const struct process_result *result, const char *pod);

#endif
