/*
 * build/spillway beside objects that an apiserver stores and no one should have written: each waits
 * with a condition that names its field, costs bounded memory, and the good pods are bound.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/buf.h"
#include "tests/sim/stage.h"

enum { TEXT_BYTES = 8 << 20, RESIDENT_BYTES_MAX = 100 << 20 };

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_hostile, .init = setup, .fini = teardown, .timeout = 120);

/* An entry, `count` times; %u in it is its number. The whole ends with `after`. */
struct part {
    const char *before, *entry;
    uint32_t count;
    const char *after;
};

static const struct {
    const char *name;
    struct part spec;
    const char *says; /* NULL: bound */
} pods[] = {
    {"amount",
     {"\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"1e30\"}}}]", "", 0,
      ""},
     "spec.containers[0].resources.requests[\"cpu\"]: \"1e30\" is too large"},
    {"negative",
     {"\"overhead\":{\"memory\":\"-1Gi\"},\"containers\":[{\"name\":\"c\"}]", "", 0, ""},
     "spec.overhead[\"memory\"]: \"-1Gi\" is negative"},
    {"priority",
     {"\"priority\":1e30,\"containers\":[{\"name\":\"c\"}]", "", 0, ""},
     "spec.priority: "},
    {"tolerations",
     {"\"containers\":[{\"name\":\"c\"}],\"tolerations\":[",
      "{\"key\":\"k%u\",\"operator\":\"Exists\"}", 5000, "]"},
     "spec.tolerations[256]: is over the limit of 256 entries"},
    {"containers",
     {"\"containers\":[", "{\"name\":\"c%u\",\"image\":\"i%u\"}", 300, "]"},
     "spec.containers[256]: is over the limit of 256 entries"},
    {"selector",
     {"\"containers\":[{\"name\":\"c\"}],\"nodeSelector\":{", "\"k%u\":\"v%u\"", 2000, "}"},
     "spec.nodeSelector["},
    {"terms",
     {"\"containers\":[{\"name\":\"c\"}],\"affinity\":{\"nodeAffinity\":{"
      "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[",
      "{\"matchExpressions\":[{\"key\":\"k%u\",\"operator\":\"NotIn\",\"values\":[\"v\"]},{\"key\":"
      "\"k%u\",\"operator\":\"Exists\"}]}",
      64, "]}}}"},
     "1 node(s) didn't match Pod's node affinity/selector"},
    {"nothing",
     {"\"containers\":[{\"name\":\"c\"}],\"affinity\":{\"nodeAffinity\":{"
      "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[]}}}",
      "", 0, ""},
     "1 node(s) didn't match Pod's node affinity/selector"},
    {"ports",
     {"\"containers\":[{\"name\":\"c\",\"ports\":[", "{\"hostPort\":%u,\"containerPort\":1}", 256,
      "]}]"},
     NULL},
    {"volumes",
     {"\"containers\":[{\"name\":\"c\"}],\"volumes\":[", "{\"name\":\"v%u\",\"emptyDir\":{}}",
      20000, "]"},
     NULL},
};

static void add_part(struct buf *text, const struct part *part)
{
    (void)buf_add_str(text, part->before);
    for (uint32_t i = 1; i <= part->count; i++) {
        (void)buf_add_str(text, i > 1 ? "," : "");
        for (const char *at = part->entry; *at; at++) {
            bool is_number = at[0] == '%' && at[1] == 'u';
            if (is_number)
                (void)buf_printf(text, "%u", i);
            else
                (void)buf_add(text, at, 1);
            at += is_number;
        }
    }
    (void)buf_add_str(text, part->after);
}

static void create_pod(size_t i)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    (void)buf_printf(&text,
                     "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\"},"
                     "\"spec\":{\"schedulerName\":\"spillway\",",
                     pods[i].name);
    add_part(&text, &pods[i].spec);
    (void)buf_add_str(&text, "}}");
    stage_create(&stage, KIND_POD, text.data);
    buf_fini(&text);
}

/* One that offers more than all others, if it could be believed. */
static void create_node(const char *name, const struct part *part)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    (void)buf_printf(&text,
                     "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\"},"
                     "\"status\":{\"allocatable\":{\"cpu\":\"999\",\"memory\":\"9Ti\",\"pods\":"
                     "\"999\"",
                     name);
    add_part(&text, part);
    stage_create(&stage, KIND_NODE, text.data);
    buf_fini(&text);
}

Test(spillway_hostile, objects_that_a_store_takes_wait_with_their_field_and_the_good_are_bound)
{
    uint64_t bound = 0;
    stage_add_node(&stage, "n", "10");
    for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
        create_pod(i);
        bound += !pods[i].says;
    }
    stage_start(&stage, "kubeconfig", NULL);
    for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
        if (!pods[i].says) {
            stage_await_bound(&stage, pods[i].name);
            continue;
        }
        char *message = stage_await_refusal(&stage, pods[i].name);
        cr_expect(strstr(message, pods[i].says), "%s: %s", pods[i].name, message);
        free(message);
    }
    stage_add_pods(&stage, "good", 5, "1");
    stage_await_bindings(&stage, bound + 5);
    cr_expect_eq(stage_pods_on(&stage, "n"), bound + 5);
#ifndef __SANITIZE_ADDRESS__ /* its shadow and its quarantine are memory too */
    cr_expect_lt(spillway_peak_bytes(&stage.spillway), RESIDENT_BYTES_MAX);
#endif
    cr_expect_eq(stage.moves, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_hostile, nodes_that_cannot_be_believed_are_named_and_get_nothing)
{
    stage_add_node(&stage, "n", "10");
    create_node("resources", &(struct part){",", "\"example.com/r%u\":\"1\"", 300, "}}}"});
    create_node("amount", &(struct part){",\"example.com/gpu\":\"many\"}}}", "", 0, ""});
    create_node("taints",
                &(struct part){"}},\"spec\":{\"taints\":[", "{\"key\":\"k%u\"}", 300, "]}}"});
    stage_start(&stage, "kubeconfig", NULL);
    stage_await_said(&stage, "node resources takes no pods: ");
    stage_await_said(&stage, "node amount takes no pods: ");
    stage_await_said(&stage, "node taints takes no pods: ");
    stage_add_pods(&stage, "good", 5, "1");
    stage_await_bindings(&stage, 5);
    cr_expect_eq(stage_pods_on(&stage, "n"), 5);
    cr_expect_eq(stage_stop(&stage), 0);
}
