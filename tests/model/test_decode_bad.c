#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "model/base/buf.h"
#include "model/decode.h"
#include "model/names.h"

struct seen {
    uint32_t count;
    char names[4][64];
    char namespaces[4][64];
    char problems[4][OBJECT_PROBLEM_BYTES];
};

static void note(struct seen *seen, struct str namespace, struct str name, struct str problem)
{
    cr_assert(seen->count < ARRAY_LEN(seen->names));
    uint32_t i = seen->count++;
    (void)snprintf(seen->names[i], sizeof(seen->names[0]), STR_FMT, STR_ARG(name));
    (void)snprintf(seen->namespaces[i], sizeof(seen->namespaces[0]), STR_FMT, STR_ARG(namespace));
    (void)snprintf(seen->problems[i], sizeof(seen->problems[0]), STR_FMT, STR_ARG(problem));
}

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    (void)verb;
    note(ctx, pod->namespace, pod->name, pod->problem);
}

static void on_node(void *ctx, enum decode_verb verb, const struct node_object *node)
{
    (void)verb;
    note(ctx, STR(""), node->name, node->problem);
}

/* A decoder and what it needs; `limit_bytes` of names. */
struct rig {
    struct seen seen;
    struct symbols *symbols;
    struct decoder *decoder;
    struct err err;
};

static void rig_init(struct rig *rig, enum decode_kind kind, enum decode_source source)
{
    *rig = (struct rig){.symbols = names_symbols_new(3)};
    struct decode_handler handler = {.ctx = &rig->seen, .pod = on_pod, .node = on_node};
    rig->decoder = decoder_new(kind, source, rig->symbols, &handler);
}

static void rig_fini(struct rig *rig)
{
    decoder_free(rig->decoder);
    symbols_free(rig->symbols);
}

static int rig_feed(struct rig *rig, struct str bytes)
{
    int result = decoder_feed(rig->decoder, bytes.ptr, bytes.len, &rig->err);
    return result < 0 ? result : decoder_finish(rig->decoder, &rig->err);
}

/* A list of one odd pod, its spec before its metadata, and one good pod behind it. */
static void expect_problem(const char *spec, const char *problem)
{
    struct rig rig;
    struct buf text;
    buf_init(&text, 64 << 20);
    rig_init(&rig, DECODE_POD, DECODE_LIST);
    (void)buf_add_str(&text, "{\"items\":[{\"spec\":");
    (void)buf_add_str(&text, spec);
    (void)buf_add_str(&text, ",\"metadata\":{\"name\":\"odd\",\"namespace\":\"shop\"}},"
                             "{\"metadata\":{\"name\":\"good\",\"namespace\":\"shop\"}}]}");
    cr_assert_eq(rig_feed(&rig, buf_str(&text)), 0, "%s", rig.err.text);
    cr_assert_eq(rig.seen.count, 2);
    cr_expect_str_eq(rig.seen.names[0], "odd");
    cr_expect_str_eq(rig.seen.namespaces[0], "shop");
    cr_expect_str_eq(rig.seen.problems[0], problem);
    cr_expect_str_eq(rig.seen.names[1], "good");
    cr_expect_str_eq(rig.seen.problems[1], "");
    rig_fini(&rig);
    buf_fini(&text);
}

static const struct {
    const char *spec, *problem;
} odd_pods[] = {
    {"{\"containers\":[{},{\"resources\":{\"requests\":{\"memory\":\"1\",\"cpu\":\"abc\"}}}]}",
     "shop/odd: spec.containers[1].resources.requests[\"cpu\"]: \"abc\" is no quantity: write it "
     "like "
     "\"100m\", \"1.5\" or \"2Gi\""},
    {"{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"1e30\"}}}]}",
     "shop/odd: spec.containers[0].resources.requests[\"cpu\"]: \"1e30\" is too large: set it "
     "below "
     "2^63 units"},
    {"{\"overhead\":{\"memory\":\"-1Gi\"}}",
     "shop/odd: spec.overhead[\"memory\"]: \"-1Gi\" is negative: set it to 0 or more"},
    {"{\"overhead\":{\"memory\":true}}", "shop/odd: spec.overhead[\"memory\"]: is no quantity: "
                                         "write it like \"100m\", \"1.5\" or \"2Gi\""},
    {"{\"priority\":2147483648}",
     "shop/odd: spec.priority: \"2147483648\" is no whole number from -2147483648 to 2147483647"},
    {"{\"priority\":1e30}",
     "shop/odd: spec.priority: \"1e30\" is no whole number from -2147483648 to 2147483647"},
    {"{\"priority\":1.5}",
     "shop/odd: spec.priority: \"1.5\" is no whole number from -2147483648 to 2147483647"},
    {"{\"priority\":\"high\"}", "shop/odd: spec.priority: \"high\" is no number"},
    {"{\"nodeName\":5}", "shop/odd: spec.nodeName: \"5\" is no string"},
    {"{\"nodeName\":{\"a\":[1]}}",
     "shop/odd: spec.nodeName: is an object, which is not allowed there"},
    {"{\"containers\":{}}", "shop/odd: spec.containers: is an object, which is not allowed there"},
    {"{\"containers\":\"x\"}", "shop/odd: spec.containers: \"x\" is no array"},
    {"{\"containers\":[{},7]}",
     "shop/odd: spec.containers[1]: \"7\" is no object, which each item has to be"},
    {"{\"tolerations\":[{\"key\":\"a\"},{\"key\":[\"]\"]}]}",
     "shop/odd: spec.tolerations[1].key: is an array, which is not allowed there"},
    {"{\"containers\":[{\"ports\":[{\"hostPort\":65536}]}]}",
     "shop/odd: spec.containers[0].ports[0].hostPort: \"65536\" is no whole number from 0 to "
     "65535"},
    {"{\"nodeName\":\"a\",\"nodeName\":\"b\"}",
     "shop/odd: spec.nodeName: is there twice: keep one"},
    {"{\"nodeName\":\"\\u001b[2J\",\"priority\":\"\\u001b[2J\"}",
     "shop/odd: spec.priority: \"\\u001b[2J\" is no number"}, /* nothing for a terminal to obey */
    {"[]", "shop/odd: spec: is an array, which is not allowed there"},
};

Test(decode_bad, a_wrong_value_is_the_problem_of_its_object_only)
{
    for (size_t i = 0; i < ARRAY_LEN(odd_pods); i++)
        expect_problem(odd_pods[i].spec, odd_pods[i].problem);
}

#define AFFINITY "{\"affinity\":{\"nodeAffinity\":{"
#define REQUIRED                                                                                   \
    AFFINITY "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":["
#define PREFERRED AFFINITY "\"preferredDuringSchedulingIgnoredDuringExecution\":["
static const struct {
    const char *before, *item, *after;
    uint32_t limit;
    const char *path;
} limits[] = {
    {"{\"containers\":[", "{}", "]}", 256, "spec.containers"},
    {"{\"initContainers\":[", "{}", "]}", 256, "spec.initContainers"},
    {"{\"tolerations\":[", "{\"operator\":\"Exists\"}", "]}", 256, "spec.tolerations"},
    {REQUIRED, "{}", "]}}}}", 64,
     "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"},
    {PREFERRED, "{\"weight\":1}", "]}}}", 64,
     "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution"},
    {PREFERRED "{\"weight\":1,\"preference\":{\"matchExpressions\":[", "{}", "]}}]}}}", 64,
     "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference."
     "matchExpressions"},
    {PREFERRED "{\"weight\":1,\"preference\":{\"matchFields\":[{\"values\":[", "\"v\"", "]}]}}]}}}",
     256,
     "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference."
     "matchFields[0].values"},
    {"{\"containers\":[{\"ports\":[", "{\"hostPort\":1}", "]}]}", 256, "spec.containers[0].ports"},
};

static void add_many(struct buf *out, const char *item, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        (void)buf_add_str(out, i > 0 ? "," : "");
        (void)buf_add_str(out, item);
    }
}

Test(decode_bad, a_list_over_its_limit_is_never_cut_silently)
{
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        for (uint32_t extra = 0; extra < 10000; extra = extra * 9999 + 1) {
            struct buf spec;
            char problem[OBJECT_PROBLEM_BYTES] = "";
            buf_init(&spec, 64 << 20);
            (void)buf_add_str(&spec, limits[i].before);
            add_many(&spec, limits[i].item, limits[i].limit + extra);
            (void)buf_add_str(&spec, limits[i].after);
            if (extra > 0)
                (void)snprintf(problem, sizeof(problem),
                               "shop/odd: %.127s[%u]: is over the limit of %u entries",
                               limits[i].path, limits[i].limit, limits[i].limit);
            expect_problem(spec.data, problem);
            buf_fini(&spec);
        }
    }
}

/* Policies and budgets select by labels: none may be missing. */
Test(decode_bad, a_pod_with_too_many_labels_says_so_and_one_at_the_limit_is_fine)
{
    for (int count = OBJECT_LABELS_MAX; count <= 10000; count += 10000 - OBJECT_LABELS_MAX) {
        struct rig rig;
        struct buf text;
        buf_init(&text, 64 << 20);
        rig_init(&rig, DECODE_POD, DECODE_OBJECT);
        (void)buf_add_str(&text, "{\"metadata\":{\"labels\":{");
        for (int i = 0; i < count; i++)
            (void)buf_printf(&text, "%s\"key-%d\":\"value-%d\"", i > 0 ? "," : "", i, i);
        (void)buf_add_str(&text, "},\"name\":\"p\"}}");
        cr_assert_eq(rig_feed(&rig, buf_str(&text)), 0);
        cr_expect_str_eq(rig.seen.names[0], "p");
        cr_expect_str_eq(rig.seen.problems[0], count == OBJECT_LABELS_MAX
                                                   ? ""
                                                   : "p: metadata.labels[\"key-1024\"]: is over "
                                                     "the limit of 1024 entries");
        rig_fini(&rig);
        buf_fini(&text);
    }
}

static const struct {
    const char *node, *problem;
} odd_nodes[] = {
    {"{\"metadata\":{\"name\":\"n\"},\"status\":{\"allocatable\":{\"cpu\":\"4\",\"memory\":\"-1\"}}"
     "}",
     "n: status.allocatable[\"memory\"]: \"-1\" is negative: set it to 0 or more"},
    {"{\"metadata\":{\"name\":\"n\",\"labels\":{\"zone\":[1]}}}",
     "n: metadata.labels[\"zone\"]: is neither string nor number"},
    {"{\"metadata\":{\"name\":\"n\"},\"spec\":{\"unschedulable\":\"yes\"}}",
     "n: spec.unschedulable: \"yes\" is neither true nor false"},
    {"{\"spec\":{}}", "metadata.name: is not there: an object has to have a name"},
    {"{\"metadata\":{\"name\":[]}}", "metadata.name: is an array, which is not allowed there"},
};

Test(decode_bad, a_node_that_cannot_be_trusted_says_why)
{
    for (size_t i = 0; i < ARRAY_LEN(odd_nodes); i++) {
        struct rig rig;
        rig_init(&rig, DECODE_NODE, DECODE_OBJECT);
        cr_assert_eq(rig_feed(&rig, str_from(odd_nodes[i].node)), 0, "%s", rig.err.text);
        cr_expect_str_eq(rig.seen.problems[0], odd_nodes[i].problem);
        rig_fini(&rig);
    }
}

Test(decode_bad, more_images_than_are_read_are_no_problem)
{
    struct rig rig;
    struct buf text;
    buf_init(&text, 64 << 20);
    rig_init(&rig, DECODE_NODE, DECODE_OBJECT);
    (void)buf_add_str(&text, "{\"status\":{\"images\":[");
    add_many(&text, "{\"names\":[\"a:1\"],\"sizeBytes\":1}", OBJECT_IMAGES_MAX + 100);
    (void)buf_add_str(&text, "]},\"metadata\":{\"name\":\"n\"}}");
    cr_assert_eq(rig_feed(&rig, buf_str(&text)), 0);
    cr_expect_str_eq(rig.seen.names[0], "n");
    cr_expect_str_eq(rig.seen.problems[0], "");
    rig_fini(&rig);
    buf_fini(&text);
}

static const struct {
    enum decode_source source;
    const char *text, *error;
} broken[] = {
    {DECODE_LIST, "", "pod list: byte 0: the input is empty"},
    {DECODE_LIST, "{\"items\":[{\"metadata\":{}",
     "pod list: byte 24: the input ends in the middle: it was cut on the way"},
    {DECODE_LIST, "{\"items\":[{\"metadata\":{]",
     "pod list: byte 23: expected a key or '}', found ']'"},
    {DECODE_LIST, "<html>", "pod list: byte 0: expected an object, found '<'"},
    {DECODE_LIST, "{\"kind\":\"Table\",\"rows\":[]}",
     "pod list: byte 26: expected kind PodList, found Table"},
    {DECODE_LIST, "{\"kind\":\"Status\",\"code\":410}",
     "pod list: byte 28: expected kind PodList, found Status"},
    {DECODE_LIST, "{\"items\":{}}",
     "pod list: byte 10: items: is an object, which is not allowed there"},
    {DECODE_LIST, "{\"items\":[5]}",
     "pod list: byte 11: items[0]: \"5\" is no object, which each item has to be"},
    {DECODE_LIST, "{\"metadata\":{\"continue\":5}}",
     "pod list: byte 25: metadata.continue: \"5\" is no string"},
    {DECODE_LIST, "{\"items\":[{\"kind\":\"Node\"}]}",
     "pod list: byte 25: expected kind Pod, found Node"},
    {DECODE_WATCH, "{\"type\":\"ADDED\"}", "pod watch: byte 16: a watch event without an object"},
    {DECODE_WATCH, "{\"type\":\"EATEN\",\"object\":{}}",
     "pod watch: byte 28: a watch event of an unknown type"},
    {DECODE_WATCH, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"na",
     "pod watch: byte 41: the input ends in the middle: it was cut on the way"},
    {DECODE_OBJECT, "{\"metadata\":{\"name\":\"\xff\"}}", "pod: byte 20: this string is not UTF-8"},
};

Test(decode_bad, a_broken_input_fails_with_its_place)
{
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct rig rig;
        rig_init(&rig, DECODE_POD, broken[i].source);
        cr_expect_eq(rig_feed(&rig, str_from(broken[i].text)), -EBADMSG, "%s", broken[i].text);
        cr_expect_str_eq(rig.err.text, broken[i].error);
        cr_expect_eq(decoder_feed(rig.decoder, "{}", 2, &rig.err), -EBADMSG); /* and stays failed */
        cr_expect_str_eq(rig.err.text, broken[i].error);
        rig_fini(&rig);
    }
}

Test(decode_bad, what_came_before_the_break_is_delivered)
{
    struct rig rig;
    rig_init(&rig, DECODE_POD, DECODE_WATCH);
    cr_expect_eq(
        rig_feed(&rig, STR("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}\n"
                           "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"b\"}}")),
        -EBADMSG);
    cr_expect_eq(rig.seen.count, 1);
    cr_expect_str_eq(rig.seen.names[0], "a");
    rig_fini(&rig);
}

Test(decode_bad, an_empty_watch_is_a_whole_watch)
{
    struct rig rig;
    rig_init(&rig, DECODE_POD, DECODE_WATCH);
    cr_expect_eq(rig_feed(&rig, STR("")), 0);
    rig_fini(&rig);
}

Test(decode_bad, ten_thousand_levels_are_refused_where_they_are_skipped_and_where_they_are_read)
{
    static const char *const starts[] = {"{\"x\":", "{\"spec\":", "{\"spec\":{\"containers\":"};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct rig rig;
        struct buf text;
        buf_init(&text, 1 << 20);
        rig_init(&rig, DECODE_POD, DECODE_OBJECT);
        (void)buf_add_str(&text, starts[i]);
        for (int level = 0; level < 10000; level++)
            (void)buf_add_str(&text, "[");
        cr_expect_eq(rig_feed(&rig, buf_str(&text)), -EBADMSG);
        cr_expect(strstr(rig.err.text, "nested deeper than 64 levels") != NULL, "%s", rig.err.text);
        rig_fini(&rig);
        buf_fini(&text);
    }
}

static long peak_kib(void)
{
    struct rusage usage;
    cr_assert_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void feed_part(struct rig *rig, const char *text)
{
    cr_assert_eq(decoder_feed(rig->decoder, text, strlen(text), &rig->err), 0, "%s", rig->err.text);
}

/* 100 MB in one line, in three places where they may stand: an annotation, the name, a number. */
Test(decode_bad, a_hundred_megabytes_in_one_line_cost_no_memory)
{
    static const struct {
        const char *before, *after, *problem;
        char filler;
    } lines[] = {
        {"{\"metadata\":{\"name\":\"a\",\"managedFields\":\"", "\"}}", "a: the object: is 1048576",
         'x'},
        {"{\"metadata\":{\"name\":\"a\",\"uid\":\"", "\"}}", "a: metadata.uid: \"xxxx", 'x'},
        {"{\"metadata\":{\"name\":\"a\",\"generation\":", "}}", "a: metadata.generation: \"1111",
         '1'},
    };
    enum { PIECE = 1 << 20 };
    char *piece = malloc(PIECE);
    cr_assert(piece != NULL);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct rig rig;
        rig_init(&rig, DECODE_POD, DECODE_LIST);
        memset(piece, lines[i].filler, PIECE);
        long before_kib = peak_kib();
        feed_part(&rig, "{\"items\":[");
        feed_part(&rig, lines[i].before);
        for (int j = 0; j < 100; j++)
            cr_assert_eq(decoder_feed(rig.decoder, piece, PIECE, &rig.err), 0);
        feed_part(&rig, lines[i].after);
        feed_part(&rig, ",{\"metadata\":{\"name\":\"b\"}}]}");
        cr_assert_eq(decoder_finish(rig.decoder, &rig.err), 0);
        cr_expect_lt(peak_kib() - before_kib, 4096);
        cr_expect_eq(rig.seen.count, 2);
        cr_expect_str_eq(rig.seen.names[0], "a");
        cr_expect(strncmp(rig.seen.problems[0], lines[i].problem, strlen(lines[i].problem)) == 0,
                  "%s", rig.seen.problems[0]);
        cr_expect_str_eq(rig.seen.names[1], "b");
        cr_expect_str_eq(rig.seen.problems[1], "");
        rig_fini(&rig);
    }
    free(piece);
}

Test(decode_bad, an_object_builds_at_most_8_mib_and_still_has_its_name)
{
    struct buf spec, item;
    buf_init(&spec, 64 << 20);
    buf_init(&item, 1 << 20);
    (void)buf_add_str(&item, "{\"name\":\"");
    for (int i = 0; i < 60000; i++)
        (void)buf_add_str(&item, "n");
    (void)buf_add_str(&item, "\"}");
    (void)buf_add_str(&spec, "{\"containers\":[");
    add_many(&spec, item.data, 200);
    (void)buf_add_str(&spec, "]}");
    expect_problem(spec.data, "shop/odd: spec.containers[139].name: is where the object gets too "
                              "large: over 8 MiB of what is read");
    buf_fini(&spec);
    buf_fini(&item);
}

Test(decode_bad, a_full_table_of_names_is_a_problem_of_the_objects_it_refuses)
{
    struct seen seen = {0};
    struct err err;
    struct symbols *symbols = symbols_new(1, 4096);
    struct decode_handler handler = {.ctx = &seen, .node = on_node};
    struct decoder *decoder = decoder_new(DECODE_NODE, DECODE_WATCH, symbols, &handler);
    struct buf text;
    buf_init(&text, 1 << 20);
    (void)buf_add_str(&text,
                      "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n\",\"labels\":{");
    for (int i = 0; i < 1000; i++)
        (void)buf_printf(&text, "%s\"label-%d\":\"\"", i > 0 ? "," : "", i);
    (void)buf_add_str(&text, "}}}}");
    cr_assert_eq(decoder_feed(decoder, text.data, text.len, &err), 0, "%s", err.text);
    cr_assert_eq(seen.count, 1);
    cr_expect_str_eq(seen.names[0], "n");
    cr_expect(strstr(seen.problems[0], "the table of names is full") != NULL, "%s",
              seen.problems[0]);
    decoder_free(decoder);
    symbols_free(symbols);
    buf_fini(&text);
}
