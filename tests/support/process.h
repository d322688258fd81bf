/*
 * Other programs, as the tests use them: run to their end with a bounded wait, or started, watched
 * and stopped. Whatever is started here dies with the test, however the test ends.
 */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/base/buf.h"

enum { PROCESS_KILLED = -1 }; /* the exit code of what did not end in time */

/* A program that ended. */
struct process_result {
    int exit_code;  /* 128 + signal when a signal ended it; PROCESS_KILLED when its time was over */
    struct buf out; /* what it printed, at most PROCESS_OUTPUT_BYTES */
    struct buf err;
};

/* A program that runs. */
struct process {
    pid_t pid; /* 0: none */
    int pidfd;
    char log_path[512]; /* stdout and stderr, appended */
};

/* Runs argv[0] with `input` (may be NULL) on its stdin. Release the result with _fini. */
void process_run(struct process_result *ret_result, const char *const argv[], const char *input,
                 int timeout_ms);
void process_result_fini(struct process_result *result);

/* Starts argv[0]; `environment` is a NULL-terminated list of NAME=value added to ours, or NULL. */
void process_start(struct process *process, const char *const argv[],
                   const char *const environment[], const char *log_path);

/* Awaits the end. The exit code as above; a process that is late is killed and PROCESS_KILLED. */
int process_wait(struct process *process, int timeout_ms);

/* Sends the signal and awaits the end. 0 when nothing runs. */
int process_stop(struct process *process, int signal_number, int timeout_ms);

/* Awaits that the log holds all of the texts (NULL-terminated list; one that is listed twice has to
 * be there twice) or that the process ends; true when it holds them. */
bool process_await_log(const struct process *process, const char *const texts[], int timeout_ms);

/* The log, at most PROCESS_OUTPUT_BYTES of it; yours, release with free(). */
char *process_log(const struct process *process);

#endif
