/* Each field that is read, with a value of each type that it may not have; and each key twice. */
#include <stdio.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/sched/hostile_corpus.h"

#define REQUIRED  "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution"
#define SPREAD    "spec.topologySpreadConstraints"
#define INIT      "spec.initContainers[0].resources.requests[\"memory\"]"

/* Types by letter: number, string, boolean, object, array. What is not named is wrong. */
static const struct {
    enum decode_kind kind;
    const char *path, *allowed;
    enum hostile_fate fate; /* of a wrong one */
} fields[] = {
    {DECODE_POD, "kind", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "message", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "code", "n", HOSTILE_PROBLEM},
    {DECODE_POD, "details", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "metadata", "o", HOSTILE_PASSED},
    {DECODE_POD, "metadata.name", "s", HOSTILE_PASSED},
    {DECODE_POD, "metadata.namespace", "s", HOSTILE_PASSED},
    {DECODE_POD, "metadata.uid", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "metadata.resourceVersion", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "metadata.generation", "n", HOSTILE_PROBLEM},
    {DECODE_POD, "metadata.annotations", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec", "o", HOSTILE_IGNORED}, /* whose it is, stood in it */
    {DECODE_POD, "spec.schedulerName", "s", HOSTILE_IGNORED},
    {DECODE_POD, "spec.nodeName", "s", HOSTILE_PASSED}, /* it is on a node, nobody knows which */
    {DECODE_POD, "spec.priority", "n", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers", "a", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0]", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].name", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].image", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].restartPolicy", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].resources", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].resources.requests", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].resources.requests[\"cpu\"]", "ns", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].ports", "a", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].ports[0]", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].ports[0].hostPort", "n", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].ports[0].hostIP", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.containers[0].ports[0].protocol", "s", HOSTILE_PROBLEM},
    {DECODE_POD, INIT, "ns", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.overhead", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.overhead[\"example.com/gpu\"]", "ns", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.resources", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.resources.requests[\"cpu\"]", "ns", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.nodeSelector", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.nodeSelector[\"zone\"]", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.affinity", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.affinity.podAffinity", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.affinity.nodeAffinity", "o", HOSTILE_PROBLEM},
    {DECODE_POD, REQUIRED, "o", HOSTILE_PROBLEM},
    {DECODE_POD, REQUIRED ".nodeSelectorTerms", "a", HOSTILE_PROBLEM},
    {DECODE_POD, REQUIRED ".nodeSelectorTerms[0]", "o", HOSTILE_PROBLEM},
    {DECODE_POD, PREFERRED, "a", HOSTILE_PROBLEM},
    {DECODE_POD, PREFERRED "[0].weight", "n", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.tolerations", "a", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.tolerations[0]", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.tolerations[0].key", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.tolerations[0].operator", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.tolerations[0].value", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.tolerations[0].effect", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.volumes", "a", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.volumes[0]", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.schedulingGates", "a", HOSTILE_PROBLEM},
    {DECODE_POD, "spec.resourceClaims", "a", HOSTILE_PROBLEM},
    {DECODE_POD, SPREAD "[0].whenUnsatisfiable", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "status", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "status.phase", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "status.nominatedNodeName", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "status.conditions", "a", HOSTILE_PROBLEM},
    {DECODE_POD, "status.conditions[0]", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "status.conditions[0].type", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "status.conditions[0].observedGeneration", "n", HOSTILE_PROBLEM},
    {DECODE_POD, "status.containerStatuses", "a", HOSTILE_PROBLEM},
    {DECODE_POD, "status.containerStatuses[0].name", "s", HOSTILE_PROBLEM},
    {DECODE_POD, "status.containerStatuses[0].allocatedResources", "o", HOSTILE_PROBLEM},
    {DECODE_POD, "status.resources.requests[\"cpu\"]", "ns", HOSTILE_PROBLEM},
    {DECODE_NODE, "metadata", "o", HOSTILE_PASSED},
    {DECODE_NODE, "metadata.name", "s", HOSTILE_PASSED},
    {DECODE_NODE, "metadata.uid", "s", HOSTILE_PROBLEM},
    {DECODE_NODE, "metadata.resourceVersion", "s", HOSTILE_PROBLEM},
    {DECODE_NODE, "metadata.labels", "o", HOSTILE_PROBLEM},
    {DECODE_NODE, "metadata.labels[\"zone\"]", "s", HOSTILE_PROBLEM},
    {DECODE_NODE, "spec", "o", HOSTILE_PROBLEM},
    {DECODE_NODE, "spec.unschedulable", "b", HOSTILE_PROBLEM},
    {DECODE_NODE, "spec.taints", "a", HOSTILE_PROBLEM},
    {DECODE_NODE, "spec.taints[0]", "o", HOSTILE_PROBLEM},
    {DECODE_NODE, "spec.taints[0].key", "s", HOSTILE_PROBLEM},
    {DECODE_NODE, "spec.taints[0].value", "s", HOSTILE_PROBLEM},
    {DECODE_NODE, "spec.taints[0].effect", "s", HOSTILE_PROBLEM},
    {DECODE_NODE, "status", "o", HOSTILE_PROBLEM},
    {DECODE_NODE, "status.allocatable", "o", HOSTILE_PROBLEM},
    {DECODE_NODE, "status.allocatable[\"cpu\"]", "ns", HOSTILE_PROBLEM},
    {DECODE_NODE, "status.images", "a", HOSTILE_PROBLEM},
    {DECODE_NODE, "status.images[0]", "o", HOSTILE_PROBLEM},
    {DECODE_NODE, "status.images[0].names", "a", HOSTILE_PROBLEM},
    {DECODE_NODE, "status.images[0].sizeBytes", "n", HOSTILE_PROBLEM},
};

/* Where the decoder says it is wrong: a problem names at most 127 bytes of a path. */
static void path_said(const char *path, char says[128])
{
    (void)snprintf(says, 128, "%.120s", path);
}

static void emit_type(const struct hostile_visitor *visitor, size_t field, const char *value)
{
    struct hostile hostile = {.kind = fields[field].kind, .fate = fields[field].fate};
    char says[128];
    path_said(fields[field].path, says);
    (void)snprintf(hostile.says, sizeof(hostile.says), "%s", says);
    (void)snprintf(hostile.name, sizeof(hostile.name), "%.100s as %.20s", fields[field].path,
                   value);
    hostile_emit_at(visitor, &hostile, fields[field].path, value);
}

static void emit_twice(const struct hostile_visitor *visitor, size_t field)
{
    static const struct {
        char letter;
        const char *value;
    } values[] = {{'s', "\"a\""}, {'n', "1"}, {'b', "true"}, {'o', "{}"}, {'a', "[]"}};
    const char *value = NULL;
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (!value && strchr(fields[field].allowed, values[i].letter))
            value = values[i].value;
    CHECK(value);
    struct hostile hostile = {.kind = fields[field].kind, .fate = HOSTILE_PROBLEM};
    char says[128], twice[128];
    const char *key = strrchr(fields[field].path, '.');
    path_said(fields[field].path, says);
    (void)snprintf(hostile.says, sizeof(hostile.says), "%s", says);
    (void)snprintf(twice, sizeof(twice), "%s,\"%s\":%s", value, key ? key + 1 : fields[field].path,
                   value);
    (void)snprintf(hostile.name, sizeof(hostile.name), "%.100s twice", fields[field].path);
    hostile_emit_at(visitor, &hostile, fields[field].path, twice);
}

/* A key of a struct that is there twice is refused; an item and a map's key cannot be. What says
 * who it is or whose, or where, has a fate of its own when it is there twice. */
static bool may_be_twice(size_t field)
{
    const char *path = fields[field].path;
    return path[strlen(path) - 1] != ']' && fields[field].fate == HOSTILE_PROBLEM &&
           strcmp(path, "kind") != 0 && strcmp(path, "metadata.uid") != 0;
}

void hostile_types(const struct hostile_visitor *visitor)
{
    static const struct {
        char letter;
        const char *text;
    } values[] = {
        {'n', "7"},       {'n', "1e999"},      {'s', "\"odd\""},
        {'b', "false"},   {'o', "{\"a\":{}}"}, {'o', "{\"a\":{\"b\":[{\"c\":null}]}}"},
        {'a', "[[1],2]"}, {'a', "[]"},
    };
    for (size_t field = 0; field < ARRAY_LEN(fields); field++) {
        for (size_t i = 0; i < ARRAY_LEN(values); i++)
            if (!strchr(fields[field].allowed, values[i].letter))
                emit_type(visitor, field, values[i].text);
        if (may_be_twice(field))
            emit_twice(visitor, field);
    }
}
