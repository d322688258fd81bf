/*
 * What the apiserver can take: our own writer (watch/writer.h), which posts bindings that nobody
 * decided, round robin over the nodes, as fast as its window of binds in flight allows. One watcher
 * of all pods is connected, as every scheduler needs one; it decodes what it gets. No scheduler
 * that binds one pod a request can be faster through the same writer. Nobody is asked whether a pod
 * fits: where others have to preempt, it does not.
 *
 * With events, each bind has a "Scheduled" Event beside it, on connections of its own, and no bind
 * leaves while too many events are under way: what a scheduler can do that tells of each pod.
 */
#ifndef BENCH_BIND_CEILING_H
#define BENCH_BIND_CEILING_H

#include <stdint.h>

#include "bench/cluster_load.h"
#include "bench/control_plane.h"

struct bind_ceiling; /* opaque */

/* Starts listing; binds those of the load's pods that fit on some node as soon as the list is
 * there. `plane` and `load` are borrowed. */
struct bind_ceiling *bind_ceiling_start(struct control_plane *plane,
                                        const struct cluster_load *load, bool with_events);

/* Binds (or events) that were refused or whose outcome is unknown: with any the figures are worth
 * nothing. */
uint64_t bind_ceiling_failed(const struct bind_ceiling *ceiling);

/* Ends and frees it; runs the loop until its connections are closed. */
void bind_ceiling_stop(struct bind_ceiling *ceiling);

#endif
