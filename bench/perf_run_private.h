/* What the parts of a run share: perf_run.c the steps, perf_post.c objects, jobs and collections.
 */
#ifndef BENCH_PERF_RUN_PRIVATE_H
#define BENCH_PERF_RUN_PRIVATE_H

#include "bench/perf_job.h"
#include "bench/perf_object.h"
#include "bench/perf_pods.h"
#include "bench/perf_run.h"

enum { PERF_JOBS_MAX = 64, PERF_COLLECTIONS_MAX = 256 };

struct perf_namespace {
    char *name;      /* owned */
    uint64_t wanted; /* pods that nobody has waited for yet */
};

struct perf_collection {
    bool is_active;
    char name[128];
    struct perf_count count;
    uint64_t scheduled_before;
    struct perf_rate rate;
    int64_t started_ns;
    uv_timer_t timer;
};

struct perf_run {
    const struct perf_run_options *options;
    const struct perf_workload *workload;
    struct perf_pods *pods;
    struct perf_namespace *namespaces;
    uint32_t namespace_count;
    struct perf_job *jobs[PERF_JOBS_MAX];
    uint32_t job_count;
    struct perf_collection collection;
    struct perf_results results;
    uint32_t index; /* of the step */
    bool is_timer_closed;
};

int perf_run_open(struct perf_run *run, const struct perf_run_options *options,
                  const struct perf_workload *workload, struct err *err) NODISCARD;
void perf_run_close(struct perf_run *run); /* not the results */

/* ---- perf_run.c ---- */

struct perf_namespace *perf_namespace_find(struct perf_run *run, const char *name);
void perf_namespace_add(struct perf_run *run, const char *name);

/* An error of what goes on beside: a job, the watch, the scheduler. */
int perf_run_trouble(const struct perf_run *run, struct err *err) NODISCARD;

/* ---- perf_post.c ---- */

/* The objects of one step. */
struct perf_posting {
    struct perf_run *run;
    const struct perf_op *op;
    const char *kind;        /* NULL: what the template says */
    const char *namespace;   /* NULL: none */
    struct perf_maker maker; /* private, as all below */
    struct err err;
};

int perf_posting_run(struct perf_posting *posting, int64_t count, struct err *err) NODISCARD;

void perf_run_add_job(struct perf_run *run, struct perf_job *owned_job);
int perf_run_await_job(struct perf_run *run, const struct perf_job *job, struct err *err) NODISCARD;

int perf_collect_start(struct perf_run *run, const char *name, const char *namespace,
                       const json_t *namespaces, const json_t *labels, struct err *err) NODISCARD;
int perf_collect_stop(struct perf_run *run, struct err *err) NODISCARD;

#endif
