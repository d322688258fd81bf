#include "bench/replay_stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/control_plane.h"
#include "bench/mirror.h"
#include "bench/pair.h"
#include "bench/perf_yaml.h"
#include "model/base/mem.h"

enum {
    WATCHES = 2, /* nodes and pods at least: spillway is listening */
    BEHIND = 2000,
    DEFINITION_BYTES = 1 << 20,
    SHOWN_BYTES = 200, /* of a refusal */
    SERVED_LIMIT_S = 60,
    SERVED_EVERY_MS = 100,
};

struct replay_stage {
    struct replay_stage_options options;
    struct pair pair; /* of a simulated stage; all below is of the others */
    struct control_plane plane;
    char *built_bin; /* owned: its programs, when they were built for it */
    struct child_process child;
    struct sim_clock clock;
    uv_prepare_t refresh; /* the clock, with each turn of the loop */
    struct store *store;
    struct mirror *mirror;
    bool is_finished;
};

static bool is_simulated(const struct replay_stage *stage)
{
    return stage->options.kind == STAGE_SIMULATED;
}

/* ---- a real control plane ---- */

static bool is_served(struct control_plane *plane)
{
    struct err refused = {0};
    return control_plane_call(plane, "GET",
                              "/apis/scheduling.spillway.io/v1alpha1/resourcepolicies", NULL, NULL,
                              &refused) == 200;
}

static int await_served(struct control_plane *plane, struct err *err)
{
    for (int i = 0; i < SERVED_LIMIT_S * 1000 / SERVED_EVERY_MS; i++) {
        if (is_served(plane))
            return 0;
        int rc = control_plane_pass(plane, SERVED_EVERY_MS, err);
        if (rc < 0)
            return rc;
    }
    return err_set(err, ETIMEDOUT, "ResourcePolicies are not served after %d s", SERVED_LIMIT_S);
}

static int install_policies(struct control_plane *plane, struct err *err)
{
    struct perf_doc definition;
    struct buf body CLEANUP(buf_fini), answer CLEANUP(buf_fini);
    buf_init(&body, DEFINITION_BYTES);
    buf_init(&answer, DEFINITION_BYTES);
    int rc = perf_doc_load(&definition, "manifests/crd.yaml", err);
    if (rc < 0)
        return rc;
    char *text = json_dumps(definition.root, JSON_COMPACT);
    perf_doc_fini(&definition);
    CHECK(text);
    (void)buf_add_str(&body, text);
    free(text);
    int status =
        control_plane_call(plane, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                           &body, &answer, err);
    if (status < 0)
        return status;
    if (status != 201)
        return err_set(err, EIO, "manifests/crd.yaml was answered %d: %.*s", status, SHOWN_BYTES,
                       answer.data ? answer.data : "");
    return await_served(plane, err);
}

/* After an error nothing is left open. */
static int open_control_plane(struct replay_stage *stage, struct err *err)
{
    const char *bin = stage->options.bin;
    if (!bin)
        bin = stage->built_bin = control_plane_programs();
    int rc = bin ? control_plane_open_unprioritised(&stage->plane, bin, err)
                 : err_set(err, ENOENT,
                           "no control plane: give --bin DIR, or run it where tests/real/build.sh "
                           "is");
    if (rc == 0 && stage->options.has_policies) {
        rc = install_policies(&stage->plane, err);
        if (rc < 0)
            control_plane_close(&stage->plane, false);
    }
    return rc;
}

static int open_cluster(struct replay_stage *stage, struct err *err)
{
    control_plane_init(&stage->plane);
    int rc = control_plane_attach(&stage->plane, stage->options.kubeconfig, err);
    if (rc < 0)
        control_plane_close(&stage->plane, false);
    return rc;
}

static void on_turn(uv_prepare_t *prepare)
{
    struct replay_stage *stage = prepare->data;
    sim_clock_read_system(&stage->clock);
}

static void close_mirrored(struct replay_stage *stage, bool keeps_logs)
{
    control_plane_end_child(&stage->plane, &stage->child);
    mirror_stop(stage->mirror);
    uv_close((uv_handle_t *)&stage->refresh, NULL);
    keeps_logs =
        keeps_logs && stage->options.kind == STAGE_CONTROL_PLANE && !stage->plane.is_interrupted;
    control_plane_close(&stage->plane, keeps_logs);
    store_free(stage->store);
    if (keeps_logs)
        (void)fprintf(stderr, "spillway-bench: logs are in %s\n", stage->plane.dir);
}

static int open_mirrored(struct replay_stage *stage, struct err *err)
{
    int rc = stage->options.kind == STAGE_CLUSTER ? open_cluster(stage, err)
                                                  : open_control_plane(stage, err);
    if (rc < 0)
        return rc;
    sim_clock_read_system(&stage->clock);
    CHECK(uv_prepare_init(&stage->plane.loop, &stage->refresh) == 0);
    stage->refresh.data = stage;
    CHECK(uv_prepare_start(&stage->refresh, on_turn) == 0);
    const struct store_options options = {.seed = 1, .event_limit = stage->options.event_limit};
    stage->store = store_new(&options, &stage->clock);
    const struct mirror_options mirror = {
        .plane = &stage->plane, .store = stage->store, .scheduler = stage->options.scheduler};
    stage->mirror = mirror_start(&mirror, err);
    if (stage->mirror)
        return 0;
    close_mirrored(stage, false);
    return -err->code;
}

/* ---- the run ---- */

static bool is_stopped(const void *ctx)
{
    const struct replay_stage *stage = ctx;
    bool has_ended = replay_stage_has_scheduler(stage) && !stage->child.running;
    return stage->is_finished || has_ended || mirror_trouble(stage->mirror)->code != 0;
}

static bool run_mirrored(struct replay_stage *stage, uint32_t limit_seconds)
{
    struct err err = {0};
    stage->is_finished = false;
    int rc = control_plane_await(&stage->plane, is_stopped, stage, limit_seconds,
                                 "the end of the replay", &err);
    if (rc == 0 && mirror_trouble(stage->mirror)->code != 0)
        err = *mirror_trouble(stage->mirror);
    else if (rc == 0 && !stage->is_finished)
        (void)err_set(&err, ECHILD, "%s ended by itself", stage->options.scheduler);
    if (err.code == 0)
        return true;
    (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
    return false;
}

bool replay_stage_run(struct replay_stage *stage, uint32_t limit_seconds)
{
    if (!is_simulated(stage))
        return run_mirrored(stage, limit_seconds);
    enum pair_end end = pair_run(&stage->pair, limit_seconds);
    if (end != PAIR_DONE)
        pair_explain(&stage->pair, end);
    return end == PAIR_DONE;
}

void replay_stage_finish(struct replay_stage *stage)
{
    stage->is_finished = true;
    if (is_simulated(stage))
        pair_finish(&stage->pair);
}

/* ---- the scheduler ---- */

bool replay_stage_has_scheduler(const struct replay_stage *stage)
{
    return stage->options.kind != STAGE_CLUSTER;
}

int replay_stage_start_scheduler(struct replay_stage *stage, struct err *err)
{
    static const char *const preempts[] = {"--preemption", NULL};
    const struct replay_stage_options *options = &stage->options;
    const char *const *more = options->preempts ? preempts : NULL;
    CHECK(replay_stage_has_scheduler(stage));
    if (is_simulated(stage))
        return pair_start_child(&stage->pair, options->spillway, more, err);
    return control_plane_start_scheduler(&stage->plane, &stage->child, options->scheduler,
                                         options->spillway, more, err);
}

void replay_stage_stop_scheduler(struct replay_stage *stage)
{
    if (is_simulated(stage))
        pair_stop_child(&stage->pair);
    else
        control_plane_end_child(&stage->plane, &stage->child);
}

bool replay_stage_usage(const struct replay_stage *stage, struct process_usage *ret_usage)
{
    const struct child_process *child = is_simulated(stage) ? &stage->pair.child : &stage->child;
    return child->running && process_usage(child->process.pid, ret_usage) == 0;
}

bool replay_stage_is_listening(const struct replay_stage *stage)
{
    return !is_simulated(stage) || apiserver_counts(stage->pair.server).watches_now >= WATCHES;
}

bool replay_stage_is_behind(const struct replay_stage *stage)
{
    return !is_simulated(stage) && mirror_backlog(stage->mirror) > BEHIND;
}

/* ---- life ---- */

static void stage_free(struct replay_stage *stage)
{
    free(stage->built_bin);
    free(stage);
}

struct replay_stage *replay_stage_open(const struct replay_stage_options *options, struct err *err)
{
    struct replay_stage *stage = mem_zalloc(1, sizeof(*stage));
    stage->options = *options;
    int rc = is_simulated(stage) ? pair_open(&stage->pair, options->event_limit, err)
                                 : open_mirrored(stage, err);
    if (rc == 0)
        return stage;
    stage_free(stage);
    return NULL;
}

void replay_stage_close(struct replay_stage *stage, bool keeps_logs)
{
    if (!stage)
        return;
    if (is_simulated(stage))
        pair_close(&stage->pair);
    else
        close_mirrored(stage, keeps_logs);
    stage_free(stage);
}

uv_loop_t *replay_stage_loop(struct replay_stage *stage)
{
    return is_simulated(stage) ? &stage->pair.loop : &stage->plane.loop;
}

struct store *replay_stage_store(struct replay_stage *stage)
{
    return is_simulated(stage) ? stage->pair.store : stage->store;
}
