/* The table of elastic-policies 1.5 over all 4 x 64 combinations. Each row covers the combinations
 * that match its pattern, in the order F L U W t T: 1 true, 0 false, * either. Every combination
 * must be covered by exactly one row of its rule. */
#include <criterion/criterion.h>

#include "policy/rule.h"

enum { FACTS = 6, COMBINATIONS = 1 << FACTS };

static const struct {
    enum next_rule rule;
    const char *pattern;
    enum unit_step step;
    const char *text; /* of 1.5 */
} rows[] = {
    {NEXT_LACK_OR_FULL, "00****", UNIT_PLACE, "not F and not L: place"},
    {NEXT_LACK_OR_FULL, "1*****", UNIT_NEXT, "F"},
    {NEXT_LACK_OR_FULL, "01****", UNIT_NEXT, "or L"},

    {NEXT_FULL, "00****", UNIT_PLACE, "not F and not L: place"},
    {NEXT_FULL, "1*****", UNIT_NEXT, "F"},
    {NEXT_FULL, "011***", UNIT_NEXT, "or (U and L)"},
    {NEXT_FULL, "010***", UNIT_STAY, "a capped unit that is not full is waited for"},

    {NEXT_TIMEOUT_OR_FULL, "00****", UNIT_PLACE, "not F and not L: place"},
    {NEXT_TIMEOUT_OR_FULL, "1*****", UNIT_NEXT, "F, at once"},
    {NEXT_TIMEOUT_OR_FULL, "01**1*", UNIT_NEXT, "or (L and t)"},
    {NEXT_TIMEOUT_OR_FULL, "01100*", UNIT_NEXT, "or (L and U and not W)"},
    {NEXT_TIMEOUT_OR_FULL, "010*0*", UNIT_STAY, "wait while L and not t and not U"},
    {NEXT_TIMEOUT_OR_FULL, "01110*", UNIT_STAY, "wait while L and not t and W"},

    {NEXT_LACK_NOT_LEAVING, "00****", UNIT_PLACE, "not F and not L: place"},
    {NEXT_LACK_NOT_LEAVING, "1****0", UNIT_NEXT, "F and not T"},
    {NEXT_LACK_NOT_LEAVING, "01***0", UNIT_NEXT, "L and not T"},
    {NEXT_LACK_NOT_LEAVING, "1****1", UNIT_STAY, "wait until T clears"},
    {NEXT_LACK_NOT_LEAVING, "01***1", UNIT_STAY, "wait until T clears"},
};

/* Bit 5 is F, bit 0 is T. */
static bool fact(uint32_t combination, uint32_t place)
{
    return combination >> (FACTS - 1 - place) & 1;
}

static bool row_covers(const char *pattern, uint32_t combination)
{
    for (uint32_t i = 0; i < FACTS; i++)
        if (pattern[i] != '*' && (pattern[i] == '1') != fact(combination, i))
            return false;
    return true;
}

static struct unit_facts facts_of(uint32_t combination)
{
    return (struct unit_facts){.is_full = fact(combination, 0),
                               .lacks = fact(combination, 1),
                               .is_unlimited = fact(combination, 2),
                               .waits = fact(combination, 3),
                               .is_timed_out = fact(combination, 4),
                               .has_terminating = fact(combination, 5)};
}

Test(rule, every_combination_of_rule_and_facts_is_as_the_spec_says)
{
    for (enum next_rule rule = 0; rule < NEXT_RULE_COUNT; rule++) {
        for (uint32_t combination = 0; combination < COMBINATIONS; combination++) {
            uint32_t covered = 0;
            for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                if (rows[i].rule != rule || !row_covers(rows[i].pattern, combination))
                    continue;
                covered++;
                cr_expect_eq(unit_rule(rule, facts_of(combination)), rows[i].step,
                             "rule %d, F L U W t T = %02x: %s", (int)rule, combination,
                             rows[i].text);
            }
            cr_expect_eq(covered, 1, "rule %d, facts %02x: covered by %u rows", (int)rule,
                         combination, covered);
        }
    }
}

Test(rule, only_a_stay_under_timeout_or_full_ends_by_time)
{
    for (enum next_rule rule = 0; rule < NEXT_RULE_COUNT; rule++) {
        for (uint32_t combination = 0; combination < COMBINATIONS; combination++) {
            struct unit_facts facts = facts_of(combination);
            struct unit_facts later = facts;
            later.is_timed_out = true;
            bool time_helps =
                unit_rule(rule, facts) == UNIT_STAY && unit_rule(rule, later) == UNIT_NEXT;
            cr_expect_eq(unit_rule_waits_on_time(rule, facts), time_helps, "rule %d, facts %02x",
                         (int)rule, combination);
        }
    }
}
