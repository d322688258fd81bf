#include "bench/generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/generate_private.h"
#include "model/base/buf.h"
#include "model/names.h"

enum { HOUR_MS = 3600 * 1000, NODE_PODS = 256, ZONES = 3, NAME_BYTES = 64 };

/* ---- the simple ones: one pool of nodes, one curve ---- */

struct simple {
    const uint32_t *weights;
    uint32_t slots, load_percent;
};

static void make_simple(struct generate *generate, const struct simple *simple)
{
    uint32_t pods = generate->options.pods;
    int64_t capacity_milli =
        generate_nodes(generate, &(struct node_batch){.prefix = "node",
                                                      .count = generate->options.nodes,
                                                      .leaves_ms = INT64_MAX,
                                                      .unit = "ecs",
                                                      .price_micro_per_core_hour = CORE_PRICE_ECS});
    generate_arrivals(generate,
                      &(struct arrivals){.weights = simple->weights,
                                         .slots = simple->slots,
                                         .pods = pods,
                                         .to_ms = generate->span_ms,
                                         .load = generate_load(generate, capacity_milli,
                                                               simple->load_percent, pods)});
}

static void make_steady(struct generate *generate)
{
    static const uint32_t weights[] = {1};
    make_simple(generate, &(struct simple){weights, ARRAY_LEN(weights), 70});
}

static void make_morning(struct generate *generate)
{
    /* An hour each, of a day. */
    static const uint32_t weights[] = {8,  6,  5,  5,  5,  8,  15, 120, 160, 90, 50, 45,
                                       40, 45, 45, 45, 40, 35, 30, 25,  20,  15, 12, 10};
    make_simple(generate, &(struct simple){weights, ARRAY_LEN(weights), 45});
}

static void make_flash(struct generate *generate)
{
    /* Half an hour each, of a day; ten times as many in one of them. */
    static const uint32_t weights[] = {1, 1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 10, 1, 1, 1, 1, 1, 1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1};
    make_simple(generate, &(struct simple){weights, ARRAY_LEN(weights), 70});
}

/* ---- the table ---- */

static const struct generator generators[] = {
    {"steady",
     "pods come evenly, 70 % of the room is taken",
     {1000, 50000, 24, 1},
     false,
     make_steady},
    {"morning",
     "a quiet night, and within two hours of the morning a third of the day's pods",
     {1000, 50000, 24, 1},
     false,
     make_morning},
    {"flash",
     "evenly, but ten times as many for half an hour",
     {1000, 50000, 24, 1},
     false,
     make_flash},
    {"rollout",
     "all applications are rolled out within an hour: each pod is replaced by another",
     {1000, 50000, 24, 1},
     false,
     generate_rollout},
    {"pool-failure",
     "a quarter of the nodes is lost at once, their pods come again; nodes come two hours later",
     {1000, 50000, 24, 1},
     false,
     generate_pool_failure},
    {"priorities",
     "three priorities that ask for more than there is, the highest in four bursts",
     {1000, 50000, 24, 1},
     true,
     generate_priorities},
    {"elastic-day",
     "a day over reserved, spot and serverless units; half of the spot nodes is reclaimed",
     {10000, 500000, 24, 1},
     false,
     generate_elastic_day},
};

const struct generator *generator_at(uint32_t index)
{
    return index < ARRAY_LEN(generators) ? &generators[index] : NULL;
}

const struct generator *generator_find(const char *name)
{
    for (uint32_t i = 0; i < ARRAY_LEN(generators); i++)
        if (strcmp(generators[i].name, name) == 0)
            return &generators[i];
    return NULL;
}

void generator_run(const struct generator *generator, const struct generate_options *options,
                   struct workload *workload)
{
    CHECK(options->nodes >= GENERATE_NODES_MIN && options->nodes <= GENERATE_NODES_MAX);
    CHECK(options->pods >= GENERATE_PODS_MIN && options->pods <= GENERATE_PODS_MAX);
    CHECK(options->hours >= 1 && options->hours <= GENERATE_HOURS_MAX);
    struct generate generate = {
        .workload = workload, .options = *options, .span_ms = (int64_t)options->hours * HOUR_MS};
    rng_init(&generate.rng, options->seed);
    generator->make(&generate);
    workload_sort(workload);
}

/* ---- nodes ---- */

static const struct {
    uint32_t weight;
    int64_t cores;
} sizes[] = {{5, 16}, {4, 32}, {1, 64}};

static int64_t size_cores(uint32_t number)
{
    uint32_t total = 0, i = 0;
    for (i = 0; i < ARRAY_LEN(sizes); i++)
        total += sizes[i].weight;
    number %= total;
    for (i = 0; number >= sizes[i].weight; i++)
        number -= sizes[i].weight;
    return sizes[i].cores;
}

static uint32_t intern(struct generate *generate, const char *text)
{
    uint32_t symbol = symbol_intern(generate->workload->symbols, str_from(text));
    CHECK(symbol != SYM_FULL);
    return symbol;
}

/* "<prefix><number>" */
static uint32_t intern_number(struct generate *generate, const char *prefix, uint32_t number)
{
    char text[NAME_BYTES];
    int len = snprintf(text, sizeof(text), "%s%" PRIu32, prefix, number);
    CHECK(len > 0 && len < NAME_BYTES);
    return intern(generate, text);
}

int64_t generate_nodes(struct generate *generate, const struct node_batch *batch)
{
    int64_t capacity_milli = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        char prefix[NAME_BYTES];
        uint32_t number = generate->nodes_made++;
        int64_t cores = size_cores(i);
        struct workload_node_kind kind = {
            .offers = {.cpu_milli = cores * 1000, .memory_bytes = cores * (INT64_C(4) << 30)},
            .pods = NODE_PODS,
            .label_count = batch->label_key ? 2 : 1,
            .labels = {{NAME_ZONE, intern_number(generate, "zone-", i % ZONES)}},
            .unit_sym = batch->unit ? intern(generate, batch->unit) : SYM_EMPTY,
            .price_micro_per_hour = cores * batch->price_micro_per_core_hour,
        };
        if (batch->label_key)
            kind.labels[1] = (struct workload_label){intern(generate, batch->label_key),
                                                     intern(generate, batch->label_value)};
        (void)snprintf(prefix, sizeof(prefix), "%s-", batch->prefix);
        workload_add_node(generate->workload,
                          &(struct workload_node){
                              .name_sym = intern_number(generate, prefix, number),
                              .kind = workload_add_node_kind(generate->workload, &kind),
                              .joins_ms = batch->joins_ms,
                              .leaves_ms = batch->leaves_ms,
                          });
        capacity_milli += cores * 1000;
    }
    return capacity_milli;
}

/* ---- applications ---- */

static const struct {
    int64_t cpu_milli, memory_mib;
} templates[] = {
    {250, 512},   {500, 1024},  {500, 2048},  {1000, 2048},
    {1000, 4096}, {2000, 4096}, {4000, 8192}, {250, 256},
};

int64_t generate_app_cpu_milli(uint32_t app, uint32_t permille)
{
    enum { MIN_MILLI = 10 };
    int64_t milli = templates[app % ARRAY_LEN(templates)].cpu_milli * permille / 1000;
    return milli > MIN_MILLI ? milli : MIN_MILLI;
}

int64_t generate_mean_cpu_milli(uint32_t permille)
{
    int64_t sum = 0;
    for (uint32_t app = 0; app < GENERATE_APPS; app++)
        sum += generate_app_cpu_milli(app, permille);
    return sum / GENERATE_APPS;
}

uint32_t generate_app_kind(struct generate *generate, uint32_t app, uint32_t permille,
                           int32_t priority)
{
    enum { MIN_MIB = 16 };
    int64_t mib = templates[app % ARRAY_LEN(templates)].memory_mib * permille / 1000;
    struct workload_pod_kind kind = {
        .asks = {.cpu_milli = generate_app_cpu_milli(app, permille),
                 .memory_bytes = (mib > MIN_MIB ? mib : MIN_MIB) << 20},
        .priority = priority,
        .label_count = 1,
        .labels = {{intern(generate, "app"), intern_number(generate, "app-", app)}},
    };
    return workload_add_pod_kind(generate->workload, &kind);
}

void generate_pod(struct generate *generate, uint32_t app, uint32_t kind, int64_t created_ms,
                  int64_t runs_ms, int64_t gone_ms)
{
    char prefix[NAME_BYTES];
    (void)snprintf(prefix, sizeof(prefix), "app-%" PRIu32 "-", app);
    workload_add_pod(generate->workload,
                     &(struct workload_pod){
                         .name_sym = intern_number(generate, prefix, generate->pods_made++),
                         .kind = kind,
                         .created_ms = created_ms,
                         .runs_ms = runs_ms,
                         .gone_ms = gone_ms,
                     });
}

/* ---- times ---- */

struct generate_load generate_load(const struct generate *generate, int64_t capacity_milli,
                                   uint32_t percent, uint32_t pods)
{
    enum { SHORTEST_MS = 1000, USUAL = 1000, LARGEST = 4000, LONGEST_PER_SPAN = 4 };
    int64_t longest_ms = generate->span_ms / LONGEST_PER_SPAN;
    int64_t at_once = capacity_milli / generate_mean_cpu_milli(USUAL) * percent / 100;
    int64_t runs_ms = at_once * generate->span_ms / pods;
    int64_t permille = runs_ms * USUAL / longest_ms;
    permille = permille < USUAL ? USUAL : permille < LARGEST ? permille : LARGEST;
    runs_ms = runs_ms * USUAL / permille;
    runs_ms = runs_ms < generate->span_ms ? runs_ms : generate->span_ms;
    return (struct generate_load){runs_ms > SHORTEST_MS ? runs_ms : SHORTEST_MS,
                                  (uint32_t)permille};
}

int64_t generate_run_ms(struct generate *generate, int64_t mean_ms)
{
    /* -ln(1 - q) in the middle of sixteen equal shares, in thousandths */
    static const uint32_t quantiles[] = {32,  98,  170,  247,  330,  421,  521,  633,
                                         758, 901, 1068, 1269, 1520, 1856, 2367, 3466};
    int64_t share = quantiles[rng_below(&generate->rng, ARRAY_LEN(quantiles))];
    int64_t jitter = 900 + (int64_t)rng_below(&generate->rng, 201);
    int64_t runs_ms = mean_ms * share / 1000 * jitter / 1000;
    return runs_ms > 0 ? runs_ms : 1;
}

void generate_arrivals(struct generate *generate, const struct arrivals *arrivals)
{
    enum { FINE = 1 << 30 }; /* parts of one weight: pods of a slot do not come in steps */
    int64_t slot_ms = (arrivals->to_ms - arrivals->from_ms) / arrivals->slots;
    uint64_t total = 0, before = 0;
    uint32_t slot = 0;
    for (uint32_t i = 0; i < arrivals->slots; i++)
        total += (uint64_t)arrivals->weights[i] * FINE;
    for (uint32_t i = 0; i < arrivals->pods; i++) {
        /* one pod in each of as many equal shares of the whole weight, somewhere in it */
        uint64_t share = total / arrivals->pods;
        uint64_t at = share * i + rng_below(&generate->rng, share);
        while (at >= before + (uint64_t)arrivals->weights[slot] * FINE)
            before += (uint64_t)arrivals->weights[slot++] * FINE;
        int64_t into = (int64_t)((at - before) / arrivals->weights[slot]); /* of FINE */
        uint32_t app = (uint32_t)rng_below(&generate->rng, GENERATE_APPS);
        uint32_t kind =
            generate_app_kind(generate, app, arrivals->load.permille, arrivals->priority);
        generate_pod(generate, app, kind,
                     arrivals->from_ms + slot * slot_ms + into * slot_ms / FINE,
                     generate_run_ms(generate, arrivals->load.runs_ms), INT64_MAX);
    }
}
