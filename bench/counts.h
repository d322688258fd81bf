/*
 * The counts that are kept in the tree (bench/counts.txt), and the judgement on new ones: none may
 * grow by more than COUNTS_GROWTH_PERCENT unless the file changes with it.
 *
 * Two formats of lines, "#" begins a comment:
 *
 *     gcc-12-x86_64 plain 8123       kept: compiler, workload, instructions a unit
 *     plain 16635904 2048            measured: workload, instructions in all, units
 */
#ifndef BENCH_COUNTS_H
#define BENCH_COUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/base/err.h"

enum { COUNTS_ROWS_MAX = 128, COUNTS_NAME_BYTES = 32, COUNTS_GROWTH_PERCENT = 5 };

struct count_row {
    char compiler[COUNTS_NAME_BYTES];
    char workload[COUNTS_NAME_BYTES];
    uint64_t instructions; /* a unit, rounded to the nearest */
};

struct counts {
    uint32_t count;
    struct count_row rows[COUNTS_ROWS_MAX];
};

/* "gcc-12-x86_64": who compiled this program, and for what. NULL when it was compiled without
 * optimisation, where counts say nothing. */
const char *counts_compiler(void);

/* Read until the end of the file. -EINVAL with file and line: a line in another format, a pair that
 * is there twice, too many rows, a count of 0. */
int counts_read_kept(FILE *file, const char *path, struct counts *ret_counts,
                     struct err *err) NODISCARD;
int counts_read_measured(FILE *file, const char *path, const char *compiler,
                         struct counts *ret_counts, struct err *err) NODISCARD;

/* Prints a line a workload: then, now, ratio, and what is wrong. False: one grew too much, or is on
 * one side only. Of the kept rows those of `compiler` count; when there are none, it says how they
 * are made. */
bool counts_judge(const struct counts *kept, const struct counts *measured, const char *compiler,
                  FILE *out);

/* Writes `kept` with the rows of `compiler` replaced by the measured ones. */
void counts_write(const struct counts *kept, const struct counts *measured, const char *compiler,
                  FILE *out);

#endif
