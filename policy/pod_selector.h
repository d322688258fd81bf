/* matchLabels and matchExpressions of a LabelSelector: whom it selects, and whether it can select
 * anybody at all (apimachinery labels.Requirement). */
#ifndef POLICY_POD_SELECTOR_H
#define POLICY_POD_SELECTOR_H

#include <stdbool.h>

#include "model/selector.h"

struct pod_selector {
    uint32_t label_count, expression_count;
    const struct label *labels;            /* ascending key */
    const struct requirement *expressions; /* In, NotIn, Exists, DoesNotExist; values ascending */
};

/* No label and no expression: everything. */
bool pod_selector_matches(const struct pod_selector *selector, const struct labels *labels);

/* Whether the operator is one of the four and the values fit to it. */
bool requirement_is_usable(const struct requirement *requirement);

/* Whether no labels whatever could satisfy all of it; *ret_key_sym: the key that contradicts
 * itself. Usable requirements only. */
bool pod_selector_is_contradictory(const struct pod_selector *selector, uint32_t *ret_key_sym);

#endif
