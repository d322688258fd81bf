#include "bench/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "bench/apiserver.h"
#include "bench/controller.h"
#include "bench/demo_chart.h"
#include "bench/demo_plan.h"
#include "bench/demo_units.h"
#include "bench/demo_view.h"
#include "model/base/mem.h"

enum {
    TICK_MS = 50,
    SAMPLE_EVERY_MS = 200,
    SAMPLES_MAX = 600,      /* more than the demo can last */
    START_LIMIT_MS = 15000, /* for the scheduler to begin watching */
    PLAY_LIMIT_MS = 100000, /* three times what it takes */
    STOP_LIMIT_MS = 8000,   /* for the scheduler to exit; then it is killed */
    STORE_TICK_MS = 5000,
    SEED = 1,
};

enum demo_state { DEMO_STARTING, DEMO_PLAYING, DEMO_ENDING };

struct demo {
    const struct demo_options *options;
    struct err *err;
    uv_loop_t loop;
    uv_check_t turn;
    uv_timer_t alarm; /* for the controllers */
    uv_timer_t ticker;
    uv_signal_t signals[2];
    uv_process_t child;
    bool has_child;
    struct sim_clock clock;
    struct store *store;
    struct apiserver *server;
    struct controllers *controllers;
    struct verify *verify;   /* NULL when the demo stays */
    struct demo_units units; /* then not in use */
    enum demo_state state;
    enum demo_result result;
    int64_t state_since_ms, store_ticked_ms;
    struct demo_plan plan;
    struct demo_view view;
    struct demo_sample *samples;
    uint32_t sample_count;
};

static int64_t in_state_ms(const struct demo *demo)
{
    return demo->clock.now.ms - demo->state_since_ms;
}

static void set_state(struct demo *demo, enum demo_state state)
{
    demo->state = state;
    demo->state_since_ms = demo->clock.now.ms;
}

/* ---- the end ---- */

static void close_all(struct demo *demo)
{
    if (!demo->server)
        return;
    apiserver_stop(demo->server);
    demo->server = NULL;
    uv_close((uv_handle_t *)&demo->turn, NULL);
    uv_close((uv_handle_t *)&demo->alarm, NULL);
    uv_close((uv_handle_t *)&demo->ticker, NULL);
    for (size_t i = 0; i < ARRAY_LEN(demo->signals); i++)
        uv_close((uv_handle_t *)&demo->signals[i], NULL);
}

/* The scheduler first, so that it takes its leave from a living server. */
static void demo_end(struct demo *demo, enum demo_result result)
{
    if (demo->state == DEMO_ENDING)
        return;
    demo->result = result;
    set_state(demo, DEMO_ENDING);
    if (demo->has_child)
        (void)uv_process_kill(&demo->child, SIGTERM);
    else
        close_all(demo);
}

static void demo_fail(struct demo *demo, const char *what)
{
    if (demo->state == DEMO_ENDING)
        return;
    (void)err_set(demo->err, EPROTO, "%s; its log: %s/spillway.log", what, demo->options->dir);
    demo_end(demo, DEMO_FAILED);
}

static void on_child_closed(uv_handle_t *handle)
{
    close_all(handle->data);
}

/* It exits 0 only when it was told to: Ctrl-C reaches it, too, perhaps before us. */
static void on_child_exit(uv_process_t *child, int64_t code, int signal_number)
{
    struct demo *demo = child->data;
    /* After Ctrl-C it has had a SIGINT from the terminal, and takes our SIGTERM as impatience. */
    bool is_clean = code == 0 && (signal_number == 0 ||
                                  (signal_number == SIGTERM && demo->result == DEMO_INTERRUPTED &&
                                   demo->state == DEMO_ENDING));
    demo->has_child = false;
    if (demo->state != DEMO_ENDING)
        demo->result = DEMO_INTERRUPTED;
    if (!is_clean && demo->result != DEMO_FAILED) {
        (void)err_set(demo->err, EPROTO,
                      "spillway ended with exit code %lld, signal %d; its log: %s/%s",
                      (long long)code, signal_number, demo->options->dir, "spillway.log");
        demo->result = DEMO_FAILED;
    }
    set_state(demo, DEMO_ENDING);
    demo_view_end(&demo->view);
    uv_close((uv_handle_t *)child, on_child_closed);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    struct demo *demo = handle->data;
    demo_end(demo, DEMO_INTERRUPTED);
}

/* ---- playing ---- */

static void sample(struct demo *demo)
{
    const struct demo_sample moment =
        demo_sample_take(demo->verify, demo->store, in_state_ms(demo));
    const struct demo_sample *last =
        demo->sample_count > 0 ? &demo->samples[demo->sample_count - 1] : NULL;
    demo_view_show(&demo->view, &moment);
    if (demo->sample_count < SAMPLES_MAX &&
        (!last || moment.at_ms - last->at_ms >= SAMPLE_EVERY_MS))
        demo->samples[demo->sample_count++] = moment;
}

/* Every Deployment has its pods, everything bound runs, everything that waits was refused. */
static bool is_settled(struct demo *demo, const struct demo_waiting *waiting)
{
    struct store_list list = store_list(demo->store, KIND_DEPLOYMENT, STR(""));
    for (size_t i = 0; i < list.count; i++) {
        const struct object *object = list.objects[i];
        int64_t wanted = object_field_int(object, "spec.replicas", 1);
        if (object_field_int(object, "status.observedGeneration", 0) != object->generation ||
            object_field_int(object, "status.replicas", 0) != wanted ||
            object_field_int(object, "status.updatedReplicas", 0) != wanted)
            return false;
    }
    const struct verify_pod *pod;
    for (uint32_t i = 0; (pod = verify_pod_at(demo->verify, i)); i++) {
        if (!pod->is_present)
            continue;
        bool must_wait = false;
        for (uint32_t j = 0; j < waiting->count; j++)
            must_wait = must_wait || strcmp(waiting->rows[j].app, pod->app) == 0;
        if (pod->is_deleting || (must_wait ? !pod->was_refused : !pod->is_running))
            return false;
    }
    return true;
}

static void finish(struct demo *demo, const struct demo_waiting *waiting, bool is_late)
{
    struct verify_claim claims[VERIFY_CLAIMS + DEMO_UNITS_CLAIMS];
    const struct demo_sample last = demo_sample_take(demo->verify, demo->store, in_state_ms(demo));
    if (demo->sample_count < SAMPLES_MAX)
        demo->samples[demo->sample_count++] = last;
    demo->view.next_ms = 0;
    demo_view_show(&demo->view, &last);
    demo_view_end(&demo->view);
    if (!is_late)
        demo_units_settled(&demo->units, in_state_ms(demo));
    bool holds = verify_judge(demo->verify, waiting->rows, waiting->count, claims);
    holds = demo_units_judge(&demo->units, claims + VERIFY_CLAIMS) && holds;
    demo_view_summary(&demo->view, demo->store, demo->verify, &last);
    demo_view_units(&demo->view, &demo->units);
    demo_view_claims(&demo->view, claims, ARRAY_LEN(claims));
    if (demo->options->chart) {
        if (demo_chart_write(demo->samples, demo->sample_count, &demo->plan, demo->options->chart,
                             demo->err) < 0) {
            demo_end(demo, DEMO_FAILED);
            return;
        }
        (void)printf("\n  drawing: %s\n", demo->options->chart);
    }
    if (!holds || is_late)
        (void)err_set(demo->err, EPROTO, "%s; the scheduler's log: %s/spillway.log",
                      holds ? "the plan did not come to its end in time" : "a claim does not hold",
                      demo->options->dir);
    demo_end(demo, holds && !is_late ? DEMO_PASSED : DEMO_FAILED);
}

/* Those that are due now. */
static void take_steps(struct demo *demo)
{
    int64_t elapsed_ms = in_state_ms(demo);
    enum demo_due due;
    while ((due = demo_plan_due(&demo->plan, elapsed_ms)) != DEMO_NOT_DUE) {
        if (due == DEMO_DUE_SETTLED && !demo->options->stays)
            demo_units_settled(&demo->units, elapsed_ms);
        demo_plan_step(&demo->plan, elapsed_ms);
        demo->units.phase = demo->plan.phase;
    }
}

static void play(struct demo *demo)
{
    take_steps(demo);
    if (demo->options->stays) /* nobody looks, and what is kept of every pod would only grow */
        return;
    sample(demo);
    bool late = in_state_ms(demo) > PLAY_LIMIT_MS;
    if (!demo_plan_is_done(&demo->plan) && !late)
        return;
    struct demo_waiting waiting;
    demo_plan_waiting(demo->store, &waiting);
    bool settled = demo_plan_is_done(&demo->plan) && is_settled(demo, &waiting);
    if (settled || late)
        finish(demo, &waiting, !settled);
}

/* Both reflectors of the scheduler watch: now it would see everything. */
static void await_scheduler(struct demo *demo)
{
    if (apiserver_counts(demo->server).watches_now >= 2) {
        set_state(demo, DEMO_PLAYING);
        if (demo->options->on_ready)
            demo->options->on_ready(demo->options->data, apiserver_kubeconfig(demo->server),
                                    demo->child.pid);
    } else if (in_state_ms(demo) > START_LIMIT_MS) {
        demo_fail(demo, "spillway did not begin to watch");
    }
}

static void on_tick(uv_timer_t *ticker)
{
    struct demo *demo = ticker->data;
    if (demo->clock.now.ms - demo->store_ticked_ms > STORE_TICK_MS) {
        store_tick(demo->store);
        demo->store_ticked_ms = demo->clock.now.ms;
    }
    if (demo->state == DEMO_STARTING)
        await_scheduler(demo);
    else if (demo->state == DEMO_PLAYING)
        play(demo);
    else if (demo->has_child && in_state_ms(demo) > STOP_LIMIT_MS)
        (void)uv_process_kill(&demo->child, SIGKILL);
}

static void on_alarm(uv_timer_t *alarm)
{
    (void)alarm; /* on_turn() follows */
}

/* After every turn of the loop: what requests changed may have made work. */
static void on_turn(uv_check_t *turn)
{
    struct demo *demo = turn->data;
    sim_clock_read_system(&demo->clock);
    controllers_run(demo->controllers);
    struct mono_ms next = controllers_next(demo->controllers);
    if (next.ms == MONO_NEVER.ms) {
        (void)uv_timer_stop(&demo->alarm);
        return;
    }
    int64_t delay_ms = mono_since(next, demo->clock.now);
    uv_update_time(&demo->loop);
    (void)uv_timer_start(&demo->alarm, on_alarm, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
}

/* ---- the beginning ---- */

static int spawn(struct demo *demo)
{
    char log[4096], kubeconfig[4096], program[4096];
    (void)snprintf(log, sizeof(log), "%s/spillway.log", demo->options->dir);
    (void)snprintf(kubeconfig, sizeof(kubeconfig), "%s", apiserver_kubeconfig(demo->server));
    (void)snprintf(program, sizeof(program), "%s", demo->options->spillway);
    char *args[] = {program, (char[]){"--kubeconfig"}, kubeconfig,
                    /* `kubectl create deployment` says no name: such pods are taken, too. */
                    (char[]){"--scheduler-name=spillway"},
                    (char[]){"--scheduler-name=default-scheduler"}, (char[]){"--v=2"}, NULL};
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set(demo->err, errno, "cannot write %s: %s", log, strerror(errno));
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
                                     {.flags = UV_INHERIT_FD, .data.fd = fd},
                                     {.flags = UV_INHERIT_FD, .data.fd = fd}};
    const uv_process_options_t options = {
        .file = program, .args = args, .exit_cb = on_child_exit, .stdio = stdio, .stdio_count = 3};
    int rc = uv_spawn(&demo->loop, &demo->child, &options);
    (void)close(fd);
    demo->child.data = demo;
    demo->has_child = rc == 0;
    if (rc < 0) {
        uv_close((uv_handle_t *)&demo->child, NULL);
        return err_set(demo->err, -rc, "cannot run %s: %s", program, uv_strerror(rc));
    }
    return 0;
}

static void start_handles(struct demo *demo)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    demo->turn.data = demo->alarm.data = demo->ticker.data = demo;
    CHECK(uv_check_init(&demo->loop, &demo->turn) == 0);
    CHECK(uv_check_start(&demo->turn, on_turn) == 0);
    CHECK(uv_timer_init(&demo->loop, &demo->alarm) == 0);
    CHECK(uv_timer_init(&demo->loop, &demo->ticker) == 0);
    CHECK(uv_timer_start(&demo->ticker, on_tick, TICK_MS, TICK_MS) == 0);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        demo->signals[i].data = demo;
        CHECK(uv_signal_init(&demo->loop, &demo->signals[i]) == 0);
        CHECK(uv_signal_start(&demo->signals[i], on_signal, numbers[i]) == 0);
    }
}

static void demo_start(struct demo *demo)
{
    const struct apiserver_options options = {.dir = demo->options->dir,
                                              .refresh_clock = &demo->clock};
    demo->server = apiserver_start(&demo->loop, demo->store, &options, demo->err);
    if (!demo->server) {
        demo->result = DEMO_FAILED;
        return;
    }
    start_handles(demo);
    set_state(demo, DEMO_STARTING);
    if (spawn(demo) < 0)
        demo_end(demo, DEMO_FAILED);
    else if (!demo->options->stays)
        (void)printf("apiserver on 127.0.0.1:%u, kubeconfig %s\n", apiserver_port(demo->server),
                     apiserver_kubeconfig(demo->server));
}

enum demo_result demo_run(const struct demo_options *options, struct err *err)
{
    struct demo demo = {.options = options, .err = err};
    const struct store_options store_options = {.seed = SEED};
    (void)signal(SIGPIPE, SIG_IGN);
    CHECK(uv_loop_init(&demo.loop) == 0);
    sim_clock_read_system(&demo.clock);
    demo.samples = mem_zalloc(SAMPLES_MAX, sizeof(*demo.samples));
    demo.store = store_new(&store_options, &demo.clock);
    demo.plan.store = demo.store;
    demo.verify = options->stays ? NULL : verify_new(demo.store);
    if (demo.verify)
        demo_units_init(&demo.units, demo.store, demo.verify);
    demo.controllers = controllers_new(demo.store, SEED);
    demo_view_init(&demo.view, stdout);
    demo_start(&demo);
    (void)uv_run(&demo.loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&demo.loop) == 0);
    controllers_free(demo.controllers);
    if (demo.verify)
        demo_units_fini(&demo.units);
    verify_free(demo.verify);
    store_free(demo.store);
    free(demo.samples);
    return demo.result;
}
