/* What the generators share: nodes, applications, arrivals. */
#ifndef BENCH_GENERATE_PRIVATE_H
#define BENCH_GENERATE_PRIVATE_H

#include "bench/generate.h"
#include "model/base/rng.h"

enum { CORE_PRICE_ECS = 50000, CORE_PRICE_SPOT = 15000, CORE_PRICE_ECI = 100000 };

struct generate {
    struct workload *workload;
    struct generate_options options;
    struct rng rng;
    int64_t span_ms;
    uint32_t nodes_made, pods_made;
};

/* Some nodes that are alike but for their sizes: 16, 32 and 64 cores with 4 GiB each. */
struct node_batch {
    const char *prefix; /* of their names */
    uint32_t count;
    int64_t joins_ms, leaves_ms;
    const char *unit;                    /* what the bill calls them; NULL: nothing */
    const char *label_key, *label_value; /* NULL: none beside the zone */
    int64_t price_micro_per_core_hour;   /* for all cores of a node while it exists */
};

/* Adds them; what they offer together, in milli-cores. */
int64_t generate_nodes(struct generate *generate, const struct node_batch *batch);

/* What one pod of application `app` asks for; sizes differ by application. `permille` of the usual
 * size, at least 10 milli-cores. */
int64_t generate_app_cpu_milli(uint32_t app, uint32_t permille);

/* The kind of the pods of an application, label app=app-<app>. */
uint32_t generate_app_kind(struct generate *generate, uint32_t app, uint32_t permille,
                           int32_t priority);

/* The mean of generate_app_cpu_milli() over all applications. */
int64_t generate_mean_cpu_milli(uint32_t permille);

/* How long pods have to run in the mean, and how large they have to be, that `pods` of them spread
 * over the span hold `percent` of `capacity_milli`. Few pods are larger rather than run for more
 * than a quarter of the span, but at most as large as the smallest node. */
struct generate_load {
    int64_t runs_ms;
    uint32_t permille; /* of the usual size */
};
struct generate_load generate_load(const struct generate *generate, int64_t capacity_milli,
                                   uint32_t percent, uint32_t pods);

/* A random time around the mean, about exponential: a few run three times as long. */
int64_t generate_run_ms(struct generate *generate, int64_t mean_ms);

void generate_pod(struct generate *generate, uint32_t app, uint32_t kind, int64_t created_ms,
                  int64_t runs_ms, int64_t gone_ms);

/* How many pods arrive in equal slots of time, relative to each other. */
struct arrivals {
    const uint32_t *weights;
    uint32_t slots;
    uint32_t pods;
    int64_t from_ms, to_ms;
    struct generate_load load;
    int32_t priority;
};

/* Adds pods of all applications in turn. */
void generate_arrivals(struct generate *generate, const struct arrivals *arrivals);

/* bench/generate_churn.c, bench/generate_elastic.c */
void generate_rollout(struct generate *generate);
void generate_pool_failure(struct generate *generate);
void generate_priorities(struct generate *generate);
void generate_elastic_day(struct generate *generate);

#endif
