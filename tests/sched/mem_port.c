#include "tests/sched/mem_port.h"

#include <stdio.h>

#include "model/base/buf.h"
#include "model/base/mem.h"
#include "model/policy_status.h"

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

/* "k=v,k=v" */
static void print_pairs(char text[MEM_PORT_TEXT_BYTES], const struct meta_pair *pairs,
                        uint32_t count)
{
    struct buf out CLEANUP(buf_fini);
    buf_init(&out, MEM_PORT_TEXT_BYTES - 1);
    for (uint32_t i = 0; i < count; i++)
        CHECK(buf_printf(&out, "%s" STR_FMT "=" STR_FMT, i > 0 ? "," : "", STR_ARG(pairs[i].key),
                         STR_ARG(pairs[i].value)));
    (void)snprintf(text, MEM_PORT_TEXT_BYTES, "%s", out.data ? out.data : "");
}

static void mem_bind(void *ctx, const struct bind_request *request)
{
    struct mem_port *port = ctx;
    CHECK(port->room > 0);
    CHECK(request->annotation_count <= BIND_PAIRS_MAX && request->label_count <= BIND_PAIRS_MAX);
    port->room--;
    struct mem_call *call = add(port, MEM_BIND, &request->pod);
    call->node_name_sym = request->node_name_sym;
    print_pairs(call->annotations, request->annotations, request->annotation_count);
    print_pairs(call->labels, request->labels, request->label_count);
}

static void mem_read(void *ctx, const struct pod_ref *pod)
{
    (void)add(ctx, MEM_READ, pod);
}

static void mem_status(void *ctx, const struct status_request *request)
{
    struct mem_call *call = add(ctx, MEM_STATUS, &request->pod);
    call->clears_nomination = request->clears_nomination;
    call->node_name_sym = request->nominated_node_sym;
    call->was_false = request->was_false;
    call->observed_generation = request->observed_generation;
    (void)snprintf(call->reason, sizeof(call->reason), "%s",
                   request->reason ? request->reason : "");
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

static void mem_evict(void *ctx, const struct evict_request *request)
{
    struct mem_call *call = add(ctx, MEM_EVICT, &request->pod);
    call->observed_generation = request->observed_generation;
    (void)snprintf(call->text, sizeof(call->text), STR_FMT, STR_ARG(request->message));
}

static void mem_policy(void *ctx, const struct policy_status *status)
{
    struct pod_ref ref = {status->namespace_sym, status->name, status->uid};
    struct mem_call *call = add(ctx, MEM_POLICY, &ref);
    struct buf out CLEANUP(buf_fini);
    buf_init(&out, 1 << 20);
    CHECK(buf_printf(&out, "accepted=%s ready=%s waiting=%u",
                     status->accepted.is_true ? "true" : "false",
                     status->ready.is_true ? "true" : "false", status->waiting));
    for (uint32_t i = 0; i < status->unit_count; i++) {
        const struct policy_status_unit *unit = &status->units[i];
        CHECK(buf_printf(&out, " " STR_FMT "=%u", STR_ARG(unit->name), unit->pods));
        if (unit->has_max)
            CHECK(buf_printf(&out, "/%u", unit->max_pods));
    }
    CHECK(buf_printf(&out, " " STR_FMT " " STR_FMT, STR_ARG(status->accepted.message),
                     STR_ARG(status->ready.message)));
    call->observed_generation = status->observed_generation;
    (void)snprintf(call->reason, sizeof(call->reason), "%s", status->accepted.reason);
    (void)snprintf(call->text, sizeof(call->text), "%s", out.data);
}

static void mem_labels(void *ctx, const struct pod_ref *pod)
{
    (void)add(ctx, MEM_LABELS, pod);
}

static void mem_owners(void *ctx)
{
    (void)add(ctx, MEM_OWNERS, NULL);
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
        .evict = mem_evict,
        .patch_policy = mem_policy,
        .labels_missing = mem_labels,
        .watch_owners = mem_owners,
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
