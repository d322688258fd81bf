#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/base/mem.h"

Test(mem, zalloc_is_zeroed_and_never_null)
{
    CLEANUP(mem_freep) char *bytes = mem_zalloc(100, 10);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(bytes[i], 0);
    CLEANUP(mem_freep) char *nothing = mem_zalloc(0, 8);
    cr_assert_not_null(nothing);
}

Test(mem, a_size_that_overflows_ends_the_program, .signal = SIGABRT)
{
    volatile size_t count = SIZE_MAX / 4;
    free(mem_zalloc(count, 8));
}

Test(mem, resizing_to_a_size_that_overflows_ends_the_program, .signal = SIGABRT)
{
    volatile size_t count = SIZE_MAX / 4;
    free(mem_resize(NULL, count, 8));
}

Test(mem, resize_keeps_the_bytes)
{
    char *bytes = mem_strdup("spillway");
    bytes = mem_resize(bytes, 1000, 1);
    cr_assert_str_eq(bytes, "spillway");
    bytes = mem_resize(bytes, 0, 1);
    cr_assert_not_null(bytes);
    free(bytes);
}

Test(mem, strndup_copies_so_many_bytes_and_ends_them)
{
    CLEANUP(mem_freep) char *cut = mem_strndup("spillway", 5);
    CLEANUP(mem_freep) char *empty = mem_strndup(NULL, 0);
    cr_assert_str_eq(cut, "spill");
    cr_assert_str_eq(empty, "");
}

Test(mem, freep_clears_the_owner)
{
    char *bytes = mem_strdup("x");
    mem_freep(&bytes);
    cr_assert_null(bytes);
    mem_freep(&bytes); /* and takes NULL */
}

Test(mem, grow_reaches_what_is_needed_and_at_least_half_more)
{
    cr_assert_geq(mem_grow(0, 1), 1);
    cr_assert_geq(mem_grow(100, 101), 150);
    cr_assert_eq(mem_grow(100, 5000), 5000);
}
