/*
 * The controllers of a simulated cluster: what kube-controller-manager and the kubelets do, as far
 * as a scheduler and its users can see. Deployments make ReplicaSets, ReplicaSets make pods, bound
 * pods start after a delay and end when they are deleted, nodes become ready and keep their leases.
 *
 * They hear of changes through the store's subscription, only record them, and act when the driver
 * calls controllers_run(): in real time at every turn of a loop, in virtual time after moving the
 * clock to controllers_next(). The same seed and the same changes give the same acts.
 */
#ifndef BENCH_CONTROLLER_H
#define BENCH_CONTROLLER_H

#include <stdint.h>

#include "bench/store.h"
#include "model/base/mono.h"

/* Label of a node that says what it is, hence how fast its pods start: "ecs", "spot", "gpu", "eci"
 * (a virtual node). Anything else is as "ecs". */
#define NODE_KIND_LABEL "spillway.sim/kind"

/* Label of a node that stands for a broken kubelet: with "true" the node is not ready, is tainted
 * so, and starts no pods. */
#define NODE_DOWN_LABEL "spillway.sim/down"

struct controllers; /* opaque */

/* Takes note of everything the store already holds. The store must outlive them. */
struct controllers *controllers_new(struct store *store, uint64_t seed);
void controllers_free(struct controllers *controllers);

/* Does what is due by the store's clock. */
void controllers_run(struct controllers *controllers);

/* When there is something to do next; MONO_NEVER: only after a change of the store. */
struct mono_ms controllers_next(const struct controllers *controllers);

#endif
