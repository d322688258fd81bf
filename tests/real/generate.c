#include "tests/real/generate.h"

#include <stdio.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/real/generate_pick.h"

/* ---- nodes ---- */

static const char *const cpus[] = {"2", "3900m", "8", "16", "64"};
static const char *const memories[] = {"4Gi", "8053064Ki", "32Gi", "64000000000", "256Gi"};
static const char *const pod_limits[] = {"110", "110", "110", "110", "110", "4", "2", "0"};

const char *const generate_images[GENERATE_IMAGES] = {
    "test.invalid/tiny:1",  "test.invalid/small:latest", "test.invalid/middle:1",
    "test.invalid/large:2", "test.invalid/huge:1",       "test.invalid:5000/port:1"};
static const json_int_t image_bytes[GENERATE_IMAGES] = {5000000,   60000000,   400000000,
                                                        900000000, 2500000000, 150000000};

const char *const generate_taint_keys[GENERATE_TAINT_KEYS] = {"dedicated", "gpu",
                                                              "example.com/spot"};
const char *const generate_taint_values[GENERATE_TAINT_VALUES] = {"", "a", "b"};
const char *const generate_effects[GENERATE_EFFECTS] = {"NoSchedule", "PreferNoSchedule",
                                                        "NoExecute"};

static json_t *make_labels(struct rng *rng, const char *name)
{
    static const char *const zones[] = {"a", "b", "c"};
    static const char *const ranks[] = {"1", "3", "5", "07", "9", "4", "x7", ""};
    json_t *labels = json_pack("{ss}", "kubernetes.io/hostname", name);
    if (pick_chance(rng, 85)) {
        const char *zone = PICK(rng, zones);
        json_object_set_new(labels, "topology.kubernetes.io/zone", json_string(zone));
        json_object_set_new(labels, "zone", json_string(zone));
    }
    if (pick_chance(rng, 80))
        json_object_set_new(labels, "rank", json_string(PICK(rng, ranks)));
    if (pick_chance(rng, 60))
        json_object_set_new(labels, "disk", json_string(pick_chance(rng, 50) ? "ssd" : "hdd"));
    return labels;
}

static json_t *make_taints(struct rng *rng, bool cordoned)
{
    json_t *taints = json_array();
    for (size_t i = 0; i < GENERATE_TAINT_KEYS; i++) {
        if (!pick_chance(rng, 14))
            continue;
        json_t *taint = json_pack("{ssss}", "key", generate_taint_keys[i], "effect",
                                  PICK(rng, generate_effects));
        const char *value = PICK(rng, generate_taint_values);
        if (value[0])
            json_object_set_new(taint, "value", json_string(value));
        json_array_append_new(taints, taint);
    }
    if (cordoned)
        json_array_append_new(taints, json_pack("{ssss}", "key", "node.kubernetes.io/unschedulable",
                                                "effect", "NoSchedule"));
    return taints;
}

static json_t *make_allocatable(struct rng *rng)
{
    /* One choice a statement: the order of arguments is the compiler's. */
    const char *cpu = PICK(rng, cpus);
    const char *memory = PICK(rng, memories);
    json_t *amounts =
        json_pack("{ssssss}", "cpu", cpu, "memory", memory, "pods", PICK(rng, pod_limits));
    if (pick_chance(rng, 80))
        json_object_set_new(amounts, "ephemeral-storage", json_string("20Gi"));
    if (pick_chance(rng, 30))
        json_object_set_new(amounts, "example.com/gpu",
                            json_string(pick_chance(rng, 50) ? "4" : "1"));
    if (pick_chance(rng, 20))
        json_object_set_new(amounts, "other.example/fpga", json_string("2"));
    if (pick_chance(rng, 25))
        json_object_set_new(amounts, "hugepages-2Mi", json_string("128Mi"));
    return amounts;
}

static json_t *make_images(struct rng *rng)
{
    json_t *images = json_array();
    for (size_t i = 0; i < GENERATE_IMAGES; i++) {
        if (!pick_chance(rng, 35))
            continue;
        json_array_append_new(images, json_pack("{s[s]sI}", "names", generate_images[i],
                                                "sizeBytes", image_bytes[i]));
    }
    return images;
}

static json_t *make_node(struct rng *rng, size_t number)
{
    char name[32];
    (void)snprintf(name, sizeof(name), "node-%zu", number);
    bool cordoned = pick_chance(rng, 8);
    json_t *spec = json_pack("{so}", "taints", make_taints(rng, cordoned));
    if (cordoned)
        json_object_set_new(spec, "unschedulable", json_true());
    json_t *allocatable = make_allocatable(rng);
    json_t *status = json_pack("{sOsoso}", "capacity", allocatable, "allocatable", allocatable,
                               "images", make_images(rng));
    return json_pack("{s{ssso}soso}", "metadata", "name", name, "labels", make_labels(rng, name),
                     "spec", spec, "status", status);
}

/* ---- what is bound already ---- */

static json_t *make_bound(struct rng *rng, const char *node, size_t number)
{
    static const char *const cpu_requests[] = {"0", "100m", "750m", "1", "1900m", "6", "15"};
    static const char *const memory_requests[] = {"0", "64Mi", "1Gi", "3500Mi", "30Gi"};
    json_t *requests = json_object();
    if (pick_chance(rng, 80))
        json_object_set_new(requests, "cpu", json_string(PICK(rng, cpu_requests)));
    if (pick_chance(rng, 75))
        json_object_set_new(requests, "memory", json_string(PICK(rng, memory_requests)));
    json_t *limits = json_object();
    if (pick_chance(rng, 20)) {
        json_object_set_new(requests, "example.com/gpu", json_string("1"));
        json_object_set_new(limits, "example.com/gpu", json_string("1"));
    }
    json_t *container = json_pack("{sssssss{soso}}", "name", "main", "image",
                                  "test.invalid/bound:1", "imagePullPolicy", "IfNotPresent",
                                  "resources", "requests", requests, "limits", limits);
    if (pick_chance(rng, 25))
        json_object_set_new(container, "ports", generate_ports(rng));
    char name[32];
    (void)snprintf(name, sizeof(name), "bound-%zu", number);
    return json_pack("{s{ss}s{sss[o]s[{ss}]ss}}", "metadata", "name", name, "spec", "nodeName",
                     node, "containers", container, "tolerations", "operator", "Exists",
                     "priorityClassName", GENERATE_PRIORITY_HIGH);
}

json_t *generate_cluster(struct rng *rng)
{
    json_t *nodes = json_array();
    json_t *bound = json_array();
    size_t count = GENERATE_NODES_MIN + rng_below(rng, GENERATE_NODES_MAX - GENERATE_NODES_MIN + 1);
    for (size_t i = 0; i < count; i++) {
        json_t *node = make_node(rng, i);
        const char *name =
            json_string_value(json_object_get(json_object_get(node, "metadata"), "name"));
        size_t pods = rng_below(rng, 4);
        for (size_t j = 0; j < pods; j++)
            json_array_append_new(bound, make_bound(rng, name, json_array_size(bound)));
        json_array_append_new(nodes, node);
    }
    json_t *cluster = json_pack("{soso}", "nodes", nodes, "bound", bound);
    CHECK(cluster);
    return cluster;
}
