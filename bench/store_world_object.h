/* Nodes, pods and policies of a workload as JSON, put into a store. */
#ifndef BENCH_STORE_WORLD_OBJECT_H
#define BENCH_STORE_WORLD_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/store.h"
#include "bench/workload.h"

void store_world_create_node(struct store *store, const struct workload *workload, uint32_t node);

/* A pod without a label "app" gets one that says what it asks for, "c<milli-cores>-m<MiB>-g<GPUs>":
 * replay_judge.h groups by it. */
void store_world_create_pod(struct store *store, const struct workload *workload, uint32_t kind,
                            const char *name, bool with_selector);

void store_world_create_policy(struct store *store, const struct workload *workload,
                               uint32_t policy);

#endif
