/*
 * The judge of the demo's story: whether units were filled in order and emptied dearest first, and
 * how many pods each had. It sees the store's changes and what verify.h counted, nothing of the
 * scheduler.
 */
#ifndef BENCH_DEMO_UNITS_H
#define BENCH_DEMO_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/demo_plan.h"
#include "bench/verify.h"

/* The last settled moment of a phase. */
struct demo_moment {
    bool is_known;
    int64_t at_ms; /* since the start */
    uint32_t pods, units[DEMO_KIND_COUNT];
    int64_t cost_micros_per_minute;
};

struct demo_units {
    struct store *store;
    const struct verify *verify;
    struct store_subscriber subscriber;
    enum demo_phase phase; /* now: whose fault a deletion is */
    struct demo_moment moments[DEMO_PHASE_COUNT];
    uint32_t settled[DEMO_PHASE_COUNT];                  /* moments looked at */
    uint32_t gone[DEMO_PHASE_COUNT][DEMO_KIND_COUNT];    /* pods that began to go */
    char wrong[DEMO_PHASE_COUNT][VERIFY_TEXT_BYTES];     /* a count that is not as it must be */
    char unordered[DEMO_PHASE_COUNT][VERIFY_TEXT_BYTES]; /* the first deletion of a cheaper pod */
};

/* Listens from now on, after `verify`, which must live as long. */
void demo_units_init(struct demo_units *units, struct store *store, const struct verify *verify);
void demo_units_fini(struct demo_units *units);

/* All pods are bound and none is going: counts the units, and compares them with what a filling of
 * one after the other gives. */
void demo_units_settled(struct demo_units *units, int64_t at_ms);

enum { DEMO_UNITS_CLAIMS = 4 };

/* True when all hold. */
bool demo_units_judge(const struct demo_units *units,
                      struct verify_claim ret_claims[DEMO_UNITS_CLAIMS]);

#endif
