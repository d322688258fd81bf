/* The demo on the terminal: a block that is redrawn, or one line a second; a table in the end. */
#ifndef BENCH_DEMO_VIEW_H
#define BENCH_DEMO_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/demo_sample.h"
#include "bench/demo_units.h"

struct demo_view {
    FILE *out;
    bool is_terminal;
    int lines;       /* of the block that stands there now */
    int64_t next_ms; /* when the next line or block is due */
};

/* `out` is a terminal or not: it is looked at once. */
void demo_view_init(struct demo_view *view, FILE *out);

/* Shows the moment when it is due. */
void demo_view_show(struct demo_view *view, const struct demo_sample *sample);

/* Leaves the block alone from now on. */
void demo_view_end(struct demo_view *view);

/* The table, what waits and why, and the figures. */
void demo_view_summary(const struct demo_view *view, struct store *store,
                       const struct verify *verify, const struct demo_sample *sample);

/* A row for each phase: where the pods were when all was quiet, and what it cost. */
void demo_view_units(const struct demo_view *view, const struct demo_units *units);

/* PASS and FAIL lines. */
void demo_view_claims(const struct demo_view *view, const struct verify_claim *claims,
                      uint32_t count);

#endif
