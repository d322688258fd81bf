#include "model/base/utf8.h"
#include "model/lexer_block.h"
#include "model/lexer_state.h"

enum { REPLACEMENT = 0xfffd }; /* U+FFFD */

/* ---- strings ---- */

/* Keeps what the limit allows of bytes that are no longer, or never were, in one run of the piece.
 */
static void scratch_add(struct lexer *lexer, const char *bytes, size_t len, size_t limit)
{
    size_t room = limit - lexer->scratch.len;
    (void)buf_add(&lexer->scratch, bytes, len < room ? len : room);
    lexer->text_bytes += len;
}

static inline enum lexeme end_string(struct lexer *lexer, struct str text, uint64_t text_bytes)
{
    lexer->is_long = text_bytes > LEXER_STRING_BYTES_MAX;
    if (text.len > LEXER_STRING_BYTES_MAX)
        text.len = LEXER_STRING_BYTES_MAX;
    if (lexer->has_high && !lexer->is_long && !utf8_valid(text.ptr, text.len))
        return lexer_fail_at(lexer, lexer->token_offset, "this string is not UTF-8");
    lexer->text = text;
    if (!lexer->is_key) {
        lexer_end_value(lexer);
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
    if (is_pair != is_low)
        return false;
    if (unit == 0)
        unit = REPLACEMENT;
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
enum lexeme lexer_collect_string(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (lexer->escape != ESCAPE_NONE) {
            if (!step_escape(lexer, *lexer->at))
                return lexer_fail_at(lexer, lexer_offset(lexer),
                                     "this escape sequence is not allowed");
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
            return lexer_fail_expected(lexer, "no control character in a string");
        } else {
            lexer->has_high = true;
            scratch_add(lexer, stop, 1, LEXER_STRING_BYTES_MAX);
        }
        lexer->at++;
    }
    return LEX_MORE;
}

/* At the opening quote. Most strings are plain and whole: their text stays where it is. */
enum lexeme lexer_start_string(struct lexer *lexer, bool is_key)
{
    lexer->is_key = is_key;
    lexer->has_high = false;
    lexer->token_offset = lexer_here(lexer);
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
    return lexer_collect_string(lexer);
}

/* ---- numbers ---- */

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

enum lexeme lexer_read_number(struct lexer *lexer)
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
        return lexer_fail_at(lexer, lexer->token_offset, "this is no number");
    lexer->text = text;
    lexer_end_value(lexer);
    return LEX_NUMBER;
}

enum lexeme lexer_start_number(struct lexer *lexer)
{
    lexer->under_way = WAY_NUMBER;
    lexer->token_offset = lexer_here(lexer);
    lexer->text_bytes = 0;
    buf_clear(&lexer->scratch);
    return lexer_read_number(lexer);
}
