#include <criterion/criterion.h>
#include <signal.h>

#include "model/base/check.h"
#include "model/base/utf8.h"

static const struct {
    const char *text;
    size_t len, sequence; /* 0: invalid */
} rows[] = {
    {"a", 1, 1},
    {"\0", 1, 1},
    {"\x7f", 1, 1},
    {"\xc2\x80", 2, 2},         /* U+0080, the first of two bytes */
    {"\xdf\xbf", 2, 2},         /* U+07FF */
    {"\xe0\xa0\x80", 3, 3},     /* U+0800 */
    {"\xed\x9f\xbf", 3, 3},     /* U+D7FF, the last before the surrogates */
    {"\xee\x80\x80", 3, 3},     /* U+E000, the first after them */
    {"\xef\xbf\xbf", 3, 3},     /* U+FFFF */
    {"\xf0\x90\x80\x80", 4, 4}, /* U+10000 */
    {"\xf4\x8f\xbf\xbf", 4, 4}, /* U+10FFFF, the last */
    {"\x80", 1, 0},             /* a continuation alone */
    {"\xc0\xaf", 2, 0},         /* overlong '/' */
    {"\xc1\xbf", 2, 0},
    {"\xe0\x9f\xbf", 3, 0},     /* overlong U+07FF */
    {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong U+FFFF */
    {"\xed\xa0\x80", 3, 0},     /* surrogate U+D800 */
    {"\xed\xbf\xbf", 3, 0},     /* surrogate U+DFFF */
    {"\xf4\x90\x80\x80", 4, 0}, /* U+110000 */
    {"\xf5\x80\x80\x80", 4, 0},
    {"\xff", 1, 0},
    {"\xe2\x82", 2, 0}, /* cut */
    {"\xe2\x28\xa1", 3, 0},
    {"", 0, 0},
};

Test(utf8, sequences_are_those_of_rfc_3629)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        cr_assert_eq(utf8_sequence(rows[i].text, rows[i].len), rows[i].sequence, "row %zu", i);
}

Test(utf8, a_text_is_valid_when_all_its_sequences_are)
{
    cr_assert(utf8_valid("gr\xc3\xbc\xc3\x9f", 6));
    cr_assert(utf8_valid("", 0));
    cr_assert_not(utf8_valid("ab\xff", 3));
    cr_assert_not(utf8_valid("ab\xc3", 3));
}

Test(utf8, every_code_point_encodes_to_one_valid_sequence)
{
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        if (point >= 0xd800 && point <= 0xdfff)
            continue;
        char bytes[4];
        size_t len = utf8_encode(point, bytes);
        size_t expected = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        cr_assert_eq(len, expected, "U+%X", point);
        cr_assert_eq(utf8_sequence(bytes, len), len, "U+%X", point);
    }
}

Test(utf8, encodes_the_euro_sign_as_e2_82_ac)
{
    char bytes[4];
    cr_assert_eq(utf8_encode(0x20ac, bytes), 3);
    cr_assert_eq(memcmp(bytes, "\xe2\x82\xac", 3), 0);
}

Test(utf8, a_surrogate_is_a_bug, .signal = SIGABRT)
{
    char bytes[4];
    (void)utf8_encode(0xd800, bytes);
}
