#include "bench/play_meter.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "model/names.h"

enum { MS_PER_S = 1000, MS_PER_HOUR = 3600 * MS_PER_S, MILLI = 1000 };

/* ---- start and end ---- */

/* The unit of that name, made when it is new. */
static uint8_t ensure_unit(struct play_meter *meter, uint32_t name_sym)
{
    uint32_t i = 0;
    while (i < meter->unit_count && meter->units[i].name_sym != name_sym)
        i++;
    if (i == PLAY_UNITS_MAX)
        return PLAY_UNITS_MAX - 1;
    if (i == meter->unit_count) {
        bool is_last = i == PLAY_UNITS_MAX - 1;
        meter->units[meter->unit_count++].name_sym =
            is_last ? symbol_intern(meter->workload->symbols, STR("others")) : name_sym;
    }
    return (uint8_t)i;
}

static void ensure_resource(struct play_meter *meter, uint32_t name_sym)
{
    for (uint32_t i = 0; i < meter->resource_count; i++)
        if (meter->resources[i] == name_sym)
            return;
    if (meter->resource_count < PLAY_RESOURCES_MAX)
        meter->resources[meter->resource_count++] = name_sym;
}

static bool is_serverless(const struct workload_node_kind *kind)
{
    return kind->price_micro_per_hour == 0 && kind->price_micro_per_core_hour > 0;
}

void play_meter_init(struct play_meter *meter, const struct workload *workload)
{
    *meter = (struct play_meter){.workload = workload};
    meter->unit_of_kind = mem_zalloc(workload->node_kind_count, sizeof(*meter->unit_of_kind));
    ensure_resource(meter, NAME_CPU);
    ensure_resource(meter, NAME_MEMORY);
    for (uint32_t i = 0; i < workload->node_kind_count; i++) {
        const struct workload_node_kind *kind = &workload->node_kinds[i];
        meter->unit_of_kind[i] = ensure_unit(meter, kind->unit_sym);
        for (uint32_t e = 0; e < kind->offers.extended_count; e++)
            ensure_resource(meter, kind->offers.extended[e].name_sym);
    }
    uint32_t count = workload->pod_count;
    for (uint32_t i = 0; i < PLAY_DRAWS && i < count; i++) {
        uint32_t share = count < PLAY_DRAWS ? count : PLAY_DRAWS;
        meter->draws[meter->draw_count++] = workload->pods[(uint64_t)i * count / share].kind;
    }
    meter->node_is_there = mem_zalloc(workload->node_count, sizeof(*meter->node_is_there));
    meter->pods_on = mem_zalloc(workload->node_count, sizeof(*meter->pods_on));
    meter->held =
        mem_zalloc((size_t)workload->node_count * meter->resource_count, sizeof(*meter->held));
}

void play_meter_fini(struct play_meter *meter)
{
    free(meter->unit_of_kind);
    free(meter->node_is_there);
    free(meter->pods_on);
    free(meter->held);
    free(meter->samples);
    *meter = (struct play_meter){0};
}

/* ---- money ---- */

static void advance(struct play_meter *meter, int64_t at_ms)
{
    CHECK(at_ms >= meter->at_ms);
    int64_t elapsed_ms = at_ms - meter->at_ms;
    meter->at_ms = at_ms;
    for (uint32_t i = 0; i < meter->unit_count; i++) {
        struct play_unit *unit = &meter->units[i];
        unit->cost_micro_ms += (play_wide)unit->rate_micro_per_hour * elapsed_ms;
        unit->pod_ms += unit->pods * elapsed_ms;
    }
}

void play_meter_node(struct play_meter *meter, uint32_t node, bool is_there)
{
    const struct workload_node *joins = &meter->workload->nodes[node];
    struct play_unit *unit = &meter->units[meter->unit_of_kind[joins->kind]];
    int64_t price = meter->workload->node_kinds[joins->kind].price_micro_per_hour;
    unit->nodes += is_there ? 1 : UINT32_MAX;
    unit->rate_micro_per_hour += is_there ? price : -price;
    meter->node_is_there[node] = is_there;
}

static int64_t amount_of(const struct workload_amounts *amounts, uint32_t name_sym)
{
    if (name_sym == NAME_CPU)
        return amounts->cpu_milli;
    if (name_sym == NAME_MEMORY)
        return amounts->memory_bytes;
    for (uint32_t i = 0; i < amounts->extended_count; i++)
        if (amounts->extended[i].name_sym == name_sym)
            return amounts->extended[i].amount;
    return 0;
}

void play_meter_pod(struct play_meter *meter, uint32_t pod_kind, uint32_t node, bool is_there)
{
    const struct workload *workload = meter->workload;
    const struct workload_node_kind *kind = &workload->node_kinds[workload->nodes[node].kind];
    struct play_unit *unit = &meter->units[meter->unit_of_kind[workload->nodes[node].kind]];
    int64_t price =
        kind->price_micro_per_core_hour * workload->pod_kinds[pod_kind].asks.cpu_milli / MILLI;
    unit->pods += is_there ? 1 : UINT32_MAX;
    unit->rate_micro_per_hour += is_there ? price : -price;
    unit->binds += is_there;
    meter->pods_on[node] += is_there ? 1 : UINT32_MAX;
    int64_t *held = &meter->held[(size_t)node * meter->resource_count];
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        int64_t asked = amount_of(&workload->pod_kinds[pod_kind].asks, meter->resources[r]);
        held[r] += is_there ? asked : -asked;
    }
}

double play_unit_cost_micro(const struct play_unit *unit)
{
    return (double)unit->cost_micro_ms / MS_PER_HOUR;
}

/* ---- room ---- */

/* What is free on a node, in the order of meter->resources, and places for pods. */
struct room {
    int64_t free[PLAY_RESOURCES_MAX], places;
};

struct summing {
    int64_t asks[PLAY_DRAWS][PLAY_RESOURCES_MAX];
    uint32_t askers[PLAY_RESOURCES_MAX]; /* draws that ask for it */
    double offered[PLAY_RESOURCES_MAX], used[PLAY_RESOURCES_MAX], free[PLAY_RESOURCES_MAX];
    double lost[PLAY_RESOURCES_MAX]; /* free where a draw that asks does not fit, over all draws */
};

static bool fits(const struct play_meter *meter, const struct room *room, const int64_t *asks)
{
    bool does_fit = room->places > 0;
    for (uint32_t r = 0; r < meter->resource_count; r++)
        does_fit = does_fit && (asks[r] == 0 || asks[r] <= room->free[r]);
    return does_fit;
}

static void sum_node(const struct play_meter *meter, uint32_t node, struct summing *sums)
{
    uint32_t kind = meter->workload->nodes[node].kind;
    const int64_t *held = &meter->held[(size_t)node * meter->resource_count];
    struct room room = {.places = meter->workload->node_kinds[kind].pods - meter->pods_on[node]};
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        int64_t offered = amount_of(&meter->workload->node_kinds[kind].offers, meter->resources[r]);
        int64_t left = offered - held[r];
        room.free[r] = left > 0 ? left : 0;
        sums->offered[r] += (double)offered;
        sums->used[r] += (double)(offered - room.free[r]);
        sums->free[r] += (double)room.free[r];
    }
    for (uint32_t d = 0; d < meter->draw_count; d++) {
        if (fits(meter, &room, sums->asks[d]))
            continue;
        for (uint32_t r = 0; r < meter->resource_count; r++)
            sums->lost[r] += sums->asks[d][r] > 0 ? (double)room.free[r] : 0;
    }
}

static void sum_begin(const struct play_meter *meter, struct summing *ret_sums)
{
    *ret_sums = (struct summing){0};
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        for (uint32_t d = 0; d < meter->draw_count; d++) {
            ret_sums->asks[d][r] =
                amount_of(&meter->workload->pod_kinds[meter->draws[d]].asks, meter->resources[r]);
            ret_sums->askers[r] += ret_sums->asks[d][r] > 0;
        }
    }
}

void play_meter_look(const struct play_meter *meter, struct play_sample *ret_sample)
{
    const struct workload *workload = meter->workload;
    struct play_sample sample = {.at_ms = meter->at_ms};
    struct summing sums;
    sum_begin(meter, &sums);
    for (uint32_t node = 0; node < workload->node_count; node++) {
        if (!meter->node_is_there[node] ||
            is_serverless(&workload->node_kinds[workload->nodes[node].kind]))
            continue;
        sample.nodes++;
        sample.nodes_used += meter->pods_on[node] > 0;
        sum_node(meter, node, &sums);
    }
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        double lost_of = sums.free[r] * sums.askers[r];
        sample.allocated[r] = sums.offered[r] > 0 ? sums.used[r] / sums.offered[r] : 0;
        sample.fragmented[r] = lost_of > 0 ? sums.lost[r] / lost_of : 0;
    }
    for (uint32_t i = 0; i < meter->unit_count; i++) {
        sample.pods[i] = meter->units[i].pods;
        sample.rate_micro_per_hour[i] = meter->units[i].rate_micro_per_hour;
    }
    *ret_sample = sample;
}

/* ---- samples ---- */

static void take_sample(struct play_meter *meter, int64_t at_ms, uint32_t waiting)
{
    if (meter->sample_count == meter->sample_capacity) {
        meter->sample_capacity =
            (uint32_t)mem_grow(meter->sample_capacity, (size_t)meter->sample_count + 1);
        meter->samples =
            mem_resize(meter->samples, meter->sample_capacity, sizeof(*meter->samples));
    }
    advance(meter, at_ms);
    struct play_sample *sample = &meter->samples[meter->sample_count++];
    play_meter_look(meter, sample);
    sample->waiting = waiting;
}

/* When the last node and pod come; a second at least. */
static int64_t planned_end_ms(const struct workload *workload)
{
    int64_t last_ms = MS_PER_S;
    for (uint32_t i = 0; i < workload->node_count; i++)
        if (workload->nodes[i].joins_ms > last_ms)
            last_ms = workload->nodes[i].joins_ms;
    for (uint32_t i = 0; i < workload->pod_count; i++)
        if (workload->pods[i].created_ms > last_ms)
            last_ms = workload->pods[i].created_ms;
    return last_ms;
}

void play_meter_start(struct play_meter *meter, int64_t at_ms, int64_t until_ms)
{
    CHECK(meter->every_ms == 0);
    int64_t span_ms = until_ms != INT64_MAX ? until_ms : planned_end_ms(meter->workload);
    span_ms = span_ms > MS_PER_S ? span_ms : MS_PER_S;
    meter->every_ms = span_ms / PLAY_SAMPLES + 1;
    meter->at_ms = at_ms;
    meter->next_sample_ms = at_ms + meter->every_ms;
}

void play_meter_pass(struct play_meter *meter, int64_t at_ms, uint32_t waiting)
{
    CHECK(meter->every_ms > 0);
    for (; meter->next_sample_ms < at_ms; meter->next_sample_ms += meter->every_ms)
        take_sample(meter, meter->next_sample_ms, waiting);
    advance(meter, at_ms);
}

void play_meter_end(struct play_meter *meter, int64_t at_ms, uint32_t waiting)
{
    play_meter_pass(meter, at_ms, waiting);
    if (meter->next_sample_ms == at_ms || meter->sample_count == 0)
        take_sample(meter, at_ms, waiting);
}

const struct play_sample *play_meter_last(const struct play_meter *meter)
{
    CHECK(meter->sample_count > 0);
    return &meter->samples[meter->sample_count - 1];
}

double play_meter_allocated(const struct play_meter *meter, uint32_t resource)
{
    double sum = 0;
    for (uint32_t i = 0; i < meter->sample_count; i++)
        sum += meter->samples[i].allocated[resource];
    return meter->sample_count > 0 ? sum / meter->sample_count : 0;
}

double play_meter_fragmented(const struct play_meter *meter, uint32_t resource)
{
    double sum = 0;
    for (uint32_t i = 0; i < meter->sample_count; i++)
        sum += meter->samples[i].fragmented[resource];
    return meter->sample_count > 0 ? sum / meter->sample_count : 0;
}

double play_meter_nodes_used(const struct play_meter *meter)
{
    double sum = 0;
    for (uint32_t i = 0; i < meter->sample_count; i++)
        sum += meter->samples[i].nodes_used;
    return meter->sample_count > 0 ? sum / meter->sample_count : 0;
}
