/* Runs a program to its end and keeps what it wrote. Blocks; bounded in time and bytes. */
#ifndef WATCH_CHILD_H
#define WATCH_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "watch/secret.h"

enum { CHILD_ERRORS_BYTES_KEPT = 4096 }; /* the end of stderr */

struct child_options {
    char *const *argv; /* argv[0] is searched in PATH when it has no slash */
    char *const *environment;
    int64_t time_limit_ms;
    size_t output_bytes_max;
};

enum child_end {
    CHILD_EXITED,      /* code: exit code */
    CHILD_SIGNALLED,   /* code: signal */
    CHILD_NOT_STARTED, /* code: errno */
    CHILD_TIMED_OUT,   /* it and its process group were killed */
    CHILD_OUTPUT_TOO_LARGE,
};

struct child_result {
    enum child_end end;
    int code;
    struct secret output; /* stdout */
    struct secret errors; /* the last bytes of stderr */
};

void child_run(const struct child_options *options, struct child_result *ret_result);
void child_result_fini(struct child_result *result);

#endif
