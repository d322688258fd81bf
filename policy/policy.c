#include "policy/policy.h"

#include <stdlib.h>

void policy_free(struct policy *policy)
{
    free(policy);
}

bool policy_selects(const struct policy *policy, const struct labels *labels)
{
    return !policy->selects_nobody && pod_selector_matches(&policy->selector, labels);
}

uint32_t policy_unit_find(const struct policy *policy, uint32_t name_sym)
{
    for (uint32_t i = 0; i < policy->unit_count; i++)
        if (policy->units[i].name_sym == name_sym)
            return i;
    return POLICY_UNITS_MAX;
}

uint32_t pod_quota_count(const struct pod_quota *quota, uint64_t replicas)
{
    if (!quota->is_set)
        return UINT32_MAX;
    if (!quota->is_percent)
        return (uint32_t)quota->value;
    uint64_t percent = (uint64_t)quota->value;
    uint64_t product;
    if (__builtin_mul_overflow(percent, replicas, &product))
        return UINT32_MAX;
    uint64_t count = product / 100 + (product % 100 != 0);
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}
