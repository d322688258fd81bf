/*
 * How fast binds may go into units of a type: a token bucket a type, as the provider behind the
 * virtual nodes has one (elastic-policies 11.2). The decision is not delayed, its write is.
 */
#ifndef SCHED_PACER_H
#define SCHED_PACER_H

#include "model/base/mono.h"
#include "model/unit_type.h"

struct pacer {
    const struct unit_types *types;     /* borrowed */
    int64_t full_at_us[UNIT_TYPES_MAX]; /* when the bucket would be full, nothing taken meanwhile */
};

void pacer_init(struct pacer *pacer, const struct unit_types *types);

/* Takes a token of the type; when the bind may leave: now, or the time its token comes. */
struct mono_ms pacer_take(struct pacer *pacer, uint32_t type, struct mono_ms now);

#endif
