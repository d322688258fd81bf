/* Why pods were refused, counted: sentences are equal when they differ in numbers only ("0/10 nodes
 * are available: 10 Insufficient cpu." is "N/N nodes are available: N Insufficient cpu."). */
#ifndef BENCH_PLAY_REASON_H
#define BENCH_PLAY_REASON_H

#include <stdint.h>

#include "model/base/str.h"

enum {
    PLAY_REASONS_MAX = 64, /* the last one counts all others */
    PLAY_REASON_BYTES = 400,
};

struct play_reason {
    uint64_t refusals; /* how often it was said */
    uint64_t waiting;  /* pods that wait at the end and were told so last */
    char text[PLAY_REASON_BYTES];
};

struct play_reasons {
    uint32_t count;
    struct play_reason items[PLAY_REASONS_MAX];
};

/* Writes the sentence without its numbers: whatever begins with a digit, to the end of the word, is
 * an N, and the parts of its first list in order. Cut to what fits. */
void play_reason_plain(struct str sentence, char ret_text[PLAY_REASON_BYTES]);

/* Counts one refusal; the reason's number. */
uint32_t play_reasons_add(struct play_reasons *reasons, struct str sentence);

/* The most frequent first. */
void play_reasons_sort(struct play_reasons *reasons);

#endif
