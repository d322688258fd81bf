#include "policy/cost.h"

enum { COST_STEP = 100 }; /* between neighbouring units, as Kruise's WorkloadSpread */

int32_t cost_of_unit(uint32_t unit, uint32_t unit_count)
{
    CHECK(unit < unit_count && unit_count <= POLICY_UNITS_MAX);
    return COST_STEP * (int32_t)(unit_count - unit);
}

/* ValidatePodDeletionCost of the apiserver: the first byte, then strconv.ParseInt(text, 10, 32). */
bool cost_is_valid(struct str text)
{
    if (text.len == 0)
        return false;
    bool is_negative = text.ptr[0] == '-';
    if (text.ptr[0] == '0' && text.len > 1)
        return false;
    if (is_negative && text.len == 1)
        return false;
    int64_t bound = is_negative ? -(int64_t)INT32_MIN : INT32_MAX;
    int64_t number = 0;
    for (size_t i = is_negative; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (text.ptr[i] - '0');
        if (number > bound)
            return false;
    }
    return true;
}

bool cost_is_ours(enum cost_mode mode, bool has_foreign_cost)
{
    switch (mode) {
    case COST_OFF:
        return false;
    case COST_OVERWRITE:
        return true;
    case COST_RESPECT:
        return !has_foreign_cost;
    }
    CHECK_NEVER("an unknown mode");
}
