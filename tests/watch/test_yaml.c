#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "watch/yaml.h"

/* YAML on the left means the JSON on the right (keys sorted). */
static const struct {
    const char *yaml, *json;
} pairs[] = {
    {"", "null"},
    {"# only a comment\n", "null"},
    {"a: 1\nb: [x, \"y\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\"]}"},
    {"{\"a\": {\"b\": [1, 2.5, null, true]}}", "{\"a\":{\"b\":[1,2.5,null,true]}}"},
    {"a:\n- b: 1\n  c: 2\n- d\n", "{\"a\":[{\"b\":1,\"c\":2},\"d\"]}"},
    /* the core schema: only true and false are booleans */
    {"[on, off, yes, no, y, n, On, NO]",
     "[\"on\",\"off\",\"yes\",\"no\",\"y\",\"n\",\"On\",\"NO\"]"},
    {"[true, True, TRUE, false, False, FALSE, tRue]",
     "[true,true,true,false,false,false,\"tRue\"]"},
    {"[null, Null, NULL, ~, nil]", "[null,null,null,null,\"nil\"]"},
    {"a:\n", "{\"a\":null}"},
    {"['true', \"12\", 'null', '']", "[\"true\",\"12\",\"null\",\"\"]"},
    {"[0, -1, +12, 007, 0o17, 0x1F, 9223372036854775807]", "[0,-1,12,7,15,31,9223372036854775807]"},
    {"[1_000, 0b1, 1:30, 0o9, 0x, 1e, 1.2.3, ., '-', +]",
     "[\"1_000\",\"0b1\",\"1:30\",\"0o9\",\"0x\",\"1e\",\"1.2.3\",\".\",\"-\",\"+\"]"},
    {"[1.5, -.5, 2., 1e3, 1.5E-1]", "[1.5,-0.5,2.0,1000.0,0.14999999999999999]"},
    {"[2001-12-14, 1.2.3.4, v1.37.0]", "[\"2001-12-14\",\"1.2.3.4\",\"v1.37.0\"]"},
    {"a: |\n  two\n  lines\n", "{\"a\":\"two\\nlines\\n\"}"},
    {"a: >\n  one\n  line\n", "{\"a\":\"one line\\n\"}"},
    {"1: x\ntrue: y\n", "{\"1\":\"x\",\"true\":\"y\"}"},
    {"---\na: 1\n...\n", "{\"a\":1}"},
    {"\xef\xbb\xbf"
     "a: 1\n",
     "{\"a\":1}"},
};

Test(yaml, means_what_the_core_schema_says)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct err err = {0};
        json_t *root = yaml_to_json(str_from(pairs[i].yaml), &err);
        cr_assert_not_null(root, "row %zu: %s", i, err.text);
        char *json = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        cr_expect_str_eq(json, pairs[i].json);
        free(json);
        json_decref(root);
    }
}

static const struct {
    const char *yaml, *place, *what;
} refused[] = {
    {"a: 1\nb: 2\na: 3\n", "line 3, column 1", "\"a\" is there twice"},
    {"x:\n  - {k: 1, k: 2}\n", "line 2, column 12", "\"k\" is there twice"},
    {"a: &x 1\nb: *x\n", "line 1, column 4", "anchors"},
    {"a: &x [1]\n", "line 1, column 4", "anchors"},
    {"a: *x\n", "line 1, column 4", "aliases"},
    {"<<: {a: 1}\n", "line 1, column 1", "merge keys"},
    {"a: !!binary aGk=\n", "line 1, column 4", "tags"},
    {"a: !local {}\n", "line 1, column 4", "tags"},
    {"? [a]\n: 1\n", "line 1, column 3", "a key must be a text"},
    {"? {a: 1}\n: 1\n", "line 1, column 3", "a key must be a text"},
    {"\"\": 1\n", "line 1, column 1", "a key must be a text"},
    {"a: .inf\n", "line 1, column 4", "no JSON numbers"},
    {"a: -.INF\n", "line 1, column 4", "no JSON numbers"},
    {"a: .nan\n", "line 1, column 4", "no JSON numbers"},
    {"a: 1e999\n", "line 1, column 4", "out of range"},
    {"a: 0xfffffffffffffffff\n", "line 1, column 4", "out of range"},
    {"a: \"x\\0y\"\n", "line 1, column 4", "NUL"},
    {"a: 1\n---\nb: 2\n", "line 2", "second document"},
    {"a: [1, 2\nb: 3\n", "line 2", ""},
    {"a: b: c\n", "line 1", ""},
    {"a:\n\t- b\n", "line 2", ""},
    {"a: \"open\n", "line 2", ""},
    {"a: \xff\n", "line 1", ""},
    {"%YAML 9.0\n---\na: 1\n", "line 1", ""},
};

Test(yaml, refuses_what_could_be_read_in_two_ways)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct err err = {0};
        json_t *root = yaml_to_json(str_from(refused[i].yaml), &err);
        cr_expect_null(root, "row %zu was taken", i);
        cr_expect(strstr(err.text, refused[i].place) && strstr(err.text, refused[i].what),
                  "row %zu: %s", i, err.text);
        cr_expect(err.code > 0);
        json_decref(root);
    }
}

static json_t *parse_repeated(const char *part, size_t count, struct err *err)
{
    struct buf text;
    buf_init(&text, 64 << 20);
    for (size_t i = 0; i < count; i++)
        (void)buf_add_str(&text, part);
    json_t *root = yaml_to_json(buf_str(&text), err);
    buf_fini(&text);
    return root;
}

Test(yaml, depth_is_bounded)
{
    struct err err = {0};
    cr_expect_null(parse_repeated("[", 10000, &err));
    cr_expect(strstr(err.text, "line 1, column 65: nested too deep"), "%s", err.text);
    cr_expect_null(parse_repeated("- ", 10000, &err));
    cr_expect_null(parse_repeated("{a: ", 10000, &err));
}

Test(yaml, number_of_values_is_bounded)
{
    struct err err = {0};
    cr_expect_null(parse_repeated("- 1\n", YAML_VALUES_MAX + 1, &err));
    cr_expect(strstr(err.text, "too many values"), "%s", err.text);
}

Test(yaml, size_is_bounded)
{
    struct err err = {0};
    cr_expect_null(parse_repeated("#######\n", (YAML_BYTES_MAX / 8) + 1, &err));
    cr_expect(strstr(err.text, "larger than 4 MiB"), "%s", err.text);
}

Test(yaml, errors_never_quote_values)
{
    struct err err = {0};
    cr_expect_null(yaml_to_json(STR("token: \"s3cr3t\ntoken: s3cr3t2\n"), &err));
    cr_expect_null(strstr(err.text, "s3cr3t"), "%s", err.text);
    cr_expect_null(yaml_to_json(STR("token: s3cr3t\nusers: [s3cr3t\n"), &err));
    cr_expect_null(strstr(err.text, "s3cr3t"), "%s", err.text);
}
