/* RFC 3339 times as Kubernetes writes them (metav1.Time, metav1.MicroTime). */
#ifndef MODEL_TIMESTAMP_H
#define MODEL_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/str.h"

enum { TIMESTAMP_TEXT_BYTES = 32 };

/* Microseconds since 1970-01-01T00:00:00Z. Accepts any fraction (cut to micros) and numeric offsets.
 * Years 1 to 9999. False when the text is no such time. */
bool timestamp_parse(struct str text, int64_t *ret_unix_us);

/* "2026-11-22T03:04:05Z" and "2026-11-22T03:04:05.000006Z", NUL-terminated. CHECKs that the time lies in
 * years 1 to 9999. */
void timestamp_format(int64_t unix_us, char ret_text[TIMESTAMP_TEXT_BYTES]);
void timestamp_format_micro(int64_t unix_us, char ret_text[TIMESTAMP_TEXT_BYTES]);

#endif
