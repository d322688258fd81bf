/* How a core was set up, as bytes. The order of scores is that of sched/scores.def. */
#include "sched/record.h"

/* Whoever adds a field: to the functions below, and RECORD_VERSION is another one. */
_Static_assert(sizeof(struct sched_config) == 680 + SCORE_COUNT * sizeof(int64_t),
               "all of the configuration is written and read");

static void code_score(struct codec *codec, struct score_config *score)
{
    uint32_t strategy = (uint32_t)score->strategy;
    uint32_t score_count = SCORE_COUNT;
    codec_below(codec, &score_count, SCORE_COUNT + 1);
    if (score_count != SCORE_COUNT)
        codec_fail(codec, "it was recorded with other scores");
    for (uint32_t i = 0; i < SCORE_COUNT; i++)
        codec_i64(codec, &score->weights[i]);
    codec_below(codec, &strategy, FIT_REQUESTED_TO_CAPACITY + 1);
    score->strategy = (enum fit_strategy)strategy;
    codec_below(codec, &score->resource_count, SCORE_RESOURCES_MAX + 1);
    for (uint32_t i = 0; i < score->resource_count; i++) {
        codec_symbol(codec, &score->resources[i].name_sym);
        codec_i64(codec, &score->resources[i].weight);
    }
    codec_below(codec, &score->point_count, SCORE_POINTS_MAX + 1);
    for (uint32_t i = 0; i < score->point_count; i++) {
        codec_i64(codec, &score->points[i].utilization);
        codec_i64(codec, &score->points[i].score);
    }
    codec_bool(codec, &score->is_balance_neutral);
}

/* The presets are not written: both sides have them. */
static void code_types(struct codec *codec, struct record_setup *setup)
{
    struct sched_config *config = &setup->config;
    bool has_types = config->unit_types != NULL;
    codec_bool(codec, &has_types);
    if (!has_types)
        return;
    if (!codec_is_reading(codec))
        setup->types = *config->unit_types;
    unit_types_codec(codec, &setup->types);
    config->unit_types = &setup->types;
}

/* What sched_new() would CHECK. */
static void check_config(struct codec *codec, const struct sched_config *config)
{
    bool is_fine = config->scheduler_name_count > 0 && config->cycle.predicate_step > 0 &&
                   config->cycle.percentage >= -1 && config->cycle.percentage <= 100 &&
                   config->queue.initial_backoff_ms >= 0 && config->queue.max_backoff_ms >= 0 &&
                   config->queue.max_backoff_ms <= QUEUE_BACKOFF_LIMIT_MS &&
                   (config->queue.max_backoff_ms == 0 ||
                    config->queue.initial_backoff_ms <= config->queue.max_backoff_ms);
    if (!is_fine)
        codec_fail(codec, "its configuration is none of spillway's");
}

void record_setup_codec(struct codec *codec, struct record_setup *setup)
{
    struct sched_config *config = &setup->config;
    codec_u64(codec, &setup->random_seed);
    codec_u64(codec, &config->hash_seed);
    codec_below(codec, &config->scheduler_name_count, SCHED_NAMES_MAX + 1);
    for (uint32_t i = 0; i < config->scheduler_name_count; i++)
        codec_symbol(codec, &config->scheduler_name_syms[i]);
    codec_u64(codec, &config->cycle.seed);
    codec_u32(codec, &config->cycle.predicate_step);
    codec_u32(codec, &config->cycle.feasible_target);
    codec_i32(codec, &config->cycle.percentage);
    codec_bool(codec, &config->cycle.is_batched);
    code_score(codec, &config->cycle.score);
    codec_i64(codec, &config->queue.initial_backoff_ms);
    codec_i64(codec, &config->queue.max_backoff_ms);
    codec_bool(codec, &config->watches_policies);
    codec_bool(codec, &config->preempts);
    codec_i64(codec, &config->wall_zero_ms);
    code_types(codec, setup);
    if (codec_is_reading(codec) && !codec->wrong)
        check_config(codec, config);
}
