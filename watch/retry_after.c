/*
 * The Retry-After header, RFC 9110 10.2.3: seconds, or a date in one of the three forms that 5.6.7
 * says a recipient must understand:
 *   Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
 *   Sunday, 06-Nov-94 08:49:37 GMT    RFC 850: two digits of the year
 *   Sun Nov  6 08:49:37 1994          asctime()
 */
#include "watch/http.h"

#include <time.h>

#include "model/base/check.h"

enum { RETRY_AFTER_S_MAX = 3600, YEAR_MIN = 1970, YEAR_MAX = 9999 };

/* Takes from the front of what is left; every reader returns false when it does not match. */
struct cursor {
    const char *at, *end;
};

static bool take_text(struct cursor *cursor, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, text, len) != 0)
        return false;
    cursor->at += len;
    return true;
}

static bool take_digits(struct cursor *cursor, int count, int *ret_number)
{
    int number = 0;
    if (cursor->end - cursor->at < count)
        return false;
    for (int i = 0; i < count; i++) {
        char digit = cursor->at[i];
        if (digit < '0' || digit > '9')
            return false;
        number = number * 10 + (digit - '0');
    }
    cursor->at += count;
    *ret_number = number;
    return true;
}

static bool take_month(struct cursor *cursor, int *ret_month)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int i = 0; i < (int)ARRAY_LEN(months); i++) {
        if (take_text(cursor, months[i])) {
            *ret_month = i;
            return true;
        }
    }
    return false;
}

/* The name of the day says nothing that the date does not. The long names first: "Sunday", "Sun".
 */
static bool take_weekday(struct cursor *cursor)
{
    static const char *const days[] = {"Monday",   "Tuesday", "Wednesday", "Thursday", "Friday",
                                       "Saturday", "Sunday",  "Mon",       "Tue",      "Wed",
                                       "Thu",      "Fri",     "Sat",       "Sun"};
    for (size_t i = 0; i < ARRAY_LEN(days); i++) {
        if (take_text(cursor, days[i]))
            return true;
    }
    return false;
}

static bool take_clock(struct cursor *cursor, struct tm *date)
{
    return take_digits(cursor, 2, &date->tm_hour) && take_text(cursor, ":") &&
           take_digits(cursor, 2, &date->tm_min) && take_text(cursor, ":") &&
           take_digits(cursor, 2, &date->tm_sec);
}

/* Years of two digits: RFC 9110 wants those more than 50 years ahead read as past. Nobody asks for
 * a retry in the past, so all are read as of this century. */
static bool take_imf_or_rfc850(struct cursor *cursor, struct tm *date, int *ret_year)
{
    if (!take_text(cursor, ", ") || !take_digits(cursor, 2, &date->tm_mday))
        return false;
    if (take_text(cursor, "-")) {
        if (!take_month(cursor, &date->tm_mon) || !take_text(cursor, "-") ||
            !take_digits(cursor, 2, ret_year))
            return false;
        *ret_year += 2000;
    } else if (!take_text(cursor, " ") || !take_month(cursor, &date->tm_mon) ||
               !take_text(cursor, " ") || !take_digits(cursor, 4, ret_year)) {
        return false;
    }
    return take_text(cursor, " ") && take_clock(cursor, date) && take_text(cursor, " GMT");
}

static bool take_asctime(struct cursor *cursor, struct tm *date, int *ret_year)
{
    if (!take_text(cursor, " ") || !take_month(cursor, &date->tm_mon) || !take_text(cursor, " "))
        return false;
    bool has_day = take_text(cursor, " ") ? take_digits(cursor, 1, &date->tm_mday)
                                          : take_digits(cursor, 2, &date->tm_mday);
    return has_day && take_text(cursor, " ") && take_clock(cursor, date) &&
           take_text(cursor, " ") && take_digits(cursor, 4, ret_year);
}

static bool parse_date(struct str value, int64_t *ret_unix_s)
{
    struct cursor cursor = {value.ptr, value.ptr + value.len};
    struct tm date = {0};
    int year = 0;
    if (!take_weekday(&cursor))
        return false;
    struct cursor after_weekday = cursor;
    if (!take_imf_or_rfc850(&cursor, &date, &year)) {
        cursor = after_weekday;
        if (!take_asctime(&cursor, &date, &year))
            return false;
    }
    if (cursor.at != cursor.end || year < YEAR_MIN || year > YEAR_MAX || date.tm_mday < 1 ||
        date.tm_mday > 31 || date.tm_hour > 23 || date.tm_min > 59 || date.tm_sec > 60)
        return false;
    date.tm_year = year - 1900;
    *ret_unix_s = (int64_t)timegm(&date);
    return true;
}

static int32_t clamp_seconds(int64_t seconds)
{
    if (seconds < 0)
        return 0; /* a date that has passed: now */
    return seconds > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX : (int32_t)seconds;
}

int32_t http_retry_after(struct str value, int64_t now_unix_s)
{
    while (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[0] == '\t'))
        value.ptr++, value.len--;
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
        value.len--;
    if (value.len == 0)
        return -1;

    int64_t seconds = 0;
    size_t i = 0;
    for (; i < value.len && value.ptr[i] >= '0' && value.ptr[i] <= '9'; i++) {
        if (seconds <= RETRY_AFTER_S_MAX) /* saturates: 30 digits are still "long" */
            seconds = seconds * 10 + (value.ptr[i] - '0');
    }
    if (i == value.len)
        return clamp_seconds(seconds);

    int64_t date_unix_s = 0;
    if (!parse_date(value, &date_unix_s))
        return -1;
    int64_t delay_s = 0;
    if (__builtin_sub_overflow(date_unix_s, now_unix_s, &delay_s))
        return -1;
    return clamp_seconds(delay_s);
}
