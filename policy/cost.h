/* controller.kubernetes.io/pod-deletion-cost (elastic-policies 10.2, 12): scale-in takes the lowest
 * first. */
#ifndef POLICY_COST_H
#define POLICY_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/str.h"
#include "policy/policy.h"

/* 100 x (n - i) for unit i of n: the last unit goes first. */
int32_t cost_of_unit(uint32_t unit, uint32_t unit_count);

/* The text rule of the apiserver: first '-', a lone 0, or 1 to 9; no '+', no leading zeros; int32.
 */
bool cost_is_valid(struct str text);

/* Whether to write a cost on a pod; `has_foreign_cost`: it carries one that we did not write. */
bool cost_is_ours(enum cost_mode mode, bool has_foreign_cost);

#endif
