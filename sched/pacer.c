#include "sched/pacer.h"

#include "model/base/check.h"

void pacer_init(struct pacer *pacer, const struct unit_types *types)
{
    *pacer = (struct pacer){.types = types};
    for (uint32_t i = 0; i < UNIT_TYPES_MAX; i++)
        pacer->full_at_us[i] = INT64_MIN;
}

/* The bucket holds burst tokens less one for each interval until it is full again; a token that is
 * not there yet comes when `full_at` is only `burst` intervals away. */
struct mono_ms pacer_take(struct pacer *pacer, uint32_t type, struct mono_ms now)
{
    CHECK(type < pacer->types->count);
    const struct unit_type *rules = &pacer->types->items[type];
    if (rules->bind_burst == 0 || rules->bind_per_second == 0)
        return now;
    int64_t now_us = now.ms * 1000;
    int64_t interval_us = 1000000 / rules->bind_per_second;
    int64_t *full_at_us = &pacer->full_at_us[type];
    *full_at_us = (*full_at_us > now_us ? *full_at_us : now_us) + interval_us;
    int64_t at_us = *full_at_us - interval_us * rules->bind_burst;
    return at_us <= now_us ? now : (struct mono_ms){(at_us + 999) / 1000};
}
