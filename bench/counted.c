#include "bench/counted.h"

#include <stdlib.h>
#include <string.h>

#include "bench/core_load.h"
#include "bench/pod_text.h"
#include "bench/preempt_rival.h"
#include "bench/wake_load.h"
#include "model/base/mem.h"
#include "model/decode.h"
#include "model/names.h"

enum {
    SEED = 1,
    NODES = 5000,
    NODE_CPU_MILLI = 32000,
    PASS_PODS = 256,
};

static void settle(struct core_load *load)
{
    while (sched_pass(load->sched, PASS_PODS))
        ;
}

static void load_close(void *state)
{
    core_load_fini(state);
    free(state);
}

/* Both lists under way, and as many nodes. */
static struct core_load *load_new(uint32_t node_count, void (*change)(struct sched_config *config))
{
    struct core_load *load = mem_zalloc(1, sizeof(*load));
    core_load_init_with(load, SEED, change);
    core_load_begin(load);
    for (uint32_t i = 0; i < node_count; i++)
        core_load_node(load, i);
    return load;
}

/* ---- plain and full: what a decision costs ---- */

/* Twice PASS_PODS wait, so that the first pass fills the caches and the others are counted. */
enum { PLAIN_PODS = 2048, FULL_PODS = 128, FULL_PODS_BEFORE = 32 };

/* `row` equal pods follow each other. */
static struct core_load *half_full_new(uint32_t row)
{
    struct core_load *load = load_new(NODES, NULL);
    load->row = row;
    for (uint32_t i = 0; i < 2 * NODES; i++) /* two pods of 4 to 12 cores on each of 32 */
        core_load_sized_pod(load, i, i / 2, 4000 + (int64_t)rng_below(&load->rng, 8000), 0);
    for (uint32_t i = 0; i < PASS_PODS + PLAIN_PODS; i++)
        core_load_pod(load, 2 * NODES + i, UINT32_MAX);
    core_load_end(load);
    (void)sched_pass(load->sched, PASS_PODS);
    CHECK(load->binds == PASS_PODS);
    return load;
}

static void *plain_open(void)
{
    return half_full_new(1);
}

static void *batch_open(void)
{
    enum { EQUAL_PODS = 32 }; /* so that the first pass meets all six shapes */
    return half_full_new(EQUAL_PODS);
}

/* All nodes are full but each thousandth. */
static void *full_open(void)
{
    enum { ONE_FREE_OF = 1000 };
    struct core_load *load = load_new(NODES, NULL);
    for (uint32_t i = 0; i < NODES; i++)
        if (i % ONE_FREE_OF != ONE_FREE_OF / 2)
            core_load_sized_pod(load, i, i, NODE_CPU_MILLI, 0);
    for (uint32_t i = 0; i < FULL_PODS_BEFORE + FULL_PODS; i++)
        core_load_pod(load, NODES + i, UINT32_MAX);
    core_load_end(load);
    (void)sched_pass(load->sched, FULL_PODS_BEFORE);
    CHECK(load->binds == FULL_PODS_BEFORE);
    return load;
}

static uint32_t bind_rest(void *state)
{
    struct core_load *load = state;
    uint64_t before = load->binds;
    settle(load);
    CHECK(load->refusals == 0);
    return (uint32_t)(load->binds - before);
}

/* ---- decode ---- */

enum { DECODE_PODS = 500, PIECE_BYTES = 64 * 1024 };

struct decode_load {
    struct buf text;
    struct symbols *symbols;
    struct decoder *decoder;
    uint32_t decoded_count;
};

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    (void)verb;
    CHECK(pod->problem.len == 0);
    ((struct decode_load *)ctx)->decoded_count++;
}

static uint32_t decode_list(void *state)
{
    struct decode_load *load = state;
    struct err err;
    load->decoded_count = 0;
    decoder_reset(load->decoder);
    for (size_t at = 0; at < load->text.len; at += PIECE_BYTES) {
        size_t rest = load->text.len - at;
        CHECK(decoder_feed(load->decoder, load->text.data + at,
                           rest < PIECE_BYTES ? rest : PIECE_BYTES, &err) == 0);
    }
    CHECK(decoder_finish(load->decoder, &err) == 0);
    CHECK(load->decoded_count == DECODE_PODS);
    return load->decoded_count;
}

static void *decode_open(void)
{
    static const char head[] = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{"
                               "\"resourceVersion\":\"123456\"},\"items\":[";
    enum { POD_BYTES_MAX = 16384 };
    struct decode_load *load = mem_zalloc(1, sizeof(*load));
    buf_init(&load->text, (size_t)DECODE_PODS * POD_BYTES_MAX);
    (void)buf_add_str(&load->text, head);
    for (uint32_t i = 0; i < DECODE_PODS; i++) {
        (void)buf_add_str(&load->text, i > 0 ? "," : "");
        pod_text_add(&load->text, i);
    }
    (void)buf_add_str(&load->text, "]}");
    CHECK(!buf_overflowed(&load->text));
    load->symbols = names_symbols_new(SEED);
    const struct decode_handler handler = {.ctx = load, .pod = on_pod};
    load->decoder = decoder_new(DECODE_POD, DECODE_LIST, load->symbols, &handler);
    (void)decode_list(load); /* now all names are known */
    return load;
}

static void decode_close(void *state)
{
    struct decode_load *load = state;
    decoder_free(load->decoder);
    symbols_free(load->symbols);
    buf_fini(&load->text);
    free(load);
}

/* ---- units ---- */

enum { UNITS_PODS = 1024 };

/* Three units: the first takes PASS_PODS and half of the others, then the second. */
static void *units_open(void)
{
    enum { POD_CPU_MILLI_MAX = 2000, APP = 0 };
    struct core_load *load = mem_zalloc(1, sizeof(*load));
    core_load_init(load, SEED);
    core_load_begin(load);
    for (uint32_t i = 0; i < NODES; i++)
        core_load_pool_node(load, i, i % 3 < 2 ? "ecs" : "spot");
    core_load_policy(load, APP, PASS_PODS + UNITS_PODS / 2,
                     (int64_t)UNITS_PODS * POD_CPU_MILLI_MAX);
    for (uint32_t i = 0; i < NODES; i++)
        core_load_sized_pod(load, i, i, NODE_CPU_MILLI / 2, 0);
    for (uint32_t i = 0; i < PASS_PODS + UNITS_PODS; i++)
        core_load_app_pod(load, NODES + i, UINT32_MAX, APP);
    core_load_end(load);
    (void)sched_pass(load->sched, PASS_PODS);
    CHECK(load->binds == PASS_PODS);
    return load;
}

/* ---- wake: refused, woken, refused again ---- */

enum { WAKE_EVENTS = 200 };

static void *wake_open(void)
{
    const struct wake_sizes sizes = {.nodes = 1000, .pods = 2000, .shapes = 200, .fitting = 1};
    struct wake_load *load = mem_zalloc(1, sizeof(*load));
    wake_load_init(load, &sizes);
    return load;
}

static uint32_t wake_work(void *state)
{
    struct wake_load *load = state;
    for (uint32_t i = 0; i < WAKE_EVENTS; i++) {
        wake_load_free_room(load, i);
        settle(&load->core);
        if (load->core.binds < load->sizes.pods / load->sizes.shapes)
            CHECK(load->core.binds == i + 1);
    }
    return WAKE_EVENTS;
}

static void wake_close(void *state)
{
    wake_load_fini(state);
    free(state);
}

/* ---- preempt ---- */

enum { PREEMPT_PODS = 64 };

static void switch_preemption_on(struct sched_config *config)
{
    config->preempts = true;
}

static void *preempt_open(void)
{
    enum { FULL_NODES = 1000 };
    struct core_load *load = load_new(FULL_NODES, switch_preemption_on);
    uint32_t bound = FULL_NODES * PREEMPT_PODS_A_NODE;
    for (uint32_t i = 0; i < bound; i++)
        core_load_sized_pod(load, i, i % FULL_NODES, PREEMPT_POD_CPU_MILLI, 0);
    for (uint32_t i = 0; i < PREEMPT_PODS; i++)
        core_load_sized_pod(load, bound + i, UINT32_MAX, PREEMPT_POD_CPU_MILLI, PREEMPT_PRIORITY);
    core_load_end(load);
    sched_on_event(load->sched, &(struct event){.kind = EVENT_BUDGET_LIST_BEGIN});
    sched_on_event(load->sched, &(struct event){.kind = EVENT_BUDGET_LIST_END});
    return load;
}

static uint32_t preempt_work(void *state)
{
    struct core_load *load = state;
    settle(load);
    CHECK(load->evicted == PREEMPT_PODS && load->binds == 0);
    return PREEMPT_PODS;
}

const struct counted counted_workloads[COUNTED_WORKLOADS] = {
    {"plain", "decision", "5,000 nodes, half full", plain_open, bind_rest, load_close},
    {"batch", "decision", "the same, 32 equal pods in a row", batch_open, bind_rest, load_close},
    {"full", "decision", "5,000 nodes, 99.9 % full", full_open, bind_rest, load_close},
    {"decode", "pod", "a list of pods read", decode_open, decode_list, decode_close},
    {"units", "decision", "a policy of three units", units_open, bind_rest, load_close},
    {"wake", "event", "a pod ends, those who fit wake, are refused again", wake_open, wake_work,
     wake_close},
    {"preempt", "decision", "1,000 full nodes, one victim each", preempt_open, preempt_work,
     load_close},
};

const struct counted *counted_find(const char *name)
{
    for (uint32_t i = 0; i < COUNTED_WORKLOADS; i++)
        if (strcmp(counted_workloads[i].name, name) == 0)
            return &counted_workloads[i];
    return NULL;
}

__attribute__((noinline)) uint32_t counted_work(const struct counted *workload, void *state)
{
    return workload->work(state);
}
