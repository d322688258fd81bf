/* What stands between {{ and }} of a template: see bench/perf_text.h. Values are JSON; null is what
 * a field has that is not there. */
#ifndef BENCH_PERF_EXPRESSION_H
#define BENCH_PERF_EXPRESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "model/base/buf.h"
#include "model/base/str.h"

/* The value, yours; NULL: *ret_wrong says why, a literal. */
json_t *perf_expression(struct str text, const json_t *env, const char **ret_wrong);

/* As Go's templates have it: not false, 0, empty or absent. */
bool perf_value_holds(const json_t *value);

/* As Go's templates write it; of lists and maps the JSON. */
void perf_value_print(const json_t *value, struct buf *out);

#endif
