#include "model/lexer.h"

#include <stdio.h>

#include "model/base/check.h"
#include "model/lexer_state.h"

void lexer_init(struct lexer *lexer, bool is_stream)
{
    *lexer = (struct lexer){.is_stream = is_stream};
    buf_init(&lexer->scratch, LEXER_STRING_BYTES_MAX);
}

void lexer_fini(struct lexer *lexer)
{
    buf_fini(&lexer->scratch);
}

void lexer_reset(struct lexer *lexer)
{
    struct buf scratch = lexer->scratch;
    *lexer = (struct lexer){.is_stream = lexer->is_stream, .scratch = scratch};
}

void lexer_push(struct lexer *lexer, const char *bytes, size_t len)
{
    CHECK(lexer->at == lexer->end);
    lexer->piece_offset = lexer_offset(lexer);
    lexer->piece = lexer->at = bytes;
    lexer->end = bytes + len;
}

uint64_t lexer_offset(const struct lexer *lexer)
{
    return lexer_here(lexer);
}

bool lexer_is_complete(const struct lexer *lexer)
{
    return lexer->under_way == WAY_BETWEEN &&
           (lexer->expect == EXPECT_NOTHING || (lexer->is_stream && lexer->expect == EXPECT_TOP));
}

void lexer_skip_value(struct lexer *lexer)
{
    CHECK(lexer->expect == EXPECT_COLON && lexer->under_way == WAY_BETWEEN);
    lexer->is_skipping = true;
}

void lexer_skip_rest(struct lexer *lexer, uint32_t levels)
{
    CHECK(levels > 0 && levels <= lexer->depth && levels < LEXER_DEPTH_MAX);
    CHECK(lexer->under_way == WAY_BETWEEN && !lexer->is_skipping);
    lexer->depth -= levels;
    lexer->is_array_bits >>= levels;
    lexer->under_way = WAY_SKIP_NESTED;
    lexer->skip_depth = levels;
}

enum lexeme lexer_fail_at(struct lexer *lexer, uint64_t offset, const char *what)
{
    lexer->under_way = WAY_FAILED;
    (void)snprintf(lexer->error, sizeof(lexer->error), "byte %llu: %s", (unsigned long long)offset,
                   what);
    return LEX_ERROR;
}

enum lexeme lexer_fail_expected(struct lexer *lexer, const char *expected)
{
    unsigned char found = (unsigned char)*lexer->at;
    char what[80];
    if (found > 0x20 && found < 0x7f)
        (void)snprintf(what, sizeof(what), "expected %s, found '%c'", expected, found);
    else
        (void)snprintf(what, sizeof(what), "expected %s, found byte 0x%02x", expected, found);
    return lexer_fail_at(lexer, lexer_offset(lexer), what);
}

enum lexeme lexer_fail_depth(struct lexer *lexer)
{
    char what[64];
    (void)snprintf(what, sizeof(what), "nested deeper than %d levels", LEXER_DEPTH_MAX);
    return lexer_fail_at(lexer, lexer_offset(lexer), what);
}

static enum lexeme open_container(struct lexer *lexer, bool is_array)
{
    if (lexer->depth == LEXER_DEPTH_MAX)
        return lexer_fail_depth(lexer);
    lexer->at++;
    lexer->depth++;
    lexer->is_array_bits = lexer->is_array_bits << 1 | is_array;
    lexer->expect = is_array ? EXPECT_FIRST_ITEM : EXPECT_FIRST_KEY;
    return is_array ? LEX_ARRAY : LEX_OBJECT;
}

static enum lexeme close_container(struct lexer *lexer)
{
    bool is_array = lexer->is_array_bits & 1;
    lexer->at++;
    lexer->depth--;
    lexer->is_array_bits >>= 1;
    lexer_end_value(lexer);
    return is_array ? LEX_ARRAY_END : LEX_OBJECT_END;
}

static enum lexeme read_literal(struct lexer *lexer)
{
    while (lexer->at < lexer->end && *lexer->literal != '\0') {
        if (*lexer->at != *lexer->literal)
            return lexer_fail_expected(lexer, "true, false or null");
        lexer->at++;
        lexer->literal++;
    }
    if (*lexer->literal != '\0')
        return LEX_MORE;
    lexer_end_value(lexer);
    return lexer->literal_is;
}

static enum lexeme start_literal(struct lexer *lexer, const char *literal, enum lexeme lexeme)
{
    lexer->under_way = WAY_LITERAL;
    lexer->literal = literal;
    lexer->literal_is = lexeme;
    return read_literal(lexer);
}

/* ---- the grammar ---- */

static enum lexeme start_value(struct lexer *lexer)
{
    char c = *lexer->at;
    switch (c) {
    case '"':
        return lexer->is_skipping ? lexer_start_skip_string(lexer)
                                  : lexer_start_string(lexer, false);
    case '{':
    case '[':
        return lexer->is_skipping ? lexer_start_skip_nested(lexer)
                                  : open_container(lexer, c == '[');
    case 't':
        return start_literal(lexer, "true", LEX_TRUE);
    case 'f':
        return start_literal(lexer, "false", LEX_FALSE);
    case 'n':
        return start_literal(lexer, "null", LEX_NULL);
    default:
        if (c != '-' && (c < '0' || c > '9'))
            return lexer_fail_expected(lexer, "a value");
        return lexer_start_number(lexer);
    }
}

/* A colon or comma that stands right where the last token ended, as in all compact JSON. */
static inline void pass_punctuation(struct lexer *lexer)
{
    if (lexer->at == lexer->end)
        return;
    char c = *lexer->at;
    if (lexer->expect == EXPECT_COLON && c == ':') {
        lexer->at++;
        lexer->expect = EXPECT_VALUE;
    } else if (lexer->expect == EXPECT_COMMA && c == ',') {
        lexer->at++;
        lexer->expect = lexer->is_array_bits & 1 ? EXPECT_VALUE : EXPECT_KEY;
    }
}

/* At a byte that is no white space: the token that begins here, LEX_MORE after punctuation. */
static enum lexeme start_token(struct lexer *lexer, char c)
{
    bool is_array = lexer->is_array_bits & 1;
    switch ((enum expect)lexer->expect) {
    case EXPECT_VALUE:
        return start_value(lexer);
    case EXPECT_KEY:
        return c == '"' ? lexer_start_string(lexer, true) : lexer_fail_expected(lexer, "a key");
    case EXPECT_COMMA:
        if (c == (is_array ? ']' : '}'))
            return close_container(lexer);
        if (c != ',')
            return lexer_fail_expected(lexer, is_array ? "',' or ']'" : "',' or '}'");
        pass_punctuation(lexer);
        return LEX_MORE;
    case EXPECT_COLON:
        if (c != ':')
            return lexer_fail_expected(lexer, "':'");
        pass_punctuation(lexer);
        return LEX_MORE;
    case EXPECT_FIRST_KEY:
        if (c == '}')
            return close_container(lexer);
        return c == '"' ? lexer_start_string(lexer, true)
                        : lexer_fail_expected(lexer, "a key or '}'");
    case EXPECT_FIRST_ITEM:
        return c == ']' ? close_container(lexer) : start_value(lexer);
    case EXPECT_TOP:
        return c == '{' ? open_container(lexer, false) : lexer_fail_expected(lexer, "an object");
    case EXPECT_NOTHING:
        break;
    }
    return lexer_fail_expected(lexer, "the end of the input");
}

static enum lexeme between_tokens(struct lexer *lexer)
{
    pass_punctuation(lexer);
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            lexer->at++;
            continue;
        }
        enum lexeme lexeme = start_token(lexer, c);
        if (lexeme != LEX_MORE || lexer->under_way != WAY_BETWEEN)
            return lexeme;
    }
    return LEX_MORE;
}

static enum lexeme step(struct lexer *lexer)
{
    switch ((enum under_way)lexer->under_way) {
    case WAY_BETWEEN:
        return between_tokens(lexer);
    case WAY_STRING:
        return lexer_collect_string(lexer);
    case WAY_NUMBER:
        return lexer_read_number(lexer);
    case WAY_LITERAL:
        return read_literal(lexer);
    case WAY_SKIP_STRING:
        return lexer_skip_string(lexer);
    case WAY_SKIP_NESTED:
        return lexer_skip_nested(lexer);
    case WAY_FAILED:
        break;
    }
    return LEX_ERROR;
}

enum lexeme lexer_next(struct lexer *lexer)
{
    for (;;) {
        bool is_skipped = lexer->is_skipping || lexer->under_way == WAY_SKIP_NESTED;
        enum lexeme lexeme = step(lexer);
        if (!is_skipped || lexeme == LEX_MORE || lexeme == LEX_ERROR)
            return lexeme;
    }
}
