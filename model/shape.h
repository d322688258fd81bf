/*
 * The scheduling-relevant part of a pod spec, canonical, hashed and shared: 300,000 pods of 2,000
 * templates own 2,000 shapes. A shape is immutable but for its caches.
 */
#ifndef MODEL_SHAPE_H
#define MODEL_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/bitset.h"
#include "model/base/buf.h"
#include "model/base/map.h"
#include "model/object.h"
#include "model/pod_resources.h"
#include "model/resource.h"

struct park_group;

enum { MATCH_PLANES = 3 };

/* Nodes that pass all static filters; and which filter refused the others, for shapes that were
 * refused once: its number, from 1, has bit k in plane k (0: no node, or one that passes). */
struct match_cache {
    struct bitset matches;
    uint64_t matched_to; /* position in the node table's static log; 0: never computed */
    uint64_t (*planes)[MATCH_PLANES]; /* by block; NULL: not asked for yet */
    uint32_t plane_blocks;
    /* The set of nodes of which none took a pod of the shape; NULL: unknown. Compared, never read.
     * Private to sched/refusal.h, as what follows. */
    const struct bitset *barren;
    uint64_t barren_gain_count; /* the cluster's then */
};

/* What users read of a pod that no node takes. */
struct refusal_text {
    uint64_t change_count; /* the cluster's when it was written */
    uint32_t rejectors;    /* 1 << enum plugin */
    uint32_t len;
    char text[];
};

struct shape {
    /* Equal keys make equal shapes. */
    uint32_t refs;
    uint32_t key_words;
    uint64_t hash;
    uint32_t *key; /* private: the canonical form, one allocation with all arrays below */

    uint32_t scheduler_name_sym;
    uint32_t features;         /* 1 << enum feature: needed and not supported */
    bool is_over_limit;        /* asks for more than RESOURCE_SCALARS_MAX resources */
    struct requests *requests; /* of an incoming pod */

    uint32_t node_selector_count;
    const struct label *node_selector; /* all must match; ascending key */
    bool has_required_terms;           /* and with no terms nothing matches */
    uint32_t required_term_count;
    const struct node_term *required_terms;
    uint32_t preferred_term_count;
    const struct preferred_term *preferred_terms;
    uint32_t toleration_count;
    const struct toleration *tolerations;
    uint32_t port_count;
    const struct host_port *ports; /* containers and sidecars */
    uint32_t image_count;
    const uint32_t *image_syms; /* one an init or regular container, in order, normalised */
    uint32_t container_count;   /* init and regular, for ImageLocality's threshold */
    uint32_t volume_count;
    uint32_t host_needs; /* 1 << enum host_need: what a virtual node may not give */

    struct match_cache match;  /* private to sched/match.h */
    struct match_cache *typed; /* the same with the taints of a unit type tolerated: UNIT_TYPES_MAX
                                * of them, or NULL */

    struct refusal_text *refusal; /* owned; private to sched/refusal.h, NULL: none kept */

    struct park_group *parked; /* its parked pods: a list; private to sched/park.h, NULL when none */
};

struct shape_table {
    struct map shapes;   /* private */
    struct map requests; /* private */
    struct buf scratch;  /* private */
    uint64_t hash_seed;
    const struct symbols *symbols;
};

/* Empty again, as if never computed. */
void match_cache_fini(struct match_cache *cache);

void shape_table_init(struct shape_table *table, const struct symbols *symbols, uint64_t hash_seed);
void shape_table_fini(struct shape_table *table);

/* The shape of a decoded pod: an existing one or a new one. Referenced: shape_unref() it. */
struct shape *shape_intern(struct shape_table *table, const struct pod_object *pod);
struct shape *shape_ref(struct shape *shape);
void shape_unref(struct shape_table *table, struct shape *shape);

/* The shared form of a sum; referenced. */
struct requests *requests_intern(struct shape_table *table, const struct pod_resources *resources);
struct requests *requests_ref(struct requests *requests);
void requests_unref(struct shape_table *table, struct requests *requests);

/* The amount of a resource in a request list, 0 when it asks none. */
int64_t requests_get(const struct requests *requests, uint32_t name_sym);

#endif
