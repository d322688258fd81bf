/* Generators in which pods leave because others, or nodes, do: a rollout, a lost pool, preemption.
 */
#include "bench/generate_private.h"
#include "model/base/check.h"

/* Half of the pods are there when the storm comes, and each is replaced by one of the other half:
 * the new one comes a few seconds before the old one is deleted (maxSurge). Pods are sized so that
 * one half takes 70 % of the room. */
void generate_rollout(struct generate *generate)
{
    enum { LOAD_PERCENT = 70, SURGE_MS = 5000, STORMS_PER_SPAN = 24 };
    uint32_t pairs = generate->options.pods / 2;
    int64_t capacity_milli =
        generate_nodes(generate, &(struct node_batch){.prefix = "node",
                                                      .count = generate->options.nodes,
                                                      .leaves_ms = INT64_MAX,
                                                      .unit = "ecs",
                                                      .price_micro_per_core_hour = CORE_PRICE_ECS});
    int64_t wanted_milli = capacity_milli * LOAD_PERCENT / 100 / pairs;
    int64_t permille = wanted_milli * 1000 / generate_mean_cpu_milli(1000);
    permille = permille < 4000 ? permille : 4000; /* no pod is larger than the smallest node */
    int64_t storm_ms = generate->span_ms / 2, storm_span_ms = generate->span_ms / STORMS_PER_SPAN;
    for (uint32_t i = 0; i < pairs; i++) {
        uint32_t app = i % GENERATE_APPS;
        uint32_t kind = generate_app_kind(generate, app, (uint32_t)permille, 0);
        /* before, they came within as long a time */
        int64_t old_ms = (int64_t)rng_below(&generate->rng, (uint64_t)storm_span_ms);
        int64_t new_ms = storm_ms + (int64_t)rng_below(&generate->rng, (uint64_t)storm_span_ms);
        generate_pod(generate, app, kind, old_ms, INT64_MAX, new_ms + SURGE_MS);
        generate_pod(generate, app, kind, new_ms, INT64_MAX, INT64_MAX);
    }
}

void generate_pool_failure(struct generate *generate)
{
    enum { POOLS = 4, LOST = 1, LOAD_PERCENT = 95, AWAY_PER_SPAN = 12 };
    static const char *const names[POOLS] = {"pool-a", "pool-b", "pool-c", "pool-d"};
    static const uint32_t weights[] = {1};
    int64_t lost_ms = generate->span_ms / 2, capacity_milli = 0;
    uint32_t nodes = generate->options.nodes, pods = generate->options.pods;
    struct node_batch batch = {.unit = "ecs", .price_micro_per_core_hour = CORE_PRICE_ECS};
    for (uint32_t pool = 0; pool < POOLS; pool++) {
        batch.prefix = names[pool];
        batch.count = nodes / POOLS + (pool < nodes % POOLS);
        batch.leaves_ms = pool == LOST ? lost_ms : INT64_MAX;
        capacity_milli += generate_nodes(generate, &batch);
    }
    batch.prefix = "pool-b-again";
    batch.count = nodes / POOLS + (LOST < nodes % POOLS);
    batch.joins_ms = lost_ms + generate->span_ms / AWAY_PER_SPAN;
    batch.leaves_ms = INT64_MAX;
    (void)generate_nodes(generate, &batch);
    generate_arrivals(generate,
                      &(struct arrivals){
                          .weights = weights,
                          .slots = ARRAY_LEN(weights),
                          .pods = pods,
                          .to_ms = generate->span_ms,
                          .load = generate_load(generate, capacity_milli, LOAD_PERCENT, pods),
                      });
}

void generate_priorities(struct generate *generate)
{
    static const uint32_t evenly[] = {1};
    static const uint32_t bursts[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0,
                                      0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0};
    static const struct {
        int32_t priority;
        uint32_t pods_percent, load_percent;
        const uint32_t *weights;
        uint32_t slots;
    } classes[] = {
        {0, 50, 75, evenly, ARRAY_LEN(evenly)},
        {1000, 30, 18, evenly, ARRAY_LEN(evenly)},
        {100000, 20, 5, bursts, ARRAY_LEN(bursts)}, /* within a sixth of the time */
    };
    int64_t capacity_milli =
        generate_nodes(generate, &(struct node_batch){.prefix = "node",
                                                      .count = generate->options.nodes,
                                                      .leaves_ms = INT64_MAX,
                                                      .unit = "ecs",
                                                      .price_micro_per_core_hour = CORE_PRICE_ECS});
    for (uint32_t i = 0; i < ARRAY_LEN(classes); i++) {
        uint32_t pods =
            (uint32_t)((uint64_t)generate->options.pods * classes[i].pods_percent / 100);
        generate_arrivals(generate,
                          &(struct arrivals){.weights = classes[i].weights,
                                             .slots = classes[i].slots,
                                             .pods = pods,
                                             .to_ms = generate->span_ms,
                                             .load = generate_load(generate, capacity_milli,
                                                                   classes[i].load_percent, pods),
                                             .priority = classes[i].priority});
    }
}
