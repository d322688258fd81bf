#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "model/base/err.h"

Test(err, set_returns_the_negative_code_and_keeps_the_text)
{
    struct err err = {0};
    cr_assert_eq(err_set(&err, EINVAL, "port %d is out of range", 70000), -EINVAL);
    cr_assert_eq(err.code, EINVAL);
    cr_assert_str_eq(err.text, "port 70000 is out of range");
}

Test(err, wrap_puts_context_in_front_and_keeps_the_code)
{
    struct err err = {0};
    (void)err_set(&err, ENOENT, "no such file");
    cr_assert_eq(err_wrap(&err, "kubeconfig %s", "a.yaml"), -ENOENT);
    cr_assert_eq(err_wrap(&err, "start"), -ENOENT);
    cr_assert_str_eq(err.text, "start: kubeconfig a.yaml: no such file");
}

Test(err, a_long_text_is_cut_and_still_ends)
{
    char text[2 * ERR_TEXT_BYTES];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    struct err err = {0};
    (void)err_set(&err, EIO, "%s", text);
    cr_assert_eq(strlen(err.text), ERR_TEXT_BYTES - 1);
    (void)err_wrap(&err, "%s", text);
    cr_assert_eq(strlen(err.text), ERR_TEXT_BYTES - 1);
    cr_assert_eq(err.code, EIO);
}

Test(err, nobody_needs_to_listen)
{
    cr_assert_eq(err_set(NULL, EIO, "lost"), -EIO);
    cr_assert_lt(err_wrap(NULL, "more"), 0);
}

Test(err, a_code_that_is_no_errno_is_a_bug, .signal = SIGABRT)
{
    struct err err = {0};
    (void)err_set(&err, 0, "all is well");
}
