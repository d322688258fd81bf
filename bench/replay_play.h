/* `spillway-bench replay` in virtual time: plays a workload, says what it came to, draws it. */
#ifndef BENCH_REPLAY_PLAY_H
#define BENCH_REPLAY_PLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/workload.h"

struct replay_play_options {
    uint64_t seed;
    bool preempts;
    int64_t until_ms;       /* INT64_MAX: until nothing can happen any more */
    uint32_t limit_seconds; /* of real time: then it ends with what there is */
    /* A second play looks at every node for each pod: what the core's sampling of nodes loses. */
    bool beside_full_scan;
    const char *json, *svg; /* where to; NULL: not */
    const char *bindings;   /* "pod node ms" of each, a line; NULL: not */
};

/* The command's exit code: 0, 1 when something failed or was ended early. SIGINT and SIGTERM end
 * the play; what was played until then is told and written all the same. */
int replay_play(struct workload *workload, const struct replay_play_options *options);

#endif
