#include <criterion/criterion.h>

#include "watch/http.h"

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 5.6.7. */
enum { RFC_EXAMPLE = 784111777 };

static const struct {
    const char *value;
    int64_t now;
    int32_t seconds;
} rows[] = {
    {"0", 0, 0},
    {"1", 0, 1},
    {"120", 0, 120},
    {"  7\t", 0, 7},
    {"3600", 0, 3600},
    {"3601", 0, 3600}, /* at most an hour */
    {"99999999999999999999999999", 0, 3600},
    {"", 0, -1},
    {"   ", 0, -1},
    {"-1", 0, -1},
    {"1.5", 0, -1},
    {"1 2", 0, -1},
    {"soon", 0, -1},
    {"Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE - 30, 30},
    {"Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE, 0},
    {"Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE + 1000, 0}, /* over: now */
    {"Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE - 100000, 3600},
    {"Sun Nov  6 08:49:37 1994", RFC_EXAMPLE - 30, 30},
    {"Sun Nov 16 08:49:37 1994", RFC_EXAMPLE + 864000 - 30, 30},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 3939871777 - 30, 30}, /* read as 2094 */
    {"Sun, 06 Nov 1994 08:49:37 CET", RFC_EXAMPLE - 30, -1},
    {"Sun, 06 Nov 1994 08:49:37 GMT!", RFC_EXAMPLE - 30, -1},
    {"Sun, 06 Nov 1994 08:49:37", RFC_EXAMPLE - 30, -1},
    {"Sun, 6 Nov 1994 08:49:37 GMT", RFC_EXAMPLE - 30, -1},
    {"Sun, 06 Foo 1994 08:49:37 GMT", RFC_EXAMPLE - 30, -1},
    {"Sun, 00 Nov 1994 08:49:37 GMT", RFC_EXAMPLE - 30, -1},
    {"Sun, 06 Nov 1994 24:49:37 GMT", RFC_EXAMPLE - 30, -1},
    {"Sun, 06 Nov 0094 08:49:37 GMT", RFC_EXAMPLE - 30, -1},
    {"Bla, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE - 30, -1},
};

Test(retry_after, seconds_and_the_three_dates_are_understood)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect(http_retry_after(str_from(rows[i].value), rows[i].now) == rows[i].seconds,
                  "row %zu: \"%s\" gives %d, not %d", i, rows[i].value,
                  http_retry_after(str_from(rows[i].value), rows[i].now), rows[i].seconds);
}

Test(retry_after, every_cut_of_a_date_is_unusable)
{
    static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (size_t len = 0; len < sizeof(date) - 1; len++)
        cr_expect(http_retry_after((struct str){date, len}, RFC_EXAMPLE - 30) == -1, "cut %zu",
                  len);
}

Test(retry_after, a_clock_at_the_end_of_time_does_not_overflow)
{
    struct str date = STR("Sun, 06 Nov 1994 08:49:37 GMT");
    cr_expect(http_retry_after(date, INT64_MAX) == 0);
    cr_expect(http_retry_after(date, INT64_MIN) == -1);
}
