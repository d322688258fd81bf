#include "bench/demo_sample.h"

#include <stdlib.h>

#include "bench/node_kind.h"
#include "model/base/mem.h"

double demo_percent(int64_t used, int64_t offered)
{
    return offered > 0 ? 100.0 * (double)used / (double)offered : 0;
}

static void add_pod(struct demo_sample *sample, const struct verify_pod *pod)
{
    sample->created++;
    sample->bound_ever += pod->bindings > 0;
    if (!pod->is_present)
        return;
    sample->waiting += !pod->is_bound && !pod->is_deleting;
    sample->bound += pod->is_bound;
    sample->deleting += pod->is_deleting;
    enum demo_kind kind = pod->node ? demo_kind_find(pod->node->kind) : DEMO_KIND_COUNT;
    if (kind == DEMO_KIND_COUNT)
        return;
    sample->kinds[kind].pods++;
    sample->kinds[kind].running += pod->is_running;
}

struct demo_sample demo_sample_take(const struct verify *verify, struct store *store, int64_t at_ms)
{
    struct demo_sample sample = {.at_ms = at_ms,
                                 .cost_micros_per_minute = cluster_cost_micros_per_minute(store)};
    const struct verify_pod *pod;
    const struct verify_node *node;
    for (uint32_t i = 0; (pod = verify_pod_at(verify, i)); i++)
        add_pod(&sample, pod);
    for (uint32_t i = 0; (node = verify_node_at(verify, i)); i++) {
        enum demo_kind kind = demo_kind_find(node->kind);
        if (!node->is_present || kind == DEMO_KIND_COUNT)
            continue;
        struct demo_kind_sample *row = &sample.kinds[kind];
        row->nodes++;
        row->cpu_used += amounts_get(&node->used, "cpu");
        row->cpu_offered += amounts_get(&node->offered, "cpu");
        row->memory_used += amounts_get(&node->used, "memory");
        row->memory_offered += amounts_get(&node->offered, "memory");
    }
    return sample;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

static uint32_t busiest_second(const int64_t *times, uint32_t count)
{
    uint32_t most = 0;
    for (uint32_t first = 0, last = 0; last < count; last++) {
        while (times[last] - times[first] >= 1000)
            first++;
        most = last - first + 1 > most ? last - first + 1 : most;
    }
    return most;
}

struct demo_latency demo_latency_take(const struct verify *verify)
{
    struct demo_latency latency = {0};
    uint32_t all = 0, bound = 0;
    const struct verify_pod *pod;
    while (verify_pod_at(verify, all))
        all++;
    int64_t *delays = mem_zalloc(all, sizeof(*delays)), *times = mem_zalloc(all, sizeof(*times));
    for (uint32_t i = 0; (pod = verify_pod_at(verify, i)); i++) {
        int64_t delay_ms = pod->bound_ms - pod->created_ms;
        if (pod->bound_ms < 0)
            continue;
        times[bound++] = pod->bound_ms;
        if (!pod->was_refused)
            delays[latency.count++] = delay_ms;
        latency.late_count += pod->was_refused;
        if (pod->was_refused && delay_ms > latency.late_most_ms)
            latency.late_most_ms = delay_ms;
    }
    qsort(delays, latency.count, sizeof(*delays), compare_times);
    qsort(times, bound, sizeof(*times), compare_times);
    if (latency.count > 0) {
        latency.p50_ms = delays[latency.count / 2];
        latency.p99_ms = delays[(uint64_t)latency.count * 99 / 100];
    }
    latency.busiest_second = busiest_second(times, bound);
    free(delays);
    free(times);
    return latency;
}
