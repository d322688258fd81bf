/*
 * The apiserver's words for a "no": the Status object in the body of a refused request. Whatever
 * else stands there (a proxy's HTML page, nothing) gives a text made from the HTTP status.
 */
#ifndef WATCH_REFUSAL_H
#define WATCH_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/str.h"

enum { REFUSAL_TEXT_BYTES = 384, REFUSAL_BODY_BYTES_MAX = 256 * 1024 };

struct refusal {
    char message[REFUSAL_TEXT_BYTES]; /* NUL-terminated, cut when too long; never empty */
    int32_t retry_after_seconds;      /* details.retryAfterSeconds; -1: not given */
    bool is_rv_too_large;             /* the server has not come as far as the version asked for */
};

/* Cold: parses with jansson. */
void refusal_read(int32_t http_status, struct str body, struct refusal *ret_refusal);

/* Whether a Status message is apiserver's "Too large resource version: 5, current: 3". */
bool refusal_text_is_rv_too_large(struct str message);

#endif
