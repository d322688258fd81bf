/*
 * Go's text/template as far as the object templates of scheduler_perf need it:
 *
 *     {{.Field}}  {{Mod .Index 12}}  {{AddInt .base (DivideInt .Index .n)}}  {{.n | Int}}
 *     {{if .x}} ... {{else if eq .y "z"}} ... {{else}} ... {{end}}  {{- trimmed -}}  comments
 *
 * Functions: AddInt SubtractInt MultiplyInt DivideInt Mod Int JSON, eq ne lt le gt ge, and or not.
 * Not here, and said so: range, with, define, block, template, variables, methods.
 */
#ifndef BENCH_PERF_TEXT_H
#define BENCH_PERF_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "model/base/buf.h"
#include "model/base/err.h"
#include "model/base/str.h"

enum {
    PERF_TEXT_CALLS_MAX = 8,     /* calls in calls */
    PERF_TEXT_ARGUMENTS_MAX = 8, /* of one call */
    PERF_TEXT_IFS_MAX = 8,       /* ifs in ifs */
};

/* Whether there is anything to be replaced. */
bool perf_text_is_template(struct str text);

/* Appends the text with all actions carried out; `env` is an object of fields. -EINVAL and
 * "line N: ..." when one cannot be, or when `out` is full. */
int perf_text_render(struct str text, const json_t *env, struct buf *out,
                     struct err *err) NODISCARD;

#endif
