/* Where a replay gets its workload from: a generator or a public trace, as the flags say. */
#ifndef BENCH_REPLAY_SOURCE_H
#define BENCH_REPLAY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/trace.h"
#include "bench/workload.h"
#include "model/base/buf.h"
#include "model/base/err.h"

struct replay_source {
    const char *workload;        /* a generator's name; NULL: not */
    uint32_t nodes, pods, hours; /* of a generator; 0: what is usual for it */
    uint32_t seed;
    const char *traces; /* a folder of public traces; NULL: not */
    const char *set;    /* its name there (bench/trace.h) */
    struct trace_options trace;
    const char *prices; /* a price table (bench/prices.h); NULL: the workload's own */
};

struct replay_loaded {
    bool preempts;    /* its pods are meant to preempt */
    int64_t until_ms; /* its end; INT64_MAX: it has none of its own */
    struct buf notes; /* what a trace lost on its way, lines; owned: buf_fini() */
};

/* Fills a workload that was only just initialised; after an error it is only good for
 * workload_fini(). -EINVAL when flags or files are wrong: the text says which. */
NODISCARD int replay_source_load(const struct replay_source *source, struct workload *workload,
                                 struct replay_loaded *ret_loaded, struct err *err);

/* What --help says of the names: a line for each generator, a few for the traces. */
void replay_source_describe(struct buf *text);

#endif
