/*
 * Fixed workloads whose instructions are counted under callgrind: the same on every run and on
 * every machine, unlike seconds. bench/counts.sh runs them, bench/counts.txt keeps what they took.
 */
#ifndef BENCH_COUNTED_H
#define BENCH_COUNTED_H

#include <stdint.h>

enum { COUNTED_WORKLOADS = 7 };

struct counted {
    const char *name;
    const char *unit; /* what one is counted for: "pod", "event" */
    const char *help;
    void *(*open)(void);           /* what comes before the counting, the warming up too */
    uint32_t (*work)(void *state); /* counted; returns how many units it did */
    void (*close)(void *state);
};

extern const struct counted counted_workloads[COUNTED_WORKLOADS];

/* NULL: there is none of that name. */
const struct counted *counted_find(const char *name);

/* The only function whose instructions are collected (callgrind's --toggle-collect): never inlined.
 * Returns the units. */
uint32_t counted_work(const struct counted *workload, void *state);

#endif
