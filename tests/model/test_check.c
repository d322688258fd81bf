#include <criterion/criterion.h>
#include <signal.h>

#include "model/base/check.h"

Test(check, a_condition_that_holds_goes_on)
{
    CHECK(1 + 1 == 2);
    cr_assert(true);
}

Test(check, a_condition_that_fails_aborts, .signal = SIGABRT)
{
    volatile int sum = 3;
    CHECK(sum == 2);
}

struct outer {
    char pad; /* cppcheck-suppress unusedStructMember ; read through container_of() */
    int inner;
};

Test(check, container_of_finds_the_struct_around_a_member)
{
    struct outer outer = {.pad = 'x', .inner = 7};
    int *inner = &outer.inner;
    cr_assert_eq(container_of(inner, struct outer, inner)->pad, 'x');
    cr_assert_eq(container_of(inner, struct outer, inner), &outer);
}
