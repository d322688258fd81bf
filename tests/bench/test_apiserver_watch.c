#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver_fixture.h"

static struct face f;

static void setup(void)
{
    static const struct apiserver_options options = {.bookmark_every_ms = 50,
                                                     .watch_queue_events = 100};
    face_init(&f, &options);
}

static void teardown(void)
{
    face_fini(&f);
}

TestSuite(apiserver_watch, .init = setup, .fini = teardown, .timeout = 20);

static void watch(struct reply *reply, const char *query)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "/api/v1/pods?watch=1&%s", query);
    face_start(&f, reply, "GET", path, NULL);
}

Test(apiserver_watch, from_a_version_it_gives_what_happened_since)
{
    char query[64];
    struct reply reply = {0};
    face_pod(&f, "old");
    (void)snprintf(query, sizeof(query), "resourceVersion=%lld", (long long)store_rv(f.store));
    face_pod(&f, "missed");
    watch(&reply, query);
    face_wait_text(&reply, "\"name\":\"missed\"");
    cr_assert_eq(face_bind(&f, "missed", "n1"), 201);
    face_wait_text(&reply, "{\"type\":\"MODIFIED\"");
    cr_assert_eq(face_code(&f, "DELETE", "/api/v1/namespaces/default/pods/old", NULL), 200);
    face_wait_text(&reply, "{\"type\":\"DELETED\"");
    cr_assert_eq(strncmp(reply.body.data, "{\"type\":\"ADDED\"", 15), 0);
    reply_fini(&reply);
}

Test(apiserver_watch, a_streaming_list_ends_with_its_bookmark_and_goes_on)
{
    struct reply reply = {0};
    face_pod(&f, "a");
    face_pod(&f, "b");
    watch(&reply, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
                  "allowWatchBookmarks=true");
    face_wait_text(&reply, "\"k8s.io/initial-events-end\":\"true\"");
    const char *mark = strstr(reply.body.data, "initial-events-end");
    cr_assert(strstr(reply.body.data, "\"name\":\"a\"") < mark);
    cr_assert(strstr(reply.body.data, "\"name\":\"b\"") < mark);
    face_pod(&f, "later");
    face_wait_text(&reply, "\"name\":\"later\"");
    reply_fini(&reply);
}

Test(apiserver_watch, a_streaming_list_needs_its_parameters)
{
    cr_assert_eq(face_code(&f, "GET", "/api/v1/pods?watch=1&sendInitialEvents=true", NULL), 422);
    cr_assert_eq(
        face_code(&f, "GET", "/api/v1/pods?watch=1&resourceVersionMatch=NotOlderThan", NULL), 422);
}

Test(apiserver_watch, what_leaves_the_selection_is_deleted_for_the_watcher)
{
    struct reply reply = {0};
    face_pod(&f, "a");
    watch(&reply, "resourceVersion=0&fieldSelector=spec.nodeName%3D");
    face_wait_text(&reply, "{\"type\":\"ADDED\"");
    cr_assert_eq(face_bind(&f, "a", "n1"), 201);
    face_wait_text(&reply, "{\"type\":\"DELETED\"");
    char rv[64];
    (void)snprintf(rv, sizeof(rv), "\"resourceVersion\":\"%lld\"", (long long)store_rv(f.store));
    face_wait_text(&reply, rv);
    cr_assert_not(reply_has(&reply, "\"nodeName\":\"n1\""), "the last state that was selected");
    reply_fini(&reply);
}

Test(apiserver_watch, a_forgotten_version_is_an_error_event_of_code_410)
{
    struct reply reply = {0};
    face_pod(&f, "a");
    cr_assert_eq(face_code(&f, "PUT", "/debug/compact", ""), 200);
    watch(&reply, "resourceVersion=1");
    face_wait(&reply);
    cr_assert_eq(reply.code, 200);
    cr_assert_eq(
        strncmp(reply.body.data, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\"", 41), 0);
    cr_assert(reply_has(&reply, "\"reason\":\"Expired\""));
    cr_assert(reply_has(&reply, "too old resource version: 1 ("));
    cr_assert(reply_has(&reply, "\"code\":410"));
    reply_fini(&reply);
}

Test(apiserver_watch, bookmarks_come_to_those_who_ask)
{
    struct reply with = {0}, without = {0};
    watch(&with, "allowWatchBookmarks=true");
    watch(&without, "");
    face_wait_text(&with, "{\"type\":\"BOOKMARK\"");
    cr_assert_not(reply_has(&without, "BOOKMARK"));
    cr_assert_not(reply_has(&with, "initial-events-end"));
    reply_fini(&with);
    reply_fini(&without);
}

Test(apiserver_watch, ends_by_itself_after_its_timeout)
{
    struct reply reply = {0};
    watch(&reply, "timeoutSeconds=1");
    face_wait(&reply);
    cr_assert_eq(reply.result, CURLE_OK);
    cr_assert_eq(reply.code, 200);
    reply_fini(&reply);
    cr_assert_eq(apiserver_counts(f.server).watches_now, 0);
}

Test(apiserver_watch, table_rows_for_kubectl_get_w_have_columns_once)
{
    struct reply reply = {.accept = "application/json;as=Table;v=v1;g=meta.k8s.io"};
    face_pod(&f, "a");
    watch(&reply, "");
    face_wait_text(&reply, "\"cells\":[\"a\"");
    cr_assert(reply_has(&reply, "\"columnDefinitions\":[{\"name\":\"Name\""));
    face_pod(&f, "b");
    face_wait_text(&reply, "\"cells\":[\"b\"");
    cr_assert(reply_has(&reply, "\"columnDefinitions\":null"));
    reply_fini(&reply);
}

Test(apiserver_watch, a_watcher_that_is_too_far_behind_is_closed)
{
    struct reply reply = {0};
    struct api_status status;
    watch(&reply, "resourceVersion=0");
    face_pod(&f, "first");
    face_wait_text(&reply, "\"name\":\"first\"");
    for (int i = 0; i < 150; i++) { /* in one turn: nothing is sent in between */
        char json[128];
        (void)snprintf(json, sizeof(json),
                       "{\"metadata\":{\"name\":\"p%d\"},\"spec\":{\"containers\":[{\"name\":"
                       "\"c\"}]}}",
                       i);
        cr_assert(
            store_create_text(f.store, KIND_POD, STR("default"), str_from(json), NULL, &status));
    }
    face_wait(&reply);
    cr_assert_eq(reply.result, CURLE_OK);
    cr_assert(reply_has(&reply, "\"name\":\"p99\""), "what was queued is still sent");
    cr_assert_not(reply_has(&reply, "\"name\":\"p100\""));
    reply_fini(&reply);
}
