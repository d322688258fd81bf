#include "bench/perf_job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/perf_object.h"
#include "model/base/mem.h"

enum {
    IN_FLIGHT_MAX = 48,
    CHURN_OBJECTS_MAX = 100000, /* of one template of a churn without a number */
};

/* One template of a churn: its objects by slot. */
struct churned {
    struct perf_maker maker;
    char **paths; /* owned, of what is there; NULL: a slot that is free */
    size_t slots; /* used so far */
};

struct perf_job {
    struct control_plane *plane;
    uv_timer_t timer;
    bool is_closed;
    uint32_t in_flight;
    int32_t refused;
    char *namespace; /* owned */
    /* deletes */
    json_t *names;
    size_t next;
    bool is_paced;
    /* churn */
    struct churned *churned;
    uint32_t churned_count;
    int64_t number, tick;
    uint32_t index;
    bool recreates;
};

static void on_answer(struct perf_job *job, const struct http_reply *reply, bool counts)
{
    job->in_flight--;
    bool is_done = reply->status >= 200 && reply->status < 300;
    bool is_gone = reply->status == 404;
    if (counts && !is_done && !is_gone && reply->failure != HTTP_FAILURE_STOPPED &&
        job->refused == 0)
        job->refused = reply->status ? reply->status : -1;
}

static void send_request(struct perf_job *job, const char *method, const char *path,
                         struct str body,
                         void (*on_done)(void *ctx, const struct http_reply *reply))
{
    const struct http_options options = {
        .method = method,
        .path = path,
        .body = body,
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = job,
        .on_done = on_done,
    };
    job->in_flight++;
    (void)http_call_start(job->plane->client, &options);
}

static struct perf_job *job_new(struct control_plane *plane, const char *namespace,
                                uv_timer_cb on_timer, uint64_t every_ms)
{
    struct perf_job *job = mem_zalloc(1, sizeof(*job));
    job->plane = plane;
    job->namespace = mem_strdup(namespace);
    CHECK(uv_timer_init(&plane->loop, &job->timer) == 0);
    job->timer.data = job;
    CHECK(uv_timer_start(&job->timer, on_timer, every_ms, every_ms) == 0);
    return job;
}

/* ---- deletes ---- */

static void pump_deletes(struct perf_job *job);

static void on_deleted(void *ctx, const struct http_reply *reply)
{
    struct perf_job *job = ctx;
    on_answer(job, reply, true);
    if (!job->is_paced && !job->is_closed)
        pump_deletes(job);
}

static void delete_one(struct perf_job *job)
{
    struct buf path;
    buf_init(&path, PERF_PATH_BYTES_MAX);
    const char *name = json_string_value(json_array_get(job->names, job->next++));
    if (buf_printf(&path, "/api/v1/namespaces/%s/pods/%s", job->namespace, name))
        send_request(job, "DELETE", path.data, (struct str){0}, on_deleted);
    buf_fini(&path);
}

static void pump_deletes(struct perf_job *job)
{
    while (job->next < json_array_size(job->names) && job->in_flight < IN_FLIGHT_MAX)
        delete_one(job);
}

static void on_delete_tick(uv_timer_t *timer)
{
    struct perf_job *job = timer->data;
    if (job->next < json_array_size(job->names))
        delete_one(job);
}

struct perf_job *perf_job_delete(struct control_plane *plane, const char *namespace,
                                 json_t *owned_names, int64_t per_second)
{
    uint64_t every_ms = per_second > 0 && per_second < 1000 ? (uint64_t)(1000 / per_second) : 1;
    struct perf_job *job = job_new(plane, namespace, on_delete_tick, every_ms);
    job->names = owned_names;
    job->is_paced = per_second > 0;
    if (!job->is_paced) {
        (void)uv_timer_stop(&job->timer);
        pump_deletes(job);
    }
    return job;
}

/* ---- churn ---- */

/* As scheduler_perf: an object that cannot be created is left out. */
static void on_created(void *ctx, const struct http_reply *reply)
{
    on_answer(ctx, reply, false);
}

static void on_removed(void *ctx, const struct http_reply *reply)
{
    on_answer(ctx, reply, true);
}

static char *create_one(struct perf_job *job, const struct churned *churned)
{
    struct err err = {0};
    struct buf path, body;
    char suffix[64], *whole = NULL;
    buf_init(&path, PERF_PATH_BYTES_MAX);
    buf_init(&body, PERF_OBJECT_BYTES_MAX + 1);
    (void)snprintf(suffix, sizeof(suffix), "%u-%lld", job->index, (long long)job->tick);
    json_t *object = perf_maker_make(&churned->maker, job->tick, &err);
    const char *name = object ? perf_object_name(object, suffix) : "";
    if (*name && perf_object_path(object, job->namespace, &path, &err) == 0 &&
        perf_object_write(object, &body, &err) == 0) {
        send_request(job, "POST", path.data, buf_str(&body), on_created);
        if (buf_printf(&path, "/%s", name))
            whole = buf_take(&path);
    }
    json_decref(object);
    buf_fini(&path);
    buf_fini(&body);
    return whole;
}

static void churn(struct perf_job *job, struct churned *churned)
{
    size_t slot = (size_t)(job->number > 0 ? job->tick % job->number : job->tick);
    if (!job->recreates && job->number > 0 && job->tick >= job->number)
        return;
    if (slot >= CHURN_OBJECTS_MAX)
        return;
    if (slot == churned->slots) {
        churned->paths = mem_resize(churned->paths, slot + 1, sizeof(*churned->paths));
        churned->paths[churned->slots++] = NULL;
    }
    char **path = &churned->paths[slot];
    if (*path) {
        send_request(job, "DELETE", *path, (struct str){0}, on_removed);
        free(*path);
        *path = NULL;
    } else {
        *path = create_one(job, churned);
    }
}

static void on_churn_tick(uv_timer_t *timer)
{
    struct perf_job *job = timer->data;
    for (uint32_t i = 0; i < job->churned_count; i++)
        churn(job, &job->churned[i]);
    job->tick++;
}

struct perf_job *perf_job_churn(struct control_plane *plane, const struct perf_op *op,
                                const char *namespace, uint32_t index, struct err *err)
{
    struct perf_job *job = job_new(plane, namespace, on_churn_tick, (uint64_t)op->interval_ms);
    job->number = op->number;
    job->recreates = op->recreates;
    job->index = index;
    job->churned = mem_zalloc(op->template_count, sizeof(*job->churned));
    for (uint32_t i = 0; i < op->template_count; i++) {
        int rc = perf_maker_init(&job->churned[i].maker, &op->templates[i], NULL, op->params,
                                 op->number, err);
        if (rc < 0) {
            struct err why = *err;
            perf_job_stop(job);
            *err = why;
            return NULL;
        }
        job->churned_count++;
    }
    return job;
}

/* ---- both ---- */

bool perf_job_is_over(const struct perf_job *job)
{
    return job->names && job->next == json_array_size(job->names) && job->in_flight == 0;
}

int32_t perf_job_refused(const struct perf_job *job)
{
    return job->refused;
}

static void on_closed(uv_handle_t *handle)
{
    struct perf_job *job = handle->data;
    job->is_closed = true;
}

void perf_job_stop(struct perf_job *job)
{
    if (!job)
        return;
    job->next = json_array_size(job->names);
    uv_close((uv_handle_t *)&job->timer, on_closed);
    while (!job->is_closed || job->in_flight > 0)
        (void)uv_run(&job->plane->loop, UV_RUN_ONCE);
    for (uint32_t i = 0; i < job->churned_count; i++) {
        for (size_t j = 0; j < job->churned[i].slots; j++)
            free(job->churned[i].paths[j]);
        free(job->churned[i].paths);
        perf_maker_fini(&job->churned[i].maker);
    }
    free(job->churned);
    json_decref(job->names);
    free(job->namespace);
    free(job);
}
