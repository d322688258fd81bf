#include "bench/trace_fill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/base/rng.h"

enum { PERCENT = 100, ARRIVAL_MS = 1000, NAME_BYTES = 96 };

/* What is counted: an extended resource, or cores when `sym` is SYM_EMPTY. */
static int64_t counted(const struct workload_amounts *amounts, uint32_t sym)
{
    if (sym == SYM_EMPTY)
        return amounts->cpu_milli;
    for (uint32_t i = 0; i < amounts->extended_count; i++)
        if (amounts->extended[i].name_sym == sym)
            return amounts->extended[i].amount;
    return 0;
}

static int64_t sum_offered(const struct workload *workload, uint32_t sym)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < workload->node_count; i++)
        sum += counted(&workload->node_kinds[workload->nodes[i].kind].offers, sym);
    return sum;
}

static bool asks_for_any(const struct workload *workload, uint32_t sym)
{
    for (uint32_t i = 0; i < workload->pod_count; i++)
        if (counted(&workload->pod_kinds[workload->pods[i].kind].asks, sym) > 0)
            return true;
    return false;
}

/* Fisher and Yates. */
static void shuffle(struct workload_pod *pods, uint32_t count, struct rng *rng)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)rng_below(rng, i);
        struct workload_pod pod = pods[i - 1];
        pods[i - 1] = pods[other];
        pods[other] = pod;
    }
}

static int name_again(struct workload *workload, uint32_t number, struct workload_pod *pod,
                      struct err *err)
{
    char name[NAME_BYTES];
    int len = snprintf(name, sizeof(name), "%s-c%u", symbol_text(workload->symbols, pod->name_sym),
                       number);
    CHECK(len > 0 && len < NAME_BYTES);
    pod->name_sym = symbol_intern(workload->symbols, (struct str){name, (size_t)len});
    return pod->name_sym == SYM_FULL ? err_set(err, ENOSPC, "more names than can be kept") : 0;
}

struct filling {
    struct workload *workload;
    struct workload_pod *drawn; /* all pods of the trace, in the order that was drawn */
    uint32_t count;
    uint32_t sym; /* what is counted */
    struct rng rng;
};

/* Adds pods until they ask for `wanted`. */
static int arrive(struct filling *filling, int64_t wanted, struct err *err)
{
    struct workload *workload = filling->workload;
    int64_t asked = 0;
    for (uint32_t i = 0; asked < wanted; i++) {
        if (i == WORKLOAD_PODS_MAX)
            return err_set(err, EFBIG, "a cluster filled with more than %d pods",
                           WORKLOAD_PODS_MAX);
        bool again = i >= filling->count;
        uint32_t from = again ? (uint32_t)rng_below(&filling->rng, filling->count) : i;
        struct workload_pod pod = filling->drawn[from];
        int rc = again ? name_again(workload, i, &pod, err) : 0;
        if (rc < 0)
            return rc;
        pod.created_ms = (int64_t)i * ARRIVAL_MS;
        pod.runs_ms = pod.gone_ms = INT64_MAX;
        asked += counted(&workload->pod_kinds[pod.kind].asks, filling->sym);
        workload_add_pod(workload, &pod);
    }
    return 0;
}

int trace_fill(struct workload *workload, const char *gpu_resource, uint32_t percent, uint32_t seed,
               struct err *err)
{
    uint32_t sym = symbol_find(workload->symbols, str_from(gpu_resource));
    if (sym == SYM_ABSENT || sum_offered(workload, sym) == 0)
        sym = SYM_EMPTY;
    if (!asks_for_any(workload, sym))
        return err_set(err, EINVAL, "a cluster cannot be filled with pods that ask for no %s",
                       sym == SYM_EMPTY ? "cores" : gpu_resource);
    struct filling filling = {.workload = workload, .count = workload->pod_count, .sym = sym};
    rng_init(&filling.rng, seed);
    filling.drawn = mem_copy(workload->pods, filling.count, sizeof(*filling.drawn));
    shuffle(filling.drawn, filling.count, &filling.rng);
    workload->pod_count = 0;
    /* below 2^63: the largest nodes (trace_reader.h), as many as there can be, times the percent */
    int64_t wanted = (sum_offered(workload, sym) * percent + PERCENT - 1) / PERCENT;
    int rc = arrive(&filling, wanted, err);
    free(filling.drawn);
    return rc;
}
