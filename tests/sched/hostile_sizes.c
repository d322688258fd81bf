/* Too much of everything: entries, bytes, levels. Each object is at most a few times the 8 MiB that
 * one may have. */
#include <stdio.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/sched/hostile_corpus.h"

#define REQUIRED  "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution"
#define TERMS     REQUIRED ".nodeSelectorTerms"
#define IN_ALL    "{\"key\":\"k%u\",\"operator\":\"In\",\"values\":[\"a\",\"b\"]}"

#define IN_ONE "{\"key\":\"k%u\",\"operator\":\"In\",\"values\":[\"a\"]}"

/* Entries of a list or map; %u is the number of the entry. */
struct many {
    enum decode_kind kind;
    const char *path;
    char open, close;
    const char *entry;
    uint32_t limit;         /* beyond it: a problem; 0: none */
    enum hostile_fate fate; /* of so many */
    const char *says;
};

static const struct many lists[] = {
    {DECODE_POD, "spec.containers", '[', ']', "{\"name\":\"c%u\"}", 256, HOSTILE_FINE, ""},
    {DECODE_POD, "spec.initContainers", '[', ']', "{\"name\":\"c%u\"}", 256, HOSTILE_FINE, ""},
    {DECODE_POD, "spec.containers[0].ports", '[', ']', "{\"hostPort\":%u}", 256, HOSTILE_FINE, ""},
    {DECODE_POD, "spec.tolerations", '[', ']', "{\"key\":\"k%u\"}", 256, HOSTILE_FINE, ""},
    {DECODE_POD, "spec.nodeSelector", '{', '}', "\"k%u\":\"v\"", 1024, HOSTILE_WAITS,
     "didn't match Pod's node affinity/selector"},
    {DECODE_POD, TERMS, '[', ']', "{\"matchExpressions\":[" IN_ALL "]}", 64, HOSTILE_WAITS,
     "didn't match Pod's node affinity/selector"},
    {DECODE_POD, TERMS, '[', ']',
     "{\"matchExpressions\":[" IN_ONE "],\"matchFields\":[" IN_ONE "]}", 64, HOSTILE_WAITS,
     "didn't match Pod's node affinity/selector"},
    {DECODE_POD, PREFERRED, '[', ']',
     "{\"weight\":1,\"preference\":{\"matchExpressions\":[" IN_ONE "],\"matchFields\":[" IN_ONE
     "]}}",
     64, HOSTILE_FINE, ""},
    {DECODE_POD, TERMS "[0].matchExpressions", '[', ']', IN_ALL, 64, HOSTILE_WAITS,
     "didn't match Pod's node affinity/selector"},
    {DECODE_POD, TERMS "[0].matchExpressions[0].values", '[', ']', "\"v%u\"", 256, HOSTILE_WAITS,
     "didn't match Pod's node affinity/selector"},
    {DECODE_POD, PREFERRED, '[', ']',
     "{\"weight\":100,\"preference\":{\"matchExpressions\":[" IN_ALL "]}}", 64, HOSTILE_FINE, ""},
    {DECODE_POD, "spec.containers[0].resources.requests", '{', '}', "\"example.com/r%u\":\"0\"",
     256, HOSTILE_FINE, ""},
    {DECODE_POD, "status.containerStatuses", '[', ']', "{\"name\":\"c%u\"}", 256, HOSTILE_FINE, ""},
    {DECODE_POD, "metadata.labels", '{', '}', "\"k%u\":\"v\"", 1024, HOSTILE_FINE, ""},
    {DECODE_NODE, "metadata.labels", '{', '}', "\"k%u\":\"v\"", 1024, HOSTILE_FINE, ""},
    {DECODE_NODE, "spec.taints", '[', ']', "{\"key\":\"k%u\",\"effect\":\"NoSchedule\"}", 256,
     HOSTILE_FINE, ""},
    {DECODE_NODE, "status.allocatable", '{', '}', "\"example.com/r%u\":\"1\"", 256, HOSTILE_ANY,
     ""},
    /* what is not read may be as long as it likes */
    {DECODE_POD, "metadata.annotations", '{', '}', "\"k%u\":\"v\"", 0, HOSTILE_FINE, ""},
    {DECODE_POD, "metadata.managedFields", '[', ']', "{\"f%u\":[{}]}", 0, HOSTILE_FINE, ""},
    {DECODE_POD, "metadata.ownerReferences", '[', ']', "{\"uid\":\"%u\"}", 0, HOSTILE_FINE, ""},
    {DECODE_POD, "spec.volumes", '[', ']', "{\"name\":\"v%u\",\"emptyDir\":{}}", 0, HOSTILE_FINE,
     ""},
    {DECODE_POD, "status.conditions", '[', ']', "{\"type\":\"t%u\"}", 0, HOSTILE_FINE, ""},
    {DECODE_POD, "spec.schedulingGates", '[', ']', "{\"name\":\"g%u\"}", 0, HOSTILE_IGNORED, ""},
    {DECODE_NODE, "status.images", '[', ']', "{\"names\":[\"i%u\",\"j:%u\"],\"sizeBytes\":1}", 0,
     HOSTILE_FINE, ""},
    {DECODE_NODE, "status.images[0].names", '[', ']', "\"i%u\"", 0, HOSTILE_FINE, ""},
    {DECODE_NODE, "metadata.annotations", '{', '}', "\"k%u\":\"v\"", 0, HOSTILE_FINE, ""},
};

static void add_entry(struct buf *text, const char *entry, uint32_t number)
{
    char digits[12];
    (void)snprintf(digits, sizeof(digits), "%u", number);
    for (const char *at = entry; *at; at++) {
        if (strncmp(at, "%u", 2) == 0)
            (void)buf_add_str(text, digits);
        else
            (void)buf_add(text, at, 1);
        at += strncmp(at, "%u", 2) == 0;
    }
}

static void emit_many(const struct hostile_visitor *visitor, const struct many *many,
                      uint32_t count)
{
    struct hostile hostile = {.kind = many->kind, .fate = many->fate};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_add(&value, &many->open, 1);
    for (uint32_t i = 0; i < count; i++) {
        (void)buf_add_str(&value, i > 0 ? "," : "");
        add_entry(&value, many->entry, i + 1);
    }
    (void)buf_add(&value, &many->close, 1);
    (void)snprintf(hostile.name, sizeof(hostile.name), "%u of %.100s", count, many->path);
    (void)snprintf(hostile.says, sizeof(hostile.says), "%s", many->says);
    if (many->limit > 0 && count > many->limit) {
        hostile.fate = HOSTILE_PROBLEM;
        (void)snprintf(hostile.says, sizeof(hostile.says), "is over the limit of %u entries",
                       many->limit);
    }
    hostile_emit_at(visitor, &hostile, many->path, value.data);
    buf_fini(&value);
}

static void emit_counts(const struct hostile_visitor *visitor)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (lists[i].limit > 0) {
            emit_many(visitor, &lists[i], lists[i].limit);
            emit_many(visitor, &lists[i], lists[i].limit + 1);
        }
        emit_many(visitor, &lists[i], 5000);
        emit_many(visitor, &lists[i], 60000);
    }
}

/* ---- long strings ---- */

static const struct {
    enum decode_kind kind;
    const char *path;
    enum hostile_fate fate; /* of one that is read whole */
    const char *says;
} strings[] = {
    {DECODE_POD, "metadata.name", HOSTILE_FINE, ""},
    {DECODE_POD, "metadata.namespace", HOSTILE_FINE, ""},
    {DECODE_POD, "metadata.uid", HOSTILE_FINE, ""},
    {DECODE_POD, "metadata.resourceVersion", HOSTILE_FINE, ""},
    {DECODE_POD, "spec.schedulerName", HOSTILE_IGNORED, ""},
    {DECODE_POD, "spec.nodeName", HOSTILE_IGNORED, ""},
    {DECODE_POD, "spec.containers[0].name", HOSTILE_FINE, ""},
    {DECODE_POD, "spec.containers[0].image", HOSTILE_FINE, ""},
    {DECODE_POD, "spec.containers[0].ports[0].hostIP", HOSTILE_FINE, ""},
    {DECODE_POD, "spec.containers[0].resources.requests[\"cpu\"]", HOSTILE_PROBLEM,
     "is no quantity"},
    {DECODE_POD, "spec.nodeSelector[\"zone\"]", HOSTILE_WAITS, "affinity/selector"},
    {DECODE_POD, "spec.tolerations[0].key", HOSTILE_FINE, ""},
    {DECODE_POD, "status.nominatedNodeName", HOSTILE_FINE, ""},
    {DECODE_POD, "status.conditions[0].message", HOSTILE_FINE, ""},
    {DECODE_NODE, "metadata.name", HOSTILE_FINE, ""},
    {DECODE_NODE, "metadata.labels[\"zone\"]", HOSTILE_FINE, ""},
    {DECODE_NODE, "spec.taints[0].value", HOSTILE_FINE, ""},
    {DECODE_NODE, "status.images[0].names[0]", HOSTILE_FINE, ""},
};

/* Whose name, namespace or owner cannot be read is passed over; all others have a problem. */
static enum hostile_fate fate_of_too_long(size_t i)
{
    const char *path = strings[i].path;
    if (strcmp(path, "metadata.name") == 0 || strcmp(path, "metadata.namespace") == 0 ||
        strcmp(path, "spec.nodeName") == 0)
        return HOSTILE_PASSED;
    return strcmp(path, "spec.schedulerName") == 0 ? HOSTILE_IGNORED : HOSTILE_PROBLEM;
}

static void emit_long(const struct hostile_visitor *visitor, size_t i, size_t len)
{
    struct hostile hostile = {.kind = strings[i].kind, .fate = strings[i].fate};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_add_str(&value, "\"");
    for (size_t at = 0; at < len; at++)
        (void)buf_add_str(&value, "x");
    (void)buf_add_str(&value, "\"");
    (void)snprintf(hostile.name, sizeof(hostile.name), "%.80s of %zu bytes", strings[i].path, len);
    (void)snprintf(hostile.says, sizeof(hostile.says), "%s", strings[i].says);
    bool is_uid = strcmp(strings[i].path, "metadata.uid") == 0;
    if (len > (is_uid ? UID_TEXT_BYTES - 1 : DECODE_STRING_BYTES_MAX)) {
        hostile.fate = fate_of_too_long(i);
        bool is_amount = strstr(strings[i].path, "requests[\"") != NULL;
        (void)snprintf(hostile.says, sizeof(hostile.says), "%s",
                       is_uid      ? "metadata.uid"
                       : is_amount ? "is no quantity"
                                   : "is too long: shorten it to at most 65536");
    }
    hostile_emit_at(visitor, &hostile, strings[i].path, value.data);
    buf_fini(&value);
}

/* A resource by a long name: the condition has to say it. */
static void emit_long_resource(const struct hostile_visitor *visitor)
{
    struct hostile hostile = {.kind = DECODE_POD,
                              .fate = HOSTILE_WAITS,
                              .name = "a resource of 65,000 bytes",
                              .says = "0/1 nodes are available: 1 Insufficient example.com/0000"};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_printf(&value, "{\"example.com/%065000d\":\"1\"}", 0);
    hostile_emit_at(visitor, &hostile, "spec.overhead", value.data);
    buf_fini(&value);
}

/* ---- depth, and the whole ---- */

static void emit_deep(const struct hostile_visitor *visitor, const char *path, uint32_t levels,
                      bool is_array)
{
    struct hostile hostile = {.kind = DECODE_POD, .fate = HOSTILE_FINE};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    for (uint32_t i = 0; i < levels; i++)
        (void)buf_add_str(&value, is_array ? "[" : "{\"d\":");
    (void)buf_add_str(&value, "0");
    for (uint32_t i = 0; i < levels; i++)
        (void)buf_add_str(&value, is_array ? "]" : "}");
    (void)snprintf(hostile.name, sizeof(hostile.name), "%u levels of %s in %s", levels,
                   is_array ? "arrays" : "objects", path);
    if (levels > DECODE_DEPTH_MAX) {
        hostile.fate = HOSTILE_BROKEN;
        (void)snprintf(hostile.says, sizeof(hostile.says), "nested deeper than 64 levels");
    }
    hostile_emit_at(visitor, &hostile, path, value.data);
    buf_fini(&value);
}

static void emit_depths(const struct hostile_visitor *visitor)
{
    static const char *const paths[] = {"odd", "metadata.odd", "spec.odd",
                                        "metadata.annotations.odd", "spec.containers[0].odd"};
    static const uint32_t levels[] = {50, 65, 1000, 200000};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        for (size_t j = 0; j < ARRAY_LEN(levels); j++) {
            emit_deep(visitor, paths[i], levels[j], true);
            emit_deep(visitor, paths[i], levels[j], false);
        }
}

/* All that the limits allow at once, and what is too large as a whole. */
static void emit_full(const struct hostile_visitor *visitor, const char *path, const char *item,
                      uint32_t items, const char *inner, uint32_t inners, enum hostile_fate fate)
{
    struct hostile hostile = {.kind = strstr(path, "status.") ? DECODE_NODE : DECODE_POD,
                              .fate = fate};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_add_str(&value, "[");
    for (uint32_t i = 0; i < items; i++) {
        (void)buf_add_str(&value, i > 0 ? "," : "");
        (void)buf_add_str(&value, item);
        for (uint32_t j = 0; j < inners; j++) {
            (void)buf_add_str(&value, j > 0 ? "," : "");
            add_entry(&value, inner, i * inners + j + 1);
        }
        (void)buf_add_str(&value, "]}");
    }
    (void)buf_add_str(&value, "]");
    (void)snprintf(hostile.name, sizeof(hostile.name), "%u times %u of %s", items, inners, inner);
    if (fate == HOSTILE_WAITS)
        (void)snprintf(hostile.says, sizeof(hostile.says), "affinity/selector");
    hostile_emit_at(visitor, &hostile, path, value.data);
    buf_fini(&value);
}

/* ---- work that a careless loop would square ---- */

/* Two pods of 130,560 host ports each: one on the node, one that asks whether they are free. They
 * differ in the protocol of every port. */
static void emit_ports(const struct hostile_visitor *visitor)
{
    struct hostile hostile = {.kind = DECODE_POD, .name = "130,560 host ports beside as many"};
    static const char *const protocols[2][2] = {{"TCP", "UDP"}, {"SCTP", "ODD"}};
    struct buf values[2];
    hostile_begin(&hostile, DECODE_POD, HOSTILE_FINE, "");
    hostile.source = DECODE_LIST;
    (void)buf_add_str(&hostile.text, "{\"items\":[");
    for (int pod = 0; pod < 2; pod++) {
        buf_init(&values[pod], HOSTILE_TEXT_BYTES_MAX);
        for (uint32_t i = 0; i < 512; i++) {
            (void)buf_add_str(&values[pod], i == 0 ? "[" : i == 256 ? "],\"containers\":[" : ",");
            (void)buf_add_str(&values[pod], "{\"restartPolicy\":\"Always\",\"ports\":[");
            for (uint32_t j = 0; j < 255; j++)
                (void)buf_printf(&values[pod], "%s{\"hostPort\":%u,\"protocol\":\"%s\"}",
                                 j > 0 ? "," : "", i % 256 * 255 + j + 1, protocols[pod][i / 256]);
            (void)buf_add_str(&values[pod], "]}");
        }
        (void)buf_add_str(&values[pod], "]");
    }
    (void)buf_add_str(&values[0], ",\"nodeName\":\"good\"");
    for (int pod = 0; pod < 2; pod++) {
        size_t start = hostile.text.len;
        (void)buf_add_str(&hostile.text, pod > 0 ? "," : "");
        hostile_add_at(&hostile, "spec.initContainers", values[pod].data);
        if (pod == 0) { /* another name and another UID */
            memcpy(strstr(hostile.text.data + start, "\"odd\""), "\"on0\"", 5);
            memcpy(strstr(hostile.text.data + start, "0066\""), "0065\"", 5);
        }
        buf_fini(&values[pod]);
    }
    (void)buf_add_str(&hostile.text, "]}");
    hostile_end(&hostile, visitor, false);
}

/* Statuses and containers that differ only in the last byte of a long name, the other way round:
 * who looks up one by the other reads them all. The pod is on a node, so that its statuses count.
 */
static void emit_statuses(const struct hostile_visitor *visitor)
{
    enum { COUNT = 120, NAME_BYTES = 30000 };
    struct hostile hostile = {.kind = DECODE_POD,
                              .fate = HOSTILE_IGNORED,
                              .name = "120 long names of containers and their statuses"};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    for (int round = 0; round < 2; round++) {
        (void)buf_add_str(&value, round == 0 ? "["
                                             : "],\"nodeName\":\"good\"},\"status\":{"
                                               "\"containerStatuses\":[");
        for (int i = 0; i < COUNT; i++) {
            (void)buf_printf(&value,
                             "%s{\"name\":\"%0*d\",\"resources\":{\"requests\":{"
                             "\"cpu\":\"1m\"}}}",
                             i > 0 ? "," : "", NAME_BYTES, round == 0 ? i : COUNT - 1 - i);
        }
    }
    (void)buf_add_str(&value, "]");
    hostile_emit_at(visitor, &hostile, "spec.containers", value.data);
    buf_fini(&value);
}

/* One key again and again, behind as many others as may be: who looks for each reads them all. */
static void emit_repeats(const struct hostile_visitor *visitor)
{
    struct hostile hostile = {.kind = DECODE_POD,
                              .fate = HOSTILE_PROBLEM,
                              .says = "is over the limit of 1024 entries",
                              .name = "1,024 keys and the last 400,000 times"};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_add_str(&value, "{");
    for (int i = 1; i <= 1024 + 400000; i++)
        (void)buf_printf(&value, "%s\"k%d\":\"v\"", i > 1 ? "," : "", i < 1024 ? i : 1024);
    (void)buf_add_str(&value, "}");
    hostile_emit_at(visitor, &hostile, "spec.nodeSelector", value.data);
    buf_fini(&value);
}

static void emit_whole(const struct hostile_visitor *visitor)
{
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_add_str(&value, "\"");
    for (size_t i = 0; i < (size_t)DECODE_OBJECT_BYTES_MAX / 8 + 1; i++)
        (void)buf_add_str(&value, "xxxxxxxx");
    (void)buf_add_str(&value, "\"");
    for (int kind = DECODE_POD; kind <= DECODE_NODE; kind++) {
        struct hostile hostile = {.name = "more than 8 MiB of text",
                                  .kind = (enum decode_kind)kind,
                                  .fate = HOSTILE_PROBLEM,
                                  .says = "bytes of text: shorten it to at most 8388608"};
        hostile_emit_at(visitor, &hostile, "metadata.odd", value.data);
    }
    buf_fini(&value);
}

void hostile_sizes(const struct hostile_visitor *visitor)
{
    static const size_t lens[] = {254, 65536, 65537, 1 << 20};
    emit_counts(visitor);
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        for (size_t j = 0; j < ARRAY_LEN(lens); j++)
            emit_long(visitor, i, lens[j]);
    emit_long_resource(visitor);
    emit_depths(visitor);
    emit_full(visitor, "spec.containers", "{\"ports\":[", 256,
              "{\"hostPort\":%u,\"protocol\":\"ODD\"}", 255, HOSTILE_FINE);
    emit_full(visitor, TERMS, "{\"matchExpressions\":[", 64, IN_ALL, 64, HOSTILE_WAITS);
    emit_full(visitor, "status.images", "{\"names\":[", 512, "\"i%u\"", 256, HOSTILE_FINE);
    emit_ports(visitor);
    emit_statuses(visitor);
    emit_repeats(visitor);
    emit_whole(visitor);
}
