#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/mono.h"
#include "model/base/str.h"

Test(str, equality_is_by_length_and_bytes)
{
    cr_assert(str_equal(STR("abc"), (struct str){"abcd", 3}));
    cr_assert_not(str_equal(STR("abc"), STR("abd")));
    cr_assert_not(str_equal(STR("abc"), STR("ab")));
    cr_assert(str_equal(STR(""), (struct str){NULL, 0}));
    cr_assert_not(str_equal((struct str){"a\0b", 3}, (struct str){"a\0c", 3}));
}

Test(str, is_compares_with_c_text)
{
    cr_assert(str_is((struct str){"cpu,memory", 3}, "cpu"));
    cr_assert_not(str_is((struct str){"cpu,memory", 4}, "cpu"));
    cr_assert(str_is((struct str){NULL, 0}, ""));
    cr_assert_eq(str_from(NULL).len, 0);
}

Test(str, starts_needs_the_whole_prefix)
{
    cr_assert(str_starts(STR("hugepages-2Mi"), "hugepages-"));
    cr_assert(str_starts(STR("hugepages-"), "hugepages-"));
    cr_assert_not(str_starts(STR("hugepages"), "hugepages-"));
    cr_assert_not(str_starts((struct str){NULL, 0}, "h"));
}

Test(str, prints_only_its_own_bytes)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "[" STR_FMT "][" STR_FMT "]",
                   STR_ARG(((struct str){"node-1/pod", 6})), STR_ARG(((struct str){NULL, 0})));
    cr_assert_str_eq(text, "[node-1][]");
}

Test(mono, times_are_ordered_and_never_is_after_all)
{
    struct mono_ms start = {1000}, later = mono_add(start, 250);
    cr_assert(mono_before(start, later));
    cr_assert_not(mono_before(start, start));
    cr_assert_eq(mono_since(later, start), 250);
    cr_assert_eq(mono_since(start, later), -250);
    cr_assert_eq(mono_min(later, start).ms, 1000);
    cr_assert(mono_before(later, MONO_NEVER));
}
