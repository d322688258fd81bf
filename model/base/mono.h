/* A point on the monotonic clock. A struct of its own, so that it is never added to a wall time. */
#ifndef MODEL_BASE_MONO_H
#define MODEL_BASE_MONO_H

#include <stdbool.h>
#include <stdint.h>

struct mono_ms {
    int64_t ms; /* milliseconds since an arbitrary start; never goes back */
};

#define MONO_NEVER ((struct mono_ms){INT64_MAX})

static inline struct mono_ms mono_add(struct mono_ms at, int64_t delay_ms)
{
    return (struct mono_ms){at.ms + delay_ms};
}

static inline int64_t mono_since(struct mono_ms now, struct mono_ms then)
{
    return now.ms - then.ms;
}

static inline bool mono_before(struct mono_ms a, struct mono_ms b)
{
    return a.ms < b.ms;
}

static inline struct mono_ms mono_min(struct mono_ms a, struct mono_ms b)
{
    return a.ms < b.ms ? a : b;
}

#endif
