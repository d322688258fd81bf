#include "bench/perf_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "model/base/check.h"

static json_t *fields(void)
{
    return json_pack("{s:i, s:i, s:s, s:i, s:b, s:s, s:i}", "Index", 27, "Count", 100, "class",
                     "gold", "zero", 0, "yes", 1, "digits", "12", "per", 10);
}

/* Runs the template; -EINVAL leaves what is wrong in *err. */
static int render(const char *text, struct buf *out, struct err *err)
{
    json_t *env = fields();
    buf_init(out, 4096);
    int rc = perf_text_render(str_from(text), env, out, err);
    json_decref(env);
    return rc;
}

static const struct {
    const char *template, *text;
} rows[] = {
    {"", ""},
    {"plain: {braces}", "plain: {braces}"},
    {"pod-{{.Index}}", "pod-27"},
    {"pod-{{ .Index }}-of-{{.Count}}", "pod-27-of-100"},
    {"{{.class}}", "gold"},
    {"{{Mod .Index 12}}", "3"},
    {"{{DivideInt .Index .per}}", "2"},
    {"{{DivideInt 30000 .Count}}Mi", "300Mi"},
    {"{{AddInt 7000 (Mod .Index (DivideInt .Count .per))}}", "7007"},
    {"{{SubtractInt .Index 30}}", "-3"},
    {"{{MultiplyInt 2 3 4}}", "24"},
    {"{{AddInt .digits 1}}", "13"},
    {"{{.digits | Int | AddInt 1}}", "13"},
    {"{{.Index | Mod 100}}", "19"}, /* Mod 100 27 */
    {"{{or .zero .class}}", "gold"},
    {"{{and .yes .class}}", "gold"},
    {"{{or .absent 5}}", "5"},
    {"{{not .absent}}", "true"},
    {"{{.class | JSON}}", "\"gold\""},
    {"{{if .zero}}a{{else}}b{{end}}", "b"},
    {"{{if .absent}}a{{end}}c", "c"},
    {"{{if eq .class \"gold\"}}a{{else}}b{{end}}", "a"},
    {"{{if eq .class \"tin\" \"gold\"}}a{{end}}", "a"},
    {"{{if ne .Index 27}}a{{else if lt .Index 100}}b{{else}}c{{end}}", "b"},
    {"{{if gt .Index 100}}a{{else if ge .Index 28}}b{{else}}c{{end}}", "c"},
    {"{{if .yes}}a{{if .zero}}b{{else}}c{{end}}d{{end}}", "acd"},
    {"{{if .zero}}a{{if .yes}}b{{else}}c{{end}}d{{else}}e{{end}}", "e"},
    {"{{if .zero}}{{DivideInt 1 0}}{{end}}not evaluated", "not evaluated"},
    {"a {{- .Index -}} \n b", "a27b"},
    {"a{{/* a comment */}}b", "ab"},
    {"x: -1 {{ -5 }}", "x: -1 -5"},
};

Test(perf_text, replaces_as_gos_templates_do)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct buf out;
        cr_expect_eq(render(rows[i].template, &out, &err), 0, "%s: %s", rows[i].template, err.text);
        cr_expect_str_eq(out.len > 0 ? out.data : "", rows[i].text, "%s", rows[i].template);
        buf_fini(&out);
    }
}

static const struct {
    const char *template, *wrong;
} bad[] = {
    {"a\nb\n{{.Index", "line 3: {{ without }}"},
    {"{{.absent}}", "line 1: this has no value: .absent"},
    {"\n{{DivideInt 1 0}}", "line 2: the function cannot take these arguments: DivideInt 1 0"},
    {"{{Mod 1 0}}", "the function cannot take these arguments"},
    {"{{AddInt .class 1}}", "the function cannot take these arguments"},
    {"{{lt .absent 1}}", "the function cannot take these arguments"},
    {"{{MultiplyInt 1000000000 1000000000}}", "the function cannot take these arguments"},
    {"{{99999999999999999999}}", "neither a number nor a function"},
    {"{{Shout .class}}", "neither a number nor a function that is supported: Shout .class"},
    {"{{$x := 1}}", "variables are not supported"},
    {"{{range .Count}}a{{end}}", "this action is not supported: range .Count"},
    {"{{with .x}}{{end}}", "this action is not supported"},
    {"{{.a.b}}", "only fields of one name"},
    {"{{end}}", "end without if"},
    {"{{else}}", "else without if"},
    {"{{if .yes}}a", "if without end"},
    {"{{if .yes}}{{else}}{{else}}{{end}}", "a second else"},
    {"{{if}}a{{end}}", "one value is expected here"},
    {"{{}}", "one value is expected here"},
    {"{{.Index .Count}}", "one value is expected here"},
    {"{{(Mod .Index 2}}", "a parenthesis is not closed"},
    {"{{Mod .Index 2)}}", "this cannot be read"},
    {"{{.Index |}}", "a function is expected behind |"},
    {"{{Mod Mod 1}}", "a function among arguments needs parentheses"},
    {"{{\"open}}", "a text that does not end"},
    {"{{((((((((((((1))))))))))))}}", "calls are nested too deep"},
    {"{{AddInt 1 2 3 4 5 6 7 8 9 10}}", "too many arguments"},
    {"{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}",
     "ifs are nested too deep"},
};

Test(perf_text, says_what_cannot_be_carried_out_and_in_which_line)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = {0};
        struct buf out;
        cr_expect_eq(render(bad[i].template, &out, &err), -EINVAL, "%s", bad[i].template);
        cr_expect(strstr(err.text, bad[i].wrong), "%s: %s", bad[i].template, err.text);
        buf_fini(&out);
    }
}

Test(perf_text, what_grows_too_large_is_refused)
{
    struct err err = {0};
    struct buf out;
    json_t *env = fields();
    buf_init(&out, 4);
    cr_expect_eq(perf_text_render(STR("12345"), env, &out, &err), -EINVAL);
    cr_expect(strstr(err.text, "too large"), "%s", err.text);
    buf_fini(&out);
    json_decref(env);
}
