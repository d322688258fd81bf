/*
 * The demo: store, simulated apiserver, controllers and the plan of demo_plan.c in one process and
 * one loop; the real scheduler as its child, which knows nothing but a kubeconfig.
 *
 *   starting --the scheduler watches--> playing --plan done, all settled--> ending --all closed-->
 * over
 *
 * A signal, a scheduler that exits and a time-out lead to `ending` from everywhere.
 */
#ifndef BENCH_DEMO_H
#define BENCH_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/err.h"

struct demo_options {
    const char *spillway; /* path of the scheduler's binary */
    const char *dir;      /* absolute; certificates, kubeconfig and the scheduler's log go there */
    const char *chart;    /* where the drawing goes, NULL none */
    bool stays;           /* no judgement and no end after the plan: runs until SIGTERM */
    /* Called once when the scheduler watches: a parent may be told. NULL: nobody. */
    void (*on_ready)(void *data, const char *kubeconfig, int scheduler_pid);
    void *data;
};

enum demo_result {
    DEMO_PASSED,
    DEMO_FAILED,      /* a claim does not hold, or something went wrong: see *err */
    DEMO_INTERRUPTED, /* a signal */
};

/* Runs it in the calling thread. Prints to stdout. */
enum demo_result demo_run(const struct demo_options *options, struct err *err);

#endif
