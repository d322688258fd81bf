#include <criterion/criterion.h>
#include <jansson.h>

#include "watch/write_body.h"

static const struct write_pod pod = {
    .namespace = {"default", 7},
    .name = {"web-0", 5},
    .uid = {"eb7996c3-3cf6-4feb-b4be-32af9cec4258", 36},
};

/* 2026-11-22T03:25:45.241598Z */
static const int64_t moment_us = INT64_C(1795317945241598);

static struct buf body;

static void setup(void)
{
    buf_init(&body, 1 << 20);
}

static void teardown(void)
{
    buf_fini(&body);
}

TestSuite(write_body, .init = setup, .fini = teardown);

Test(write_body, binds_as_the_default_binder_does)
{
    write_body_bind(&body, &pod, STR("node-1"), &(struct bind_request){0});
    cr_assert_str_eq(body.data,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\"web-0\","
                     "\"namespace\":\"default\",\"uid\":\"eb7996c3-3cf6-4feb-b4be-32af9cec4258\"},"
                     "\"target\":{\"kind\":\"Node\",\"name\":\"node-1\"}}");
}

Test(write_body, escapes_names_that_are_none)
{
    const struct write_pod odd = {STR("n\"s"), STR("a\\b\n"), STR("\x01")};
    write_body_bind(&body, &odd, STR("x\"y"), &(struct bind_request){0});
    json_t *root = json_loadb(body.data, body.len, 0, NULL);
    const json_t *metadata = json_object_get(root, "metadata");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "namespace")), "n\"s");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "name")), "a\\b\n");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "uid")), "\x01");
    json_decref(root);
}

Test(write_body, sets_the_condition_and_clears_the_nomination_in_one_patch)
{
    const struct write_status status = {
        .reason = "Unschedulable",
        .message = STR("0/3 nodes are available: 3 Insufficient cpu."),
        .observed_generation = 1,
        .transition_unix_us = moment_us,
    };
    write_body_status(&body, &pod, &status);
    write_body_nomination(&body, &(struct write_nomination){.clears = true});
    cr_assert_str_eq(
        body.data,
        "{\"metadata\":{\"uid\":\"eb7996c3-3cf6-4feb-b4be-32af9cec4258\"},\"status\":{"
        "\"conditions\":"
        "[{\"lastProbeTime\":null,\"lastTransitionTime\":\"2026-11-22T03:25:45Z\",\"message\":"
        "\"0/3 nodes are available: 3 Insufficient cpu.\",\"observedGeneration\":1,\"reason\":"
        "\"Unschedulable\",\"status\":\"False\",\"type\":\"PodScheduled\"}],"
        "\"nominatedNodeName\":null}}");
}

Test(write_body, leaves_out_what_it_does_not_change)
{
    const struct write_status status = {.reason = "SchedulerError", .message = STR("say \"no\"")};
    write_body_status(&body, &pod, &status);
    write_body_nomination(&body, &(struct write_nomination){0});
    cr_assert_str_eq(
        body.data,
        "{\"metadata\":{\"uid\":\"eb7996c3-3cf6-4feb-b4be-32af9cec4258\"},\"status\":{"
        "\"conditions\":"
        "[{\"lastProbeTime\":null,\"message\":\"say \\\"no\\\"\",\"reason\":\"SchedulerError\","
        "\"status\":\"False\",\"type\":\"PodScheduled\"}]}}");
}

Test(write_body, ends_a_nomination_and_leaves_the_condition_alone)
{
    write_body_status(&body, &pod, &(struct write_status){0});
    write_body_nomination(&body, &(struct write_nomination){.clears = true});
    cr_assert_str_eq(body.data, "{\"metadata\":{\"uid\":\"eb7996c3-3cf6-4feb-b4be-32af9cec4258\"},"
                                "\"status\":{\"nominatedNodeName\":null}}");
}

static struct write_event failed_event(void)
{
    return (struct write_event){
        .event_name = STR("big.18ea4028c1028a5d"),
        .pod = pod,
        .resource_version = STR("277"),
        .controller = STR("default-scheduler"),
        .instance = STR("vm"),
        .action = "Scheduling",
        .reason = "FailedScheduling",
        .note = STR("0/3 nodes are available: 3 Insufficient cpu."),
        .is_warning = true,
        .unix_us = moment_us,
    };
}

Test(write_body, writes_events_with_the_fields_of_kube_scheduler)
{
    struct write_event event = failed_event();
    write_body_event(&body, &event);
    cr_assert_str_eq(
        body.data,
        "{\"kind\":\"Event\",\"apiVersion\":\"events.k8s.io/v1\",\"metadata\":{\"name\":"
        "\"big.18ea4028c1028a5d\",\"namespace\":\"default\"},\"eventTime\":"
        "\"2026-11-22T03:25:45.241598Z\",\"reportingController\":\"default-scheduler\","
        "\"reportingInstance\":\"default-scheduler-vm\",\"action\":\"Scheduling\",\"reason\":"
        "\"FailedScheduling\",\"regarding\":{\"kind\":\"Pod\",\"namespace\":\"default\",\"name\":"
        "\"web-0\",\"uid\":\"eb7996c3-3cf6-4feb-b4be-32af9cec4258\",\"apiVersion\":\"v1\","
        "\"resourceVersion\":\"277\"},\"note\":\"0/3 nodes are available: 3 Insufficient cpu.\","
        "\"type\":\"Warning\"}");
}

static size_t sent_note(const char *note, size_t len, char *ret_note, size_t room)
{
    struct write_event event = failed_event();
    event.note = (struct str){note, len};
    buf_clear(&body);
    write_body_event(&body, &event);
    json_t *root = json_loadb(body.data, body.len, 0, NULL);
    cr_assert(root, "no JSON: %s", body.data);
    const json_t *sent = json_object_get(root, "note");
    size_t sent_len = json_string_length(sent);
    cr_assert_lt(sent_len, room);
    memcpy(ret_note, json_string_value(sent), sent_len + 1);
    json_decref(root);
    return sent_len;
}

Test(write_body, cuts_notes_to_1024_bytes)
{
    char note[2048], sent[2048];
    memset(note, 'x', sizeof note);
    cr_assert_eq(sent_note(note, 1024, sent, sizeof sent), 1024);
    cr_assert_not(strstr(sent, "..."));
    cr_assert_eq(sent_note(note, 1025, sent, sizeof sent), 1024);
    cr_assert_str_eq(sent + 1019, "x ...");
}

Test(write_body, cuts_notes_between_characters)
{
    char note[1100], sent[2048];
    for (size_t shift = 0; shift < 4; shift++) { /* a border at each byte of a 4-byte sequence */
        memset(note, 'x', sizeof note);
        for (size_t i = shift; i + 4 <= sizeof note; i += 4)
            memcpy(note + i, "\xf0\x9f\x9a\x80", 4);
        size_t len = sent_note(note, sizeof note, sent, sizeof sent);
        cr_assert_leq(len, 1024);
        cr_assert_gt(len, 1020);
        cr_assert_str_eq(sent + len - 4, " ...");
        cr_assert_not(strstr(sent, "\xef\xbf\xbd"), "a character was cut in the middle");
    }
}

Test(write_body, tells_a_series)
{
    write_body_series(&body, 2, moment_us);
    cr_assert_str_eq(
        body.data,
        "{\"series\":{\"count\":2,\"lastObservedTime\":\"2026-11-22T03:25:45.241598Z\"}}");
}

Test(write_body, names_events_by_pod_and_time)
{
    write_event_name(&body, STR("big"), INT64_C(0x18ea4028c1028a5d));
    cr_assert_str_eq(body.data, "big.18ea4028c1028a5d");
}

Test(write_body, keeps_event_names_within_253_bytes_and_well_formed)
{
    char long_name[253];
    memset(long_name, 'a', sizeof long_name);
    memset(long_name + 230, '-', 6); /* the cut is at 236 */
    write_event_name(&body, (struct str){long_name, sizeof long_name}, INT64_C(0x18ea4028c1028a5d));
    cr_assert_eq(body.len, 230 + 17);
    cr_assert_str_eq(body.data + 229, "a.18ea4028c1028a5d");
}
