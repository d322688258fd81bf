#include "tests/sched/preempt_core.h"

#include <stdio.h>

static void switch_on(struct sched_config *config)
{
    config->preempts = true;
    config->wall_zero_ms = INT64_C(1800000000000);
}

void preempt_core_init(struct core *core)
{
    core_init_with(core, switch_on);
}

void preempt_add_node(struct core *core, const char *name)
{
    core_node(core, &(struct fixture_node){.name = name, .allocatable = "cpu=4, pods=10"});
}

void preempt_add_running(struct core *core, const char *name, const char *node,
                         const char *containers, int32_t priority, int64_t started_s)
{
    core_pod(core, &(struct fixture_pod){.name = name,
                                         .node = node,
                                         .containers = containers,
                                         .priority = priority,
                                         .started_s = started_s,
                                         .scheduler = "other"});
}

void preempt_add_pending(struct core *core, const char *name, const char *containers,
                         int32_t priority)
{
    core_pod(core,
             &(struct fixture_pod){.name = name, .containers = containers, .priority = priority});
    core_pass(core);
}

const char *preempt_victims(const struct core *core)
{
    static char text[512];
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; i < (int)core->port->counts[MEM_EVICT] && len < sizeof(text); i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "",
                                mem_port_call(core->port, MEM_EVICT, i)->pod);
    return text;
}

const char *preempt_nominated(const struct core *core)
{
    return symbol_text(core->fixture.symbols,
                       mem_port_call(core->port, MEM_STATUS, -1)->node_name_sym);
}

const char *preempt_message(const struct core *core)
{
    return mem_port_call(core->port, MEM_STATUS, -1)->text;
}
