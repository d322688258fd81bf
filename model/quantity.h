/*
 * Kubernetes resource quantities ("100m", "1.5Gi", "2e3"), exact integer arithmetic, rounded up.
 * Grammar and rounding: apimachinery pkg/api/resource/quantity.go. Values above 2^63-1 saturate, as
 * there. At most QUANTITY_TEXT_BYTES of text are read.
 */
#ifndef MODEL_QUANTITY_H
#define MODEL_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/str.h"

enum { QUANTITY_TEXT_BYTES = 64 };

/* The value in whole units, rounded away from zero (up for positive values). False when the text is
 * no quantity or too long; then ret_value is untouched. Negative values parse (callers refuse them). */
bool quantity_value(struct str text, int64_t *ret_value);

/* The same in thousandths: "1" -> 1000, "100m" -> 100, "1u" -> 1 (rounded up). */
bool quantity_milli(struct str text, int64_t *ret_milli);

#endif
