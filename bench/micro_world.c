#include "bench/micro_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/names.h"

enum { SEED = 1, TEXT_BYTES = 48, LABELS_A_NODE = 10, HALF_CPU_MILLI = 16000, STEP_CPU_MILLI = 10 };

static struct str print(char text[TEXT_BYTES], const char *prefix, uint32_t number)
{
    int len = snprintf(text, TEXT_BYTES, "%s%u", prefix, number);
    CHECK(len > 0 && len < TEXT_BYTES);
    return (struct str){text, (size_t)len};
}

static void add_node(struct micro_world *world, uint32_t i)
{
    char name_text[TEXT_BYTES], text[TEXT_BYTES];
    struct str name = print(name_text, "node-", i);
    struct label labels[LABELS_A_NODE] = {{NAME_HOSTNAME, symbol_intern(world->symbols, name)}};
    for (uint32_t k = 1; k < LABELS_A_NODE; k++) {
        labels[k].key_sym = symbol_intern(world->symbols, print(text, "example.com/label-", k));
        labels[k].value_sym = symbol_intern(world->symbols, print(text, "value-", i % (k + 1)));
    }
    struct scalar allocatable[] = {
        {NAME_CPU, 2 * HALF_CPU_MILLI}, {NAME_MEMORY, INT64_C(128) << 30}, {NAME_PODS, 110}};
    const struct node_object node = {.name = name,
                                     .name_sym = labels[0].value_sym,
                                     .resource_version = STR("1"),
                                     .uid = {1, i + 1},
                                     .labels = {LABELS_A_NODE, labels},
                                     .allocatable = {ARRAY_LEN(allocatable), allocatable, true}};
    struct node_change change;
    cluster_see_node(&world->cluster, &node, &change);
    node_change_fini(&change);
}

/* On node `node`, or waiting when it is UINT32_MAX. */
static struct pod *add_pod(struct micro_world *world, uint32_t i, uint32_t node, int64_t cpu_milli)
{
    char name[TEXT_BYTES], node_name[TEXT_BYTES];
    struct scalar requests[] = {{NAME_CPU, cpu_milli}, {NAME_MEMORY, INT64_C(64) << 20}};
    struct container_object container = {.name = STR("main"),
                                         .requests = {ARRAY_LEN(requests), requests, true}};
    struct toleration tolerations[] = {
        {symbol_intern(world->symbols, STR("node.kubernetes.io/not-ready")), SYM_EMPTY,
         TOLERATION_EXISTS, TAINT_NO_EXECUTE},
        {symbol_intern(world->symbols, STR("node.kubernetes.io/unreachable")), SYM_EMPTY,
         TOLERATION_EXISTS, TAINT_NO_EXECUTE},
    };
    struct pod_object pod = {.name = print(name, "app-6d4cf56db6-", i),
                             .namespace_sym = symbol_intern(world->symbols, STR("default")),
                             .resource_version = STR("1"),
                             .uid = {2, i + 1},
                             .containers = &container,
                             .container_count = 1,
                             .tolerations = tolerations,
                             .toleration_count = ARRAY_LEN(tolerations)};
    if (node != UINT32_MAX)
        pod.node_name_sym = symbol_intern(world->symbols, print(node_name, "node-", node));
    struct pod_change change;
    cluster_see_pod(&world->cluster, &pod, true, &change);
    return change.pod;
}

void micro_world_init(struct micro_world *world, uint32_t nodes, uint32_t pods, uint32_t shapes)
{
    const struct queue_config config = {QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS};
    *world = (struct micro_world){.symbols = names_symbols_new(SEED), .pod_count = pods};
    cluster_init(&world->cluster, world->symbols, SEED);
    world->park.cluster = &world->cluster;
    world->queue = queue_new(&config, &world->park);
    world->pods = mem_zalloc(pods, sizeof(struct pod *));
    for (uint32_t i = 0; i < nodes; i++) {
        add_node(world, i);
        (void)add_pod(world, i, i, HALF_CPU_MILLI);
    }
    for (uint32_t i = 0; i < pods; i++)
        world->pods[i] =
            add_pod(world, nodes + i, UINT32_MAX, (int64_t)(i % shapes + 1) * STEP_CPU_MILLI);
}

void micro_world_fini(struct micro_world *world)
{
    queue_free(world->queue);
    cluster_fini(&world->cluster);
    symbols_free(world->symbols);
    free(world->pods);
}
