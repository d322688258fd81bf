#include "bench/perf_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/perf_run_private.h"
#include "bench/report.h"
#include "model/base/mem.h"

enum { NAMESPACES_MAX = 10000 };

void perf_results_fini(struct perf_results *results)
{
    free(results->items);
    *results = (struct perf_results){0};
}

/* ---- namespaces ---- */

struct perf_namespace *perf_namespace_find(struct perf_run *run, const char *name)
{
    for (uint32_t i = 0; i < run->namespace_count; i++)
        if (strcmp(run->namespaces[i].name, name) == 0)
            return &run->namespaces[i];
    return NULL;
}

void perf_namespace_add(struct perf_run *run, const char *name)
{
    if (perf_namespace_find(run, name))
        return;
    run->namespaces =
        mem_resize(run->namespaces, run->namespace_count + 1, sizeof(*run->namespaces));
    run->namespaces[run->namespace_count++] = (struct perf_namespace){.name = mem_strdup(name)};
}

/* Makes it unless it is there: made by a step before, or "default". */
static int ensure_namespace(struct perf_run *run, const char *name, struct err *err)
{
    if (perf_namespace_find(run, name))
        return 0;
    if (run->namespace_count == NAMESPACES_MAX)
        return err_set(err, E2BIG, "more than %d namespaces", NAMESPACES_MAX);
    struct buf body;
    buf_init(&body, PERF_OBJECT_BYTES_MAX);
    (void)buf_printf(
        &body, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s\"}}",
        name);
    int status =
        control_plane_call(run->options->plane, "POST", "/api/v1/namespaces", &body, NULL, err);
    buf_fini(&body);
    if (status < 0)
        return status;
    if (status == 409)
        return err_set(err, EEXIST, "namespace %s is there already: a cluster of its own is needed",
                       name);
    if (status != 201)
        return err_set(err, EIO, "namespace %s: the server answered %d", name, status);
    perf_namespace_add(run, name);
    return 0;
}

/* ---- waiting ---- */

struct wait {
    const struct perf_run *run;
    const struct perf_count *count;
    uint64_t wanted;
    bool takes_tried;
};

static bool scheduler_ended(const struct perf_run *run)
{
    const struct perf_run_options *options = run->options;
    return options->scheduler_ended && options->scheduler_ended(options->ctx);
}

static bool has_trouble(const struct perf_run *run)
{
    for (uint32_t i = 0; i < run->job_count; i++)
        if (perf_job_refused(run->jobs[i]) != 0)
            return true;
    return perf_pods_trouble(run->pods) != NULL || scheduler_ended(run);
}

static bool wait_is_over(const void *ctx)
{
    const struct wait *wait = ctx;
    uint64_t have = wait->count->scheduled + (wait->takes_tried ? wait->count->tried : 0);
    return have >= wait->wanted || has_trouble(wait->run);
}

int perf_run_trouble(const struct perf_run *run, struct err *err)
{
    for (uint32_t i = 0; i < run->job_count; i++) {
        int32_t status = perf_job_refused(run->jobs[i]);
        if (status != 0)
            return err_set(err, EIO, "a delete was answered %d", status);
    }
    const char *trouble = perf_pods_trouble(run->pods);
    if (trouble)
        return err_set(err, E2BIG, "%s", trouble);
    return scheduler_ended(run) ? err_set(err, ECHILD, "the scheduler ended") : 0;
}

/* `count` is being counted. */
static int await_pods(struct perf_run *run, const struct perf_count *count, uint64_t wanted,
                      bool takes_tried, struct err *err)
{
    const struct wait wait = {run, count, wanted, takes_tried};
    int rc =
        control_plane_await(run->options->plane, wait_is_over, &wait, run->options->limit_seconds,
                            takes_tried ? "all pods tried" : "all pods scheduled", err);
    if (rc == -ETIMEDOUT)
        return err_wrap(err, "%llu of %llu pods in namespace %s",
                        (unsigned long long)count->scheduled + (takes_tried ? count->tried : 0),
                        (unsigned long long)wanted, count->namespace);
    return rc < 0 ? rc : perf_run_trouble(run, err);
}

/* ---- steps ---- */

static int create_namespaces(struct perf_run *run, const struct perf_op *op, struct err *err)
{
    struct perf_posting posting = {.run = run, .op = op, .kind = "Namespace"};
    if (run->namespace_count + (uint64_t)op->count > NAMESPACES_MAX)
        return err_set(err, E2BIG, "more than %d namespaces", NAMESPACES_MAX);
    return perf_posting_run(&posting, op->count, err);
}

static int create_pods(struct perf_run *run, const struct perf_op *op, struct err *err)
{
    char own[64];
    (void)snprintf(own, sizeof(own), "namespace-%u", run->index);
    const char *namespace = op->namespace ? op->namespace : own;
    int64_t total = op->count * op->multiplier;
    struct perf_posting posting = {.run = run, .op = op, .kind = "Pod", .namespace = namespace};
    int rc = ensure_namespace(run, namespace, err);
    if (rc == 0 && op->collects)
        rc = perf_collect_start(run, namespace, namespace, NULL, NULL, err);
    if (rc < 0)
        return rc;
    struct perf_count count = {.namespace = namespace};
    perf_pods_count(run->pods, &count);
    uint64_t wanted = count.scheduled + (uint64_t)total;
    rc = perf_posting_run(&posting, total, err);
    if (rc == 0 && op->skips_wait)
        perf_namespace_find(run, namespace)->wanted += (uint64_t)total;
    else if (rc == 0)
        rc = await_pods(run, &count, wanted, false, err);
    perf_pods_forget(run->pods, &count);
    if (op->collects) {
        struct err why = {0};
        int stopped = perf_collect_stop(run, &why);
        if (rc == 0 && stopped < 0)
            *err = why;
        return rc == 0 ? stopped : rc;
    }
    return rc;
}

static int delete_pods(struct perf_run *run, const struct perf_op *op, struct err *err)
{
    const struct perf_count which = {.namespace = op->namespace, .labels = op->labels};
    if (!perf_namespace_find(run, op->namespace))
        return err_set(err, EINVAL, "no step before made namespace %s", op->namespace);
    struct perf_job *job = perf_job_delete(run->options->plane, op->namespace,
                                           perf_pods_names(run->pods, &which), op->per_second);
    perf_run_add_job(run, job);
    return op->skips_wait ? 0 : perf_run_await_job(run, job, err);
}

static int churn(struct perf_run *run, const struct perf_op *op, struct err *err)
{
    char own[64];
    (void)snprintf(own, sizeof(own), "namespace-%u", run->index);
    const char *namespace = op->namespace ? op->namespace : own;
    int rc = ensure_namespace(run, namespace, err);
    if (rc < 0)
        return rc;
    struct perf_job *job = perf_job_churn(run->options->plane, op, namespace, run->index, err);
    if (!job)
        return -err->code;
    perf_run_add_job(run, job);
    return 0;
}

static int barrier_of(struct perf_run *run, const struct perf_op *op,
                      struct perf_namespace *namespace, struct err *err)
{
    struct perf_count count = {.namespace = namespace->name, .labels = op->labels};
    perf_pods_count(run->pods, &count);
    int rc = await_pods(run, &count, namespace->wanted, op->wants_attempted, err);
    perf_pods_forget(run->pods, &count);
    if (rc == 0 && !op->wants_attempted)
    namespace->wanted = 0;
    return rc;
}

static int barrier(struct perf_run *run, const struct perf_op *op, struct err *err)
{
    int rc = 0;
    for (uint32_t i = 0; !op->namespaces && rc == 0 && i < run->namespace_count; i++)
        rc = barrier_of(run, op, &run->namespaces[i], err);
    for (size_t i = 0; rc == 0 && i < json_array_size(op->namespaces); i++) {
        const char *name = json_string_value(json_array_get(op->namespaces, i));
        struct perf_namespace *namespace = perf_namespace_find(run, name);
        rc = namespace ? barrier_of(run, op, namespace, err)
                       : err_set(err, EINVAL, "no step before made namespace %.60s", name);
    }
    return rc;
}

static int create_any(struct perf_run *run, const struct perf_op *op, struct err *err)
{
    struct perf_posting posting = {.run = run, .op = op, .namespace = op->namespace};
    int rc = op->namespace ? ensure_namespace(run, op->namespace, err) : 0;
    return rc < 0 ? rc : perf_posting_run(&posting, op->count, err);
}

static int run_op(struct perf_run *run, const struct perf_op *op, struct err *err)
{
    struct perf_posting nodes = {.run = run, .op = op, .kind = "Node"};
    switch (op->opcode) {
    case PERF_CREATE_NODES:
        return perf_posting_run(&nodes, op->count, err);
    case PERF_CREATE_NAMESPACES:
        return create_namespaces(run, op, err);
    case PERF_CREATE_PODS:
        return create_pods(run, op, err);
    case PERF_DELETE_PODS:
        return delete_pods(run, op, err);
    case PERF_CHURN:
        return churn(run, op, err);
    case PERF_BARRIER:
        return barrier(run, op, err);
    case PERF_SLEEP:
        return control_plane_pass(run->options->plane, op->sleep_ms, err);
    case PERF_CREATE_ANY:
        return create_any(run, op, err);
    case PERF_START_COLLECTING:
        return perf_collect_start(run, op->name ? op->name : "", NULL, op->namespaces, op->labels,
                                  err);
    case PERF_STOP_COLLECTING:
        return perf_collect_stop(run, err);
    case PERF_CREATE_POD_SETS: /* was unrolled */
    case PERF_OPCODES:
        break;
    }
    CHECK(false);
    return -EINVAL;
}

/* ---- the whole ---- */

int perf_run_check(const struct perf_workload *workload, struct err *err)
{
    for (uint32_t i = 0; i < workload->op_count; i++) {
        const struct perf_op *op = &workload->ops[i];
        for (uint32_t j = 0; j < op->template_count; j++) {
            const char *namespace = op->opcode == PERF_CREATE_ANY ? op->namespace : "any";
            struct perf_maker maker;
            struct buf path;
            buf_init(&path, PERF_PATH_BYTES_MAX);
            int rc = perf_maker_init(&maker, &op->templates[j], NULL, op->params,
                                     op->count * op->multiplier, err);
            json_t *object = rc == 0 ? perf_maker_make(&maker, 0, err) : NULL;
            if (rc == 0)
                rc = object ? perf_object_path(object, namespace, &path, err) : -err->code;
            json_decref(object);
            if (rc < 0)
                (void)err_wrap(err, "%s:%u: %s", workload->doc.path, op->line,
                               perf_opcode_name(op->opcode));
            perf_maker_fini(&maker);
            buf_fini(&path);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

static int run_ops(struct perf_run *run, struct err *err)
{
    const struct perf_workload *workload = run->workload;
    int rc = 0;
    for (run->index = 0; rc == 0 && run->index < workload->op_count; run->index++) {
        const struct perf_op *op = &workload->ops[run->index];
        if (run->options->is_verbose)
            (void)fprintf(stderr, "step %u of %u: %s\n", run->index + 1, workload->op_count,
                          perf_opcode_name(op->opcode));
        rc = run_op(run, op, err);
        if (rc == 0)
            rc = perf_run_trouble(run, err);
        if (rc < 0)
            rc = err_wrap(err, "%s:%u: %s", workload->doc.path, op->line,
                          perf_opcode_name(op->opcode));
    }
    return rc;
}

int perf_run(const struct perf_run_options *options, const struct perf_workload *workload,
             struct perf_results *ret_results, struct err *err)
{
    struct perf_run run;
    *ret_results = (struct perf_results){0};
    int rc = perf_run_open(&run, options, workload, err);
    if (rc == 0) {
        perf_namespace_add(&run, "default");
        rc = run_ops(&run, err);
        *ret_results = run.results;
    }
    perf_run_close(&run);
    return rc;
}
