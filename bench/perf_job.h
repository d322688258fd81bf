/* Work that goes on beside the steps of a workload: objects that come and go (churn), pods that are
 * deleted one after the other. Driven by a timer; one request a tick and object. */
#ifndef BENCH_PERF_JOB_H
#define BENCH_PERF_JOB_H

#include "bench/control_plane.h"
#include "bench/perf_config.h"

struct perf_job; /* opaque */

/* Starts creating (and deleting) what the step's templates say, in `namespace`, which is there.
 * `index` of the step makes the names unique. NULL: see *err. */
struct perf_job *perf_job_churn(struct control_plane *plane, const struct perf_op *op,
                                const char *namespace, uint32_t index, struct err *err);

/* Starts deleting the pods named in `owned_names`, an array of texts: so many a second; 0: as fast
 * as the server answers. */
struct perf_job *perf_job_delete(struct control_plane *plane, const char *namespace,
                                 json_t *owned_names, int64_t per_second);

/* Nothing more to be done, and no request under way; a churn never is. */
bool perf_job_is_over(const struct perf_job *job);

/* 0, or the first HTTP status (-1: no answer) that a request of it was refused with. */
int32_t perf_job_refused(const struct perf_job *job);

/* Ends it, running the loop until its requests are answered; frees it. NULL: nothing. */
void perf_job_stop(struct perf_job *job);

#endif
