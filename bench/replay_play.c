#include "bench/replay_play.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/play.h"
#include "bench/replay_chart.h"
#include "bench/replay_report.h"

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

/* Points of allocation lost by looking at a sample of the nodes: above 0, the full scan packs
 * better. */
static void add_full_scan(struct report *report, const struct play_result *result,
                          const struct play_result *full)
{
    char key[REPORT_KEY_BYTES];
    const struct play_meter *meter = &result->meter;
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        const char *name =
            replay_short_name(symbol_text(meter->workload->symbols, meter->resources[r]));
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

static const struct replay_words words = {
    .refusals = "decisions without a node", .wait = "ms, virtual", .hours = "h, virtual"};

/* `full` is of a second play; NULL: there was none. */
static int report_result(const struct replay_play_options *options, const struct workload *workload,
                         const struct play_result *result, const struct play_result *full)
{
    struct report report;
    report_init(&report, "replay: a workload through the core in virtual time");
    replay_report_pods(&report, result, workload, &words);
    replay_report_room(&report, &result->meter);
    replay_report_units(&report, &result->meter);
    if (full)
        add_full_scan(&report, result, full);
    add_speed(&report, result);
    replay_report_end(&report, result, &words);
    int code = report_finish(&report, options->json);
    replay_print_reasons(&result->reasons);
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
