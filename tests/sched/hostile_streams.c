/* What stands around objects, and the bytes themselves. */
#include <stdio.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/sched/hostile_corpus.h"

#define ODD                                                                                        \
    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"odd\",\"namespace\":\"shop\",\"uid\":"             \
    "\"00000000-0000-0000-0000-000000000066\",\"resourceVersion\":\"66\"},"                        \
    "\"spec\":{\"schedulerName\":\"spillway\"}}"

static const struct {
    enum decode_source source;
    enum hostile_fate fate;
    const char *says, *text;
} streams[] = {
    /* frames */
    {DECODE_WATCH, HOSTILE_IGNORED, "", ""},
    {DECODE_WATCH, HOSTILE_IGNORED, "", "\r\n\r\n \t\n"},
    {DECODE_WATCH, HOSTILE_FINE, "", "{\"object\":" ODD ",\"type\":\"ADDED\"}"},
    {DECODE_WATCH, HOSTILE_FINE, "", "\n\n{\"type\":\"MODIFIED\",\"odd\":[],\"object\":" ODD "}\n"},
    {DECODE_WATCH, HOSTILE_IGNORED, "", "{\"type\":\"DELETED\",\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_FINE, "",
     "{\"type\":\"ADDED\",\"object\":" ODD "}{\"type\":\"ADDED\",\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "without an object", "{}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "without an object", "{\"type\":\"ADDED\"}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "without an object", "{\"type\":\"ADDED\",\"object\":null}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "object: ", "{\"type\":\"ADDED\",\"object\":[]}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "object: ", "{\"type\":\"ADDED\",\"object\":\"x\"}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "unknown type", "{\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "unknown type", "{\"type\":\"\",\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "unknown type", "{\"type\":\"added\",\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "type: ", "{\"type\":5,\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "type: is there twice",
     "{\"type\":\"ADDED\",\"type\":\"DELETED\",\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "object: is there twice",
     "{\"type\":\"ADDED\",\"object\":" ODD ",\"object\":" ODD "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "expected kind Pod, found Table",
     "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\",\"rows\":[]}}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "expected kind Pod, found Status",
     "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Status\",\"code\":410}}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "expected an object", "[]"},
    {DECODE_WATCH, HOSTILE_BROKEN, "expected an object", "null"},
    {DECODE_WATCH, HOSTILE_BROKEN, "expected an object", "<html>Bad Gateway</html>"},
    {DECODE_WATCH, HOSTILE_BROKEN, "cut on the way", "{\"type\":\"ADDED\",\"object\":{\"kind\":"},
    {DECODE_WATCH, HOSTILE_BROKEN, "cut on the way", "{"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "{\"type\":\"ADDED\",\"object\":{]}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "{\"type\":\"ADDED\" \"object\":{}}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "{\"type\":ADDED}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "{\"type\":tru}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "{'type':'ADDED'}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "{\"type\":\"ADDED\",}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "byte ", "\xef\xbb\xbf{}"},
    /* bookmarks and errors */
    {DECODE_WATCH, HOSTILE_IGNORED, "", "{\"type\":\"BOOKMARK\",\"object\":{}}"},
    {DECODE_WATCH, HOSTILE_IGNORED, "", "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":5}}"},
    {DECODE_WATCH, HOSTILE_IGNORED, "",
     "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":{},"
     "\"annotations\":[1]}}}"},
    {DECODE_WATCH, HOSTILE_IGNORED, "", "{\"type\":\"ERROR\",\"object\":{}}"},
    {DECODE_WATCH, HOSTILE_IGNORED, "",
     "{\"type\":\"ERROR\",\"object\":{\"code\":\"410\",\"message\":[],\"reason\":{},"
     "\"details\":[]}}"},
    {DECODE_WATCH, HOSTILE_IGNORED, "",
     "{\"type\":\"ERROR\",\"object\":{\"code\":99999999999,\"details\":{\"retryAfterSeconds\":"
     "-2147483648}}}"},
    {DECODE_WATCH, HOSTILE_BROKEN, "without an object", "{\"type\":\"ERROR\",\"object\":null}"},
    /* lists */
    {DECODE_LIST, HOSTILE_IGNORED, "", "{}"},
    {DECODE_LIST, HOSTILE_IGNORED, "", "{\"items\":null}"},
    {DECODE_LIST, HOSTILE_IGNORED, "", "{\"items\":[]}"},
    {DECODE_LIST, HOSTILE_FINE, "", "{\"odd\":[[[{}]]],\"items\":[" ODD "],\"metadata\":null}"},
    {DECODE_LIST, HOSTILE_FINE, "", "{\"items\":[" ODD "," ODD "]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "the input is empty", ""},
    {DECODE_LIST, HOSTILE_BROKEN, "the input ends", " \n"},
    {DECODE_LIST, HOSTILE_BROKEN, "items: ", "{\"items\":{}}"},
    {DECODE_LIST, HOSTILE_BROKEN, "items: ", "{\"items\":\"x\"}"},
    {DECODE_LIST, HOSTILE_BROKEN, "items[0]: ", "{\"items\":[null]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "items[0]: ", "{\"items\":[[]]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "items[0]: ", "{\"items\":[1e999]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "items: is there twice", "{\"items\":[],\"items\":[]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "metadata.continue: ", "{\"metadata\":{\"continue\":5}}"},
    {DECODE_LIST, HOSTILE_BROKEN,
     "metadata.resourceVersion: ", "{\"metadata\":{\"resourceVersion\":[]}}"},
    {DECODE_LIST, HOSTILE_BROKEN, "metadata: ", "{\"metadata\":[]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "kind: ", "{\"kind\":5}"},
    {DECODE_LIST, HOSTILE_BROKEN, "expected kind PodList, found Table", "{\"kind\":\"Table\"}"},
    {DECODE_LIST, HOSTILE_BROKEN, "expected kind PodList, found Status",
     "{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}"},
    {DECODE_LIST, HOSTILE_BROKEN, "expected kind PodList, found NodeList",
     "{\"kind\":\"NodeList\",\"items\":[]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "expected kind Pod, found Node",
     "{\"items\":[{\"kind\":\"Node\"}]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "byte ", "{}{}"},
    {DECODE_LIST, HOSTILE_BROKEN, "byte ", "{\"items\":[,]}"},
    {DECODE_LIST, HOSTILE_BROKEN, "cut on the way", "{\"items\":["},
};

static void emit_text(const struct hostile_visitor *visitor, struct hostile *hostile,
                      enum decode_source source, struct str text)
{
    char says[sizeof(hostile->says)];
    (void)snprintf(says, sizeof(says), "%s", hostile->says);
    hostile_begin(hostile, hostile->kind, hostile->fate, says);
    hostile->source = source;
    (void)buf_add(&hostile->text, text.ptr, text.len);
    hostile_end(hostile, visitor, false);
}

static void emit_streams(const struct hostile_visitor *visitor)
{
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        struct hostile hostile = {.kind = DECODE_POD, .fate = streams[i].fate};
        (void)snprintf(hostile.says, sizeof(hostile.says), "%s", streams[i].says);
        (void)snprintf(hostile.name, sizeof(hostile.name), "%.120s", streams[i].text);
        emit_text(visitor, &hostile, streams[i].source, str_from(streams[i].text));
    }
}

/* ---- bytes in strings ---- */

static const struct {
    const char *bytes, *says;
} strings[] = {
    {"\xff", "not UTF-8"},
    {"\xc3", "not UTF-8"},
    {"\xc3\x28", "not UTF-8"},
    {"\x80", "not UTF-8"},
    {"\xc0\x80", "not UTF-8"},             /* two bytes for U+0000 */
    {"\xe0\x80\xaf", "not UTF-8"},         /* three for a slash */
    {"\xed\xa0\x80", "not UTF-8"},         /* half of a pair */
    {"\xf4\x90\x80\x80", "not UTF-8"},     /* above U+10FFFF */
    {"\xf8\x88\x80\x80\x80", "not UTF-8"}, /* five bytes */
    {"\xe2\x82", "not UTF-8"},
    {"a\x01z", "byte "},
    {"a\nz", "byte "},
    {"\\x41", "byte "},
    {"\\u12", "byte "},
    {"\\uD800", "byte "},
    {"\\uDC00", "byte "},
    {"\\uD800\\uD800", "byte "},
};

static void emit_bytes(const struct hostile_visitor *visitor)
{
    static const char *const paths[] = {"metadata.name", "spec.containers[0].image",
                                        "spec.nodeSelector[\"zone\"]", "spec.schedulerName"};
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        for (size_t j = 0; j < ARRAY_LEN(paths); j++) {
            struct hostile hostile = {.kind = DECODE_POD, .fate = HOSTILE_BROKEN};
            char value[64];
            (void)snprintf(value, sizeof(value), "\"%s\"", strings[i].bytes);
            (void)snprintf(hostile.says, sizeof(hostile.says), "%s", strings[i].says);
            (void)snprintf(hostile.name, sizeof(hostile.name), "bytes %zu in %.80s", i, paths[j]);
            hostile_emit_at(visitor, &hostile, paths[j], value);
        }
}

/* What is skipped need not be UTF-8: nobody looks at it. */
static void emit_skipped_bytes(const struct hostile_visitor *visitor)
{
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        struct hostile hostile = {.kind = DECODE_POD, .fate = HOSTILE_ANY};
        char value[64];
        (void)snprintf(value, sizeof(value), "\"%s\"", strings[i].bytes);
        (void)snprintf(hostile.name, sizeof(hostile.name), "bytes %zu where nobody looks", i);
        hostile_emit_at(visitor, &hostile, "metadata.annotations.odd", value);
    }
}

void hostile_streams(const struct hostile_visitor *visitor)
{
    emit_streams(visitor);
    emit_bytes(visitor);
    emit_skipped_bytes(visitor);
}
