/* The writer over real HTTP/2: binds and reads. */
#include <criterion/criterion.h>

#include "tests/sim/writer_rig.h"
#include "watch/write_window.h"

static struct writer_rig rig;

static void setup(void)
{
    writer_rig_open(&rig);
}

static void teardown(void)
{
    writer_rig_close(&rig);
}

TestSuite(writer, .init = setup, .fini = teardown, .timeout = 60);

/* ---- binds ---- */

Test(writer, binds_with_the_uid)
{
    SCRIPT_SAY(&rig.script, CREATED);
    rig_bind(&rig, "web-0", 0x5555666677778888u);
    cr_expect_eq(rig.reply_count, 0, "an answer from inside the call");
    rig_await_replies(&rig, 1);
    const struct script_request *request = script_request(&rig.script, 0);
    cr_expect_str_eq(request->method, "POST");
    cr_expect_str_eq(request->path, "/api/v1/namespaces/shop/pods/web-0/binding");
    cr_expect_str_eq(request->content_type, "application/json");
    cr_expect_str_eq(request->body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\"web-0\","
                     "\"namespace\":\"shop\",\"uid\":\"11112222-3333-4444-5555-666677778888\"},"
                     "\"target\":{\"kind\":\"Node\",\"name\":\"node-1\"}}");
    cr_expect_eq(rig.replies[0].kind, EVENT_BIND_REPLY);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    cr_expect_str_eq(rig.replies[0].pod, "web-0");
    cr_expect_str_eq(rig.replies[0].message, "");
}

Test(writer, tells_the_core_each_kind_of_refusal_in_the_servers_words)
{
    static const struct {
        struct script_answer answer;
        enum outcome outcome;
        const char *message;
    } rows[] = {
        {REFUSE(409, "pod web-0 is already assigned"), OUTCOME_CONFLICT,
         "pod web-0 is already assigned"},
        {REFUSE(404, "pods not found"), OUTCOME_GONE, "pods not found"},
        {REFUSE(403, "may not create pods/binding"), OUTCOME_FORBIDDEN,
         "may not create pods/binding"},
        {REFUSE(422, "invalid"), OUTCOME_INVALID, "invalid"},
        {REFUSE(500, "etcdserver: timeout"), OUTCOME_UNKNOWN, "etcdserver: timeout"},
        {{502, "<html>Bad Gateway</html>", SCRIPT_ENDS, 0, NULL},
         OUTCOME_UNKNOWN,
         "HTTP status 502 without a Kubernetes Status"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        script_say(&rig.script, &rows[i].answer, 1);
        rig_bind(&rig, "web-0", i);
        rig_await_replies(&rig, i + 1);
        cr_expect_eq(rig.replies[i].outcome, rows[i].outcome, "row %zu", i);
        cr_expect_eq(rig.replies[i].http_status, rows[i].answer.code, "row %zu", i);
        cr_expect_str_eq(rig.replies[i].message, rows[i].message);
    }
    cr_expect_eq(rig.script.request_count, ARRAY_LEN(rows), "a bind was repeated blindly");
    cr_expect_eq(writer_binds_in_flight(rig.writer), 0);
}

Test(writer, calls_a_bind_unknown_when_its_answer_is_lost)
{
    SCRIPT_SAY(&rig.script, {201, "", SCRIPT_DROPS, 0, NULL}, {0, NULL, SCRIPT_RESETS, 0, NULL});
    rig_bind(&rig, "web-0", 1);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_UNKNOWN);
    rig_bind(&rig, "web-1", 2);
    rig_await_replies(&rig, 2);
    cr_expect_eq(rig.replies[1].outcome, OUTCOME_UNKNOWN);
    cr_expect_eq(writer_stats(rig.writer).binds_unknown, 2);
    cr_expect_eq(script_count(&rig.script, "POST"), 2);
}

Test(writer, repeats_a_throttled_bind_when_the_server_said)
{
    SCRIPT_SAY(&rig.script, {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, NULL}, CREATED);
    uint64_t before_ms = uv_hrtime() / 1000000;
    rig_bind(&rig, "web-0", 1);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    cr_expect_geq(uv_hrtime() / 1000000 - before_ms, 1000);
    cr_expect_eq(rig.script.request_count, 2);
    cr_expect_str_eq(script_request(&rig.script, 1)->body, script_request(&rig.script, 0)->body);
    cr_expect_eq(writer_stats(rig.writer).throttled, 1);
}

static bool is_throttled(void *ctx)
{
    (void)ctx;
    return writer_stats(rig.writer).throttled > 0;
}

Test(writer, offers_no_room_while_throttled)
{
    SCRIPT_SAY(&rig.script, {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, NULL}, CREATED,
               CREATED);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 8);
    rig_bind(&rig, "web-0", 1);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 7);
    script_run(&rig.script, is_throttled, NULL);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 0);
    rig_bind(&rig, "web-1", 2); /* waits its turn */
    rig_await_replies(&rig, 2);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 4, "the window was halved");
}

/* As client-go: Retry-After is for the request that was refused. */
Test(writer, goes_on_beside_a_throttled_bind_that_waits)
{
    SCRIPT_SAY(&rig.script, {429, STATUS(429, "too many at a time"), SCRIPT_ENDS, 1, "/web-0/"},
               {201, STATUS(201, "ok"), SCRIPT_STALLS, 0, "/web-1/"}, CREATED, CREATED, CREATED);
    uint64_t before_ms = uv_hrtime() / 1000000;
    rig_bind(&rig, "web-1", 1); /* under way all the time */
    rig_bind(&rig, "web-0", 2);
    script_run(&rig.script, is_throttled, NULL);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 3, "the window was halved, one is under way");
    rig_bind(&rig, "web-2", 3);
    rig_await_replies(&rig, 1);
    cr_expect_str_eq(rig.replies[0].pod, "web-2");
    cr_expect_eq(script_count(&rig.script, "/web-0/"), 1, "it waits");
    rig_await_replies(&rig, 2);
    cr_expect_str_eq(rig.replies[1].pod, "web-0");
    cr_expect_eq(rig.replies[1].outcome, OUTCOME_DONE);
    cr_expect_geq(uv_hrtime() / 1000000 - before_ms, 1000);
    cr_expect_eq(script_count(&rig.script, "/web-0/"), 2);
}

Test(writer, sends_a_throttled_bind_before_those_that_wait)
{
    SCRIPT_SAY(&rig.script, {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, "/web-0/"});
    rig_bind(&rig, "web-0", 0);
    script_run(&rig.script, is_throttled, NULL);
    for (uint64_t i = 1; i <= 5; i++) /* two more wait than the halved window holds beside it */
        rig_bind(&rig, "other", i);
    rig_await_count(&rig, "/other/binding", 3);
    cr_expect_str_eq(script_request(&rig.script, 1)->path, script_request(&rig.script, 0)->path);
    cr_expect_eq(script_count(&rig.script, "/other/binding"), 3);
}

Test(writer, sends_once_more_after_401)
{
    SCRIPT_SAY(&rig.script, REFUSE(401, "Unauthorized"), CREATED, REFUSE(401, "Unauthorized"),
               REFUSE(401, "Unauthorized"));
    rig_bind(&rig, "web-0", 1);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    rig_bind(&rig, "web-1", 2);
    rig_await_replies(&rig, 2);
    cr_expect_eq(rig.replies[1].outcome, OUTCOME_FORBIDDEN);
    cr_expect_eq(rig.script.request_count, 4);
}

Test(writer, keeps_up_to_a_hundred_binds_in_flight_and_says_of_each_what_became_of_it)
{
    for (size_t i = 0; i < 92; i++)
        SCRIPT_SAY(&rig.script, CREATED);
    for (uint64_t i = 0; i < 242; i++)
        rig_bind(&rig, "web", i);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 0);
    rig_await_count(&rig, "/binding", 192); /* 8 at first, one more for each that is answered */
    rig_await_replies(&rig, 92);
    cr_expect_eq(writer_binds_in_flight(rig.writer), 150);
    rig_close_writer(&rig);
    size_t unknown = 0, not_sent = 0;
    for (size_t i = 0; i < rig.reply_count; i++) {
        unknown += rig.replies[i].outcome == OUTCOME_UNKNOWN;
        not_sent += rig.replies[i].outcome == OUTCOME_NOT_SENT;
    }
    cr_expect_eq(unknown, 100);
    cr_expect_eq(not_sent, 50);
    cr_expect_eq(rig.reply_count, 242);
}

/* I22. The core has at most 1024 binds open; pods deleted meanwhile could let more wait here. */
Test(writer, holds_1024_waiting_binds_and_says_of_the_next_that_it_was_not_sent)
{
    for (uint64_t i = 0; i < 8 + 1024; i++) /* of a window of 8, at first */
        rig_bind(&rig, "web", i);
    rig_await_count(&rig, "/binding", 8);
    cr_expect_eq(rig.reply_count, 0);
    rig_bind(&rig, "late", 5000);
    rig_await_replies(&rig, 1);
    cr_expect_str_eq(rig.replies[0].pod, "late");
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_NOT_SENT);
    cr_expect(strstr(rig.replies[0].message, "too many requests are waiting"), "%s",
              rig.replies[0].message);
}

Test(writer, sends_no_new_bind_while_draining_but_waits_for_the_old)
{
    rig_bind(&rig, "web-0", 1);
    rig_await_count(&rig, "/binding", 1);
    writer_drain(rig.writer);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 0);
    rig_bind(&rig, "web-1", 2);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_NOT_SENT);
    cr_expect_str_eq(rig.replies[0].pod, "web-1");
    script_release(&rig.script, 201, "{}");
    rig_await_replies(&rig, 2);
    cr_expect_eq(rig.replies[1].outcome, OUTCOME_DONE);
    cr_expect_eq(writer_binds_in_flight(rig.writer), 0);
    cr_expect_eq(rig.script.request_count, 1);
}

/* ---- reads ---- */

Test(writer, reads_a_pod_as_it_is_now)
{
    SCRIPT_SAY(&rig.script,
               OK("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web-0\","
                  "\"namespace\":\"shop\",\"uid\":\"11112222-3333-4444-0000-000000000001\","
                  "\"resourceVersion\":\"9\"},\"spec\":{\"nodeName\":\"node-7\"}}"));
    const struct pod_ref pod = rig_pod(&rig, "web-0", 1);
    rig.port.read_pod(rig.port.ctx, &pod);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].kind, EVENT_POD_READ);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    cr_expect_str_eq(rig.replies[0].read_node, "node-7");
    cr_expect_str_eq(script_request(&rig.script, 0)->method, "GET");
    cr_expect_str_eq(script_request(&rig.script, 0)->path, "/api/v1/namespaces/shop/pods/web-0");
}

Test(writer, reads_until_it_is_answered)
{
    SCRIPT_SAY(&rig.script, {0, NULL, SCRIPT_RESETS, 0, NULL}, REFUSE(503, "not ready"),
               REFUSE(404, "pods \\\"web-0\\\" not found"));
    const struct pod_ref pod = rig_pod(&rig, "web-0", 1);
    rig.port.read_pod(rig.port.ctx, &pod);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_GONE);
    cr_expect_eq(rig.script.request_count, 3);
}

/* Eight doublings of the wait would be a minute. */
Test(writer, waits_once_when_all_requests_under_way_are_lost_at_once)
{
    for (size_t i = 0; i < WRITE_WINDOW_START; i++)
        SCRIPT_SAY(&rig.script, {0, NULL, SCRIPT_RESETS, 0, NULL});
    for (size_t i = 0; i < WRITE_WINDOW_START; i++)
        SCRIPT_SAY(&rig.script, REFUSE(404, "pods \\\"web-0\\\" not found"));
    const struct pod_ref pod = rig_pod(&rig, "web-0", 1);
    for (size_t i = 0; i < WRITE_WINDOW_START; i++)
        rig.port.read_pod(rig.port.ctx, &pod);
    rig_await_replies(&rig, WRITE_WINDOW_START);
    cr_expect_eq(rig.script.request_count, 2 * WRITE_WINDOW_START);
}

Test(writer, takes_no_broken_pod_for_an_answer)
{
    static const char *const bodies[] = {"", "{\"kind\":\"Pod\",\"metadata\":{", "not json"};
    const struct pod_ref pod = rig_pod(&rig, "web-0", 1);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        SCRIPT_SAY(&rig.script, OK(bodies[i]));
        rig.port.read_pod(rig.port.ctx, &pod);
        rig_await_replies(&rig, i + 1);
        cr_expect_eq(rig.replies[i].outcome, OUTCOME_UNKNOWN, "body %zu", i);
        cr_expect_str_neq(rig.replies[i].message, "");
    }
}

/* ---- the rest of the port ---- */

Test(writer, gives_time_that_never_goes_back_and_numbers_that_differ)
{
    struct mono_ms first = rig.port.now(rig.port.ctx), second = rig.port.now(rig.port.ctx);
    cr_expect_geq(second.ms, first.ms);
    cr_expect_neq(rig.port.random(rig.port.ctx), rig.port.random(rig.port.ctx));
}
