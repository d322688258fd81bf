#include "bench/replay_server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/replay_chart.h"
#include "bench/replay_judge.h"
#include "bench/replay_report.h"
#include "bench/replay_stage.h"
#include "bench/store_world.h"
#include "model/base/mem.h"

enum {
    STEP_EVERY_MS = 5,
    SETTLE_EVERY_MS = 250,
    SETTLED_MS = 750, /* without a change of any pod */
    /* The same when it cannot be seen whether the scheduler is ready; and when it may still wait
     * for the end of a backoff, which is 10 s at most. */
    SETTLED_UNSEEN_MS = 5000,
    SETTLED_BACKOFF_MS = 15000,
    REASON_BYTES = 1 << 20,
};

struct replay {
    const struct workload *workload;
    const struct replay_server_options *options;
    struct replay_stage *stage;
    struct store *store; /* the stage's */
    struct verify *verify;
    struct store_world *world;
    struct store_subscriber subscriber;
    uv_timer_t timer; /* the workload's times, then settling */
    bool is_judged;
    int64_t end_ms;            /* the last of the workload's own times */
    int64_t first_ns, last_ns; /* the start, the last bind or refusal */
    uint64_t changes, changes_before;
    uint32_t quiet_ticks;
    struct replay_verdict verdict;
    struct process_usage usage; /* of the schedulers: time of all, memory of the largest */
    FILE *bindings;             /* NULL: nobody wants them */
};

/* ---- what kind of workload ---- */

/* The last time that is known beforehand; what runs ends later, or after the end. */
static int64_t known_end_ms(const struct workload *workload)
{
    int64_t end_ms = 1;
    for (uint32_t i = 0; i < workload->node_count; i++) {
        const struct workload_node *node = &workload->nodes[i];
        int64_t last_ms = node->leaves_ms != INT64_MAX ? node->leaves_ms : node->joins_ms;
        end_ms = last_ms > end_ms ? last_ms : end_ms;
    }
    for (uint32_t i = 0; i < workload->pod_count; i++) {
        const struct workload_pod *pod = &workload->pods[i];
        int64_t last_ms = pod->gone_ms != INT64_MAX ? pod->gone_ms : pod->created_ms;
        end_ms = last_ms > end_ms ? last_ms : end_ms;
    }
    return end_ms;
}

static bool is_simple(const struct workload *workload)
{
    bool is_simple = workload->policy_count == 0;
    for (uint32_t i = 0; i < workload->node_count; i++)
        is_simple = is_simple && workload->nodes[i].leaves_ms == INT64_MAX;
    for (uint32_t i = 0; i < workload->pod_count; i++)
        is_simple = is_simple && workload->pods[i].gone_ms == INT64_MAX &&
                    workload->pods[i].runs_ms == INT64_MAX;
    for (uint32_t i = 0; i < workload->node_kind_count; i++)
        is_simple = is_simple && workload->node_kinds[i].taint_count == 0;
    return is_simple;
}

/* ---- as it goes ---- */

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct replay *replay = container_of(subscriber, struct replay, subscriber);
    if (event->object->kind->id != KIND_POD || event->change != CHANGE_MODIFIED)
        return;
    replay->changes++;
    replay->last_ns = report_now_ns();
}

static void on_bound(void *ctx, const char *pod, const char *node, int64_t at_ms)
{
    struct replay *replay = ctx;
    if (replay->bindings)
        (void)fprintf(replay->bindings, "%s %s %" PRId64 "\n", pod, node, at_ms);
}

/* The workload's time now: its own end comes after --arrival-seconds, what lasts longer goes on at
 * the same speed. */
static int64_t workload_now_ms(const struct replay *replay)
{
    int64_t until_ms = replay->options->until_ms;
    if (replay->options->arrival_seconds == 0)
        return replay->end_ms < until_ms ? replay->end_ms : until_ms;
    double elapsed_s = (double)(report_now_ns() - replay->first_ns) / 1e9;
    double now_ms = elapsed_s / replay->options->arrival_seconds * (double)replay->end_ms;
    return now_ms < (double)until_ms ? (int64_t)now_ms : until_ms;
}

/* Nothing more can happen by itself. */
static bool has_ended(const struct replay *replay, int64_t now_ms)
{
    int64_t next_ms = store_world_next_ms(replay->world);
    return next_ms > replay->options->until_ms ||
           (next_ms == INT64_MAX && now_ms >= replay->end_ms);
}

static void on_step(uv_timer_t *timer)
{
    struct replay *replay = timer->data;
    if (replay->first_ns == 0) {
        if (!replay_stage_is_listening(replay->stage))
            return;
        replay->first_ns = report_now_ns();
    }
    if (replay_stage_is_behind(replay->stage))
        return;
    int64_t now_ms = workload_now_ms(replay);
    store_world_step(replay->world, now_ms);
    if (has_ended(replay, now_ms) && store_world_counts(replay->world).undecided == 0)
        replay_stage_finish(replay->stage);
}

static uint32_t settled_ms(const struct replay *replay)
{
    switch (replay->options->stage.kind) {
    case STAGE_SIMULATED:
        return SETTLED_MS;
    case STAGE_CONTROL_PLANE:
        return SETTLED_UNSEEN_MS;
    case STAGE_CLUSTER:
        return SETTLED_BACKOFF_MS;
    }
    CHECK_NEVER("a kind of stage");
}

/* The second scheduler: until nothing changes any more. */
static void on_settle(uv_timer_t *timer)
{
    struct replay *replay = timer->data;
    int64_t now_ms = workload_now_ms(replay);
    store_world_step(replay->world, now_ms);
    bool is_quiet = replay->changes == replay->changes_before &&
                    replay_stage_is_listening(replay->stage) && has_ended(replay, now_ms);
    replay->quiet_ticks = is_quiet ? replay->quiet_ticks + 1 : 0;
    replay->changes_before = replay->changes;
    if (replay->quiet_ticks * SETTLE_EVERY_MS < settled_ms(replay))
        return;
    if (replay->is_judged)
        replay_judge(replay->verify, replay->store, NULL, &replay->verdict);
    if (replay->verdict.wrong == 0)
        replay_stage_finish(replay->stage);
}

/* Before it is stopped; of one that ended by itself nothing is known. */
static void note_usage(struct replay *replay)
{
    struct process_usage usage;
    if (!replay_stage_usage(replay->stage, &usage))
        return;
    replay->usage.cpu_us += usage.cpu_us;
    if (usage.rss_peak_bytes > replay->usage.rss_peak_bytes)
        replay->usage.rss_peak_bytes = usage.rss_peak_bytes;
}

/* One scheduler from its start to its end; false when it did not come there. */
static bool run_scheduler(struct replay *replay, uv_timer_cb on_timer, uint32_t every_ms)
{
    struct err err = {0};
    struct replay_stage *stage = replay->stage;
    bool is_own = replay_stage_has_scheduler(stage);
    if (is_own && replay_stage_start_scheduler(stage, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return false;
    }
    CHECK(uv_timer_start(&replay->timer, on_timer, every_ms, every_ms) == 0);
    bool is_done = replay_stage_run(stage, replay->options->limit_seconds);
    (void)uv_timer_stop(&replay->timer);
    note_usage(replay);
    if (is_done && is_own)
        replay_stage_stop_scheduler(stage);
    if (is_done)
        return true;
    struct store_world_counts counts = store_world_counts(replay->world);
    (void)fprintf(stderr,
                  "spillway-bench: %" PRIu64 " pods are bound, %u wait, %u of them without "
                  "a word\n",
                  counts.bound, counts.waiting, counts.undecided);
    if (replay->verdict.wrong > 0)
        (void)fprintf(stderr, "spillway-bench: %u pods are wrong, the first: %s\n",
                      replay->verdict.wrong, replay->verdict.first_wrong);
    return false;
}

/* ---- what it came to ---- */

static int compare_waits(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* From creation to bind, as the store saw them; real time. */
static void set_waits(struct play_result *result, const struct verify *verify)
{
    size_t count = 0, bound = 0;
    while (verify_pod_at(verify, (uint32_t)count))
        count++;
    int64_t *waits_ms = mem_zalloc(count, sizeof(*waits_ms));
    for (size_t i = 0; i < count; i++) {
        const struct verify_pod *pod = verify_pod_at(verify, (uint32_t)i);
        if (pod->bound_ms >= 0)
            waits_ms[bound++] = pod->bound_ms - pod->created_ms;
    }
    if (bound > 0) {
        qsort(waits_ms, bound, sizeof(*waits_ms), compare_waits);
        result->wait_p50_ms = waits_ms[(bound * 50 + 99) / 100 - 1];
        result->wait_p99_ms = waits_ms[(bound * 99 + 99) / 100 - 1];
        result->wait_max_ms = waits_ms[bound - 1];
    }
    free(waits_ms);
}

static void add_speed(struct report *report, const struct replay *replay,
                      const struct play_result *result)
{
    double seconds = (double)(replay->last_ns - replay->first_ns) / 1e9;
    seconds = replay->first_ns > 0 && seconds > 0 ? seconds : 0;
    report_add(report, "replay.arrival_seconds", replay->options->arrival_seconds, "s, asked for");
    report_add(report, "replay.seconds", seconds, "s, start to last decision");
    report_add(report, "replay.cpu_seconds", (double)replay->usage.cpu_us / 1e6,
               "s of processor time, the scheduler's");
    report_add(report, "replay.decisions", (double)result->attempts,
               "binds and refusals that pods show");
    report_add(report, "replay.decisions_per_second",
               seconds > 0 ? (double)result->attempts / seconds : 0, "/s");
    report_add(report, "replay.rss_bytes", (double)replay->usage.rss_peak_bytes,
               "bytes, the scheduler's");
}

static const struct replay_words words = {.refusals = "times a pod was told, or told otherwise",
                                          .wait = "ms, real",
                                          .hours = "h, of the workload"};

static int draw(const struct replay *replay, const struct play_result *result)
{
    struct err err = {0};
    if (!replay->options->svg || replay_chart_write(result, replay->options->svg, &err) == 0)
        return 0;
    (void)fprintf(stderr, "spillway-bench replay: %s\n", err.text);
    return 1;
}

static int report_replay(const struct replay *replay, bool is_partial)
{
    static const char *const titles[] = {
        [STAGE_SIMULATED] = "replay: a workload through real binary and simulated apiserver",
        [STAGE_CONTROL_PLANE] = "replay: a workload through real binary and real apiserver",
        [STAGE_CLUSTER] = "replay: a workload through the cluster of --kubeconfig",
    };
    struct report report;
    struct play_result *result = store_world_end(replay->world, is_partial);
    result->is_partial = is_partial;
    set_waits(result, replay->verify);
    report_init(&report, titles[replay->options->stage.kind]);
    replay_report_pods(&report, result, replay->workload, &words);
    replay_report_room(&report, &result->meter);
    replay_report_units(&report, &result->meter);
    add_speed(&report, replay, result);
    replay_report_end(&report, result, &words);
    int code = report_finish(&report, replay->options->json);
    replay_print_reasons(&result->reasons);
    return draw(replay, result) != 0 ? 1 : code;
}

/* None twice, none overfull, at any moment; of simple workloads all bound or rightly waiting. */
static bool judge(struct replay *replay)
{
    enum { TWICE = 1, OVERFULL = 2 }; /* the others are judged pod by pod, by replay_judge() */
    struct verify_claim claims[VERIFY_CLAIMS];
    struct buf reasons CLEANUP(buf_fini);
    bool fine = true;
    (void)verify_judge(replay->verify, NULL, 0, claims);
    for (uint32_t i = TWICE; i <= OVERFULL; i++) {
        if (!claims[i].holds)
            (void)fprintf(stderr, "spillway-bench: not so: %s: %s\n", claims[i].name,
                          claims[i].text);
        fine = fine && claims[i].holds;
    }
    buf_init(&reasons, REASON_BYTES);
    if (!replay->is_judged)
        return fine;
    replay_judge(replay->verify, replay->store, &reasons, &replay->verdict);
    if (replay->verdict.wrong > 0)
        (void)fprintf(stderr, "spillway-bench: %u pods are wrong, the first: %s\n",
                      replay->verdict.wrong, replay->verdict.first_wrong);
    if (reasons.len > 0)
        (void)printf("waiting  cpu m, mem MiB, GPUs    because (cluster as it is at the end)\n%s",
                     reasons.data);
    return fine && replay->verdict.wrong == 0;
}

/* ---- the command ---- */

static void open_world(struct replay *replay)
{
    const struct store_world_options options = {.workload = replay->workload,
                                                .store = replay->store,
                                                .without_selectors = replay->is_judged,
                                                .until_ms = replay->options->until_ms,
                                                .ctx = replay,
                                                .on_bound = on_bound};
    replay->verify = verify_new(replay->store);
    replay->world = store_world_new(&options);
    replay->subscriber.on_event = on_store_event;
    store_subscribe(replay->store, &replay->subscriber);
    CHECK(uv_timer_init(replay_stage_loop(replay->stage), &replay->timer) == 0);
    replay->timer.data = replay;
}

static void close_world(struct replay *replay, bool keeps_logs)
{
    uv_close((uv_handle_t *)&replay->timer, NULL);
    store_unsubscribe(replay->store, &replay->subscriber);
    store_world_free(replay->world);
    verify_free(replay->verify);
    replay_stage_close(replay->stage, keeps_logs);
}

static int play(struct replay *replay)
{
    bool is_done = run_scheduler(replay, on_step, STEP_EVERY_MS) &&
                   run_scheduler(replay, on_settle, SETTLE_EVERY_MS);
    bool is_fine = is_done && judge(replay);
    int code = report_replay(replay, !is_done);
    return is_fine ? code : 1;
}

static int fail_to_write(const char *path)
{
    (void)fprintf(stderr, "spillway-bench replay: cannot write %s: %s\n", path, strerror(errno));
    return 1;
}

/* The bindings go to their file as they come. */
static int play_recorded(struct replay *replay)
{
    const char *path = replay->options->bindings;
    if (!path)
        return play(replay);
    replay->bindings = fopen(path, "we");
    if (!replay->bindings)
        return fail_to_write(path);
    int code = play(replay);
    bool failed = ferror(replay->bindings) != 0;
    failed = fclose(replay->bindings) != 0 || failed;
    return failed ? fail_to_write(path) : code;
}

int replay_server(const struct workload *workload, const struct replay_server_options *options)
{
    struct replay replay = {
        .workload = workload,
        .options = options,
        .is_judged = is_simple(workload) && options->stage.kind != STAGE_CLUSTER,
        .end_ms = known_end_ms(workload),
    };
    struct replay_stage_options stage = options->stage;
    struct err err = {0};
    stage.event_limit = 2 * workload->pod_count;
    stage.has_policies = workload->policy_count > 0;
    replay.stage = replay_stage_open(&stage, &err);
    if (!replay.stage) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return 1;
    }
    replay.store = replay_stage_store(replay.stage);
    open_world(&replay);
    int code = play_recorded(&replay);
    close_world(&replay, code != 0);
    return code;
}
