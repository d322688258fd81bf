#include "sched/queue_backoff.h"

/* The last multiple of `step_ms` not after `at`. */
static int64_t floor_to(struct mono_ms at, int64_t step_ms)
{
    int64_t rest = at.ms % step_ms;
    return at.ms - (rest < 0 ? rest + step_ms : rest);
}

int64_t backoff_duration_ms(const struct queue_config *config, uint32_t failure_count)
{
    if (failure_count == 0 || config->max_backoff_ms == 0)
        return 0;
    uint32_t doublings = failure_count - 1;
    if (doublings >= 63 || config->initial_backoff_ms > config->max_backoff_ms >> doublings)
        return config->max_backoff_ms;
    return config->initial_backoff_ms << doublings;
}

struct mono_ms backoff_end(const struct queue_config *config, const struct pod *pod)
{
    uint32_t failure_count = pod->error_count > 0 ? pod->error_count : pod->unschedulable_count;
    if (failure_count == 0 || config->max_backoff_ms == 0)
        return pod->queued_at;
    struct mono_ms expiry = mono_add(pod->queued_at, backoff_duration_ms(config, failure_count));
    return (struct mono_ms){floor_to(expiry, QUEUE_WINDOW_MS) + QUEUE_WINDOW_MS};
}

bool backoff_is_running(const struct pod *pod, struct mono_ms now)
{
    return mono_before(now, pod->backoff_until);
}

struct mono_ms leftover_due(const struct pod *pod)
{
    struct mono_ms old_enough = mono_add(pod->queued_at, QUEUE_LEFTOVER_MS);
    return (struct mono_ms){floor_to(old_enough, QUEUE_LEFTOVER_CHECK_MS) +
                            QUEUE_LEFTOVER_CHECK_MS};
}
