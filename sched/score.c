#include "sched/score.h"

const struct score *const scores[SCORE_COUNT] = {
#define SCORE(id, name, weight, symbol) [SCORE_##id] = &score_##symbol,
#include "sched/scores.def"
#undef SCORE
};

void scores_sum(const struct score_input *in, int64_t *scratch, int64_t *ret_totals)
{
    for (uint32_t i = 0; i < in->count; i++)
        ret_totals[i] = 0;
    if (in->count == 0)
        return;
    for (uint32_t id = 0; id < SCORE_COUNT; id++) {
        int64_t weight = in->config->weights[id];
        if (weight == 0 || !scores[id]->applies(in))
            continue;
        scores[id]->run(in, scratch);
        /* One flag for the whole list keeps the loop free of branches. */
        bool in_range = true;
        for (uint32_t i = 0; i < in->count; i++) {
            in_range &= scratch[i] >= 0 && scratch[i] <= SCORE_MAX;
            ret_totals[i] += weight * scratch[i];
        }
        CHECK(in_range);
    }
}
