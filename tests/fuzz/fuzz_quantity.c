/* fuzz: max_len 80 */
/*
 * Quantities against a checker that works the other way round: it does not compute the value but
 * asks, in binary big numbers, whether the answer r is the smallest integer that is not below x.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "model/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 40 }; /* 1280 bits: 64 digits * 2^60 * 10^EXPONENT_BIG fit */
enum { EXPONENT_BIG = 200 };

struct big {
    uint32_t words[WORDS]; /* lowest first */
};

static void big_multiply_add(struct big *big, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)big->words[i] * factor;
        big->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    CHECK(carry == 0);
}

static int big_compare(const struct big *a, const struct big *b)
{
    for (int i = WORDS - 1; i >= 0; i--)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

static struct big big_from(uint64_t number)
{
    return (struct big){{(uint32_t)number, (uint32_t)(number >> 32)}};
}

/* A text taken apart by the grammar: x = digits * 2^shift * 10^exponent. */
struct parts {
    bool is_negative;
    struct big digits;
    bool is_zero;
    unsigned shift;
    long exponent;
};

static bool suffix_read(const char *text, struct parts *parts)
{
    static const char decimal[] = "num kMGTPE", binary[] = "KMGTPE";
    if (*text == '\0')
        return true;
    const char *place = strchr(decimal, *text);
    if (text[1] == '\0' && place && *text != ' ') {
        parts->exponent += (long)(place - decimal) * 3 - 9;
        return true;
    }
    place = strchr(binary, *text);
    if (place && text[1] == 'i' && text[2] == '\0') {
        parts->shift = 10 * (unsigned)(place - binary + 1);
        return true;
    }
    if (*text != 'e' && *text != 'E')
        return false;
    size_t sign = text[1] == '+' || text[1] == '-';
    const char *digits = text + 1 + sign;
    size_t len = strspn(digits, "0123456789");
    if (len == 0 || digits[len] != '\0')
        return false;
    size_t zeros = strspn(digits, "0");
    long exponent = len - zeros > 5 ? 100000 : (long)strtoll(digits, NULL, 10);
    parts->exponent += text[1] == '-' ? -exponent : exponent;
    return true;
}

static bool parts_read(const char *text, struct parts *ret_parts)
{
    struct parts parts = {.is_zero = true};
    if (*text == '+' || *text == '-')
        parts.is_negative = *text++ == '-';
    size_t whole = strspn(text, "0123456789");
    bool has_point = text[whole] == '.';
    size_t fraction = has_point ? strspn(text + whole + 1, "0123456789") : 0;
    if (whole + fraction == 0)
        return false;
    for (size_t i = 0; i < whole + has_point + fraction; i++) {
        if (text[i] == '.')
            continue;
        big_multiply_add(&parts.digits, 10, (uint32_t)(text[i] - '0'));
        parts.is_zero &= text[i] == '0';
    }
    parts.exponent = -(long)fraction;
    *ret_parts = parts;
    return suffix_read(text + whole + has_point + fraction, ret_parts);
}

/* Whether `number` <= x (then -1 or 0 is returned) or above it (1), exactly. */
static int compare_to(uint64_t number, const struct parts *parts, long exponent)
{
    struct big left = big_from(number), right = parts->digits;
    for (unsigned i = 0; i < parts->shift; i++)
        big_multiply_add(&right, 2, 0);
    for (; exponent > 0; exponent--)
        big_multiply_add(&right, 10, 0);
    for (; exponent < 0; exponent++)
        big_multiply_add(&left, 10, 0);
    return big_compare(&left, &right);
}

/* `value` must be x * 10^scale, rounded away from zero, at most INT64_MAX. */
static void check_value(const struct parts *parts, long scale, int64_t value)
{
    CHECK(value != INT64_MIN);
    CHECK(value == 0 || parts->is_negative == (value < 0));
    uint64_t magnitude = (uint64_t)(value < 0 ? -value : value);
    CHECK((magnitude == 0) == parts->is_zero);
    if (parts->is_zero)
        return;
    long exponent = parts->exponent + scale;
    exponent = exponent > EXPONENT_BIG ? EXPONENT_BIG : exponent;
    exponent = exponent < -EXPONENT_BIG ? -EXPONENT_BIG : exponent;
    CHECK(compare_to(magnitude - 1, parts, exponent) < 0);
    CHECK(magnitude == INT64_MAX || compare_to(magnitude, parts, exponent) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[QUANTITY_TEXT_BYTES + 1];
    int64_t value = 4711, milli = 4712;
    struct str input = {(const char *)data, size};
    bool is_quantity = quantity_value(input, &value);
    CHECK(quantity_milli(input, &milli) == is_quantity);
    CHECK(is_quantity || (value == 4711 && milli == 4712));
    if (size > QUANTITY_TEXT_BYTES || memchr(data, '\0', size)) {
        CHECK(!is_quantity);
        return 0;
    }
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    struct parts parts;
    CHECK(parts_read(text, &parts) == is_quantity);
    if (is_quantity) {
        check_value(&parts, 0, value);
        check_value(&parts, 3, milli);
    }
    return 0;
}
