/* Go's time.ParseDuration for durations that are not negative: numbers with a unit each, "1h30m".
 */
#include "policy/policy.h"

enum { DURATION_TEXT_BYTES = 64 };

struct duration_unit {
    const char *text;
    int64_t ns;
};

/* Longer spellings before those they begin with. */
static const struct duration_unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* U+00B5 micro sign */
    {"\xce\xbcs", 1000}, /* U+03BC Greek mu */
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", INT64_C(60000000000)},
    {"h", INT64_C(3600000000000)},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str str_skip(struct str text, size_t len)
{
    return (struct str){text.ptr + len, text.len - len};
}

/* Takes "12.5" off the text: whole part, and nano-fractions (digits past the ninth are cut). */
static bool take_number(struct str *text, int64_t *ret_whole, int64_t *ret_nanos)
{
    int64_t whole = 0, nanos = 0;
    bool has_digit = false;
    for (; text->len > 0 && is_digit(text->ptr[0]); *text = str_skip(*text, 1), has_digit = true)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, text->ptr[0] - '0', &whole))
            return false;
    if (text->len > 0 && text->ptr[0] == '.') {
        *text = str_skip(*text, 1);
        for (int64_t weight = 100000000; text->len > 0 && is_digit(text->ptr[0]);
             *text = str_skip(*text, 1), has_digit = true, weight /= 10)
            nanos += (text->ptr[0] - '0') * weight;
    }
    *ret_whole = whole;
    *ret_nanos = nanos;
    return has_digit;
}

static const struct duration_unit *take_unit(struct str *text)
{
    for (size_t i = 0; i < ARRAY_LEN(duration_units); i++) {
        if (str_starts(*text, duration_units[i].text)) {
            *text = str_skip(*text, strlen(duration_units[i].text));
            return &duration_units[i];
        }
    }
    return NULL;
}

bool duration_parse(struct str text, int64_t *ret_ms)
{
    if (text.len == 0 || text.len > DURATION_TEXT_BYTES)
        return false;
    if (text.ptr[0] == '+')
        text = str_skip(text, 1);
    if (str_is(text, "0")) { /* the one number that needs no unit */
        *ret_ms = 0;
        return true;
    }
    int64_t total_ns = 0;
    do {
        int64_t whole, nanos;
        const struct duration_unit *unit;
        if (!take_number(&text, &whole, &nanos) || !(unit = take_unit(&text)))
            return false;
        /* The fraction of the unit: nanos / 1e9 x ns, in two steps that cannot overflow. */
        int64_t fraction_ns = unit->ns >= 1000000000 ? nanos * (unit->ns / 1000000000)
                                                     : nanos * unit->ns / 1000000000;
        int64_t part_ns;
        if (__builtin_mul_overflow(whole, unit->ns, &part_ns) ||
            __builtin_add_overflow(part_ns, fraction_ns, &part_ns) ||
            __builtin_add_overflow(total_ns, part_ns, &total_ns))
            return false;
    } while (text.len > 0);
    *ret_ms = total_ns / 1000000;
    return true;
}
