/* Elastic-policies 1.5, row by row: the letters are its own. */
#include "policy/rule.h"

static bool may_go_on(enum next_rule rule, struct unit_facts facts)
{
    switch (rule) {
    case NEXT_LACK_OR_FULL: /* F or L */
        return facts.is_full || facts.lacks;
    case NEXT_FULL: /* F or (U and L): a capped unit that is not full is waited for without limit */
        return facts.is_full || (facts.is_unlimited && facts.lacks);
    case NEXT_TIMEOUT_OR_FULL: /* F, at once; or (L and t); or (L and U and not W) */
        return facts.is_full ||
               (facts.lacks && (facts.is_timed_out || (facts.is_unlimited && !facts.waits)));
    case NEXT_LACK_NOT_LEAVING: /* (F or L) and not T */
        return (facts.is_full || facts.lacks) && !facts.has_terminating;
    case NEXT_RULE_COUNT:
        break;
    }
    CHECK_NEVER("an unknown rule");
}

enum unit_step unit_rule(enum next_rule rule, struct unit_facts facts)
{
    if (!facts.is_full && !facts.lacks)
        return UNIT_PLACE;
    return may_go_on(rule, facts) ? UNIT_NEXT : UNIT_STAY;
}

bool unit_rule_waits_on_time(enum next_rule rule, struct unit_facts facts)
{
    return rule == NEXT_TIMEOUT_OR_FULL && unit_rule(rule, facts) == UNIT_STAY;
}
