/* A simulated apiserver in the loop of a measurement's client, and a scheduler in a few lines:
 * every millisecond it binds what waits for "binder" to the first node, one pod at a time or all.
 */
#ifndef TESTS_BENCH_ATTACHED_FIXTURE_H
#define TESTS_BENCH_ATTACHED_FIXTURE_H

#include "bench/apiserver.h"
#include "bench/control_plane.h"

struct attached {
    struct control_plane plane;
    struct sim_clock clock;
    struct store *store;
    struct apiserver *server;
    uv_timer_t binder;
    bool is_slow; /* the binder: one pod a tick */
    uint32_t bound;
    struct store_subscriber subscriber;
    uint32_t added[KIND_COUNT], deleted[KIND_COUNT];
    char dir[64];
};

void attached_init(struct attached *attached);
void attached_fini(struct attached *attached);

/* From JSON, by the store. */
void attached_create(struct attached *attached, enum kind_id kind, const char *json);

size_t attached_count(struct attached *attached, enum kind_id kind, const char *namespace);

#endif
