/*
 * Names the code itself needs, interned first and in this order, so that their symbols are
 * constants: NAME_cpu is the symbol of "cpu" in every table made by names_symbols_new().
 */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include "model/base/symbol.h"

/* The first are the fixed resources, in the order of enum resource_id. */
#define NAME_MAP(X)                                                                                \
    X(CPU, "cpu")                                                                                  \
    X(MEMORY, "memory")                                                                            \
    X(EPHEMERAL_STORAGE, "ephemeral-storage")                                                      \
    X(PODS, "pods")                                                                                \
    X(METADATA_NAME, "metadata.name")                                                              \
    X(TAINT_UNSCHEDULABLE, "node.kubernetes.io/unschedulable")                                     \
    X(ZONE, "topology.kubernetes.io/zone")                                                         \
    X(REGION, "topology.kubernetes.io/region")                                                     \
    X(ZONE_BETA, "failure-domain.beta.kubernetes.io/zone")                                         \
    X(REGION_BETA, "failure-domain.beta.kubernetes.io/region")                                     \
    X(HOSTNAME, "kubernetes.io/hostname")                                                          \
    X(ANY_IPV4, "0.0.0.0")                                                                         \
    X(ANY_IPV6, "::")                                                                              \
    X(UNKNOWN_NODE, "?") /* of a pod that is on a node whose name cannot be read or kept */

enum name_symbol {
    NAME_EMPTY = SYM_EMPTY,
#define X(id, text) NAME_##id,
    NAME_MAP(X)
#undef X
        NAME_COUNT
};

/* Text kept for names, labels, images and the like: 1 GiB holds more than ten million of them. */
#define NAMES_LIMIT_BYTES ((size_t)1 << 30)

/* A symbol table that holds the names above; yours, release with symbols_free(). */
struct symbols *names_symbols_new(uint64_t hash_seed);

/* The same with another limit. */
struct symbols *names_symbols_new_within(uint64_t hash_seed, size_t limit_bytes);

#endif
