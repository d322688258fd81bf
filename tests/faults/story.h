/*
 * One story for every fault: build/spillway binds a few pods, then the fault is there while nodes
 * come and go and a burst of pods arrives; when it is over, or was overcome, everything has to be
 * as if it had not been:
 *
 *   - the fault happened, by the server's own count
 *   - every feasible pod is bound, none twice, no node was ever overfull (bench/verify.h); there is
 *     room for exactly the pods of the story, so a reservation too many or too few shows
 *   - what spillway knows, by its recording, is what a fresh LIST says, to the resource version
 *   - requests, connections and passes were few: steps are counted, not time
 */
#ifndef TESTS_FAULTS_STORY_H
#define TESTS_FAULTS_STORY_H

#include "tests/sim/stage.h"

enum { STORY_FAULTS_MAX = 3, STORY_BURST = 29 };

enum story_flags {
    STORY_FROM_START = 1 << 0, /* before spillway starts, and not only during the burst */
    STORY_ONCE = 1 << 1,       /* with FROM_START: then not again */
    STORY_SPOILS = 1 << 2,     /* events must have been spoilt, not only requests met */
    STORY_RELISTS = 1 << 3, /* only a list heals it, as no watch can know: one comes at the end */
    STORY_MENDED = 1 << 4,  /* nobody can overcome it: it ends before pods are awaited */
    STORY_ROOMY = 1 << 5,   /* more room than pods: a node goes away */
    STORY_REBINDS = 1 << 6, /* the store forgets bindings, so that pods are bound anew */
    STORY_NEVER = 1 << 7,   /* spillway must not let it happen */
};

/* How the requests that meet the fault are brought about in the middle. */
enum story_again { AGAIN_NOTHING, AGAIN_WATCH, AGAIN_LIST };

struct story;
struct verify;

struct story_row {
    const char *id, *name; /* of the catalogue */
    struct fault faults[STORY_FAULTS_MAX];
    enum wire_fault wire;
    uint32_t wire_amount; /* 0: no fault of the network */
    enum story_again again;
    uint32_t flags;
    const char *flag; /* one more of spillway's; NULL: none */
    const char *says; /* in spillway's log, awaited while the fault lasts; NULL: nothing */
    void (*act)(struct story *story); /* in the burst; NULL: nothing more */
    bool counts_by_act;               /* it counts story->fired_by_act */
    void (*mend)(struct story *story);
    struct apiserver_options habits; /* of the server */
    uint32_t requests_max;           /* 0: STORY_REQUESTS_MAX */
};

struct story {
    struct stage stage;
    const struct story_row *row;
    struct verify *verify;
    int64_t rv_before_burst;
    uint64_t fired_by_act; /* counted by row->act() */
    char recording[128];
};

void story_tell(const struct story_row *row);

/* ---- for act() and mend() ---- */

void story_await_burst(struct story *story); /* all pods that live are bound */

/* tests/faults/view.c: what spillway knew at its end is what the store holds. */
void view_expect_store(struct story *story);

#endif
