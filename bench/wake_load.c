#include "bench/wake_load.h"

enum { HALF_CPU_MILLI = 16000, STEP_CPU_MILLI = 10, PASS_PODS = 256 };

void wake_load_init(struct wake_load *load, const struct wake_sizes *sizes)
{
    enum { SEED = 1, BACKOFF_MS = 15000 };
    CHECK(sizes->shapes > 0 && sizes->fitting <= sizes->shapes);
    CHECK(sizes->fitting <= WAKE_FITTING_MAX);
    struct core_load *core = &load->core;
    load->sizes = *sizes;
    core_load_init(core, SEED);
    core_load_begin(core);
    for (uint32_t i = 0; i < sizes->nodes; i++)
        core_load_node(core, i);
    for (uint32_t i = 0; i < 2 * sizes->nodes; i++)
        core_load_sized_pod(core, i, i % sizes->nodes, HALF_CPU_MILLI, 0);
    for (uint32_t i = 0; i < sizes->pods; i++) {
        int64_t above = (int64_t)(i % sizes->shapes) + 1 - (int64_t)sizes->fitting;
        core_load_sized_pod(core, 2 * sizes->nodes + i, UINT32_MAX,
                            HALF_CPU_MILLI + above * STEP_CPU_MILLI, 0);
    }
    core_load_end(core);
    while (sched_pass(core->sched, PASS_PODS))
        ;
    CHECK(core->binds == 0 && core->refusals == sizes->pods);
    core->now = mono_add(core->now, BACKOFF_MS);
}

void wake_load_fini(struct wake_load *load)
{
    core_load_fini(&load->core);
}

void wake_load_free_room(struct wake_load *load, uint32_t node)
{
    core_load_app_pod_gone(&load->core, node, node, UINT32_MAX);
}
