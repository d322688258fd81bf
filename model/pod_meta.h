/*
 * What of a pod's metadata selectors and policies ask about: labels, annotations (as hashes) and
 * the owner. Shared by pods that have the same, which are those of one template. Immutable.
 */
#ifndef MODEL_POD_META_H
#define MODEL_POD_META_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/map.h"
#include "model/base/pool.h"
#include "model/object.h"

struct pod_meta {
    uint32_t refs;
    uint32_t annotation_count;
    uint64_t hash;
    struct uid owner_uid;              /* zero: no controlling owner */
    uint32_t owner_kind;               /* enum owner_kind */
    struct labels labels;              /* ascending key */
    const uint64_t *annotation_hashes; /* ascending; object_pair_hash() */
};

struct pod_meta_table {
    struct map metas;   /* private */
    struct buf scratch; /* private */
    struct pool pieces; /* private: the metas */
    uint64_t hash_seed;
};

void pod_meta_table_init(struct pod_meta_table *table, uint64_t hash_seed);
void pod_meta_table_fini(struct pod_meta_table *table);

/* The meta of a decoded pod: an existing one or a new one. Referenced: pod_meta_unref() it. */
struct pod_meta *pod_meta_intern(struct pod_meta_table *table, const struct pod_object *pod);
void pod_meta_unref(struct pod_meta_table *table, struct pod_meta *meta);

/* Binary search. */
bool pod_meta_has_annotation(const struct pod_meta *meta, uint64_t pair_hash);

#endif
