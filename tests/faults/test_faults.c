/*
 * Every fault of the catalogue's groups Network, API answers, Watch and Bind (F01 to F56), one row
 * each, in the story of story.h: build/spillway against the simulated apiserver. Rows wait for real
 * timeouts, so they run side by side.
 *
 * Not here, because a test on one machine cannot make it:
 *   F03 DNS failure, changed address: the address is loopback's, there is no resolver to spoil
 * (that an unknown host is told as such: tests/bench/test_http_trust.c).
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/faults/story.h"

enum { STORM_EVENTS = 10000, LATER_VERSIONS = 1000, LOTS = 1000000 };

/* Three times a request of the class; or as the further fields say. */
#define ON(class, action)                                                                          \
    {                                                                                              \
        .on = FAULT_ON_##class, .act = FAULT_DO_##action, .times = 3                               \
    }
#define ON_AS(class, action, ...)                                                                  \
    {                                                                                              \
        .on = FAULT_ON_##class, .act = FAULT_DO_##action, __VA_ARGS__                              \
    }
/* Both kinds are told once, and list in pages from then on. */
#define PAGES                                                                                      \
    {                                                                                              \
        .on = FAULT_ON_WATCH, .act = FAULT_DO_NO_STREAMING, .times = 2                             \
    }

/* ---- what more happens ---- */

static void reset_connections(struct story *story)
{
    cr_assert_eq(apiserver_wire(story->stage.server, WIRE_REFUSE, 1), 0);
    cr_assert_eq(apiserver_wire(story->stage.server, WIRE_REFUSE, 0), 0);
}

static void expire_certificate(struct story *story)
{
    struct err err = {0};
    cr_assert_eq(apiserver_expire_tls(story->stage.server, true, &err), 0, "%s", err.text);
    reset_connections(story);
    story->fired_by_act++; /* and the log has to say so */
}

static void renew_certificate(struct story *story)
{
    struct err err = {0};
    cr_assert_eq(apiserver_expire_tls(story->stage.server, false, &err), 0, "%s", err.text);
}

static void label_node(struct story *story, const char *name, int times)
{
    for (int i = 0; i < times; i++) {
        struct api_status status;
        const struct store_target target = {.kind = KIND_NODE, .name = str_from(name)};
        char number[16];
        (void)snprintf(number, sizeof(number), "%d", i);
        json_t *patch = json_pack("{s:{s:{s:s}}}", "metadata", "labels", "storm", number);
        cr_assert(store_patch(story->stage.store, &target, PATCH_MERGE, patch, NULL, &status));
        json_decref(patch);
    }
}

/* 10,000 events as fast as the store makes them. */
static void storm(struct story *story)
{
    uint64_t before = apiserver_counts(story->stage.server).watch_events;
    label_node(story, "a", STORM_EVENTS);
    story_await_burst(story);
    story->fired_by_act =
        apiserver_counts(story->stage.server).watch_events - before >= STORM_EVENTS;
}

static bool has_slow_watch(struct stage *stage, const void *ctx)
{
    (void)ctx;
    return apiserver_counts(stage->server).slow_watches > 0;
}

static void await_slow_watch(struct story *story)
{
    stage_await(&story->stage, has_slow_watch, NULL, "no watch was closed for being slow");
    story->fired_by_act = apiserver_counts(story->stage.server).slow_watches;
}

/* The backup is from the middle of the burst: pods that were bound are not any more. Much has
 * happened since, and both watches know it: else the versions to come would soon be beyond theirs,
 * and only the list of every hour (F37) could tell. */
static void restore_backup(struct story *story)
{
    story_await_burst(story);
    int64_t after_creation = story->rv_before_burst + STORY_BURST;
    cr_assert_lt(after_creation, store_rv(story->stage.store));
    label_node(story, "a", LATER_VERSIONS);
    stage_create(&story->stage, KIND_POD,
                 "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"newest\"},"
                 "\"spec\":{\"schedulerName\":\"spillway\",\"nodeSelector\":{\"storm\":\"999\"},"
                 "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
    stage_await_bound(&story->stage, "newest"); /* so both have seen the last of all that */
    apiserver_rewind(story->stage.server, after_creation);
    cr_assert_str_empty(stage_node_of(&story->stage, "burst-7"), "nothing was forgotten");
    story->fired_by_act++;
}

/* A controller makes pods for those that the kubelet did not take. */
static bool has_refused_pods(struct stage *stage, const void *count)
{
    struct store_list pods = store_list(stage->store, KIND_POD, STR(""));
    size_t failed = 0;
    for (size_t i = 0; i < pods.count; i++)
        failed += strcmp(object_phase(pods.objects[i]), "Failed") == 0;
    return failed >= *(const size_t *)count;
}

static void replace_refused(struct story *story)
{
    const size_t refused = story->row->faults[0].times;
    stage_await(&story->stage, has_refused_pods, &refused, "the kubelet refused nobody");
    stage_add_pods(&story->stage, "instead", refused, "1");
}

/* ---- the table ---- */

static const struct story_row rows[] = {
    /* Network */
    {.id = "F01",
     .name = "connect refused",
     .wire = WIRE_REFUSE,
     .wire_amount = 1,
     .flags = STORY_MENDED,
     .says = "Connection refused"},
    {.id = "F02",
     .name = "connect black-holed",
     .wire = WIRE_BLACK_HOLE,
     .wire_amount = 1,
     .flags = STORY_MENDED,
     .says = "no answer within 10 s"},
    {.id = "F04",
     .name = "TLS handshake fails",
     .wire = WIRE_GARBLE,
     .wire_amount = 3,
     .flags = STORY_FROM_START,
     .act = reset_connections,
     .says = "TLS with"},
    {.id = "F05",
     .name = "certificate expired",
     .flags = STORY_MENDED,
     .act = expire_certificate,
     .counts_by_act = true,
     .says = "has expired",
     .mend = renew_certificate},
    {.id = "F06",
     .name = "RST between request and reply",
     .faults = {ON(BIND, RESET_TCP), ON(WATCH, RESET_TCP)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F07",
     .name = "FIN in the middle of a chunk, of a bind's answer",
     .faults = {ON(BIND, CUT)}},
    {.id = "F07",
     .name = "FIN in the middle of a chunk, of a watch",
     .faults = {ON(WATCH, CUT)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F07",
     .name = "FIN in the middle of a chunk, of a list",
     .faults = {PAGES, ON(LIST, CUT)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F08", .name = "half-open link", .wire = WIRE_HALF_OPEN, .wire_amount = 1},
    {.id = "F09", .name = "delay with jitter", .wire = WIRE_DELAY, .wire_amount = 40},
    {.id = "F10",
     .name = "reorder across streams",
     .faults = {ON_AS(ANY, SHUFFLE, .times = 3, .delay_ms = 300)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F11", .name = "bandwidth 1 kB/s", .wire = WIRE_NARROW, .wire_amount = 1000},
    {.id = "F12", .name = "one-way partition", .wire = WIRE_ONE_WAY, .wire_amount = 1},
    {.id = "F13",
     .name = "partition from one of several apiservers behind one address",
     .wire = WIRE_DEAD,
     .wire_amount = 2,
     .flags = STORY_FROM_START | STORY_ONCE},
    {.id = "F14",
     .name = "GOAWAY",
     .faults = {ON_AS(ANY, GOAWAY, .times = 8)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F15",
     .name = "RST_STREAM",
     .faults = {ON(BIND, RESET_AFTER), ON(WATCH, RESET_AFTER)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START | STORY_SPOILS},
    /* spillway sends no PING: a dead link is found by TCP (F08) and by silence (F11, F51) */
    {.id = "F16",
     .name = "PING not acknowledged",
     .wire = WIRE_NO_PING_ACK,
     .wire_amount = LOTS,
     .flags = STORY_FROM_START | STORY_NEVER},
    {.id = "F17",
     .name = "flow-control window never opened",
     .wire = WIRE_NO_WINDOW,
     .wire_amount = 3,
     .flags = STORY_FROM_START | STORY_ONCE},
    {.id = "F18",
     .name = "a proxy answers 502 HTML",
     .faults = {ON_AS(ANY, HTML, .times = 6)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    /* API answers */
    {.id = "F19", .name = "409", .faults = {ON_AS(BIND, STATUS, .times = 3, .code = 409)}},
    {.id = "F20",
     .name = "410 at open",
     .faults = {ON_AS(WATCH, STATUS, .times = 3, .code = 410)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    {.id = "F21",
     .name = "410 as ERROR event",
     .faults = {ON(WATCH, WATCH_410)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F22",
     .name = "429 with Retry-After",
     .faults = {ON_AS(ANY, STATUS, .times = 3, .code = 429, .retry_after_s = 1)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F23",
     .name = "429 without",
     .faults = {ON_AS(ANY, STATUS, .times = 3, .code = 429)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F24",
     .name = "500",
     .faults = {ON_AS(ANY, STATUS, .times = 3, .code = 500)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    {.id = "F25",
     .name = "503 + Retry-After at shutdown",
     .faults = {ON_AS(ANY, STATUS, .times = 3, .code = 503, .retry_after_s = 1)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F26",
     .name = "504 TooLargeRV, of a watch",
     .faults = {ON(WATCH, TOO_LARGE_RV)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F26",
     .name = "504 TooLargeRV, of a list",
     .faults = {PAGES, ON(LIST, TOO_LARGE_RV)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    {.id = "F27",
     .name = "401 (token)",
     .faults = {ON_AS(ANY, STATUS, .times = 3, .code = 401)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F28",
     .name = "403 (rights withdrawn)",
     .faults = {ON_AS(ANY, STATUS, .times = 3, .code = 403)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F29", .name = "404 on bind", .faults = {ON_AS(BIND, STATUS, .times = 3, .code = 404)}},
    {.id = "F30",
     .name = "truncated JSON, of a watch and of a GET",
     .faults = {ON(WATCH, TRUNCATE), ON(BIND, DROP_AFTER), ON(GET, TRUNCATE)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    {.id = "F30",
     .name = "truncated JSON, of a list",
     .faults = {PAGES, ON(LIST, TRUNCATE)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F31",
     .name = "corrupt JSON, of a watch",
     .faults = {ON(WATCH, CORRUPT)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    {.id = "F31",
     .name = "corrupt JSON, of a list",
     .faults = {PAGES, ON(LIST, CORRUPT)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F32",
     .name = "duplicate keys, of a watch",
     .faults = {ON_AS(WATCH, DUPLICATE_KEYS, .times = 2)},
     .again = AGAIN_WATCH,
     .flags = STORY_SPOILS | STORY_RELISTS | STORY_MENDED},
    {.id = "F32",
     .name = "duplicate keys, of a list",
     .faults = {ON_AS(WATCH, NO_STREAMING, .times = 4), ON_AS(LIST, DUPLICATE_KEYS, .times = 2)},
     .again = AGAIN_LIST,
     .flags = STORY_SPOILS | STORY_RELISTS | STORY_MENDED},
    {.id = "F33",
     .name = "wrong kind, of a watch",
     .faults = {ON_AS(WATCH, WRONG_KIND, .times = 2)},
     .again = AGAIN_WATCH,
     .flags = STORY_SPOILS | STORY_RELISTS | STORY_MENDED},
    {.id = "F33",
     .name = "wrong kind, of a list",
     .faults = {PAGES, ON_AS(LIST, WRONG_KIND, .times = 2)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F33",
     .name = "a Table, of a watch",
     .faults = {ON_AS(WATCH, TABLE, .times = 2)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F33",
     .name = "a Table, of a list",
     .faults = {PAGES, ON_AS(LIST, TABLE, .times = 2)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F34",
     .name = "200 with empty body",
     .faults = {ON_AS(ANY, EMPTY, .times = 6)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    {.id = "F35",
     .name = "page 2 expired",
     .faults = {PAGES, ON_AS(PAGE, STATUS, .times = 3, .code = 410)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START,
     .habits = {.page_objects_max = 3, .bookmark_every_ms = 1000}},
    {.id = "F36",
     .name = "3xx",
     .faults = {ON(ANY, REDIRECT)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    /* Watch */
    {.id = "F37",
     .name = "event lost",
     .faults = {ON_AS(WATCH, LOSE_EVENTS, .times = 2)},
     .again = AGAIN_WATCH,
     .flags = STORY_SPOILS | STORY_MENDED,
     .flag = "--relist-seconds=1",
     .habits = {.watch_life_ms = 700, .bookmark_every_ms = 1000}},
    {.id = "F38",
     .name = "event doubled",
     .faults = {ON(WATCH, DOUBLE_EVENTS)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F39",
     .name = "delete carries an old RV",
     .faults = {ON_AS(WATCH, OLD_DELETE_RV, .times = LOTS)},
     .again = AGAIN_NOTHING,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F40",
     .name = "watch closed at once",
     .faults = {ON_AS(WATCH, WATCH_CLOSE, .times = 4)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F41",
     .name = "no bookmark ever",
     .faults = {PAGES, ON_AS(WATCH, NO_BOOKMARK, .times = LOTS)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START},
    {.id = "F42",
     .name = "initial-events-end missing",
     .faults = {ON_AS(WATCH, NO_LIST_END, .times = LOTS)},
     .again = AGAIN_LIST,
     .flags = STORY_SPOILS},
    {.id = "F43",
     .name = "bookmark RV in the past",
     .faults = {ON_AS(WATCH, OLD_BOOKMARK, .times = 2)},
     .again = AGAIN_WATCH,
     .flags = STORY_FROM_START | STORY_SPOILS,
     .habits = {.bookmark_every_ms = 100}},
    {.id = "F44",
     .name = "slow-watcher close",
     .act = await_slow_watch,
     .counts_by_act = true,
     .habits = {.watch_queue_events = 10, .bookmark_every_ms = 1000}},
    {.id = "F45",
     .name = "time travel, of a watch",
     .faults = {ON_AS(WATCH, STALE, .times = 3, .behind = 8)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START},
    {.id = "F45",
     .name = "time travel, of a list",
     .faults = {PAGES, ON_AS(LIST, STALE, .times = 3, .behind = 8)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START | STORY_SPOILS},
    {.id = "F46",
     .name = "RV goes backward (etcd restore)",
     .act = restore_backup,
     .counts_by_act = true,
     .flags = STORY_REBINDS,
     .habits = {.bookmark_every_ms = 300}},
    {.id = "F47",
     .name = "storm of 10,000 events",
     .act = storm,
     .counts_by_act = true,
     .requests_max = 400},
    {.id = "F48",
     .name = "compaction between list and watch",
     .faults = {PAGES, ON_AS(WATCH, COMPACT, .times = 3)},
     .again = AGAIN_LIST,
     .flags = STORY_FROM_START,
     .says = "too old resource version"},
    /* Bind */
    {.id = "F49", .name = "request lost", .faults = {ON(BIND, DROP_BEFORE)}},
    {.id = "F50", .name = "reply lost", .faults = {ON(BIND, DROP_AFTER)}},
    {.id = "F51",
     .name = "reply late",
     .faults = {ON_AS(BIND, LATE, .times = 3, .delay_ms = 2000)}},
    {.id = "F51",
     .name = "reply later than anybody waits",
     .faults = {ON_AS(BIND, LATE, .times = 3, .delay_ms = 40000)}},
    {.id = "F51", .name = "no reply, nothing applied", .faults = {ON(BIND, STALL)}},
    {.id = "F52", .name = "sent twice", .faults = {ON(BIND, TWICE)}},
    {.id = "F53",
     .name = "pod deleted and re-created with the same name",
     .faults = {ON(BIND, RECREATE_POD)}},
    {.id = "F54",
     .name = "pod bound by another",
     .faults = {ON_AS(BIND, BIND_ELSEWHERE, .times = 3, .node = "theirs")}},
    {.id = "F55",
     .name = "node deleted before the bind",
     .faults = {ON_AS(BIND, DROP_NODE_BEFORE, .times = 1)},
     .flags = STORY_ROOMY},
    {.id = "F55",
     .name = "node deleted between the bind and its reply",
     .faults = {ON_AS(BIND, DROP_NODE_THEN, .times = 1)},
     .flags = STORY_ROOMY},
    {.id = "F55",
     .name = "node deleted after the bind",
     .faults = {ON_AS(BIND, DROP_NODE_AFTER, .times = 1)},
     .flags = STORY_ROOMY},
    {.id = "F56",
     .name = "kubelet rejects OutOfcpu",
     .faults = {ON(BIND, KUBELET_REFUSES)},
     .act = replace_refused},
};

enum { ROW_COUNT = ARRAY_LEN(rows) };

/* Criterion hands over copies of plain data: the row's number. */
ParameterizedTestParameters(faults, survived)
{
    static size_t numbers[ROW_COUNT];
    for (size_t i = 0; i < ROW_COUNT; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, ROW_COUNT);
}

ParameterizedTest(size_t *number, faults, survived, .timeout = 240)
{
    const char *only = getenv("FAULT"); /* FAULT=F37 build/test-faults: that alone */
    if (!only || strcmp(only, rows[*number].id) == 0)
        story_tell(&rows[*number]);
}
