/*
 * Two processes for a measurement: this one is the control plane (store and apiserver on one loop,
 * no controllers, no kubelet), the other is the real spillway with the kubeconfig of an
 * administrator. Their files are in a directory of their own that goes with them.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/apiserver.h"
#include "bench/child.h"
#include "bench/store.h"

enum { PAIR_PATH_BYTES = 256 };

enum pair_end {
    PAIR_DONE,        /* pair_finish() was called */
    PAIR_TIMED_OUT,   /* the limit passed first */
    PAIR_CHILD_ENDED, /* spillway ended by itself */
    PAIR_INTERRUPTED, /* SIGINT or SIGTERM */
};

struct pair {
    uv_loop_t loop;
    struct sim_clock clock;
    struct store *store;
    struct apiserver *server;
    struct child_process child;
    /* private */
    uv_signal_t signals[2];
    uv_timer_t limit, ticker;
    enum pair_end end;
    bool is_over;
    char dir[PAIR_PATH_BYTES];
};

/* Store and apiserver; no child yet. `event_limit` as in store_options. On an error nothing is left
 * to close. */
int pair_open(struct pair *pair, uint32_t event_limit, struct err *err) NODISCARD;

/* Starts the scheduler; NULL: the one beside this program. `more` arguments end with NULL,
 * and may be NULL. */
int pair_start_child(struct pair *pair, const char *spillway_path, const char *const *more,
                     struct err *err) NODISCARD;

/* Ends the scheduler and waits for that; another may be started. */
void pair_stop_child(struct pair *pair);

/* Runs the loop until pair_finish() or something else ends it. */
enum pair_end pair_run(struct pair *pair, uint32_t limit_seconds);
void pair_finish(struct pair *pair);

/* Why it did not come to its end, on stderr, with the last lines of the child's log. */
void pair_explain(const struct pair *pair, enum pair_end end);

/* Ends the child, the apiserver and the directory. */
void pair_close(struct pair *pair);

#endif
