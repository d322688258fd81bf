#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "model/base/check.h"
#include "model/timestamp.h"
#include "tests/model/seed.h"

#define SECOND INT64_C(1000000)

static const struct {
    const char *text;
    int64_t unix_us;
} rows[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:01Z", SECOND},
    {"1969-12-31T23:59:59Z", -SECOND},
    {"2001-09-09T01:46:40Z", 1000000000 * SECOND},
    {"2000-02-29T12:00:00Z", 951825600 * SECOND},
    {"2024-02-29T00:00:00Z", 1709164800 * SECOND},
    {"2038-01-19T03:14:08Z", 2147483648 * SECOND},
    {"0001-01-01T00:00:00Z", -62135596800 * SECOND}, /* Go's zero time */
    {"9999-12-31T23:59:59Z", 253402300799 * SECOND},
    {"9999-12-31T23:59:59.999999Z", 253402300799 * SECOND + 999999},
    {"1970-01-01T00:00:00.000001Z", 1},
    {"1970-01-01T00:00:00.5Z", 500000},
    {"1970-01-01T00:00:00.1234567890Z", 123456}, /* cut */
    {"1970-01-01T00:00:00.999999999999Z", 999999},
    {"1969-12-31T23:59:59.25Z", -750000},
    {"1970-01-01T01:00:00+01:00", 0},
    {"1969-12-31T18:30:00-05:30", 0},
    {"1970-01-01T00:00:00.25-00:00", 250000},
    {"1969-12-31T00:01:00-23:59", 0},
};

Test(timestamp, times_are_micros_since_1970)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t unix_us = 4711;
        cr_assert(timestamp_parse(str_from(rows[i].text), &unix_us), "%s", rows[i].text);
        cr_assert_eq(unix_us, rows[i].unix_us, "%s is %" PRId64, rows[i].text, unix_us);
    }
}

static const char *const wrong[] = {
    "",
    "null",
    "2026-11-22",
    "2026-11-22T03:04:05",
    "2026-11-22 03:04:05Z",
    "2026-11-22t03:04:05z",
    "2026-11-22T03:04:05Z ",
    " 2026-11-22T03:04:05Z",
    "2026-11-22T03:04:05ZZ",
    "2026-11-22T03:04:05.Z",
    "2026-11-22T03:04:05,5Z",
    "2026-11-22T03:04:05.5",
    "2026-11-22T03:04Z",
    "2026-1-22T03:04:05Z",
    "26-11-22T03:04:05Z",
    "02026-11-22T03:04:05Z",
    "+2026-11-22T03:04:05Z",
    "2026-00-22T03:04:05Z",
    "2026-13-22T03:04:05Z",
    "2026-11-00T03:04:05Z",
    "2026-11-31T03:04:05Z",
    "2026-02-29T03:04:05Z",
    "1900-02-29T03:04:05Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T03:60:05Z",
    "2026-11-22T03:04:60Z",
    "2026-11-22T03:04:05+1:00",
    "2026-11-22T03:04:05+0100",
    "2026-11-22T03:04:05+01:60",
    "2026-11-22T03:04:05+24:00",
    "2026-11-22T03:04:05+01:00Z",
    "2026-11-22T03:04:05-1",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01", /* year 0 in UTC */
    "9999-12-31T23:59:59-00:01",
};

Test(timestamp, other_text_is_none_and_leaves_the_result_alone)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        int64_t unix_us = 4711;
        cr_assert_not(timestamp_parse(str_from(wrong[i]), &unix_us), "%s", wrong[i]);
        cr_assert_eq(unix_us, 4711);
    }
}

Test(timestamp, formats_as_kubernetes_does)
{
    char text[TIMESTAMP_TEXT_BYTES];
    timestamp_format(0, text);
    cr_assert_str_eq(text, "1970-01-01T00:00:00Z");
    timestamp_format_micro(6, text);
    cr_assert_str_eq(text, "1970-01-01T00:00:00.000006Z");
    timestamp_format(-1, text); /* seconds are cut towards the past, as the micros' form shows */
    cr_assert_str_eq(text, "1969-12-31T23:59:59Z");
    timestamp_format_micro(-1, text);
    cr_assert_str_eq(text, "1969-12-31T23:59:59.999999Z");
}

Test(timestamp, a_time_past_year_9999_is_a_bug, .signal = SIGABRT)
{
    char text[TIMESTAMP_TEXT_BYTES];
    timestamp_format(253402300800 * SECOND, text);
}

/* Against the C library's calendar, for any second of years 1 to 9999. */
Test(timestamp, random_times_agree_with_gmtime_and_come_back)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "timestamp");
    for (int i = 0; i < 50000; i++) {
        int64_t seconds = (int64_t)rng_below(&rng, 253402300799 + 62135596800 + 1) - 62135596800;
        int64_t unix_us = seconds * SECOND + (int64_t)rng_below(&rng, SECOND);
        time_t time = seconds;
        struct tm parts;
        char text[TIMESTAMP_TEXT_BYTES], expected[80];
        int64_t back;
        cr_assert_not_null(gmtime_r(&time, &parts));
        (void)snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                       parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
        timestamp_format(unix_us, text);
        cr_assert_str_eq(text, expected, "seed %" PRIu64, seed);
        timestamp_format_micro(unix_us, text);
        cr_assert(timestamp_parse(str_from(text), &back), "seed %" PRIu64 ": %s", seed, text);
        cr_assert_eq(back, unix_us, "seed %" PRIu64 ": %s", seed, text);
    }
}
