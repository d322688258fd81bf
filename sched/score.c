#include "sched/score.h"

#include <string.h>

const struct score *const scores[SCORE_COUNT] = {
#define SCORE(id, name, weight, symbol) [SCORE_##id] = &score_##symbol,
#include "sched/scores.def"
#undef SCORE
};

static void add_score(const struct score_input *in, enum score_id id, int64_t *scratch,
                      int64_t *totals)
{
    int64_t weight = in->config->weights[id];
    scores[id]->run(in, scratch);
    /* One flag for the whole list keeps the loop free of branches. */
    bool in_range = true;
    for (uint32_t i = 0; i < in->count; i++) {
        in_range &= scratch[i] >= 0 && scratch[i] <= SCORE_MAX;
        totals[i] += weight * scratch[i];
    }
    CHECK(in_range);
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
        add_score(in, (enum score_id)id, scratch, totals);
        tells_apart |= score->basis == SCORE_BY_LIST && !are_equal(scratch, in->count);
    }
    return tells_apart;
}
