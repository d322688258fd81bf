/*
 * Consecutive pods of equal shape, decided from one sample (elastic-policies 8.1; architecture 3):
 * pods of one Deployment come in a row, ask the same, and what the first one's search found is
 * still true for the next, but for the one node that was filled.
 *
 * A batch goes on, also across passes, as long as
 *   1. the next search is for the same shape, in the same nodes, from the same cursor
 *   2. nothing about any node changed since but the last pod of the batch being put on its node
 *      (cluster->change_count)
 *   3. the sample holds all nodes that fit; or it was cut by the limit of the search, and at most
 *      an eighth as many pods as it had nodes took theirs from it
 *
 * Each pod gets what filtering and scoring the whole sample anew would give it. A sample of all
 * nodes that fit only ever loses nodes: each pod gets what a search of its own would give it.
 */
#ifndef SCHED_BATCH_H
#define SCHED_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sched/sample.h"
#include "sched/walk.h"

/* Of a cut sample one pod in so many nodes, the first one always. Fewer would cost more: a pod
 * takes the best that others left. On 1,000 nodes filled to a half by rows of 50 equal pods, packed
 * (MostAllocated), these nodes were in use: 51.0 % with all nodes looked at, 51.2 % with a new
 * sample of 100 for each pod; 51.3 % with one for 12 of them (8), 51.8 % for 25 (4), 52.5 % for 50
 * (2). */
enum { BATCH_SHARE = 8 };

struct batch {
    struct sample sample;
    bool is_open;
    bool is_cut; /* the sample: there are more nodes that fit */
    /* What it is for; compared, never read. A set of nodes has one cursor and is searched as one
     * unit type. */
    const struct shape *shape;
    const struct bitset *nodes;
    uint32_t cursor_slot;  /* where it stood after the search */
    uint64_t change_count; /* the cluster's when the last pod was decided */
    const struct pod *pod; /* the last one */
    uint32_t place;        /* in the sample: its node */
    uint32_t drawn, decided;
};

/* A search: for whom, where. Borrowed for the call. */
struct batch_search {
    const struct cluster *cluster;
    const struct pod *pod;
    const struct walk_scope *scope;
    const struct score_config *config;
    struct rng *rng;
};

void batch_init(struct batch *batch);
void batch_fini(struct batch *batch);

/* Draws a new sample, of at least one node, and returns the slot of the best: the caller puts the
 * pod there. `is_cut`: the search ended early. */
uint32_t batch_begin(struct batch *batch, const struct batch_search *search,
                     const struct walk *walk, bool is_cut);

/* The slot for the next pod of the batch; NODE_SLOT_NONE with `true`: surely none is left. False:
 * the search is not of the batch, or its sample is used up; a walk is needed. */
bool batch_next(struct batch *batch, const struct batch_search *search, uint32_t *ret_slot);

/* The next search draws anew. */
void batch_end(struct batch *batch);

#endif
