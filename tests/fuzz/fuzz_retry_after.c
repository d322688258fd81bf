/* fuzz: links watch, max_len 64 */
/*
 * Retry-After: any bytes give -1 or 0 to 3600; digits give their number; and each moment written as
 * one of the three dates of RFC 9110 is understood to the second.
 */
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "model/base/check.h"
#include "watch/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define YEAR_2000 INT64_C(946684800)
#define YEAR_2100 INT64_C(4102444800)

static void check_dates(int64_t moment)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    time_t at = (time_t)moment;
    struct tm utc;
    CHECK(gmtime_r(&at, &utc) != NULL);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        char text[64];
        size_t len = strftime(text, sizeof(text), forms[i], &utc);
        CHECK(len > 0);
        CHECK(http_retry_after((struct str){text, len}, moment - 42) == 42);
        CHECK(http_retry_after((struct str){text, len}, moment + 42) == 0);
        CHECK(http_retry_after((struct str){text, len - 1}, moment - 42) != 42);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t moment = 0;
    memcpy(&moment, data, size < sizeof(moment) ? size : sizeof(moment));
    check_dates(YEAR_2000 + (int64_t)(moment % (uint64_t)(YEAR_2100 - YEAR_2000)));

    struct str value = {(const char *)data, size};
    int32_t seconds = http_retry_after(value, (int64_t)moment);
    CHECK(seconds >= -1 && seconds <= 3600);

    size_t digits = 0;
    int32_t number = 0;
    while (digits < size && data[digits] >= '0' && data[digits] <= '9' && number <= 3600)
        number = number * 10 + (data[digits++] - '0');
    if (size > 0 && digits == size)
        CHECK(seconds == (number > 3600 ? 3600 : number));
    return 0;
}
