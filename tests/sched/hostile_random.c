/* What chance makes: values, bytes, and pods that are right but for their numbers. Fixed seeds. */
#include <stdio.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/sched/hostile_corpus.h"

enum { RANDOM_COUNT = 300, RANDOM_SEED = 20250 };

/* A value of any type, a few levels deep. */
static void add_random(struct rng *rng, struct buf *text, uint32_t levels)
{
    static const char *const scalars[] = {"null", "true",     "-1",           "1e30",
                                          "\"\"", "\"good\"", "\"spillway\"", "\"\\ud83d\\ude00\""};
    static const char *const keys[] = {"name",      "key",    "values",   "operator", "requests",
                                       "cpu",       "spec",   "metadata", "status",   "containers",
                                       "resources", "weight", "effect",   "ports",    "hostPort"};
    uint64_t what = rng_below(rng, levels == 0 ? 1 : 3);
    if (what == 0) {
        (void)buf_add_str(text, scalars[rng_below(rng, ARRAY_LEN(scalars))]);
        return;
    }
    (void)buf_add_str(text, what == 1 ? "[" : "{");
    for (uint64_t i = 0, count = rng_below(rng, 4); i < count; i++) {
        (void)buf_add_str(text, i > 0 ? "," : "");
        if (what == 2)
            (void)buf_printf(text, "\"%s\":", keys[rng_below(rng, ARRAY_LEN(keys))]);
        add_random(rng, text, levels - 1);
    }
    (void)buf_add_str(text, what == 1 ? "]" : "}");
}

static void emit_random_value(const struct hostile_visitor *visitor, struct rng *rng, uint32_t i)
{
    static const char *const paths[] = {"spec",
                                        "spec.containers[0]",
                                        "spec.affinity.nodeAffinity",
                                        "spec.tolerations",
                                        "status",
                                        "spec.containers[0].resources",
                                        "metadata.annotations",
                                        "spec.resources",
                                        "spec.overhead",
                                        "spec.nodeSelector"};
    struct hostile hostile = {.kind = DECODE_POD, .fate = HOSTILE_ANY};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    add_random(rng, &value, 6);
    (void)snprintf(hostile.name, sizeof(hostile.name), "random value %u", i);
    hostile_emit_at(visitor, &hostile, paths[rng_below(rng, ARRAY_LEN(paths))], value.data);
    buf_fini(&value);
}

static void emit_changed_bytes(const struct hostile_visitor *visitor, struct rng *rng, uint32_t i)
{
    struct hostile hostile = {.kind = i % 4 == 0 ? DECODE_NODE : DECODE_POD, .fate = HOSTILE_ANY};
    (void)snprintf(hostile.name, sizeof(hostile.name), "changed bytes %u", i);
    hostile_begin(&hostile, hostile.kind, HOSTILE_ANY, "");
    hostile_add_at(&hostile,
                   hostile.kind == DECODE_POD ? "spec.containers[0].resources.requests[\"cpu\"]"
                                              : "metadata.labels[\"zone\"]",
                   "\"1\"");
    for (uint64_t change = 0, count = 1 + rng_below(rng, 4); change < count; change++)
        hostile.text.data[rng_below(rng, hostile.text.len)] =
            "\"\\{}[],:0e-\n\xc3\xff\x7fnt"[rng_below(rng, 17)];
    hostile_end(&hostile, visitor, true);
}

/* ---- whole pods ---- */

/* Mostly few, at times as many as may be. */
static uint64_t any_count(struct rng *rng, uint64_t most)
{
    return rng_below(rng, rng_below(rng, 4) == 0 ? most + 1 : 4);
}

/* "key":[items], each made by `add`. */
static void add_list(struct rng *rng, struct buf *text, const char *key, uint64_t most,
                     void (*add)(struct rng *rng, struct buf *text))
{
    (void)buf_printf(text, "\"%s\":[", key);
    for (uint64_t i = 0, count = any_count(rng, most); i < count; i++) {
        (void)buf_add_str(text, i > 0 ? "," : "");
        add(rng, text);
    }
    (void)buf_add_str(text, "]");
}

static void add_word(struct rng *rng, struct buf *text)
{
    (void)buf_printf(text, "\"w%d\"", (int)rng_below(rng, 50));
}

static void add_requirement(struct rng *rng, struct buf *text)
{
    static const char *const ops[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Odd"};
    (void)buf_printf(text, "{\"key\":\"%s\",\"operator\":\"%s\",",
                     rng_below(rng, 3) ? "zone" : "metadata.name",
                     ops[rng_below(rng, ARRAY_LEN(ops))]);
    add_list(rng, text, "values", 20, add_word);
    (void)buf_add_str(text, "}");
}

static void add_term(struct rng *rng, struct buf *text)
{
    (void)buf_add_str(text, "{");
    add_list(rng, text, "matchExpressions", 8, add_requirement);
    (void)buf_add_str(text, ",");
    add_list(rng, text, "matchFields", 4, add_requirement);
    (void)buf_add_str(text, "}");
}

static void add_preferred(struct rng *rng, struct buf *text)
{
    (void)buf_printf(text, "{\"weight\":%d,\"preference\":", 1 + (int)rng_below(rng, 100));
    add_term(rng, text);
    (void)buf_add_str(text, "}");
}

static void add_toleration(struct rng *rng, struct buf *text)
{
    static const char *const ops[] = {"Equal", "Exists", "", "Odd"};
    (void)buf_printf(text, "{\"key\":\"w%d\",\"operator\":\"%s\",\"effect\":\"%s\"}",
                     (int)rng_below(rng, 9), ops[rng_below(rng, ARRAY_LEN(ops))],
                     rng_below(rng, 2) ? "NoSchedule" : "");
}

static void add_port(struct rng *rng, struct buf *text)
{
    static const char *const ips[] = {"", "0.0.0.0", "::", "10.0.0.1", "10.0.0.2"};
    (void)buf_printf(text, "{\"hostPort\":%d,\"hostIP\":\"%s\"}", (int)rng_below(rng, 4),
                     ips[rng_below(rng, ARRAY_LEN(ips))]);
}

static void add_container(struct rng *rng, struct buf *text)
{
    (void)buf_printf(text,
                     "{\"image\":\"i%d\",\"restartPolicy\":\"%s\",\"resources\":{\"requests\":{"
                     "\"cpu\":\"%dm\",\"example.com/r%d\":\"%d\"}},",
                     (int)rng_below(rng, 5), rng_below(rng, 2) ? "Always" : "",
                     (int)rng_below(rng, 999), (int)rng_below(rng, 30), (int)rng_below(rng, 2));
    add_list(rng, text, "ports", 5, add_port);
    (void)buf_add_str(text, "}");
}

static void emit_random_pod(const struct hostile_visitor *visitor, struct rng *rng, uint32_t i)
{
    struct hostile hostile = {.kind = DECODE_POD, .fate = HOSTILE_ANY};
    struct buf value;
    buf_init(&value, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_add_str(&value, "[],");
    add_list(rng, &value, "containers", 30, add_container);
    (void)buf_add_str(&value, ",");
    add_list(rng, &value, "initContainers", 30, add_container);
    (void)buf_add_str(&value, ",");
    add_list(rng, &value, "tolerations", 40, add_toleration);
    (void)buf_add_str(&value, ",\"affinity\":{\"nodeAffinity\":{");
    if (rng_below(rng, 2)) {
        (void)buf_add_str(&value, "\"requiredDuringSchedulingIgnoredDuringExecution\":{");
        add_list(rng, &value, "nodeSelectorTerms", 64, add_term);
        (void)buf_add_str(&value, "},");
    }
    add_list(rng, &value, "preferredDuringSchedulingIgnoredDuringExecution", 64, add_preferred);
    (void)buf_add_str(&value, "}}");
    if (rng_below(rng, 3) == 0)
        (void)buf_add_str(&value, ",\"nodeName\":\"good\"");
    (void)snprintf(hostile.name, sizeof(hostile.name), "random pod %u", i);
    hostile_emit_at(visitor, &hostile, "spec.odd", value.data);
    buf_fini(&value);
}

void hostile_random(const struct hostile_visitor *visitor)
{
    struct rng rng;
    rng_init(&rng, RANDOM_SEED);
    for (uint32_t i = 0; i < RANDOM_COUNT; i++) {
        emit_random_value(visitor, &rng, i);
        emit_changed_bytes(visitor, &rng, i);
        emit_random_pod(visitor, &rng, i);
    }
}
