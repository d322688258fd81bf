#include <criterion/criterion.h>
#include <jansson.h>
#include <regex.h>
#include <string.h>
#include <unistd.h>

#include "tests/watch/scratch.h"
#include "watch/log.h"

static struct scratch scratch;

static void set_up(void)
{
    scratch_init(&scratch);
}

static void tear_down(void)
{
    scratch_fini(&scratch);
}

TestSuite(log, .init = set_up, .fini = tear_down);

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    cr_assert(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0);
    bool is_match = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return is_match;
}

Test(log, text_line_has_klogs_shape)
{
    log_info(&scratch.log, 0, "Watch ended", {"resource", "pods"}, {"reason", "410"});
    cr_expect(matches(scratch.log_text,
                      "^I[01][0-9][0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{6} +[0-9]+ "
                      "test_log\\.c:[0-9]+\\] \"Watch ended\" resource=\"pods\" "
                      "reason=\"410\"\n$"),
              "%s", scratch.log_text);
    char pid[32];
    (void)snprintf(pid, sizeof(pid), " %7ld test_log", (long)getpid());
    cr_expect(strstr(scratch.log_text, pid) != NULL);
}

Test(log, levels_have_their_letters)
{
    log_error(&scratch.log, "a");
    log_warning(&scratch.log, "b");
    log_info(&scratch.log, 0, "c");
    cr_expect(matches(scratch.log_text, "^E[^\n]*\"a\"\nW[^\n]*\"b\"\nI[^\n]*\"c\"\n$"));
}

Test(log, json_line_is_one_object_with_klogs_keys)
{
    scratch.log.format = LOG_JSON;
    scratch.log.verbosity = 2;
    log_info(&scratch.log, 2, "Watch \"x\" ended", {"resource", "pods"}, {"empty", NULL});
    json_t *root = json_loads(scratch.log_text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(root, "%s", scratch.log_text);
    cr_expect_str_eq(json_string_value(json_object_get(root, "msg")), "Watch \"x\" ended");
    cr_expect_str_eq(json_string_value(json_object_get(root, "resource")), "pods");
    cr_expect_str_eq(json_string_value(json_object_get(root, "empty")), "");
    cr_expect(json_integer_value(json_object_get(root, "v")) == 2);
    cr_expect(json_real_value(json_object_get(root, "ts")) > 1.7e12, "milliseconds since 1970");
    cr_expect(matches(json_string_value(json_object_get(root, "caller")),
                      "^tests/watch/test_log\\.c:[0-9]+$"));
    json_decref(root);
}

Test(log, higher_verbosity_than_asked_for_is_not_printed)
{
    scratch.log.verbosity = 2;
    log_info(&scratch.log, 4, "debug");
    cr_expect(scratch.log_len == 0);
    log_info(&scratch.log, 2, "change");
    cr_expect(scratch.log_len > 0);
    scratch.log.verbosity = 0;
    log_error(&scratch.log, "always");
    cr_expect(strstr(scratch.log_text, "always") != NULL);
}

/* reliability 4.7: a tenant's name must not forge a second line or move the cursor. */
static const struct {
    const char *value, *text;
} escapes[] = {
    {"two\nlines", "v=\"two\\nlines\"\n"},
    {"\x1b[31mred", "v=\"\\x1b[31mred\"\n"},
    {"quote\" back\\", "v=\"quote\\\" back\\\\\"\n"},
    {"tab\tcr\r", "v=\"tab\\tcr\\r\"\n"},
    {"bad\xff utf8", "v=\"bad\\xff utf8\"\n"},
    {"c1\xc2\x9b", "v=\"c1\\u009b\"\n"},
    {"gr\xc3\xbc\xc3\x9f", "v=\"gr\xc3\xbc\xc3\x9f\"\n"},
    {"\x7f", "v=\"\\x7f\"\n"},
};

Test(log, control_characters_are_escaped_in_text)
{
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        size_t before = scratch.log_len;
        log_info(&scratch.log, 0, "m", {"v", escapes[i].value});
        const char *line = scratch.log_text + before;
        const char *value = strstr(line, "v=");
        cr_assert_not_null(value);
        cr_expect_str_eq(value, escapes[i].text);
    }
}

Test(log, control_characters_are_escaped_in_json)
{
    scratch.log.format = LOG_JSON;
    log_info(&scratch.log, 0, "m", {"v", "two\nlines \x1b[31m \xff"});
    json_t *root = json_loads(scratch.log_text, 0, NULL);
    cr_assert_not_null(root, "%s", scratch.log_text);
    cr_expect_str_eq(json_string_value(json_object_get(root, "v")),
                     "two\nlines \x1b[31m \xef\xbf\xbd");
    cr_expect(strchr(scratch.log_text, '\n') == scratch.log_text + scratch.log_len - 1);
    json_decref(root);
}

static char huge[100000];

Test(log, a_huge_value_is_cut)
{
    memset(huge, '\x1b', sizeof(huge) - 1);
    log_info(&scratch.log, 0, "m", {"v", huge});
    cr_expect(scratch.log_len < 32768);
    cr_expect(scratch.log_text[scratch.log_len - 1] == '\n');
}

Test(log, a_huge_json_line_is_still_json)
{
    memset(huge, '\x1b', sizeof(huge) - 1);
    scratch.log.format = LOG_JSON;
    log_info(&scratch.log, 0, "m", {"v", huge}, {"w", huge});
    cr_expect(scratch.log_len < 32768);
    json_t *root = json_loads(scratch.log_text, 0, NULL);
    cr_expect_not_null(root);
    json_decref(root);
}
