/*
 * The best of many numbers that change one by one, and how many share the first place: a tree whose
 * inner nodes hold the best of what is below them. Changing one number costs log2(count) steps,
 * picking any of the best as many; reading all of them again would cost `count`.
 *
 *     tournament_build(&tournament, scores, count);
 *     uint32_t first = tournament_pick(&tournament, 0);
 *     tournament_set(&tournament, first, scores[first] - 1);
 */
#ifndef MODEL_BASE_TOURNAMENT_H
#define MODEL_BASE_TOURNAMENT_H

#include <stdint.h>

struct standing {
    int64_t best;
    uint32_t equals; /* how many have it; 0: all below were removed */
};

struct tournament {
    struct standing *standings; /* private: [1] the root, the children of [i] at [2i], [2i+1] */
    uint32_t count;             /* places */
    uint32_t leaf_count;        /* private: a power of two, at least `count` */
    uint32_t capacity;          /* private: allocated standings */
};

void tournament_init(struct tournament *tournament);
void tournament_fini(struct tournament *tournament);

/* Places 0 to count-1 with these scores, each above INT64_MIN. Keeps its memory for the next time.
 * Cost: 2 * count. */
void tournament_build(struct tournament *tournament, const int64_t *scores, uint32_t count);

void tournament_set(struct tournament *tournament, uint32_t place, int64_t score);
void tournament_remove(struct tournament *tournament, uint32_t place);

/* How many share the first place; 0: none is left. */
uint32_t tournament_equals(const struct tournament *tournament);

/* The place of the best number `skip`, counted from 0 in the order of places. */
uint32_t tournament_pick(const struct tournament *tournament, uint32_t skip);

#endif
