/*
 * Decimal all the way: the text's digits stay digits, a binary suffix multiplies them by 1024 in
 * place, a decimal one moves the point. What is left behind the point rounds up. So nothing is ever
 * inexact.
 */
#include "model/quantity.h"

#include "model/base/check.h"

enum {
    BINARY_STEPS_MAX = 6,                    /* Ei is 1024^6 ... */
    CARRY_DIGITS_MAX = BINARY_STEPS_MAX * 4, /* ... and 1024 adds at most four digits */
    EXPONENT_MAX = 10000,                    /* beyond it any number is 0 or saturated */
    INT64_DIGITS = 19,
};

/* digits[0], digits[1] ... with the decimal point in front of digits[point]. */
struct decimal {
    bool is_negative;
    int point;
    int digit_count;
    uint8_t digits[QUANTITY_TEXT_BYTES + CARRY_DIGITS_MAX];
};

struct suffix {
    char text[3];
    int8_t exponent;     /* of ten */
    int8_t binary_steps; /* of 1024 */
};

static const struct suffix suffixes[] = {
    {"", 0, 0},   {"n", -9, 0}, {"u", -6, 0}, {"m", -3, 0}, {"k", 3, 0},  {"M", 6, 0},
    {"G", 9, 0},  {"T", 12, 0}, {"P", 15, 0}, {"E", 18, 0}, {"Ki", 0, 1}, {"Mi", 0, 2},
    {"Gi", 0, 3}, {"Ti", 0, 4}, {"Pi", 0, 5}, {"Ei", 0, 6},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str str_skip(struct str text, size_t len)
{
    return (struct str){text.ptr + len, text.len - len};
}

/* A leading sign, if there is one, is taken off `text`. Returns whether it is a minus. */
static bool take_sign(struct str *text)
{
    if (text->len == 0 || (text->ptr[0] != '+' && text->ptr[0] != '-'))
        return false;
    bool is_negative = text->ptr[0] == '-';
    *text = str_skip(*text, 1);
    return is_negative;
}

/* Takes digits with an optional point off `text`; false when there is no digit. */
static bool take_digits(struct str *text, struct decimal *ret_decimal)
{
    bool has_point = false;
    struct decimal *decimal = ret_decimal;
    size_t i = 0;
    for (; i < text->len; i++) {
        char c = text->ptr[i];
        if (is_digit(c))
            decimal->digits[decimal->digit_count++] = (uint8_t)(c - '0');
        else if (c == '.' && !has_point)
            has_point = true;
        else
            break;
        if (!has_point)
            decimal->point = decimal->digit_count;
    }
    *text = str_skip(*text, i);
    return decimal->digit_count > 0;
}

/* Times 1024, in place. */
static void decimal_multiply_1024(struct decimal *decimal)
{
    unsigned carry = 0;
    for (int i = decimal->digit_count - 1; i >= 0; i--) {
        unsigned product = decimal->digits[i] * 1024u + carry;
        decimal->digits[i] = (uint8_t)(product % 10);
        carry = product / 10;
    }
    int carry_digits = carry > 999 ? 4 : carry > 99 ? 3 : carry > 9 ? 2 : carry > 0 ? 1 : 0;
    CHECK((size_t)(decimal->digit_count + carry_digits) <= sizeof(decimal->digits));
    memmove(decimal->digits + carry_digits, decimal->digits, (size_t)decimal->digit_count);
    for (int i = carry_digits - 1; i >= 0; i--, carry /= 10)
        decimal->digits[i] = (uint8_t)(carry % 10);
    decimal->digit_count += carry_digits;
    decimal->point += carry_digits;
}

/* "e3", "E-2": a signed integer behind the letter. */
static bool exponent_parse(struct str text, int *ret_exponent)
{
    if (text.len < 2 || (text.ptr[0] != 'e' && text.ptr[0] != 'E'))
        return false;
    text = str_skip(text, 1);
    bool is_negative = take_sign(&text);
    if (text.len == 0)
        return false;
    int exponent = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return false;
        exponent = exponent * 10 + (text.ptr[i] - '0');
        if (exponent > EXPONENT_MAX)
            exponent = EXPONENT_MAX;
    }
    *ret_exponent = is_negative ? -exponent : exponent;
    return true;
}

static bool decimal_apply_suffix(struct decimal *decimal, struct str text)
{
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (!str_is(text, suffixes[i].text))
            continue;
        decimal->point += suffixes[i].exponent;
        for (int step = 0; step < suffixes[i].binary_steps; step++)
            decimal_multiply_1024(decimal);
        return true;
    }
    int exponent;
    if (!exponent_parse(text, &exponent))
        return false;
    decimal->point += exponent;
    return true;
}

/* The integer at or next above the magnitude, at most INT64_MAX; with the sign. */
static int64_t decimal_round(const struct decimal *decimal)
{
    uint64_t whole = 0;
    int whole_digits = 0; /* leading zeros not counted */
    bool is_fractional = false;
    for (int i = 0; i < decimal->digit_count; i++) {
        uint8_t digit = decimal->digits[i];
        if (i >= decimal->point) {
            is_fractional |= digit > 0;
        } else if (digit > 0 || whole_digits > 0) {
            if (++whole_digits > INT64_DIGITS)
                break;
            whole = whole * 10 + digit;
        }
    }
    for (int i = decimal->digit_count; i < decimal->point && whole_digits > 0; i++) {
        if (++whole_digits > INT64_DIGITS)
            break;
        whole *= 10;
    }
    whole += is_fractional;
    if (whole_digits > INT64_DIGITS || whole > INT64_MAX)
        whole = INT64_MAX;
    return decimal->is_negative ? -(int64_t)whole : (int64_t)whole;
}

/* The value times 10^exponent, rounded. */
static bool quantity_scaled(struct str text, int exponent, int64_t *ret_value)
{
    if (text.len > QUANTITY_TEXT_BYTES)
        return false;
    struct decimal decimal = {0};
    decimal.is_negative = take_sign(&text);
    if (!take_digits(&text, &decimal) || !decimal_apply_suffix(&decimal, text))
        return false;
    decimal.point += exponent;
    *ret_value = decimal_round(&decimal);
    return true;
}

bool quantity_value(struct str text, int64_t *ret_value)
{
    return quantity_scaled(text, 0, ret_value);
}

bool quantity_milli(struct str text, int64_t *ret_milli)
{
    return quantity_scaled(text, 3, ret_milli);
}
