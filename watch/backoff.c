#include "watch/backoff.h"

#include "model/base/check.h"

void backoff_init(struct backoff *backoff, int64_t base_ms, int64_t cap_ms)
{
    CHECK(base_ms >= 0 && cap_ms >= 0);
    int64_t base = base_ms > 0 ? base_ms : BACKOFF_BASE_MS;
    int64_t cap = cap_ms > 0 ? cap_ms : BACKOFF_CAP_MS;
    CHECK(base <= cap);
    *backoff = (struct backoff){.base_ms = base, .cap_ms = cap, .step_ms = base};
}

int64_t backoff_next_ms(struct backoff *backoff, struct mono_ms now, struct rng *rng)
{
    if (backoff->is_used && mono_since(now, backoff->last) > BACKOFF_RESET_MS)
        backoff->step_ms = backoff->base_ms;
    backoff->is_used = true;
    backoff->last = now;

    int64_t step_ms = backoff->step_ms;
    backoff->step_ms = step_ms >= backoff->cap_ms / 2 ? backoff->cap_ms : step_ms * 2;
    return step_ms + (int64_t)rng_below(rng, (uint64_t)step_ms);
}
