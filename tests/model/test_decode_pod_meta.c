/* What of a pod's metadata and spec policies ask about: labels, annotations, owner, times, and what
 * only a real node can give. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/buf.h"
#include "model/decode.h"
#include "model/names.h"

enum { HASHES_MAX = OBJECT_ANNOTATIONS_MAX };

struct seen {
    uint32_t count, hash_count, label_count;
    uint64_t hashes[HASHES_MAX];
    struct pod_object pod; /* numbers and flags; what it points to is gone */
    char policy[64], unit[64], cost[64], our_cost[64], problem[256];
};

static void copy(char text[64], struct str from)
{
    (void)snprintf(text, 64, STR_FMT, STR_ARG(from));
}

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct seen *seen = ctx;
    (void)verb;
    seen->count++;
    seen->pod = *pod;
    seen->label_count = pod->label_count;
    seen->hash_count = pod->annotation_count;
    for (uint32_t i = 0; i < pod->annotation_count; i++)
        seen->hashes[i] = pod->annotation_hashes[i];
    copy(seen->policy, pod->assignment.policy);
    copy(seen->unit, pod->assignment.unit);
    copy(seen->cost, pod->deletion_cost);
    copy(seen->our_cost, pod->deletion_cost_owner);
    (void)snprintf(seen->problem, sizeof(seen->problem), STR_FMT, STR_ARG(pod->problem));
}

static struct seen read_pod(const char *text)
{
    struct seen seen = {0};
    struct err err = {0};
    struct symbols *symbols = names_symbols_new(3);
    const struct decode_handler handler = {.ctx = &seen, .pod = on_pod};
    struct decoder *decoder = decoder_new(DECODE_POD, DECODE_OBJECT, symbols, &handler);
    cr_assert_eq(decoder_feed(decoder, text, strlen(text), &err), 0, "%s", err.text);
    cr_assert_eq(decoder_finish(decoder, &err), 0, "%s", err.text);
    cr_assert_eq(seen.count, 1);
    cr_expect_str_eq(seen.problem, "");
    decoder_free(decoder);
    symbols_free(symbols);
    return seen;
}

/* ---- annotations ---- */

#define ANNOTATED(annotations)                                                                     \
    "{\"metadata\":{\"name\":\"p\",\"annotations\":{" annotations "}},\"spec\":{}}"

Test(decode_pod_meta, an_annotation_is_known_by_its_key_and_value)
{
    struct seen seen = read_pod(ANNOTATED("\"a\":\"bc\",\"q\":\"x \\\"y\\\" \\u00e9\""));
    cr_assert_eq(seen.hash_count, 2);
    cr_expect_eq(seen.hashes[0], object_pair_hash(STR("a"), STR("bc")));
    cr_expect_eq(seen.hashes[1], object_pair_hash(STR("q"), STR("x \"y\" \xc3\xa9")));
    cr_expect_neq(seen.hashes[0], object_pair_hash(STR("ab"), STR("c")));
    cr_expect_neq(seen.hashes[0], object_pair_hash(STR("a"), STR("bd")));
}

Test(decode_pod_meta, what_a_bind_writes_is_read_and_not_among_the_hashes)
{
    struct seen seen = read_pod(ANNOTATED("\"scheduling.spillway.io/policy\":\"burst\","
                                          "\"scheduling.spillway.io/unit\":\"ecs\","
                                          "\"scheduling.spillway.io/policy-generation\":\"3\","
                                          "\"scheduling.spillway.io/deletion-cost\":\"100\","
                                          "\"controller.kubernetes.io/pod-deletion-cost\":\"7\","
                                          "\"a\":\"b\""));
    cr_expect_str_eq(seen.policy, "burst");
    cr_expect_str_eq(seen.unit, "ecs");
    cr_expect_str_eq(seen.our_cost, "100");
    cr_expect_str_eq(seen.cost, "7");
    cr_expect(seen.pod.has_deletion_cost);
    cr_assert_eq(seen.hash_count, 1);
    cr_expect_eq(seen.hashes[0], object_pair_hash(STR("a"), STR("b")));
}

/* Anybody may write nearly anything there, and it must cost nobody the pod. */
static const struct {
    const char *annotations;
    uint32_t hash_count;
} odd[] = {
    {"\"a\":5,\"b\":true,\"c\":null,\"d\":{\"e\":[\"}\"]},\"f\":[{}],\"g\":\"h\"", 1},
    {"\"scheduling.spillway.io/unit\":{\"x\":1},\"g\":\"h\"", 1},
    {"\"a\":\"x\\u0000y\",\"g\":\"h\"", 2}, /* NUL: read as U+FFFD */
    {"\"\":\"\",\"g\":\"h\"", 2},
    {"", 0},
};

Test(decode_pod_meta, odd_annotations_are_no_problem)
{
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text), "{\"metadata\":{\"annotations\":{%s},\"name\":\"p\"}}",
                       odd[i].annotations);
        struct seen seen = read_pod(text);
        cr_expect_eq(seen.hash_count, odd[i].hash_count, "row %zu: %u", i, seen.hash_count);
    }
}

/* One annotation with a key of one byte and a value of so many. */
static struct seen read_long(size_t value_len, const char *key)
{
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, 1 << 20);
    (void)buf_printf(&text, "{\"metadata\":{\"annotations\":{\"%s\":\"", key);
    for (size_t i = 0; i < value_len; i++)
        (void)buf_add_str(&text, "v");
    (void)buf_add_str(&text, "\",\"last\":\"one\"},\"name\":\"p\"}}");
    return read_pod(text.data);
}

Test(decode_pod_meta, a_long_annotation_is_not_kept_and_no_problem_however_long_it_is)
{
    cr_expect_eq(read_long(OBJECT_PAIR_BYTES_MAX - 1, "k").hash_count, 2);
    cr_expect_eq(read_long(OBJECT_PAIR_BYTES_MAX, "k").hash_count, 1);
    cr_expect_eq(read_long(DECODE_STRING_BYTES_MAX + 1, "k").hash_count, 1);
    cr_expect_eq(read_long(200 << 10, "k").hash_count, 1);
    struct seen seen = read_long(200 << 10, ANNOTATION_DELETION_COST);
    cr_expect(seen.pod.has_deletion_cost);
    cr_expect_str_eq(seen.cost, "");
    cr_expect_str_eq(read_long(200 << 10, ANNOTATION_UNIT).unit, "");
}

Test(decode_pod_meta, more_annotations_than_are_kept_are_no_problem_and_ours_is_still_read)
{
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, 1 << 20);
    (void)buf_add_str(&text, "{\"metadata\":{\"name\":\"p\",\"annotations\":{");
    for (int i = 0; i < 1000; i++)
        (void)buf_printf(&text, "\"k%d\":\"v\",", i);
    (void)buf_add_str(&text, "\"" ANNOTATION_UNIT "\":\"eci\"}}}");
    struct seen seen = read_pod(text.data);
    cr_expect_eq(seen.hash_count, OBJECT_ANNOTATIONS_MAX);
    cr_expect_eq(seen.hashes[255], object_pair_hash(STR("k255"), STR("v")));
    cr_expect_str_eq(seen.unit, "eci");
}

/* ---- the owner ---- */

#define OWNED(references)                                                                          \
    "{\"metadata\":{\"name\":\"p\",\"ownerReferences\":[" references "]},\"spec\":{}}"
#define BY(version, kind, rest)                                                                    \
    "{\"apiVersion\":\"" version "\",\"kind\":\"" kind                                             \
    "\",\"uid\":\"0b5b1a52-7d2e-4c8e-9d3b-3f6a1c2d4e60\"" rest "}"

static const struct {
    const char *text;
    enum owner_kind kind;
    bool has_uid, is_daemon;
} owned[] = {
    {OWNED(BY("apps/v1", "ReplicaSet", ",\"controller\":true")), OWNER_REPLICA_SET, true, false},
    {OWNED(BY("apps/v1", "StatefulSet", ",\"controller\":true")), OWNER_STATEFUL_SET, true, false},
    {OWNED(BY("apps/v1", "DaemonSet", ",\"controller\":true")), OWNER_OTHER, true, true},
    {OWNED(BY("batch/v1", "Job", ",\"controller\":true")), OWNER_OTHER, true, false},
    {OWNED(BY("example.com/v1", "ReplicaSet", ",\"controller\":true")), OWNER_OTHER, true, false},
    {OWNED(BY("example.com/v1", "DaemonSet", ",\"controller\":true")), OWNER_OTHER, true, false},
    {OWNED(BY("apps/v1", "DaemonSet", ",\"controller\":false")), OWNER_NONE, false, false},
    {OWNED(BY("apps/v1", "ReplicaSet", "")), OWNER_NONE, false, false},
    {OWNED(BY("v1", "Node", "") "," BY("apps/v1", "ReplicaSet", ",\"controller\":true")),
     OWNER_REPLICA_SET, true, false},
    {OWNED(""), OWNER_NONE, false, false},
};

Test(decode_pod_meta, the_owner_is_the_one_that_controls)
{
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) {
        struct seen seen = read_pod(owned[i].text);
        cr_expect_eq(seen.pod.owner_kind, owned[i].kind, "row %zu", i);
        cr_expect_eq(!uid_is_zero(seen.pod.owner_uid), owned[i].has_uid, "row %zu", i);
        cr_expect_eq(seen.pod.host_needs, owned[i].is_daemon ? 1U << HOST_NEED_DAEMON : 0,
                     "row %zu", i);
    }
}

/* ---- the spec ---- */

static const struct {
    const char *spec;
    uint32_t needs, volumes;
} specs[] = {
    {"{}", 0, 0},
    {"{\"hostNetwork\":true}", 1U << HOST_NEED_NETWORK, 0},
    {"{\"hostPID\":true,\"hostNetwork\":false}", 1U << HOST_NEED_PID, 0},
    {"{\"volumes\":[{\"name\":\"a\",\"emptyDir\":{}},{\"hostPath\":{\"path\":\"/\"}}]}",
     1U << HOST_NEED_PATH, 2},
    {"{\"containers\":[{},{\"ports\":[{\"hostPort\":80}]}]}", 1U << HOST_NEED_PORT, 0},
    {"{\"containers\":[{\"ports\":[{\"containerPort\":80}]}]}", 0, 0},
    {"{\"initContainers\":[{\"securityContext\":{\"privileged\":true}}]}",
     1U << HOST_NEED_PRIVILEGED, 0},
    {"{\"containers\":[{\"securityContext\":{\"privileged\":false}}]}", 0, 0},
};

Test(decode_pod_meta, what_only_a_real_node_can_give_is_noted)
{
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"p\"},\"spec\":%s}",
                       specs[i].spec);
        struct seen seen = read_pod(text);
        cr_expect_eq(seen.pod.host_needs, specs[i].needs, "row %zu: %u", i, seen.pod.host_needs);
        cr_expect_eq(seen.pod.volume_count, specs[i].volumes, "row %zu", i);
    }
}

Test(decode_pod_meta, times_conditions_and_preemption_policy_are_read)
{
    struct seen seen = read_pod(
        "{\"metadata\":{\"name\":\"p\",\"creationTimestamp\":\"2026-11-15T00:00:00Z\","
        "\"labels\":{\"a\":\"b\",\"c\":\"\"}},\"spec\":{\"preemptionPolicy\":\"Never\"},"
        "\"status\":{\"startTime\":\"2026-11-15T00:00:09Z\",\"conditions\":[{\"type\":\"Ready\","
        "\"status\":\"True\"},{\"type\":\"PodScheduled\",\"status\":\"True\","
        "\"lastTransitionTime\":\"2026-11-15T00:00:05Z\"},{\"type\":\"DisruptionTarget\","
        "\"status\":\"True\",\"reason\":\"PreemptionByScheduler\"}]}}");
    cr_expect_eq(seen.pod.created_unix_s, 1794700800);
    cr_expect_eq(seen.pod.started_unix_s, 1794700809);
    cr_expect_eq(seen.pod.scheduled.transition_unix_s, 1794700805);
    cr_expect(seen.pod.preempts_never && seen.pod.is_ready && seen.pod.is_preempted);
    cr_expect_eq(seen.label_count, 2);
    seen = read_pod("{\"metadata\":{\"name\":\"p\"},\"spec\":{\"preemptionPolicy\":"
                    "\"PreemptLowerPriority\"},\"status\":{\"conditions\":[{\"type\":\"Ready\","
                    "\"status\":\"False\"},{\"type\":\"DisruptionTarget\",\"status\":\"True\","
                    "\"reason\":\"EvictionByEvictionAPI\"}]}}");
    cr_expect(!seen.pod.preempts_never && !seen.pod.is_ready && !seen.pod.is_preempted);
}
