#include "bench/play.h"

#include <stdlib.h>

#include "bench/play_private.h"
#include "bench/report.h"
#include "model/base/mem.h"

enum {
    PASS_PODS = 64,
    ASK_EVERY = 1024, /* turns between questions whether to end early */
};

void play_options_init(struct play_options *options)
{
    *options = (struct play_options){.seed = 1,
                                     .percentage = -1,
                                     .bind_latency_ms = PLAY_BIND_LATENCY_MS,
                                     .bind_window = PLAY_BIND_WINDOW,
                                     .until_ms = INT64_MAX};
}

static void init(struct play *play, const struct workload *workload,
                 const struct play_options *options)
{
    *play = (struct play){.workload = workload, .options = *options};
    CHECK(options->bind_window > 0 && options->bind_latency_ms >= 0);
    rng_init(&play->rng, options->seed);
    agenda_init(&play->agenda);
    play_meter_init(&play->result.meter, workload);
    play->name_count = symbols_count(workload->symbols);
    play->node_of_name = mem_zalloc(play->name_count, sizeof(*play->node_of_name));
    play->node_is_there = mem_zalloc(workload->node_count, sizeof(*play->node_is_there));
    play->parts = mem_zalloc(workload->pod_kind_count, sizeof(*play->parts));
    for (uint32_t i = 0; i < workload->pod_kind_count; i++)
        play_pod_parts_init(&play->parts[i], workload, i);
}

static void fini(struct play *play)
{
    sched_free(play->sched);
    agenda_fini(&play->agenda);
    free(play->node_of_name);
    free(play->node_is_there);
    free(play->parts);
    free(play->pods);
    free(play->waits_ms);
}

/* ---- one turn ---- */

/* Everything of the workload and the agenda that is due: nodes first, so that a pod that comes with
 * its node finds it. */
static void happen(struct play *play)
{
    const struct workload *workload = play->workload;
    struct agenda_item item;
    bool has_happened = false;
    for (; play->next_node < workload->node_count &&
           workload->nodes[play->next_node].joins_ms <= play->now.ms;
         has_happened = true)
        play_node_joins(play, play->next_node++);
    for (; agenda_take(&play->agenda, play->now.ms, &item); has_happened = true) {
        if (item.what == PLAY_NODE_LEAVES)
            play_node_leaves(play, item.which);
        else
            play_pod_event(play, (enum play_what)item.what, item.which);
    }
    for (; play->next_pod < workload->pod_count &&
           workload->pods[play->next_pod].created_ms <= play->now.ms;
         has_happened = true)
        play_pod_create(play, play->next_pod++);
    if (has_happened)
        play->last_event_ms = play->now.ms;
}

/* When the workload or the agenda go on; INT64_MAX: never. */
static int64_t next_event_ms(const struct play *play)
{
    const struct workload *workload = play->workload;
    int64_t next_ms = agenda_next_ms(&play->agenda);
    if (play->next_node < workload->node_count &&
        workload->nodes[play->next_node].joins_ms < next_ms)
        next_ms = workload->nodes[play->next_node].joins_ms;
    if (play->next_pod < workload->pod_count && workload->pods[play->next_pod].created_ms < next_ms)
        next_ms = workload->pods[play->next_pod].created_ms;
    return next_ms;
}

/* When the next turn is; false: the end. */
static bool next_turn(const struct play *play, int64_t *ret_ms)
{
    int64_t event_ms = next_event_ms(play);
    int64_t core_ms = sched_next_wakeup(play->sched).ms;
    if (core_ms <= play->now.ms)
        core_ms = play->now.ms + 1;
    /* Timers of the core alone go on for ever: a pod that fits nowhere is tried again and again. */
    if (event_ms == INT64_MAX &&
        (play->waiting == 0 || core_ms > play->last_event_ms + PLAY_SETTLE_MS))
        return false;
    int64_t next_ms = event_ms < core_ms ? event_ms : core_ms;
    if (next_ms > play->options.until_ms)
        return false;
    *ret_ms = next_ms;
    return true;
}

/* ---- the whole ---- */

static bool is_over(const struct play *play)
{
    return play->options.is_over && play->options.is_over(play->options.ctx);
}

static void loop(struct play *play)
{
    struct play_meter *meter = &play->result.meter;
    play_meter_start(meter, play->now.ms, play->options.until_ms);
    for (uint64_t turn = 1;; turn++) {
        happen(play);
        int64_t began_ns = report_now_ns();
        while (sched_pass(play->sched, PASS_PODS))
            ;
        play->result.decide_ns += report_now_ns() - began_ns;
        int64_t next_ms;
        if (!next_turn(play, &next_ms))
            break;
        if (turn % ASK_EVERY == 0 && is_over(play)) {
            play->result.is_partial = true;
            break;
        }
        play_meter_pass(meter, next_ms, play->waiting);
        play->now.ms = next_ms;
    }
    /* what was asked for is paid for to its end */
    int64_t end_ms = play->options.until_ms != INT64_MAX && !play->result.is_partial
                         ? play->options.until_ms
                         : play->now.ms;
    play_meter_end(meter, end_ms, play->waiting);
    play->result.span_ms = end_ms;
}

/* ---- what it came to ---- */

static int compare_waits(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The smallest wait that `percent` of all do not pass. */
static int64_t wait_percentile(const struct play *play, uint64_t percent)
{
    if (play->wait_count == 0)
        return 0;
    uint64_t rank = (play->wait_count * percent + 99) / 100;
    return play->waits_ms[rank > 0 ? rank - 1 : 0];
}

static void conclude(struct play *play)
{
    struct play_result *result = &play->result;
    struct sched_stats stats = sched_stats(play->sched);
    result->attempts = stats.attempts;
    result->refusals = stats.unschedulable;
    result->waiting = play->waiting;
    for (uint32_t i = 0; i < play->pod_count; i++)
        if (play->pods[i].state == PLAY_WAITING && play->pods[i].reason != PLAY_NO_REASON)
            result->reasons.items[play->pods[i].reason].waiting++;
    play_reasons_sort(&result->reasons);
    if (play->wait_count > 0)
        qsort(play->waits_ms, play->wait_count, sizeof(*play->waits_ms), compare_waits);
    result->wait_p50_ms = wait_percentile(play, 50);
    result->wait_p99_ms = wait_percentile(play, 99);
    result->wait_max_ms = wait_percentile(play, 100);
}

int play_run(const struct workload *workload, const struct play_options *options,
             struct play_result *ret_result, struct err *err)
{
    struct play play;
    int64_t began_ns = report_now_ns(), began_cpu_ns = report_cpu_ns();
    init(&play, workload, options);
    int rc = play_start(&play, err);
    if (rc < 0) {
        play_result_fini(&play.result);
    } else {
        loop(&play);
        conclude(&play);
        play.result.wall_ns = report_now_ns() - began_ns;
        play.result.cpu_ns = report_cpu_ns() - began_cpu_ns;
        *ret_result = play.result;
    }
    fini(&play);
    return rc;
}

void play_result_fini(struct play_result *result)
{
    play_meter_fini(&result->meter);
}
