/*
 * What a benchmark has to say: rows of key, value and unit. Printed as a table for people and
 * written as one flat JSON object ("key": value) for machines.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "model/base/err.h"

enum {
    REPORT_ROWS_MAX = 128,
    REPORT_KEY_BYTES = 80,
    REPORT_UNIT_BYTES = 48,
    REPORT_TEXT_BYTES = 64,
};

struct report_row {
    char key[REPORT_KEY_BYTES]; /* "decode.pods_per_second" */
    char unit[REPORT_UNIT_BYTES];
    double value;
    char text[REPORT_TEXT_BYTES]; /* not empty: this is the value */
};

struct report {
    const char *title; /* borrowed, a literal */
    uint32_t count;
    struct report_row rows[REPORT_ROWS_MAX];
};

void report_init(struct report *report, const char *title);

/* Adds a row. Key and unit are copied; CHECKs that they fit and that there is room. The unit is for
 * people: "pods/s", "ns", "bytes", or more words. Values that are whole numbers are written as
 * such. */
void report_add(struct report *report, const char *key, double value, const char *unit);

/* The same with a word for a value ("8f3a"): letters, digits, '-', '.', '_' only. */
void report_add_text(struct report *report, const char *key, const char *text, const char *unit);

/* The table: key, value with the thousands apart, unit. */
void report_print(const struct report *report, FILE *out);

/* The JSON object. `path` "-" is stdout. */
int report_write_json(const struct report *report, const char *path, struct err *err) NODISCARD;

/* The end of a command: prints the table, writes JSON when `json_path` is not NULL. Its exit code.
 */
int report_finish(const struct report *report, const char *json_path);

/* The middle of `count` > 0 values (of an even number: the mean of the two in the middle). Sorts
 * them. */
double report_median(double *values, uint32_t count);

/* The smallest of `count` > 0 values that `percent` (1 to 100) of them are not above: nearest rank,
 * as scheduler_perf reckons. Sorts them. */
double report_percentile(double *values, uint32_t count, uint32_t percent);

/* Monotonic nanoseconds, for durations. */
int64_t report_now_ns(void);

/* Nanoseconds of processor time of this process: what one core did, however busy the machine is. */
int64_t report_cpu_ns(void);

/* Resident memory of this process in bytes, now and at its highest; 0 when /proc does not say. */
int64_t report_rss_bytes(void);
int64_t report_rss_peak_bytes(void);

#endif
