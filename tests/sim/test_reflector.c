/*
 * The reflector over real HTTP/2: lists, streamed and in pages, and 410. Each test is a list of
 * answers, the transcript that must come of them, and the requests that must have been made.
 */
#include <criterion/criterion.h>

#include "tests/sim/reflector_rig.h"

static struct reflector_rig rig;

static void setup(void)
{
    rig_open(&rig);
}

static void teardown(void)
{
    rig_close(&rig);
}

TestSuite(reflector, .init = setup, .fini = teardown, .timeout = 60);

/* ---- streaming lists ---- */

Test(reflector, lists_and_watches_on_one_stream)
{
    SCRIPT_SAY(&rig.script, HOLD(ADDED("b", "7") ADDED("a", "3") LIST_END("10") ADDED("c", "11")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +b +a END SYNCED +c ");
    script_tell(&rig.script, MODIFIED("a", "12") DELETED("b", "13"), SCRIPT_HOLDS);
    rig_await(&rig, "BEGIN +b +a END SYNCED +c +a -b ");
    cr_expect_eq(rig.script.request_count, 1);
    rig_expect_param(&rig, 0, "watch=true");
    rig_expect_param(&rig, 0, "sendInitialEvents=true");
    rig_expect_param(&rig, 0, "resourceVersionMatch=NotOlderThan");
    rig_expect_param(&rig, 0, "allowWatchBookmarks=true");
    rig_expect_no_param(&rig, 0, "resourceVersion");
    struct reflector_stats stats = reflector_stats(rig.reflector);
    cr_expect_eq(stats.streamed_lists, 1);
    cr_expect_eq(stats.events, 5);
    cr_expect(reflector_is_synced(rig.reflector));
}

Test(reflector, resumes_at_once_from_the_last_event_when_the_server_ends_a_watch)
{
    SCRIPT_SAY(&rig.script, WHOLE(ADDED("a", "3") LIST_END("10") MODIFIED("a", "12")),
               HOLD(MODIFIED("a", "14")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +a END SYNCED +a +a ");
    cr_expect_eq(rig.script.request_count, 2);
    rig_expect_param(&rig, 1, "resourceVersion=12");
    rig_expect_no_param(&rig, 1, "sendInitialEvents");
    rig_expect_param(&rig, 1, "allowWatchBookmarks=true");
}

/* What a watch has lost only a list can tell: consistent, so without a version. */
Test(reflector, lists_anew_when_a_watch_ends_and_the_last_list_is_old)
{
    SCRIPT_SAY(&rig.script, HOLD(ADDED("a", "3") LIST_END("10")),
               HOLD(ADDED("b", "11") LIST_END("12")));
    struct reflector_options chosen = rig_options(&rig);
    chosen.relist_every_ms = 1;
    rig_start(&rig, &chosen);
    rig_await(&rig, "BEGIN +a END SYNCED ");
    uint64_t listed_ns = uv_hrtime();
    while (uv_hrtime() - listed_ns < 5 * 1000000)
        ; /* the list gets old */
    script_tell(&rig.script, MODIFIED("a", "12"), SCRIPT_ENDS);
    rig_await(&rig, "BEGIN +a END SYNCED +a BEGIN +b END SYNCED ");
    rig_expect_param(&rig, 1, "sendInitialEvents=true");
    rig_expect_no_param(&rig, 1, "resourceVersion");
}

Test(reflector, resumes_from_bookmarks)
{
    SCRIPT_SAY(&rig.script, WHOLE(ADDED("a", "3") LIST_END("10") BOOKMARK("55")), HOLD(""));
    rig_start_streaming(&rig);
    rig_await_requests(&rig, 2);
    rig_expect_param(&rig, 1, "resourceVersion=55");
}

Test(reflector, resumes_from_the_list_and_not_from_its_unordered_events)
{
    SCRIPT_SAY(&rig.script, WHOLE(ADDED("a", "99") LIST_END("10")), HOLD(""));
    rig_start_streaming(&rig);
    rig_await_requests(&rig, 2);
    rig_expect_param(&rig, 1, "resourceVersion=10");
}

Test(reflector, treats_versions_as_opaque)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("a/b c") MODIFIED("a", "0009")),
               WHOLE(MODIFIED("a", "v1 z")), HOLD(""));
    rig_start_streaming(&rig);
    rig_await_requests(&rig, 3);
    rig_expect_param(&rig, 1, "resourceVersion=0009");
    rig_expect_param(&rig, 2, "resourceVersion=v1%20z");
}

static const int refusals[] = {400, 415, 422};

Test(reflector, pages_where_streaming_lists_are_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        SCRIPT_SAY(&rig.script,
                   {refusals[i], STATUS(1, "sendInitialEvents is forbidden"), SCRIPT_ENDS, 0, NULL},
                   WHOLE(LIST("10", "", NODE("a", "3"))), HOLD(ADDED("b", "11")));
        size_t first = rig.script.request_count;
        buf_clear(&rig.transcript);
        rig_start_streaming(&rig);
        rig_await(&rig, "BEGIN BEGIN +a END SYNCED +b ");
        cr_assert_eq(rig.script.request_count, first + 3);
        rig_expect_param(&rig, first + 1, "limit=500");
        rig_expect_param(&rig, first + 1, "resourceVersion=0");
        rig_expect_param(&rig, first + 2, "resourceVersion=10");
        cr_expect_eq(rig.troubles, 0);
        rig_stop(&rig);
    }
}

Test(reflector, pages_when_the_end_of_list_bookmark_never_comes)
{
    SCRIPT_SAY(&rig.script, HOLD(ADDED("a", "3")), WHOLE(LIST("10", "", NODE("a", "3"))), HOLD(""));
    struct reflector_options chosen = rig_options(&rig);
    chosen.stream_idle_ms = 50;
    rig_start(&rig, &chosen);
    rig_await(&rig, "BEGIN +a BEGIN +a END SYNCED ");
    rig_await_requests(&rig, 3);
    cr_expect_eq(reflector_stats(rig.reflector).idle_timeouts, 1);
}

Test(reflector, pages_when_the_stream_ends_before_its_bookmark)
{
    SCRIPT_SAY(&rig.script, WHOLE(ADDED("a", "3")), WHOLE(LIST("10", "", NODE("a", "3"))),
               HOLD(""));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +a BEGIN +a END SYNCED ");
}

Test(reflector, begins_again_when_a_streaming_list_is_cut)
{
    SCRIPT_SAY(&rig.script, DROP(ADDED("a", "3")), HOLD(ADDED("b", "4") LIST_END("10")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +a BEGIN +b END SYNCED ");
    rig_expect_no_param(&rig, 1, "resourceVersion");
}

/* ---- lists in pages ---- */

Test(reflector, follows_continue_tokens_in_one_frame)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST("10", "t/1", NODE("a", "1") "," NODE("b", "2"))),
               WHOLE(LIST("10", "t2", NODE("c", "3"))), WHOLE(LIST("10", "", NODE("d", "4"))),
               HOLD(ADDED("e", "11")));
    rig_start_paging(&rig);
    rig_await(&rig, "BEGIN +a +b +c +d END SYNCED +e ");
    rig_expect_param(&rig, 1, "continue=t%2F1");
    rig_expect_param(&rig, 1, "limit=500");
    rig_expect_no_param(&rig, 1, "resourceVersion");
    rig_expect_param(&rig, 2, "continue=t2");
    rig_expect_param(&rig, 3, "resourceVersion=10");
    cr_expect_eq(reflector_stats(rig.reflector).pages, 3);
}

Test(reflector, goes_on_after_an_empty_page)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST("10", "t1", "")), WHOLE(LIST("10", "", NODE("a", "1"))),
               HOLD(""));
    rig_start_paging(&rig);
    rig_await(&rig, "BEGIN +a END SYNCED ");
}

Test(reflector, lists_whole_when_a_continue_token_has_expired)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST("10", "t1", NODE("a", "1"))),
               REFUSE(410, "The provided continue parameter is too old"),
               WHOLE(LIST("20", "", NODE("a", "1") "," NODE("b", "2"))), HOLD(""));
    rig_start_paging(&rig);
    rig_await(&rig, "BEGIN +a BEGIN +a +b END SYNCED ");
    rig_await_requests(&rig, 4);
    rig_expect_no_param(&rig, 2, "limit");
    rig_expect_no_param(&rig, 2, "continue");
    rig_expect_param(&rig, 3, "resourceVersion=20");
}

Test(reflector, begins_again_when_a_page_is_cut)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST("10", "t1", NODE("a", "1"))),
               DROP("{\"kind\":\"NodeList\",\"items\":[" NODE("b", "2")),
               WHOLE(LIST("11", "", NODE("a", "1"))), HOLD(""));
    rig_start_paging(&rig);
    rig_await(&rig, "BEGIN +a +b BEGIN +a END SYNCED ");
    rig_expect_no_param(&rig, 2, "continue");
}

Test(reflector, takes_no_half_list_for_a_whole_one)
{
    SCRIPT_SAY(&rig.script, WHOLE("{\"kind\":\"NodeList\",\"items\":[" NODE("b", "2")),
               WHOLE(LIST("11", "", NODE("a", "1"))), HOLD(""));
    rig_start_paging(&rig);
    rig_await(&rig, "BEGIN +b BEGIN +a END SYNCED ");
    cr_expect_eq(reflector_stats(rig.reflector).decode_failures, 1);
}

Test(reflector, takes_no_list_without_a_version)
{
    SCRIPT_SAY(&rig.script, WHOLE("{\"kind\":\"NodeList\",\"metadata\":{},\"items\":[]}"),
               WHOLE(LIST("11", "", NODE("a", "1"))), HOLD(""));
    rig_start_paging(&rig);
    rig_await(&rig, "BEGIN BEGIN +a END SYNCED ");
}

/* ---- 410 ---- */

Test(reflector, lists_anew_after_410_as_event_and_never_goes_back)
{
    SCRIPT_SAY(&rig.script, WHOLE(ADDED("a", "3") LIST_END("10") ERROR_EVENT(410)),
               HOLD(ADDED("a", "3") LIST_END("30")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +a END SYNCED BEGIN +a END SYNCED ");
    rig_expect_param(&rig, 1, "sendInitialEvents=true");
    rig_expect_param(&rig, 1, "resourceVersion=10");
    cr_expect_eq(reflector_stats(rig.reflector).errors_410, 1);
}

Test(reflector, lists_anew_after_410_as_status_and_then_without_a_version)
{
    SCRIPT_SAY(&rig.script, WHOLE(ADDED("a", "3") LIST_END("10") MODIFIED("a", "12")),
               REFUSE(410, "too old resource version"), REFUSE(410, "too old resource version"),
               HOLD(ADDED("a", "3") LIST_END("2")), HOLD(""));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +a END SYNCED +a BEGIN BEGIN +a END SYNCED ");
    rig_expect_param(&rig, 1, "resourceVersion=12");
    rig_expect_param(&rig, 2, "resourceVersion=12");
    rig_expect_param(&rig, 2, "sendInitialEvents=true");
    rig_expect_no_param(&rig, 3, "resourceVersion");
    cr_expect_eq(reflector_stats(rig.reflector).errors_410, 2);
}

Test(reflector, asks_a_relist_in_pages_for_at_least_the_last_version)
{
    SCRIPT_SAY(
        &rig.script, WHOLE(LIST("10", "", NODE("a", "1"))), WHOLE(ERROR_EVENT(410)),
        {504,
         "{\"kind\":\"Status\",\"message\":\"Timeout: Too large resource version: 10, current: "
         "4\",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}]}}",
         SCRIPT_ENDS, 0, NULL},
        WHOLE(LIST("4", "", "")), HOLD(""));
    rig_start_paging(&rig);
    rig_await(&rig, "BEGIN +a END SYNCED BEGIN BEGIN END SYNCED ");
    rig_expect_param(&rig, 2, "resourceVersion=10");
    rig_expect_no_param(&rig, 2, "limit");
    rig_expect_no_param(&rig, 3, "resourceVersion");
    rig_expect_param(&rig, 3, "limit=500");
}
