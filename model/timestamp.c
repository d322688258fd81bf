#include "model/timestamp.h"

#include <stdio.h>

#include "model/base/check.h"

#define MICROS_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY   INT64_C(86400)

enum {
    DATE_TIME_LEN = 19, /* 2026-11-22T03:04:05 */
    OFFSET_LEN = 6,     /* +01:00 */
    ERA_YEARS = 400,    /* the Gregorian calendar repeats after these ... */
    ERA_DAYS = 146097,  /* ... many days */
    EPOCH_DAYS = 719468 /* 0000-03-01 to 1970-01-01 */
};

struct date {
    int64_t year, month, day;
};

/* Days since 1970-01-01. Years are taken to begin in March, so that the leap day is the last one.
 */
static int64_t date_to_days(struct date date)
{
    int64_t year = date.month > 2 ? date.year : date.year - 1;
    int64_t march_month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t day_of_year = (153 * march_month + 2) / 5 + date.day - 1;
    return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - EPOCH_DAYS;
}

/* The reverse, for days from year 0 on. */
static struct date date_from_days(int64_t days)
{
    days += EPOCH_DAYS;
    int64_t era = days / ERA_DAYS;
    int64_t day_of_era = days % ERA_DAYS;
    /* leap days before this day are taken out, so that a division by 365 gives the year */
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    struct date date = {
        .year = era * ERA_YEARS + year_of_era + (march_month >= 10),
        .month = march_month < 10 ? march_month + 3 : march_month - 9,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
    };
    return date;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* The number that `count` digits make; *is_wrong is set when one of them is none. */
static inline int64_t digits_parse(const char *text, uint32_t count, bool *is_wrong)
{
    int64_t number = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t digit = (uint32_t)(unsigned char)text[i] - '0';
        *is_wrong |= digit > 9;
        number = number * 10 + digit;
    }
    return number;
}

/* Takes ".ddd" off the text, if it is there, as micros. False for a point without digits. */
static bool take_fraction(struct str *text, int64_t *ret_micros)
{
    int64_t micros = 0;
    if (text->len > 0 && text->ptr[0] == '.') {
        size_t len = 1;
        int64_t unit = MICROS_PER_SECOND / 10;
        for (; len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9'; len++, unit /= 10)
            micros += (text->ptr[len] - '0') * unit;
        if (len == 1)
            return false;
        *text = (struct str){text->ptr + len, text->len - len};
    }
    *ret_micros = micros;
    return true;
}

/* "Z" or "+hh:mm", all that is left. Seconds east of Greenwich. */
static bool offset_parse(struct str text, int64_t *ret_seconds)
{
    if (str_is(text, "Z")) {
        *ret_seconds = 0;
        return true;
    }
    bool is_wrong = text.len != OFFSET_LEN || (text.ptr[0] != '+' && text.ptr[0] != '-');
    if (is_wrong)
        return false;
    int64_t hours = digits_parse(text.ptr + 1, 2, &is_wrong);
    int64_t minutes = digits_parse(text.ptr + 4, 2, &is_wrong);
    if (is_wrong || text.ptr[3] != ':' || hours > 23 || minutes > 59)
        return false;
    int64_t seconds = hours * 3600 + minutes * 60;
    *ret_seconds = text.ptr[0] == '-' ? -seconds : seconds;
    return true;
}

/* Whether a time lies in years 1 to 9999, UTC. */
static bool is_in_range(int64_t unix_us)
{
    int64_t first = date_to_days((struct date){1, 1, 1}) * SECONDS_PER_DAY * MICROS_PER_SECOND;
    int64_t end = date_to_days((struct date){10000, 1, 1}) * SECONDS_PER_DAY * MICROS_PER_SECOND;
    return unix_us >= first && unix_us < end;
}

/* "2026-11-22T03:04:05"; the date may still be none. */
static bool date_time_parse(const char *text, struct date *ret_date, int64_t *ret_second_of_day)
{
    bool is_wrong =
        text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':';
    ret_date->year = digits_parse(text, 4, &is_wrong);
    ret_date->month = digits_parse(text + 5, 2, &is_wrong);
    ret_date->day = digits_parse(text + 8, 2, &is_wrong);
    int64_t hour = digits_parse(text + 11, 2, &is_wrong);
    int64_t minute = digits_parse(text + 14, 2, &is_wrong);
    int64_t second = digits_parse(text + 17, 2, &is_wrong);
    *ret_second_of_day = hour * 3600 + minute * 60 + second;
    return !is_wrong && hour < 24 && minute < 60 && second < 60;
}

bool timestamp_parse(struct str text, int64_t *ret_unix_us)
{
    int64_t micros, offset, second_of_day;
    struct date date;
    if (text.len < DATE_TIME_LEN || !date_time_parse(text.ptr, &date, &second_of_day))
        return false;
    if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in_month(date.year, date.month))
        return false;
    text = (struct str){text.ptr + DATE_TIME_LEN, text.len - DATE_TIME_LEN};
    if (!take_fraction(&text, &micros) || !offset_parse(text, &offset))
        return false;
    int64_t seconds = date_to_days(date) * SECONDS_PER_DAY + second_of_day - offset;
    int64_t unix_us = seconds * MICROS_PER_SECOND + micros;
    if (!is_in_range(unix_us))
        return false;
    *ret_unix_us = unix_us;
    return true;
}

/* Division that rounds down also below zero. */
static int64_t divide_down(int64_t dividend, int64_t divisor, int64_t *ret_rest)
{
    int64_t quotient = dividend / divisor - (dividend % divisor < 0);
    *ret_rest = dividend - quotient * divisor;
    return quotient;
}

/* Without the "Z"; returns the micros. */
static int64_t format_seconds(int64_t unix_us, char ret_text[TIMESTAMP_TEXT_BYTES])
{
    CHECK(is_in_range(unix_us));
    int64_t micros, second;
    int64_t seconds = divide_down(unix_us, MICROS_PER_SECOND, &micros);
    struct date date = date_from_days(divide_down(seconds, SECONDS_PER_DAY, &second));
    int len = snprintf(ret_text, TIMESTAMP_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d",
                       (int)date.year, (int)date.month, (int)date.day, (int)(second / 3600),
                       (int)(second / 60 % 60), (int)(second % 60));
    CHECK(len == DATE_TIME_LEN);
    return micros;
}

void timestamp_format(int64_t unix_us, char ret_text[TIMESTAMP_TEXT_BYTES])
{
    (void)format_seconds(unix_us, ret_text);
    memcpy(ret_text + DATE_TIME_LEN, "Z", 2);
}

void timestamp_format_micro(int64_t unix_us, char ret_text[TIMESTAMP_TEXT_BYTES])
{
    int64_t micros = format_seconds(unix_us, ret_text);
    (void)snprintf(ret_text + DATE_TIME_LEN, TIMESTAMP_TEXT_BYTES - DATE_TIME_LEN, ".%06dZ",
                   (int)micros);
}
