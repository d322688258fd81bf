#include "model/decode.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "model/names.h"
#include "tests/model/decode_samples.h"

/* Runs `check` inside the callback: objects live no longer. */
struct seen {
    struct symbols *symbols;
    void (*check_pod)(const struct seen *seen, const struct pod_object *pod);
    void (*check_node)(const struct seen *seen, const struct node_object *node);
    uint32_t count;
    enum decode_verb verbs[16];
    char names[16][64];
    char bookmark[64];
    bool is_initial_events_end;
    struct status_object status; /* numbers only */
    char status_text[256];
};

static void note(struct seen *seen, enum decode_verb verb, struct str name)
{
    cr_assert(seen->count < ARRAY_LEN(seen->verbs));
    seen->verbs[seen->count] = verb;
    (void)snprintf(seen->names[seen->count++], sizeof(seen->names[0]), STR_FMT, STR_ARG(name));
}

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct seen *seen = ctx;
    note(seen, verb, pod->name);
    if (seen->check_pod)
        seen->check_pod(seen, pod);
}

static void on_node(void *ctx, enum decode_verb verb, const struct node_object *node)
{
    struct seen *seen = ctx;
    note(seen, verb, node->name);
    if (seen->check_node)
        seen->check_node(seen, node);
}

static void on_bookmark(void *ctx, struct str version, bool is_initial_events_end)
{
    struct seen *seen = ctx;
    (void)snprintf(seen->bookmark, sizeof(seen->bookmark), STR_FMT, STR_ARG(version));
    seen->is_initial_events_end = is_initial_events_end;
}

static void on_error(void *ctx, const struct status_object *status)
{
    struct seen *seen = ctx;
    seen->status = *status;
    (void)snprintf(seen->status_text, sizeof(seen->status_text), STR_FMT "|" STR_FMT,
                   STR_ARG(status->reason), STR_ARG(status->message));
}

static int run(struct seen *seen, enum decode_kind kind, enum decode_source source,
               const char *text, struct err *err)
{
    seen->symbols = names_symbols_new(3);
    struct decode_handler handler = {.ctx = seen,
                                     .pod = on_pod,
                                     .node = on_node,
                                     .bookmark = on_bookmark,
                                     .error = on_error};
    struct decoder *decoder = decoder_new(kind, source, seen->symbols, &handler);
    int result = decoder_feed(decoder, text, strlen(text), err);
    if (result == 0)
        result = decoder_finish(decoder, err);
    decoder_free(decoder);
    symbols_free(seen->symbols);
    return result;
}

static bool sym_is(const struct seen *seen, uint32_t symbol, const char *text)
{
    return strcmp(symbol_text(seen->symbols, symbol), text) == 0;
}

static int64_t amount(const struct seen *seen, const struct amounts *amounts, const char *name)
{
    for (uint32_t i = 0; i < amounts->count; i++)
        if (sym_is(seen, amounts->items[i].name_sym, name))
            return amounts->items[i].amount;
    return -1;
}

static void check_metadata(const struct seen *seen, const struct pod_object *pod)
{
    cr_expect(str_is(pod->name, "web-0") && str_is(pod->namespace, "shop"));
    cr_expect(sym_is(seen, pod->namespace_sym, "shop"));
    cr_expect(str_is(pod->uid_text, "0b5b1a52-7d2e-4c8e-9d3b-3f6a1c2d4e5f"));
    cr_expect_eq(pod->uid.hi, UINT64_C(0x0b5b1a527d2e4c8e));
    cr_expect_eq(pod->uid.lo, UINT64_C(0x9d3b3f6a1c2d4e5f));
    cr_expect(str_is(pod->resource_version, "77"));
    cr_expect_eq(pod->generation, 3);
    cr_expect(pod->is_deleting);
    cr_expect_eq(pod->problem.len, 0, STR_FMT, STR_ARG(pod->problem));
}

static void check_containers(const struct seen *seen, const struct pod_object *pod)
{
    cr_assert(pod->container_count == 1 && pod->init_container_count == 1);
    const struct container_object *main = &pod->containers[0], *side = &pod->init_containers[0];
    cr_expect(str_is(main->name, "main") && sym_is(seen, main->image_sym, "nginx:latest"));
    cr_expect(sym_is(seen, side->image_sym, "quay.io:443/a/b:latest"));
    cr_expect(side->restart_always && !main->restart_always);
    cr_expect_eq(amount(seen, &main->requests, "cpu"), 1500); /* "1.5", in thousandths */
    cr_expect_eq(amount(seen, &main->requests, "memory"), 1073741824);
    cr_expect_eq(amount(seen, &main->requests, "nvidia.com/gpu"), 2);
    cr_expect_eq(amount(seen, &main->requests, "ephemeral-storage"), 1000);
    cr_assert_eq(main->port_count, 1); /* the other has no hostPort */
    cr_expect(main->ports[0].port == 8080 && main->ports[0].protocol == PROTOCOL_UDP);
    cr_expect(sym_is(seen, main->ports[0].ip_sym, "10.0.0.1"));
    cr_expect_eq(amount(seen, &pod->overhead, "memory"), 120 * 1024 * 1024);
    cr_expect_eq(amount(seen, &pod->pod_requests, "cpu"), 2000);
}

static void check_placement(const struct seen *seen, const struct pod_object *pod)
{
    cr_expect(sym_is(seen, pod->scheduler_name_sym, "spillway"));
    cr_expect(sym_is(seen, pod->node_name_sym, "node-1"));
    cr_expect_eq(pod->priority, -5);
    cr_expect_eq(pod->gate_count, 2);
    cr_assert_eq(pod->node_selector_count, 2);
    cr_expect(sym_is(seen, pod->node_selector[0].key_sym, "disk"));
    cr_expect(sym_is(seen, pod->node_selector[0].value_sym, "ssd"));
    cr_assert(pod->has_required_terms && pod->required_term_count == 1);
    const struct node_term *term = &pod->required_terms[0];
    cr_assert(term->expression_count == 3 && term->field_count == 1);
    cr_expect(term->expressions[0].op == SELECTOR_IN && term->expressions[0].value_count == 2);
    cr_expect(term->expressions[0].value_syms[0] < term->expressions[0].value_syms[1]);
    cr_expect_eq(term->expressions[1].op, SELECTOR_GT);
    cr_expect(term->expressions[2].op == SELECTOR_EXISTS && term->expressions[2].value_count == 0);
    cr_expect_eq(term->fields[0].key_sym, NAME_METADATA_NAME);
    cr_assert_eq(pod->preferred_term_count, 1);
    cr_expect(pod->preferred_terms[0].weight == 50);
    cr_expect_eq(pod->preferred_terms[0].term.expressions[0].op, SELECTOR_NOT_IN);
    cr_assert_eq(pod->toleration_count, 3);
    cr_expect(pod->tolerations[1].key_sym == SYM_EMPTY &&
              pod->tolerations[1].op == TOLERATION_EXISTS &&
              pod->tolerations[1].effect == TAINT_ANY_EFFECT);
    cr_expect(pod->tolerations[2].op == TOLERATION_EQUAL &&
              pod->tolerations[2].effect == TAINT_NO_EXECUTE);
}

static void check_status(const struct seen *seen, const struct pod_object *pod)
{
    cr_expect_eq(pod->phase, PHASE_RUNNING);
    cr_expect(sym_is(seen, pod->nominated_node_sym, "node-2"));
    cr_expect(pod->scheduled.is_set && !pod->scheduled.is_true);
    cr_expect(str_is(pod->scheduled.reason, "Unschedulable"));
    cr_expect(str_is(pod->scheduled.message, "0/3 nodes: \xc3\xa9\xf0\x9f\x98\x80 \"x\"\n"));
    cr_expect_eq(pod->scheduled.observed_generation, 2);
    cr_expect(pod->resize_infeasible);
    cr_assert(pod->status_count == 1 && pod->init_status_count == 1);
    cr_expect_eq(amount(seen, &pod->statuses[0].requests, "cpu"), 1000);
    cr_expect_eq(amount(seen, &pod->statuses[0].allocated, "cpu"), 2000);
    cr_expect(!pod->init_statuses[0].requests.is_set && pod->init_statuses[0].allocated.is_set);
    cr_expect_eq(amount(seen, &pod->pod_allocated, "cpu"), 3000);
    cr_expect_eq(amount(seen, &pod->pod_actual, "cpu"), 4000);
}

static void check_whole_pod(const struct seen *seen, const struct pod_object *pod)
{
    check_metadata(seen, pod);
    check_containers(seen, pod);
    check_placement(seen, pod);
    check_status(seen, pod);
    cr_expect_eq(pod->features, 1U << FEATURE_POD_AFFINITY | 1U << FEATURE_TOPOLOGY_SPREAD |
                                    1U << FEATURE_VOLUME_CLAIM | 1U << FEATURE_EPHEMERAL_CLAIM |
                                    1U << FEATURE_INLINE_DISK | 1U << FEATURE_RESOURCE_CLAIM |
                                    1U << FEATURE_POD_GROUP);
}

Test(decode, reads_every_field_of_a_pod)
{
    struct seen seen = {.check_pod = check_whole_pod};
    struct err err;
    cr_assert_eq(run(&seen, DECODE_POD, DECODE_OBJECT, decode_samples[0].text, &err), 0, "%s",
                 err.text);
    cr_expect_eq(seen.count, 1);
}

static void check_whole_node(const struct seen *seen, const struct node_object *node)
{
    cr_expect(str_is(node->name, "node-1") && sym_is(seen, node->name_sym, "node-1"));
    cr_expect(str_is(node->uid_text, "u-1") && str_is(node->resource_version, "9"));
    cr_expect(node->is_unschedulable);
    cr_assert_eq(node->labels.count, 3);
    cr_expect(node->labels.items[2].value_sym == SYM_EMPTY);
    cr_assert_eq(node->taints.count, 2);
    cr_expect_eq(node->taints.items[0].key_sym, NAME_TAINT_UNSCHEDULABLE);
    cr_expect_eq(node->taints.items[0].effect, TAINT_NO_SCHEDULE);
    cr_expect(sym_is(seen, node->taints.items[1].value_sym, "yes"));
    cr_expect_eq(amount(seen, &node->allocatable, "cpu"), 7910);
    cr_expect_eq(amount(seen, &node->allocatable, "memory"), INT64_C(32) << 30);
    cr_expect_eq(amount(seen, &node->allocatable, "pods"), 110);
    cr_assert_eq(node->image_count, 2);
    cr_expect(sym_is(seen, node->images[0].name_syms[0], "nginx@sha256:aa"));
    cr_expect(sym_is(seen, node->images[0].name_syms[1], "nginx:latest"));
    cr_expect_eq(node->images[0].size_bytes, 1234567);
    cr_expect_eq(node->problem.len, 0);
}

Test(decode, reads_every_field_of_a_node)
{
    struct seen seen = {.check_node = check_whole_node};
    struct err err;
    cr_assert_eq(run(&seen, DECODE_NODE, DECODE_OBJECT, decode_samples[2].text, &err), 0);
    cr_expect_eq(seen.count, 1);
}

static void check_bare_node(const struct seen *seen, const struct node_object *node)
{
    (void)seen;
    cr_expect(!node->allocatable.is_set && node->problem.len == 0);
}

Test(decode, tells_a_node_without_status)
{
    struct seen seen = {.check_node = check_bare_node};
    struct err err;
    cr_assert_eq(run(&seen, DECODE_NODE, DECODE_OBJECT, "{\"metadata\":{\"name\":\"n\"}}", &err),
                 0);
    cr_expect_eq(seen.count, 1);
}

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
static const struct {
    const char *spec;
    uint32_t features;
} features[] = {
    {"{}", 0},
    {"{\"affinity\":{\"podAffinity\":{\"" REQUIRED "\":[{}]}}}", 1U << FEATURE_POD_AFFINITY},
    {"{\"affinity\":{\"podAffinity\":{\"" REQUIRED "\":[]}}}", 0},
    {"{\"affinity\":{\"podAffinity\":{\"preferredDuringSchedulingIgnoredDuringExecution\":[{}]}}}",
     0},
    {"{\"affinity\":{\"podAntiAffinity\":{\"" REQUIRED "\":[{},{}]}}}",
     1U << FEATURE_POD_ANTI_AFFINITY},
    {"{\"topologySpreadConstraints\":[{\"whenUnsatisfiable\":\"DoNotSchedule\"}]}",
     1U << FEATURE_TOPOLOGY_SPREAD},
    {"{\"topologySpreadConstraints\":[{\"whenUnsatisfiable\":\"ScheduleAnyway\"}]}", 0},
    {"{\"volumes\":[{\"emptyDir\":{}},{\"persistentVolumeClaim\":{\"claimName\":\"c\"}}]}",
     1U << FEATURE_VOLUME_CLAIM},
    {"{\"volumes\":[{\"ephemeral\":{\"volumeClaimTemplate\":{}}}]}", 1U << FEATURE_EPHEMERAL_CLAIM},
    {"{\"volumes\":[{\"gcePersistentDisk\":{}}]}", 1U << FEATURE_INLINE_DISK},
    {"{\"volumes\":[{\"awsElasticBlockStore\":{}}]}", 1U << FEATURE_INLINE_DISK},
    {"{\"volumes\":[{\"iscsi\":{}}]}", 1U << FEATURE_INLINE_DISK},
    {"{\"volumes\":[{\"rbd\":{}}]}", 1U << FEATURE_INLINE_DISK},
    {"{\"volumes\":[{\"projected\":{\"sources\":[]},\"rbd\":null}]}", 0},
    {"{\"resourceClaims\":[{\"name\":\"r\"}]}", 1U << FEATURE_RESOURCE_CLAIM},
    {"{\"resourceClaims\":[]}", 0},
    {"{\"workloadRef\":{\"name\":\"w\"}}", 1U << FEATURE_POD_GROUP},
    {"{\"schedulingGroup\":{}}", 1U << FEATURE_POD_GROUP},
    {"{\"podGroup\":\"g\"}", 1U << FEATURE_POD_GROUP},
};

/* The priority of the pod says which row it is of. */
static void check_features(const struct seen *seen, const struct pod_object *pod)
{
    (void)seen;
    size_t i = (size_t)pod->priority;
    cr_expect_eq(pod->features, features[i].features, "%s: %x", features[i].spec, pod->features);
    cr_expect_eq(pod->problem.len, 0, STR_FMT, STR_ARG(pod->problem));
}

Test(decode, tells_what_a_pod_needs_and_forgets_it_at_the_next)
{
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        char text[512], rest[256];
        struct seen seen = {.check_pod = check_features};
        struct err err;
        (void)snprintf(rest, sizeof(rest), "%s%s", strcmp(features[i].spec, "{}") == 0 ? "" : ",",
                       features[i].spec + 1);
        (void)snprintf(text, sizeof(text),
                       "{\"items\":[{\"metadata\":{\"name\":\"p\"},\"spec\":{\"priority\":%zu%s},"
                       "{\"metadata\":{\"name\":\"plain\"}}]}",
                       i, rest);
        cr_assert_eq(run(&seen, DECODE_POD, DECODE_LIST, text, &err), 0, "%s", err.text);
        cr_expect_eq(seen.count, 2); /* the plain one has priority 0, row 0: needs nothing */
    }
}

static const struct {
    const char *name, *tagged;
} images[] = {
    {"nginx", "nginx:latest"},
    {"nginx:1.27", "nginx:1.27"},
    {"docker.io/library/nginx", "docker.io/library/nginx:latest"},
    {"localhost:5000/nginx", "localhost:5000/nginx:latest"}, /* that colon is a port */
    {"localhost:5000/nginx:1", "localhost:5000/nginx:1"},
    {"nginx@sha256:0123", "nginx@sha256:0123"},
    {"", ""},
};

static void check_image(const struct seen *seen, const struct pod_object *pod)
{
    size_t i = (size_t)pod->priority;
    cr_expect_str_eq(symbol_text(seen->symbols, pod->containers[0].image_sym), images[i].tagged);
}

Test(decode, gives_images_without_a_tag_the_latest)
{
    for (size_t i = 0; i < ARRAY_LEN(images); i++) {
        char text[256];
        struct seen seen = {.check_pod = check_image};
        struct err err;
        (void)snprintf(text, sizeof(text),
                       "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"priority\":%zu,\"containers\":"
                       "[{\"image\":\"%s\"}]}}",
                       i, images[i].name);
        cr_assert_eq(run(&seen, DECODE_POD, DECODE_OBJECT, text, &err), 0, "%s", err.text);
    }
}

Test(decode, keeps_the_metadata_of_a_list_wherever_it_stands)
{
    static const char *const lists[] = {
        "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"12\",\"continue\":\"tok\"},"
        "\"items\":[{\"metadata\":{\"name\":\"a\"}},{\"metadata\":{\"name\":\"b\"}}]}",
        "{\"items\":[{\"metadata\":{\"name\":\"a\"}},{\"metadata\":{\"name\":\"b\"}}],"
        "\"metadata\":{\"continue\":\"tok\",\"resourceVersion\":\"12\"},\"kind\":\"PodList\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct seen seen = {0};
        struct err err;
        struct symbols *symbols = names_symbols_new(3);
        struct decode_handler handler = {.ctx = &seen, .pod = on_pod};
        struct decoder *decoder = decoder_new(DECODE_POD, DECODE_LIST, symbols, &handler);
        cr_assert_eq(decoder_feed(decoder, lists[i], strlen(lists[i]), &err), 0);
        cr_assert_eq(decoder_finish(decoder, &err), 0);
        cr_expect(seen.count == 2 && strcmp(seen.names[1], "b") == 0);
        cr_expect(str_is(decoder_list_meta(decoder).resource_version, "12"));
        cr_expect(str_is(decoder_list_meta(decoder).continue_token, "tok"));

        /* The next page, with the same decoder: nothing of the first is left. */
        const char *page = "{\"metadata\":{\"resourceVersion\":\"13\"},\"items\":null}";
        decoder_reset(decoder);
        cr_assert_eq(decoder_feed(decoder, page, strlen(page), &err), 0);
        cr_assert_eq(decoder_finish(decoder, &err), 0);
        cr_expect_eq(seen.count, 2);
        cr_expect_eq(decoder_list_meta(decoder).continue_token.len, 0);
        decoder_free(decoder);
        symbols_free(symbols);
    }
}

Test(decode, reads_all_kinds_of_watch_events)
{
    struct seen seen = {0};
    struct err err;
    cr_assert_eq(
        run(&seen, DECODE_POD, DECODE_WATCH,
            "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}}\n"
            "{\"object\":{\"metadata\":{\"name\":\"b\"}},\"type\":\"DELETED\"}\n"
            "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"c\"}}}"
            "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":"
            "\"12\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}},\"spec\":{"
            "\"containers\":null},\"status\":{}}}\n"
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"metadata\":{},\"status\":"
            "\"Failure\",\"message\":\"too old resource version: 1 (5)\",\"reason\":\"Expired\","
            "\"details\":{\"retryAfterSeconds\":2},\"code\":410}}\n",
            &err),
        0, "%s", err.text);
    cr_assert_eq(seen.count, 3);
    cr_expect(seen.verbs[0] == DECODE_ADDED && strcmp(seen.names[0], "a") == 0);
    cr_expect(seen.verbs[1] == DECODE_DELETED && strcmp(seen.names[1], "b") == 0);
    cr_expect(seen.verbs[2] == DECODE_MODIFIED && strcmp(seen.names[2], "c") == 0);
    cr_expect_str_eq(seen.bookmark, "12");
    cr_expect(seen.is_initial_events_end);
    cr_expect(seen.status.code == 410 && seen.status.retry_after_seconds == 2);
    cr_expect_str_eq(seen.status_text, "Expired|too old resource version: 1 (5)");
}
