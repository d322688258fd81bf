#include "tests/sim/stage.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/json_scan.h"
#include "model/base/mem.h"

enum { TICK_MS = 10, PATH_BYTES = 512, LOG_SHOWN_BYTES = 3000 };

/* ---- the program ---- */

static void build_argv(const char *argv[SPILLWAY_ARGUMENTS_MAX], char program[PATH_BYTES],
                       const char *const flags[])
{
    const char *build = getenv("BUILD");
    (void)snprintf(program, PATH_BYTES, "%s/spillway", build ? build : "build");
    size_t count = 0;
    argv[count++] = program;
    for (size_t i = 0; flags && flags[i]; i++) {
        cr_assert_lt(count + 1, SPILLWAY_ARGUMENTS_MAX);
        argv[count++] = flags[i];
    }
    argv[count] = NULL;
}

void spillway_run(struct process_result *ret_result, const char *const flags[])
{
    const char *argv[SPILLWAY_ARGUMENTS_MAX];
    char program[PATH_BYTES];
    build_argv(argv, program, flags);
    process_run(ret_result, argv, NULL, SPILLWAY_PATIENCE_MS);
}

void spillway_start(struct process *spillway, const char *dir, const char *const flags[])
{
    const char *argv[SPILLWAY_ARGUMENTS_MAX];
    char program[PATH_BYTES], log[PATH_BYTES];
    build_argv(argv, program, flags);
    (void)snprintf(log, sizeof(log), "%s/spillway.log", dir);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* the test must not outlive its runner */
    process_start(spillway, argv, NULL, log);
}

size_t spillway_count_said(const struct process *spillway, const char *text)
{
    char *log CLEANUP(mem_freep) = process_log(spillway);
    size_t count = 0;
    for (const char *at = log; (at = strstr(at, text)); at += strlen(text))
        count++;
    return count;
}

bool spillway_said(const struct process *spillway, const char *text)
{
    return spillway_count_said(spillway, text) > 0;
}

bool spillway_has_ended(const struct process *spillway)
{
    struct pollfd fd = {.fd = spillway->pidfd, .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

size_t spillway_peak_bytes(const struct process *spillway)
{
    char path[64], line[256];
    unsigned long kib = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)spillway->pid);
    FILE *file = fopen(path, "re");
    cr_assert(file, "spillway is gone");
    while (fgets(line, sizeof(line), file) && sscanf(line, "VmHWM: %lu kB", &kib) != 1)
        ;
    (void)fclose(file);
    cr_assert_gt(kib, 0);
    return kib * 1024;
}

/* ---- life ---- */

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct stage *stage = container_of(subscriber, struct stage, subscriber);
    if (event->object->kind->id != KIND_POD)
        return;
    stage->deleted_pods += event->change == CHANGE_DELETED;
    if (event->change != CHANGE_MODIFIED)
        return;
    const char *before = object_node_name(event->before), *now = object_node_name(event->object);
    stage->bindings += !before[0] && now[0];
    stage->moves += before[0] && strcmp(before, now) != 0;
}

void stage_open(struct stage *stage)
{
    stage_open_with(stage, NULL, NULL);
}

void stage_open_with(struct stage *stage, const struct apiserver_options *options,
                     const struct store_options *store)
{
    struct err err = {0};
    *stage =
        (struct stage){.dir = "/tmp/spillway-stage-XXXXXX", .patience_ms = SPILLWAY_PATIENCE_MS};
    cr_assert(mkdtemp(stage->dir));
    (void)signal(SIGPIPE, SIG_IGN); /* spillway's end is an error of its sockets */
    cr_assert_eq(uv_loop_init(&stage->loop), 0);
    (void)uv_timer_init(&stage->loop, &stage->ticker);
    sim_clock_read_system(&stage->clock);
    stage->store = store_new(store, &stage->clock);
    stage->subscriber.on_event = on_store_event;
    store_subscribe(stage->store, &stage->subscriber);
    struct apiserver_options habits = {.bookmark_every_ms = 1000};
    if (options)
        habits = *options;
    habits.dir = stage->dir;
    habits.refresh_clock = &stage->clock;
    stage->server = apiserver_start(&stage->loop, stage->store, &habits, &err);
    cr_assert(stage->server, "%s", err.text);
}

static void remove_dir(const char *dir)
{
    DIR *files = opendir(dir);
    cr_assert(files);
    for (struct dirent *file; (file = readdir(files));)
        (void)unlinkat(dirfd(files), file->d_name, 0);
    (void)closedir(files);
    cr_expect_eq(rmdir(dir), 0, "%s was not emptied", dir);
}

void stage_close(struct stage *stage)
{
    (void)process_stop(&stage->spillway, SIGKILL, SPILLWAY_PATIENCE_MS);
    apiserver_stop(stage->server);
    uv_close((uv_handle_t *)&stage->ticker, NULL);
    (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&stage->loop), 0, "a handle was left open");
    store_unsubscribe(stage->store, &stage->subscriber);
    store_free(stage->store);
    remove_dir(stage->dir);
}

void stage_start(struct stage *stage, const char *kubeconfig, const char *const flags[])
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", stage->dir, kubeconfig);
    const char *all[SPILLWAY_ARGUMENTS_MAX] = {"--kubeconfig", path};
    for (size_t i = 0; flags && flags[i]; i++) {
        cr_assert_lt(i + 3, SPILLWAY_ARGUMENTS_MAX);
        all[i + 2] = flags[i];
    }
    spillway_start(&stage->spillway, stage->dir, all);
}

static bool has_ended(struct stage *stage, const void *ctx)
{
    (void)ctx;
    return spillway_has_ended(&stage->spillway);
}

int stage_await_exit(struct stage *stage)
{
    stage_await(stage, has_ended, NULL, "spillway did not end");
    return process_wait(&stage->spillway, SPILLWAY_PATIENCE_MS);
}

int stage_stop(struct stage *stage)
{
    (void)kill(stage->spillway.pid, SIGTERM);
    return stage_await_exit(stage);
}

/* ---- waiting ---- */

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void fail_late(const struct stage *stage, const char *what)
{
    char *log CLEANUP(mem_freep) = mem_strdup("(not started)");
    if (stage->spillway.pid != 0) {
        free(log);
        log = process_log(&stage->spillway);
    }
    size_t len = strlen(log);
    cr_assert_fail("%s; the log ends with:\n%s", what,
                   len > LOG_SHOWN_BYTES ? log + len - LOG_SHOWN_BYTES : log);
}

void stage_await(struct stage *stage, bool (*is_done)(struct stage *stage, const void *ctx),
                 const void *ctx, const char *what)
{
    uint64_t deadline_ns = uv_hrtime() + (uint64_t)stage->patience_ms * 1000000;
    (void)uv_timer_start(&stage->ticker, on_tick, TICK_MS, TICK_MS);
    while (!is_done(stage, ctx)) {
        if (uv_hrtime() > deadline_ns ||
            (is_done != has_ended && stage->spillway.pid && has_ended(stage, NULL)))
            fail_late(stage, what);
        (void)uv_run(&stage->loop, UV_RUN_ONCE);
    }
    (void)uv_timer_stop(&stage->ticker);
}

static bool has_said(struct stage *stage, const void *text)
{
    return spillway_said(&stage->spillway, text);
}

void stage_await_said(struct stage *stage, const char *text)
{
    stage_await(stage, has_said, text, text);
}

static bool is_bound(struct stage *stage, const void *pod)
{
    return stage_node_of(stage, pod)[0] != '\0';
}

void stage_await_bound(struct stage *stage, const char *pod)
{
    stage_await(stage, is_bound, pod, pod);
}

static bool has_bindings(struct stage *stage, const void *count)
{
    return stage->bindings >= *(const uint64_t *)count;
}

void stage_await_bindings(struct stage *stage, uint64_t count)
{
    stage_await(stage, has_bindings, &count, "not every pod was bound");
}

static bool has_requests(struct stage *stage, const void *count)
{
    return apiserver_counts(stage->server).requests >= *(const uint64_t *)count;
}

void stage_await_requests(struct stage *stage, uint64_t count)
{
    stage_await(stage, has_requests, &count, "no such number of requests came");
}

/* PodScheduled=False of a pod's conditions, as raw JSON. */
static bool find_refusal(struct stage *stage, const char *pod, struct str *ret_condition)
{
    const struct object *object = store_get(stage->store, KIND_POD, STR("default"), str_from(pod));
    if (!object)
        return false;
    struct json_iter iter = json_items(object_section(object, SEC_CONDITIONS));
    struct str item, type, status;
    while (json_next_item(&iter, &item))
        if (json_find(item, STR("type"), &type) && str_is(type, "\"PodScheduled\"") &&
            json_find(item, STR("status"), &status) && str_is(status, "\"False\"")) {
            *ret_condition = item;
            return true;
        }
    return false;
}

static bool is_refused(struct stage *stage, const void *pod)
{
    struct str condition;
    return find_refusal(stage, pod, &condition);
}

char *stage_await_refusal(struct stage *stage, const char *pod)
{
    struct str condition;
    stage_await(stage, is_refused, pod, pod);
    cr_assert(find_refusal(stage, pod, &condition));
    json_t *json = json_loadb(condition.ptr, condition.len, 0, NULL);
    const char *message = json_string_value(json_object_get(json, "message"));
    char *copy = mem_strdup(message ? message : "");
    json_decref(json);
    return copy;
}

/* ---- the store ---- */

void stage_create(struct stage *stage, enum kind_id kind, const char *json)
{
    struct api_status status;
    struct str ns = kind == KIND_NODE ? STR("") : STR("default");
    cr_assert(store_create_text(stage->store, kind, ns, str_from(json), NULL, &status), "%s",
              status.message);
}

void stage_add_node(struct stage *stage, const char *name, const char *cpu)
{
    char text[512];
    (void)snprintf(
        text, sizeof(text),
        "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\"},"
        "\"status\":{\"capacity\":{\"cpu\":\"%s\",\"memory\":\"100Gi\",\"pods\":\"1000\"},"
        "\"allocatable\":{\"cpu\":\"%s\",\"memory\":\"100Gi\",\"pods\":\"1000\"}}}",
        name, cpu, cpu);
    stage_create(stage, KIND_NODE, text);
}

void stage_add_pod_of(struct stage *stage, const char *name, const char *cpu, const char *scheduler)
{
    char text[512];
    (void)snprintf(text, sizeof(text),
                   "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\"},"
                   "\"spec\":{\"schedulerName\":\"%s\",\"containers\":[{\"name\":\"c\",\"image\":"
                   "\"i\",\"resources\":{\"requests\":{\"cpu\":\"%s\"}}}]}}",
                   name, scheduler, cpu);
    stage_create(stage, KIND_POD, text);
}

void stage_add_pod(struct stage *stage, const char *name, const char *cpu)
{
    stage_add_pod_of(stage, name, cpu, "spillway");
}

void stage_add_pods(struct stage *stage, const char *prefix, size_t count, const char *cpu)
{
    for (size_t i = 0; i < count; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "%s-%zu", prefix, i);
        stage_add_pod(stage, name, cpu);
    }
}

const char *stage_node_of(struct stage *stage, const char *pod)
{
    const struct object *object = store_get(stage->store, KIND_POD, STR("default"), str_from(pod));
    return object ? object_node_name(object) : "";
}

size_t stage_pods_on(struct stage *stage, const char *node)
{
    struct store_list pods = store_list(stage->store, KIND_POD, STR(""));
    size_t count = 0;
    for (size_t i = 0; i < pods.count; i++)
        count += strcmp(object_node_name(pods.objects[i]), node) == 0;
    return count;
}

void stage_fault(struct stage *stage, const struct fault *fault)
{
    cr_assert(fault_arm(apiserver_faults(stage->server), fault));
}

uint64_t stage_fired(struct stage *stage)
{
    const struct fault_table *table = apiserver_faults(stage->server);
    uint64_t fired = 0;
    for (size_t i = 0; i < table->count; i++)
        fired += table->faults[i].fired;
    return fired;
}
