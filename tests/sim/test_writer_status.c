/* The writer over real HTTP/2: status patches and events. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "tests/sim/writer_rig.h"

static struct writer_rig rig;

static void setup(void)
{
    writer_rig_open(&rig);
}

static void teardown(void)
{
    writer_rig_close(&rig);
}

TestSuite(writer_status, .init = setup, .fini = teardown, .timeout = 60);

/* ---- status ---- */

Test(writer_status, patches_the_condition)
{
    SCRIPT_SAY(&rig.script, OK("{}"));
    rig_patch(&rig, "0/1 nodes are available: 1 Too many pods.", true, false);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].kind, EVENT_STATUS_REPLY);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    const struct script_request *request = script_request(&rig.script, 0);
    cr_expect_str_eq(request->method, "PATCH");
    cr_expect_str_eq(request->path, "/api/v1/namespaces/shop/pods/web-0/status");
    cr_expect_str_eq(request->content_type, "application/strategic-merge-patch+json");
    rig_expect_text(&rig, 0, "metadata.uid", "11112222-3333-4444-0000-000000000007");
    rig_expect_text(&rig, 0, "status.conditions.0.message",
                    "0/1 nodes are available: 1 Too many pods.");
    cr_expect(strstr(request->body, "\"lastTransitionTime\":\"20"), "%s", request->body);
    cr_expect(strstr(request->body, "\"nominatedNodeName\":null"), "%s", request->body);
}

Test(writer_status, keeps_the_transition_time_of_a_condition_that_was_false)
{
    SCRIPT_SAY(&rig.script, OK("{}"));
    rig_patch(&rig, "still", false, true);
    rig_await_replies(&rig, 1);
    cr_expect_not(strstr(script_request(&rig.script, 0)->body, "lastTransitionTime"));
}

Test(writer_status, merges_the_patches_that_wait_behind_one_under_way)
{
    rig_patch(&rig, "one", false, false);
    rig_await_count(&rig, "/status", 1);
    rig_patch(&rig, "two", true, false);
    rig_patch(&rig, "three", false, true);
    rig_patch(&rig, "four", false, true);
    SCRIPT_SAY(&rig.script, OK("{}"));
    script_release(&rig.script, 200, "{}");
    rig_await_replies(&rig, 4);
    cr_expect_eq(rig.script.request_count, 2);
    rig_expect_text(&rig, 1, "status.conditions.0.message", "four");
    const char *body = script_request(&rig.script, 1)->body;
    cr_expect(strstr(body, "\"nominatedNodeName\":null"), "a nomination was forgotten: %s", body);
    cr_expect(strstr(body, "lastTransitionTime"), "a transition was forgotten: %s", body);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(rig.replies[i].outcome, OUTCOME_DONE);
}

static void end_nomination(void)
{
    const struct status_request request = {.pod = rig_pod(&rig, "web-0", 7),
                                           .clears_nomination = true};
    rig.port.patch_status(rig.port.ctx, &request);
}

Test(writer_status, ends_a_nomination_alone)
{
    SCRIPT_SAY(&rig.script, OK("{}"));
    end_nomination();
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].kind, EVENT_STATUS_REPLY);
    cr_expect_str_eq(script_request(&rig.script, 0)->body,
                     "{\"metadata\":{\"uid\":\"11112222-3333-4444-0000-000000000007\"},"
                     "\"status\":{\"nominatedNodeName\":null}}");
}

/* In whatever order they come: what one of them does not speak of is what the other says. */
Test(writer_status, merges_the_end_of_a_nomination_with_the_condition_that_waits)
{
    for (int ends_first = 0; ends_first <= 1; ends_first++) {
        teardown();
        setup();
        rig_patch(&rig, "one", false, false);
        rig_await_count(&rig, "/status", 1);
        if (ends_first)
            end_nomination();
        rig_patch(&rig, "two", false, true);
        if (!ends_first)
            end_nomination();
        SCRIPT_SAY(&rig.script, OK("{}"));
        script_release(&rig.script, 200, "{}");
        rig_await_replies(&rig, 3);
        cr_expect_eq(rig.script.request_count, 2);
        rig_expect_text(&rig, 1, "status.conditions.0.message", "two");
        const char *body = script_request(&rig.script, 1)->body;
        cr_expect(strstr(body, "}],\"nominatedNodeName\":null}}"), "%s", body);
    }
}

/* The PATCH says PodScheduled=False. Behind the bind it would say so of a bound pod. */
Test(writer_status, lets_a_bind_have_the_last_word_about_its_pod)
{
    rig_patch(&rig, "one", false, false);
    rig_await_count(&rig, "/status", 1);
    rig_patch(&rig, "two", false, false);
    rig_bind(&rig, "web-0", 7);
    rig_bind(&rig, "web-1", 8); /* nothing is said of this one */
    rig_await_count(&rig, "/binding", 1);
    cr_expect(strstr(script_request(&rig.script, 1)->path, "/web-1/"));
    script_release(&rig.script, 201, "{}");

    SCRIPT_SAY(&rig.script, CREATED);
    script_release(&rig.script, 200, "{}");
    rig_await_replies(&rig, 4);
    cr_expect_eq(rig.script.request_count, 3);
    cr_expect(strstr(script_request(&rig.script, 2)->path, "/web-0/binding"));
    size_t not_sent = 0, done = 0;
    for (size_t i = 0; i < 4; i++) {
        not_sent += rig.replies[i].outcome == OUTCOME_NOT_SENT;
        done += rig.replies[i].outcome == OUTCOME_DONE;
    }
    cr_expect_eq(not_sent, 1, "the second patch");
    cr_expect_eq(done, 3);
}

Test(writer_status, writes_again_when_the_bind_was_refused)
{
    rig_patch(&rig, "one", false, false);
    rig_await_count(&rig, "/status", 1);
    SCRIPT_SAY(&rig.script, REFUSE(403, "no"), OK("{}"));
    rig_bind(&rig, "web-0", 7);
    script_release(&rig.script, 503, STATUS(503, "busy"));
    rig_await_replies(&rig, 2);
    rig_patch(&rig, "binding rejected", false, true);
    rig_await_replies(&rig, 3);
    cr_expect_eq(rig.replies[2].outcome, OUTCOME_DONE);
    cr_expect_eq(rig.script.request_count, 3, "the first patch was not repeated");
    rig_expect_text(&rig, 2, "status.conditions.0.message", "binding rejected");
}

Test(writer_status, answers_a_bind_that_waits_for_a_patch_when_it_is_closed)
{
    rig_patch(&rig, "one", false, false);
    rig_await_count(&rig, "/status", 1);
    rig_bind(&rig, "web-0", 7);
    rig_close_writer(&rig);
    cr_expect_eq(rig.reply_count, 2);
    for (size_t i = 0; i < rig.reply_count; i++)
        if (rig.replies[i].kind == EVENT_BIND_REPLY)
            cr_expect_eq(rig.replies[i].outcome, OUTCOME_NOT_SENT);
}

Test(writer_status, repeats_a_patch_after_500_and_503)
{
    SCRIPT_SAY(&rig.script, REFUSE(503, "no"), REFUSE(500, "no"), OK("{}"));
    rig_patch(&rig, "one", false, false);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    cr_expect_eq(rig.script.request_count, 3);
}

Test(writer_status, reports_a_patch_of_a_pod_that_is_another_now)
{
    SCRIPT_SAY(&rig.script, REFUSE(409, "the UID in the precondition does not match"));
    rig_patch(&rig, "one", false, false);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_CONFLICT);
}

Test(writer_status, refuses_a_patch_that_is_absurdly_large)
{
    static char message[600 * 1024];
    memset(message, 'x', sizeof message - 1);
    rig_patch(&rig, message, false, false);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_NOT_SENT);
    cr_expect(strstr(rig.replies[0].message, "too large"), "%s", rig.replies[0].message);
    rig_patch(&rig, "one", false, false); /* and the pod is not stuck */
    rig_await_count(&rig, "/status", 1);
}

/* ---- events ---- */

Test(writer_status, posts_events)
{
    SCRIPT_SAY(&rig.script, CREATED);
    rig_emit(&rig, 1, false, "Successfully assigned shop/web-0 to node-1");
    rig_await_events(&rig, 1);
    const struct script_request *request = script_request(&rig.script, 0);
    cr_expect_str_eq(request->method, "POST");
    cr_expect_str_eq(request->path, "/apis/events.k8s.io/v1/namespaces/shop/events");
    rig_expect_text(&rig, 0, "reason", "Scheduled");
    rig_expect_text(&rig, 0, "type", "Normal");
    rig_expect_text(&rig, 0, "reportingController", "spillway");
    rig_expect_text(&rig, 0, "reportingInstance", "spillway-vm");
    rig_expect_text(&rig, 0, "regarding.resourceVersion", "42");
    rig_expect_text(&rig, 0, "note", "Successfully assigned shop/web-0 to node-1");
}

Test(writer_status, makes_a_series_of_what_repeats)
{
    SCRIPT_SAY(&rig.script, CREATED, OK("{}"));
    rig_emit(&rig, 1, true, "0/1 nodes are available");
    rig_await_events(&rig, 1);
    for (int i = 0; i < 5; i++)
        rig_emit(&rig, 1, true, "0/1 nodes are available");
    rig_await_events(&rig, 2);
    cr_expect_eq(rig.script.request_count, 2);
    const struct script_request *request = script_request(&rig.script, 1);
    cr_expect_str_eq(request->method, "PATCH");
    cr_expect(strstr(request->path, "/events/web-0."), "%s", request->path);
    cr_expect(strstr(request->body, "{\"series\":{\"count\":2,\"lastObservedTime\":\"20"), "%s",
              request->body);
    json_t *event = json_loads(script_request(&rig.script, 0)->body, 0, NULL);
    const char *name =
        json_string_value(json_object_get(json_object_get(event, "metadata"), "name"));
    cr_expect(strstr(request->path, name), "%s is not %s", request->path, name);
    json_decref(event);
}

Test(writer_status, shows_a_changed_reason_at_once)
{
    SCRIPT_SAY(&rig.script, CREATED, CREATED);
    rig_emit(&rig, 1, true, "0/1 nodes are available: 1 Too many pods.");
    rig_emit(&rig, 1, true, "0/2 nodes are available: 2 Too many pods.");
    rig_await_events(&rig, 2);
    cr_expect_eq(script_count(&rig.script, "POST"), 2);
}

Test(writer_status, posts_anew_when_the_event_has_expired)
{
    SCRIPT_SAY(&rig.script, CREATED, REFUSE(404, "events not found"), CREATED);
    rig_emit(&rig, 1, true, "no");
    rig_await_events(&rig, 1);
    rig_emit(&rig, 1, true, "no");
    rig_await_count(&rig, "PATCH", 1);
    rig_await_failed_events(&rig, 1);
    rig_emit(&rig, 1, true, "no");
    rig_await_events(&rig, 2);
    cr_expect_eq(script_count(&rig.script, "POST"), 2);
}

Test(writer_status, lets_events_wait_while_more_than_half_of_the_bind_window_is_in_use)
{
    for (uint64_t i = 0; i < 5; i++) /* of a window of 8 */
        rig_bind(&rig, "web", i);
    rig_emit(&rig, 1, false, "hello");
    rig_await_count(&rig, "/binding", 5);
    cr_expect_eq(script_count(&rig.script, "/events"), 0);
    script_release(&rig.script, 201, "{}");
    rig_await_count(&rig, "/events", 1);
    cr_expect_geq(rig.reply_count, 1, "the event left before a bind was answered");
}

Test(writer_status, keeps_events_back_between_two_batches_of_a_burst)
{
    writer_rig_close(&rig);
    rig.event_calm_ms = 1000 * 1000; /* longer than any test machine stalls */
    writer_rig_open(&rig);
    for (uint64_t i = 0; i < 5; i++) /* of a window of 8 */
        rig_bind(&rig, "web", i);
    rig_emit(&rig, 1, false, "hello");
    rig_await_count(&rig, "/binding", 5);
    for (size_t i = 0; i < 5; i++)
        script_release(&rig.script, 201, "{}");
    rig_await_replies(&rig, 5);
    rig_patch(&rig, "no", false, false); /* what is not an event leaves */
    rig_await_count(&rig, "/status", 1);
    cr_expect_eq(script_count(&rig.script, "/events"), 0);
}

Test(writer_status, keeps_the_events_of_a_burst_and_counts_those_beyond_20000_that_it_drops)
{
    for (uint64_t i = 0; i < 5; i++) /* of a window of 8 */
        rig_bind(&rig, "web", i);
    for (uint64_t i = 0; i < 20200; i++)
        rig_emit(&rig, i, false, "hello");
    cr_expect_eq(writer_stats(rig.writer).events_dropped, 200);
    rig_await_count(&rig, "/binding", 5);
    cr_expect_eq(script_count(&rig.script, "/events"), 0);
    for (size_t i = 0; i < 1500; i++)
        SCRIPT_SAY(&rig.script, {201, "{}", SCRIPT_ENDS, 0, "/events"});
    script_release(&rig.script, 201, "{}"); /* the burst is over */
    rig_await_events(&rig, 1500);
    cr_expect_eq(writer_stats(rig.writer).events_dropped, 200);
}

Test(writer_status, drops_warnings_beyond_a_thousand_and_counts_them)
{
    for (uint64_t i = 0; i < 5; i++) /* of a window of 8 */
        rig_bind(&rig, "web", i);
    for (uint64_t i = 0; i < 1200; i++)
        rig_emit(&rig, i, true, "no");
    cr_expect_eq(writer_stats(rig.writer).events_dropped, 200);
    rig_await_count(&rig, "/binding", 5);
    cr_expect_eq(script_count(&rig.script, "/events"), 0);
}

Test(writer_status, forgets_an_event_that_was_dropped)
{
    for (uint64_t i = 0; i < 5; i++) /* of a window of 8 */
        rig_bind(&rig, "web", i);
    for (uint64_t i = 0; i < 1000; i++)
        rig_emit(&rig, i, true, "no");
    rig_emit(&rig, 5000, true, "no"); /* dropped */
    cr_expect_eq(writer_stats(rig.writer).events_dropped, 1);
    rig_await_count(&rig, "/binding", 5);
    for (size_t i = 0; i < 1000; i++)
        SCRIPT_SAY(&rig.script, {201, "{}", SCRIPT_ENDS, 0, "/events"});
    script_release(&rig.script, 201, "{}");
    rig_await_events(&rig, 1000);
    SCRIPT_SAY(&rig.script, CREATED);
    rig_emit(&rig, 5000, true, "no");
    rig_await_events(&rig, 1001);
    cr_expect_eq(script_count(&rig.script, "PATCH"), 0);
}
