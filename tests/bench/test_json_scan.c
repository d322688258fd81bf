#include "bench/json_scan.h"

#include <criterion/criterion.h>

static const char *const compact[] = {
    "{}",
    "[]",
    "null",
    "true",
    "-0.5e+10",
    "9223372036854775807",
    "\"a\\n\\u00e9\"",
    "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":\"x\"}",
    "[[],[{}],\"\"]",
    "\"\xc3\xa9\"",
};

static const char *const not_compact[] = {
    "",         "{",           "{\"a\"}",   "{\"a\":1,}",
    "[1,]",     "[1 ,2]",      "{ }",       "9223372036854775808",
    "1e999",    "01",          "1.",        "\"a",
    "\"\\x\"",  "\"\\u12\"",   "{a:1}",     "{\"a\":1}x",
    "tru",      "[1}",         "\"\xff\"",  "{\"\\u0061\":1}",
    "\"\x01\"", "\"\\ud800\"", "{\"a\":1]", "-",
    "nan",      "{\"a\":,}",
};

Test(json_scan, accepts_compact_values_and_agrees_with_jansson)
{
    for (size_t i = 0; i < ARRAY_LEN(compact); i++) {
        json_t *json = json_loads(compact[i], JSON_DECODE_ANY, NULL);
        cr_assert(json, "%s", compact[i]);
        json_decref(json);
        cr_assert(json_compact(str_from(compact[i])), "%s", compact[i]);
    }
}

Test(json_scan, refuses_everything_else)
{
    for (size_t i = 0; i < ARRAY_LEN(not_compact); i++)
        cr_assert_not(json_compact(str_from(not_compact[i])), "%s", not_compact[i]);
}

Test(json_scan, depth_is_bounded)
{
    char text[2 * 1000];
    memset(text, '[', 1000);
    memset(text + 1000, ']', 1000);
    cr_assert_not(json_compact((struct str){text, sizeof(text)}));
    cr_assert(json_compact((struct str){text + 1000 - JSON_SCAN_DEPTH, 2 * JSON_SCAN_DEPTH}));
}

Test(json_scan, walks_members_and_items)
{
    struct str key, value;
    struct json_iter iter = json_members(STR("{\"a\":[1,{\"x\":\"]\"}],\"b\":\"q\\\"\",\"c\":7}"));
    cr_assert(json_next_member(&iter, &key, &value));
    cr_assert(str_is(key, "a") && str_is(value, "[1,{\"x\":\"]\"}]"));
    cr_assert(json_next_member(&iter, &key, &value));
    cr_assert(str_is(key, "b") && str_is(value, "\"q\\\"\""));
    cr_assert(json_next_member(&iter, &key, &value));
    cr_assert(str_is(key, "c") && str_is(value, "7"));
    cr_assert_not(json_next_member(&iter, &key, &value));
    iter = json_items(STR("[{\"t\":1},{\"t\":2}]"));
    cr_assert(json_next_item(&iter, &value) && str_is(value, "{\"t\":1}"));
    cr_assert(json_next_item(&iter, &value) && str_is(value, "{\"t\":2}"));
    cr_assert_not(json_next_item(&iter, &value));
}

Test(json_scan, integers_that_do_not_fit_are_the_fallback)
{
    cr_assert_eq(json_int(STR("42"), -1), 42);
    cr_assert_eq(json_int(STR("-7"), -1), -7);
    cr_assert_eq(json_int(STR(""), -1), -1);
    cr_assert_eq(json_int(STR("1x"), -1), -1);
    cr_assert_eq(json_int(STR("99999999999999999999"), -1), -1);
}
