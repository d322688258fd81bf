/*
 * Pods bound while the control plane is hurt, and what must hold afterwards. Every pod asks for the
 * same, and the nodes have room for exactly those pods: one reservation too many, and a pod waits
 * for ever; one too few, and a node is overfull.
 */
#ifndef TESTS_REAL_TRIAL_H
#define TESTS_REAL_TRIAL_H

#include "tests/real/drain.h"
#include "tests/real/plane.h"

struct trial {
    struct plane plane;
    struct world world;
    struct drain drain;
    size_t pod_count; /* that there is room for */
    size_t made;
    bool was_away; /* the apiserver was started again */
    unsigned markers;
};

enum { TRIAL_NODES = 20 };

/* A control plane with these flags, nodes for `pod_count` pods, no pod yet, spillway not started.
 */
void trial_open(struct trial *trial, const char *name, const char *const flags[], size_t pod_count);
void trial_close(struct trial *trial);

/* Starts it as a pod of its account; `port` 0: the apiserver's. */
void trial_start_spillway(struct trial *trial, int port);

/* `count` more pods. */
void trial_add_pods(struct trial *trial, size_t count);

/* SIGSTOP and SIGCONT: pods that are added meanwhile are one burst. */
void trial_pause_spillway(struct trial *trial);
void trial_resume_spillway(struct trial *trial);
void trial_stop_apiserver(struct trial *trial);
void trial_continue_apiserver(struct trial *trial);

/* SIGKILL to the apiserver, which is away until trial_bring_back(). */
void trial_take_away(struct trial *trial);
void trial_end_apiserver(struct trial *trial); /* the same by SIGTERM */
void trial_bring_back(struct trial *trial);

/* Awaits that all pods are bound, and then that both of spillway's watches have told it all that
 * has been. The test fails unless each pod is bound and none moved, no node is overfull, spillway
 * knows what a fresh list says, object by object and version by version, and its loop turned, and
 * asked, in proportion to what it had to do. An apiserver that was not started again also tells
 * that each pod was bound by one POST; that it refused none, unless refusals are allowed. */
void trial_check(struct trial *trial, bool refusals_allowed);

/* How many lines of spillway's log, which has one for each request, hold all of these texts
 * (NULL-terminated). */
size_t trial_requests(const struct trial *trial, const char *const texts[]);

/* Awaits that there is one; how many there are then. */
size_t trial_await_requests(const struct trial *trial, const char *const texts[]);

#endif
