#include <criterion/criterion.h>
#include <string.h>

#include "watch/secret.h"

static const struct {
    const char *base64, *bytes; /* bytes NULL: refused */
} rows[] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYmFy", "foobar"},
    {"Zm9v\r\nYmFy\n", "foobar"},
    {"+/+/", "\xfb\xff\xbf"},
    {"Zg", NULL},
    {"Zg=", NULL},
    {"Zg===", NULL},
    {"Z===", NULL},
    {"====", NULL},
    {"Zg==Zg==", NULL},
    {"Zm9v Ymc=", NULL},
    {"Zm-_", NULL},
    {"Zm9v\t", NULL},
};

Test(secret, base64_is_strict)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct secret bytes = {0};
        int failed = secret_from_base64(str_from(rows[i].base64), &bytes);
        cr_expect((failed != 0) == (rows[i].bytes == NULL), "row %zu", i);
        if (!failed)
            cr_expect(str_is(secret_str(&bytes), rows[i].bytes), "row %zu", i);
        secret_clear(&bytes);
    }
}

Test(secret, set_and_unset_are_not_equal)
{
    struct secret a = {0}, b = {0};
    cr_expect(secret_equal(&a, &b));
    secret_set(&a, STR(""));
    cr_expect(!secret_equal(&a, &b));
    secret_set(&b, STR(""));
    cr_expect(secret_equal(&a, &b));
    secret_set(&b, STR("x"));
    cr_expect(!secret_equal(&a, &b));
    secret_move(&a, &b);
    cr_expect(str_is(secret_str(&a), "x"));
    cr_expect_null(b.data);
    secret_clear(&a);
}
