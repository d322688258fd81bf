/*
 * The whole core twice over the same events, once with searches and failures shared and once
 * without: with every node looked at, or by kube-scheduler's percentage, all that goes out is the
 * same, in the same order. Preemption, nominations, policies, failing binds and time included.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "model/base/rng.h"
#include "tests/model/seed.h"
#include "tests/sched/core.h"

enum { CLUSTERS = 1000, STEPS = 40, NODES = 24, PODS = 200, SHAPES = 5, ROW_MAX = 12 };
enum { LOG_BYTES_MAX = 4 << 20 };

static const char *const containers[SHAPES] = {
    "cpu=1", "cpu=1, memory=1Gi", "cpu=3", "cpu=500m, example.com/gpu=1", "cpu=2, memory=3Gi",
};
static const char *const preferred[SHAPES] = {NULL, "5: disk In ssd", NULL, NULL, "9: disk Exists"};

enum pod_state { POD_UNKNOWN, POD_WAITS, POD_PLACED };

struct play {
    struct core core;
    struct rng rng;
    struct buf log;
    bool is_batched;
    enum pod_state pods[PODS];
    int node[PODS];
    uint64_t version;
};

/* core_init_with() hands nothing through. */
static struct {
    bool is_batched, preempts;
    int32_t percentage;
} wanted;

static void configure(struct sched_config *config)
{
    config->cycle.is_batched = wanted.is_batched;
    config->cycle.feasible_target = 0;
    config->cycle.percentage = wanted.percentage;
    config->preempts = wanted.preempts;
}

static uint32_t pick(struct play *play, uint32_t below)
{
    return (uint32_t)rng_below(&play->rng, below);
}

/* ---- what goes in ---- */

static void see_node(struct play *play, uint32_t number)
{
    static const char *const sizes[] = {"cpu=4, memory=8Gi, pods=6", "cpu=8, memory=4Gi, pods=9",
                                        "cpu=4, memory=8Gi, example.com/gpu=2"};
    static const char *const taints[] = {NULL, NULL, NULL, "a:PreferNoSchedule", "b:NoSchedule"};
    static const char *const labels[] = {"pool=0", "pool=0, disk=ssd", "pool=1",
                                         "pool=1, disk=hdd"};
    char name[16];
    (void)snprintf(name, sizeof(name), "n%u", number);
    core_node(&play->core, &(struct fixture_node){
                               .name = name,
                               .allocatable = sizes[pick(play, ARRAY_LEN(sizes))],
                               .labels = labels[pick(play, ARRAY_LEN(labels))],
                               .taints = taints[pick(play, ARRAY_LEN(taints))],
                           });
}

static void drop_node(struct play *play, uint32_t number)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "n%u", number);
    struct event event = {
        .kind = EVENT_NODE_GONE,
        .node = fixture_node_object(&play->core.fixture, &(struct fixture_node){.name = name})};
    sched_on_event(play->core.sched, &event);
}

/* Shape, priority and policy follow from the number. */
static struct fixture_pod text_of(const struct play *play, uint32_t number, char name[16],
                                  char node[16])
{
    (void)snprintf(name, 16, "p%u", number);
    (void)snprintf(node, 16, "n%d", play->node[number]);
    uint32_t row = number / ROW_MAX;
    return (struct fixture_pod){
        .name = name,
        .node = play->pods[number] == POD_PLACED ? node : NULL,
        .containers = containers[row % SHAPES],
        .preferred = preferred[row % SHAPES],
        .labels = row % 3 == 0 ? "app=web" : NULL,
        .priority = (int32_t)(row % 4),
        .preempts_never = row % 7 == 0,
    };
}

static void see_pod(struct play *play, uint32_t number)
{
    char name[16], node[16];
    struct fixture_pod text = text_of(play, number, name, node);
    core_pod(&play->core, &text);
    if (play->pods[number] == POD_UNKNOWN)
        play->pods[number] = POD_WAITS;
}

static void drop_pod(struct play *play, uint32_t number)
{
    char name[16], node[16];
    struct fixture_pod text = text_of(play, number, name, node);
    if (play->pods[number] != POD_UNKNOWN)
        (void)core_pod_gone(&play->core, &text);
    play->pods[number] = POD_UNKNOWN;
}

static void see_policy(struct play *play)
{
    char text[512];
    unsigned version = (unsigned)++play->version;
    (void)snprintf(text, sizeof(text),
                   "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"
                   "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"%u\","
                   "\"generation\":%u,\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},\"spec\":{"
                   "\"selector\":{\"app\":\"web\"},\"preemptPolicy\":\"%s\",\"units\":["
                   "{\"name\":\"u0\",\"nodeSelector\":{\"pool\":\"0\"},\"max\":%u},"
                   "{\"name\":\"u1\",\"nodeSelector\":{\"pool\":\"1\"}}]}}",
                   version, version, version % 2 ? "BeforeNextUnit" : "AfterAllUnits",
                   pick(play, 20));
    core_policy(&play->core, text);
}

/* ---- what comes out ---- */

static int number_after(const char *text)
{
    int number = -1;
    cr_assert_eq(sscanf(text + 1, "%d", &number), 1, "%s", text);
    return number;
}

/* Its bind is done and seen, or done and not seen yet, or refused. */
static void answer_bind(struct play *play, const struct mem_call *call)
{
    int number = number_after(call->pod);
    struct reply reply = {.pod = {call->namespace_sym, str_from(call->pod), call->uid},
                          .outcome = pick(play, 15) ? OUTCOME_DONE : OUTCOME_INVALID,
                          .message = STR("")};
    sched_on_event(play->core.sched, &(struct event){.kind = EVENT_BIND_REPLY, .reply = &reply});
    if (reply.outcome != OUTCOME_DONE)
        return;
    play->pods[number] = POD_PLACED;
    play->node[number] = number_after(symbol_text(play->core.fixture.symbols, call->node_name_sym));
    if (pick(play, 4))
        see_pod(play, (uint32_t)number);
}

/* A victim ends, or takes its time. */
static void answer_evict(struct play *play, const struct mem_call *call)
{
    core_reply_evict(&play->core, call->pod, OUTCOME_DONE);
    if (pick(play, 3))
        drop_pod(play, (uint32_t)number_after(call->pod));
}

static void note_calls(struct play *play)
{
    for (uint32_t i = 0; i < play->core.port->count; i++) {
        const struct mem_call *call = &play->core.port->calls[i];
        (void)buf_printf(&play->log, "%d %s %s %s %s %s %s\n", (int)call->kind, call->pod,
                         symbol_text(play->core.fixture.symbols, call->node_name_sym), call->reason,
                         call->text, call->annotations, call->labels);
    }
}

static void pass(struct play *play)
{
    struct mem_port *port = play->core.port;
    bool has_more = true;
    for (int turn = 0; has_more && turn < 100; turn++) {
        port->room = 1000;
        mem_port_clear(port);
        has_more = sched_pass(play->core.sched, 1 + pick(play, 8));
        uint32_t count = port->count; /* answers make more */
        for (uint32_t i = 0; i < count; i++) {
            if (port->calls[i].kind == MEM_BIND && pick(play, 3))
                answer_bind(play, &port->calls[i]);
            else if (port->calls[i].kind == MEM_EVICT)
                answer_evict(play, &port->calls[i]);
        }
        note_calls(play);
    }
}

static void step(struct play *play)
{
    uint32_t row = pick(play, PODS / ROW_MAX), number = pick(play, PODS);
    switch (pick(play, 10)) {
    case 0:
        see_node(play, pick(play, NODES));
        break;
    case 1:
        drop_node(play, pick(play, NODES));
        break;
    case 2:
        see_policy(play);
        break;
    case 3:
        drop_pod(play, number);
        break;
    case 4:
        play->core.port->now = mono_add(play->core.port->now, 1000 * (int64_t)pick(play, 40));
        break;
    default:
        for (uint32_t i = 0; i < ROW_MAX; i++)
            if (play->pods[row * ROW_MAX + i] == POD_UNKNOWN)
                see_pod(play, row * ROW_MAX + i);
    }
    if (pick(play, 4))
        pass(play);
}

static void run(struct play *play, uint64_t seed, bool is_batched)
{
    *play = (struct play){.is_batched = is_batched};
    rng_init(&play->rng, seed);
    buf_init(&play->log, LOG_BYTES_MAX);
    wanted.is_batched = is_batched;
    wanted.preempts = pick(play, 2);
    wanted.percentage = pick(play, 3) ? -1 : (int32_t)pick(play, 101);
    core_init_with(&play->core, configure);
    uint32_t node_count = 1 + pick(play, NODES);
    for (uint32_t i = 0; i < node_count; i++)
        see_node(play, i);
    if (pick(play, 2))
        see_policy(play);
    for (int i = 0; i < STEPS; i++)
        step(play);
    core_fini(&play->core);
}

Test(batch_core, all_that_goes_out_is_the_same_as_without, .timeout = 400)
{
    static struct play with, without;
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "batch_core");
    size_t bytes = 0;
    for (uint64_t i = 0; i < CLUSTERS; i++) {
        run(&with, seed + i, true);
        run(&without, seed + i, false);
        const char *a = buf_str(&with.log).ptr, *b = buf_str(&without.log).ptr;
        size_t at = 0, line = 0;
        for (; at < with.log.len && at < without.log.len && a[at] == b[at]; at++)
            line = a[at] == '\n' ? at + 1 : line;
        cr_assert(at == with.log.len && at == without.log.len, "cluster %llu\n%.400s\n--\n%.400s",
                  (unsigned long long)(seed + i), a + line, b + line);
        bytes += with.log.len;
        buf_fini(&with.log);
        buf_fini(&without.log);
    }
    cr_expect(bytes > (size_t)CLUSTERS * 1000, "%zu bytes of calls", bytes);
}
