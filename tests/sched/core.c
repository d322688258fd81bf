#include "tests/sched/core.h"

#include <stdlib.h>
#include <string.h>

#include "model/decode.h"

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
    send(core, EVENT_BUDGET_LIST_BEGIN);
    send(core, EVENT_BUDGET_LIST_END);
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

struct seen_policy {
    struct core *core;
    enum event_kind kind;
};

static void on_policy(void *ctx, enum decode_verb verb, const struct policy_object *policy)
{
    const struct seen_policy *seen = ctx;
    (void)verb;
    sched_on_event(seen->core->sched, &(struct event){.kind = seen->kind, .policy = policy});
}

static void decode_policy(struct core *core, enum event_kind kind, const char *json)
{
    struct seen_policy seen = {core, kind};
    struct err err = {0};
    const struct decode_handler handler = {.ctx = &seen, .policy = on_policy};
    struct decoder *decoder =
        decoder_new(DECODE_POLICY, DECODE_OBJECT, core->fixture.symbols, &handler);
    CHECK(decoder_feed(decoder, json, strlen(json), &err) == 0);
    CHECK(decoder_finish(decoder, &err) == 0);
    decoder_free(decoder);
}

void core_policy(struct core *core, const char *json)
{
    decode_policy(core, EVENT_POLICY_SEEN, json);
}

void core_policy_gone(struct core *core, const char *json)
{
    decode_policy(core, EVENT_POLICY_GONE, json);
}

void core_wait(struct core *core, int64_t ms)
{
    core->port->now = mono_add(core->port->now, ms);
    core_pass(core);
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

void core_budget(struct core *core, const char *app, int32_t allowed, const char *disrupted)
{
    struct label label = {fixture_sym(&core->fixture, "app"), fixture_sym(&core->fixture, app)};
    struct str name = str_from(disrupted ? disrupted : "");
    const struct budget_object budget = {
        .meta = {.namespace = STR("default"),
                 .namespace_sym = fixture_sym(&core->fixture, "default"),
                 .name = str_from(app),
                 .uid = {1, label.value_sym}},
        .selector = {.label_count = 1, .labels = &label},
        .disruptions_allowed = allowed,
        .disrupted_count = disrupted ? 1 : 0,
        .disrupted_pods = &name,
    };
    sched_on_event(core->sched, &(struct event){.kind = EVENT_BUDGET_SEEN, .budget = &budget});
}

void core_reply_evict(struct core *core, const char *name, enum outcome outcome)
{
    for (int i = 0; i < (int)core->port->counts[MEM_EVICT]; i++) {
        const struct mem_call *call = mem_port_call(core->port, MEM_EVICT, i);
        if (strcmp(call->pod, name) != 0)
            continue;
        struct reply reply = reply_to(call, outcome);
        sched_on_event(core->sched, &(struct event){.kind = EVENT_EVICT_REPLY, .reply = &reply});
        sched_check(core->sched);
        return;
    }
    CHECK_NEVER("its end was asked for");
}

void core_reply_status(struct core *core, enum outcome outcome)
{
    struct reply reply = reply_to(mem_port_call(core->port, MEM_STATUS, -1), outcome);
    sched_on_event(core->sched, &(struct event){.kind = EVENT_STATUS_REPLY, .reply = &reply});
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
