/*
 * What a replay is measured by, beside its times: units, money, room.
 *
 * Units are what node kinds call themselves (workload_node_kind.unit_sym). Money is exact: rates
 * change when a node comes or goes and when a pod begins or ends, and are summed over the time
 * between. Room is looked at in equal steps of time (samples), nodes that are paid by their pods
 * (serverless) left out, for their room is no room somebody has. The meter knows no cluster: what a
 * node holds is what the meter was told of (play_meter_pod), so that a pod whose bind is under way
 * takes no room yet, and every world that tells it is measured alike.
 *
 *   allocated   what pods hold of what nodes offer
 *   fragmented  the share of what is free that lies on nodes where a pod of the workload that asks
 *               for the resource does not fit: the mean over PLAY_DRAWS of its pods (each
 *               pod_count / PLAY_DRAWS-th), by amounts and places only
 */
#ifndef BENCH_PLAY_METER_H
#define BENCH_PLAY_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/workload.h"

enum {
    PLAY_UNITS_MAX = 8, /* the last one counts all others */
    PLAY_RESOURCES_MAX = 2 + WORKLOAD_EXTENDED_MAX,
    PLAY_DRAWS = 16,
    PLAY_SAMPLES = 288, /* of the time that is planned; what lasts longer goes on in such steps */
};

__extension__ typedef __int128 play_wide;

struct play_unit {
    uint32_t name_sym;
    uint64_t binds;
    uint32_t nodes, pods;        /* now */
    int64_t rate_micro_per_hour; /* now: nodes and pods */
    play_wide cost_micro_ms;     /* rate times the milliseconds of an hour: see play_unit_cost */
    int64_t pod_ms;              /* time of pods on it, summed */
};

struct play_sample {
    int64_t at_ms;
    uint32_t nodes, nodes_used; /* those with room of their own; with a pod */
    uint32_t waiting;
    uint32_t pods[PLAY_UNITS_MAX];
    int64_t rate_micro_per_hour[PLAY_UNITS_MAX];
    /* 0 to 1; fragmented 0 when nothing is free */
    double allocated[PLAY_RESOURCES_MAX], fragmented[PLAY_RESOURCES_MAX];
};

struct play_meter {
    uint32_t unit_count, resource_count, sample_count;
    struct play_unit units[PLAY_UNITS_MAX];
    uint32_t resources[PLAY_RESOURCES_MAX]; /* names; cpu and memory first */
    struct play_sample *samples;            /* owned */
    /* private */
    const struct workload *workload;
    uint8_t *unit_of_kind; /* owned, by node kind */
    uint32_t sample_capacity;
    int64_t every_ms, next_sample_ms;
    int64_t at_ms;              /* money and times are summed up to here */
    uint32_t draws[PLAY_DRAWS]; /* pod kinds */
    uint32_t draw_count;
    /* by node of the workload; owned */
    bool *node_is_there;
    uint32_t *pods_on;
    int64_t *held; /* by pods: resource_count of each node, one after the other */
};

/* Nothing is there. `workload` is borrowed, and sorted. */
void play_meter_init(struct play_meter *meter, const struct workload *workload);
void play_meter_fini(struct play_meter *meter);

/* The clock starts: there will be PLAY_SAMPLES until `until_ms`; INT64_MAX: until the last node and
 * pod of the workload have come, a second at least. CHECKs that it did not start before. */
void play_meter_start(struct play_meter *meter, int64_t at_ms, int64_t until_ms);

/* Time goes on, before anything of below is told: the samples that were due before `at_ms` are
 * taken, with so many pods waiting. Cost of a sample: all nodes of the workload. */
void play_meter_pass(struct play_meter *meter, int64_t at_ms, uint32_t waiting);

/* The same up to the end, a sample that is due then included; the first one is due at the latest.
 */
void play_meter_end(struct play_meter *meter, int64_t at_ms, uint32_t waiting);

/* `node` of the workload is there, or no more; a pod of the kind is on a node, or no more. */
void play_meter_node(struct play_meter *meter, uint32_t node, bool is_there);
void play_meter_pod(struct play_meter *meter, uint32_t pod_kind, uint32_t node, bool is_there);

/* How it is now, as one more sample that is kept nowhere; without those who wait: the meter does
 * not know them. */
void play_meter_look(const struct play_meter *meter, struct play_sample *ret_sample);

/* The last one; CHECKs that there is one. */
const struct play_sample *play_meter_last(const struct play_meter *meter);

/* Millionths of a currency unit. */
double play_unit_cost_micro(const struct play_unit *unit);

/* Means over all samples; 0 without one. */
double play_meter_allocated(const struct play_meter *meter, uint32_t resource);
double play_meter_fragmented(const struct play_meter *meter, uint32_t resource);
double play_meter_nodes_used(const struct play_meter *meter);

#endif
