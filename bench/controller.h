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

/* Label of a node: milliseconds from a binding to a running pod there, instead of those of its
 * kind. A virtual node takes many seconds to start a container group: "20000". */
#define NODE_START_LABEL "spillway.sim/start-ms"

/* Label of a node where pods do not start, as a provider that is out of stock: after the starting
 * time the status says ProviderFailed. "failed": the phase is Failed, which is what becomes of a
 * pod that is not restarted. "pending": the phase stays Pending and the start is tried again, which
 * is what Virtual Kubelet does with all others. */
#define NODE_START_FAILS_LABEL "spillway.sim/start-fails"

/* Label of a node that its cloud takes back, as spot nodes: tainted with NODE_RECLAIM_TAINT at
 * once, deleted after so many milliseconds. Its pods are then deleted by the pod garbage collector.
 */
#define NODE_RECLAIM_LABEL "spillway.sim/reclaim-ms"
#define NODE_RECLAIM_TAINT "spillway.sim/reclaim"

struct controllers; /* opaque */

/* Takes note of everything the store already holds. The store must outlive them. */
struct controllers *controllers_new(struct store *store, uint64_t seed);
void controllers_free(struct controllers *controllers);

/* Does what is due by the store's clock. */
void controllers_run(struct controllers *controllers);

/* When there is something to do next; MONO_NEVER: only after a change of the store. */
struct mono_ms controllers_next(const struct controllers *controllers);

#endif
