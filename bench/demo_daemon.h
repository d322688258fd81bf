/*
 * The demo in the background. One for each directory: the daemon holds a lock on DIR/demo.pid while
 * it lives, so that "is it up" and "which process" are asked of the kernel, not of a file.
 */
#ifndef BENCH_DEMO_DAEMON_H
#define BENCH_DEMO_DAEMON_H

#include "model/base/err.h"

/* Starts it and returns when the scheduler watches; prints how to use it. `dir` is absolute. Up
 * already: says so, 0. */
NODISCARD int demo_daemon_up(const char *spillway, const char *dir, struct err *err);

/* Ends it, waits until it is gone, says so. Not up: says so, 0. */
NODISCARD int demo_daemon_down(const char *dir, struct err *err);

#endif
