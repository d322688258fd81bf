/*
 * A Kubernetes UID in 16 bytes. Canonical UUIDs are stored as their bits; any other text (static pods'
 * mirrors carry 32 hex digits) as a symbol, marked by all ones in `hi`.
 */
#ifndef MODEL_UID_H
#define MODEL_UID_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/str.h"
#include "model/base/symbol.h"

enum { UID_TEXT_BYTES = 256 }; /* room for any UID text and its NUL; longer ones are refused */

struct uid {
    uint64_t hi, lo;
};

/* From text; the empty text gives the zero UID. A text that cannot be stored (too long, table full)
 * gives false and leaves ret_uid alone. */
bool uid_parse(struct symbols *symbols, struct str text, struct uid *ret_uid);

/* Writes the text back, NUL-terminated; returns its length. */
size_t uid_format(const struct symbols *symbols, struct uid uid, char ret_text[UID_TEXT_BYTES]);

static inline bool uid_equal(struct uid a, struct uid b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static inline bool uid_is_zero(struct uid uid)
{
    return uid.hi == 0 && uid.lo == 0;
}

#endif
