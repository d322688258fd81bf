/*
 * The player's own state.
 *
 *              bind()             answered
 *     WAITING ---------> BINDING -----------> RUNNING --deleted, evicted--> LEAVING
 *        |                  |                    |                             |
 *        +---- deleted -----+---- deleted -------+-- done, node lost           | PLAY_GRACE_MS
 *                           v                                                  |
 *                         OVER <-----------------------------------------------+
 *
 * A bind that is answered after its pod was deleted is answered with 404, as the server would.
 */
#ifndef BENCH_PLAY_PRIVATE_H
#define BENCH_PLAY_PRIVATE_H

#include "bench/agenda.h"
#include "bench/play.h"
#include "bench/play_object.h"
#include "model/base/rng.h"
#include "sched/sched.h"

enum play_pod_state { PLAY_WAITING, PLAY_BINDING, PLAY_RUNNING, PLAY_LEAVING, PLAY_OVER };

enum { PLAY_NO_REASON = UINT8_MAX, PLAY_UID_POD = 2 };
#define PLAY_NO_NODE UINT32_MAX

struct play_pod {
    uint32_t name_sym, kind;
    uint32_t node;   /* of the workload; PLAY_NO_NODE before its bind */
    uint32_t origin; /* number in the workload; of a pod that came again: of the first one */
    uint32_t lives;  /* pods of that origin before it */
    uint8_t state;   /* enum play_pod_state */
    uint8_t reason;  /* it was told last */
    int64_t created_ms;
};

/* What the agenda is about. */
enum play_what {
    PLAY_NODE_LEAVES,
    PLAY_BIND_ANSWERED,
    PLAY_POD_DONE,
    PLAY_POD_DELETED,
    PLAY_POD_LEFT,    /* its grace is over */
    PLAY_POD_EVICTED, /* the scheduler asked for its end */
    PLAY_POD_AGAIN,   /* its controller makes another */
};

struct play {
    const struct workload *workload;
    struct play_options options;
    struct sched *sched;
    struct mono_ms now;
    struct rng rng;
    struct agenda agenda;
    struct play_pod_parts *parts; /* owned, by pod kind */
    struct play_pod *pods;        /* owned */
    uint32_t pod_count, pod_capacity;
    uint32_t *node_of_name; /* owned, by symbol: number + 1 of the last node of that name */
    bool *node_is_there;    /* owned, by number */
    uint32_t name_count;
    uint32_t next_node, next_pod; /* of the workload: those not there yet */
    uint32_t binds_open, waiting;
    uint64_t version;      /* the last resourceVersion */
    int64_t last_event_ms; /* when something happened that was no timer of the core */
    uint32_t *waits_ms;    /* owned: of each bound pod */
    uint64_t wait_count, wait_capacity;
    struct play_result result;
};

/* play_port.c */
struct port play_port(struct play *play);
int play_start(struct play *play, struct err *err) NODISCARD; /* the core, lists, policies */

/* play_pod.c */
void play_pod_create(struct play *play, uint32_t number);
void play_pod_event(struct play *play, enum play_what what, uint32_t pod);
void play_node_joins(struct play *play, uint32_t node);
void play_node_leaves(struct play *play, uint32_t node);

#endif
