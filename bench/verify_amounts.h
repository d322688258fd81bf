/*
 * What a pod asks for and what a node offers, read from the whole JSON of the object: an arithmetic
 * of its own, so that a scheduler is not judged by its own sums. Kubernetes' rule
 * (kube-scheduler.md A9) without pod-level resources.
 */
#ifndef BENCH_VERIFY_AMOUNTS_H
#define BENCH_VERIFY_AMOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/object.h"

enum { AMOUNTS_MAX = 8, AMOUNT_NAME_BYTES = 64 }; /* different resources of one object */

/* Of cpu thousandths, of everything else whole units. Sorted by nothing; a handful. */
struct amounts {
    uint32_t count;
    struct {
        char name[AMOUNT_NAME_BYTES];
        int64_t value;
    } items[AMOUNTS_MAX];
};

/* False when there are more resources than fit, a name is too long, or a quantity is none. A pod
 * asks for one of "pods". */
NODISCARD bool amounts_of_pod(const struct object *pod, struct amounts *ret_amounts);
NODISCARD bool amounts_of_node(const struct object *node, struct amounts *ret_allocatable);

int64_t amounts_get(const struct amounts *amounts, const char *name); /* 0 when absent */

/* Adds `factor` times the other. False when it does not fit. */
bool amounts_add(struct amounts *amounts, const struct amounts *other, int factor);

/* The name of a resource of which `used` is more than `offered`; NULL: none. Lent. */
const char *amounts_excess(const struct amounts *used, const struct amounts *offered);

#endif
