/*
 * A day over three units of capacity, in the order of manifests/example-policy.yaml: reserved
 * machines, then spot, then serverless. Six tenths of the nodes are reserved, nearly all others
 * spot, one in a thousand (at least two) a virtual node with room for everything. The day's peak
 * asks for more than reserved and spot nodes have. At noon half of the spot nodes is reclaimed, two
 * hours later they are back.
 *
 * Each application has a policy of its own: as many pods as its share of the reserved room takes,
 * as many cores as its share of the spot room has, the rest serverless; a unit that is not full but
 * lacks room is waited for two minutes.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bench/generate_private.h"
#include "model/base/buf.h"

/* To the type "ecs" spot machines are machines too. */
#define CAPACITY_KEY "karpenter.sh/capacity-type"

enum { POLICY_BYTES = 2048, RESERVED_PERCENT = 60, FILL_PERCENT = 90 };

static uint32_t intern(struct generate *generate, struct str text)
{
    uint32_t symbol = symbol_intern(generate->workload->symbols, text);
    CHECK(symbol != SYM_FULL);
    return symbol;
}

static void add_virtual_nodes(struct generate *generate, uint32_t count)
{
    struct workload_node_kind kind = {
        .offers = {.cpu_milli = INT64_C(1000) * 1000 * 1000, .memory_bytes = INT64_C(1) << 52},
        .pods = GENERATE_PODS_MAX,
        .label_count = 1,
        .labels = {{intern(generate, STR("type")), intern(generate, STR("virtual-kubelet"))}},
        .taint_count = 1,
        .taints = {{intern(generate, STR("virtual-kubelet.io/provider")),
                    intern(generate, STR("example"))}},
        .unit_sym = intern(generate, STR("eci")),
        .price_micro_per_core_hour = CORE_PRICE_ECI,
    };
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        int len = snprintf(name, sizeof(name), "virtual-%" PRIu32, i);
        workload_add_node(generate->workload,
                          &(struct workload_node){
                              .name_sym = intern(generate, (struct str){name, (size_t)len}),
                              .kind = workload_add_node_kind(generate->workload, &kind),
                              .leaves_ms = INT64_MAX,
                          });
    }
}

/* `reserved_milli`, `spot_milli`: the room of all applications together. They have equally many
 * pods each, and shares of the room by what those ask for. */
static void add_policy(struct generate *generate, uint32_t app, uint32_t permille,
                       int64_t reserved_milli, int64_t spot_milli)
{
    int64_t cpu_milli = generate_app_cpu_milli(app, permille);
    int64_t all_milli = generate_mean_cpu_milli(permille) * GENERATE_APPS;
    int64_t max = reserved_milli / all_milli + 1;
    int64_t max_milli = (spot_milli / all_milli + 1) * cpu_milli;
    struct buf json CLEANUP(buf_fini);
    buf_init(&json, POLICY_BYTES);
    (void)buf_printf(
        &json,
        "{\"apiVersion\":\"scheduling.spillway.io/v1alpha1\",\"kind\":\"ResourcePolicy\","
        "\"metadata\":{\"name\":\"app-%" PRIu32 "\",\"namespace\":\"default\"},\"spec\":{"
        "\"selector\":{\"app\":\"app-%" PRIu32 "\"},"
        "\"whenTryNextUnits\":{\"policy\":\"TimeoutOrExceedMax\",\"timeout\":\"2m\"},\"units\":["
        "{\"name\":\"reserved\",\"resource\":\"ecs\",\"nodeSelector\":{\"" CAPACITY_KEY
        "\":\"on-demand\"},\"max\":%" PRId64 "},"
        "{\"name\":\"spot\",\"resource\":\"spot\",\"maxResources\":{\"cpu\":\"%" PRId64
        "m\"},\"coolDown\":\"5m\"},"
        "{\"name\":\"serverless\",\"resource\":\"eci\"}]}}",
        app, app, max, max_milli);
    CHECK(!buf_overflowed(&json));
    workload_add_policy(generate->workload, json.data);
}

void generate_elastic_day(struct generate *generate)
{
    enum { LOAD_PERCENT = 80, AWAY_PER_SPAN = 12, NODES_PER_VIRTUAL = 1000 };
    /* An hour each; the highest two of them are one and a half times the mean. */
    static const uint32_t weights[] = {40,  30,  25,  22,  22,  28,  40,  60,  85, 100, 110, 115,
                                       118, 120, 120, 118, 115, 110, 105, 100, 90, 75,  60,  50};
    uint32_t nodes = generate->options.nodes, pods = generate->options.pods;
    uint32_t virtual_nodes = 2 + nodes / NODES_PER_VIRTUAL;
    uint32_t reserved = (uint32_t)((uint64_t)nodes * RESERVED_PERCENT / 100);
    uint32_t spot = nodes - reserved - virtual_nodes, reclaimed = spot / 2;
    int64_t noon_ms = generate->span_ms / 2;
    struct node_batch batch = {.prefix = "ecs",
                               .count = reserved,
                               .leaves_ms = INT64_MAX,
                               .unit = "ecs",
                               .label_key = CAPACITY_KEY,
                               .label_value = "on-demand",
                               .price_micro_per_core_hour = CORE_PRICE_ECS};
    int64_t reserved_milli = generate_nodes(generate, &batch);
    batch = (struct node_batch){.prefix = "spot",
                                .count = spot - reclaimed,
                                .leaves_ms = INT64_MAX,
                                .unit = "spot",
                                .label_key = CAPACITY_KEY,
                                .label_value = "spot",
                                .price_micro_per_core_hour = CORE_PRICE_SPOT};
    int64_t spot_milli = generate_nodes(generate, &batch);
    batch.count = reclaimed;
    batch.leaves_ms = noon_ms;
    spot_milli += generate_nodes(generate, &batch);
    batch.joins_ms = noon_ms + generate->span_ms / AWAY_PER_SPAN;
    batch.leaves_ms = INT64_MAX;
    (void)generate_nodes(generate, &batch);
    add_virtual_nodes(generate, virtual_nodes);
    struct generate_load load =
        generate_load(generate, reserved_milli + spot_milli, LOAD_PERCENT, pods);
    for (uint32_t app = 0; app < GENERATE_APPS; app++)
        add_policy(generate, app, load.permille, reserved_milli / 100 * FILL_PERCENT,
                   spot_milli / 100 * FILL_PERCENT);
    generate_arrivals(generate, &(struct arrivals){
                                    .weights = weights,
                                    .slots = ARRAY_LEN(weights),
                                    .pods = pods,
                                    .to_ms = generate->span_ms,
                                    .load = load,
                                });
}
