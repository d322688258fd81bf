/*
 * Figures of a play. Shares of units are those of the time of pods: two pods for an hour weigh as
 * one for two. Allocation and fragmentation: bench/play_meter.h.
 */
#include "bench/replay_play.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/play.h"
#include "bench/replay_chart.h"
#include "bench/report.h"

enum { REASONS_SHOWN = 8, MS_PER_HOUR = 3600 * 1000 };

struct replay_play {
    int64_t limit_ns;
    bool is_late, is_interrupted;
    sigset_t ends, before; /* signals that end it; the mask to go back to */
    FILE *bindings;        /* NULL: nobody wants them */
};

/* ---- the end of it ---- */

/* From here on the signals wait until somebody asks. */
static void signals_hold(struct replay_play *play)
{
    (void)sigemptyset(&play->ends);
    (void)sigaddset(&play->ends, SIGINT);
    (void)sigaddset(&play->ends, SIGTERM);
    CHECK(sigprocmask(SIG_BLOCK, &play->ends, &play->before) == 0);
}

static bool signals_came(struct replay_play *play)
{
    const struct timespec at_once = {0};
    while (sigtimedwait(&play->ends, NULL, &at_once) > 0)
        play->is_interrupted = true;
    return play->is_interrupted;
}

static void signals_release(struct replay_play *play)
{
    (void)signals_came(play);
    CHECK(sigprocmask(SIG_SETMASK, &play->before, NULL) == 0);
}

static bool is_over(void *ctx)
{
    struct replay_play *play = ctx;
    play->is_late = report_now_ns() > play->limit_ns;
    return signals_came(play) || play->is_late;
}

static void on_bound(void *ctx, const char *pod, const char *node, int64_t at_ms)
{
    struct replay_play *play = ctx;
    (void)fprintf(play->bindings, "%s %s %" PRId64 "\n", pod, node, at_ms);
}

/* ---- figures ---- */

static void add_percent(struct report *report, const char *name, const char *what, double share,
                        const char *unit)
{
    char key[REPORT_KEY_BYTES];
    int len = snprintf(key, sizeof(key), "replay.%.32s%s_percent", name, what);
    CHECK(len > 0 && len < REPORT_KEY_BYTES);
    report_add(report, key, 100 * share, unit);
}

/* "nvidia.com/gpu" as "gpu". */
static const char *short_name(const char *resource)
{
    const char *slash = strrchr(resource, '/');
    return slash ? slash + 1 : resource;
}

static void add_room(struct report *report, const struct play_meter *meter)
{
    uint32_t most_nodes = 0;
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        const char *name = short_name(symbol_text(meter->workload->symbols, meter->resources[r]));
        double most = 0;
        for (uint32_t i = 0; i < meter->sample_count; i++)
            most = meter->samples[i].allocated[r] > most ? meter->samples[i].allocated[r] : most;
        add_percent(report, name, "", play_meter_allocated(meter, r),
                    "% allocated, mean over time");
        add_percent(report, name, "_peak", most, "% allocated, most");
        add_percent(report, name, "_fragmented", play_meter_fragmented(meter, r),
                    "% of the free lies where pods do not fit");
    }
    for (uint32_t i = 0; i < meter->sample_count; i++)
        if (meter->samples[i].nodes_used > most_nodes)
            most_nodes = meter->samples[i].nodes_used;
    report_add(report, "replay.nodes_used", play_meter_nodes_used(meter), "nodes, mean over time");
    report_add(report, "replay.nodes_used_peak", most_nodes, "nodes");
}

static void add_units(struct report *report, const struct play_meter *meter)
{
    char key[REPORT_KEY_BYTES];
    double all_ms = 0, cost = 0;
    for (uint32_t i = 0; i < meter->unit_count; i++)
        all_ms += (double)meter->units[i].pod_ms;
    for (uint32_t i = 0; i < meter->unit_count; i++) {
        const struct play_unit *unit = &meter->units[i];
        const char *name = unit->name_sym == SYM_EMPTY
                               ? "none"
                               : symbol_text(meter->workload->symbols, unit->name_sym);
        double unit_cost = play_unit_cost_micro(unit) / 1e6;
        cost += unit_cost;
        (void)snprintf(key, sizeof(key), "replay.unit.%.32s.bound", name);
        report_add(report, key, (double)unit->binds, "pods");
        (void)snprintf(key, sizeof(key), "replay.unit.%.32s.percent", name);
        report_add(report, key, all_ms > 0 ? 100 * (double)unit->pod_ms / all_ms : 0,
                   "% of the time of all pods");
        (void)snprintf(key, sizeof(key), "replay.unit.%.32s.cost", name);
        report_add(report, key, unit_cost, "of the price table");
    }
    report_add(report, "replay.cost", cost, "of the price table");
}

/* Points of allocation lost by looking at a sample of the nodes: above 0, the full scan packs
 * better. */
static void add_full_scan(struct report *report, const struct play_result *result,
                          const struct play_result *full)
{
    char key[REPORT_KEY_BYTES];
    const struct play_meter *meter = &result->meter;
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        const char *name = short_name(symbol_text(meter->workload->symbols, meter->resources[r]));
        double lost = play_meter_allocated(&full->meter, r) - play_meter_allocated(meter, r);
        (void)snprintf(key, sizeof(key), "replay.full_scan.%.24s_points_lost", name);
        report_add(report, key, 100 * lost, "points by sampling nodes, mean over time");
        lost = play_meter_last(&full->meter)->allocated[r] - play_meter_last(meter)->allocated[r];
        (void)snprintf(key, sizeof(key), "replay.full_scan.%.24s_end_points_lost", name);
        report_add(report, key, 100 * lost, "points, at the end");
    }
    report_add(report, "replay.full_scan.bound", (double)full->bound, "pods");
    report_add(report, "replay.full_scan.waiting", (double)full->waiting, "pods, at the end");
    report_add(report, "replay.full_scan.wait_p99_ms", (double)full->wait_p99_ms, "ms, virtual");
    report_add(report, "replay.full_scan.ns_per_decision",
               full->attempts > 0 ? (double)full->decide_ns / (double)full->attempts : 0,
               "ns, the core's part");
}

static void add_speed(struct report *report, const struct play_result *result)
{
    double seconds = (double)result->wall_ns / 1e9, attempts = (double)result->attempts;
    report_add(report, "replay.seconds", seconds, "s of real time");
    report_add(report, "replay.cpu_seconds", (double)result->cpu_ns / 1e9, "s of processor time");
    report_add(report, "replay.decisions", attempts, "binds and refusals");
    report_add(report, "replay.decisions_per_second", attempts / seconds, "/s, world included");
    report_add(report, "replay.ns_per_decision",
               attempts > 0 ? (double)result->decide_ns / attempts : 0, "ns, the core's part");
    report_add(report, "replay.rss_bytes", (double)report_rss_peak_bytes(), "bytes");
}

static void add_pods(struct report *report, const struct play_result *result,
                     const struct workload *workload)
{
    report_add(report, "replay.nodes", workload->node_count, "nodes, all that ever join");
    report_add(report, "replay.pods", (double)result->created, "pods");
    report_add(report, "replay.again", (double)result->again, "of them in the place of lost ones");
    report_add(report, "replay.bound", (double)result->bound, "pods");
    report_add(report, "replay.waiting", (double)result->waiting, "pods, at the end");
    report_add(report, "replay.done", (double)result->done, "pods that ran to their end");
    report_add(report, "replay.deleted", (double)result->deleted, "pods deleted, lost or evicted");
    report_add(report, "replay.evicted", (double)result->evicted, "pods, by preemption");
    report_add(report, "replay.refusals", (double)result->refusals, "decisions without a node");
    report_add(report, "replay.wait_p50_ms", (double)result->wait_p50_ms, "ms, virtual");
    report_add(report, "replay.wait_p99_ms", (double)result->wait_p99_ms, "ms, virtual");
    report_add(report, "replay.wait_max_ms", (double)result->wait_max_ms, "ms, virtual");
}

static void print_reasons(const struct play_reasons *reasons)
{
    if (reasons->count > 0)
        (void)printf("  refusals   waiting  because (numbers left out)\n");
    for (uint32_t i = 0; i < reasons->count && i < REASONS_SHOWN; i++)
        (void)printf("%10" PRIu64 "%10" PRIu64 "  %s\n", reasons->items[i].refusals,
                     reasons->items[i].waiting, reasons->items[i].text);
    if (reasons->count > REASONS_SHOWN)
        (void)printf("%10s%10s  %" PRIu32 " more\n", "", "", reasons->count - REASONS_SHOWN);
    (void)fflush(stdout);
}

/* `full` is of a second play; NULL: there was none. */
static int report_result(const struct replay_play_options *options, const struct workload *workload,
                         const struct play_result *result, const struct play_result *full)
{
    struct report report;
    char hash[REPORT_TEXT_BYTES];
    report_init(&report, "replay: a workload through the core in virtual time");
    add_pods(&report, result, workload);
    add_room(&report, &result->meter);
    add_units(&report, &result->meter);
    if (full)
        add_full_scan(&report, result, full);
    add_speed(&report, result);
    report_add(&report, "replay.hours", (double)result->span_ms / MS_PER_HOUR, "h, virtual");
    (void)snprintf(hash, sizeof(hash), "%016" PRIx64, result->bindings_hash);
    report_add_text(&report, "replay.hash", hash, "of all bindings");
    report_add(&report, "replay.is_partial", result->is_partial, "1: ended early");
    int code = report_finish(&report, options->json);
    print_reasons(&result->reasons);
    return code;
}

/* ---- the command ---- */

static int conclude(const struct replay_play *play, const struct replay_play_options *options,
                    const struct play_result *result)
{
    struct err err = {0};
    int code = 0;
    if (options->svg && replay_chart_write(result, options->svg, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench replay: %s\n", err.text);
        code = 1;
    }
    if (!play->is_interrupted && !play->is_late)
        return code;
    (void)fprintf(stderr, "spillway-bench replay: %s: these are the figures until then\n",
                  play->is_interrupted ? "interrupted" : "the limit of real time has passed");
    return 1;
}

static int close_bindings(struct replay_play *play, const char *path)
{
    if (!play->bindings)
        return 0;
    bool failed = ferror(play->bindings) != 0;
    failed = fclose(play->bindings) != 0 || failed;
    if (failed)
        (void)fprintf(stderr, "spillway-bench replay: cannot write %s: %s\n", path,
                      strerror(errno));
    return failed ? 1 : 0;
}

static int open_bindings(struct replay_play *play, const char *path)
{
    play->bindings = path ? fopen(path, "we") : NULL;
    if (!path || play->bindings)
        return 0;
    (void)fprintf(stderr, "spillway-bench replay: cannot write %s: %s\n", path, strerror(errno));
    return 1;
}

/* The second play, when one is wanted and the first came to its end; true when it did too. */
static bool play_full_scan(const struct workload *workload, struct play_options play_options,
                           struct play_result *ret_full)
{
    struct err err = {0};
    play_options.percentage = 100;
    play_options.on_bound = NULL;
    if (play_run(workload, &play_options, ret_full, &err) < 0)
        return false; /* its policies were good a moment ago: not reached */
    if (!ret_full->is_partial)
        return true;
    play_result_fini(ret_full);
    return false;
}

static int play_workload(struct replay_play *play, const struct workload *workload,
                         const struct replay_play_options *options)
{
    struct play_options play_options;
    struct play_result result, full;
    struct err err = {0};
    play_options_init(&play_options);
    play_options.seed = options->seed;
    play_options.preempts = options->preempts;
    play_options.until_ms = options->until_ms;
    play_options.ctx = play;
    play_options.is_over = is_over;
    play_options.on_bound = play->bindings ? on_bound : NULL;
    if (play_run(workload, &play_options, &result, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench replay: %s\n", err.text);
        return 1;
    }
    bool has_full = options->beside_full_scan && !result.is_partial &&
                    play_full_scan(workload, play_options, &full);
    int code = report_result(options, workload, &result, has_full ? &full : NULL);
    code = conclude(play, options, &result) != 0 ? 1 : code;
    play_result_fini(&result);
    if (has_full)
        play_result_fini(&full);
    return code;
}

int replay_play(struct workload *workload, const struct replay_play_options *options)
{
    struct replay_play replay = {.limit_ns = report_now_ns() +
                                             options->limit_seconds * INT64_C(1000000000)};
    if (open_bindings(&replay, options->bindings) != 0)
        return 1;
    signals_hold(&replay);
    int code = play_workload(&replay, workload, options);
    signals_release(&replay);
    return close_bindings(&replay, options->bindings) != 0 ? 1 : code;
}
