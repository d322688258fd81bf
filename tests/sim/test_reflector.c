/*
 * The reflector over real HTTP/2 against an apiserver that follows a script: each test is a list of
 * answers, the transcript of events that must come of them, and the requests that must have been
 * made.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "model/names.h"
#include "tests/sim/script.h"
#include "watch/reflector.h"

static struct script script;
static struct symbols *symbols;
static struct http_client *client;
static struct reflector *reflector;
static struct buf transcript; /* "BEGIN +a +b END SYNCED -a " */
static struct err trouble;
static int troubles;
static bool trouble_was_fatal, is_stopped, is_client_closed;

/* ---- what the server says ---- */

#define NODE(name, rv)                                                                             \
    "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" name                      \
    "\",\"uid\":\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"" rv "\"}}"
#define EVENT(type, name, rv) "{\"type\":\"" type "\",\"object\":" NODE(name, rv) "}\n"
#define ADDED(name, rv)       EVENT("ADDED", name, rv)
#define MODIFIED(name, rv)    EVENT("MODIFIED", name, rv)
#define DELETED(name, rv)     EVENT("DELETED", name, rv)
#define BOOKMARK(rv)                                                                               \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{"    \
    "\"resourceVersion\":\"" rv "\"}}}\n"
#define LIST_END(rv)                                                                               \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{"    \
    "\"resourceVersion\":\"" rv "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define STATUS(code, message)                                                                      \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message     \
    "\",\"reason\":\"X\",\"code\":" #code "}"
#define ERROR_EVENT(code) "{\"type\":\"ERROR\",\"object\":" STATUS(code, "told so") "}\n"
#define LIST(rv, token, items)                                                                     \
    "{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" rv         \
    "\",\"continue\":\"" token "\"},\"items\":[" items "]}"

#define HOLD(text)                                                                                 \
    {                                                                                              \
        200, text, SCRIPT_HOLDS, 0, NULL                                                           \
    }
#define WHOLE(text)                                                                                \
    {                                                                                              \
        200, text, SCRIPT_ENDS, 0, NULL                                                            \
    }
#define DROP(text)                                                                                 \
    {                                                                                              \
        200, text, SCRIPT_DROPS, 0, NULL                                                           \
    }
#define REFUSE(code, why)                                                                          \
    {                                                                                              \
        code, STATUS(code, why), SCRIPT_ENDS, 0, NULL                                              \
    }

/* ---- what the reflector says ---- */

static void on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    switch ((int)event->kind) {
    case EVENT_NODE_LIST_BEGIN:
        (void)buf_add_str(&transcript, "BEGIN ");
        break;
    case EVENT_NODE_LIST_END:
        (void)buf_add_str(&transcript, "END ");
        break;
    case EVENT_NODE_SEEN:
        (void)buf_printf(&transcript, "+" STR_FMT " ", STR_ARG(event->node->name));
        break;
    case EVENT_NODE_GONE:
        (void)buf_printf(&transcript, "-" STR_FMT " ", STR_ARG(event->node->name));
        break;
    default:
        (void)buf_add_str(&transcript, "? ");
    }
}

static void on_synced(void *ctx)
{
    (void)ctx;
    (void)buf_add_str(&transcript, "SYNCED ");
}

static void on_trouble(void *ctx, const struct err *err, bool is_fatal_at_start)
{
    (void)ctx;
    trouble = *err;
    trouble_was_fatal = is_fatal_at_start;
    troubles++;
}

static bool has_transcript(void *ctx)
{
    return str_is(buf_str(&transcript), ctx);
}

static void await(const char *want)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "%s", want);
    script_run(&script, has_transcript, text);
}

static bool has_requests(void *ctx)
{
    return script.request_count >= *(size_t *)ctx;
}

static void await_requests(size_t count)
{
    script_run(&script, has_requests, &count);
}

static bool has_trouble(void *ctx)
{
    return troubles >= *(int *)ctx;
}

static void await_troubles(int count)
{
    script_run(&script, has_trouble, &count);
}

static struct reflector_options options(void)
{
    return (struct reflector_options){
        .loop = &script.loop,
        .client = client,
        .log = &script.log,
        .symbols = symbols,
        .kind = DECODE_NODE,
        .path = "/api/v1/nodes",
        .seed = 1,
        .backoff_base_ms = 1,
        .on_event = on_event,
        .on_synced = on_synced,
        .on_trouble = on_trouble,
    };
}

static void start(void)
{
    struct reflector_options chosen = options();
    reflector = reflector_start(&chosen);
}

static void start_paging(void)
{
    struct reflector_options chosen = options();
    chosen.no_streaming_list = true;
    reflector = reflector_start(&chosen);
}

static void setup(void)
{
    script_open(&script);
    symbols = names_symbols_new(1);
    client = http_client_new(&script.loop, script.access, &script.log, "watch", 2);
    buf_init(&transcript, 1 << 20);
}

static void set_true(void *ctx)
{
    *(bool *)ctx = true;
}

static bool is_true(void *ctx)
{
    return *(bool *)ctx;
}

static void teardown(void)
{
    if (reflector) {
        reflector_stop(reflector, set_true, &is_stopped);
        script_run(&script, is_true, &is_stopped);
    }
    http_client_close(client, set_true, &is_client_closed);
    script_run(&script, is_true, &is_client_closed);
    script_close(&script);
    symbols_free(symbols);
    buf_fini(&transcript);
}

TestSuite(reflector, .init = setup, .fini = teardown, .timeout = 60);

/* Whether the query of the n-th request has this parameter, as it was sent. */
static void expect_param(size_t n, const char *param)
{
    const char *path = script_request(&script, n)->path;
    const char *found = strstr(path, param);
    bool is_whole = found && (found[-1] == '?' || found[-1] == '&') &&
                    (found[strlen(param)] == '&' || found[strlen(param)] == '\0');
    cr_expect(is_whole, "request %zu has no %s: %s", n, param, path);
}

static void expect_no_param(size_t n, const char *key)
{
    const char *path = script_request(&script, n)->path;
    char first[64], later[64];
    (void)snprintf(first, sizeof first, "?%s=", key);
    (void)snprintf(later, sizeof later, "&%s=", key);
    cr_expect(!strstr(path, first) && !strstr(path, later), "request %zu has %s: %s", n, key, path);
}

/* ---- streaming lists ---- */

Test(reflector, lists_and_watches_on_one_stream)
{
    SCRIPT_SAY(&script, HOLD(ADDED("b", "7") ADDED("a", "3") LIST_END("10") ADDED("c", "11")));
    start();
    await("BEGIN +b +a END SYNCED +c ");
    script_tell(&script, MODIFIED("a", "12") DELETED("b", "13"), SCRIPT_HOLDS);
    await("BEGIN +b +a END SYNCED +c +a -b ");
    cr_expect_eq(script.request_count, 1);
    expect_param(0, "watch=true");
    expect_param(0, "sendInitialEvents=true");
    expect_param(0, "resourceVersionMatch=NotOlderThan");
    expect_param(0, "allowWatchBookmarks=true");
    expect_no_param(0, "resourceVersion");
    struct reflector_stats stats = reflector_stats(reflector);
    cr_expect_eq(stats.streamed_lists, 1);
    cr_expect_eq(stats.events, 5);
    cr_expect(reflector_is_synced(reflector));
}

Test(reflector, resumes_at_once_from_the_last_event_when_the_server_ends_a_watch)
{
    SCRIPT_SAY(&script, WHOLE(ADDED("a", "3") LIST_END("10") MODIFIED("a", "12")),
               HOLD(MODIFIED("a", "14")));
    start();
    await("BEGIN +a END SYNCED +a +a ");
    cr_expect_eq(script.request_count, 2);
    expect_param(1, "resourceVersion=12");
    expect_no_param(1, "sendInitialEvents");
    expect_param(1, "allowWatchBookmarks=true");
}

Test(reflector, resumes_from_bookmarks)
{
    SCRIPT_SAY(&script, WHOLE(ADDED("a", "3") LIST_END("10") BOOKMARK("55")), HOLD(""));
    start();
    await_requests(2);
    expect_param(1, "resourceVersion=55");
}

Test(reflector, resumes_from_the_list_and_not_from_its_unordered_events)
{
    SCRIPT_SAY(&script, WHOLE(ADDED("a", "99") LIST_END("10")), HOLD(""));
    start();
    await_requests(2);
    expect_param(1, "resourceVersion=10");
}

Test(reflector, treats_versions_as_opaque)
{
    SCRIPT_SAY(&script, WHOLE(LIST_END("a/b c") MODIFIED("a", "0009")),
               WHOLE(MODIFIED("a", "v1 z")), HOLD(""));
    start();
    await_requests(3);
    expect_param(1, "resourceVersion=0009");
    expect_param(2, "resourceVersion=v1%20z");
}

static const int refusals[] = {400, 415, 422};

Test(reflector, pages_where_streaming_lists_are_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        SCRIPT_SAY(&script,
                   {refusals[i], STATUS(1, "sendInitialEvents is forbidden"), SCRIPT_ENDS, 0, NULL},
                   WHOLE(LIST("10", "", NODE("a", "3"))), HOLD(ADDED("b", "11")));
        size_t first = script.request_count;
        buf_clear(&transcript);
        start();
        await("BEGIN BEGIN +a END SYNCED +b ");
        cr_assert_eq(script.request_count, first + 3);
        expect_param(first + 1, "limit=500");
        expect_param(first + 1, "resourceVersion=0");
        expect_param(first + 2, "resourceVersion=10");
        cr_expect_eq(troubles, 0);
        is_stopped = false;
        reflector_stop(reflector, set_true, &is_stopped);
        script_run(&script, is_true, &is_stopped);
    }
    reflector = NULL;
    is_stopped = false;
}

Test(reflector, pages_when_the_end_of_list_bookmark_never_comes)
{
    SCRIPT_SAY(&script, HOLD(ADDED("a", "3")), WHOLE(LIST("10", "", NODE("a", "3"))), HOLD(""));
    struct reflector_options chosen = options();
    chosen.stream_idle_ms = 50;
    reflector = reflector_start(&chosen);
    await("BEGIN +a BEGIN +a END SYNCED ");
    await_requests(3);
    cr_expect_eq(reflector_stats(reflector).idle_timeouts, 1);
}

Test(reflector, pages_when_the_stream_ends_before_its_bookmark)
{
    SCRIPT_SAY(&script, WHOLE(ADDED("a", "3")), WHOLE(LIST("10", "", NODE("a", "3"))), HOLD(""));
    start();
    await("BEGIN +a BEGIN +a END SYNCED ");
}

Test(reflector, begins_again_when_a_streaming_list_is_cut)
{
    SCRIPT_SAY(&script, DROP(ADDED("a", "3")), HOLD(ADDED("b", "4") LIST_END("10")));
    start();
    await("BEGIN +a BEGIN +b END SYNCED ");
    expect_no_param(1, "resourceVersion");
}

/* ---- lists in pages ---- */

Test(reflector, follows_continue_tokens_in_one_frame)
{
    SCRIPT_SAY(&script, WHOLE(LIST("10", "t/1", NODE("a", "1") "," NODE("b", "2"))),
               WHOLE(LIST("10", "t2", NODE("c", "3"))), WHOLE(LIST("10", "", NODE("d", "4"))),
               HOLD(ADDED("e", "11")));
    start_paging();
    await("BEGIN +a +b +c +d END SYNCED +e ");
    expect_param(1, "continue=t%2F1");
    expect_param(1, "limit=500");
    expect_no_param(1, "resourceVersion");
    expect_param(2, "continue=t2");
    expect_param(3, "resourceVersion=10");
    cr_expect_eq(reflector_stats(reflector).pages, 3);
}

Test(reflector, goes_on_after_an_empty_page)
{
    SCRIPT_SAY(&script, WHOLE(LIST("10", "t1", "")), WHOLE(LIST("10", "", NODE("a", "1"))),
               HOLD(""));
    start_paging();
    await("BEGIN +a END SYNCED ");
}

Test(reflector, lists_whole_when_a_continue_token_has_expired)
{
    SCRIPT_SAY(&script, WHOLE(LIST("10", "t1", NODE("a", "1"))),
               REFUSE(410, "The provided continue parameter is too old"),
               WHOLE(LIST("20", "", NODE("a", "1") "," NODE("b", "2"))), HOLD(""));
    start_paging();
    await("BEGIN +a BEGIN +a +b END SYNCED ");
    await_requests(4);
    expect_no_param(2, "limit");
    expect_no_param(2, "continue");
    expect_param(3, "resourceVersion=20");
}

Test(reflector, begins_again_when_a_page_is_cut)
{
    SCRIPT_SAY(&script, WHOLE(LIST("10", "t1", NODE("a", "1"))),
               DROP("{\"kind\":\"NodeList\",\"items\":[" NODE("b", "2")),
               WHOLE(LIST("11", "", NODE("a", "1"))), HOLD(""));
    start_paging();
    await("BEGIN +a +b BEGIN +a END SYNCED ");
    expect_no_param(2, "continue");
}

Test(reflector, takes_no_half_list_for_a_whole_one)
{
    SCRIPT_SAY(&script, WHOLE("{\"kind\":\"NodeList\",\"items\":[" NODE("b", "2")),
               WHOLE(LIST("11", "", NODE("a", "1"))), HOLD(""));
    start_paging();
    await("BEGIN +b BEGIN +a END SYNCED ");
    cr_expect_eq(reflector_stats(reflector).decode_failures, 1);
}

Test(reflector, takes_no_list_without_a_version)
{
    SCRIPT_SAY(&script, WHOLE("{\"kind\":\"NodeList\",\"metadata\":{},\"items\":[]}"),
               WHOLE(LIST("11", "", NODE("a", "1"))), HOLD(""));
    start_paging();
    await("BEGIN BEGIN +a END SYNCED ");
}

/* ---- 410 ---- */

Test(reflector, lists_anew_after_410_as_event_and_never_goes_back)
{
    SCRIPT_SAY(&script, WHOLE(ADDED("a", "3") LIST_END("10") ERROR_EVENT(410)),
               HOLD(ADDED("a", "3") LIST_END("30")));
    start();
    await("BEGIN +a END SYNCED BEGIN +a END SYNCED ");
    expect_param(1, "sendInitialEvents=true");
    expect_param(1, "resourceVersion=10");
    cr_expect_eq(reflector_stats(reflector).errors_410, 1);
}

Test(reflector, lists_anew_after_410_as_status_and_then_without_a_version)
{
    SCRIPT_SAY(&script, WHOLE(ADDED("a", "3") LIST_END("10") MODIFIED("a", "12")),
               REFUSE(410, "too old resource version"), REFUSE(410, "too old resource version"),
               HOLD(ADDED("a", "3") LIST_END("2")), HOLD(""));
    start();
    await("BEGIN +a END SYNCED +a BEGIN BEGIN +a END SYNCED ");
    expect_param(1, "resourceVersion=12");
    expect_param(2, "resourceVersion=12");
    expect_param(2, "sendInitialEvents=true");
    expect_no_param(3, "resourceVersion");
    cr_expect_eq(reflector_stats(reflector).errors_410, 2);
}

Test(reflector, asks_a_relist_in_pages_for_at_least_the_last_version)
{
    SCRIPT_SAY(
        &script, WHOLE(LIST("10", "", NODE("a", "1"))), WHOLE(ERROR_EVENT(410)),
        {504,
         "{\"kind\":\"Status\",\"message\":\"Timeout: Too large resource version: 10, current: "
         "4\",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}]}}",
         SCRIPT_ENDS, 0, NULL},
        WHOLE(LIST("4", "", "")), HOLD(""));
    start_paging();
    await("BEGIN +a END SYNCED BEGIN BEGIN END SYNCED ");
    expect_param(2, "resourceVersion=10");
    expect_no_param(2, "limit");
    expect_no_param(3, "resourceVersion");
    expect_param(3, "limit=500");
}

/* ---- broken watches ---- */

Test(reflector, watches_again_without_a_list_when_throttled)
{
    SCRIPT_SAY(&script, WHOLE(LIST_END("10") MODIFIED("a", "11") ERROR_EVENT(429)),
               REFUSE(429, "too many requests"), HOLD(MODIFIED("a", "12")));
    start();
    await("BEGIN END SYNCED +a +a ");
    expect_param(1, "resourceVersion=11");
    expect_param(2, "resourceVersion=11");
    expect_no_param(2, "sendInitialEvents");
}

Test(reflector, lists_anew_after_three_errors_in_a_row)
{
    SCRIPT_SAY(&script, WHOLE(LIST_END("10") MODIFIED("a", "11") ERROR_EVENT(500)),
               WHOLE(ERROR_EVENT(500)), WHOLE(ERROR_EVENT(500)), HOLD(LIST_END("20")));
    start();
    await("BEGIN END SYNCED +a BEGIN END SYNCED ");
    cr_expect_eq(script.request_count, 4);
    expect_no_param(2, "sendInitialEvents");
    expect_param(3, "sendInitialEvents=true");
}

Test(reflector, resumes_when_the_connection_is_lost)
{
    SCRIPT_SAY(&script, DROP(LIST_END("10") MODIFIED("a", "11")), DROP(MODIFIED("a", "12")),
               {0, NULL, SCRIPT_RESETS, 0, NULL}, HOLD(MODIFIED("a", "13")));
    start();
    await("BEGIN END SYNCED +a +a +a ");
    cr_expect_eq(script.request_count, 4);
    expect_param(1, "resourceVersion=11");
    expect_param(3, "resourceVersion=12");
    cr_expect_eq(reflector_stats(reflector).lists, 1);
}

Test(reflector, resumes_before_a_value_that_is_cut_or_corrupt)
{
    SCRIPT_SAY(&script, WHOLE(LIST_END("10") MODIFIED("a", "11") "{\"type\":\"MODIF"),
               HOLD(MODIFIED("b", "12") "{\"type\":\x01}"), HOLD(MODIFIED("c", "13")));
    start();
    await("BEGIN END SYNCED +a +b +c ");
    expect_param(1, "resourceVersion=11");
    expect_param(2, "resourceVersion=12");
    cr_expect_eq(reflector_stats(reflector).decode_failures, 2);
}

Test(reflector, lists_anew_when_the_same_place_stays_corrupt)
{
    SCRIPT_SAY(&script, WHOLE(LIST_END("10")), HOLD("nonsense"), HOLD("nonsense"), HOLD("nonsense"),
               HOLD(LIST_END("20")));
    start();
    await("BEGIN END SYNCED BEGIN END SYNCED ");
    cr_expect_eq(script.request_count, 5);
}

Test(reflector, replaces_a_dead_link_within_the_idle_limit)
{
    SCRIPT_SAY(&script, HOLD(LIST_END("10")), HOLD(MODIFIED("a", "11")));
    struct reflector_options chosen = options();
    chosen.watch_idle_ms = 50;
    reflector = reflector_start(&chosen);
    await("BEGIN END SYNCED +a ");
    expect_param(1, "resourceVersion=10");
    cr_expect_geq(reflector_stats(reflector).idle_timeouts, 1);
}

Test(reflector, waits_between_watches_that_end_at_once)
{
    SCRIPT_SAY(&script, WHOLE(LIST_END("10")), WHOLE(""), WHOLE(""), WHOLE(""), WHOLE(""),
               HOLD(MODIFIED("a", "11")));
    struct reflector_options chosen = options();
    chosen.backoff_base_ms = 40;
    reflector = reflector_start(&chosen);
    uint64_t before_ms = uv_hrtime() / 1000000;
    await("BEGIN END SYNCED +a ");
    /* four empty watches: at least 40 + 80 + 160 + 320 ms of waiting */
    cr_expect_geq(uv_hrtime() / 1000000 - before_ms, 600);
    cr_expect_eq(reflector_stats(reflector).lists, 1);
}

Test(reflector, comes_back_when_the_server_said)
{
    SCRIPT_SAY(&script, {503, STATUS(503, "shutting down"), SCRIPT_ENDS, 1, NULL},
               HOLD(LIST_END("10")));
    start();
    await_requests(1);
    uint64_t before_ms = uv_hrtime() / 1000000;
    await("BEGIN BEGIN END SYNCED ");
    cr_expect_geq(uv_hrtime() / 1000000 - before_ms, 990);
}

/* ---- troubles ---- */

Test(reflector, names_the_missing_right_and_how_to_grant_it)
{
    SCRIPT_SAY(&script,
               REFUSE(403, "nodes is forbidden: User \\\"nobody\\\" cannot watch resource "
                           "\\\"nodes\\\" in API group \\\"\\\" at the cluster scope"),
               HOLD(LIST_END("10")));
    start();
    await_troubles(1);
    cr_expect(trouble_was_fatal);
    cr_expect_eq(trouble.code, EACCES);
    cr_expect(strstr(trouble.text, "may not watch nodes"), "%s", trouble.text);
    cr_expect(strstr(trouble.text, "User \"nobody\""), "%s", trouble.text);
    cr_expect(strstr(trouble.text, "grant list and watch on nodes"), "%s", trouble.text);
    await("BEGIN BEGIN END SYNCED "); /* and goes on by itself once it is granted */
}

Test(reflector, tries_once_more_before_it_complains_about_credentials)
{
    SCRIPT_SAY(&script, REFUSE(401, "Unauthorized"), REFUSE(401, "Unauthorized"),
               HOLD(LIST_END("10")));
    start();
    await("BEGIN BEGIN BEGIN END SYNCED ");
    cr_expect_eq(troubles, 1);
    cr_expect(trouble_was_fatal);
    cr_expect(strstr(trouble.text, "401"), "%s", trouble.text);
}

Test(reflector, calls_nothing_fatal_once_it_has_a_list)
{
    SCRIPT_SAY(&script, WHOLE(LIST_END("10") MODIFIED("a", "11")), REFUSE(403, "no"),
               HOLD(MODIFIED("a", "12")));
    start();
    await("BEGIN END SYNCED +a +a ");
    cr_expect_eq(troubles, 1);
    cr_expect_not(trouble_was_fatal);
}

Test(reflector, stops_in_any_state)
{
    SCRIPT_SAY(&script, HOLD(ADDED("a", "1")));
    start();
    await("BEGIN +a ");
    /* the teardown stops it in the middle of its list */
}

static struct reflector *to_stop;

static void stop_on_seen(void *ctx, const struct event *event)
{
    on_event(ctx, event);
    if (event->kind == EVENT_NODE_SEEN)
        reflector_stop(to_stop, set_true, &is_stopped);
}

Test(reflector, may_be_stopped_from_inside_an_event)
{
    SCRIPT_SAY(&script, HOLD(ADDED("a", "1") ADDED("b", "2") LIST_END("3")));
    struct reflector_options chosen = options();
    chosen.on_event = stop_on_seen;
    to_stop = reflector_start(&chosen);
    script_run(&script, is_true, &is_stopped);
    cr_expect_str_eq(transcript.data, "BEGIN +a ");
}
