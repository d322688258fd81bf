/* fuzz: max_len 64 */
/*
 * Times against the C library's calendar: whatever parses must be the time that timegm() makes of
 * the same digits, must come back from its text, and any moment of years 1 to 9999 must survive
 * both ways.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/check.h"
#include "model/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND     INT64_C(1000000)
#define FIRST_YEAR (INT64_C(-62135596800) * SECOND)
#define YEAR_10000 (INT64_C(253402300800) * SECOND)

static int64_t number_at(const char *text, size_t at, size_t len)
{
    int64_t number = 0;
    for (size_t i = at; i < at + len; i++) {
        CHECK(text[i] >= '0' && text[i] <= '9');
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* What a text that parsed must mean. */
static int64_t naive_time(const char *text, size_t len)
{
    struct tm parts = {.tm_year = (int)number_at(text, 0, 4) - 1900,
                       .tm_mon = (int)number_at(text, 5, 2) - 1,
                       .tm_mday = (int)number_at(text, 8, 2),
                       .tm_hour = (int)number_at(text, 11, 2),
                       .tm_min = (int)number_at(text, 14, 2),
                       .tm_sec = (int)number_at(text, 17, 2)};
    struct tm normal = parts;
    int64_t unix_us = timegm(&normal) * SECOND;
    CHECK(normal.tm_mday == parts.tm_mday && normal.tm_mon == parts.tm_mon); /* no 31 February */
    CHECK(normal.tm_hour == parts.tm_hour && normal.tm_sec == parts.tm_sec);
    if (text[19] == '.') {
        int64_t unit = SECOND;
        for (size_t i = 20; text[i] >= '0' && text[i] <= '9'; i++)
            unix_us += number_at(text, i, 1) * (unit /= 10);
    }
    if (text[len - 1] == 'Z')
        return unix_us;
    int64_t minutes = number_at(text, len - 5, 2) * 60 + number_at(text, len - 2, 2);
    CHECK(text[len - 6] == '+' || text[len - 6] == '-');
    return unix_us + (text[len - 6] == '-' ? minutes : -minutes) * 60 * SECOND;
}

static void check_round_trip(int64_t unix_us)
{
    char text[TIMESTAMP_TEXT_BYTES];
    int64_t back;
    timestamp_format_micro(unix_us, text);
    CHECK(timestamp_parse(str_from(text), &back) && back == unix_us);
    CHECK(naive_time(text, strlen(text)) == unix_us);
    timestamp_format(unix_us, text);
    CHECK(strlen(text) == 20 && timestamp_parse(str_from(text), &back));
    CHECK(back <= unix_us && unix_us - back < SECOND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t unix_us = 4711;
    if (timestamp_parse((struct str){(const char *)data, size}, &unix_us)) {
        char *text = malloc(size + 1);
        CHECK(text);
        memcpy(text, data, size);
        text[size] = '\0';
        CHECK(strlen(text) == size && naive_time(text, size) == unix_us);
        free(text);
        check_round_trip(unix_us);
    } else {
        CHECK(unix_us == 4711);
    }
    uint64_t moment = 0;
    memcpy(&moment, data, size < sizeof(moment) ? size : sizeof(moment));
    check_round_trip(FIRST_YEAR + (int64_t)(moment % (uint64_t)(YEAR_10000 - FIRST_YEAR)));
    return 0;
}
