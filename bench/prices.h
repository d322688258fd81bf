/*
 * A price table for a workload's nodes: a line each of
 *
 *     UNIT PRICE PER        # "ecs 0.05 core", "h100 30 node", "eci 0.1 pod-core"
 *
 * PRICE is what an hour costs, in any currency, with at most six digits behind the point. PER says
 * of what: of a core of a node while the node exists, of the node, or of a core that a pod asks for
 * while it is on a node (serverless). UNIT is the workload's word for such nodes, "none" for nodes
 * without one. "#" begins a comment. Units that are not named keep the workload's own prices.
 */
#ifndef BENCH_PRICES_H
#define BENCH_PRICES_H

#include <stdio.h>

#include "bench/workload.h"
#include "model/base/err.h"

/* Sets the prices of the workload's node kinds; `name` is for errors, which name line and field. A
 * unit that the workload does not have is an error too: it was misspelt. */
NODISCARD int prices_read(struct workload *workload, FILE *in, const char *name, struct err *err);

#endif
