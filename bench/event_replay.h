/*
 * Runs a recording through the real core in virtual time: the same events, the same passes, the
 * same answers of the port. What comes out is compared with what came out then.
 */
#ifndef BENCH_EVENT_REPLAY_H
#define BENCH_EVENT_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/base/err.h"

enum { EVENT_REPLAY_TEXT_BYTES = 1024 };

struct event_replay_result {
    uint64_t events, passes;
    uint64_t bindings;      /* calls of port->bind() */
    uint64_t bindings_hash; /* of their texts, in order */
    int64_t span_ms;        /* first record to last */
    bool is_cut;            /* the last record is not whole: replayed up to there */
    bool has_end;           /* the recorder ended in good order */
    bool differs;           /* a binding is not the one that was recorded */
    char difference[EVENT_REPLAY_TEXT_BYTES]; /* the first, when so */
};

/* Prints each binding to `out` (may be NULL) as "namespace/pod node". 0 and the result, -errno when
 * the recording cannot be read to its end. */
NODISCARD int event_replay(const char *path, FILE *out, struct event_replay_result *ret_result,
                           struct err *err);

#endif
