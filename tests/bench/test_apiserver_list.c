#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver_fixture.h"

static struct face f;

static void setup(void)
{
    face_init(&f, NULL);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        face_pod(&f, names[i]);
}

static void teardown(void)
{
    face_fini(&f);
}

TestSuite(apiserver_list, .init = setup, .fini = teardown, .timeout = 20);

/* The names of the items, joined by blanks; yours. */
static char *names_of(const struct reply *reply)
{
    json_t *json = json_loadb(reply->body.data, reply->body.len, 0, NULL);
    cr_assert(json, "%s", reply->body.data);
    struct buf names;
    buf_init(&names, 4096);
    (void)buf_add(&names, "", 0);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(json, "items"), i, item)(void)
        buf_printf(&names, "%s%s", i > 0 ? " " : "",
                   json_string_value(json_object_get(json_object_get(item, "metadata"), "name")));
    json_decref(json);
    return buf_take(&names);
}

/* Lists with the query; checks the names; gives the continue token, yours. */
static char *page(const char *query, const char *expected)
{
    char path[1200];
    struct reply reply = {0};
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/default/pods?%s", query);
    cr_assert_eq(face_call(&f, &reply, "GET", path, NULL), 200, "%s", reply.body.data);
    char *names = names_of(&reply), *next = reply_text(&reply, "metadata.continue");
    cr_assert_str_eq(names, expected);
    free(names);
    reply_fini(&reply);
    return next;
}

static char *next_page(const char *token, const char *expected)
{
    char query[1100];
    cr_assert_gt(strlen(token), 0);
    (void)snprintf(query, sizeof(query), "limit=2&continue=%s", token);
    return page(query, expected);
}

Test(apiserver_list, pages_show_one_moment_whatever_happens_between_them)
{
    char *first = page("limit=2", "a b");
    face_pod(&f, "bb");
    cr_assert_eq(face_code(&f, "DELETE", "/api/v1/namespaces/default/pods/d", NULL), 200);
    char *second = next_page(first, "c d");
    char *again = next_page(first, "c d");
    char *last = next_page(second, "e");
    cr_assert_str_eq(last, "");
    free(first);
    free(second);
    free(again);
    free(last);
}

Test(apiserver_list, an_expired_token_is_410_and_offers_an_inconsistent_rest)
{
    struct reply reply = {0};
    char path[1200];
    char *first = page("limit=2", "a b");
    cr_assert_eq(face_code(&f, "PUT", "/debug/compact", ""), 200);
    face_pod(&f, "cc");
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/default/pods?limit=9&continue=%s",
                   first);
    cr_assert_eq(face_call(&f, &reply, "GET", path, NULL), 410);
    cr_assert(reply_has(&reply, "\"reason\":\"Expired\""));
    cr_assert(reply_has(&reply, "The provided continue parameter is too old"));
    char *token = reply_text(&reply, "metadata.continue");
    reply_fini(&reply);
    (void)snprintf(path, sizeof(path), "limit=9&continue=%s", token);
    char *rest = page(path, "c cc d e");
    free(first);
    free(token);
    free(rest);
}

Test(apiserver_list, from_the_cache_there_is_no_limit)
{
    char *token = page("limit=2&resourceVersion=0", "a b c d e");
    cr_assert_str_eq(token, "");
    free(token);
}

Test(apiserver_list, a_version_from_the_future_is_504_with_its_cause)
{
    struct reply reply = {0};
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/pods?resourceVersion=99999", NULL), 504);
    cr_assert(reply_has(&reply, "Too large resource version: 99999, current: "));
    cr_assert(reply_has(&reply, "\"reason\":\"ResourceVersionTooLarge\""));
    cr_assert_eq(reply.retry_after_s, 1);
    reply_fini(&reply);
}

Test(apiserver_list, selectors_select)
{
    cr_assert_eq(face_bind(&f, "b", "n1"), 201);
    free(page("fieldSelector=spec.nodeName%3Dn1", "b"));
    free(page("fieldSelector=spec.nodeName%3D", "a c d e"));
    free(page("labelSelector=app+in+(web)&fieldSelector=metadata.name!%3Da", "b c d e"));
    free(page("labelSelector=app%3Ddb", ""));
}

Test(apiserver_list, deleting_a_collection_deletes_what_its_selector_lists)
{
    cr_assert_eq(face_code(&f, "DELETE",
                           "/api/v1/namespaces/default/pods?fieldSelector=metadata.name!%3Dc",
                           NULL),
                 200);
    free(page("", "c"));
}
