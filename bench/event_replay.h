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

struct cluster;

enum { EVENT_REPLAY_TEXT_BYTES = 1024 };

struct event_replay_result {
    uint64_t events, passes;
    /* passes that did nothing, after a pass that did nothing, with no event between them: turns of
     * the loop for bytes that were no event. A few a request; many are a busy loop */
    uint64_t idle_passes;
    uint64_t bindings;       /* calls of port->bind() */
    uint64_t bindings_hash;  /* of their texts, in order */
    int64_t span_ms;         /* first record to last */
    uint64_t timed_attempts; /* of what output->timed_bindings asks for */
    int64_t timed_ns;        /* processor time of the passes that made them, idle ones included */
    bool is_cut;             /* the last record is not whole: replayed up to there */
    bool has_end;            /* the recorder ended in good order */
    bool differs;            /* a binding is not the one that was recorded */
    char difference[EVENT_REPLAY_TEXT_BYTES]; /* the first, when so */
};

/* What to show of it; each may be NULL. */
struct event_replay_output {
    FILE *bindings; /* "namespace/pod node" of each */
    FILE *state;    /* what the core knows at the end: core_state_print() */
    /* Passes are timed until so many bindings were made; 0: none. Two readings of the clock a pass,
     * half a microsecond together, are in it. */
    uint64_t timed_bindings;
    void *ctx;
    void (*look)(void *ctx, const struct cluster *cluster); /* the same; lent for the call */
};

/* 0 and the result, -errno when the recording cannot be read to its end. */
NODISCARD int event_replay(const char *path, const struct event_replay_output *output,
                           struct event_replay_result *ret_result, struct err *err);

#endif
