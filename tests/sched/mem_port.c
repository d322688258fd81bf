#include "tests/sched/mem_port.h"

#include <stdio.h>

#include "model/base/mem.h"

static struct mem_call *add(struct mem_port *port, enum mem_call_kind kind,
                            const struct pod_ref *pod)
{
    CHECK(port->count < MEM_PORT_CALLS_MAX);
    struct mem_call *call = &port->calls[port->count++];
    *call = (struct mem_call){.kind = kind};
    port->counts[kind]++;
    if (pod) {
        call->namespace_sym = pod->namespace_sym;
        call->uid = pod->uid;
        (void)snprintf(call->pod, sizeof(call->pod), STR_FMT, STR_ARG(pod->name));
    }
    return call;
}

static struct mono_ms mem_now(void *ctx)
{
    return ((struct mem_port *)ctx)->now;
}

static uint64_t mem_random(void *ctx)
{
    (void)ctx;
    return 4; /* a seed like any other */
}

static size_t mem_bind_room(void *ctx)
{
    return ((struct mem_port *)ctx)->room;
}

static void mem_bind(void *ctx, const struct bind_request *request)
{
    struct mem_port *port = ctx;
    CHECK(port->room > 0);
    port->room--;
    add(port, MEM_BIND, &request->pod)->node_name_sym = request->node_name_sym;
}

static void mem_read(void *ctx, const struct pod_ref *pod)
{
    (void)add(ctx, MEM_READ, pod);
}

static void mem_status(void *ctx, const struct status_request *request)
{
    struct mem_call *call = add(ctx, MEM_STATUS, &request->pod);
    call->clears_nomination = request->clears_nomination;
    call->was_false = request->was_false;
    call->observed_generation = request->observed_generation;
    (void)snprintf(call->reason, sizeof(call->reason), "%s", request->reason);
    (void)snprintf(call->text, sizeof(call->text), STR_FMT, STR_ARG(request->message));
    call->text_len = request->message.len;
}

static void mem_event(void *ctx, const struct event_request *request)
{
    struct mem_call *call = add(ctx, MEM_EVENT, &request->pod);
    call->is_warning = request->is_warning;
    call->controller_sym = request->scheduler_name_sym;
    (void)snprintf(call->action, sizeof(call->action), "%s", request->action);
    (void)snprintf(call->version, sizeof(call->version), STR_FMT,
                   STR_ARG(request->resource_version));
    (void)snprintf(call->reason, sizeof(call->reason), "%s", request->reason);
    (void)snprintf(call->text, sizeof(call->text), STR_FMT, STR_ARG(request->note));
}

static void mem_note(void *ctx, enum note_level level, const char *text)
{
    (void)level;
    struct mem_call *call = add(ctx, MEM_NOTE, NULL);
    (void)snprintf(call->text, sizeof(call->text), "%s", text);
}

struct mem_port *mem_port_new(void)
{
    struct mem_port *port = mem_zalloc(1, sizeof(*port));
    port->room = 100;
    return port;
}

struct port mem_port_port(struct mem_port *port)
{
    return (struct port){
        .ctx = port,
        .now = mem_now,
        .random = mem_random,
        .bind_room = mem_bind_room,
        .bind = mem_bind,
        .read_pod = mem_read,
        .patch_status = mem_status,
        .emit_event = mem_event,
        .note = mem_note,
    };
}

const struct mem_call *mem_port_call(const struct mem_port *port, enum mem_call_kind kind, int n)
{
    int wanted = n < 0 ? (int)port->counts[kind] + n : n;
    for (uint32_t i = 0; i < port->count; i++)
        if (port->calls[i].kind == kind && wanted-- == 0)
            return &port->calls[i];
    CHECK_NEVER("a call of that kind and number");
}

void mem_port_clear(struct mem_port *port)
{
    port->count = 0;
    for (size_t i = 0; i < ARRAY_LEN(port->counts); i++)
        port->counts[i] = 0;
}
