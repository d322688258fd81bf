#include <criterion/criterion.h>

#include "model/base/check.h"
#include "model/taint.h"

enum { KEY = 1, OTHER_KEY, VALUE, OTHER_VALUE };

Test(taint, effects_parse_by_name)
{
    cr_assert_eq(taint_effect_parse(STR("")), TAINT_ANY_EFFECT);
    cr_assert_eq(taint_effect_parse(STR("NoSchedule")), TAINT_NO_SCHEDULE);
    cr_assert_eq(taint_effect_parse(STR("PreferNoSchedule")), TAINT_PREFER_NO_SCHEDULE);
    cr_assert_eq(taint_effect_parse(STR("NoExecute")), TAINT_NO_EXECUTE);
    cr_assert_eq(taint_effect_parse(STR("noschedule")), TAINT_UNKNOWN_EFFECT);
}

Test(taint, operators_parse_by_name)
{
    cr_assert_eq(toleration_op_parse(STR("")), TOLERATION_EQUAL);
    cr_assert_eq(toleration_op_parse(STR("Equal")), TOLERATION_EQUAL);
    cr_assert_eq(toleration_op_parse(STR("Exists")), TOLERATION_EXISTS);
    cr_assert_eq(toleration_op_parse(STR("Gt")), TOLERATION_INVALID);
}

/* Against the taint KEY=VALUE:NoSchedule. */
static const struct {
    struct toleration toleration;
    bool tolerates;
} rows[] = {
    {{KEY, VALUE, TOLERATION_EQUAL, TAINT_NO_SCHEDULE}, true},
    {{KEY, VALUE, TOLERATION_EQUAL, TAINT_ANY_EFFECT}, true},
    {{KEY, VALUE, TOLERATION_EQUAL, TAINT_NO_EXECUTE}, false},
    {{KEY, VALUE, TOLERATION_EQUAL, TAINT_PREFER_NO_SCHEDULE}, false},
    {{KEY, VALUE, TOLERATION_EQUAL, TAINT_UNKNOWN_EFFECT}, false},
    {{KEY, OTHER_VALUE, TOLERATION_EQUAL, TAINT_NO_SCHEDULE}, false},
    {{KEY, SYM_EMPTY, TOLERATION_EQUAL, TAINT_NO_SCHEDULE}, false},
    {{OTHER_KEY, VALUE, TOLERATION_EQUAL, TAINT_NO_SCHEDULE}, false},
    {{KEY, SYM_EMPTY, TOLERATION_EXISTS, TAINT_NO_SCHEDULE}, true},
    {{KEY, OTHER_VALUE, TOLERATION_EXISTS, TAINT_ANY_EFFECT}, true},
    {{OTHER_KEY, SYM_EMPTY, TOLERATION_EXISTS, TAINT_ANY_EFFECT}, false},
    {{SYM_EMPTY, SYM_EMPTY, TOLERATION_EXISTS, TAINT_ANY_EFFECT}, true},
    {{SYM_EMPTY, SYM_EMPTY, TOLERATION_EXISTS, TAINT_NO_SCHEDULE}, true},
    {{SYM_EMPTY, SYM_EMPTY, TOLERATION_EXISTS, TAINT_NO_EXECUTE}, false},
    {{SYM_EMPTY, VALUE, TOLERATION_EQUAL, TAINT_ANY_EFFECT}, false}, /* no key needs Exists */
    {{KEY, VALUE, TOLERATION_INVALID, TAINT_ANY_EFFECT}, false},
};

Test(taint, a_toleration_matches_by_effect_key_and_value)
{
    struct taint taint = {KEY, VALUE, TAINT_NO_SCHEDULE};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        cr_assert_eq(toleration_tolerates(&rows[i].toleration, &taint), rows[i].tolerates,
                     "row %zu", i);
}

Test(taint, an_equal_toleration_without_a_value_matches_a_taint_without_one)
{
    struct taint taint = {KEY, SYM_EMPTY, TAINT_NO_EXECUTE};
    struct toleration toleration = {KEY, SYM_EMPTY, TOLERATION_EQUAL, TAINT_ANY_EFFECT};
    cr_assert(toleration_tolerates(&toleration, &taint));
}

Test(taint, an_unknown_effect_is_tolerated_by_an_empty_one_and_not_by_itself)
{
    struct taint taint = {KEY, VALUE, TAINT_UNKNOWN_EFFECT};
    struct toleration any = {KEY, VALUE, TOLERATION_EQUAL, TAINT_ANY_EFFECT};
    struct toleration unknown = {KEY, VALUE, TOLERATION_EQUAL, TAINT_UNKNOWN_EFFECT};
    cr_assert(toleration_tolerates(&any, &taint));
    cr_assert_not(toleration_tolerates(&unknown, &taint));
}

Test(taint, the_first_hard_taint_that_nothing_tolerates_is_found)
{
    struct taint items[] = {
        {OTHER_KEY, VALUE, TAINT_PREFER_NO_SCHEDULE}, /* soft: no reason to keep away */
        {KEY, VALUE, TAINT_NO_SCHEDULE},
        {OTHER_KEY, VALUE, TAINT_NO_EXECUTE},
        {OTHER_KEY, OTHER_VALUE, TAINT_NO_SCHEDULE},
    };
    struct taints taints = {ARRAY_LEN(items), items};
    struct toleration tolerations[] = {
        {KEY, VALUE, TOLERATION_EQUAL, TAINT_NO_SCHEDULE},
        {OTHER_KEY, VALUE, TOLERATION_EQUAL, TAINT_NO_EXECUTE},
        {SYM_EMPTY, SYM_EMPTY, TOLERATION_EXISTS, TAINT_ANY_EFFECT},
    };
    cr_assert_eq(taints_first_untolerated(&taints, NULL, 0), &items[1]);
    cr_assert_eq(taints_first_untolerated(&taints, tolerations, 1), &items[2]);
    cr_assert_eq(taints_first_untolerated(&taints, tolerations, 2), &items[3]);
    cr_assert_null(taints_first_untolerated(&taints, tolerations, 3));
    taints.count = 1;
    cr_assert_null(taints_first_untolerated(&taints, NULL, 0));
}
