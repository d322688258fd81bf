#include "model/lexer.h"

#include <criterion/criterion.h>

#include "model/base/rng.h"
#include "model/lexer_block.h"

/* What comes out of a text, one letter a token, "!" for an error; cut at `cut` (0: whole). */
static const char *lex(const char *text, size_t cut, char ret_tokens[256])
{
    static const char letters[] = {
        [LEX_KEY] = 'k',   [LEX_STRING] = 's',    [LEX_NUMBER] = 'n', [LEX_TRUE] = 't',
        [LEX_FALSE] = 'f', [LEX_NULL] = '0',      [LEX_OBJECT] = '{', [LEX_OBJECT_END] = '}',
        [LEX_ARRAY] = '[', [LEX_ARRAY_END] = ']', [LEX_ERROR] = '!',
    };
    struct lexer lexer;
    size_t count = 0, len = strlen(text);
    bool has_rest = cut > 0;
    lexer_init(&lexer, false);
    lexer_push(&lexer, text, has_rest ? cut : len);
    for (enum lexeme lexeme; count < 250;) {
        lexeme = lexer_next(&lexer);
        if (lexeme != LEX_MORE) {
            ret_tokens[count++] = letters[lexeme];
        } else if (has_rest) {
            has_rest = false;
            lexer_push(&lexer, text + cut, len - cut);
        }
        if (lexeme == LEX_ERROR || (lexeme == LEX_MORE && !has_rest && lexer.at == lexer.end &&
                                    lexer_offset(&lexer) == len))
            break;
    }
    if (count == 0 || ret_tokens[count - 1] != '!')
        ret_tokens[count++] = lexer_is_complete(&lexer) ? '.' : '~';
    ret_tokens[count] = '\0';
    lexer_fini(&lexer);
    return ret_tokens;
}

/* ":" complete, "~" cut, "!" refused. */
static const struct {
    const char *text, *tokens;
} grammar[] = {
    {"{}", "{}."},
    {" {\t\"a\" :\n1 ,\"b\":[true,false,null,\"x\",{},[]]}\r\n ", "{kn"
                                                                  "k[tf0s{}[]]"
                                                                  "}."},
    {"{\"a\":-0.5e+10}", "{kn}."},
    {"{\"a\":0}", "{kn}."},
    {"", "~"},
    {"{", "{~"},
    {"{\"a", "{~"},
    {"{\"a\":tru", "{k~"},
    {"{\"a\":1", "{k~"},
    {"[]", "!"},
    {"5", "!"},
    {"{}{}", "{}!"},
    {"{\"a\" 1}", "{k!"},
    {"{\"a\":1 \"b\":2}", "{kn!"},
    {"{\"a\":1,}", "{kn!"},
    {"{,}", "{!"},
    {"{a:1}", "{!"},
    {"{\"a\":[1,]}", "{k[n!"},
    {"{\"a\":[1 2]}", "{k[n!"},
    {"{\"a\":[1}", "{k[n!"},
    {"{\"a\":{]", "{k{!"},
    {"{\"a\":01}", "{k!"},
    {"{\"a\":1.}", "{k!"},
    {"{\"a\":.5}", "{k!"},
    {"{\"a\":+1}", "{k!"},
    {"{\"a\":1e}", "{k!"},
    {"{\"a\":-}", "{k!"},
    {"{\"a\":truth}", "{k!"},
    {"{\"a\":nul}", "{k!"},
    {"{\"a\":NaN}", "{k!"},
    {"{\"a\":'x'}", "{k!"},
    {"{\"a\":\"\\u00e9\\ud83d\\ude00\\n\"}", "{ks}."},
    {"{\"a\":\"\\x\"}", "{k!"},
    {"{\"a\":\"\\u12g4\"}", "{k!"},
    {"{\"a\":\"\\u0000\"}", "{ks}."}, /* NUL: read as U+FFFD */
    {"{\"a\":\"\\ud83d\"}", "{k!"},   /* half a pair */
    {"{\"a\":\"\\ud83dx\"}", "{k!"},
    {"{\"a\":\"\\ud83d\\u0041\"}", "{k!"},
    {"{\"a\":\"\\ude00\"}", "{k!"},
    {"{\"a\":\"\n\"}", "{k!"}, /* control characters have to be escaped */
    {"{\"a\":\"\xc3\xa9\"}", "{ks}."},
    {"{\"a\":\"\xc3\"}", "{k!"},         /* not UTF-8 */
    {"{\"a\":\"\xed\xa0\x80\"}", "{k!"}, /* a surrogate in UTF-8 */
};

Test(lexer, follows_the_grammar_however_the_text_is_cut)
{
    char tokens[256];
    for (size_t i = 0; i < ARRAY_LEN(grammar); i++) {
        cr_expect_str_eq(lex(grammar[i].text, 0, tokens), grammar[i].tokens, "%s: %s",
                         grammar[i].text, tokens);
        for (size_t cut = 1; cut < strlen(grammar[i].text); cut++)
            cr_expect_str_eq(lex(grammar[i].text, cut, tokens), grammar[i].tokens,
                             "%s cut at %zu: %s", grammar[i].text, cut, tokens);
    }
}

static void expect_text(const char *json, size_t cut, const char *expected, size_t len)
{
    struct lexer lexer;
    lexer_init(&lexer, false);
    lexer_push(&lexer, json, cut);
    enum lexeme lexeme;
    bool has_rest = true;
    while ((lexeme = lexer_next(&lexer)) != LEX_STRING) {
        cr_assert(lexeme != LEX_ERROR, "%s", lexer.error);
        if (lexeme == LEX_MORE) {
            cr_assert(has_rest);
            has_rest = false;
            lexer_push(&lexer, json + cut, strlen(json) - cut);
        }
    }
    cr_expect(lexer.text.len == len && memcmp(lexer.text.ptr, expected, len) == 0,
              "cut at %zu: %.*s", cut, (int)lexer.text.len, lexer.text.ptr);
    lexer_fini(&lexer);
}

Test(lexer, unescapes_strings)
{
    const char *json =
        "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\uD83D\\uDE00 plain\"}";
    const char expected[] = "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 plain";
    for (size_t cut = 1; cut < strlen(json); cut++)
        expect_text(json, cut, expected, sizeof(expected) - 1);
}

/* Anybody may write it into an annotation, and nobody's stream may end by it. */
Test(lexer, reads_nul_as_the_replacement_character)
{
    const char *json = "{\"a\":\"x\\u0000y\"}";
    for (size_t cut = 1; cut < strlen(json); cut++)
        expect_text(json, cut, "x\xef\xbf\xbdy", 5);
}

Test(lexer, says_where_and_what_was_expected)
{
    struct lexer lexer;
    lexer_init(&lexer, false);
    const char *text = "{\"a\": [1, 2}";
    lexer_push(&lexer, text, strlen(text));
    enum lexeme lexeme;
    do
        lexeme = lexer_next(&lexer);
    while (lexeme != LEX_ERROR && lexeme != LEX_MORE);
    cr_assert_eq(lexeme, LEX_ERROR);
    cr_assert_str_eq(lexer.error, "byte 11: expected ',' or ']', found '}'");
    cr_assert_eq(lexer_next(&lexer), LEX_ERROR);
    lexer_fini(&lexer);
}

/* Skips the value of "a" and expects the number of "b". */
static void expect_skipped(const char *value, size_t cut)
{
    struct buf json;
    buf_init(&json, 1 << 20);
    (void)buf_printf(&json, "{\"a\":%s,\"b\":7}", value);
    struct lexer lexer;
    lexer_init(&lexer, false);
    cut = cut < json.len ? cut : json.len;
    lexer_push(&lexer, json.data, cut);
    size_t pushed = cut, count = 0;
    char tokens[16] = "";
    while (count < 8) {
        enum lexeme lexeme = lexer_next(&lexer);
        if (lexeme == LEX_MORE && pushed == json.len)
            break;
        if (lexeme == LEX_MORE) {
            lexer_push(&lexer, json.data + pushed, json.len - pushed);
            pushed = json.len;
            continue;
        }
        if (lexeme == LEX_KEY && str_is(lexer.text, "a"))
            lexer_skip_value(&lexer);
        tokens[count++] = (char)('A' + lexeme);
    }
    const char expected[] = {'A' + LEX_OBJECT, 'A' + LEX_KEY,        'A' + LEX_KEY,
                             'A' + LEX_NUMBER, 'A' + LEX_OBJECT_END, '\0'};
    cr_expect_str_eq(tokens, expected, "%s cut at %zu: %s", json.data, cut, lexer.error);
    lexer_fini(&lexer);
    buf_fini(&json);
}

Test(lexer, skips_values_of_every_kind)
{
    static const char *const values[] = {
        "1",
        "-1.5e3",
        "true",
        "null",
        "\"\"",
        "\"a\\\"b\\\\\"",
        "\"\\\\\\\\\"",
        "{}",
        "[]",
        "{\"x\":\"}\"}",
        "[\"]\",\"\\\"]\",\"\\\\\"]",
        "{\"a\":[{\"b\":[1,2,{}]}],\"c\":\"\\u0041\"}",
        "{\"k:{\\\"name\\\":\\\"main\\\"}\":{\".\":{},\"f:env\":{\".\":{}}},\"long enough to cross"
        " a block of sixty-four bytes \\\\\":[[[[]]]],\"and one more, with an escape at its "
        "end\\\\\":1}",
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        for (size_t cut = 1; cut < strlen(values[i]) + 10; cut++)
            expect_skipped(values[i], cut);
}

/* `depth` nested arrays as the value of a key that is read or skipped. */
static enum lexeme nest(uint32_t depth, bool is_skipped, struct lexer *lexer)
{
    struct buf json;
    buf_init(&json, 1 << 20);
    (void)buf_add_str(&json, "{\"a\":");
    for (uint32_t i = 0; i < depth; i++)
        (void)buf_add_str(&json, "[");
    for (uint32_t i = 0; i < depth; i++)
        (void)buf_add_str(&json, "]");
    (void)buf_add_str(&json, "}");
    lexer_init(lexer, false);
    lexer_push(lexer, json.data, json.len);
    enum lexeme lexeme;
    do {
        lexeme = lexer_next(lexer);
        if (lexeme == LEX_KEY && is_skipped)
            lexer_skip_value(lexer);
    } while (lexeme != LEX_MORE && lexeme != LEX_ERROR);
    buf_fini(&json);
    lexer_fini(lexer);
    return lexeme;
}

Test(lexer, allows_64_levels_and_no_more)
{
    struct lexer lexer;
    for (int is_skipped = 0; is_skipped < 2; is_skipped++) {
        cr_expect_eq(nest(63, is_skipped, &lexer), LEX_MORE);
        cr_expect_eq(nest(64, is_skipped, &lexer), LEX_ERROR);
        cr_expect_str_eq(lexer.error, "byte 68: nested deeper than 64 levels");
        cr_expect_eq(nest(10000, is_skipped, &lexer), LEX_ERROR);
        cr_expect_str_eq(lexer.error, "byte 68: nested deeper than 64 levels");
    }
}

Test(lexer, keeps_64_kib_of_a_longer_string)
{
    struct buf json;
    buf_init(&json, 1 << 20);
    (void)buf_add_str(&json, "{\"a\":\"");
    for (int i = 0; i < LEXER_STRING_BYTES_MAX + 1; i++)
        (void)buf_add_str(&json, "x");
    (void)buf_add_str(&json, "\"}");
    for (int is_cut = 0; is_cut < 2; is_cut++) {
        struct lexer lexer;
        lexer_init(&lexer, false);
        lexer_push(&lexer, json.data, is_cut ? 1000 : json.len);
        enum lexeme lexeme;
        while ((lexeme = lexer_next(&lexer)) != LEX_STRING)
            if (lexeme == LEX_MORE)
                lexer_push(&lexer, json.data + 1000, json.len - 1000);
        cr_expect(lexer.is_long);
        cr_expect_eq(lexer.text.len, LEXER_STRING_BYTES_MAX);
        lexer_fini(&lexer);
    }
    buf_fini(&json);
}

#ifdef __SSE2__
Test(lexer, both_ways_of_reading_a_block_agree)
{
    struct rng rng;
    rng_init(&rng, 5);
    for (int round = 0; round < 20000; round++) {
        static const char alphabet[] = "\"\\{}[]a:,.\x01\x1f \x7f\x80\xff\xdb\xfb";
        char bytes[LEXER_BLOCK_BYTES];
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = round % 2 ? (char)rng_below(&rng, 256)
                                 : alphabet[rng_below(&rng, sizeof(alphabet) - 1)];
        struct lexer_block a, b;
        lexer_block_read_portable(bytes, &a);
        lexer_block_read_sse2(bytes, &b);
        cr_assert(a.quotes == b.quotes && a.backslashes == b.backslashes && a.opens == b.opens &&
                  a.closes == b.closes);
        const char *end = bytes + rng_below(&rng, sizeof(bytes) + 1);
        const char *expected = bytes;
        while (expected < end && !lexer_is_special(*expected))
            expected++;
        cr_assert_eq(lexer_find_special_portable(bytes, end), expected);
        cr_assert_eq(lexer_find_special_sse2(bytes, end), expected);
    }
}
#endif
