/*
 * The reflector over real HTTP/2: watches that break, and what an operator must mend.
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

TestSuite(reflector_broken, .init = setup, .fini = teardown, .timeout = 60);

/* ---- broken watches ---- */

Test(reflector_broken, watches_again_without_a_list_when_throttled)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("10") MODIFIED("a", "11") ERROR_EVENT(429)),
               REFUSE(429, "too many requests"), HOLD(MODIFIED("a", "12")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED +a +a ");
    rig_expect_param(&rig, 1, "resourceVersion=11");
    rig_expect_param(&rig, 2, "resourceVersion=11");
    rig_expect_no_param(&rig, 2, "sendInitialEvents");
}

Test(reflector_broken, lists_anew_after_three_errors_in_a_row)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("10") MODIFIED("a", "11") ERROR_EVENT(500)),
               WHOLE(ERROR_EVENT(500)), WHOLE(ERROR_EVENT(500)), HOLD(LIST_END("20")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED +a BEGIN END SYNCED ");
    cr_expect_eq(rig.script.request_count, 4);
    rig_expect_no_param(&rig, 2, "sendInitialEvents");
    rig_expect_param(&rig, 3, "sendInitialEvents=true");
}

Test(reflector_broken, resumes_when_the_connection_is_lost)
{
    SCRIPT_SAY(&rig.script, DROP(LIST_END("10") MODIFIED("a", "11")), DROP(MODIFIED("a", "12")),
               {0, NULL, SCRIPT_RESETS, 0, NULL}, HOLD(MODIFIED("a", "13")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED +a +a +a ");
    cr_expect_eq(rig.script.request_count, 4);
    rig_expect_param(&rig, 1, "resourceVersion=11");
    rig_expect_param(&rig, 3, "resourceVersion=12");
    cr_expect_eq(reflector_stats(rig.reflector).lists, 1);
}

Test(reflector_broken, a_deletion_with_an_old_version_does_not_turn_the_watch_back)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("9") MODIFIED("a", "11") DELETED("a", "10")),
               WHOLE(MODIFIED("b", "12") BOOKMARK("3")), HOLD(MODIFIED("c", "13")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED +a -a +b +c ");
    rig_expect_param(&rig, 1, "resourceVersion=11");
    rig_expect_param(&rig, 2, "resourceVersion=12");
    cr_expect_eq(reflector_stats(rig.reflector).lists, 1);
}

/* From our version no event would come until the server has reached it again (k/k#118501). */
Test(reflector_broken, a_server_that_went_back_is_listed_as_it_is)
{
    SCRIPT_SAY(&rig.script, HOLD(LIST_END("100") BOOKMARK("7") BOOKMARK("8")),
               HOLD(ADDED("a", "5") LIST_END("8") MODIFIED("a", "9")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED BEGIN +a END SYNCED +a ");
    rig_expect_param(&rig, 1, "sendInitialEvents=true");
    rig_expect_no_param(&rig, 1, "resourceVersion");
}

Test(reflector_broken, a_bookmark_before_the_end_of_a_streamed_list_means_it_has_none)
{
    SCRIPT_SAY(&rig.script, HOLD(ADDED("a", "1") BOOKMARK("5")),
               WHOLE(LIST("5", "", NODE("a", "1"))), HOLD(MODIFIED("a", "6")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +a BEGIN +a END SYNCED +a ");
    rig_expect_no_param(&rig, 1, "watch");
    rig_expect_param(&rig, 2, "resourceVersion=5");
}

Test(reflector_broken, a_streamed_list_takes_no_longer_than_its_limit)
{
    SCRIPT_SAY(&rig.script, HOLD(ADDED("a", "1")), WHOLE(LIST("5", "", NODE("a", "1"))),
               HOLD(MODIFIED("a", "6")));
    struct reflector_options chosen = rig_options(&rig);
    chosen.stream_idle_ms = 60000;
    chosen.stream_limit_ms = 50;
    rig_start(&rig, &chosen);
    rig_await(&rig, "BEGIN +a BEGIN +a END SYNCED +a ");
    cr_expect_eq(reflector_stats(rig.reflector).idle_timeouts, 0);
}

Test(reflector_broken, resumes_before_a_value_that_is_cut_or_corrupt)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("10") MODIFIED("a", "11") "{\"type\":\"MODIF"),
               HOLD(MODIFIED("b", "12") "{\"type\":\x01}"), HOLD(MODIFIED("c", "13")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED +a +b +c ");
    rig_expect_param(&rig, 1, "resourceVersion=11");
    rig_expect_param(&rig, 2, "resourceVersion=12");
    cr_expect_eq(reflector_stats(rig.reflector).decode_failures, 2);
}

Test(reflector_broken, lists_anew_when_the_same_place_stays_corrupt)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("10")), HOLD("nonsense"), HOLD("nonsense"),
               HOLD("nonsense"), HOLD(LIST_END("20")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED BEGIN END SYNCED ");
    cr_expect_eq(rig.script.request_count, 5);
}

Test(reflector_broken, replaces_a_dead_link_within_the_idle_limit)
{
    SCRIPT_SAY(&rig.script, HOLD(LIST_END("10")), HOLD(MODIFIED("a", "11")));
    struct reflector_options chosen = rig_options(&rig);
    chosen.watch_idle_ms = 50;
    rig_start(&rig, &chosen);
    rig_await(&rig, "BEGIN END SYNCED +a ");
    rig_expect_param(&rig, 1, "resourceVersion=10");
    cr_expect_geq(reflector_stats(rig.reflector).idle_timeouts, 1);
}

Test(reflector_broken, waits_between_watches_that_end_at_once)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("10")), WHOLE(""), WHOLE(""), WHOLE(""), WHOLE(""),
               HOLD(MODIFIED("a", "11")));
    struct reflector_options chosen = rig_options(&rig);
    chosen.backoff_base_ms = 40;
    rig_start(&rig, &chosen);
    uint64_t before_ms = uv_hrtime() / 1000000;
    rig_await(&rig, "BEGIN END SYNCED +a ");
    /* four empty watches: at least 40 + 80 + 160 + 320 ms of waiting */
    cr_expect_geq(uv_hrtime() / 1000000 - before_ms, 600);
    cr_expect_eq(reflector_stats(rig.reflector).lists, 1);
}

Test(reflector_broken, comes_back_when_the_server_said)
{
    SCRIPT_SAY(&rig.script, {503, STATUS(503, "shutting down"), SCRIPT_ENDS, 1, NULL},
               HOLD(LIST_END("10")));
    rig_start_streaming(&rig);
    rig_await_requests(&rig, 1);
    uint64_t before_ms = uv_hrtime() / 1000000;
    rig_await(&rig, "BEGIN BEGIN END SYNCED ");
    cr_expect_geq(uv_hrtime() / 1000000 - before_ms, 990);
}

/* ---- rig.troubles ---- */

Test(reflector_broken, names_the_missing_right_and_how_to_grant_it)
{
    SCRIPT_SAY(&rig.script,
               REFUSE(403, "nodes is forbidden: User \\\"nobody\\\" cannot watch resource "
                           "\\\"nodes\\\" in API group \\\"\\\" at the cluster scope"),
               HOLD(LIST_END("10")));
    rig_start_streaming(&rig);
    rig_await_troubles(&rig, 1);
    cr_expect_eq(rig.trouble.code, EACCES);
    cr_expect(strstr(rig.trouble.text, "may not watch nodes"), "%s", rig.trouble.text);
    cr_expect(strstr(rig.trouble.text, "User \"nobody\""), "%s", rig.trouble.text);
    cr_expect(strstr(rig.trouble.text, "grant list and watch on nodes"), "%s", rig.trouble.text);
    rig_await(&rig, "BEGIN BEGIN END SYNCED "); /* and goes on by itself once it is granted */
}

Test(reflector_broken, tries_once_more_before_it_complains_about_credentials)
{
    SCRIPT_SAY(&rig.script, REFUSE(401, "Unauthorized"), REFUSE(401, "Unauthorized"),
               HOLD(LIST_END("10")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN BEGIN BEGIN END SYNCED ");
    cr_expect_eq(rig.troubles, 1);
    cr_expect(strstr(rig.trouble.text, "401"), "%s", rig.trouble.text);
}

Test(reflector_broken, tells_of_a_refused_watch_and_goes_on_watching)
{
    SCRIPT_SAY(&rig.script, WHOLE(LIST_END("10") MODIFIED("a", "11")), REFUSE(403, "no"),
               HOLD(MODIFIED("a", "12")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN END SYNCED +a +a ");
    cr_expect_eq(rig.troubles, 1);
}

Test(reflector_broken, stops_in_any_state)
{
    SCRIPT_SAY(&rig.script, HOLD(ADDED("a", "1")));
    rig_start_streaming(&rig);
    rig_await(&rig, "BEGIN +a ");
    /* the teardown stops it in the middle of its list */
}

static void on_stopped(void *ctx)
{
    ((struct reflector_rig *)ctx)->is_stopped = true;
}

static void stop_on_seen(void *ctx, const struct event *event)
{
    struct reflector_rig *owner = ctx;
    rig_on_event(ctx, event);
    if (event->kind != EVENT_NODE_SEEN)
        return;
    reflector_stop(owner->reflector, on_stopped, owner);
    owner->reflector = NULL;
}

Test(reflector_broken, may_be_stopped_from_inside_an_event)
{
    SCRIPT_SAY(&rig.script, HOLD(ADDED("a", "1") ADDED("b", "2") LIST_END("3")));
    struct reflector_options chosen = rig_options(&rig);
    chosen.on_event = stop_on_seen;
    rig_start(&rig, &chosen);
    rig_await_stop(&rig);
    cr_expect_str_eq(rig.transcript.data, "BEGIN +a ");
}
