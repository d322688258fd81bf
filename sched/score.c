#include "sched/score.h"

#include <string.h>

const struct score *const scores[SCORE_COUNT] = {
#define SCORE(id, name, weight, symbol) [SCORE_##id] = &score_##symbol,
#include "sched/scores.def"
#undef SCORE
};

/* Weighs one score's list into the sums. Pointers that share nothing, and locals: what is stored
 * could change what is read through `in` for all the compiler knows. */
static void add_weighted(int64_t weight, const int64_t *restrict list, uint32_t count,
                         int64_t *restrict totals)
{
    uint64_t out_of_range = 0; /* the sign of either side of the range: no branch in the loop */
    for (uint32_t i = 0; i < count; i++) {
        out_of_range |= (uint64_t)list[i] | (SCORE_MAX - (uint64_t)list[i]);
        totals[i] += weight * list[i];
    }
    CHECK(out_of_range >> 63 == 0);
}

/* Each is equal to the next. */
static bool are_equal(const int64_t *numbers, uint32_t count)
{
    return memcmp(numbers, numbers + 1, (count - 1) * sizeof(*numbers)) == 0;
}

bool scores_add(const struct score_input *in, uint32_t bases, int64_t *scratch, int64_t *totals)
{
    bool tells_apart = false;
    for (uint32_t id = 0; in->count > 0 && id < SCORE_COUNT; id++) {
        const struct score *score = scores[id];
        if (in->config->weights[id] == 0 || !(score->basis & bases) || !score->applies(in))
            continue;
        score->run(in, scratch);
        add_weighted(in->config->weights[id], scratch, in->count, totals);
        tells_apart |= score->basis == SCORE_BY_LIST && !are_equal(scratch, in->count);
    }
    return tells_apart;
}
