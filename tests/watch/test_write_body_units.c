/* What units and preemption add to the bodies of writes, byte for byte. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "model/names.h"
#include "model/resource.h"
#include "watch/url.h"
#include "watch/write_body.h"
#include "watch/write_body_policy.h"
#include "watch/write_class.h"

#define POD_UID "eb7996c3-3cf6-4feb-b4be-32af9cec4258"

static const struct write_pod pod = {
    .namespace = {"default", 7},
    .name = {"web-0", 5},
    .uid = {POD_UID, 36},
};

/* 2026-11-22T03:25:45Z */
static const int64_t moment_s = INT64_C(1795317945);

static struct buf body;
static struct symbols *symbols;

static void setup(void)
{
    buf_init(&body, 1 << 20);
    symbols = names_symbols_new(1);
}

static void teardown(void)
{
    buf_fini(&body);
    symbols_free(symbols);
}

TestSuite(write_body_units, .init = setup, .fini = teardown);

/* ---- binds ---- */

static const struct meta_pair annotations[] = {
    {{"controller.kubernetes.io/pod-deletion-cost", 42}, {"200", 3}},
    {{"note", 4}, {"say \"a\"\n", 8}},
};
static const struct meta_pair labels[] = {{{"tier", 4}, {"eci", 3}}, {{"empty", 5}, {"", 0}}};

Test(write_body_units, binds_with_the_labels_and_annotations_of_a_unit)
{
    const struct bind_request request = {
        .annotations = annotations, .annotation_count = 2, .labels = labels, .label_count = 2};
    write_body_bind(&body, &pod, STR("node-1"), &request);
    cr_expect_str_eq(
        body.data,
        "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\"web-0\","
        "\"namespace\":\"default\",\"uid\":\"" POD_UID "\",\"labels\":{\"tier\":\"eci\","
        "\"empty\":\"\"},\"annotations\":{\"controller.kubernetes.io/pod-deletion-cost\":\"200\","
        "\"note\":\"say \\\"a\\\"\\n\"}},\"target\":{\"kind\":\"Node\",\"name\":\"node-1\"}}");
}

Test(write_body_units, patches_nothing_of_a_pod_but_its_labels)
{
    const struct bind_request request = {
        .annotations = annotations, .annotation_count = 2, .labels = labels, .label_count = 1};
    write_body_labels(&body, &pod, &request);
    cr_expect_str_eq(body.data,
                     "{\"metadata\":{\"uid\":\"" POD_UID "\",\"labels\":{\"tier\":\"eci\"}}}");
}

/* ---- victims ---- */

Test(write_body_units, marks_a_victim_as_kube_scheduler_does)
{
    const struct evict_request request = {
        .message = STR("spillway: preempting to accommodate a higher priority pod"),
        .observed_generation = 4,
    };
    write_body_disruption(&body, &pod, &request, moment_s * 1000000);
    cr_expect_str_eq(
        body.data,
        "{\"metadata\":{\"uid\":\"" POD_UID "\"},\"status\":{\"conditions\":[{"
        "\"lastProbeTime\":null,\"lastTransitionTime\":\"2026-11-22T03:25:45Z\",\"message\":"
        "\"spillway: preempting to accommodate a higher priority pod\",\"observedGeneration\":4,"
        "\"reason\":\"PreemptionByScheduler\",\"status\":\"True\","
        "\"type\":\"DisruptionTarget\"}]}}");
}

Test(write_body_units, leaves_out_a_generation_that_is_not_known)
{
    write_body_disruption(&body, &pod, &(struct evict_request){.message = STR("m")}, 0);
    cr_expect_not(strstr(body.data, "observedGeneration"), "%s", body.data);
}

Test(write_body_units, deletes_with_the_uid_and_the_pods_own_grace_period)
{
    write_body_delete(&body, &pod);
    cr_expect_str_eq(body.data, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
                                "\"preconditions\":{\"uid\":\"" POD_UID "\"}}");
}

/* ---- nominations and events ---- */

Test(write_body_units, nominates_in_the_patch_of_the_condition)
{
    const struct write_status status = {
        .reason = "Unschedulable",
        .message = STR("0/1 nodes are available: 1 Insufficient cpu."),
        .observed_generation = 2,
    };
    write_body_status(&body, &pod, &status);
    write_body_nomination(&body, &(struct write_nomination){.node = STR("node-7")});
    cr_expect_str_eq(
        body.data,
        "{\"metadata\":{\"uid\":\"" POD_UID "\"},\"status\":{\"conditions\":[{"
        "\"lastProbeTime\":null,\"message\":\"0/1 nodes are available: 1 Insufficient cpu.\","
        "\"observedGeneration\":2,\"reason\":\"Unschedulable\",\"status\":\"False\","
        "\"type\":\"PodScheduled\"}],\"nominatedNodeName\":\"node-7\"}}");
}

Test(write_body_units, tells_of_a_victim_for_whom_it_went)
{
    const struct write_pod preemptor = {STR("shop"), STR("big"), STR("0-1")};
    const struct write_event event = {
        .event_name = STR("web-0.1"),
        .pod = pod,
        .controller = STR("spillway"),
        .instance = STR("vm"),
        .action = "Preempting",
        .reason = "Preempted",
        .note = STR("Preempted by pod 0-1 on node node-7"),
        .related = &preemptor,
        .unix_us = moment_s * 1000000,
    };
    write_body_event(&body, &event);
    cr_expect_str_eq(
        body.data,
        "{\"kind\":\"Event\",\"apiVersion\":\"events.k8s.io/v1\",\"metadata\":{\"name\":"
        "\"web-0.1\",\"namespace\":\"default\"},\"eventTime\":\"2026-11-22T03:25:45.000000Z\","
        "\"reportingController\":\"spillway\",\"reportingInstance\":\"spillway-vm\",\"action\":"
        "\"Preempting\",\"reason\":\"Preempted\",\"regarding\":{\"kind\":\"Pod\",\"namespace\":"
        "\"default\",\"name\":\"web-0\",\"uid\":\"" POD_UID "\",\"apiVersion\":\"v1\"},"
        "\"related\":{\"kind\":\"Pod\",\"namespace\":\"shop\",\"name\":\"big\",\"uid\":\"0-1\","
        "\"apiVersion\":\"v1\"},\"note\":\"Preempted by pod 0-1 on node node-7\","
        "\"type\":\"Normal\"}");
}

/* ---- the status of a policy ---- */

static const struct policy_status_condition yes = {true, "Valid", {"", 0}, 1795317945};
static const struct policy_status_condition no = {
    false, "Invalid", {"spec.units[0].max: \"x\"", 22}, 1795317945};

Test(write_body_units, writes_the_whole_status_of_a_policy)
{
    static const struct policy_status_unit units[] = {
        {.name = {"ecs", 3},
         .pods = 4,
         .max = {"4", 1},
         .max_pods = 4,
         .has_max = true,
         .resource_count = 2,
         .resources = {{NAME_CPU, 1500, 8000}, {NAME_MEMORY, 1 << 30, INT64_C(1) << 31}},
         .refusal = {"full, 4 of 4 pods", 17},
         .refused_unix_s = 1795317946},
        {.name = {"eci", 3}, .pods = 2},
    };
    static const struct policy_status_group groups[] = {
        {.key = {"a=\"b\"", 5}, .pods = {4, 2}, .waiting = 1}};
    const struct policy_status status = {
        .observed_generation = 2,
        .accepted_generation = 1,
        .accepted = no,
        .ready = yes,
        .overlap = STR("b rules 3 of its pods"),
        .overlap_transition_unix_s = moment_s,
        .waiting = 3,
        .unit_count = 2,
        .units = units,
        .group_count = 1,
        .group_total = 12,
        .groups = groups,
    };
    write_body_policy(&body, symbols, STR("u-1"), &status);
    cr_expect_str_eq(
        body.data,
        "{\"metadata\":{\"uid\":\"u-1\"},\"status\":{\"observedGeneration\":2,"
        "\"acceptedGeneration\":1,\"waiting\":3,\"summary\":{\"units\":\"ecs, eci\",\"pods\":"
        "\"4/4, 2\"},\"conditions\":["
        "{\"type\":\"Accepted\",\"status\":\"False\",\"reason\":\"Invalid\",\"message\":"
        "\"spec.units[0].max: \\\"x\\\"\",\"observedGeneration\":2,"
        "\"lastTransitionTime\":\"2026-11-22T03:25:45Z\"},"
        "{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"Valid\",\"message\":\"\","
        "\"observedGeneration\":2,\"lastTransitionTime\":\"2026-11-22T03:25:45Z\"},"
        "{\"type\":\"Overlapping\",\"status\":\"True\",\"reason\":\"OlderPolicyRules\","
        "\"message\":\"b rules 3 of its pods\",\"observedGeneration\":2,"
        "\"lastTransitionTime\":\"2026-11-22T03:25:45Z\"}],"
        "\"units\":[{\"name\":\"ecs\",\"pods\":4,\"max\":\"4\",\"maxPods\":4,\"resources\":["
        "{\"name\":\"cpu\",\"used\":\"1500m\",\"limit\":\"8\"},"
        "{\"name\":\"memory\",\"used\":\"1Gi\",\"limit\":\"2Gi\"}],\"lastRefusal\":{\"message\":"
        "\"full, 4 of 4 pods\",\"time\":\"2026-11-22T03:25:46Z\"}},"
        "{\"name\":\"eci\",\"pods\":2}],"
        "\"groups\":[{\"key\":\"a=\\\"b\\\"\",\"pods\":[4,2],\"waiting\":1}],\"groupCount\":12}}");
}

/* A merge patch keeps what it does not name: everything has to be named, or its list replaced. */
Test(write_body_units, takes_away_what_an_older_status_of_a_policy_said)
{
    write_body_policy(
        &body, symbols, STR("u-1"),
        &(struct policy_status){.observed_generation = 1, .accepted = no, .ready = no});
    json_t *root = json_loadb(body.data, body.len, 0, NULL);
    const json_t *status = json_object_get(root, "status");
    cr_expect(json_is_null(json_object_get(status, "acceptedGeneration")));
    cr_expect_eq(json_integer_value(json_object_get(status, "waiting")), 0);
    cr_expect_eq(json_array_size(json_object_get(status, "conditions")), 2);
    static const char *const lists[] = {"units", "groups"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const json_t *list = json_object_get(status, lists[i]);
        cr_expect(json_is_array(list) && json_array_size(list) == 0, "%s", lists[i]);
    }
    const json_t *summary = json_object_get(status, "summary");
    cr_expect_str_eq(json_string_value(json_object_get(summary, "units")), "");
    cr_expect_str_eq(json_string_value(json_object_get(summary, "pods")), "");
    json_decref(root);
}

Test(write_body_units, fits_the_largest_status_of_a_policy_into_one_write)
{
    static struct policy_status_unit units[POLICY_STATUS_UNITS_MAX];
    static struct policy_status_group groups[POLICY_STATUS_GROUPS_MAX];
    static char text[POLICY_STATUS_TEXT_BYTES];
    memset(text, '"', sizeof(text)); /* two bytes each in JSON */
    for (size_t i = 0; i < POLICY_STATUS_UNITS_MAX; i++) {
        units[i] = (struct policy_status_unit){.name = {text, 253},
                                               .pods = UINT32_MAX,
                                               .max_pods = UINT32_MAX,
                                               .has_max = true,
                                               .resource_count = POLICY_STATUS_RESOURCES_MAX,
                                               .refusal = {text, sizeof(text)},
                                               .refused_unix_s = 1795317946};
        for (size_t r = 0; r < POLICY_STATUS_RESOURCES_MAX; r++) {
            units[i].resources[r].name_sym = NAME_EPHEMERAL_STORAGE;
            units[i].resources[r].used = units[i].resources[r].limit = INT64_MAX;
        }
    }
    for (size_t g = 0; g < POLICY_STATUS_GROUPS_MAX; g++)
        groups[g] = (struct policy_status_group){.key = {text, sizeof(text)}, .waiting = 1};
    struct policy_status status = {.accepted = no,
                                   .ready = no,
                                   .overlap = {text, sizeof(text)},
                                   .unit_count = POLICY_STATUS_UNITS_MAX,
                                   .units = units,
                                   .group_count = POLICY_STATUS_GROUPS_MAX,
                                   .groups = groups};
    write_body_policy(&body, symbols, STR("u-1"), &status);
    cr_expect_not(buf_overflowed(&body));
    cr_expect_lt(body.len, WRITE_TEXT_BYTES_MAX - URL_BYTES_MAX, "%zu bytes", body.len);
    json_t *root = json_loadb(body.data, body.len, 0, NULL);
    cr_expect_not_null(root);
    json_decref(root);
}
