/* fuzz: links sched, max_len 8192 */
/*
 * Watches of Pods and Nodes through the decoder into the core, with all its checks after every
 * step: bytes from outside never reach one. The input is divided at NULs; of each piece the first
 * byte says what it is of and how the writes of before are answered, the rest is fed as it came.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "model/decode.h"
#include "model/names.h"
#include "sched/sched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WRITES_MAX = 32, NAME_BYTES = 256, TURNS = 3 };

/* A write that waits for its answer. */
struct write {
    enum event_kind reply;
    char name[NAME_BYTES];
    struct pod_ref pod;
};

struct world {
    struct mono_ms now;
    struct sched *sched;
    struct symbols *symbols;
    uint32_t write_count;
    struct write writes[WRITES_MAX];
};

static void add_write(struct world *world, enum event_kind reply, const struct pod_ref *pod)
{
    if (world->write_count == WRITES_MAX || pod->name.len >= NAME_BYTES)
        return; /* as if it were never answered */
    struct write *write = &world->writes[world->write_count++];
    *write = (struct write){.reply = reply, .pod = *pod};
    memcpy(write->name, pod->name.ptr, pod->name.len);
}

static struct mono_ms port_now(void *ctx)
{
    return ((struct world *)ctx)->now;
}

static uint64_t port_random(void *ctx)
{
    (void)ctx;
    return 4;
}

static size_t port_bind_room(void *ctx)
{
    return WRITES_MAX - ((struct world *)ctx)->write_count;
}

static void port_bind(void *ctx, const struct bind_request *request)
{
    struct world *world = ctx;
    CHECK(!uid_is_zero(request->pod.uid)); /* I04 */
    add_write(world, EVENT_BIND_REPLY, &request->pod);
}

static void port_read_pod(void *ctx, const struct pod_ref *pod)
{
    add_write(ctx, EVENT_POD_READ, pod);
}

static void port_patch_status(void *ctx, const struct status_request *request)
{
    CHECK(request->message.len > 0);
    add_write(ctx, EVENT_STATUS_REPLY, &request->pod);
}

static void port_emit_event(void *ctx, const struct event_request *request)
{
    (void)ctx;
    CHECK(request->note.len > 0);
}

static void port_note(void *ctx, enum note_level level, const char *text)
{
    (void)ctx;
    (void)level;
    CHECK(text[0] != '\0');
}

/* A read never finds the pod again: what it would find comes by the watch. */
static void answer_writes(struct world *world, uint8_t how)
{
    struct write writes[WRITES_MAX];
    uint32_t count = world->write_count;
    memcpy(writes, world->writes, sizeof(writes));
    world->write_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct reply reply = {.pod = writes[i].pod,
                              .outcome = (enum outcome)((how + i) % OUTCOME_COUNT),
                              .message = STR("because")};
        reply.pod.name = str_from(writes[i].name);
        if (writes[i].reply == EVENT_POD_READ && reply.outcome == OUTCOME_DONE)
            reply.outcome = OUTCOME_GONE;
        sched_on_event(world->sched, &(struct event){.kind = writes[i].reply, .reply = &reply});
        sched_check(world->sched);
    }
}

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct world *world = ctx;
    enum event_kind kind = verb == DECODE_DELETED ? EVENT_POD_GONE : EVENT_POD_SEEN;
    sched_on_event(world->sched, &(struct event){.kind = kind, .pod = pod});
    sched_check(world->sched);
}

static void on_node(void *ctx, enum decode_verb verb, const struct node_object *node)
{
    struct world *world = ctx;
    enum event_kind kind = verb == DECODE_DELETED ? EVENT_NODE_GONE : EVENT_NODE_SEEN;
    sched_on_event(world->sched, &(struct event){.kind = kind, .node = node});
    sched_check(world->sched);
}

/* All passes now and at the next moments that the core asks for; each has an end. */
static void run(struct world *world)
{
    for (int turn = 0; turn < TURNS; turn++) {
        for (int passes = 0; sched_pass(world->sched, 8); passes++)
            CHECK(passes < 1000);
        sched_check(world->sched);
        struct mono_ms next = sched_next_wakeup(world->sched);
        if (next.ms == MONO_NEVER.ms)
            break;
        world->now.ms = next.ms > world->now.ms ? next.ms : world->now.ms + 1;
    }
}

static void feed(struct world *world, struct decoder *decoder, uint8_t how, struct str text)
{
    struct err err = {0};
    answer_writes(world, how / 2);
    if (decoder_feed(decoder, text.ptr, text.len, &err) < 0) {
        CHECK(err.text[0] != '\0');
        decoder_reset(decoder); /* as the reflector does, with a new connection */
    }
    run(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.symbols = names_symbols_new_within(3, 64 << 10)};
    const struct port port = {.ctx = &world,
                              .now = port_now,
                              .random = port_random,
                              .bind_room = port_bind_room,
                              .bind = port_bind,
                              .read_pod = port_read_pod,
                              .patch_status = port_patch_status,
                              .emit_event = port_emit_event,
                              .note = port_note};
    struct sched_config config;
    sched_config_init(&config, world.symbols);
    world.sched = sched_new(&config, world.symbols, &port);
    for (int kind = EVENT_NODE_LIST_BEGIN; kind <= EVENT_POD_LIST_END; kind++)
        if (kind != EVENT_NODE_SEEN && kind != EVENT_NODE_GONE)
            sched_on_event(world.sched, &(struct event){.kind = (enum event_kind)kind});
    const struct decode_handler handler = {.ctx = &world, .pod = on_pod, .node = on_node};
    struct decoder *decoders[] = {
        [DECODE_POD] = decoder_new(DECODE_POD, DECODE_WATCH, world.symbols, &handler),
        [DECODE_NODE] = decoder_new(DECODE_NODE, DECODE_WATCH, world.symbols, &handler)};
    for (size_t at = 0; at < size;) {
        const uint8_t *nul = memchr(data + at, 0, size - at);
        size_t end = nul ? (size_t)(nul - data) : size;
        if (end > at)
            feed(&world, decoders[data[at] & 1], data[at],
                 (struct str){(const char *)data + at + 1, end - at - 1});
        at = end + 1;
    }
    decoder_free(decoders[DECODE_POD]);
    decoder_free(decoders[DECODE_NODE]);
    sched_free(world.sched);
    symbols_free(world.symbols);
    return 0;
}
