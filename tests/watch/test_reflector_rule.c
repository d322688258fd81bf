#include <criterion/criterion.h>

#include "watch/reflector_rule.h"

#define STREAMING .phase = REFLECTOR_STREAMING
#define PAGING    .phase = REFLECTOR_PAGING
#define WATCHING  .phase = REFLECTOR_WATCHING
#define ONCE      .failures = 1
#define THRICE    .failures = 3

static const struct {
    const char *claim;
    struct reflector_end end;
    struct reflector_step step;
} rows[] = {
    /* streaming list: reliability 1.3 */
    {"refused as unknown (422): pages",
     {STREAMING, ONCE, .status = 422},
     {.next = NEXT_LIST, .gives_up_streaming = true}},
    {"refused (400): pages",
     {STREAMING, ONCE, .status = 400},
     {.next = NEXT_LIST, .gives_up_streaming = true}},
    {"refused (415): pages",
     {STREAMING, ONCE, .status = 415},
     {.next = NEXT_LIST, .gives_up_streaming = true}},
    {"silent before its bookmark: pages",
     {STREAMING, ONCE, .status = 200, .failure = HTTP_FAILURE_STOPPED, .is_idle = true},
     {.next = NEXT_LIST, .gives_up_streaming = true}},
    {"without an end: pages",
     {STREAMING, ONCE, .status = 200, .failure = HTTP_FAILURE_STOPPED, .is_endless = true},
     {.next = NEXT_LIST, .gives_up_streaming = true}},
    {"ended by the server without its bookmark: pages this time",
     {STREAMING, ONCE, .status = 200},
     {.next = NEXT_LIST}},
    {"410 for the version asked for: once more at once without a version",
     {STREAMING, ONCE, .status = 410, .named_rv = true},
     {.next = NEXT_STREAM, .forgets_rv = true}},
    {"410 although no version was asked for: not in a circle",
     {STREAMING, ONCE, .status = 410},
     {.next = NEXT_STREAM, .forgets_rv = true, .backs_off = true}},
    {"a version the server has not reached: without a version",
     {STREAMING, ONCE, .status = 504, .named_rv = true, .is_rv_too_large = true},
     {.next = NEXT_STREAM, .forgets_rv = true}},
    {"connection lost: stream again after a while",
     {STREAMING, ONCE, .status = 200, .failure = HTTP_FAILURE_LOST},
     {.next = NEXT_STREAM, .backs_off = true}},
    {"connection lost for the third time: pages",
     {STREAMING, THRICE, .status = 200, .failure = HTTP_FAILURE_LOST},
     {.next = NEXT_LIST, .backs_off = true}},
    {"429: stream again after a while",
     {STREAMING, THRICE, .status = 429},
     {.next = NEXT_STREAM, .backs_off = true}},
    {"503: stream again after a while",
     {STREAMING, ONCE, .status = 503},
     {.next = NEXT_STREAM, .backs_off = true}},
    {"corrupt: stream again after a while",
     {STREAMING, ONCE, .status = 200, .failure = HTTP_FAILURE_STOPPED, .is_corrupt = true},
     {.next = NEXT_STREAM, .backs_off = true}},

    /* lists: reliability 1.1 */
    {"continue token expired: one whole list",
     {PAGING, ONCE, .status = 410, .is_later_page = true},
     {.next = NEXT_FULL_LIST}},
    {"410 on the first page: at once without a version",
     {PAGING, ONCE, .status = 410, .named_rv = true},
     {.next = NEXT_LIST, .forgets_rv = true}},
    {"410 without a version: not in a circle",
     {PAGING, ONCE, .status = 410},
     {.next = NEXT_LIST, .forgets_rv = true, .backs_off = true}},
    {"a version the server has not reached: at once without a version",
     {PAGING, ONCE, .status = 504, .named_rv = true, .is_rv_too_large = true},
     {.next = NEXT_LIST, .forgets_rv = true}},
    {"page cut off: from the first page after a while",
     {PAGING, ONCE, .status = 200, .failure = HTTP_FAILURE_LOST, .is_later_page = true},
     {.next = NEXT_LIST, .backs_off = true}},
    {"500: list again after a while",
     {PAGING, THRICE, .status = 500},
     {.next = NEXT_LIST, .backs_off = true}},
    {"400: list again, and an operator must know",
     {PAGING, ONCE, .status = 400},
     {.next = NEXT_LIST, .backs_off = true, .is_trouble = true}},

    /* watches: reliability 1.2, 1.4 */
    {"ended in good order: at once again", {WATCHING, .status = 200}, {.next = NEXT_WATCH}},
    {"under a second and no event: not in a circle",
     {WATCHING, ONCE, .status = 200, .is_short = true},
     {.next = NEXT_WATCH, .backs_off = true}},
    {"410 as HTTP status: list at once, keeping the version",
     {WATCHING, ONCE, .status = 410, .expiries = 1},
     {.next = NEXT_STREAM}},
    {"410 as ERROR event: the same",
     {WATCHING, ONCE, .status = 200, .error_code = 410, .failure = HTTP_FAILURE_STOPPED,
      .expiries = 1},
     {.next = NEXT_STREAM}},
    {"410 again without progress: not in a circle",
     {WATCHING, .status = 410, .failures = 2, .expiries = 2},
     {.next = NEXT_STREAM, .backs_off = true}},
    {"ERROR event 429: watch again after a while, never a list",
     {WATCHING, .failures = 9, .status = 200, .error_code = 429},
     {.next = NEXT_WATCH, .backs_off = true}},
    {"ERROR event 500: watch again after a while",
     {WATCHING, .failures = 2, .status = 200, .error_code = 500},
     {.next = NEXT_WATCH, .backs_off = true}},
    {"ERROR event 500 for the third time: list",
     {WATCHING, THRICE, .status = 200, .error_code = 500},
     {.next = NEXT_STREAM, .backs_off = true}},
    {"corrupt JSON: watch again from the last version",
     {WATCHING, ONCE, .status = 200, .failure = HTTP_FAILURE_STOPPED, .is_corrupt = true},
     {.next = NEXT_WATCH, .backs_off = true}},
    {"corrupt JSON for the third time at one place: list",
     {WATCHING, THRICE, .status = 200, .failure = HTTP_FAILURE_STOPPED, .is_corrupt = true},
     {.next = NEXT_STREAM, .backs_off = true}},
    {"connection lost: watch again however often, never a list",
     {WATCHING, .failures = 50, .status = 200, .failure = HTTP_FAILURE_LOST},
     {.next = NEXT_WATCH, .backs_off = true}},
    {"dead link: watch again at once",
     {WATCHING, ONCE, .status = 200, .failure = HTTP_FAILURE_STOPPED, .is_idle = true},
     {.next = NEXT_WATCH}},
    {"the server went back behind our version: list whatever there is",
     {WATCHING, ONCE, .status = 200, .failure = HTTP_FAILURE_STOPPED, .is_rv_ahead = true},
     {.next = NEXT_STREAM, .forgets_rv = true, .backs_off = true}},
    {"503 at open: watch again",
     {WATCHING, THRICE, .status = 503},
     {.next = NEXT_WATCH, .backs_off = true}},
    {"the server does not take our version (400): list",
     {WATCHING, ONCE, .status = 400},
     {.next = NEXT_STREAM, .backs_off = true}},

    /* troubles */
    {"401: once more with fresh credentials",
     {WATCHING, ONCE, .status = 401},
     {.next = NEXT_WATCH}},
    {"401 again: an operator must know",
     {WATCHING, .failures = 2, .status = 401},
     {.next = NEXT_WATCH, .backs_off = true, .is_trouble = true}},
    {"403: an operator must know",
     {STREAMING, ONCE, .status = 403},
     {.next = NEXT_STREAM, .backs_off = true, .is_trouble = true}},
    {"404: no apiserver",
     {PAGING, ONCE, .status = 404},
     {.next = NEXT_LIST, .backs_off = true, .is_trouble = true}},
    {"no connection: told",
     {STREAMING, THRICE, .failure = HTTP_FAILURE_CONNECT},
     {.next = NEXT_STREAM, .backs_off = true, .is_trouble = true}},
    {"wrong CA: told",
     {STREAMING, ONCE, .failure = HTTP_FAILURE_TLS},
     {.next = NEXT_STREAM, .backs_off = true, .is_trouble = true}},
};

Test(reflector_rule, answers_each_end_as_the_table_says)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reflector_step step = reflector_decide(&rows[i].end);
        const struct reflector_step *want = &rows[i].step;
        cr_expect_eq(step.next, want->next, "%s: next", rows[i].claim);
        cr_expect_eq(step.backs_off, want->backs_off, "%s: backs_off", rows[i].claim);
        cr_expect_eq(step.forgets_rv, want->forgets_rv, "%s: forgets_rv", rows[i].claim);
        cr_expect_eq(step.gives_up_streaming, want->gives_up_streaming, "%s: gives_up_streaming",
                     rows[i].claim);
        cr_expect_eq(step.is_trouble, want->is_trouble, "%s: is_trouble", rows[i].claim);
    }
}

/* However ends follow each other: what is not a calm watch, a first 410 or a change of way waits.
 */
Test(reflector_rule, never_repeats_the_same_failing_request_at_once)
{
    static const int32_t codes[] = {0,   200, 400, 401, 403, 404, 409, 410,
                                    415, 422, 429, 500, 502, 503, 504};
    for (int phase = REFLECTOR_STREAMING; phase <= REFLECTOR_WATCHING; phase++)
        for (size_t i = 0; i < ARRAY_LEN(codes); i++)
            for (int failure = HTTP_FAILURE_NONE; failure <= HTTP_FAILURE_OTHER; failure++) {
                struct reflector_end end = {.phase = (enum reflector_phase)phase,
                                            .status = codes[i],
                                            .failure = (enum http_failure)failure,
                                            .failures = 2,
                                            .expiries = 2};
                struct reflector_step step = reflector_decide(&end);
                bool is_same = step.next == (phase == REFLECTOR_STREAMING ? NEXT_STREAM
                                             : phase == REFLECTOR_PAGING  ? NEXT_LIST
                                                                          : NEXT_WATCH);
                if (is_same && !reflector_end_is_calm(&end))
                    cr_expect(step.backs_off, "phase %d, code %d, failure %d", phase, codes[i],
                              failure);
            }
}

static void expect_url(const struct reflector_query *query, const char *want)
{
    struct buf url;
    buf_init(&url, 4096);
    reflector_url(&url, STR("/api/v1/pods"), query);
    cr_expect_str_eq(url.data, want);
    buf_fini(&url);
}

Test(reflector_rule, writes_the_urls_of_each_phase)
{
    struct str selector = STR("status.phase!=Failed");
    expect_url(
        &(struct reflector_query){STREAMING, .field_selector = selector, .timeout_seconds = 333},
        "/api/v1/pods?fieldSelector=status.phase%21%3DFailed&sendInitialEvents=true&"
        "resourceVersionMatch=NotOlderThan&watch=true&allowWatchBookmarks=true&"
        "timeoutSeconds=333");
    expect_url(&(struct reflector_query){STREAMING, .rv = STR("9"), .timeout_seconds = 333},
               "/api/v1/pods?resourceVersion=9&sendInitialEvents=true&"
               "resourceVersionMatch=NotOlderThan&watch=true&allowWatchBookmarks=true&"
               "timeoutSeconds=333");
    expect_url(&(struct reflector_query){PAGING, .rv = STR("0"), .limit = 500},
               "/api/v1/pods?limit=500&resourceVersion=0");
    expect_url(&(struct reflector_query){PAGING, .continue_token = STR("eyJ2=="), .limit = 500},
               "/api/v1/pods?limit=500&continue=eyJ2%3D%3D");
    expect_url(&(struct reflector_query){PAGING}, "/api/v1/pods");
    expect_url(&(struct reflector_query){WATCHING, .rv = STR("12/3"), .timeout_seconds = 300},
               "/api/v1/pods?resourceVersion=12%2F3&watch=true&allowWatchBookmarks=true&"
               "timeoutSeconds=300");
}

Test(reflector_rule, asks_for_five_to_ten_minutes)
{
    struct rng rng;
    rng_init(&rng, 1);
    uint32_t least = UINT32_MAX, most = 0;
    for (int i = 0; i < 10000; i++) {
        uint32_t seconds = reflector_timeout_seconds(&rng);
        least = seconds < least ? seconds : least;
        most = seconds > most ? seconds : most;
    }
    cr_assert_eq(least, 300);
    cr_assert_eq(most, 599);
}
