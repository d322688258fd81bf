/*
 * The reflector over real HTTP/2: kinds that a server may not have, and the kinds that elastic
 * units need. What the core is told is kept with the source it came from: "BEGIN1 +web1 END1 ".
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/reflector_rig.h"

static struct reflector_rig rig;

static struct log spoken; /* to log_text */
static char *log_text;
static size_t log_len;

static void setup(void)
{
    rig_open(&rig);
    spoken = rig.script.log;
    spoken.out = open_memstream(&log_text, &log_len);
}

static void teardown(void)
{
    rig_close(&rig);
    (void)fclose(spoken.out);
    free(log_text);
}

TestSuite(reflector_optional, .init = setup, .fini = teardown, .timeout = 60);

static const struct object_meta *meta_of(const struct event *event)
{
    switch ((int)event->kind) {
    case EVENT_POLICY_SEEN:
    case EVENT_POLICY_GONE:
        cr_expect_eq((uint32_t)event->policy->source, event->source);
        return &event->policy->meta;
    case EVENT_BUDGET_SEEN:
    case EVENT_BUDGET_GONE:
        return &event->budget->meta;
    case EVENT_OWNER_SEEN:
    case EVENT_OWNER_GONE:
        cr_expect_eq((uint32_t)event->owner->kind, event->source);
        return &event->owner->meta;
    default:
        return NULL;
    }
}

static void on_event(void *ctx, const struct event *event)
{
    struct buf *transcript = &((struct reflector_rig *)ctx)->transcript;
    const struct object_meta *meta = meta_of(event);
    bool is_gone = event->kind == EVENT_POLICY_GONE || event->kind == EVENT_BUDGET_GONE ||
                   event->kind == EVENT_OWNER_GONE;
    bool is_begin = event->kind == EVENT_POLICY_LIST_BEGIN ||
                    event->kind == EVENT_BUDGET_LIST_BEGIN || event->kind == EVENT_OWNER_LIST_BEGIN;
    if (meta)
        (void)buf_printf(transcript, "%s" STR_FMT "%u ", is_gone ? "-" : "+", STR_ARG(meta->name),
                         event->source);
    else
        (void)buf_printf(transcript, "%s%u ", is_begin ? "BEGIN" : "END", event->source);
}

static void start(enum decode_kind kind, uint32_t source)
{
    struct reflector_options options = rig_options(&rig);
    options.kind = kind;
    options.source = source;
    options.is_optional = true;
    options.log = &spoken;
    options.path = "/apis/scheduling.spillway.io/v1alpha1/resourcepolicies";
    options.absent_ms = 5;
    options.on_event = on_event;
    options.on_synced = NULL;
    rig_start(&rig, &options);
}

#define OBJECT(type, name, rv)                                                                     \
    "{\"kind\":\"" type "\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" name                  \
    "\",\"namespace\":\"shop\",\"uid\":\"00000000-0000-0000-0000-000000000001\","                  \
    "\"resourceVersion\":\"" rv "\"},\"spec\":{}}"
#define CHANGE(verb, type, name, rv)                                                               \
    "{\"type\":\"" verb "\",\"object\":" OBJECT(type, name, rv) "}\n"
#define END(type, rv)                                                                              \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"" type                                          \
    "\",\"apiVersion\":\"v1\",\"metadata\":{"                                                      \
    "\"resourceVersion\":\"" rv "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define RSP "ResourcePolicy"
#define FIRST_PAGE(items)                                                                          \
    "{\"kind\":\"" RSP "List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"10\","    \
    "\"continue\":\"t1\"},\"items\":[" items "]}"
#define NOT_INSTALLED REFUSE(404, "the server could not find the requested resource")

/* How often the log says that the kind is not there. */
static size_t times_said(void)
{
    size_t count = 0;
    (void)fflush(spoken.out);
    for (const char *at = log_text; (at = strstr(at, "Not installed on this server")); at++)
        count++;
    return count;
}

Test(reflector_optional, counts_a_kind_that_is_not_installed_as_an_empty_list_and_says_so_once)
{
    SCRIPT_SAY(&rig.script, NOT_INSTALLED, NOT_INSTALLED, NOT_INSTALLED);
    start(DECODE_POLICY, POLICY_SOURCE_ACK);
    rig_await(&rig, "BEGIN1 END1 BEGIN1 END1 BEGIN1 END1 BEGIN1 ");
    cr_expect(reflector_is_synced(rig.reflector));
    cr_expect_eq(rig.troubles, 0);
    cr_expect_eq(times_said(), 1);
}

Test(reflector_optional, picks_a_kind_up_when_it_is_installed)
{
    SCRIPT_SAY(
        &rig.script, NOT_INSTALLED, NOT_INSTALLED,
        HOLD(CHANGE("ADDED", RSP, "web", "3") END(RSP, "10") CHANGE("ADDED", RSP, "db", "11")));
    start(DECODE_POLICY, POLICY_SOURCE_SPILLWAY);
    rig_await(&rig, "BEGIN0 END0 BEGIN0 END0 BEGIN0 +web0 END0 +db0 ");
    cr_expect_eq(rig.script.request_count, 3);
}

Test(reflector_optional, empties_the_list_when_the_kind_is_taken_away_while_it_is_watched)
{
    SCRIPT_SAY(&rig.script, WHOLE(CHANGE("ADDED", RSP, "web", "3") END(RSP, "10")), NOT_INSTALLED,
               NOT_INSTALLED, HOLD(CHANGE("ADDED", RSP, "new", "20") END(RSP, "21")));
    start(DECODE_POLICY, POLICY_SOURCE_SPILLWAY);
    rig_await(&rig, "BEGIN0 +web0 END0 BEGIN0 END0 BEGIN0 +new0 END0 ");
    cr_expect_eq(times_said(), 1);
    rig_expect_no_param(&rig, 3, "resourceVersion"); /* the old version means nothing any more */
}

Test(reflector_optional, empties_the_list_when_the_kind_is_taken_away_between_two_pages)
{
    SCRIPT_SAY(&rig.script, REFUSE(422, "sendInitialEvents is forbidden"),
               WHOLE(FIRST_PAGE(OBJECT(RSP, "web", "3"))), NOT_INSTALLED, NOT_INSTALLED);
    start(DECODE_POLICY, POLICY_SOURCE_SPILLWAY);
    rig_await(&rig, "BEGIN0 BEGIN0 +web0 BEGIN0 END0 BEGIN0 ");
    rig_expect_param(&rig, 2, "continue=t1");
}

Test(reflector_optional, says_so_again_when_the_kind_was_there_in_between)
{
    SCRIPT_SAY(&rig.script, NOT_INSTALLED, WHOLE(END(RSP, "10")), NOT_INSTALLED, NOT_INSTALLED);
    start(DECODE_POLICY, POLICY_SOURCE_SPILLWAY);
    rig_await(&rig, "BEGIN0 END0 BEGIN0 END0 BEGIN0 END0 BEGIN0 ");
    cr_expect_eq(times_said(), 2);
}

/* The pods of a policy that cannot be read must not go where it forbids: without the right nobody
 * knows. */
Test(reflector_optional, calls_a_missing_right_trouble_and_no_empty_list)
{
    SCRIPT_SAY(&rig.script, REFUSE(403, "may not list"), REFUSE(403, "may not list"),
               HOLD(END(RSP, "10")));
    start(DECODE_POLICY, POLICY_SOURCE_SPILLWAY);
    rig_await_troubles(&rig, 2);
    cr_expect_not(strstr(rig.transcript.data, "END"), "%s", rig.transcript.data);
    cr_expect_not(reflector_is_synced(rig.reflector));
    cr_expect(strstr(rig.trouble.text, "grant list and watch on resourcepolicies"), "%s",
              rig.trouble.text);
    rig_await(&rig, "BEGIN0 BEGIN0 BEGIN0 END0 ");
}

Test(reflector_optional, calls_404_trouble_where_the_kind_must_be_there)
{
    struct reflector_options options = rig_options(&rig);
    options.kind = DECODE_BUDGET;
    options.path = "/apis/policy/v1/poddisruptionbudgets";
    options.on_event = on_event;
    SCRIPT_SAY(&rig.script, NOT_INSTALLED);
    rig_start(&rig, &options);
    rig_await_troubles(&rig, 1);
    cr_expect_not(reflector_is_synced(rig.reflector));
}

/* A list with one object, which then changes and goes. */
#define LIFE(type)                                                                                 \
    CHANGE("ADDED", type, "web", "3")                                                              \
    END(type, "10") CHANGE("MODIFIED", type, "web", "11") CHANGE("DELETED", type, "web", "12")

static const struct {
    enum decode_kind kind;
    uint32_t source;
    const char *text, *seen;
} kinds[] = {
    {DECODE_POLICY, POLICY_SOURCE_SPILLWAY, LIFE(RSP), "BEGIN0 +web0 END0 +web0 -web0 "},
    {DECODE_POLICY, POLICY_SOURCE_ACK, LIFE(RSP), "BEGIN1 +web1 END1 +web1 -web1 "},
    {DECODE_BUDGET, 0, LIFE("PodDisruptionBudget"), "BEGIN0 +web0 END0 +web0 -web0 "},
    {DECODE_OWNER, OWNER_REPLICA_SET, LIFE("ReplicaSet"), "BEGIN1 +web1 END1 +web1 -web1 "},
    {DECODE_OWNER, OWNER_STATEFUL_SET, LIFE("StatefulSet"), "BEGIN2 +web2 END2 +web2 -web2 "},
};

Test(reflector_optional, tells_of_each_kind_with_its_source)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        SCRIPT_SAY(&rig.script, HOLD(kinds[i].text));
        buf_clear(&rig.transcript);
        start(kinds[i].kind, kinds[i].source);
        rig_await(&rig, kinds[i].seen);
        rig_stop(&rig);
    }
}

Test(reflector_optional, resumes_the_watch_of_a_policy_from_its_last_version)
{
    SCRIPT_SAY(&rig.script, WHOLE(END(RSP, "10") CHANGE("ADDED", RSP, "web", "15")), HOLD(""));
    start(DECODE_POLICY, POLICY_SOURCE_SPILLWAY);
    rig_await_requests(&rig, 2);
    rig_expect_param(&rig, 1, "resourceVersion=15");
}
