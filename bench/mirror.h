/*
 * A store whose objects are a real apiserver's too, for a world that plays on stores
 * (store_world.h) and a scheduler that is to be seen on a real control plane.
 *
 *     store --created, deleted--> POST, DELETE --> apiserver <--> the scheduler
 *       ^                                              |
 *       +-- bound, refused, asked to end, gone <-- watch of pods
 *
 * Nodes, pods of namespace "default" and ResourcePolicies are written; of what others write only
 * pods are read, and only those that the store has. Requests about one object keep their order.
 */
#ifndef BENCH_MIRROR_H
#define BENCH_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/control_plane.h"
#include "bench/store.h"

struct mirror; /* opaque */

struct mirror_options {
    struct control_plane *plane; /* both are borrowed */
    struct store *store;         /* empty; its clock is the driver's */
    const char *scheduler;       /* spec.schedulerName of all pods */
};

/* Sees that the apiserver has neither nodes nor pods in "default" (-EEXIST), and has watched them
 * since. NULL: see *err. */
struct mirror *mirror_start(const struct mirror_options *options, struct err *err);

/* Ends the watch and all requests under way, running the loop for it. NULL: nothing. What the
 * apiserver has stays there. */
void mirror_stop(struct mirror *mirror);

/* Writes that were not answered yet. */
uint32_t mirror_backlog(const struct mirror *mirror);

/* The first write that was refused or lost; its code is 0 while there is none. */
const struct err *mirror_trouble(const struct mirror *mirror);

#endif
