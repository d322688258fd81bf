/*
 * The state of a workload on a store, shared by its own files only (store_world*.c).
 *
 *            bind seen          taken in            done, deleted, lost, evicted
 *     WAITS ----------> BINDS ------------> RUNS ---------------------------------> OVER
 *       |                 |                                                          ^
 *       +-----------------+-------------------- deleted ----------------------------+
 *
 * What the store tells is noted in its callback and taken in by the next step, for a subscriber
 * must not change the store.
 */
#ifndef BENCH_STORE_WORLD_PRIVATE_H
#define BENCH_STORE_WORLD_PRIVATE_H

#include "bench/agenda.h"
#include "bench/store_world.h"

enum { WORLD_NO_REASON = UINT8_MAX };
#define WORLD_NO_NODE UINT32_MAX

enum world_what { WORLD_NODE_LEAVES, WORLD_POD_DONE, WORLD_POD_DELETED, WORLD_POD_AGAIN };

enum world_pod_state { WORLD_WAITS, WORLD_BINDS, WORLD_RUNS, WORLD_OVER };

struct world_pod {
    uint32_t name_sym, kind;
    uint32_t node_sym; /* SYM_EMPTY before its bind was seen */
    uint32_t node;     /* of the workload; WORLD_NO_NODE before that, or of a name it has not */
    uint32_t origin, lives;
    uint8_t state;  /* enum world_pod_state; WORLD_BINDS: seen bound, not taken in yet */
    uint8_t reason; /* it was told last; WORLD_NO_REASON: none */
    bool was_refused;
    bool is_victim; /* somebody else deletes it */
};

/* Pods that something was seen of since the last step. */
struct world_seen {
    uint32_t *pods; /* owned */
    uint32_t count, capacity;
};

struct store_world {
    struct store_world_options options;
    struct store_subscriber subscriber;
    struct agenda agenda;
    uint32_t next_node, next_pod;
    struct world_pod *pods; /* owned */
    uint32_t pod_count, pod_capacity;
    uint32_t *pod_of_name; /* owned, by symbol: number + 1 of the last pod of that name */
    uint32_t name_count;
    uint32_t *node_of_name; /* owned, by symbol: number + 1 of the last node of that name */
    uint32_t node_name_count;
    bool *node_is_there; /* owned, by number */
    struct world_seen bound, victims;
    int64_t now_ms;
    uint32_t waiting, undecided;
    bool has_begun, is_at_rest, has_ended;
    int64_t measured_ms; /* the meter was told so much of the time */
    struct play_result result;
};

/* store_world_seen.c */
void world_on_store_event(struct store_subscriber *subscriber, const struct store_event *event);

/* store_world_pod.c */
void world_create_pod(struct store_world *world, const struct world_pod *pod);
void world_create_again(struct store_world *world, uint32_t lost);
void world_come_again(struct store_world *world, uint32_t number); /* PLAY_AGAIN_MS from now */
void world_end_pod(struct store_world *world, uint32_t number);
void world_delete_pod(struct store_world *world, uint32_t number);
void world_take_in_seen(struct store_world *world);
void world_delete_object(struct store_world *world, enum kind_id kind, uint32_t name_sym);

#endif
