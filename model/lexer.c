#include "model/lexer.h"

#include <stdio.h>

#include "model/base/check.h"
#include "model/base/utf8.h"
#include "model/lexer_block.h"

enum expect {
    EXPECT_TOP,       /* an object at top level, or the end */
    EXPECT_NOTHING,   /* only white space: the one value is complete */
    EXPECT_FIRST_KEY, /* or } */
    EXPECT_KEY,       /* after a comma */
    EXPECT_COLON,
    EXPECT_FIRST_ITEM, /* or ] */
    EXPECT_VALUE,
    EXPECT_COMMA, /* or the closing bracket */
};

/* What a piece may end in the middle of. */
enum under_way {
    WAY_BETWEEN,
    WAY_STRING,
    WAY_NUMBER,
    WAY_LITERAL,
    WAY_SKIP_STRING,
    WAY_SKIP_NESTED,
    WAY_FAILED,
};

/* Steps of an escape sequence: after \, four digits after \u, then the second half of a pair. */
enum escape {
    ESCAPE_NONE,
    ESCAPE_LETTER,
    ESCAPE_DIGITS, /* 4 steps */
    ESCAPE_PAIR_BACKSLASH = ESCAPE_DIGITS + 4,
    ESCAPE_PAIR_U,
    ESCAPE_PAIR_DIGITS, /* 4 steps */
};

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
    return lexer->piece_offset + (uint64_t)(lexer->at - lexer->piece);
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

static enum lexeme fail_at(struct lexer *lexer, uint64_t offset, const char *what)
{
    lexer->under_way = WAY_FAILED;
    (void)snprintf(lexer->error, sizeof(lexer->error), "byte %llu: %s", (unsigned long long)offset,
                   what);
    return LEX_ERROR;
}

static enum lexeme fail_expected(struct lexer *lexer, const char *expected)
{
    unsigned char found = (unsigned char)*lexer->at;
    char what[80];
    if (found > 0x20 && found < 0x7f)
        (void)snprintf(what, sizeof(what), "expected %s, found '%c'", expected, found);
    else
        (void)snprintf(what, sizeof(what), "expected %s, found byte 0x%02x", expected, found);
    return fail_at(lexer, lexer_offset(lexer), what);
}

static enum lexeme fail_depth(struct lexer *lexer)
{
    char what[64];
    (void)snprintf(what, sizeof(what), "nested deeper than %d levels", LEXER_DEPTH_MAX);
    return fail_at(lexer, lexer_offset(lexer), what);
}

/* A value is complete: what may follow. */
static void end_value(struct lexer *lexer)
{
    lexer->under_way = WAY_BETWEEN;
    lexer->is_skipping = false;
    lexer->expect = lexer->depth > 0   ? EXPECT_COMMA
                    : lexer->is_stream ? EXPECT_TOP
                                       : EXPECT_NOTHING;
}

static enum lexeme open_container(struct lexer *lexer, bool is_array)
{
    if (lexer->depth == LEXER_DEPTH_MAX)
        return fail_depth(lexer);
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
    end_value(lexer);
    return is_array ? LEX_ARRAY_END : LEX_OBJECT_END;
}

/* ---- strings ---- */

/* Keeps what the limit allows of bytes that are no longer, or never were, in one run of the piece.
 */
static void scratch_add(struct lexer *lexer, const char *bytes, size_t len, size_t limit)
{
    size_t room = limit - lexer->scratch.len;
    (void)buf_add(&lexer->scratch, bytes, len < room ? len : room);
    lexer->text_bytes += len;
}

static enum lexeme end_string(struct lexer *lexer, struct str text, uint64_t text_bytes)
{
    lexer->is_long = text_bytes > LEXER_STRING_BYTES_MAX;
    if (text.len > LEXER_STRING_BYTES_MAX)
        text.len = LEXER_STRING_BYTES_MAX;
    if (lexer->has_high && !lexer->is_long && !utf8_valid(text.ptr, text.len))
        return fail_at(lexer, lexer->token_offset, "this string is not UTF-8");
    lexer->text = text;
    if (!lexer->is_key) {
        end_value(lexer);
        return LEX_STRING;
    }
    lexer->under_way = WAY_BETWEEN;
    lexer->expect = EXPECT_COLON;
    return LEX_KEY;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_code_point(struct lexer *lexer, uint32_t code_point)
{
    char bytes[4];
    scratch_add(lexer, bytes, utf8_encode(code_point, bytes), LEXER_STRING_BYTES_MAX);
    lexer->escape = ESCAPE_NONE;
}

/* One of the four digits of \uXXXX; false on anything wrong. */
static bool step_digit(struct lexer *lexer, char c)
{
    int digit = hex_digit(c);
    if (digit < 0)
        return false;
    lexer->unit = (uint16_t)(lexer->unit << 4 | digit);
    bool is_pair = lexer->escape >= ESCAPE_PAIR_DIGITS;
    bool is_last = lexer->escape == (is_pair ? ESCAPE_PAIR_DIGITS : ESCAPE_DIGITS) + 3;
    lexer->escape++;
    if (!is_last)
        return true;
    uint16_t unit = lexer->unit;
    bool is_high = unit >= 0xd800 && unit < 0xdc00, is_low = unit >= 0xdc00 && unit < 0xe000;
    if (is_pair != is_low || unit == 0)
        return false;
    if (is_high) {
        lexer->high = unit; /* and the step is now ESCAPE_PAIR_BACKSLASH */
        return true;
    }
    add_code_point(lexer,
                   is_pair ? 0x10000 + ((lexer->high - 0xd800U) << 10) + (unit - 0xdc00U) : unit);
    return true;
}

static bool step_letter(struct lexer *lexer, char c)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
        lexer->unit = 0;
        lexer->escape = ESCAPE_DIGITS;
        return true;
    }
    const char *found = c == '\0' ? NULL : strchr(letters, c);
    if (!found)
        return false;
    scratch_add(lexer, &bytes[found - letters], 1, LEXER_STRING_BYTES_MAX);
    lexer->escape = ESCAPE_NONE;
    return true;
}

/* One byte of an escape sequence; false when it cannot be there. */
static bool step_escape(struct lexer *lexer, char c)
{
    switch (lexer->escape) {
    case ESCAPE_LETTER:
        return step_letter(lexer, c);
    case ESCAPE_PAIR_BACKSLASH:
        lexer->escape = ESCAPE_PAIR_U;
        return c == '\\';
    case ESCAPE_PAIR_U:
        lexer->unit = 0;
        lexer->escape = ESCAPE_PAIR_DIGITS;
        return c == 'u';
    default:
        return step_digit(lexer, c);
    }
}

/* A string that has escapes, or began in an earlier piece: collected in the scratch buffer. */
static enum lexeme collect_string(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (lexer->escape != ESCAPE_NONE) {
            if (!step_escape(lexer, *lexer->at))
                return fail_at(lexer, lexer_offset(lexer), "this escape sequence is not allowed");
            lexer->at++;
            continue;
        }
        const char *stop = lexer_find_special(lexer->at, lexer->end);
        scratch_add(lexer, lexer->at, (size_t)(stop - lexer->at), LEXER_STRING_BYTES_MAX);
        lexer->at = stop;
        if (stop == lexer->end)
            break;
        if (*stop == '"') {
            lexer->at++;
            return end_string(lexer, buf_str(&lexer->scratch), lexer->text_bytes);
        }
        if (*stop == '\\') {
            lexer->escape = ESCAPE_LETTER;
        } else if ((unsigned char)*stop < 0x20) {
            return fail_expected(lexer, "no control character in a string");
        } else {
            lexer->has_high = true;
            scratch_add(lexer, stop, 1, LEXER_STRING_BYTES_MAX);
        }
        lexer->at++;
    }
    return LEX_MORE;
}

/* At the opening quote. Most strings are plain and whole: their text stays where it is. */
static enum lexeme start_string(struct lexer *lexer, bool is_key)
{
    lexer->is_key = is_key;
    lexer->has_high = false;
    lexer->token_offset = lexer_offset(lexer);
    const char *start = ++lexer->at, *stop = lexer_find_special(start, lexer->end);
    while (stop < lexer->end && (unsigned char)*stop >= 0x80) {
        lexer->has_high = true;
        stop = lexer_find_special(stop + 1, lexer->end);
    }
    if (stop < lexer->end && *stop == '"') {
        lexer->at = stop + 1;
        size_t len = (size_t)(stop - start);
        return end_string(lexer, (struct str){start, len}, len);
    }
    lexer->under_way = WAY_STRING;
    lexer->escape = ESCAPE_NONE;
    lexer->text_bytes = 0;
    buf_clear(&lexer->scratch);
    scratch_add(lexer, start, (size_t)(stop - start), LEXER_STRING_BYTES_MAX);
    lexer->at = stop;
    return collect_string(lexer);
}

/* ---- numbers and literals ---- */

static size_t digits_at(struct str text, size_t i)
{
    size_t start = i;
    while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
        i++;
    return i - start;
}

static bool is_number(struct str text)
{
    size_t i = text.len > 0 && text.ptr[0] == '-';
    size_t digits = digits_at(text, i);
    if (digits == 0 || (digits > 1 && text.ptr[i] == '0'))
        return false;
    i += digits;
    if (i < text.len && text.ptr[i] == '.') {
        digits = digits_at(text, i + 1);
        if (digits == 0)
            return false;
        i += 1 + digits;
    }
    if (i < text.len && (text.ptr[i] | 0x20) == 'e') {
        i++;
        i += i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+');
        digits = digits_at(text, i);
        if (digits == 0)
            return false;
        i += digits;
    }
    return i == text.len;
}

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static enum lexeme read_number(struct lexer *lexer)
{
    const char *start = lexer->at, *stop = start;
    while (stop < lexer->end && is_number_byte(*stop))
        stop++;
    lexer->at = stop;
    struct str text = {start, (size_t)(stop - start)};
    uint64_t text_bytes = text.len;
    if (stop == lexer->end || lexer->text_bytes > 0) {
        scratch_add(lexer, text.ptr, text.len, LEXER_NUMBER_BYTES_MAX);
        text_bytes = lexer->text_bytes;
        text = buf_str(&lexer->scratch);
    }
    if (stop == lexer->end)
        return LEX_MORE;
    lexer->is_long = text_bytes > LEXER_NUMBER_BYTES_MAX;
    if (lexer->is_long)
        text.len = LEXER_NUMBER_BYTES_MAX;
    else if (!is_number(text))
        return fail_at(lexer, lexer->token_offset, "this is no number");
    lexer->text = text;
    end_value(lexer);
    return LEX_NUMBER;
}

static enum lexeme read_literal(struct lexer *lexer)
{
    while (lexer->at < lexer->end && *lexer->literal != '\0') {
        if (*lexer->at != *lexer->literal)
            return fail_expected(lexer, "true, false or null");
        lexer->at++;
        lexer->literal++;
    }
    if (*lexer->literal != '\0')
        return LEX_MORE;
    end_value(lexer);
    return lexer->literal_is;
}

static enum lexeme start_literal(struct lexer *lexer, const char *literal, enum lexeme lexeme)
{
    lexer->under_way = WAY_LITERAL;
    lexer->literal = literal;
    lexer->literal_is = lexeme;
    return read_literal(lexer);
}

/* ---- skipping ---- */

static enum lexeme skip_string(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (lexer->is_escaped) {
            lexer->is_escaped = false;
            lexer->at++;
            continue;
        }
        lexer->at = lexer_find_special(lexer->at, lexer->end);
        if (lexer->at == lexer->end)
            break;
        char c = *lexer->at++;
        if (c == '"') {
            end_value(lexer);
            return LEX_STRING;
        }
        lexer->is_escaped = c == '\\';
    }
    return LEX_MORE;
}

/* Where the brackets of a block may end the value, or go too deep: one at a time. */
static enum lexeme skip_brackets(struct lexer *lexer, uint64_t opens, uint64_t closes)
{
    for (uint64_t both = opens | closes; both; both &= both - 1) {
        uint64_t bit = both & -both;
        if (opens & bit) {
            if (lexer->depth + ++lexer->skip_depth > LEXER_DEPTH_MAX) {
                lexer->at += __builtin_ctzll(bit);
                return fail_depth(lexer);
            }
        } else if (--lexer->skip_depth == 0) {
            lexer->at += __builtin_ctzll(bit) + 1;
            lexer->in_string = lexer->is_escaped = false;
            end_value(lexer);
            return LEX_OBJECT_END;
        }
    }
    return LEX_MORE;
}

static enum lexeme skip_nested(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        size_t left = (size_t)(lexer->end - lexer->at);
        size_t len = left < LEXER_BLOCK_BYTES ? left : LEXER_BLOCK_BYTES;
        struct lexer_block block;
        if (len == LEXER_BLOCK_BYTES) {
            lexer_block_read(lexer->at, &block);
        } else {
            char padded[LEXER_BLOCK_BYTES];
            memset(padded, ' ', sizeof(padded));
            memcpy(padded, lexer->at, len);
            lexer_block_read(padded, &block);
        }
        bool next_escaped = false;
        if (block.backslashes || lexer->is_escaped) {
            uint64_t escaped = lexer_escaped(block.backslashes, lexer->is_escaped, &next_escaped);
            block.quotes &= ~escaped;
            if (len < LEXER_BLOCK_BYTES)
                next_escaped = escaped >> len & 1;
        }
        uint64_t inside = lexer_prefix_xor(block.quotes) ^ (lexer->in_string ? UINT64_MAX : 0);
        uint64_t opens = block.opens & ~inside, closes = block.closes & ~inside;
        uint32_t open_count = lexer_bit_count(opens), close_count = lexer_bit_count(closes);
        if (close_count < lexer->skip_depth &&
            lexer->depth + lexer->skip_depth + open_count <= LEXER_DEPTH_MAX) {
            lexer->skip_depth += open_count - close_count;
        } else {
            enum lexeme lexeme = skip_brackets(lexer, opens, closes);
            if (lexeme != LEX_MORE)
                return lexeme;
        }
        lexer->in_string = inside >> 63;
        lexer->is_escaped = next_escaped;
        lexer->at += len;
    }
    return LEX_MORE;
}

static enum lexeme start_skip_nested(struct lexer *lexer)
{
    if (lexer->depth == LEXER_DEPTH_MAX)
        return fail_depth(lexer);
    lexer->at++;
    lexer->under_way = WAY_SKIP_NESTED;
    lexer->skip_depth = 1;
    return skip_nested(lexer);
}

/* ---- the grammar ---- */

static enum lexeme start_value(struct lexer *lexer)
{
    char c = *lexer->at;
    switch (c) {
    case '"':
        if (!lexer->is_skipping)
            return start_string(lexer, false);
        lexer->at++;
        lexer->under_way = WAY_SKIP_STRING;
        return skip_string(lexer);
    case '{':
    case '[':
        return lexer->is_skipping ? start_skip_nested(lexer) : open_container(lexer, c == '[');
    case 't':
        return start_literal(lexer, "true", LEX_TRUE);
    case 'f':
        return start_literal(lexer, "false", LEX_FALSE);
    case 'n':
        return start_literal(lexer, "null", LEX_NULL);
    default:
        if (c != '-' && (c < '0' || c > '9'))
            return fail_expected(lexer, "a value");
        lexer->under_way = WAY_NUMBER;
        lexer->token_offset = lexer_offset(lexer);
        lexer->text_bytes = 0;
        buf_clear(&lexer->scratch);
        return read_number(lexer);
    }
}

/* Passes white space and punctuation; the token that begins there, or LEX_MORE. */
static enum lexeme start_token(struct lexer *lexer)
{
    for (; lexer->at < lexer->end; lexer->at++) {
        char c = *lexer->at;
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r')
            continue;
        bool is_array = lexer->is_array_bits & 1;
        switch ((enum expect)lexer->expect) {
        case EXPECT_TOP:
            return c == '{' ? open_container(lexer, false) : fail_expected(lexer, "an object");
        case EXPECT_NOTHING:
            return fail_expected(lexer, "the end of the input");
        case EXPECT_COLON:
            if (c != ':')
                return fail_expected(lexer, "':'");
            lexer->expect = EXPECT_VALUE;
            continue;
        case EXPECT_COMMA:
            if (c == (is_array ? ']' : '}'))
                return close_container(lexer);
            if (c != ',')
                return fail_expected(lexer, is_array ? "',' or ']'" : "',' or '}'");
            lexer->expect = is_array ? EXPECT_VALUE : EXPECT_KEY;
            continue;
        case EXPECT_FIRST_KEY:
            if (c == '}')
                return close_container(lexer);
            return c == '"' ? start_string(lexer, true) : fail_expected(lexer, "a key or '}'");
        case EXPECT_KEY:
            return c == '"' ? start_string(lexer, true) : fail_expected(lexer, "a key");
        case EXPECT_FIRST_ITEM:
            return c == ']' ? close_container(lexer) : start_value(lexer);
        case EXPECT_VALUE:
            return start_value(lexer);
        }
    }
    return LEX_MORE;
}

static enum lexeme step(struct lexer *lexer)
{
    switch ((enum under_way)lexer->under_way) {
    case WAY_BETWEEN:
        return start_token(lexer);
    case WAY_STRING:
        return collect_string(lexer);
    case WAY_NUMBER:
        return read_number(lexer);
    case WAY_LITERAL:
        return read_literal(lexer);
    case WAY_SKIP_STRING:
        return skip_string(lexer);
    case WAY_SKIP_NESTED:
        return skip_nested(lexer);
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
