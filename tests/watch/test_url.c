#include <criterion/criterion.h>

#include "watch/url.h"

static struct buf url;

static void setup(void)
{
    buf_init(&url, URL_BYTES_MAX);
}

static void teardown(void)
{
    buf_fini(&url);
}

TestSuite(url, .init = setup, .fini = teardown);

static const struct {
    const char *text, *escaped;
} rows[] = {
    {"", ""},
    {"web-6cf5887fd6-9s9jz", "web-6cf5887fd6-9s9jz"},
    {"a.b_c~d", "a.b_c~d"},
    {"status.phase!=Succeeded,status.phase!=Failed",
     "status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed"},
    {"a b/c?d&e=f#g%h+", "a%20b%2Fc%3Fd%26e%3Df%23g%25h%2B"},
    {"\xc3\xa4\n", "%C3%A4%0A"},
    {"/..", "%2F.."},
};

Test(url, escapes_all_but_unreserved_bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_clear(&url);
        (void)buf_add_str(&url, "/");
        url_add_escaped(&url, str_from(rows[i].text));
        cr_assert_str_eq(url.data + 1, rows[i].escaped);
    }
}

Test(url, escapes_a_nul_byte_inside)
{
    url_add_escaped(&url, (struct str){"a\0b", 3});
    cr_assert_str_eq(url.data, "a%00b");
}

Test(url, joins_parameters_with_a_question_mark_first)
{
    (void)buf_add_str(&url, "/api/v1/pods");
    url_add_param(&url, "limit", STR("500"));
    url_add_param(&url, "continue", STR("a=b"));
    cr_assert_str_eq(url.data, "/api/v1/pods?limit=500&continue=a%3Db");
}

Test(url, names_the_binding_of_a_pod)
{
    url_add_pod(&url, STR("kube-system"), STR("web-0"), "/binding");
    cr_assert_str_eq(url.data, "/api/v1/namespaces/kube-system/pods/web-0/binding");
}

Test(url, cannot_leave_its_path)
{
    url_add_pod(&url, STR("ns"), STR("../../secrets?x"), "");
    cr_assert_str_eq(url.data, "/api/v1/namespaces/ns/pods/..%2F..%2Fsecrets%3Fx");
}
