#include "sched/unit_wait.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "policy/sentence.h"

struct unit_wait {
    uint32_t unit_sym;
    struct mono_ms until;      /* MONO_NEVER: it does not wait on time */
    struct mono_ms cool_until; /* the unit is skipped before */
};

struct unit_waits {
    uint32_t count;
    struct unit_wait items[];
};

static struct unit_wait *find(const struct pod *pod, uint32_t unit_sym)
{
    for (uint32_t i = 0; pod->waits && i < pod->waits->count; i++)
        if (pod->waits->items[i].unit_sym == unit_sym)
            return &pod->waits->items[i];
    return NULL;
}

/* A pod waits in one or two units: no spare room is kept. */
static struct unit_wait *ensure(struct pod *pod, uint32_t unit_sym)
{
    struct unit_wait *wait = find(pod, unit_sym);
    if (wait)
        return wait;
    uint32_t count = pod->waits ? pod->waits->count : 0;
    CHECK(count < POLICY_UNITS_MAX);
    size_t bytes = sizeof(struct unit_waits) + (count + 1) * sizeof(struct unit_wait);
    pod->waits = mem_resize(pod->waits, 1, bytes);
    pod->waits->count = count + 1;
    pod->waits->items[count] = (struct unit_wait){unit_sym, MONO_NEVER, {INT64_MIN}};
    return &pod->waits->items[count];
}

struct mono_ms unit_wait_until(struct pod *pod, uint32_t unit_sym, int64_t timeout_ms,
                               struct mono_ms now)
{
    struct unit_wait *wait = ensure(pod, unit_sym);
    if (wait->until.ms == MONO_NEVER.ms)
        wait->until = mono_add(now, timeout_ms);
    return wait->until;
}

bool unit_wait_has_begun(const struct pod *pod, uint32_t unit_sym)
{
    const struct unit_wait *wait = find(pod, unit_sym);
    return wait && wait->until.ms != MONO_NEVER.ms;
}

void unit_wait_cool(struct pod *pod, uint32_t unit_sym, struct mono_ms until)
{
    ensure(pod, unit_sym)->cool_until = until;
}

struct mono_ms unit_wait_cool_until(const struct pod *pod, uint32_t unit_sym)
{
    const struct unit_wait *wait = find(pod, unit_sym);
    return wait ? wait->cool_until : (struct mono_ms){INT64_MIN};
}

void unit_waits_restore(struct pod *pod, struct str message, struct symbols *symbols,
                        int64_t wall_zero_ms)
{
    struct str policy;
    int64_t generation;
    struct unit_said units[POLICY_UNITS_MAX];
    uint32_t count;
    if (!sentence_parse(message, &policy, &generation, units, POLICY_UNITS_MAX, &count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        bool is_timed = units[i].when == UNIT_WHEN_AT || units[i].when == UNIT_WHEN_SINCE;
        uint32_t unit_sym = is_timed ? symbol_intern(symbols, units[i].name) : SYM_FULL;
        bool is_full = !find(pod, unit_sym) && pod->waits && pod->waits->count >= POLICY_UNITS_MAX;
        if (unit_sym == SYM_FULL || is_full)
            continue;
        struct unit_wait *wait = ensure(pod, unit_sym);
        if (wait->until.ms == MONO_NEVER.ms)
            wait->until = (struct mono_ms){units[i].until_unix_s * 1000 - wall_zero_ms};
    }
}

void unit_waits_drop(struct pod *pod)
{
    free(pod->waits);
    pod->waits = NULL;
}
