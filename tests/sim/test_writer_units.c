/*
 * The writer over real HTTP/2: what units add. Labels of a unit travel with the Binding from
 * apiserver 1.35 on; an older server gets them as a PATCH before the bind.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/policy_status.h"
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

TestSuite(writer_units, .init = setup, .fini = teardown, .timeout = 60);

#define VERSION(minor)                                                                             \
    {                                                                                              \
        200, "{\"major\":\"1\",\"minor\":\"" minor "\"}", SCRIPT_ENDS, 0, "GET /version"           \
    }

/* A bind with a label of its unit. */
static void bind_labelled(const char *name, uint64_t uid)
{
    static const struct meta_pair label = {{"tier", 4}, {"eci", 3}};
    const struct bind_request request = {
        .pod = rig_pod(&rig, name, uid),
        .node_name_sym = symbol_intern(rig.symbols, STR("node-1")),
        .labels = &label,
        .label_count = 1,
    };
    rig.port.bind(rig.port.ctx, &request);
}

static const char *path_of(size_t n)
{
    return script_request(&rig.script, n)->path;
}

static void expect_requests(const char *const paths[], size_t count)
{
    cr_expect_eq(rig.script.request_count, count);
    for (size_t i = 0; i < count && i < rig.script.request_count; i++)
        cr_expect_str_eq(path_of(i), paths[i]);
}

#define POD_PATH(name)  "/api/v1/namespaces/shop/pods/" name
#define BIND_PATH(name) POD_PATH(name) "/binding"

/* ---- labels ---- */

Test(writer_units, lets_the_binding_carry_labels_from_1_35_on)
{
    static const char *const minors[] = {"35", "37", "35+", "100"};
    for (size_t i = 0; i < ARRAY_LEN(minors); i++) {
        if (i > 0) {
            writer_rig_close(&rig);
            writer_rig_open(&rig);
        }
        char version[64];
        (void)snprintf(version, sizeof(version), "{\"major\":\"1\",\"minor\":\"%s\"}", minors[i]);
        SCRIPT_SAY(&rig.script, {200, version, SCRIPT_ENDS, 0, NULL}, CREATED, CREATED);
        bind_labelled("web-0", 1);
        rig_await_replies(&rig, 1);
        bind_labelled("web-1", 2);
        rig_await_replies(&rig, 2);
        cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
        static const char *const paths[] = {"/version", BIND_PATH("web-0"), BIND_PATH("web-1")};
        expect_requests(paths, ARRAY_LEN(paths));
        rig_expect_text(&rig, 1, "metadata.labels.tier", "eci");
    }
}

Test(writer_units, patches_the_pod_before_the_bind_where_the_server_is_older)
{
    SCRIPT_SAY(&rig.script, VERSION("34"), OK("{}"), CREATED, OK("{}"), CREATED);
    bind_labelled("web-0", 1);
    rig_await_replies(&rig, 1);
    bind_labelled("web-1", 2);
    rig_await_replies(&rig, 2);
    static const char *const paths[] = {"/version", POD_PATH("web-0"), BIND_PATH("web-0"),
                                        POD_PATH("web-1"), BIND_PATH("web-1")};
    expect_requests(paths, ARRAY_LEN(paths));
    const struct script_request *patch = script_request(&rig.script, 1);
    cr_expect_str_eq(patch->method, "PATCH");
    cr_expect_str_eq(patch->content_type, "application/merge-patch+json");
    cr_expect_str_eq(patch->body, "{\"metadata\":{\"uid\":\"11112222-3333-4444-0000-000000000001\","
                                  "\"labels\":{\"tier\":\"eci\"}}}");
    cr_expect_eq(rig.replies[0].kind, EVENT_BIND_REPLY);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
}

Test(writer_units, patches_first_once_labels_of_a_binding_did_not_arrive)
{
    SCRIPT_SAY(&rig.script, VERSION("37"), CREATED, OK("{}"), CREATED);
    bind_labelled("web-0", 1);
    rig_await_replies(&rig, 1);
    struct pod_ref pod = rig_pod(&rig, "web-0", 1);
    rig.port.labels_missing(rig.port.ctx, &pod);
    bind_labelled("web-1", 2);
    rig_await_replies(&rig, 2);
    rig.port.labels_missing(rig.port.ctx, &pod); /* of a bind that was under way */
    static const char *const paths[] = {"/version", BIND_PATH("web-0"), POD_PATH("web-1"),
                                        BIND_PATH("web-1")};
    expect_requests(paths, ARRAY_LEN(paths));
    cr_expect_str_eq(script_request(&rig.script, 2)->method, "PATCH");
}

Test(writer_units, goes_by_the_version_that_a_server_emulates)
{
    SCRIPT_SAY(&rig.script,
               {200,
                "{\"major\":\"1\",\"minor\":\"37\",\"emulationMajor\":\"1\",\"emulationMinor\":"
                "\"34\"}",
                SCRIPT_ENDS, 0, "/version"},
               OK("{}"), CREATED);
    bind_labelled("web-0", 1);
    rig_await_replies(&rig, 1);
    static const char *const paths[] = {"/version", POD_PATH("web-0"), BIND_PATH("web-0")};
    expect_requests(paths, ARRAY_LEN(paths));
}

Test(writer_units, asks_no_version_for_binds_without_labels_and_lets_them_pass)
{
    SCRIPT_SAY(&rig.script, {201, "{}", SCRIPT_ENDS, 0, "/binding"});
    bind_labelled("web-0", 1); /* the version is not answered */
    rig_bind(&rig, "web-1", 2);
    rig_await_replies(&rig, 1);
    cr_expect_str_eq(rig.replies[0].pod, "web-1");
    cr_expect_eq(script_count(&rig.script, "web-0"), 0);
    cr_expect_eq(script_count(&rig.script, "GET /version"), 1);
}

Test(writer_units, sends_each_bind_that_waited_for_the_version_once)
{
    for (uint64_t i = 0; i < 5; i++)
        bind_labelled("web", i);
    rig_await_count(&rig, "GET /version", 1);
    cr_expect_eq(rig.port.bind_room(rig.port.ctx), 3, "what waits takes room");
    cr_expect_eq(writer_binds_in_flight(rig.writer), 5);
    for (size_t i = 0; i < 5; i++)
        SCRIPT_SAY(&rig.script, CREATED);
    script_release(&rig.script, 200, "{\"major\":\"1\",\"minor\":\"36\"}");
    rig_await_replies(&rig, 5);
    cr_expect_eq(script_count(&rig.script, BIND_PATH("web")), 5);
    cr_expect_eq(rig.script.request_count, 6);
}

/* Nothing readable: the pod is patched, which is right for every server, and the next asks again.
 */
Test(writer_units, takes_the_safe_way_while_the_version_cannot_be_read)
{
    static const struct script_answer odd[] = {
        {200, "not json", SCRIPT_ENDS, 0, "/version"},
        {200, "{\"major\":\"1\"}", SCRIPT_ENDS, 0, "/version"},
        {200, "{\"major\":\"1\",\"minor\":\"x\"}", SCRIPT_ENDS, 0, "/version"},
        {200, "{\"major\":\"1\",\"minor\":37}", SCRIPT_ENDS, 0, "/version"},
        {200, "", SCRIPT_ENDS, 0, "/version"},
        {403, STATUS(403, "no"), SCRIPT_ENDS, 0, "/version"},
        {404, STATUS(404, "no"), SCRIPT_ENDS, 0, "/version"},
    };
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        script_say(&rig.script, &odd[i], 1);
        SCRIPT_SAY(&rig.script, OK("{}"), CREATED);
        bind_labelled("web-0", i);
        rig_await_replies(&rig, i + 1);
        cr_expect_eq(rig.replies[i].outcome, OUTCOME_DONE, "row %zu", i);
        cr_expect_str_eq(path_of(3 * i), "/version");
        cr_expect_str_eq(path_of(3 * i + 1), POD_PATH("web-0"));
        cr_expect_str_eq(path_of(3 * i + 2), BIND_PATH("web-0"));
    }
}

Test(writer_units, asks_for_the_version_again_when_the_connection_is_lost)
{
    SCRIPT_SAY(&rig.script, {0, NULL, SCRIPT_RESETS, 0, NULL}, VERSION("37"), CREATED);
    bind_labelled("web-0", 1);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    static const char *const paths[] = {"/version", "/version", BIND_PATH("web-0")};
    expect_requests(paths, ARRAY_LEN(paths));
}

/* The answer to the patch is the answer to the bind; what is unclear about a patch is no doubt
 * about a bind that never left. */
Test(writer_units, binds_no_pod_whose_labels_were_refused)
{
    static const struct {
        struct script_answer answer;
        enum outcome outcome;
        int32_t http_status;
        const char *message;
    } rows[] = {
        {REFUSE(403, "may not patch pods"), OUTCOME_FORBIDDEN, 403, "may not patch pods"},
        {REFUSE(404, "pods not found"), OUTCOME_GONE, 404, "pods not found"},
        {REFUSE(422, "metadata.labels: Invalid value"), OUTCOME_INVALID, 422,
         "metadata.labels: Invalid value"},
        {REFUSE(409, "the object has been modified"), OUTCOME_NOT_SENT, 0,
         "not sent: its labels could not be written"},
        {{302, "", SCRIPT_ENDS, 0, NULL},
         OUTCOME_NOT_SENT,
         0,
         "not sent: its labels could not be written"},
    };
    SCRIPT_SAY(&rig.script, VERSION("30"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        script_say(&rig.script, &rows[i].answer, 1);
        bind_labelled("web-0", i);
        rig_await_replies(&rig, i + 1);
        cr_expect_eq(rig.replies[i].kind, EVENT_BIND_REPLY, "row %zu", i);
        cr_expect_eq(rig.replies[i].outcome, rows[i].outcome, "row %zu", i);
        cr_expect_eq(rig.replies[i].http_status, rows[i].http_status, "row %zu", i);
        cr_expect_str_eq(rig.replies[i].message, rows[i].message);
    }
    cr_expect_eq(script_count(&rig.script, "/binding"), 0);
    cr_expect_eq(writer_binds_in_flight(rig.writer), 0);
}

Test(writer_units, patches_labels_again_when_their_answer_is_lost)
{
    SCRIPT_SAY(&rig.script, VERSION("30"), {200, "", SCRIPT_DROPS, 0, NULL}, OK("{}"), CREATED);
    bind_labelled("web-0", 1);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    static const char *const paths[] = {"/version", POD_PATH("web-0"), POD_PATH("web-0"),
                                        BIND_PATH("web-0")};
    expect_requests(paths, ARRAY_LEN(paths));
}

Test(writer_units, patches_labels_again_when_throttled)
{
    SCRIPT_SAY(&rig.script, VERSION("30"), {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, "PATCH"},
               OK("{}"), CREATED);
    bind_labelled("web-0", 1);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    cr_expect_eq(script_count(&rig.script, "PATCH"), 2);
    cr_expect_eq(writer_stats(rig.writer).throttled, 1);
}

Test(writer_units, answers_binds_that_wait_for_the_version_when_it_drains)
{
    bind_labelled("web-0", 1);
    rig_await_count(&rig, "GET /version", 1);
    writer_drain(rig.writer);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_NOT_SENT);
    cr_expect_str_eq(rig.replies[0].message, "not sent: shutting down");
    cr_expect_eq(writer_binds_in_flight(rig.writer), 0);
    script_release(&rig.script, 200, "{\"major\":\"1\",\"minor\":\"37\"}");
    rig_close_writer(&rig);
    cr_expect_eq(rig.reply_count, 1, "answered twice");
    cr_expect_eq(script_count(&rig.script, "/binding"), 0);
}

Test(writer_units, sends_no_bind_behind_labels_when_it_drains)
{
    SCRIPT_SAY(&rig.script, VERSION("30"));
    bind_labelled("web-0", 1);
    rig_await_count(&rig, "PATCH", 1);
    writer_drain(rig.writer);
    script_release(&rig.script, 200, "{}");
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_NOT_SENT);
    cr_expect_eq(script_count(&rig.script, "/binding"), 0);
}

Test(writer_units, answers_each_bind_once_when_it_is_closed)
{
    static const bool patches[] = {false, true};
    for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
        if (i > 0)
            writer_rig_open(&rig);
        if (patches[i])
            SCRIPT_SAY(&rig.script, VERSION("30"));
        for (uint64_t pod = 0; pod < 12; pod++)
            bind_labelled("web", pod);
        rig_await_count(&rig, patches[i] ? "PATCH" : "GET /version", patches[i] ? 8 : 1);
        rig_close_writer(&rig);
        cr_expect_eq(rig.reply_count, 12);
        for (size_t r = 0; r < rig.reply_count; r++)
            cr_expect_eq(rig.replies[r].outcome, OUTCOME_NOT_SENT, "reply %zu", r);
        if (i + 1 < ARRAY_LEN(patches))
            writer_rig_close(&rig);
    }
}

/* ---- the status of policies ---- */

static void patch_policy(uint64_t uid, uint32_t waiting)
{
    const struct policy_status status = {
        .name = STR("web"),
        .namespace_sym = symbol_intern(rig.symbols, STR("shop")),
        .uid = {0x1111222233334444u, uid},
        .observed_generation = 1,
        .accepted = {.is_true = true, .reason = "Valid"},
        .ready = {.is_true = true, .reason = "Ready"},
        .waiting = waiting,
    };
    rig.port.patch_policy(rig.port.ctx, &status);
}

static void expect_waiting(size_t n, const char *waiting)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "\"waiting\":%s,", waiting);
    cr_expect(strstr(script_request(&rig.script, n)->body, text), "request %zu: %s", n,
              script_request(&rig.script, n)->body);
}

#define POLICY_PATH                                                                                \
    "/apis/scheduling.spillway.io/v1alpha1/namespaces/shop/resourcepolicies/web/status"

Test(writer_units, patches_the_status_of_a_policy)
{
    SCRIPT_SAY(&rig.script, OK("{}"));
    patch_policy(9, 3);
    cr_expect_eq(rig.reply_count, 0, "an answer from inside the call");
    rig_await_replies(&rig, 1);
    const struct script_request *request = script_request(&rig.script, 0);
    cr_expect_str_eq(request->method, "PATCH");
    cr_expect_str_eq(request->path, POLICY_PATH);
    cr_expect_str_eq(request->content_type, "application/merge-patch+json");
    rig_expect_text(&rig, 0, "metadata.uid", "11112222-3333-4444-0000-000000000009");
    expect_waiting(0, "3");
    cr_expect_eq(rig.replies[0].kind, EVENT_POLICY_STATUS_REPLY);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    cr_expect_str_eq(rig.replies[0].pod, "web");
}

Test(writer_units, never_has_two_patches_of_one_policy_in_flight_and_sends_the_newest)
{
    patch_policy(9, 1);
    rig_await_count(&rig, POLICY_PATH, 1);
    patch_policy(9, 2);
    patch_policy(9, 3);
    patch_policy(8, 7); /* another policy does not wait */
    rig_await_count(&rig, POLICY_PATH, 2);
    expect_waiting(1, "7");
    SCRIPT_SAY(&rig.script, OK("{}"));
    script_release(&rig.script, 200, "{}");
    rig_await_replies(&rig, 3);
    cr_expect_eq(rig.script.request_count, 3);
    expect_waiting(2, "3");
}

static bool is_throttled(void *ctx)
{
    (void)ctx;
    return writer_stats(rig.writer).throttled > 0;
}

Test(writer_units, sends_the_newest_status_of_a_policy_after_a_pause)
{
    SCRIPT_SAY(&rig.script, {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, NULL}, OK("{}"));
    patch_policy(9, 1);
    script_run(&rig.script, is_throttled, NULL);
    patch_policy(9, 2);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_DONE);
    cr_expect_eq(rig.script.request_count, 2);
    expect_waiting(1, "2");
}

Test(writer_units, sends_the_newest_status_of_a_policy_last_when_one_waits_behind_another)
{
    SCRIPT_SAY(&rig.script, {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, NULL}, OK("{}"),
               OK("{}"));
    patch_policy(9, 1);
    patch_policy(9, 2); /* the first has left already */
    script_run(&rig.script, is_throttled, NULL);
    patch_policy(9, 3);
    rig_await_replies(&rig, 2);
    cr_expect_eq(rig.script.request_count, 3);
    expect_waiting(2, "3");
}

Test(writer_units, tells_the_core_what_became_of_a_policys_status)
{
    static const struct {
        struct script_answer answer;
        enum outcome outcome;
    } rows[] = {
        {REFUSE(403, "no"), OUTCOME_FORBIDDEN},
        {REFUSE(404, "gone"), OUTCOME_GONE},
        {REFUSE(409, "modified"), OUTCOME_CONFLICT},
        {REFUSE(422, "metadata.uid: field is immutable"), OUTCOME_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        script_say(&rig.script, &rows[i].answer, 1);
        patch_policy(9, 1);
        rig_await_replies(&rig, i + 1);
        cr_expect_eq(rig.replies[i].outcome, rows[i].outcome, "row %zu", i);
    }
}

Test(writer_units, answers_policies_when_it_drains_and_when_it_is_closed)
{
    patch_policy(9, 1);
    rig_await_count(&rig, POLICY_PATH, 1);
    patch_policy(9, 2);
    writer_drain(rig.writer);
    patch_policy(8, 1);
    rig_await_replies(&rig, 1);
    cr_expect_eq(rig.replies[0].outcome, OUTCOME_NOT_SENT);
    rig_close_writer(&rig);
    cr_expect_eq(rig.reply_count, 3);
    cr_expect_eq(rig.script.request_count, 1);
}
