/* Rows are hand-computed; the grammar and its odd corners are those of apimachinery's quantity. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/base/check.h"
#include "model/quantity.h"
#include "tests/model/seed.h"

#define MOST INT64_MAX

static const struct {
    const char *text;
    int64_t value, milli;
} rows[] = {
    {"0", 0, 0},
    {"1", 1, 1000},
    {"100m", 1, 100},
    {"1500m", 2, 1500},
    {"0.5", 1, 500},
    {".5", 1, 500},
    {"1.", 1, 1000},
    {"1.G", 1000000000, INT64_C(1000000000000)},
    {"+2", 2, 2000},
    {"007", 7, 7000},
    /* decimal suffixes */
    {"1n", 1, 1},
    {"1u", 1, 1},
    {"1000u", 1, 1},
    {"1001u", 1, 2},
    {"1000000n", 1, 1},
    {"1000001n", 1, 2},
    {"8k", 8000, 8000000},
    {"100.035k", 100035, 100035000},
    {"7M", 7000000, INT64_C(7000000000)},
    {"6G", INT64_C(6000000000), INT64_C(6000000000000)},
    {"5T", INT64_C(5000000000000), INT64_C(5000000000000000)},
    {"2P", INT64_C(2000000000000000), INT64_C(2000000000000000000)},
    {"1E", INT64_C(1000000000000000000), MOST},
    {"9.223372036854775807E", MOST, MOST},
    {"12E", MOST, MOST},
    /* binary suffixes */
    {"1Ki", 1024, 1024000},
    {"128Mi", 134217728, INT64_C(134217728000)},
    {"1.5Gi", 1610612736, INT64_C(1610612736000)},
    {"0.5Mi", 524288, 524288000},
    {"100.035Ki", 102436, 102435840},
    {"0.025Ti", INT64_C(27487790695), INT64_C(27487790694400)},
    {"5Ti", INT64_C(5497558138880), INT64_C(5497558138880000)},
    {"4Pi", INT64_C(4503599627370496), INT64_C(4503599627370496000)},
    {"3Ei", INT64_C(3458764513820540928), MOST},
    {"7Ei", INT64_C(8070450532247928832), MOST},
    {"8Ei", MOST, MOST},
    {"0.000000000001Ki", 1, 1},
    {"9223372036854775807Ki", MOST, MOST},
    /* exponents; a lone E is exa */
    {"1e3", 1000, 1000000},
    {"1E3", 1000, 1000000},
    {"1.3E+6", 1300000, 1300000000},
    {"1e-3", 1, 1},
    {"1E-4", 1, 1},
    {"12345e-4", 2, 1235},
    {"0.5e0", 1, 500},
    {"1e30", MOST, MOST},
    {"1e-30", 1, 1},
    {"0e30", 0, 0},
    {"1e18", INT64_C(1000000000000000000), MOST},
    {"1e99999999999999999999", MOST, MOST},
    {"1e-99999999999999999999", 1, 1},
    {"0e99999999999999999999", 0, 0},
    /* the edge of int64 */
    {"9223372036854775806", MOST - 1, MOST},
    {"9223372036854775807", MOST, MOST},
    {"9223372036854775808", MOST, MOST},
    {"9223372036854775806.5", MOST, MOST},
    {"9999999999999999999", MOST, MOST},
    {"18446744073709551616", MOST, MOST},
    {"9223372036854775807m", INT64_C(9223372036854776), MOST},
    {"9223372036854775808m", INT64_C(9223372036854776), MOST},
    {"9223372036854775.807", INT64_C(9223372036854776), MOST},
    {"9223372036854775.8061", INT64_C(9223372036854776), MOST},
    {"9223372036854775.8060", INT64_C(9223372036854776), MOST - 1},
    {"00000000000000000000000000000000000000000000000000000000000001m", 1, 1},
    {"0.00000000000000000000000000000000000000000000000000000000000001", 1, 1},
    {"99999999999999999999999999999999999999999999999999999999999999Ei", MOST, MOST},
    {"0.00000000000000000000000000000000000000000000000000000000000000", 0, 0},
    /* away from zero, also below it */
    {"-1", -1, -1000},
    {"-0.5", -1, -500},
    {"-1500m", -2, -1500},
    {"-1u", -1, -1},
    {"-8Ei", -MOST, -MOST},
    {"-0", 0, 0},
};

Test(quantity, values_are_exact_and_round_away_from_zero)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t value = 4711, milli = 4711;
        struct str text = str_from(rows[i].text);
        cr_assert(quantity_value(text, &value) && quantity_milli(text, &milli), "%s", rows[i].text);
        cr_assert_eq(value, rows[i].value, "%s is %" PRId64, rows[i].text, value);
        cr_assert_eq(milli, rows[i].milli, "%s is %" PRId64 "m", rows[i].text, milli);
    }
}

static const char *const wrong[] = {
    "",      " ",    "1 ",    " 1",   "+",    "-",        "--1",       "+-1",  "1-",    "1+",
    ".",     "-.",   "Mi",    "m",    "e3",   "1.2.3",    "1,5",       "0x10", "1K",    "1g",
    "1ki",   "1mi",  "1i",    "1.5i", "1Mi ", "1MiB",     "1Zi",       "1Y",   "1e",    "1e+",
    "1e-",   "1e3k", "1e3.5", "1eE5", "1E3i", "1e 3",     "1e3e3",     "1mm",  "1.1.M", "1+1.0M",
    "0.1mi", "aoeu", "NaN",   "inf",  "1_0",  "\xc2\xb5", "1\xc2\xb5",
};

Test(quantity, other_text_is_none_and_leaves_the_result_alone)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        int64_t value = 4711;
        cr_assert_not(quantity_value(str_from(wrong[i]), &value), "\"%s\"", wrong[i]);
        cr_assert_not(quantity_milli(str_from(wrong[i]), &value), "\"%s\"", wrong[i]);
        cr_assert_eq(value, 4711);
    }
    int64_t value;
    cr_assert_not(quantity_value((struct str){"1\0", 2}, &value), "an inner NUL");
    cr_assert_not(quantity_value((struct str){NULL, 0}, &value));
}

Test(quantity, at_most_64_bytes_are_read)
{
    char text[QUANTITY_TEXT_BYTES + 1];
    memset(text, '0', sizeof(text));
    text[QUANTITY_TEXT_BYTES - 1] = '7';
    int64_t value;
    cr_assert(quantity_value((struct str){text, QUANTITY_TEXT_BYTES}, &value));
    cr_assert_eq(value, 7);
    cr_assert_not(quantity_value((struct str){text, QUANTITY_TEXT_BYTES + 1}, &value));
}

/* Each text is a whole number of thousandths times a power of 1000 or 1024, written in several
 * ways. */
Test(quantity, the_same_amount_written_in_other_ways_is_the_same)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "quantity");
    for (int i = 0; i < 20000; i++) {
        int64_t thousandths = (int64_t)rng_below(&rng, UINT64_C(1) << rng_below(&rng, 50));
        char text[80];
        int64_t value, milli;
        uint64_t format = rng_below(&rng, 7);
        if (format == 6)
            (void)snprintf(text, sizeof(text), "%" PRId64 ".%03d", thousandths / 1000,
                           (int)(thousandths % 1000));
        else
            (void)snprintf(text, sizeof(text),
                           format == 0   ? "%" PRId64 "m"
                           : format == 1 ? "%" PRId64 "000u"
                           : format == 2 ? "%" PRId64 "000000n"
                           : format == 3 ? "%" PRId64 "e-3"
                           : format == 4 ? "%" PRId64 "000E-6"
                                         : "0%" PRId64 "0e-4",
                           thousandths);
        cr_assert(quantity_milli(str_from(text), &milli) && quantity_value(str_from(text), &value),
                  "%s", text);
        cr_assert_eq(milli, thousandths, "seed %" PRIu64 ": %s", seed, text);
        cr_assert_eq(value, (thousandths + 999) / 1000, "seed %" PRIu64 ": %s", seed, text);
    }
}

Test(quantity, binary_suffixes_are_powers_of_1024)
{
    static const char *const suffixes[] = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "quantity");
    for (int i = 0; i < 20000; i++) {
        uint64_t step = rng_below(&rng, 6);
        unsigned shift = 10 * (unsigned)(step + 1);
        uint64_t eighths = rng_below(&rng, UINT64_C(1) << (66 - shift)); /* may pass 2^63 */
        char text[64];
        (void)snprintf(text, sizeof(text), "%" PRIu64 ".%03u%s", eighths / 8,
                       (unsigned)(eighths % 8) * 125, suffixes[step]);
        uint64_t expected = eighths << (shift - 3);
        expected = expected > INT64_MAX ? INT64_MAX : expected;
        int64_t value;
        cr_assert(quantity_value(str_from(text), &value), "%s", text);
        cr_assert_eq((uint64_t)value, expected, "seed %" PRIu64 ": %s is %" PRId64, seed, text,
                     value);
    }
}
