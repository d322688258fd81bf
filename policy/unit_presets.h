/* Built-in unit types (elastic-policies 11.1, 11.2): any, ecs, eci, acs, spot, elastic, idc. */
#ifndef POLICY_UNIT_PRESETS_H
#define POLICY_UNIT_PRESETS_H

#include "model/base/symbol.h"
#include "model/unit_type.h"

/* Yours: unit_types_fini(). Each array in a type (terms, the expressions and fields of a term, the
 * values of those, tolerations, labels) is an allocation of its own, so that types can be replaced
 * and added one by one. */
void unit_types_presets(struct unit_types *types, struct symbols *symbols);
void unit_types_fini(struct unit_types *types);

/* Index by name, UNIT_TYPES_MAX when unknown. */
uint32_t unit_types_find(const struct unit_types *types, uint32_t name_sym);

bool unit_type_matches(const struct unit_type *type, const struct labels *labels,
                       uint32_t node_name_sym, const struct symbols *symbols);

/* Whether a unit of the type can hold the pod at all; else *ret_why says what it needs that is not
 * there ("hostNetwork"): constant text. */
struct shape;
bool unit_type_can_host(const struct unit_type *type, const struct shape *shape,
                        const char **ret_why);

/* Whether there are pods that it cannot hold. */
bool unit_type_is_choosy(const struct unit_type *type);

#endif
