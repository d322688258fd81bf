#include <criterion/criterion.h>

#include "policy/policy.h"

enum { REFUSED = -1 };

/* Values as Go's time.ParseDuration gives them, in milliseconds. */
static const struct {
    const char *text;
    int64_t ms;
} rows[] = {
    {"0", 0},
    {"0s", 0},
    {"5s", 5000},
    {"1m", 60000},
    {"15m", 900000},
    {"90s", 90000},
    {"1.5m", 90000},
    {"1h30m", 5400000},
    {"1h15m30.918s", 4530918},
    {"300ms", 300},
    {".5s", 500},
    {"1.s", 1000},
    {"+5s", 5000},
    {"1500us", 1},
    {"2000\xc2\xb5s", 2},
    {"2000\xce\xbcs", 2},
    {"1000000ns", 1},
    {"0.1h", 360000},
    {"1.000000001s", 1000},
    {"3m3m", 360000},
    {"1m0.0000000009999s", 60000},
    {"", REFUSED},
    {"3", REFUSED},
    {"-5s", REFUSED},
    {"s", REFUSED},
    {".", REFUSED},
    {".s", REFUSED},
    {"1d", REFUSED},
    {"1h ", REFUSED},
    {" 1h", REFUSED},
    {"+", REFUSED},
    {"+-5s", REFUSED},
    {"1e3s", REFUSED},
    {"9223372036854775808ns", REFUSED},
    {"3000000h", REFUSED},
};

Test(duration, reads_what_go_reads)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = REFUSED;
        bool is_read = duration_parse(str_from(rows[i].text), &ms);
        cr_expect_eq(is_read, rows[i].ms != REFUSED, "\"%s\"", rows[i].text);
        cr_expect_eq(ms, rows[i].ms, "\"%s\": %lld", rows[i].text, (long long)ms);
    }
}
