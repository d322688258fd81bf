#include "sched/sample.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

void sample_init(struct sample *sample)
{
    *sample = (struct sample){0};
    tournament_init(&sample->tournament);
}

void sample_fini(struct sample *sample)
{
    tournament_fini(&sample->tournament);
    free(sample->slots);
    free(sample->steady);
    free(sample->totals);
    free(sample->scratch);
}

static void reserve(struct sample *sample, uint32_t count)
{
    if (count <= sample->capacity)
        return;
    sample->capacity = (uint32_t)mem_grow(sample->capacity, count);
    sample->slots = mem_resize(sample->slots, sample->capacity, sizeof(*sample->slots));
    sample->steady = mem_resize(sample->steady, sample->capacity, sizeof(*sample->steady));
    sample->totals = mem_resize(sample->totals, sample->capacity, sizeof(*sample->totals));
    sample->scratch = mem_resize(sample->scratch, sample->capacity, sizeof(*sample->scratch));
}

void sample_draw(struct sample *sample, const uint32_t *slots, uint32_t count)
{
    CHECK(count > 0);
    reserve(sample, count);
    memcpy(sample->slots, slots, count * sizeof(*slots));
    sample->count = sample->left = count;
    sample->is_scored = sample->tells_apart = sample->has_tournament = false;
}

static struct score_input input_of(const struct sample_pod *pod, const uint32_t *slots,
                                   uint32_t count)
{
    return (struct score_input){.cluster = pod->cluster,
                                .shape = pod->shape,
                                .config = pod->config,
                                .slots = slots,
                                .count = count};
}

static void score_all(struct sample *sample, const struct sample_pod *pod)
{
    const struct score_input in = input_of(pod, sample->slots, sample->count);
    memset(sample->steady, 0, sample->count * sizeof(*sample->steady));
    sample->tells_apart = scores_add(&in, SCORE_STEADY, sample->scratch, sample->steady);
    memcpy(sample->totals, sample->steady, sample->count * sizeof(*sample->totals));
    (void)scores_add(&in, SCORE_BY_USAGE, sample->scratch, sample->totals);
    sample->is_scored = true;
}

static uint64_t lot(struct rng *rng, uint32_t equals)
{
    return equals > 1 ? rng_below(rng, equals) : 0;
}

/* Cheaper than a tournament when only one pod comes. */
static uint32_t pick_by_scan(const struct sample *sample, struct rng *rng)
{
    const int64_t *totals = sample->totals;
    int64_t top = totals[0];
    uint32_t equals = 0;
    for (uint32_t i = 0; i < sample->count; i++) {
        if (totals[i] > top) {
            top = totals[i];
            equals = 0;
        }
        equals += totals[i] == top;
    }
    uint64_t skip = lot(rng, equals);
    uint32_t place = 0;
    while (totals[place] != top || skip-- > 0)
        place++;
    return place;
}

uint32_t sample_pick(struct sample *sample, const struct sample_pod *pod, struct rng *rng)
{
    CHECK(sample->left > 0);
    if (sample->has_tournament) {
        uint32_t equals = tournament_equals(&sample->tournament);
        return tournament_pick(&sample->tournament, (uint32_t)lot(rng, equals));
    }
    if (sample->count == 1)
        return 0; /* nothing to compare */
    score_all(sample, pod);
    return pick_by_scan(sample, rng);
}

/* Whoever leaves was the best of its kind, perhaps: all are scored again. */
static void remove_and_forget(struct sample *sample, uint32_t place)
{
    sample->count--;
    memmove(&sample->slots[place], &sample->slots[place + 1],
            (sample->count - place) * sizeof(*sample->slots));
    sample->is_scored = sample->has_tournament = false;
}

void sample_update(struct sample *sample, const struct sample_pod *pod, uint32_t place, bool fits)
{
    CHECK(place < sample->count);
    sample->left -= !fits;
    if (!fits && (sample->tells_apart || !sample->is_scored)) {
        remove_and_forget(sample, place);
        return;
    }
    if (!sample->is_scored)
        return;
    if (!sample->has_tournament)
        tournament_build(&sample->tournament, sample->totals, sample->count);
    sample->has_tournament = true;
    if (!fits) {
        tournament_remove(&sample->tournament, place);
        return;
    }
    const struct score_input in = input_of(pod, &sample->slots[place], 1);
    int64_t scratch, total = sample->steady[place];
    (void)scores_add(&in, SCORE_BY_USAGE, &scratch, &total);
    tournament_set(&sample->tournament, place, total);
}
