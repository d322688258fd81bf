/*
 * Resources and what a pod asks of them. Amounts are int64 in one unit a resource: cpu in
 * milli-cores, everything else in whole units (bytes, devices, pods), as kube-scheduler counts
 * them.
 */
#ifndef MODEL_RESOURCE_H
#define MODEL_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/str.h"

/* The resources that every node table has a column for; others get one when a node offers them. */
#define RESOURCE_MAP(X)                                                                            \
    X(CPU, "cpu")                                                                                  \
    X(MEMORY, "memory")                                                                            \
    X(EPHEMERAL_STORAGE, "ephemeral-storage")                                                      \
    X(PODS, "pods")

enum resource_id {
#define X(id, name) RESOURCE_##id,
    RESOURCE_MAP(X)
#undef X
        RESOURCE_FIXED_COUNT
};

enum {
    RESOURCE_COLUMNS_MAX = 64, /* fixed and offered by nodes; more are not known, with a warning */
    RESOURCE_SCALARS_MAX = 64, /* distinct resources one pod may ask for; more: pod refused */
};

/* No column: no node offers the resource. */
#define RESOURCE_NONE UINT32_MAX

/* One pod counts at most this much of a resource on its node (256 TiB), so that the sum over 32,000
 * absurd pods still fits into 63 bits. Whether a pod fits is asked with its true amount. */
#define RESOURCE_ACCOUNT_MAX (INT64_C(1) << 48)

/* kube-scheduler's stand-ins for containers that request nothing (scoring only), util/pod_resources
 */
#define NONZERO_CPU_MILLI    INT64_C(100)
#define NONZERO_MEMORY_BYTES (INT64_C(200) * 1024 * 1024)

struct scalar {
    uint32_t name_sym;
    int64_t amount;
};

/* What a pod takes from a node. Immutable once interned; shared by all pods that ask the same. */
struct requests {
    uint32_t refs;
    uint32_t scalar_count;
    uint64_t hash;
    int64_t fixed[RESOURCE_FIXED_COUNT]; /* [RESOURCE_PODS] is always 1 */
    int64_t nonzero_cpu_milli;           /* scoring view */
    int64_t nonzero_memory_bytes;
    int64_t fit_cpu_milli; /* the same without the pod level: see struct pod_resources */
    int64_t fit_memory_bytes;
    struct scalar scalars[]; /* ascending name_sym, amount > 0 */
};

/* What an amount counts in a node's sums. */
static inline int64_t resource_accounted(int64_t amount)
{
    return amount < RESOURCE_ACCOUNT_MAX ? amount : RESOURCE_ACCOUNT_MAX;
}

/* Saturating addition: absurd amounts never wrap. Both operands >= 0. */
static inline int64_t resource_add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Appends an amount as kubectl shows it: cpu in cores or milli-cores, what counts bytes with the
 * largest binary suffix that leaves no rest, all else in plain digits. */
void resource_add_text(struct buf *out, uint32_t name_sym, struct str name, int64_t amount);

#endif
