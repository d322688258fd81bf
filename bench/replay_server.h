/* `spillway-bench replay --server`: a workload in real time through the simulated apiserver and the
 * real binary. */
#ifndef BENCH_REPLAY_SERVER_H
#define BENCH_REPLAY_SERVER_H

#include <stdint.h>

struct replay_server_options {
    const char *traces, *set;
    const char *spillway; /* NULL: the one beside this program */
    uint32_t arrival_seconds, limit_seconds;
    const char *json; /* NULL: not */
};

/* The command's exit code. */
int replay_server(const struct replay_server_options *options);

#endif
