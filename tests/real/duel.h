/*
 * The same pod for kube-scheduler and for spillway, one after the other, on the same cluster: what
 * each decides and says, compared with the other and with the oracle.
 */
#ifndef TESTS_REAL_DUEL_H
#define TESTS_REAL_DUEL_H

#include <jansson.h>
#include <stdbool.h>

#include "model/base/buf.h"
#include "tests/real/world.h"

/* What the pod that is awaited just now came to. */
enum { DUEL_EVENTS_MAX = 8 };

struct duel_twin {
    char name[64];
    json_t *pod;                     /* as it was when its verdict came, or NULL */
    json_t *events[DUEL_EVENTS_MAX]; /* the first that came */
    size_t event_count;
};

struct duel {
    struct world world;
    unsigned clusters; /* made so far */
    unsigned pods;
    bool watching;
    struct api_watch pod_watch;
    struct api_watch event_watch;
    struct duel_twin twin; /* private */
};

enum duel_outcome {
    DUEL_BOUND,   /* by both, each to one of the best nodes */
    DUEL_REFUSED, /* by both, in the same words */
    DUEL_INVALID, /* the apiserver does not take such a pod */
    DUEL_DISAGREED,
};

/* Starts both schedulers, on no nodes. `name` is the world's. */
void duel_open(struct duel *duel, const char *name);
void duel_close(struct duel *duel);

/* Replaces the cluster by this one (see generate.h) and awaits that both schedulers see it. */
void duel_enter(struct duel *duel, const json_t *cluster);

/* Gives both the pod, `kube_first` or the other way round; afterwards the cluster is as before.
 * Why they disagree is appended to `why`. */
enum duel_outcome duel_fight(struct duel *duel, const json_t *cluster, const json_t *pod,
                             bool kube_first, struct buf *why);

#endif
