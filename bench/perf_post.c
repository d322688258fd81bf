/* Objects of a step, jobs beside the steps, and what is measured. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/perf_run_private.h"
#include "bench/report.h"
#include "model/base/mem.h"

#define HOSTNAME_LABEL "kubernetes.io/hostname"

/* ---- objects ---- */

static void shape_node(const struct perf_posting *posting, json_t *object, const char *name,
                       uint32_t index)
{
    const struct perf_op *op = posting->op;
    perf_object_label(object, HOSTNAME_LABEL, name);
    if (!op->label_key)
        return;
    size_t count = json_array_size(op->label_values);
    const char *value =
        count > 0 ? json_string_value(json_array_get(op->label_values, index % count)) : name;
    perf_object_label(object, op->label_key, value);
}

static void shape_pod(const struct perf_posting *posting, json_t *object, uint32_t index)
{
    json_t *spec = json_object_get(object, "spec");
    (void)json_object_set_new(spec, "schedulerName", json_string(posting->run->options->scheduler));
    (void)json_object_set_new(perf_object_metadata(object), "namespace",
                              json_string(posting->namespace));
    if (posting->op->template_count > 0 && posting->op->signature_batch > 0) {
        char value[64];
        (void)snprintf(value, sizeof(value), "signature-label-%lld",
                       (long long)index / (long long)posting->op->signature_batch);
        perf_object_label(object, "signature", value);
    }
}

static void shape(const struct perf_posting *posting, json_t *object, uint32_t index)
{
    const char *kind = json_string_value(json_object_get(object, "kind"));
    char suffix[64];
    (void)snprintf(suffix, sizeof(suffix), "%u-%u", posting->run->index, index);
    if (posting->op->opcode == PERF_CREATE_NAMESPACES)
        (void)json_object_set_new(perf_object_metadata(object), "name",
                                  json_sprintf("%s-%u", posting->op->prefix, index));
    const char *name = perf_object_name(object, suffix);
    if (strcmp(kind, "Node") == 0)
        shape_node(posting, object, name, index);
    else if (strcmp(kind, "Pod") == 0)
        shape_pod(posting, object, index);
    else if (strcmp(kind, "Namespace") == 0)
        perf_namespace_add(posting->run, name);
}

/* A failure is kept; what is sent instead the server refuses, which ends the posting. */
static void make(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    struct perf_posting *posting = ctx;
    json_t *object = perf_maker_make(&posting->maker, index, &posting->err);
    bool is_made = object && posting->err.code == 0;
    if (is_made) {
        shape(posting, object, index);
        is_made = perf_object_path(object, posting->namespace, path, &posting->err) == 0 &&
                  perf_object_write(object, body, &posting->err) == 0;
    }
    json_decref(object);
    if (!is_made) {
        buf_clear(path);
        buf_clear(body);
        (void)buf_add_str(path, "/api/v1/nodes");
        (void)buf_add_str(body, "{}");
    }
}

int perf_posting_run(struct perf_posting *posting, int64_t count, struct err *err)
{
    const struct perf_op *op = posting->op;
    CHECK(count >= 0 && count <= PERF_COUNT_MAX);
    int rc = perf_maker_init(&posting->maker, op->template_count > 0 ? &op->templates[0] : NULL,
                             posting->kind, op->params, count, err);
    if (rc < 0)
        return rc;
    rc = control_plane_post_many(posting->run->options->plane, (uint32_t)count, make, posting, err);
    if (posting->err.code != 0) {
        *err = posting->err;
        rc = -err->code;
    }
    perf_maker_fini(&posting->maker);
    return rc;
}

/* ---- jobs ---- */

void perf_run_add_job(struct perf_run *run, struct perf_job *owned_job)
{
    CHECK(run->job_count < PERF_JOBS_MAX);
    run->jobs[run->job_count++] = owned_job;
}

static bool job_is_over(const void *ctx)
{
    return perf_job_is_over(ctx) || perf_job_refused(ctx) != 0;
}

int perf_run_await_job(struct perf_run *run, const struct perf_job *job, struct err *err)
{
    int rc = control_plane_await(run->options->plane, job_is_over, job, run->options->limit_seconds,
                                 "all pods deleted", err);
    return rc < 0 ? rc : perf_run_trouble(run, err);
}

/* ---- collections ---- */

static uint64_t collected(const struct perf_collection *collection)
{
    return collection->count.scheduled - collection->scheduled_before;
}

static void on_second(uv_timer_t *timer)
{
    struct perf_collection *collection = timer->data;
    perf_rate_tick(&collection->rate, report_now_ns(), collected(collection));
}

int perf_collect_start(struct perf_run *run, const char *name, const char *namespace,
                       const json_t *namespaces, const json_t *labels, struct err *err)
{
    struct perf_collection *collection = &run->collection;
    if (collection->is_active)
        return err_set(err, EINVAL, "metrics are being collected already");
    if (run->results.count == PERF_COLLECTIONS_MAX)
        return err_set(err, EINVAL, "more than %d collections", PERF_COLLECTIONS_MAX);
    collection->is_active = true;
    (void)snprintf(collection->name, sizeof(collection->name), "%s", name);
    collection->count =
        (struct perf_count){.namespace = namespace, .namespaces = namespaces, .labels = labels};
    perf_pods_count(run->pods, &collection->count);
    collection->scheduled_before = collection->count.scheduled;
    perf_rate_init(&collection->rate);
    collection->started_ns = report_now_ns();
    CHECK(uv_timer_start(&collection->timer, on_second, PERF_SAMPLE_EVERY_MS,
                         PERF_SAMPLE_EVERY_MS) == 0);
    return 0;
}

static void end_collection(struct perf_run *run)
{
    struct perf_collection *collection = &run->collection;
    if (!collection->is_active)
        return;
    (void)uv_timer_stop(&collection->timer);
    perf_pods_forget(run->pods, &collection->count);
    perf_rate_fini(&collection->rate);
    collection->is_active = false;
}

int perf_collect_stop(struct perf_run *run, struct err *err)
{
    struct perf_collection *collection = &run->collection;
    if (!collection->is_active)
        return err_set(err, EINVAL, "no metrics are being collected");
    double seconds = (double)(report_now_ns() - collection->started_ns) / 1e9;
    struct perf_item item = {
        .throughput = perf_rate_summary(&collection->rate),
        .pods = collected(collection),
        .seconds = seconds,
    };
    double until_last = (double)(collection->count.last_ns - collection->started_ns) / 1e9;
    if (collection->count.last_ns > collection->started_ns)
        item.per_second = (double)item.pods / until_last;
    (void)snprintf(item.name, sizeof(item.name), "%.60s/%.60s/%.120s", run->workload->case_name,
                   run->workload->name, collection->name);
    struct perf_results *results = &run->results;
    results->items = mem_resize(results->items, results->count + 1, sizeof(*results->items));
    results->items[results->count++] = item;
    end_collection(run);
    return 0;
}

/* ---- life ---- */

int perf_run_open(struct perf_run *run, const struct perf_run_options *options,
                  const struct perf_workload *workload, struct err *err)
{
    *run = (struct perf_run){.options = options, .workload = workload};
    CHECK(uv_timer_init(&options->plane->loop, &run->collection.timer) == 0);
    run->collection.timer.data = &run->collection;
    uint32_t jobs = 0;
    for (uint32_t i = 0; i < workload->op_count; i++)
        jobs +=
            workload->ops[i].opcode == PERF_CHURN || workload->ops[i].opcode == PERF_DELETE_PODS;
    if (jobs > PERF_JOBS_MAX)
        return err_set(err, E2BIG, "more than %d steps that go on beside the others",
                       PERF_JOBS_MAX);
    run->pods = perf_pods_start(options->plane, err);
    return run->pods ? 0 : -err->code;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct perf_collection *collection = handle->data;
    container_of(collection, struct perf_run, collection)->is_timer_closed = true;
}

void perf_run_close(struct perf_run *run)
{
    end_collection(run);
    for (uint32_t i = 0; i < run->job_count; i++)
        perf_job_stop(run->jobs[i]);
    perf_pods_stop(run->pods);
    uv_close((uv_handle_t *)&run->collection.timer, on_timer_closed);
    while (!run->is_timer_closed)
        (void)uv_run(&run->options->plane->loop, UV_RUN_ONCE);
    for (uint32_t i = 0; i < run->namespace_count; i++)
        free(run->namespaces[i].name);
    free(run->namespaces);
}
