/* Every fault does what its name says, and is counted. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "apiserver_fixture.h"

static struct face f;

static void setup(void)
{
    face_init(&f, NULL);
    face_pod(&f, "a");
}

static void teardown(void)
{
    face_fini(&f);
}

TestSuite(apiserver_fault, .init = setup, .fini = teardown, .timeout = 20);

static const char *node_of_a(void)
{
    return object_node_name(store_get(f.store, KIND_POD, STR("default"), STR("a")));
}

Test(apiserver_fault, a_status_is_answered_as_often_as_asked_and_nothing_is_applied)
{
    static const long codes[] = {401, 403, 404, 409, 422, 500, 503, 504};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        char json[128];
        (void)snprintf(
            json, sizeof(json),
            "{\"faults\":[{\"on\":\"bind\",\"do\":\"status\",\"code\":%ld,\"times\":2}]}",
            codes[i]);
        face_faults(&f, json);
        cr_assert_eq(face_bind(&f, "a", "n1"), codes[i]);
        cr_assert_eq(face_bind(&f, "a", "n1"), codes[i]);
        cr_assert_eq(fault_fired(apiserver_faults(f.server), FAULT_DO_STATUS), 2);
        cr_assert_str_eq(node_of_a(), "");
    }
    cr_assert_eq(face_bind(&f, "a", "n1"), 201);
}

Test(apiserver_fault, a_429_may_carry_retry_after)
{
    struct reply reply = {0};
    face_faults(&f, "{\"faults\":[{\"on\":\"list\",\"do\":\"status\",\"code\":429,"
                    "\"retryAfterSeconds\":3,\"resource\":\"pods\"}]}");
    cr_assert_eq(face_code(&f, "GET", "/api/v1/nodes", NULL), 200, "another resource");
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/pods", NULL), 429);
    cr_assert_eq(reply.retry_after_s, 3);
    cr_assert(reply_has(&reply, "\"retryAfterSeconds\":3"));
    reply_fini(&reply);
}

Test(apiserver_fault, a_lost_request_and_a_lost_reply_differ_in_what_was_applied)
{
    face_faults(&f, "{\"faults\":[{\"on\":\"bind\",\"do\":\"drop-before\"},"
                    "{\"on\":\"bind\",\"do\":\"drop-after\"}]}");
    cr_assert_eq(face_bind(&f, "a", "n1"), 0);
    cr_assert_str_eq(node_of_a(), "");
    cr_assert_eq(face_bind(&f, "a", "n1"), 0);
    cr_assert_str_eq(node_of_a(), "n1");
    cr_assert_eq(face_code(&f, "GET", "/readyz", NULL), 200, "others go on");
}

Test(apiserver_fault, a_reset_stream_leaves_the_binding_applied)
{
    face_faults(&f, "{\"faults\":[{\"on\":\"bind\",\"do\":\"reset-after\"}]}");
    cr_assert_eq(face_bind(&f, "a", "n1"), 0);
    cr_assert_str_eq(node_of_a(), "n1");
}

Test(apiserver_fault, goaway_answers_and_makes_the_next_request_reconnect)
{
    struct reply first = {0}, second = {0};
    long connects = 0;
    face_faults(&f, "{\"faults\":[{\"on\":\"list\",\"do\":\"goaway\"}]}");
    cr_assert_eq(face_call(&f, &first, "GET", "/api/v1/pods", NULL), 200);
    reply_fini(&first);
    cr_assert_eq(face_call(&f, &second, "GET", "/api/v1/pods", NULL), 200);
    (void)curl_easy_getinfo(second.easy, CURLINFO_NUM_CONNECTS, &connects);
    cr_assert_eq(connects, 1);
    reply_fini(&second);
}

Test(apiserver_fault, bodies_are_cut_corrupted_emptied_or_html)
{
    struct reply reply = {0};
    face_faults(&f, "{\"faults\":[{\"on\":\"list\",\"do\":\"truncate\"},"
                    "{\"on\":\"list\",\"do\":\"corrupt\"},{\"on\":\"list\",\"do\":\"empty\"},"
                    "{\"on\":\"list\",\"do\":\"html\"}]}");
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/pods", NULL), 200);
        cr_assert_gt(reply.body.len, 0);
        json_t *json = json_loadb(reply.body.data, reply.body.len, 0, NULL);
        cr_assert_null(json, "fault %d: %s", i, reply.body.data);
        reply_fini(&reply);
    }
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/pods", NULL), 200);
    cr_assert_eq(reply.body.len, 0);
    reply_fini(&reply);
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/pods", NULL), 502);
    cr_assert(reply_has(&reply, "<html>"));
    reply_fini(&reply);
}

Test(apiserver_fault, a_stalled_request_gets_no_answer_while_others_do)
{
    struct reply stalled = {0};
    face_faults(&f, "{\"faults\":[{\"on\":\"get\",\"do\":\"stall\"}]}");
    face_start(&f, &stalled, "GET", "/api/v1/namespaces/default/pods/a", NULL);
    while (fault_fired(apiserver_faults(f.server), FAULT_DO_STALL) == 0)
        cr_assert_eq(face_code(&f, "GET", "/api/v1/nodes", NULL), 200);
    cr_assert_eq(face_code(&f, "GET", "/api/v1/namespaces/default/pods/a", NULL), 200);
    cr_assert_not(stalled.done);
    reply_fini(&stalled);
}

Test(apiserver_fault, watches_break_in_their_own_ways)
{
    static const char streaming[] = "/api/v1/pods?watch=1&sendInitialEvents=true&"
                                    "resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&"
                                    "timeoutSeconds=1";
    struct reply reply = {0};
    face_faults(&f, "{\"faults\":[{\"on\":\"watch\",\"do\":\"watch-410\"},"
                    "{\"on\":\"watch\",\"do\":\"watch-close\"},"
                    "{\"on\":\"watch\",\"do\":\"no-streaming\"},"
                    "{\"on\":\"watch\",\"do\":\"no-bookmark\"}]}");
    cr_assert_eq(face_call(&f, &reply, "GET", streaming, NULL), 200);
    cr_assert(reply_has(&reply, "{\"type\":\"ERROR\"") && reply_has(&reply, "\"code\":410"));
    reply_fini(&reply);
    cr_assert_eq(face_call(&f, &reply, "GET", streaming, NULL), 200);
    cr_assert_eq(reply.body.len, 0);
    reply_fini(&reply);
    cr_assert_eq(face_code(&f, "GET", streaming, NULL), 422);
    cr_assert_eq(face_call(&f, &reply, "GET", streaming, NULL), 200);
    cr_assert(reply_has(&reply, "\"name\":\"a\"") && !reply_has(&reply, "BOOKMARK"));
    reply_fini(&reply);
}

Test(apiserver_fault, skipped_requests_go_through_first)
{
    face_faults(&f, "{\"faults\":[{\"on\":\"list\",\"do\":\"status\",\"code\":500,\"skip\":2}]}");
    cr_assert_eq(face_code(&f, "GET", "/api/v1/pods", NULL), 200);
    cr_assert_eq(face_code(&f, "GET", "/api/v1/pods", NULL), 200);
    cr_assert_eq(face_code(&f, "GET", "/api/v1/pods", NULL), 500);
    cr_assert_eq(face_code(&f, "GET", "/api/v1/pods", NULL), 200);
}
