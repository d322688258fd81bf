/*
 * What a search costs in quality: a cluster is half filled by rows of equal pods, as tightly as the
 * scores can (MostAllocated), and the nodes in use are counted. Fewer is better; half is the least.
 */
#ifndef BENCH_PACKING_H
#define BENCH_PACKING_H

#include <stdint.h>

enum packing_search {
    PACKING_ALL_NODES, /* looks at every node for each pod */
    PACKING_EACH,      /* a limited search for each pod */
    PACKING_SHARED,    /* pods of a row share limited searches: the default */
};

/* Percent of the nodes in use, the mean over some seeds; `row` pods of one size follow each other.
 */
double packing_nodes_used(enum packing_search search, uint32_t row);

#endif
