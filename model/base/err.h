/*
 * A failure of the outside world, told to a person: what failed, where, and how to mend it.
 *
 * Functions that can fail return 0 or a negative errno and take `struct err *err` last. Each level on
 * the way up may put its own context in front. Functions fill it; only main() and the edges print it.
 */
#ifndef MODEL_BASE_ERR_H
#define MODEL_BASE_ERR_H

#include <stddef.h>

#include "model/base/check.h"

enum { ERR_TEXT_BYTES = 512 };

struct err {
    int code;                  /* positive errno, 0 when nothing failed */
    char text[ERR_TEXT_BYTES]; /* NUL-terminated, cut when too long */
};

/* Sets code and text. Returns -code, so that a function can `return err_set(err, EINVAL, ...)`.
 * `err` may be NULL: then only the return value tells. */
int err_set(struct err *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " in front of the text. Returns -err->code. */
int err_wrap(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
