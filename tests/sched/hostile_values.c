/* Values of the right type that say something absurd: amounts, numbers, names, selectors. */
#include <stdio.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/sched/hostile_corpus.h"

static void emit(const struct hostile_visitor *visitor, enum decode_kind kind,
                 enum hostile_fate fate, const char *says, const char *path, const char *value)
{
    struct hostile hostile = {.kind = kind, .fate = fate};
    (void)snprintf(hostile.says, sizeof(hostile.says), "%s", says);
    (void)snprintf(hostile.name, sizeof(hostile.name), "%.70s = %.50s", path, value);
    hostile_emit_at(visitor, &hostile, path, value);
}

/* ---- quantities ---- */

static const char *const no_quantities[] = {
    "\"\"",        "\" \"",    "\"-\"",     "\"+\"",
    "\".\"",       "\"--1\"",  "\"1 \"",    "\" 1\"",
    "\"1,5\"",     "\"0x10\"", "\"1K\"",    "\"1ki\"",
    "\"1i\"",      "\"1MiB\"", "\"1Zi\"",   "\"1e\"",
    "\"1e3.5\"",   "\"1eE\"",  "\"NaN\"",   "\"inf\"",
    "\"1_0\"",     "\"aoeu\"", "\"1.1.M\"", "\"\\u0663\"",
    "1.5",         "1e3",      "\"1\\n\"",  "\"1\\t\"",
    "\"\\u2007\"", "\"%s%n\"", "\"1e3k\"",  "99999999999999999999999999",
};

static const char *const too_large[] = {
    "\"1e30\"",       "\"9223372036854775807\"", "\"18446744073709551616\"",
    "\"8Ei\"",        "\"1e99999999999999999\"", "9223372036854775807",
    "\"99999999Ei\"",
};

static const char *const negative[] = {"\"-1\"", "-1", "\"-8Ei\"", "\"-1e30\"", "\"-1u\""};

static const char *const amount_paths[] = {
    "spec.containers[0].resources.requests[\"cpu\"]",
    "spec.initContainers[0].resources.requests[\"memory\"]",
    "spec.overhead[\"ephemeral-storage\"]",
    "spec.resources.requests[\"hugepages-2Mi\"]",
    "spec.containers[0].resources.requests[\"example.com/gpu\"]",
};

static void emit_amounts(const struct hostile_visitor *visitor, const char *path)
{
    char says[160];
    for (size_t i = 0; i < ARRAY_LEN(no_quantities); i++) {
        (void)snprintf(says, sizeof(says), "%s: \"", path);
        emit(visitor, DECODE_POD, HOSTILE_PROBLEM,
             strcmp(no_quantities[i], "\"\"") == 0 ? path : says, path, no_quantities[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(too_large); i++)
        emit(visitor, DECODE_POD, HOSTILE_PROBLEM, "is too large: set it below 2^63 units", path,
             too_large[i]);
    for (size_t i = 0; i < ARRAY_LEN(negative); i++)
        emit(visitor, DECODE_POD, HOSTILE_PROBLEM, "is negative: set it to 0 or more", path,
             negative[i]);
}

/* A node may offer more than a number can hold, but not less than nothing. */
static void emit_offers(const struct hostile_visitor *visitor)
{
    const char *path = "status.allocatable[\"cpu\"]";
    for (size_t i = 0; i < ARRAY_LEN(no_quantities); i++)
        emit(visitor, DECODE_NODE, HOSTILE_PROBLEM, path, path, no_quantities[i]);
    for (size_t i = 0; i < ARRAY_LEN(too_large); i++)
        emit(visitor, DECODE_NODE, HOSTILE_FINE, "", "status.allocatable[\"memory\"]",
             too_large[i]);
    for (size_t i = 0; i < ARRAY_LEN(negative); i++)
        emit(visitor, DECODE_NODE, HOSTILE_PROBLEM, "is negative", path, negative[i]);
}

/* ---- whole numbers ---- */

#define PREFERRED "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution"

static const struct {
    enum decode_kind kind;
    const char *path;
    const char *wrong[7];
} numbers[] = {
    {DECODE_POD,
     "spec.priority",
     {"2147483648", "-2147483649", "1e30", "1.5", "1e999999999", "-0.1",
      "99999999999999999999999999999999999999"}},
    {DECODE_POD,
     "spec.containers[0].ports[0].hostPort",
     {"65536", "-1", "1e2", "80.5", "99999999999999999999", "-9223372036854775808",
      "9223372036854775808"}},
    {DECODE_POD, PREFERRED "[0].weight", {"0", "101", "-1", "1e1", "4294967297", "0.5", NULL}},
    {DECODE_POD,
     "metadata.generation",
     {"9223372036854775808", "-9223372036854775809", "1e18", "1.0", NULL}},
    {DECODE_POD, "status.conditions[0].observedGeneration", {"1e3", "18446744073709551615", NULL}},
    {DECODE_POD, "code", {"2147483648", "1e3", NULL}},
    {DECODE_POD, "details.retryAfterSeconds", {"2147483648", "0.5", NULL}},
    {DECODE_NODE, "status.images[0].sizeBytes", {"-1", "9223372036854775808", "1e3", "2.5", NULL}},
};

static void emit_numbers(const struct hostile_visitor *visitor)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        for (size_t j = 0; j < ARRAY_LEN(numbers[i].wrong) && numbers[i].wrong[j]; j++) {
            char says[128];
            (void)snprintf(says, sizeof(says), "%.110s", numbers[i].path);
            emit(visitor, numbers[i].kind, HOSTILE_PROBLEM, says, numbers[i].path,
                 numbers[i].wrong[j]);
        }
}

/* ---- names and words ---- */

#define REQUIRED "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
#define TERMS    REQUIRED ".nodeSelectorTerms"
#define MATCHES  TERMS "[0].matchExpressions"

static const char no_node_matches[] = "didn't match Pod's node affinity/selector";

static const struct {
    enum decode_kind kind;
    enum hostile_fate fate;
    const char *says, *path, *value;
} words[] = {
    {DECODE_POD, HOSTILE_PASSED, "metadata.name: is not there", "metadata.name", "\"\""},
    {DECODE_POD, HOSTILE_PASSED, "metadata.name: is not there", "metadata.name", "null"},
    {DECODE_POD, HOSTILE_PASSED, "metadata.namespace", "metadata.namespace", "null"},
    {DECODE_POD, HOSTILE_PASSED, "metadata.namespace", "metadata.namespace", "\"\""},
    {DECODE_POD, HOSTILE_WAITS, "metadata.uid", "metadata.uid", "null"},
    {DECODE_POD, HOSTILE_FINE, "", "metadata.name", "\"../../../etc/passwd\""},
    {DECODE_POD, HOSTILE_FINE, "", "metadata.name", "\"%s%s%n\""},
    {DECODE_POD, HOSTILE_FINE, "", "metadata.name", "\"a b\\u001b[2J?x=1#y\""},
    {DECODE_POD, HOSTILE_FINE, "", "metadata.resourceVersion", "\"not a number\""},
    {DECODE_POD, HOSTILE_FINE, "", "metadata.resourceVersion", "\"\""},
    {DECODE_POD, HOSTILE_FINE, "", "metadata.resourceVersion", "\"99999999999999999999999\""},
    {DECODE_POD, HOSTILE_FINE, "", "metadata.resourceVersion", "\"-1\""},
    {DECODE_POD, HOSTILE_IGNORED, "", "metadata.deletionTimestamp", "[[[]]]"},
    {DECODE_POD, HOSTILE_IGNORED, "", "spec.schedulerName", "\"\""},
    {DECODE_POD, HOSTILE_IGNORED, "", "spec.schedulerName", "\"spillway \""},
    {DECODE_POD, HOSTILE_IGNORED, "", "spec.schedulerName", "\"SPILLWAY\""},
    {DECODE_POD, HOSTILE_IGNORED, "", "spec.schedulingGates", "[5,null,{}]"},
    {DECODE_POD, HOSTILE_IGNORED, "", "spec.nodeName", "\"no-such-node\""},
    {DECODE_POD, HOSTILE_IGNORED, "", "status.phase", "\"Failed\""},
    {DECODE_POD, HOSTILE_FINE, "", "status.phase", "\"Odd\""},
    {DECODE_POD, HOSTILE_FINE, "", "status.nominatedNodeName", "\"no-such-node\""},
    {DECODE_POD, HOSTILE_FINE, "", "spec.priority", "-2147483648"},
    {DECODE_POD, HOSTILE_FINE, "", "spec.containers[0].ports[0].protocol", "\"ODD\""},
    {DECODE_POD, HOSTILE_FINE, "", "spec.containers[0].ports[0].hostPort", "0"},
    {DECODE_POD, HOSTILE_FINE, "", "spec.containers[0].image", "\"\""},
    {DECODE_POD, HOSTILE_FINE, "", "spec.containers[0].image", "\":::/@\""},
    {DECODE_POD, HOSTILE_FINE, "", "spec.containers[0].resources.requests[\"cpu\"]", "null"},
    {DECODE_POD, HOSTILE_FINE, "", "spec.containers[0].resources.requests[\"\"]", "\"5\""},
    {DECODE_POD, HOSTILE_WAITS, "Insufficient cpu", "spec.overhead[\"cpu\"]",
     "\"9223372036854775\""},
    {DECODE_POD, HOSTILE_WAITS, "Insufficient memory", "spec.overhead[\"memory\"]",
     "\"9223372036854775806\""},
    {DECODE_POD, HOSTILE_WAITS, "Insufficient pods/odd", "spec.overhead[\"pods/odd\"]", "1"},
    {DECODE_POD, HOSTILE_FINE, "", "spec.tolerations[0].operator", "\"ODD\""},
    {DECODE_POD, HOSTILE_FINE, "", "spec.tolerations[0].effect", "\"ODD\""},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, "spec.nodeSelector[\"\"]", "\"\""},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, "spec.nodeSelector[\"zone\"]", "null"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, "spec.nodeSelector[\"\\u001b[2J\"]", "\"x\""},
    /* selectors */
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, REQUIRED, "{}"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, TERMS, "[]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, TERMS, "[{},{},{}]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES, "[]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES, "[{}]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES "[0].operator", "\"ODD\""},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES "[0].operator", "\"Exists\""},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES,
     "[{\"key\":\"zone\",\"operator\":\"In\",\"values\":[]}]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES,
     "[{\"key\":\"zone\",\"operator\":\"Gt\",\"values\":[\"9999999999999999999999999\"]}]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES,
     "[{\"key\":\"zone\",\"operator\":\"Lt\",\"values\":[\"1\",\"2\"]}]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, MATCHES,
     "[{\"key\":\"zone\",\"operator\":\"Exists\"},{\"key\":\"zone\",\"operator\":"
     "\"DoesNotExist\"}]"},
    {DECODE_POD, HOSTILE_WAITS, no_node_matches, TERMS,
     "[{\"matchFields\":[{\"key\":\"metadata.uid\",\"operator\":\"In\",\"values\":[\"good\"]}]}]"},
    {DECODE_POD, HOSTILE_WAITS, "didn't satisfy plugin(s) [NodeAffinity]", TERMS,
     "[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":"
     "[\"no-such-node\"]}]}]"},
    {DECODE_POD, HOSTILE_WAITS, "pod affinity terms conflict", TERMS,
     "[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":[\"good\"]},"
     "{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":[\"bad\"]}]}]"},
    /* nodes */
    {DECODE_NODE, HOSTILE_PASSED, "metadata.name: is not there", "metadata.name", "\"\""},
    {DECODE_NODE, HOSTILE_PASSED, "metadata.name: is not there", "metadata.name", "null"},
    {DECODE_NODE, HOSTILE_FINE, "", "metadata.labels[\"\"]", "\"\""},
    {DECODE_NODE, HOSTILE_FINE, "", "metadata.labels[\"\\\\\"]", "\"\\u0001\\ud83d\\ude00\""},
    {DECODE_NODE, HOSTILE_FINE, "", "metadata.resourceVersion", "\"odd\""},
    {DECODE_NODE, HOSTILE_FINE, "", "spec.taints[0].effect", "\"ODD\""},
    {DECODE_NODE, HOSTILE_FINE, "", "spec.taints", "[{},{},{}]"},
    {DECODE_NODE, HOSTILE_FINE, "", "spec.taints[0]",
     "{\"key\":\"\",\"value\":\"\",\"effect\":\"NoSchedule\"}"},
    {DECODE_NODE, HOSTILE_FINE, "", "status.images", "[{\"names\":[\"\",\":\",\"@\"]},{}]"},
    {DECODE_NODE, HOSTILE_FINE, "", "status.allocatable[\"\"]", "\"1\""},
};

void hostile_values(const struct hostile_visitor *visitor)
{
    for (size_t i = 0; i < ARRAY_LEN(amount_paths); i++)
        emit_amounts(visitor, amount_paths[i]);
    emit_offers(visitor);
    emit_numbers(visitor);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        emit(visitor, words[i].kind, words[i].fate, words[i].says, words[i].path, words[i].value);
}
