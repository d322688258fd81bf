#include "bench/clock.h"

#include <stdio.h>
#include <time.h>

#include "model/base/check.h"

void sim_clock_read_system(struct sim_clock *clock)
{
    struct timespec mono, wall;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &mono) == 0);
    CHECK(clock_gettime(CLOCK_REALTIME, &wall) == 0);
    clock->now.ms = (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000;
    clock->wall_us = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000;
}

void sim_clock_advance(struct sim_clock *clock, int64_t delta_ms)
{
    CHECK(delta_ms >= 0);
    clock->now.ms += delta_ms;
    clock->wall_us += delta_ms * 1000;
}

struct civil {
    int64_t year;
    unsigned month, day; /* from 1 */
};

/* Days since 1970-01-01 to a date of the Gregorian calendar, by eras of 400 years that start on the
 * first of March, so that the leap day is the last of its year. Ten times faster than gmtime_r().
 */
static struct civil civil_from_days(int64_t days)
{
    days += 719468; /* to 0000-03-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* from March */
    struct civil date = {.day = of_year - (153 * month + 2) / 5 + 1};
    date.month = month < 10 ? month + 3 : month - 9;
    date.year = (int64_t)year + era * 400 + (date.month <= 2);
    return date;
}

/* `value` as `width` digits. */
static char *put_digits(char *at, unsigned value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + width;
}

static char *put_time(char *at, int64_t wall_s)
{
    int64_t days = wall_s / 86400, second = wall_s % 86400;
    if (second < 0) {
        second += 86400;
        days--;
    }
    struct civil date = civil_from_days(days);
    const struct {
        unsigned value;
        int width;
        char before; /* separator in front, 0 none */
    } parts[] = {{(unsigned)date.year, 4, 0},
                 {date.month, 2, '-'},
                 {date.day, 2, '-'},
                 {(unsigned)(second / 3600), 2, 'T'},
                 {(unsigned)(second / 60 % 60), 2, ':'},
                 {(unsigned)(second % 60), 2, ':'}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].before)
            *at++ = parts[i].before;
        at = put_digits(at, parts[i].value, parts[i].width);
    }
    return at;
}

void sim_time_text(int64_t wall_s, char ret_text[RFC3339_BYTES])
{
    char *at = put_time(ret_text, wall_s);
    at[0] = 'Z';
    at[1] = '\0';
}

void sim_time_micro_text(int64_t wall_us, char ret_text[RFC3339_BYTES])
{
    char *at = put_time(ret_text, wall_us / 1000000);
    *at++ = '.';
    at = put_digits(at, (unsigned)(wall_us % 1000000), 6);
    at[0] = 'Z';
    at[1] = '\0';
}
