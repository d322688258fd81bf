/*
 * What a search that stops early saves and loses (elastic-policies 7.1): the same load under one
 * step and target after the other, beside the search that looks at every node.
 */
#ifndef BENCH_SCALE_STEPS_H
#define BENCH_SCALE_STEPS_H

#include "bench/core_load.h"
#include "bench/report.h"

/* Writes the document bench/SAMPLING.md to stdout; takes many minutes. An exit code. */
int scale_steps(void);

/* Rows of the same for the defaults: how much less work on 50,000 nodes, and points of allocation
 * lost on 1,000. */
void scale_add_search(struct report *report);

#endif
