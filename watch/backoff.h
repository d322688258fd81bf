/*
 * Waiting longer after each failure: the arithmetic of client-go's reflector (reliability 1.2): 0.8
 * s, doubled each time up to 30 s, each stretched by a random factor in [1, 2), and back to the
 * start after two minutes without a failure.
 */
#ifndef WATCH_BACKOFF_H
#define WATCH_BACKOFF_H

#include <stdint.h>

#include "model/base/mono.h"
#include "model/base/rng.h"

enum {
    BACKOFF_BASE_MS = 800,
    BACKOFF_CAP_MS = 30 * 1000,
    BACKOFF_RESET_MS = 120 * 1000, /* of calm */
};

struct backoff {
    int64_t base_ms; /* private, like all of it */
    int64_t cap_ms;
    int64_t step_ms;     /* the next wait without its jitter */
    struct mono_ms last; /* when the last wait was asked for */
    bool is_used;
};

/* `base_ms` 0: BACKOFF_BASE_MS; `cap_ms` 0: BACKOFF_CAP_MS. */
void backoff_init(struct backoff *backoff, int64_t base_ms, int64_t cap_ms);

/* How long to wait now, in milliseconds; the next answer is twice as long. */
int64_t backoff_next_ms(struct backoff *backoff, struct mono_ms now, struct rng *rng);

#endif
