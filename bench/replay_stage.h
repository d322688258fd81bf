/*
 * Where a replay in real time is played: a store that the world changes (store_world.h), a server
 * that shows it to a scheduler, and that scheduler. Of three kinds:
 *
 *   simulated      the apiserver of this program, on the store itself (pair.h)
 *   control plane  a real one that is started and ended with the stage, and mirrors the store
 *   cluster        a real one of somebody else, where the scheduler runs already; what the replay
 *                  made there stays
 */
#ifndef BENCH_REPLAY_STAGE_H
#define BENCH_REPLAY_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "bench/child.h"
#include "bench/store.h"
#include "model/base/err.h"

struct replay_stage; /* opaque */

enum replay_stage_kind { STAGE_SIMULATED, STAGE_CONTROL_PLANE, STAGE_CLUSTER };

struct replay_stage_options {
    enum replay_stage_kind kind;
    const char *spillway;  /* the program; NULL: the one beside this program */
    const char *scheduler; /* schedulerName of all pods: of a control plane that of a program it
                              can start */
    bool preempts;         /* spillway gets --preemption */
    bool has_policies;     /* of a control plane: their definition is installed */
    const char *bin; /* of a control plane: its programs; NULL: what tests/real/build.sh says */
    const char *kubeconfig; /* of a cluster: its administrator */
    uint32_t event_limit;   /* as in store_options */
};

/* NULL: see *err. */
struct replay_stage *replay_stage_open(const struct replay_stage_options *options, struct err *err);

/* Ends all that it started. NULL: nothing. `keeps_logs`: of a control plane; then it says where. */
void replay_stage_close(struct replay_stage *stage, bool keeps_logs);

uv_loop_t *replay_stage_loop(struct replay_stage *stage);
struct store *replay_stage_store(struct replay_stage *stage);

/* A scheduler that is the stage's own can be started, ended, and started once more. */
bool replay_stage_has_scheduler(const struct replay_stage *stage);
int replay_stage_start_scheduler(struct replay_stage *stage, struct err *err) NODISCARD;
void replay_stage_stop_scheduler(struct replay_stage *stage);

/* Of the scheduler process; false when it is not the stage's own or does not run. */
bool replay_stage_usage(const struct replay_stage *stage, struct process_usage *ret_usage);

/* The scheduler watches, as far as can be known. */
bool replay_stage_is_listening(const struct replay_stage *stage);

/* The server has not taken all that the store has: better let it catch up. */
bool replay_stage_is_behind(const struct replay_stage *stage);

/* Runs the loop until replay_stage_finish(), true, or until something else ends it, false: a limit,
 * a signal, a scheduler or a server that ends or refuses. That is told on stderr. */
bool replay_stage_run(struct replay_stage *stage, uint32_t limit_seconds);
void replay_stage_finish(struct replay_stage *stage);

#endif
