/* The writer over real HTTP/2 against an apiserver that follows a script. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "model/names.h"
#include "tests/sim/script.h"
#include "watch/writer.h"

enum { REPLIES_MAX = 2048 };

struct kept_reply {
    enum event_kind kind;
    enum outcome outcome;
    int32_t http_status;
    char pod[64], message[256], read_node[64];
};

static struct script script;
static struct symbols *symbols;
static struct writer *writer;
static struct port port;
static struct kept_reply replies[REPLIES_MAX];
static size_t reply_count;
static bool is_closed;

#define STATUS(code, message)                                                                      \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message     \
    "\",\"reason\":\"X\",\"code\":" #code "}"
#define REFUSE(code, why)                                                                          \
    {                                                                                              \
        code, STATUS(code, why), SCRIPT_ENDS, 0, NULL                                              \
    }
#define CREATED                                                                                    \
    {                                                                                              \
        201, "{\"kind\":\"Status\",\"status\":\"Success\",\"code\":201}", SCRIPT_ENDS, 0, NULL     \
    }
#define OK(text)                                                                                   \
    {                                                                                              \
        200, text, SCRIPT_ENDS, 0, NULL                                                            \
    }

static void on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    cr_assert_lt(reply_count, REPLIES_MAX);
    const struct reply *reply = event->reply;
    struct kept_reply *kept = &replies[reply_count++];
    *kept = (struct kept_reply){event->kind, reply->outcome, reply->http_status, "", "", ""};
    (void)snprintf(kept->pod, sizeof kept->pod, STR_FMT, STR_ARG(reply->pod.name));
    (void)snprintf(kept->message, sizeof kept->message, STR_FMT, STR_ARG(reply->message));
    if (event->read_pod)
        (void)snprintf(kept->read_node, sizeof kept->read_node, "%s",
                       symbol_text(symbols, event->read_pod->node_name_sym));
}

static void setup(void)
{
    script_open(&script);
    symbols = names_symbols_new(1);
    writer = writer_new(&(struct writer_options){
        .loop = &script.loop,
        .access = script.access,
        .log = &script.log,
        .symbols = symbols,
        .instance = "vm",
        .seed = 1,
        .on_event = on_event,
    });
    port = writer_port(writer);
}

static void set_true(void *ctx)
{
    *(bool *)ctx = true;
}

static bool is_true(void *ctx)
{
    return *(bool *)ctx;
}

static void close_writer(void)
{
    writer_close(writer, set_true, &is_closed);
    writer = NULL;
    script_run(&script, is_true, &is_closed);
}

static void teardown(void)
{
    if (writer)
        close_writer();
    script_close(&script);
    symbols_free(symbols);
}

TestSuite(writer, .init = setup, .fini = teardown, .timeout = 60);

/* ---- helpers ---- */

static bool has_replies(void *ctx)
{
    return reply_count >= *(size_t *)ctx;
}

static void await_replies(size_t count)
{
    script_run(&script, has_replies, &count);
    cr_assert_eq(reply_count, count);
}

struct wanted {
    const char *text;
    size_t count;
};

static bool has_requests(void *ctx)
{
    const struct wanted *wanted = ctx;
    return script_count(&script, wanted->text) >= wanted->count;
}

static void await_requests(const char *text, size_t count)
{
    struct wanted wanted = {text, count};
    script_run(&script, has_requests, &wanted);
    cr_assert_eq(script_count(&script, text), count);
}

static struct pod_ref pod_ref(const char *name, uint64_t uid)
{
    return (struct pod_ref){
        .namespace_sym = symbol_intern(symbols, STR("shop")),
        .name = str_from(name),
        .uid = {0x1111222233334444u, uid},
    };
}

static void bind_pod(const char *name, uint64_t uid)
{
    const struct bind_request request = {.pod = pod_ref(name, uid),
                                         .node_name_sym = symbol_intern(symbols, STR("node-1"))};
    port.bind(port.ctx, &request);
}

static void patch(const char *message, bool clears_nomination, bool was_false)
{
    const struct status_request request = {
        .pod = pod_ref("web-0", 7),
        .reason = "Unschedulable",
        .message = str_from(message),
        .observed_generation = 3,
        .clears_nomination = clears_nomination,
        .was_false = was_false,
    };
    port.patch_status(port.ctx, &request);
}

static void emit(const char *pod, uint64_t uid, bool is_warning, const char *note)
{
    const struct event_request request = {
        .pod = pod_ref(pod, uid),
        .resource_version = STR("42"),
        .scheduler_name_sym = symbol_intern(symbols, STR("spillway")),
        .is_warning = is_warning,
        .reason = is_warning ? "FailedScheduling" : "Scheduled",
        .action = is_warning ? "Scheduling" : "Binding",
        .note = str_from(note),
    };
    port.emit_event(port.ctx, &request);
}

/* The text at a path of dots in the body of a request; NULL when it is not there. */
static void expect_text(size_t n, const char *path, const char *want)
{
    json_t *root = json_loads(script_request(&script, n)->body, 0, NULL);
    cr_assert(root, "request %zu is no JSON: %s", n, script_request(&script, n)->body);
    json_t *at = root;
    for (const char *key = path; at && *key;) {
        size_t len = strcspn(key, ".");
        at = json_is_array(at) ? json_array_get(at, 0) : json_object_getn(at, key, len);
        key += len + (key[len] == '.');
    }
    const char *found = json_string_value(at);
    cr_expect(found && strcmp(found, want) == 0, "request %zu: %s is %s, not %s", n, path,
              found ? found : "absent", want);
    json_decref(root);
}

/* ---- binds ---- */

Test(writer, binds_with_the_uid)
{
    SCRIPT_SAY(&script, CREATED);
    bind_pod("web-0", 0x5555666677778888u);
    cr_expect_eq(reply_count, 0, "an answer from inside the call");
    await_replies(1);
    const struct script_request *request = script_request(&script, 0);
    cr_expect_str_eq(request->method, "POST");
    cr_expect_str_eq(request->path, "/api/v1/namespaces/shop/pods/web-0/binding");
    cr_expect_str_eq(request->content_type, "application/json");
    cr_expect_str_eq(request->body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\"web-0\","
                     "\"namespace\":\"shop\",\"uid\":\"11112222-3333-4444-5555-666677778888\"},"
                     "\"target\":{\"kind\":\"Node\",\"name\":\"node-1\"}}");
    cr_expect_eq(replies[0].kind, EVENT_BIND_REPLY);
    cr_expect_eq(replies[0].outcome, OUTCOME_DONE);
    cr_expect_str_eq(replies[0].pod, "web-0");
    cr_expect_str_eq(replies[0].message, "");
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
        script_say(&script, &rows[i].answer, 1);
        bind_pod("web-0", i);
        await_replies(i + 1);
        cr_expect_eq(replies[i].outcome, rows[i].outcome, "row %zu", i);
        cr_expect_eq(replies[i].http_status, rows[i].answer.code, "row %zu", i);
        cr_expect_str_eq(replies[i].message, rows[i].message);
    }
    cr_expect_eq(script.request_count, ARRAY_LEN(rows), "a bind was repeated blindly");
    cr_expect_eq(writer_binds_in_flight(writer), 0);
}

Test(writer, calls_a_bind_unknown_when_its_answer_is_lost)
{
    SCRIPT_SAY(&script, {201, "", SCRIPT_DROPS, 0, NULL}, {0, NULL, SCRIPT_RESETS, 0, NULL});
    bind_pod("web-0", 1);
    await_replies(1);
    cr_expect_eq(replies[0].outcome, OUTCOME_UNKNOWN);
    bind_pod("web-1", 2);
    await_replies(2);
    cr_expect_eq(replies[1].outcome, OUTCOME_UNKNOWN);
    cr_expect_eq(writer_stats(writer).binds_unknown, 2);
    cr_expect_eq(script_count(&script, "POST"), 2);
}

Test(writer, repeats_a_throttled_bind_when_the_server_said)
{
    SCRIPT_SAY(&script, {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, NULL}, CREATED);
    uint64_t before_ms = uv_hrtime() / 1000000;
    bind_pod("web-0", 1);
    await_replies(1);
    cr_expect_eq(replies[0].outcome, OUTCOME_DONE);
    cr_expect_geq(uv_hrtime() / 1000000 - before_ms, 1000);
    cr_expect_eq(script.request_count, 2);
    cr_expect_str_eq(script_request(&script, 1)->body, script_request(&script, 0)->body);
    cr_expect_eq(writer_stats(writer).throttled, 1);
}

static bool is_throttled(void *ctx)
{
    (void)ctx;
    return writer_stats(writer).throttled > 0;
}

Test(writer, offers_no_room_while_throttled)
{
    SCRIPT_SAY(&script, {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, NULL}, CREATED, CREATED);
    cr_expect_eq(port.bind_room(port.ctx), 100);
    bind_pod("web-0", 1);
    cr_expect_eq(port.bind_room(port.ctx), 99);
    script_run(&script, is_throttled, NULL);
    cr_expect_eq(port.bind_room(port.ctx), 0);
    bind_pod("web-1", 2); /* waits its turn */
    await_replies(2);
    cr_expect_str_eq(replies[0].pod, "web-0");
    cr_expect_eq(port.bind_room(port.ctx), 100);
}

Test(writer, sends_once_more_after_401)
{
    SCRIPT_SAY(&script, REFUSE(401, "Unauthorized"), CREATED, REFUSE(401, "Unauthorized"),
               REFUSE(401, "Unauthorized"));
    bind_pod("web-0", 1);
    await_replies(1);
    cr_expect_eq(replies[0].outcome, OUTCOME_DONE);
    bind_pod("web-1", 2);
    await_replies(2);
    cr_expect_eq(replies[1].outcome, OUTCOME_FORBIDDEN);
    cr_expect_eq(script.request_count, 4);
}

Test(writer, keeps_a_hundred_binds_in_flight_and_says_of_each_what_became_of_it)
{
    for (uint64_t i = 0; i < 150; i++)
        bind_pod("web", i);
    cr_expect_eq(port.bind_room(port.ctx), 0);
    await_requests("/binding", 100);
    cr_expect_eq(writer_binds_in_flight(writer), 150);
    close_writer();
    size_t unknown = 0, not_sent = 0;
    for (size_t i = 0; i < reply_count; i++) {
        unknown += replies[i].outcome == OUTCOME_UNKNOWN;
        not_sent += replies[i].outcome == OUTCOME_NOT_SENT;
    }
    cr_expect_eq(unknown, 100);
    cr_expect_eq(not_sent, 50);
    cr_expect_eq(reply_count, 150);
}

Test(writer, sends_no_new_bind_while_draining_but_waits_for_the_old)
{
    bind_pod("web-0", 1);
    await_requests("/binding", 1);
    writer_drain(writer);
    cr_expect_eq(port.bind_room(port.ctx), 0);
    bind_pod("web-1", 2);
    await_replies(1);
    cr_expect_eq(replies[0].outcome, OUTCOME_NOT_SENT);
    cr_expect_str_eq(replies[0].pod, "web-1");
    script_release(&script, 201, "{}");
    await_replies(2);
    cr_expect_eq(replies[1].outcome, OUTCOME_DONE);
    cr_expect_eq(writer_binds_in_flight(writer), 0);
    cr_expect_eq(script.request_count, 1);
}

/* ---- reads ---- */

Test(writer, reads_a_pod_as_it_is_now)
{
    SCRIPT_SAY(&script,
               OK("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web-0\","
                  "\"namespace\":\"shop\",\"uid\":\"11112222-3333-4444-0000-000000000001\","
                  "\"resourceVersion\":\"9\"},\"spec\":{\"nodeName\":\"node-7\"}}"));
    const struct pod_ref pod = pod_ref("web-0", 1);
    port.read_pod(port.ctx, &pod);
    await_replies(1);
    cr_expect_eq(replies[0].kind, EVENT_POD_READ);
    cr_expect_eq(replies[0].outcome, OUTCOME_DONE);
    cr_expect_str_eq(replies[0].read_node, "node-7");
    cr_expect_str_eq(script_request(&script, 0)->method, "GET");
    cr_expect_str_eq(script_request(&script, 0)->path, "/api/v1/namespaces/shop/pods/web-0");
}

Test(writer, reads_until_it_is_answered)
{
    SCRIPT_SAY(&script, {0, NULL, SCRIPT_RESETS, 0, NULL}, REFUSE(503, "not ready"),
               REFUSE(404, "pods \\\"web-0\\\" not found"));
    const struct pod_ref pod = pod_ref("web-0", 1);
    port.read_pod(port.ctx, &pod);
    await_replies(1);
    cr_expect_eq(replies[0].outcome, OUTCOME_GONE);
    cr_expect_eq(script.request_count, 3);
}

Test(writer, takes_no_broken_pod_for_an_answer)
{
    static const char *const bodies[] = {"", "{\"kind\":\"Pod\",\"metadata\":{", "not json"};
    const struct pod_ref pod = pod_ref("web-0", 1);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        SCRIPT_SAY(&script, OK(bodies[i]));
        port.read_pod(port.ctx, &pod);
        await_replies(i + 1);
        cr_expect_eq(replies[i].outcome, OUTCOME_UNKNOWN, "body %zu", i);
        cr_expect_str_neq(replies[i].message, "");
    }
}

/* ---- status ---- */

Test(writer, patches_the_condition)
{
    SCRIPT_SAY(&script, OK("{}"));
    patch("0/1 nodes are available: 1 Too many pods.", true, false);
    await_replies(1);
    cr_expect_eq(replies[0].kind, EVENT_STATUS_REPLY);
    cr_expect_eq(replies[0].outcome, OUTCOME_DONE);
    const struct script_request *request = script_request(&script, 0);
    cr_expect_str_eq(request->method, "PATCH");
    cr_expect_str_eq(request->path, "/api/v1/namespaces/shop/pods/web-0/status");
    cr_expect_str_eq(request->content_type, "application/strategic-merge-patch+json");
    expect_text(0, "metadata.uid", "11112222-3333-4444-0000-000000000007");
    expect_text(0, "status.conditions.0.message", "0/1 nodes are available: 1 Too many pods.");
    cr_expect(strstr(request->body, "\"lastTransitionTime\":\"20"), "%s", request->body);
    cr_expect(strstr(request->body, "\"nominatedNodeName\":null"), "%s", request->body);
}

Test(writer, keeps_the_transition_time_of_a_condition_that_was_false)
{
    SCRIPT_SAY(&script, OK("{}"));
    patch("still", false, true);
    await_replies(1);
    cr_expect_not(strstr(script_request(&script, 0)->body, "lastTransitionTime"));
}

Test(writer, merges_the_patches_that_wait_behind_one_under_way)
{
    patch("one", false, false);
    await_requests("/status", 1);
    patch("two", true, false);
    patch("three", false, true);
    patch("four", false, true);
    SCRIPT_SAY(&script, OK("{}"));
    script_release(&script, 200, "{}");
    await_replies(4);
    cr_expect_eq(script.request_count, 2);
    expect_text(1, "status.conditions.0.message", "four");
    const char *body = script_request(&script, 1)->body;
    cr_expect(strstr(body, "\"nominatedNodeName\":null"), "a nomination was forgotten: %s", body);
    cr_expect(strstr(body, "lastTransitionTime"), "a transition was forgotten: %s", body);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(replies[i].outcome, OUTCOME_DONE);
}

Test(writer, repeats_a_patch_after_500_and_503)
{
    SCRIPT_SAY(&script, REFUSE(503, "no"), REFUSE(500, "no"), OK("{}"));
    patch("one", false, false);
    await_replies(1);
    cr_expect_eq(replies[0].outcome, OUTCOME_DONE);
    cr_expect_eq(script.request_count, 3);
}

Test(writer, reports_a_patch_of_a_pod_that_is_another_now)
{
    SCRIPT_SAY(&script, REFUSE(409, "the UID in the precondition does not match"));
    patch("one", false, false);
    await_replies(1);
    cr_expect_eq(replies[0].outcome, OUTCOME_CONFLICT);
}

/* ---- events ---- */

static bool has_sent_events(void *ctx)
{
    return writer_stats(writer).events_sent >= *(uint64_t *)ctx;
}

static void await_events(uint64_t count)
{
    script_run(&script, has_sent_events, &count);
}

Test(writer, posts_events)
{
    SCRIPT_SAY(&script, CREATED);
    emit("web-0", 1, false, "Successfully assigned shop/web-0 to node-1");
    await_events(1);
    const struct script_request *request = script_request(&script, 0);
    cr_expect_str_eq(request->method, "POST");
    cr_expect_str_eq(request->path, "/apis/events.k8s.io/v1/namespaces/shop/events");
    expect_text(0, "reason", "Scheduled");
    expect_text(0, "type", "Normal");
    expect_text(0, "reportingController", "spillway");
    expect_text(0, "reportingInstance", "spillway-vm");
    expect_text(0, "regarding.resourceVersion", "42");
    expect_text(0, "note", "Successfully assigned shop/web-0 to node-1");
}

Test(writer, makes_a_series_of_what_repeats)
{
    SCRIPT_SAY(&script, CREATED, OK("{}"));
    emit("web-0", 1, true, "0/1 nodes are available");
    await_events(1);
    for (int i = 0; i < 5; i++)
        emit("web-0", 1, true, "0/1 nodes are available");
    await_events(2);
    cr_expect_eq(script.request_count, 2);
    const struct script_request *request = script_request(&script, 1);
    cr_expect_str_eq(request->method, "PATCH");
    cr_expect(strstr(request->path, "/events/web-0."), "%s", request->path);
    cr_expect(strstr(request->body, "{\"series\":{\"count\":2,\"lastObservedTime\":\"20"), "%s",
              request->body);
    json_t *event = json_loads(script_request(&script, 0)->body, 0, NULL);
    const char *name =
        json_string_value(json_object_get(json_object_get(event, "metadata"), "name"));
    cr_expect(strstr(request->path, name), "%s is not %s", request->path, name);
    json_decref(event);
}

Test(writer, shows_a_changed_reason_at_once)
{
    SCRIPT_SAY(&script, CREATED, CREATED);
    emit("web-0", 1, true, "0/1 nodes are available: 1 Too many pods.");
    emit("web-0", 1, true, "0/2 nodes are available: 2 Too many pods.");
    await_events(2);
    cr_expect_eq(script_count(&script, "POST"), 2);
}

Test(writer, posts_anew_when_the_event_has_expired)
{
    SCRIPT_SAY(&script, CREATED, REFUSE(404, "events not found"), CREATED);
    emit("web-0", 1, true, "no");
    await_events(1);
    emit("web-0", 1, true, "no");
    await_requests("PATCH", 1);
    uint64_t failed = 0;
    while (failed == 0) { /* the answer of the PATCH */
        (void)uv_run(&script.loop, UV_RUN_ONCE);
        failed = writer_stats(writer).events_failed;
    }
    emit("web-0", 1, true, "no");
    await_events(2);
    cr_expect_eq(script_count(&script, "POST"), 2);
}

Test(writer, lets_events_wait_while_more_than_half_of_the_bind_window_is_in_use)
{
    for (uint64_t i = 0; i < 51; i++)
        bind_pod("web", i);
    emit("web-0", 1, false, "hello");
    await_requests("/binding", 51);
    cr_expect_eq(script_count(&script, "/events"), 0);
    script_release(&script, 201, "{}");
    await_requests("/events", 1);
    cr_expect_geq(reply_count, 1, "the event left before a bind was answered");
}

Test(writer, drops_events_beyond_a_thousand_and_counts_them)
{
    for (uint64_t i = 0; i < 51; i++)
        bind_pod("web", i);
    for (uint64_t i = 0; i < 1200; i++)
        emit("web-0", i, false, "hello");
    cr_expect_eq(writer_stats(writer).events_dropped, 200);
    await_requests("/binding", 51);
    cr_expect_eq(script_count(&script, "/events"), 0);
}

Test(writer, forgets_an_event_that_was_dropped)
{
    for (uint64_t i = 0; i < 51; i++)
        bind_pod("web", i);
    for (uint64_t i = 0; i < 1000; i++)
        emit("web-0", i, false, "hello");
    emit("web-1", 1, true, "no"); /* dropped */
    cr_expect_eq(writer_stats(writer).events_dropped, 1);
    await_requests("/binding", 51);
    for (size_t i = 0; i < 1000; i++)
        SCRIPT_SAY(&script, {201, "{}", SCRIPT_ENDS, 0, "/events"});
    script_release(&script, 201, "{}");
    await_events(1000);
    SCRIPT_SAY(&script, CREATED);
    emit("web-1", 1, true, "no");
    await_events(1001);
    cr_expect_eq(script_count(&script, "PATCH"), 0);
}

/* ---- the rest of the port ---- */

Test(writer, gives_time_that_never_goes_back_and_numbers_that_differ)
{
    struct mono_ms first = port.now(port.ctx), second = port.now(port.ctx);
    cr_expect_geq(second.ms, first.ms);
    cr_expect_neq(port.random(port.ctx), port.random(port.ctx));
}
