/* Reading the tree of a unit types file: where we are, and what stands there. */
#ifndef WATCH_UNIT_TYPES_PRIVATE_H
#define WATCH_UNIT_TYPES_PRIVATE_H

#include <jansson.h>

#include "model/base/err.h"
#include "model/base/symbol.h"
#include "model/unit_type.h"

enum { PLACE_PATH_BYTES = 256, PLACE_SHOWN_BYTES = 80 /* of a text of the file in a message */ };

struct place {
    const char *file;
    struct symbols *symbols;
    struct err *err;
    size_t path_len;
    char path[PLACE_PATH_BYTES]; /* "types[1].anyOf[0]"; made of known keys only, so it fits */
};

/* Steps into a member or an element; returns what place_leave() takes to step back. */
NODISCARD size_t place_enter(struct place *place, const char *format, ...) PRINTF_LIKE(2, 3);
void place_leave(struct place *place, size_t path_len);

/* "FILE: PATH: <format>", -EINVAL. */
int place_fail(struct place *place, const char *format, ...) PRINTF_LIKE(2, 3);

/* Fails unless `value` is a map with keys of `known` (NULL at its end) only. */
int place_check_map(struct place *place, const json_t *value, const char *const *known);

/* Fails unless `value` is a list of at most `max`; absent and null are empty: 0. Else the count. */
int place_check_list(struct place *place, const json_t *value, int max);

/* The text of a member, lent; *ret_text is NULL when it is absent or null. */
int place_text(struct place *place, const json_t *map, const char *key, const char **ret_text);

/* Interned; fails when the table is full. */
int place_intern(struct place *place, const char *text, uint32_t *ret_sym);

/* A key of a label or a taint (`[prefix/]name`), the value of one: fail with what it must be. */
int place_check_label_key(struct place *place, const char *key);
int place_check_label_value(struct place *place, const char *value);

/* The members of a type that are lists or maps; what they allocate belongs to the type, also after
 * a failure. */
int unit_type_take_terms(struct place *place, const json_t *map, struct unit_type *type);
int unit_type_take_tolerations(struct place *place, const json_t *map, struct unit_type *type);
int unit_type_take_labels(struct place *place, const json_t *map, struct unit_type *type);

#endif
