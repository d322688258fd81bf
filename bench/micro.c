#include "bench/micro.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/micro_world.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "sched/score.h"

enum { NODES = 5000, SEED = 1 };

static void *world_new(uint32_t nodes, uint32_t pods, uint32_t shapes)
{
    struct micro_world *world = mem_zalloc(1, sizeof(*world));
    micro_world_init(world, nodes, pods, shapes);
    return world;
}

static void world_close(void *state)
{
    micro_world_fini(state);
    free(state);
}

/* ---- symbol: names that are new ---- */

enum { SYMBOLS = 100000, SYMBOL_TEXT_BYTES = 32 };

struct names {
    struct symbols *symbols;
    char texts[SYMBOLS][SYMBOL_TEXT_BYTES];
};

static void *symbol_open(void)
{
    struct names *names = mem_zalloc(1, sizeof(*names));
    names->symbols = names_symbols_new(SEED);
    for (uint32_t i = 0; i < SYMBOLS; i++)
        (void)snprintf(names->texts[i], SYMBOL_TEXT_BYTES, "ip-10-1-%u.example.com", i);
    return names;
}

static uint32_t symbol_work(void *state)
{
    struct names *names = state;
    uint32_t before = symbols_count(names->symbols);
    for (uint32_t i = 0; i < SYMBOLS; i++)
        (void)symbol_intern(names->symbols, str_from(names->texts[i]));
    return symbols_count(names->symbols) - before;
}

static void symbol_close(void *state)
{
    struct names *names = state;
    symbols_free(names->symbols);
    free(names);
}

/* ---- selector, filter, score: one pod on one node ---- */

enum { SWEEPS = 20 };

static void *nodes_open(void)
{
    return world_new(NODES, 1, 1);
}

/* Half of the nodes have the value that is asked for, and all of them the key. */
static uint32_t selector_work(void *state)
{
    struct micro_world *world = state;
    uint32_t values[] = {symbol_intern(world->symbols, STR("value-0"))};
    struct requirement expressions[] = {
        {.key_sym = symbol_intern(world->symbols, STR("example.com/label-1")),
         .op = SELECTOR_IN,
         .value_count = ARRAY_LEN(values),
         .value_syms = values},
        {.key_sym = symbol_intern(world->symbols, STR("example.com/label-9")),
         .op = SELECTOR_EXISTS},
    };
    const struct node_term term = {.expression_count = ARRAY_LEN(expressions),
                                   .expressions = expressions};
    uint32_t matches = 0;
    for (uint32_t sweep = 0; sweep < SWEEPS; sweep++)
        for (uint32_t slot = 0; slot < NODES; slot++) {
            const struct node *node = world->cluster.nodes.nodes[slot];
            matches += node_term_matches(&term, &node->labels, node->name_sym, world->symbols);
        }
    CHECK(matches == SWEEPS * NODES / 2);
    return SWEEPS * NODES;
}

static uint32_t filter_work(void *state)
{
    const struct micro_world *world = state;
    const struct filter_input in = {.cluster = &world->cluster, .shape = world->pods[0]->shape};
    uint32_t fits = 0;
    for (uint32_t sweep = 0; sweep < SWEEPS; sweep++)
        for (uint32_t slot = 0; slot < NODES; slot++) {
            bool fit = true;
            for (uint32_t i = 0; fit && i < PLUGIN_COUNT; i++)
                fit = !filters[i] || filters[i]->check(&in, slot) == VERDICT_FIT;
            fits += fit;
        }
    CHECK(fits == SWEEPS * NODES);
    return fits;
}

static uint32_t score_work(void *state)
{
    const struct micro_world *world = state;
    static const uint32_t slot_count = NODES;
    struct score_config config;
    uint32_t *slots = mem_zalloc(slot_count, sizeof(*slots));
    int64_t *totals = mem_zalloc((size_t)2 * slot_count, sizeof(*totals));
    score_config_init(&config);
    for (uint32_t i = 0; i < slot_count; i++)
        slots[i] = i;
    const struct score_input in = {&world->cluster, world->pods[0]->shape, &config, slots,
                                   slot_count};
    for (uint32_t sweep = 0; sweep < SWEEPS; sweep++)
        (void)scores_add(&in, SCORE_ALL, totals + slot_count, totals);
    CHECK(totals[0] > 0);
    free(slots);
    free(totals);
    return SWEEPS * slot_count;
}

/* ---- queue and wake-up ---- */

enum { QUEUED = 100000, WAKES = 200, WAKE_SHAPES = 1000 };

static void *queue_open(void)
{
    return world_new(0, QUEUED, WAKE_SHAPES);
}

/* In and out again, in the queue's order. */
static uint32_t queue_work(void *state)
{
    struct micro_world *world = state;
    struct mono_ms now = {1};
    for (uint32_t i = 0; i < QUEUED; i++)
        queue_add(world->queue, world->pods[i], now);
    uint32_t popped = 0;
    while (queue_pop(world->queue, now))
        popped++;
    CHECK(popped == QUEUED);
    return popped;
}

/* All pods are parked: they ask 10m to 10 cores and the one node is full but for 10m. */
static void *wake_open(void)
{
    struct micro_world *world = world_new(1, QUEUED, WAKE_SHAPES);
    struct mono_ms now = {1};
    struct node_table *table = &world->cluster.nodes;
    node_table_set_allocatable(table, RESOURCE_CPU, 0, table->columns[RESOURCE_CPU].used[0] + 10);
    for (uint32_t i = 0; i < QUEUED; i++)
        queue_add(world->queue, world->pods[i], now);
    for (struct pod *pod; (pod = queue_pop(world->queue, now));)
        queue_return(world->queue, pod, 1u << PLUGIN_NODE_RESOURCES_FIT, now);
    return world;
}

/* One event: the pods of the smallest shape wake and are refused again. */
static uint32_t wake_work(void *state)
{
    struct micro_world *world = state;
    const struct wake_event event = {.kind = WAKE_POD_REMOVED, .slot = 0};
    struct mono_ms now = {1};
    for (uint32_t i = 0; i < WAKES; i++) {
        now = mono_add(now, QUEUE_MAX_BACKOFF_MS / WAKES);
        uint32_t woken = queue_wake(world->queue, &event, now);
        CHECK(woken > 0 && woken <= QUEUED / WAKE_SHAPES);
        for (struct pod *pod; (pod = queue_pop(world->queue, now));)
            queue_return(world->queue, pod, 1u << PLUGIN_NODE_RESOURCES_FIT, now);
    }
    return WAKES;
}

/* ---- undo: what a dry run or a refused bind takes back ---- */

static void *undo_open(void)
{
    return world_new(NODES, NODES, WAKE_SHAPES);
}

static uint32_t undo_work(void *state)
{
    struct micro_world *world = state;
    for (uint32_t sweep = 0; sweep < SWEEPS; sweep++)
        for (uint32_t i = 0; i < NODES; i++) {
            cluster_assume(&world->cluster, world->pods[i], i);
            cluster_forget(&world->cluster, world->pods[i]);
        }
    return SWEEPS * NODES;
}

const struct counted micros[MICROS] = {
    {"symbol", "new name", "interned", symbol_open, symbol_work, symbol_close},
    {"selector", "node", "a term of two requirements", nodes_open, selector_work, world_close},
    {"filter", "node", "all filters", nodes_open, filter_work, world_close},
    {"score", "node", "all scores", nodes_open, score_work, world_close},
    {"queue", "pod", "in and out of 100,000", queue_open, queue_work, world_close},
    {"wakeup", "wake-up", "1,000 shapes asked, 100 pods", wake_open, wake_work, world_close},
    {"undo", "pod", "assumed and forgotten", undo_open, undo_work, world_close},
};
