/*
 * Another program beside this one, on a libuv loop: the real spillway binary. Started with its
 * output in a file, asked about its memory and processor time, ended by SIGTERM and, when it does
 * not go, by SIGKILL.
 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "model/base/err.h"

enum { CHILD_KILL_AFTER_MS = 15 * 1000 }; /* spillway itself drains for at most 10 s */

struct child_process {
    uv_process_t process; /* private, as all below */
    uv_timer_t killer;
    bool running; /* read it: false before the start and once it has ended */
    bool stopping;
    uint32_t handles_open; /* 0: the memory may be used again */
    int64_t exit_code;     /* valid when it was started and is not running */
    int exit_signal;       /* 0: it exited by itself */
    void (*on_exit)(struct child_process *child);
    void *data; /* the caller's */
};

/* argv[0] is a path. Output and errors go to `log_path`, which is made anew. `on_exit` may be NULL;
 * its child is over, and its memory is in use until handles_open is 0. */
int child_process_start(struct child_process *child, uv_loop_t *loop, const char *const *argv,
                        const char *log_path, struct err *err) NODISCARD;

/* SIGTERM now, SIGKILL after CHILD_KILL_AFTER_MS. Returns at once; nothing when it is not running.
 */
void child_process_stop(struct child_process *child);

struct process_usage {
    int64_t cpu_us; /* user and system, all threads; the kernel counts in ticks of 10 ms */
    int64_t rss_bytes, rss_peak_bytes;
};

/* Of any process, from /proc; -errno when it is gone. */
int process_usage(pid_t pid, struct process_usage *ret_usage) NODISCARD;

/* The path of a program in the directory of this one; yours. */
char *program_beside(const char *name);

#endif
