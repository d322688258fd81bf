/* Small workloads by hand, and what became of them when played. */
#ifndef TESTS_BENCH_PLAY_FIXTURE_H
#define TESTS_BENCH_PLAY_FIXTURE_H

#include "bench/play.h"

enum { FIXTURE_BINDS_MAX = 64 };

struct fixture_bind {
    char pod[64], node[64];
    int64_t at_ms;
};

struct play_fixture {
    struct workload workload;
    struct play_options options; /* as play_options_init() leaves them */
    struct play_result result;
    uint32_t bind_count;
    struct fixture_bind binds[FIXTURE_BINDS_MAX];
};

void play_fixture_init(struct play_fixture *fixture);
void play_fixture_fini(struct play_fixture *fixture); /* once it was played */

/* `cores` and 8 GiB, place for 110 pods; stays from `joins_ms` to `leaves_ms`. Its number. */
uint32_t play_fixture_node(struct play_fixture *fixture, const char *name, int64_t cores,
                           int64_t joins_ms, int64_t leaves_ms);

/* Asks for cores only. Times as in workload_pod. */
struct fixture_pod {
    const char *name;
    int64_t cores;
    int32_t priority;
    int64_t created_ms, runs_ms, gone_ms; /* the last two: 0 is for ever */
};
void play_fixture_pod(struct play_fixture *fixture, const struct fixture_pod *pod);

/* Sorts and plays. */
void play_fixture_run(struct play_fixture *fixture);

/* The bind of that pod; NULL: there was none. */
const struct fixture_bind *play_fixture_bind(const struct play_fixture *fixture, const char *pod);

#endif
