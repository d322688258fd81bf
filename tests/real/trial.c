#include "tests/real/trial.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/support/replay.h"

enum {
    PATH_BYTES = 512,
    POD_CPU_MILLI = 100,
    POD_MEMORY_MI = 64,
    POD_ROOM = 500, /* of a node: its cpu is the limit */
    STATE_BYTES = 64 << 20,
    REQUESTS_A_POD = 4, /* a bind, an event; and once more each when its answer was lost */
};

#define MIB (INT64_C(1) << 20)

/* ---- objects ---- */

static size_t pods_a_node(const struct trial *trial)
{
    return trial->pod_count / TRIAL_NODES;
}

static void make_node(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct trial *trial = context;
    size_t room = pods_a_node(trial);
    CHECK(buf_add_str(path, "/api/v1/nodes"));
    CHECK(buf_printf(body,
                     "{\"metadata\":{\"name\":\"node-%zu\"},\"status\":{\"allocatable\":{\"cpu\":"
                     "\"%zum\",\"memory\":\"%zuMi\",\"pods\":\"%d\"},\"conditions\":[{\"type\":"
                     "\"Ready\",\"status\":\"True\"}]}}",
                     index, room * POD_CPU_MILLI, room * POD_MEMORY_MI, POD_ROOM));
}

static void make_pod(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct trial *trial = context;
    CHECK(buf_printf(path, "/api/v1/namespaces/%s/pods", trial->world.namespace));
    CHECK(buf_printf(body,
                     "{\"metadata\":{\"name\":\"pod-%zu\"},\"spec\":{\"schedulerName\":"
                     "\"spillway\",\"containers\":[{\"name\":\"main\",\"image\":"
                     "\"test.invalid/main:1\",\"resources\":{\"requests\":{\"cpu\":\"%dm\","
                     "\"memory\":\"%dMi\"}}}]}}",
                     trial->made + index, POD_CPU_MILLI, POD_MEMORY_MI));
}

void trial_add_pods(struct trial *trial, size_t count)
{
    CHECK(trial->made + count <= trial->pod_count);
    api_post_many(&trial->world.api, count, make_pod, trial);
    trial->made += count;
}

/* ---- life ---- */

void trial_open(struct trial *trial, const char *name, const char *const flags[], size_t pod_count)
{
    CHECK(pod_count % TRIAL_NODES == 0);
    *trial = (struct trial){.pod_count = pod_count};
    plane_open(&trial->plane, &trial->world, name, flags);
    api_post_many(&trial->world.api, TRIAL_NODES, make_node, trial);
    drain_start(&trial->drain, &trial->world, "pod", pod_count);
}

void trial_close(struct trial *trial)
{
    char file[PATH_BYTES];
    (void)snprintf(file, sizeof(file), "%s/events", trial->plane.dir);
    drain_fini(&trial->drain);
    int exit_code = world_stop_spillway(&trial->world);
    cr_expect_eq(exit_code, 0, "exit code %d", exit_code);
    plane_close(&trial->plane, &trial->world);
}

void trial_start_spillway(struct trial *trial, int port)
{
    plane_start_spillway(&trial->plane, &trial->world, port > 0 ? port : trial->plane.port);
}

void trial_pause_spillway(struct trial *trial)
{
    CHECK(kill(trial->world.spillway.pid, SIGSTOP) == 0);
}

void trial_resume_spillway(struct trial *trial)
{
    CHECK(kill(trial->world.spillway.pid, SIGCONT) == 0);
}

void trial_stop_apiserver(struct trial *trial)
{
    CHECK(kill(trial->plane.apiserver.pid, SIGSTOP) == 0);
}

void trial_continue_apiserver(struct trial *trial)
{
    CHECK(kill(trial->plane.apiserver.pid, SIGCONT) == 0);
}

void trial_take_away(struct trial *trial)
{
    trial->was_away = true;
    drain_look_away(&trial->drain);
    plane_kill_apiserver(&trial->plane);
}

void trial_end_apiserver(struct trial *trial)
{
    trial->was_away = true;
    drain_look_away(&trial->drain);
    (void)process_stop(&trial->plane.apiserver, SIGTERM, WORLD_PATIENCE_MS);
}

void trial_bring_back(struct trial *trial)
{
    plane_start_apiserver(&trial->plane, &trial->world);
    drain_look_again(&trial->drain);
}

/* ---- what spillway knows, against a list ---- */

/* One label more on a node, and a pod for that label: once it is bound, both watches have told all
 * that was before. Its namespace is the last one: a list that is under way names it at its end. */
#define MARKERS "z-markers"

static void pass_marker(struct trial *trial)
{
    long status = api_call(&trial->world.api, "POST", "/api/v1/namespaces",
                           "{\"metadata\":{\"name\":\"" MARKERS "\"}}", NULL);
    cr_assert(status == 201 || status == 409, "%ld", status);
    char body[PATH_BYTES], path[PATH_BYTES], name[32];
    struct world world = trial->world; /* the same in another namespace, where nothing is counted */
    (void)snprintf(world.namespace, sizeof(world.namespace), MARKERS);
    (void)snprintf(name, sizeof(name), "marker-%u", ++trial->markers);
    (void)snprintf(body, sizeof(body), "{\"metadata\":{\"labels\":{\"marker\":\"%s\"}}}", name);
    cr_assert_eq(api_call(&trial->world.api, "PATCH", "/api/v1/nodes/node-0", body, NULL), 200);
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/" MARKERS "/pods");
    (void)snprintf(body, sizeof(body),
                   "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"schedulerName\":\"spillway\","
                   "\"nodeSelector\":{\"marker\":\"%s\"},\"containers\":[{\"name\":\"main\","
                   "\"image\":\"test.invalid/main:1\"}]}}",
                   name, name);
    cr_assert_eq(api_call(&trial->world.api, "POST", path, body, NULL), 201);
    free(world_await_bound(&world, name));
}

struct view {
    const struct trial *trial;
    const char *state; /* what spillway printed, from a line end on */
    size_t pods_on[TRIAL_NODES];
    size_t markers;
    size_t lines;
};

static const char *text_at(const json_t *object, const char *part, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, part), name));
    return text ? text : "";
}

static void expect_line(struct view *view, const char *line)
{
    view->lines++;
    cr_expect(strstr(view->state, line), "spillway does not know:%s", line);
}

static void expect_pod(void *context, const json_t *pod)
{
    struct view *view = context;
    char line[PATH_BYTES];
    unsigned long node = TRIAL_NODES;
    (void)sscanf(text_at(pod, "spec", "nodeName"), "node-%lu", &node);
    cr_assert(node < TRIAL_NODES, "pod %s is bound nowhere", text_at(pod, "metadata", "name"));
    (void)snprintf(line, sizeof(line), "\npod %s/%s %s %s bound node-%lu\n",
                   text_at(pod, "metadata", "namespace"), text_at(pod, "metadata", "name"),
                   text_at(pod, "metadata", "uid"), text_at(pod, "metadata", "resourceVersion"),
                   node);
    view->pods_on[node]++;
    expect_line(view, line);
}

/* Their binds may be assumed still; what they take is the place for a pod. */
static void expect_marker(void *context, const json_t *pod)
{
    struct view *view = context;
    char line[PATH_BYTES];
    (void)snprintf(line, sizeof(line), "\npod " MARKERS "/%s %s ", text_at(pod, "metadata", "name"),
                   text_at(pod, "metadata", "uid"));
    view->markers++;
    expect_line(view, line);
}

static void expect_node(void *context, const json_t *node)
{
    struct view *view = context;
    char line[PATH_BYTES];
    unsigned long number = TRIAL_NODES;
    (void)sscanf(text_at(node, "metadata", "name"), "node-%lu", &number);
    cr_assert(number < TRIAL_NODES);
    size_t pods = view->pods_on[number], room = pods_a_node(view->trial);
    (void)snprintf(
        line, sizeof(line),
        "\nnode node-%lu %s %s cpu=%zu/%zu memory=%" PRId64 "/%" PRId64 " pods=%zu/%d\n", number,
        text_at(node, "metadata", "uid"), text_at(node, "metadata", "resourceVersion"),
        pods * POD_CPU_MILLI, room * POD_CPU_MILLI, (int64_t)pods * POD_MEMORY_MI * MIB,
        (int64_t)room * POD_MEMORY_MI * MIB, pods + (number == 0 ? view->markers : 0), POD_ROOM);
    expect_line(view, line);
}

static size_t count_lines(const char *text, const char *from)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, from)); at++)
        count++;
    return count;
}

static void check_view(struct trial *trial, const char *state)
{
    struct view view = {.trial = trial, .state = state};
    struct api *api = &trial->world.api;
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", trial->world.namespace);
    api_each(api, path, expect_pod, &view);
    api_each(api, "/api/v1/namespaces/" MARKERS "/pods", expect_marker, &view);
    api_each(api, "/api/v1/nodes", expect_node, &view);
    size_t known = count_lines(state, "\npod ") + count_lines(state, "\nnode ");
    cr_expect_eq(known, view.lines, "spillway knows %zu objects, there are %zu", known, view.lines);
}

/* ---- steps ---- */

size_t trial_requests(const struct trial *trial, const char *const texts[])
{
    char *log CLEANUP(mem_freep) = process_log(&trial->world.spillway);
    size_t count = 0;
    char *rest = log;
    for (char *line; (line = strsep(&rest, "\n"));) {
        bool has_all = true;
        for (size_t i = 0; texts[i]; i++)
            has_all = has_all && strstr(line, texts[i]);
        count += has_all;
    }
    return count;
}

size_t trial_await_requests(const struct trial *trial, const char *const texts[])
{
    cr_assert(process_await_log(&trial->world.spillway, texts, WORLD_PATIENCE_MS),
              "no \"%s\" in %s", texts[0], trial->world.spillway.log_path);
    return trial_requests(trial, texts);
}

static unsigned long long number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    cr_assert(at, "no \"%s\" in %s", name, text);
    return strtoull(at + strlen(name), NULL, 10);
}

static void check_steps(struct trial *trial, const char *summary)
{
    size_t requests = trial_requests(trial, (const char *const[]){"Request done", NULL});
    unsigned long long idle = number_after(summary, "idle passes ");
    fprintf(stderr, "%s: %zu pods, %zu requests, %.*s\n", trial->world.namespace, trial->made,
            requests, (int)strcspn(summary, "\n"), summary);
    cr_expect(requests <= REQUESTS_A_POD * trial->made, "%zu requests for %zu pods", requests,
              trial->made);
    cr_expect(idle <= requests, "the loop turned %llu times for nothing in %zu requests", idle,
              requests);
}

void trial_check(struct trial *trial, bool refusals_allowed)
{
    struct process_result result;
    char file[PATH_BYTES];
    drain_await(&trial->drain, trial->made, WORLD_PATIENCE_MS);
    if (trial->was_away)
        drain_check_objects(&trial->drain);
    else
        drain_check(&trial->drain, refusals_allowed);
    pass_marker(trial);

    (void)snprintf(file, sizeof(file), "%s/events", trial->plane.dir);
    replay_run_state(file, &result);
    cr_assert_eq(result.exit_code, 0, "%s", result.err.data);
    struct buf state CLEANUP(buf_fini);
    buf_init(&state, STATE_BYTES);
    CHECK(buf_printf(&state, "\n%s", result.out.data));
    check_view(trial, state.data);
    check_steps(trial, strstr(result.out.data, "\nevents ") + 1);
    process_result_fini(&result);
}
