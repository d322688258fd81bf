/*
 * build/spillway: flags, wiring, exit code. The only file that sees both the scheduler core and the
 * client; they know nothing of each other.
 *
 *     reflectors --events--> sched_on_event()      whenever bytes arrive
 *     uv_prepare  ---------> sched_pass()          before the loop sleeps, after all of them
 *     sched -----port------> writer --replies----> sched_on_event()
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "model/base/mem.h"
#include "model/names.h"
#include "policy/unit_presets.h"
#include "sched/options.h"
#include "sched/record.h"
#include "sched/sched.h"
#include "watch/access.h"
#include "watch/http.h"
#include "watch/log.h"
#include "watch/record_file.h"
#include "watch/reflector.h"
#include "watch/unit_types_file.h"
#include "watch/writer.h"

enum {
    /* Then the loop looks at its sockets again. Less than the window of binds in flight: what is
     * decided leaves while the apiserver works on what left before (a quarter more binds). */
    PASS_BUDGET_PODS = 64,
    /* The same for pods that cost much: a selector of 4,096 requirements takes 0.5 s on 5,000
     * nodes.
     */
    PASS_LIMIT_MS = 20,
    DRAIN_LIMIT_MS = 10 * 1000, /* how long a shutdown waits for binds in flight */
};

/* What is watched, in the order of stopping. */
enum watch {
    WATCH_NODES,
    WATCH_PODS,
    WATCH_POLICIES,
    WATCH_ACK_POLICIES,
    WATCH_BUDGETS,      /* with --preemption */
    WATCH_REPLICA_SETS, /* these two when a policy counts in percent */
    WATCH_STATEFUL_SETS,
    WATCH_COUNT,
};

static const struct watch_row {
    enum decode_kind kind;
    uint32_t source;
    bool is_optional;
    const char *path, *field_selector;
} watches[WATCH_COUNT] = {
    [WATCH_NODES] = {.kind = DECODE_NODE, .path = "/api/v1/nodes"},
    /* Finished pods leave the watch as DELETED: that is how their room comes free (A2). */
    [WATCH_PODS] = {.kind = DECODE_POD,
                    .path = "/api/v1/pods",
                    .field_selector = "status.phase!=Succeeded,status.phase!=Failed"},
    [WATCH_POLICIES] = {DECODE_POLICY, POLICY_SOURCE_SPILLWAY, true,
                        "/apis/scheduling.spillway.io/v1alpha1/resourcepolicies", NULL},
    [WATCH_ACK_POLICIES] = {DECODE_POLICY, POLICY_SOURCE_ACK, true,
                            "/apis/scheduling.alibabacloud.com/v1alpha1/resourcepolicies", NULL},
    [WATCH_BUDGETS] = {.kind = DECODE_BUDGET, .path = "/apis/policy/v1/poddisruptionbudgets"},
    [WATCH_REPLICA_SETS] = {DECODE_OWNER, OWNER_REPLICA_SET, false, "/apis/apps/v1/replicasets",
                            NULL},
    [WATCH_STATEFUL_SETS] = {DECODE_OWNER, OWNER_STATEFUL_SET, false, "/apis/apps/v1/statefulsets",
                             NULL},
};

struct app {
    uv_loop_t loop;
    struct log log;
    struct symbols *symbols;
    struct access *access;
    struct http_client *watch_client;
    struct reflector *reflectors[WATCH_COUNT]; /* NULL: not watched */
    struct writer *writer;
    struct unit_types types;
    int64_t relist_every_ms; /* below 0: never */
    struct sched *sched;
    struct record_file *record_file; /* NULL: nothing is recorded, as in the next */
    struct recorder *recorder;       /* between the core and the writer */
    uv_prepare_t prepare;            /* runs the pass */
    uv_idle_t idle;    /* active while the pass has more to do: the loop does not sleep */
    uv_timer_t wakeup; /* for what time alone moves */
    uv_timer_t drain;  /* bounds a shutdown */
    uv_signal_t signals[2];
    bool is_stopping; /* no pod is popped any more */
    bool is_closing;  /* handles are being closed */
    bool was_synced;
};

static void app_close(struct app *app);

static void on_wakeup(uv_timer_t *timer)
{
    (void)timer; /* the pass runs before the loop sleeps again */
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void app_log_synced(struct app *app)
{
    char nodes[24], pods[24];
    const struct cluster *cluster = sched_cluster(app->sched);
    log_info(&app->log, 0, "Caches are synced",
             {"nodes", log_number(cluster->nodes.present_count, nodes)},
             {"pods", log_number(cluster->pod_count, pods)});
}

static void app_finish_drain(struct app *app)
{
    if (app->is_stopping && !app->is_closing && sched_binds_open(app->sched) == 0)
        app_close(app);
}

static bool app_pass_one(struct app *app)
{
    if (app->recorder)
        recorder_on_pass(app->recorder, 1);
    return sched_pass(app->sched, 1);
}

/* Returns whether there is more to do at once. */
static bool app_pass(struct app *app)
{
    uint64_t limit_ns = uv_hrtime() + PASS_LIMIT_MS * UINT64_C(1000000);
    for (uint32_t tried = 0; tried < PASS_BUDGET_PODS && uv_hrtime() < limit_ns; tried++)
        if (!app_pass_one(app))
            return false;
    return true;
}

/* Everything that arrived is recorded: now decide. Just before the loop sleeps, not after it woke
 * up (uv_check): timers bring bytes too, and run before the sleep. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct app *app = prepare->data;
    if (app->is_closing)
        return;
    if (!app->was_synced && sched_is_synced(app->sched)) {
        app->was_synced = true;
        app_log_synced(app);
    }
    if (app_pass(app))
        (void)uv_idle_start(&app->idle, on_idle);
    else
        (void)uv_idle_stop(&app->idle);
    struct mono_ms next = sched_next_wakeup(app->sched);
    if (next.ms == MONO_NEVER.ms) {
        (void)uv_timer_stop(&app->wakeup);
    } else {
        struct port port = writer_port(app->writer);
        int64_t delay_ms = mono_since(next, port.now(port.ctx));
        (void)uv_timer_start(&app->wakeup, on_wakeup, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
    }
    app_finish_drain(app);
}

static void app_event(void *ctx, const struct event *event)
{
    struct app *app = ctx;
    if (app->is_closing)
        return;
    if (app->recorder)
        recorder_on_event(app->recorder, event);
    sched_on_event(app->sched, event);
}

/* What an operator must mend. The reflector goes on trying: a right that is granted, a token or a
 * CA that is rotated, an apiserver that comes back heals without a restart. */
static void app_trouble(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    log_error(&app->log, err->text, {NULL, NULL});
}

static void on_drain_limit(uv_timer_t *timer)
{
    struct app *app = timer->data;
    char open[24];
    log_warning(&app->log, "Stopping with binds in flight: the next start reads their outcome",
                {"binds", log_number(sched_binds_open(app->sched), open)});
    app_close(app);
}

/* The first signal drains, a second one does not wait. */
static void on_signal(uv_signal_t *signal, int number)
{
    struct app *app = signal->data;
    if (app->is_closing)
        return;
    if (app->is_stopping) {
        app_close(app);
        return;
    }
    char text[24];
    log_info(&app->log, 0, "Signal: no more pods are taken, waiting for binds in flight",
             {"signal", log_number(number, text)});
    app->is_stopping = true;
    if (app->recorder)
        recorder_on_stop(app->recorder);
    sched_stop(app->sched);
    writer_drain(app->writer);
    (void)uv_timer_start(&app->drain, on_drain_limit, DRAIN_LIMIT_MS, 0);
    app_finish_drain(app);
}

/* Closing order: readers, then the writer, then the connections they used. */

static void on_writer_closed(void *ctx)
{
    struct app *app = ctx;
    app->writer = NULL;
    http_client_close(app->watch_client, NULL, NULL);
}

/* One reflector after the other, then the writer. */
static void app_stop_next(void *ctx)
{
    struct app *app = ctx;
    for (size_t i = 0; i < WATCH_COUNT; i++) {
        struct reflector *reflector = app->reflectors[i];
        if (!reflector)
            continue;
        app->reflectors[i] = NULL;
        reflector_stop(reflector, app_stop_next, app);
        return;
    }
    writer_close(app->writer, on_writer_closed, app);
}

static void app_close(struct app *app)
{
    if (app->is_closing)
        return;
    app->is_closing = true;
    uv_close((uv_handle_t *)&app->prepare, NULL);
    uv_close((uv_handle_t *)&app->idle, NULL);
    uv_close((uv_handle_t *)&app->wakeup, NULL);
    uv_close((uv_handle_t *)&app->drain, NULL);
    for (size_t i = 0; i < ARRAY_LEN(app->signals); i++)
        uv_close((uv_handle_t *)&app->signals[i], NULL);
    app_stop_next(app);
}

static uint64_t system_seed(void)
{
    uint64_t seed;
    CHECK(getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed));
    return seed;
}

/* The wall clock is read once: what it does later must not move a deadline. */
static int64_t wall_zero_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - (int64_t)(uv_hrtime() / 1000000);
}

static int app_sched_config(struct app *app, const struct options *options,
                            struct sched_config *config, struct err *err)
{
    sched_config_init(config, app->symbols);
    config->hash_seed = system_seed();
    config->cycle.seed = (uint64_t)options->seed;
    config->cycle.predicate_step = (uint32_t)options->predicate_step;
    config->cycle.feasible_target = (uint32_t)options->feasible_target;
    config->cycle.percentage = (int32_t)options->percentage_of_nodes_to_score;
    config->cycle.is_batched = options->batch;
    config->queue.initial_backoff_ms = options->pod_initial_backoff_seconds * 1000;
    config->queue.max_backoff_ms = options->pod_max_backoff_seconds * 1000;
    config->watches_policies = true;
    config->preempts = options->preemption;
    config->wall_zero_ms = wall_zero_ms();
    unit_types_presets(&app->types, app->symbols);
    config->unit_types = &app->types;
    config->scheduler_name_count = 0;
    for (uint32_t i = 0; i < options->scheduler_name_count; i++)
        config->scheduler_name_syms[config->scheduler_name_count++] =
            symbol_intern(app->symbols, str_from(options->scheduler_names[i]));
    struct score_config *score = &config->cycle.score;
    int failed = 0;
    if (options->unit_types)
        failed = unit_types_load(options->unit_types, app->symbols, &app->types, err);
    if (!failed && options->score_weights)
        failed = score_config_set_weights(score, options->score_weights, err);
    if (!failed && options->score_strategy)
        failed = score_config_set_strategy(score, options->score_strategy, err);
    if (!failed && options->score_resources)
        failed = score_config_set_resources(score, app->symbols, options->score_resources, err);
    return failed;
}

static void app_watch(struct app *app, enum watch what)
{
    const struct watch_row *row = &watches[what];
    const struct reflector_options options = {
        .loop = &app->loop,
        .client = app->watch_client,
        .log = &app->log,
        .symbols = app->symbols,
        .kind = row->kind,
        .source = row->source,
        .is_optional = row->is_optional,
        .path = row->path,
        .field_selector = row->field_selector,
        .seed = system_seed(),
        .relist_every_ms = app->relist_every_ms,
        .ctx = app,
        .on_event = app_event,
        .on_trouble = app_trouble,
    };
    if (!app->reflectors[what])
        app->reflectors[what] = reflector_start(&options);
}

/* The core counts in percent of what owners want. */
static void app_watch_owners(void *ctx)
{
    struct app *app = ctx;
    if (app->is_closing)
        return;
    app_watch(app, WATCH_REPLICA_SETS);
    app_watch(app, WATCH_STATEFUL_SETS);
}

static void app_start_loop_handles(struct app *app)
{
    CHECK(uv_prepare_init(&app->loop, &app->prepare) == 0);
    CHECK(uv_idle_init(&app->loop, &app->idle) == 0);
    CHECK(uv_timer_init(&app->loop, &app->wakeup) == 0);
    CHECK(uv_timer_init(&app->loop, &app->drain) == 0);
    app->prepare.data = app->drain.data = app;
    CHECK(uv_prepare_start(&app->prepare, on_prepare) == 0);
    static const int numbers[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        CHECK(uv_signal_init(&app->loop, &app->signals[i]) == 0);
        app->signals[i].data = app;
        CHECK(uv_signal_start(&app->signals[i], on_signal, numbers[i]) == 0);
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that went away is an error of its socket */
    (void)signal(SIGXFSZ, SIG_IGN); /* and a file that may not grow one of its write() */
}

/* Records from here on. Without a file scheduling goes on all the same. */
static void app_start_recorder(struct app *app, const struct options *options,
                               const struct sched_config *config, const struct port *port)
{
    struct err err = {0};
    uint64_t limit_bytes = (uint64_t)options->record_limit_mb << 20;
    if (record_file_open(options->record, limit_bytes, system_seed(), &app->log, &app->record_file,
                         &err) < 0) {
        log_error(&app->log, "Nothing is recorded; scheduling goes on", {"err", err.text});
        return;
    }
    const struct recorder_options recorder = {
        .config = config,
        .symbols = app->symbols,
        .port = port,
        .ctx = app->record_file,
        .write = record_file_write,
    };
    app->recorder = recorder_new(&recorder);
}

static void app_start(struct app *app, const struct options *options,
                      const struct sched_config *config)
{
    char host[HOST_NAME_MAX + 1] = "localhost";
    (void)gethostname(host, sizeof(host) - 1);
    app->watch_client = http_client_new(&app->loop, app->access, &app->log, "watch", 1);
    const struct writer_options writer = {
        .loop = &app->loop,
        .access = app->access,
        .log = &app->log,
        .symbols = app->symbols,
        .instance = host,
        .ctx = app,
        .on_event = app_event,
        .watch_owners = app_watch_owners,
    };
    app->writer = writer_new(&writer);
    struct port port = writer_port(app->writer);
    if (options->record)
        app_start_recorder(app, options, config, &port);
    if (app->recorder)
        port = recorder_port(app->recorder);
    app->sched = sched_new(config, app->symbols, &port);
    app->relist_every_ms = options->relist_seconds > 0 ? options->relist_seconds * 1000 : -1;
    for (int what = WATCH_NODES; what <= WATCH_ACK_POLICIES; what++)
        app_watch(app, (enum watch)what);
    if (config->preempts)
        app_watch(app, WATCH_BUDGETS);
}

static int app_run(struct app *app, const struct options *options)
{
    struct err err = {0};
    app->symbols = names_symbols_new(system_seed());
    struct sched_config config;
    if (app_sched_config(app, options, &config, &err) < 0) {
        (void)fprintf(stderr, "spillway: %s\n", err.text);
        return OPTIONS_EXIT_USAGE;
    }
    const struct access_options access = {
        .kubeconfig = options->kubeconfig,
        .context = options->context,
        .service_account_dir = options->service_account_dir,
        .insecure_skip_tls_verify = options->insecure_skip_tls_verify,
    };
    app->access = access_load(&access, &app->log, &err);
    if (!app->access) {
        log_error(&app->log, err.text, {NULL, NULL});
        return EXIT_FAILURE;
    }
    log_info(&app->log, 0, "Starting spillway", {"version", SPILLWAY_VERSION},
             {"server", access_server(app->access)},
             {"schedulerName", symbol_text(app->symbols, config.scheduler_name_syms[0])});
    CHECK(uv_loop_init(&app->loop) == 0);
    app_start_loop_handles(app);
    app_start(app, options, &config);
    (void)uv_run(&app->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&app->loop) == 0);
    log_info(&app->log, 0, "Stopped", {NULL, NULL});
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err = {0};
    if (options_parse(argc, argv, &options, &err) < 0) {
        (void)fprintf(stderr, "spillway: %s\n", err.text);
        return OPTIONS_EXIT_USAGE;
    }
    if (options.help) {
        options_print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (options.version) {
        options_print_version(stdout);
        return EXIT_SUCCESS;
    }
    bool is_json = strcmp(options.logging_format, "json") == 0;
    struct app app = {
        .log = {.out = stderr,
                .format = is_json ? LOG_JSON : LOG_TEXT,
                .verbosity = (int)options.v},
    };
    int exit_code = app_run(&app, &options);
    recorder_free(app.recorder);
    record_file_close(app.record_file);
    sched_free(app.sched);
    unit_types_fini(&app.types);
    access_free(app.access);
    symbols_free(app.symbols);
    return exit_code;
}
