/* Label and field selectors of list and watch requests, matched against the text of objects. */
#ifndef BENCH_SELECT_H
#define BENCH_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/object.h"
#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/err.h"
#include "model/base/str.h"

enum { MAX_TERMS = 64, MAX_SELECTOR_BYTES = 16384 };

enum select_op {
    SELECT_EQUALS,
    SELECT_NOT_EQUALS,
    SELECT_IN,
    SELECT_NOT_IN,
    SELECT_EXISTS,
    SELECT_NOT_EXISTS
};

struct select_term {
    enum select_op op;
    bool field; /* of a field selector */
    struct str key;
    struct str value; /* of IN and NOT_IN: the values, joined by ',' */
};

struct selector {
    char *text; /* owned; the terms lend from it */
    struct select_term terms[MAX_TERMS];
    size_t count;
};

/* Parses both texts ("" selects all). -EINVAL with the reason. Release with selector_free(); NULL
 * in *ret_selector when nothing is selected away. */
NODISCARD int selector_parse(struct str labels, struct str fields, const struct kind *kind,
                             struct selector **ret_selector, struct err *err);
void selector_free(struct selector *selector);

/* The text form of a LabelSelector of the API (raw JSON: matchLabels, matchExpressions) for the
 * above; "" selects all. False when it is none. */
bool selector_text(struct str label_selector, struct buf *out);

/* NULL matches everything. Cost: a scan of labels or spec per term. */
bool selector_matches(const struct selector *selector, const struct object *object);

#endif
