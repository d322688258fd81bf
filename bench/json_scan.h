/*
 * Walking JSON text without building anything. The store keeps objects as compact text and reads
 * single members out of it; a DOM is only built where something is merged.
 *
 * "Compact" is what json_compact() accepts and json_dumps() with JSON_COMPACT writes: one value, no
 * white space between tokens, no escapes inside of keys. Iterators trust that; they never see text
 * that was not checked.
 */
#ifndef BENCH_JSON_SCAN_H
#define BENCH_JSON_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"
#include "model/base/str.h"

enum { JSON_SCAN_DEPTH = 128 }; /* deeper text is not compact: jansson then judges it */

/* Whether `text` is one valid compact value. Cost: one pass, about 1 ns a byte. */
bool json_compact(struct str text);

struct json_iter {
    const char *at, *end;
};

/* Over the members of an object, or over members without braces; over the items of an array. */
struct json_iter json_members(struct str object_or_members);
struct json_iter json_items(struct str array);

/* The next one; false at the end. Key without quotes, value raw. */
bool json_next_member(struct json_iter *iter, struct str *ret_key, struct str *ret_value);
bool json_next_item(struct json_iter *iter, struct str *ret_value);

/* The member of that name; false when it is absent. */
bool json_find(struct str object_or_members, struct str key, struct str *ret_value);

/* The inside of a string that holds no escapes; false for anything else. */
bool json_plain(struct str raw, struct str *ret_text);

/* An integer as in the text; the fallback for anything else. */
int64_t json_int(struct str raw, int64_t fallback);

/* The text without its outer braces or brackets; empty for "{}". CHECKs that they are there. */
struct str json_inside(struct str raw);

/* The canonical compact text of a DOM: sorted keys, so that equal objects are equal bytes. */
bool json_write(const json_t *json, struct buf *out);

/* Takes out members that are null, as Go's decoder does before anything sees them. */
void json_drop_nulls(json_t *json);

#endif
