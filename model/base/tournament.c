#include "model/base/tournament.h"

#include <stdlib.h>

#include "model/base/mem.h"

static const struct standing nobody = {INT64_MIN, 0};

void tournament_init(struct tournament *tournament)
{
    *tournament = (struct tournament){0};
}

void tournament_fini(struct tournament *tournament)
{
    free(tournament->standings);
}

static struct standing better(struct standing left, struct standing right)
{
    if (left.best != right.best)
        return left.best > right.best ? left : right;
    return (struct standing){left.best, left.equals + right.equals};
}

static void reserve(struct tournament *tournament, uint32_t standing_count)
{
    if (standing_count <= tournament->capacity)
        return;
    tournament->capacity = standing_count;
    tournament->standings =
        mem_resize(tournament->standings, standing_count, sizeof(*tournament->standings));
}

void tournament_build(struct tournament *tournament, const int64_t *scores, uint32_t count)
{
    CHECK(count > 0 && count <= UINT32_MAX / 4);
    uint32_t leaf_count = 1;
    while (leaf_count < count)
        leaf_count *= 2;
    reserve(tournament, 2 * leaf_count);
    tournament->count = count;
    tournament->leaf_count = leaf_count;
    struct standing *standings = tournament->standings;
    for (uint32_t i = 0; i < leaf_count; i++)
        standings[leaf_count + i] = i < count ? (struct standing){scores[i], 1} : nobody;
    for (uint32_t i = leaf_count - 1; i > 0; i--)
        standings[i] = better(standings[2 * i], standings[2 * i + 1]);
}

static void put(struct tournament *tournament, uint32_t place, struct standing standing)
{
    CHECK(place < tournament->count);
    struct standing *standings = tournament->standings;
    uint32_t i = tournament->leaf_count + place;
    standings[i] = standing;
    for (i /= 2; i > 0; i /= 2)
        standings[i] = better(standings[2 * i], standings[2 * i + 1]);
}

void tournament_set(struct tournament *tournament, uint32_t place, int64_t score)
{
    CHECK(score > INT64_MIN);
    put(tournament, place, (struct standing){score, 1});
}

void tournament_remove(struct tournament *tournament, uint32_t place)
{
    put(tournament, place, nobody);
}

uint32_t tournament_equals(const struct tournament *tournament)
{
    return tournament->standings[1].equals;
}

uint32_t tournament_pick(const struct tournament *tournament, uint32_t skip)
{
    const struct standing *standings = tournament->standings;
    CHECK(skip < standings[1].equals);
    uint32_t i = 1;
    while (i < tournament->leaf_count) {
        i *= 2;
        uint32_t of_left = standings[i].best == standings[1].best ? standings[i].equals : 0;
        if (skip < of_left)
            continue;
        skip -= of_left;
        i++;
    }
    return i - tournament->leaf_count;
}
