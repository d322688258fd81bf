/*
 * How many requests of a class may be in flight: learnt from the answers, as TCP learns (RFC 5681:
 * slow start, then additive increase and multiplicative decrease).
 *
 *     an answer in good time, the window used     one more; from the last halving on one more
 *                                                 a window of answers
 *     429, 5xx, no answer, an answer that took    half, once for all requests that were
 *     WRITE_WINDOW_SLOW_MS                        under way
 *
 * A slow or throttling apiserver gets few enough to answer each within the request's deadline; a
 * fast one has as many as it can use. A 429 says that the server takes fewer at a time, down to
 * one; the rest may be the trouble of one request, and a few go on. No I/O, no clock.
 */
#ifndef WATCH_WRITE_WINDOW_H
#define WATCH_WRITE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/mono.h"

enum {
    WRITE_WINDOW_MIN = 4,        /* but 1 after 429s */
    WRITE_WINDOW_STEP_MIN = 16,  /* answers for one more: a server with room for one refuses each
                                    attempt to have two, and what it refuses waits a second */
    WRITE_WINDOW_START = 8,      /* all answered in 30 s even at 3 s each, one after the other */
    WRITE_WINDOW_SLOW_MS = 2000, /* a busy apiserver takes 0.1 s with 100 in flight */
};

struct write_window {
    uint32_t size, max;
    uint32_t threshold; /* below it every answer opens the window by one */
    uint32_t answered;  /* above it: since the last step */
    struct mono_ms shrunk_at;
    bool has_shrunk;
};

/* `max` at least 1; a maximum below the other limits wins. */
void write_window_init(struct write_window *window, uint32_t max);

struct write_answer {
    struct mono_ms sent_at, now;
    bool is_overload;  /* 429, 5xx, or no answer */
    bool is_throttled; /* 429: over the server's number of requests at a time */
    bool was_used;     /* at least half the window was: else its size has proved nothing */
};

void write_window_answered(struct write_window *window, const struct write_answer *answer);

#endif
