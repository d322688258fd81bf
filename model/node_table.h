/*
 * All nodes, as columns: one dense slot a node, one int64 column a resource, so that a filter
 * sweeps memory in order. A slot is reused after its node is gone and its pods too.
 *
 * Static (labels, taints, unschedulable, name, problem): each change appends the slot to a log that
 * the shapes' match caches follow. Dynamic (usage): changes only numbers.
 */
#ifndef MODEL_NODE_TABLE_H
#define MODEL_NODE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/bitset.h"
#include "model/base/map.h"
#include "model/object.h"
#include "model/pod.h"
#include "model/resource.h"

enum {
    NODES_MAX = 1 << 24,   /* with ghosts: more than an apiserver holds pods that could name them */
    NODE_BLOCK_SLOTS = 64, /* slots of a block, as of a bitset's word */
    NODE_SUPER_BLOCKS = 64, /* blocks of a superblock, as words of a bitset's part */
    NODE_STATIC_LOG_MAX =
        4096, /* older entries are dropped: a match cache behind them starts over */
};

struct used_port {
    struct host_port port;
    uint32_t pods; /* users; more than one only when other schedulers overcommit */
};

struct node {
    uint32_t name_sym;
    uint32_t slot;
    uint32_t list_epoch; /* of the list that last named it */
    struct uid uid;
    uint64_t resource_version;
    bool is_present;       /* an object was seen; false: only its pods are known (ghost) */
    bool is_unschedulable; /* spec.unschedulable */
    bool has_problem;      /* unusable as written: takes no pods */
    struct labels labels;  /* owned, sorted */
    struct taints taints;  /* owned */
    uint32_t image_count;
    uint32_t *image_syms; /* owned, ascending */
    uint32_t port_count, port_capacity;
    struct used_port *ports; /* owned */
    struct pod *pods;        /* list by node_next */
    uint32_t pod_count;
};

struct resource_column {
    uint32_t name_sym;
    int64_t *allocatable; /* by slot */
    int64_t *used;        /* by slot: sum over the node's pods */
    /* Upper bounds of allocatable - used by block and by superblock; NULL for fixed resources,
     * which have struct free_bounds. */
    int64_t *block_most, *super_most;
};

/* What is free of the fixed resources on some nodes, side by side: a look at all is one line of the
 * cache. Bounds, not the extremes: see model/node_bounds.h. */
struct free_bounds {
    int64_t most[RESOURCE_FIXED_COUNT];  /* no present node has more; at least 0 */
    int64_t least[RESOURCE_FIXED_COUNT]; /* no present node has less; negative when overcommitted */
};

struct node_table {
    uint32_t slot_count; /* slots 0 .. slot_count-1 are or were in use */
    uint32_t capacity;   /* private */
    uint32_t present_count;
    struct node **nodes;   /* by slot; NULL: free */
    struct bitset present; /* nodes that exist; those with a problem too */
    struct map by_name;    /* private */
    uint32_t column_count;
    struct resource_column columns[RESOURCE_COLUMNS_MAX]; /* [0..FIXED) as enum resource_id */
    int64_t *nonzero_cpu_milli;                           /* by slot: sum of the scoring view */
    int64_t *nonzero_memory_bytes;                        /* by slot */
    uint32_t *static_log;                                 /* private: ring of slots */
    uint64_t static_log_end; /* position after the newest entry; starts at 1 */
    uint32_t *free_slots;    /* private */
    uint32_t free_count;
    struct free_bounds *blocks, *supers; /* by block; by superblock */
    bool *stale_blocks, *stale_supers;   /* private: the bounds may not be exact */
    struct bitset soft_tainted;          /* nodes with a PreferNoSchedule taint */
    uint64_t ignored_resources;          /* resources beyond the last column, counted */
};

void node_table_init(struct node_table *table);
void node_table_fini(struct node_table *table);

struct node *node_table_find(const struct node_table *table, uint32_t name_sym);

/* The node of that name, made as a ghost when it is not there. */
struct node *node_table_ensure(struct node_table *table, uint32_t name_sym);

/* Frees a slot: the node is not present and has no pods. */
void node_table_release(struct node_table *table, struct node *node);

void node_table_set_present(struct node_table *table, struct node *node, bool is_present);

/* What is static of the node changed. */
void node_table_log_static(struct node_table *table, uint32_t slot);

/* The slot logged at `position`; false when it was dropped from the ring already. */
bool node_table_static_log(const struct node_table *table, uint64_t position, uint32_t *ret_slot);

/* The column of a resource, RESOURCE_NONE when no node offers it. */
uint32_t node_table_column(const struct node_table *table, uint32_t name_sym);

/* Makes the column when there is room; RESOURCE_NONE otherwise. *ret_is_new: usage is to be summed.
 */
uint32_t node_table_ensure_column(struct node_table *table, uint32_t name_sym, bool *ret_is_new);

void node_table_set_allocatable(struct node_table *table, uint32_t column, uint32_t slot,
                                int64_t amount);

/* Adds (sign 1) or takes off (-1) what a pod holds; ports by node_add_ports(). */
void node_table_account(struct node_table *table, uint32_t slot, const struct requests *held,
                        int sign);

/* What is free of a column's resource on a node; negative when overcommitted. */
static inline int64_t node_free(const struct node_table *table, uint32_t column, uint32_t slot)
{
    return table->columns[column].allocatable[slot] - table->columns[column].used[slot];
}

#endif
