#include "tests/sched/core.h"

#include <stdlib.h>

static void send(struct core *core, enum event_kind kind)
{
    sched_on_event(core->sched, &(struct event){.kind = kind});
}

void core_init_with(struct core *core, void (*change)(struct sched_config *config))
{
    fixture_init(&core->fixture);
    core->port = mem_port_new();
    struct sched_config config;
    sched_config_init(&config, core->fixture.symbols);
    if (change)
        change(&config);
    struct port port = mem_port_port(core->port);
    core->sched = sched_new(&config, core->fixture.symbols, &port);
    send(core, EVENT_NODE_LIST_BEGIN);
    send(core, EVENT_NODE_LIST_END);
    send(core, EVENT_POD_LIST_BEGIN);
    send(core, EVENT_POD_LIST_END);
}

void core_init(struct core *core)
{
    core_init_with(core, NULL);
}

void core_fini(struct core *core)
{
    sched_check(core->sched);
    sched_free(core->sched);
    free(core->port);
    fixture_fini(&core->fixture);
}

void core_node(struct core *core, const struct fixture_node *node)
{
    struct event event = {.kind = EVENT_NODE_SEEN,
                          .node = fixture_node_object(&core->fixture, node)};
    sched_on_event(core->sched, &event);
}

void core_pod_object(struct core *core, const struct pod_object *object)
{
    sched_on_event(core->sched, &(struct event){.kind = EVENT_POD_SEEN, .pod = object});
}

void core_pod(struct core *core, const struct fixture_pod *pod)
{
    core_pod_object(core, fixture_pod_object(&core->fixture, pod));
}

struct pod_object *core_pod_gone(struct core *core, const struct fixture_pod *pod)
{
    struct pod_object *object = fixture_pod_object(&core->fixture, pod);
    sched_on_event(core->sched, &(struct event){.kind = EVENT_POD_GONE, .pod = object});
    return object;
}

void core_pass(struct core *core)
{
    while (sched_pass(core->sched, 16))
        ;
    sched_check(core->sched);
}

static struct reply reply_to(const struct mem_call *call, enum outcome outcome)
{
    return (struct reply){.pod = {call->namespace_sym, str_from(call->pod), call->uid},
                          .outcome = outcome,
                          .message = outcome == OUTCOME_DONE ? STR("") : STR("because")};
}

void core_reply_bind(struct core *core, enum outcome outcome)
{
    core_answer_bind(core, -1, outcome);
}

void core_answer_bind(struct core *core, int n, enum outcome outcome)
{
    struct reply reply = reply_to(mem_port_call(core->port, MEM_BIND, n), outcome);
    core->port->room++;
    sched_on_event(core->sched, &(struct event){.kind = EVENT_BIND_REPLY, .reply = &reply});
    sched_check(core->sched);
}

void core_reply_read(struct core *core, enum outcome outcome, const struct pod_object *object)
{
    struct reply reply = reply_to(mem_port_call(core->port, MEM_READ, -1), outcome);
    sched_on_event(core->sched,
                   &(struct event){.kind = EVENT_POD_READ, .reply = &reply, .read_pod = object});
    sched_check(core->sched);
}

const struct pod *core_find(const struct core *core, const char *name)
{
    uint32_t namespace_sym = symbol_find(core->fixture.symbols, STR("default"));
    return cluster_find_pod(sched_cluster(core->sched), namespace_sym, str_from(name));
}

const char *core_bound_to(const struct core *core, int n)
{
    return symbol_text(core->fixture.symbols,
                       mem_port_call(core->port, MEM_BIND, n)->node_name_sym);
}
