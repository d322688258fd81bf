/* Money, time and room of small plays, and of what the meter is told by hand, against what pencil
 * and paper say. */
#include "bench/play_meter.h"

#include <criterion/criterion.h>
#include <math.h>

#include "model/names.h"
#include "tests/bench/play_fixture.h"

enum { HOUR_MS = 3600 * 1000 };

static const struct play_unit *unit(const struct play_fixture *fixture, const char *name)
{
    uint32_t symbol = symbol_find(fixture->workload.symbols, str_from(name));
    for (uint32_t i = 0; i < fixture->result.meter.unit_count; i++)
        if (fixture->result.meter.units[i].name_sym == symbol)
            return &fixture->result.meter.units[i];
    cr_assert_fail("no unit %s", name);
    return NULL;
}

static void set_price(struct play_fixture *fixture, uint32_t node, const char *name,
                      int64_t per_hour, int64_t per_core_hour)
{
    struct workload_node_kind *kind =
        &fixture->workload.node_kinds[fixture->workload.nodes[node].kind];
    kind->unit_sym = symbol_intern(fixture->workload.symbols, str_from(name));
    kind->price_micro_per_hour = per_hour;
    kind->price_micro_per_core_hour = per_core_hour;
}

/* A machine of 2.00 an hour for three hours; a serverless node at 0.50 a core and hour with one pod
 * of four cores for an hour and a half. */
Test(play_meter, machines_cost_while_they_are_there_serverless_while_its_pods_are)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.until_ms = INT64_C(4) * HOUR_MS;
    fixture.options.bind_latency_ms = 0;
    set_price(&fixture, play_fixture_node(&fixture, "n1", 2, HOUR_MS, INT64_MAX), "ecs", 2000000,
              0);
    set_price(&fixture, play_fixture_node(&fixture, "v1", 1000, 0, INT64_MAX), "eci", 0, 500000);
    play_fixture_pod(
        &fixture, &(struct fixture_pod){
                      .name = "a", .cores = 4, .created_ms = HOUR_MS, .runs_ms = 3 * HOUR_MS / 2});
    play_fixture_run(&fixture);
    cr_expect_float_eq(play_unit_cost_micro(unit(&fixture, "ecs")), 3 * 2e6, 1e-6);
    cr_expect_float_eq(play_unit_cost_micro(unit(&fixture, "eci")), 1.5 * 4 * 0.5e6, 1e-6);
    cr_expect_eq(unit(&fixture, "eci")->pod_ms, 3 * HOUR_MS / 2);
    cr_expect_eq(unit(&fixture, "eci")->binds, 1);
    cr_expect_eq(unit(&fixture, "ecs")->pod_ms, 0);
    play_fixture_fini(&fixture);
}

/* Two nodes of four cores, a pod of three on each: six of eight are taken, and what is free are two
 * single cores, where no further pod of three fits. */
Test(play_meter, room_that_no_pod_fits_into_is_fragmented)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.until_ms = HOUR_MS;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_node(&fixture, "n2", 4, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 3});
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "b", .cores = 3});
    play_fixture_run(&fixture);
    const struct play_meter *meter = &fixture.result.meter;
    cr_assert_eq(meter->resources[0], NAME_CPU);
    cr_expect_float_eq(play_meter_allocated(meter, 0), 0.75, 1e-9);
    cr_expect_float_eq(play_meter_fragmented(meter, 0), 1, 1e-9);
    cr_expect_float_eq(play_meter_nodes_used(meter), 2, 1e-9);
    cr_expect_float_eq(play_meter_allocated(meter, 1), 0, 1e-9, "nobody asks for memory");
    play_fixture_fini(&fixture);
}

/* A pod of one core and one of three: of the free cores 1 + 4, the pod of three can use four. */
Test(play_meter, fragmentation_is_the_mean_over_the_pods_of_the_workload)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.until_ms = HOUR_MS;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_node(&fixture, "n2", 4, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 3});
    play_fixture_pod(&fixture,
                     &(struct fixture_pod){.name = "b", .cores = 1, .created_ms = 2 * HOUR_MS});
    play_fixture_run(&fixture);
    cr_expect_float_eq(play_meter_fragmented(&fixture.result.meter, 0), (0.2 + 0) / 2, 1e-9);
    play_fixture_fini(&fixture);
}

Test(play_meter, serverless_room_is_nobodys_room)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.until_ms = HOUR_MS;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    set_price(&fixture, play_fixture_node(&fixture, "v1", 1000, 0, INT64_MAX), "eci", 0, 1);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 100});
    play_fixture_run(&fixture);
    cr_expect_float_eq(play_meter_allocated(&fixture.result.meter, 0), 0, 1e-9);
    cr_expect_eq(fixture.result.meter.samples[0].nodes, 1);
    cr_expect_eq(fixture.result.bound, 1);
    play_fixture_fini(&fixture);
}

Test(play_meter, samples_are_evenly_spread_and_not_too_many)
{
    struct play_fixture fixture;
    play_fixture_init(&fixture);
    fixture.options.until_ms = INT64_C(24) * HOUR_MS;
    play_fixture_node(&fixture, "n1", 4, 0, INT64_MAX);
    play_fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .cores = 1});
    play_fixture_run(&fixture);
    const struct play_meter *meter = &fixture.result.meter;
    cr_assert_geq(meter->sample_count, PLAY_SAMPLES - 1);
    cr_assert_leq(meter->sample_count, PLAY_SAMPLES);
    for (uint32_t i = 1; i < meter->sample_count; i++)
        cr_expect_eq(meter->samples[i].at_ms - meter->samples[i - 1].at_ms,
                     meter->samples[0].at_ms);
    play_fixture_fini(&fixture);
}

/* ---- told by hand ---- */

/* Nodes of 4 cores and 8 GiB with room for two pods; pods of one core, of three, and of 6 GiB. */
enum { SMALL, BROAD, HEAVY, POD_KINDS };

static void make_told(struct workload *workload)
{
    const struct workload_node_kind node = {
        .offers = {.cpu_milli = 4000, .memory_bytes = INT64_C(8) << 30}, .pods = 2};
    static const struct workload_pod_kind kinds[POD_KINDS] = {
        [SMALL] = {.asks = {.cpu_milli = 1000}},
        [BROAD] = {.asks = {.cpu_milli = 3000}},
        [HEAVY] = {.asks = {.memory_bytes = INT64_C(6) << 30}},
    };
    workload_init(workload);
    for (uint32_t i = 0; i < 2; i++)
        workload_add_node(workload,
                          &(struct workload_node){
                              symbol_intern(workload->symbols, i == 0 ? STR("n1") : STR("n2")),
                              workload_add_node_kind(workload, &node), 0, INT64_MAX});
    for (uint32_t i = 0; i < POD_KINDS; i++)
        workload_add_pod(
            workload, &(struct workload_pod){.name_sym = symbol_intern(workload->symbols, STR("p")),
                                             .kind = workload_add_pod_kind(workload, &kinds[i]),
                                             .runs_ms = INT64_MAX,
                                             .gone_ms = INT64_MAX});
    workload_sort(workload);
}

/* n1 holds three cores and 6 GiB, and is full by places; n2 is empty: of 5 free cores the one of n1
 * is lost to both who ask for cores, of 10 free GiB the two of n1. */
Test(play_meter, each_node_holds_what_it_was_told_until_it_is_taken_back)
{
    struct workload workload;
    struct play_meter meter;
    struct play_sample now;
    make_told(&workload);
    play_meter_init(&meter, &workload);
    play_meter_start(&meter, 0, HOUR_MS);
    play_meter_node(&meter, 0, true);
    play_meter_node(&meter, 1, true);
    play_meter_pod(&meter, BROAD, 0, true);
    play_meter_pod(&meter, HEAVY, 0, true);
    play_meter_look(&meter, &now);
    cr_expect_eq(now.nodes, 2);
    cr_expect_eq(now.nodes_used, 1);
    cr_expect_float_eq(now.allocated[0], 3.0 / 8, 1e-9);
    cr_expect_float_eq(now.allocated[1], 6.0 / 16, 1e-9);
    cr_expect_float_eq(now.fragmented[0], 1.0 / 5, 1e-9);
    cr_expect_float_eq(now.fragmented[1], 2.0 / 10, 1e-9);
    play_meter_pod(&meter, BROAD, 0, false);
    play_meter_look(&meter, &now);
    cr_expect_eq(now.nodes_used, 1, "the other one is still there");
    cr_expect_float_eq(now.allocated[0], 0, 1e-9);
    cr_expect_float_eq(now.allocated[1], 6.0 / 16, 1e-9);
    cr_expect_float_eq(now.fragmented[0], 0, 1e-9);
    play_meter_pod(&meter, HEAVY, 0, false);
    play_meter_node(&meter, 0, false);
    play_meter_look(&meter, &now);
    cr_expect_eq(now.nodes, 1);
    cr_expect_eq(now.nodes_used, 0);
    cr_expect_float_eq(now.allocated[1], 0, 1e-9);
    play_meter_fini(&meter);
    workload_fini(&workload);
}

/* Steps of an hour / 288 + 1 = 12,501 ms from the start on: what is before it is nobody's time. */
Test(play_meter, samples_are_due_from_the_start_of_the_clock_on)
{
    struct workload workload;
    struct play_meter meter;
    make_told(&workload);
    play_meter_init(&meter, &workload);
    play_meter_start(&meter, HOUR_MS, HOUR_MS);
    play_meter_pass(&meter, HOUR_MS + 12501, 7);
    cr_expect_eq(meter.sample_count, 0, "due at, not before");
    play_meter_pass(&meter, HOUR_MS + 12502, 7);
    cr_assert_eq(meter.sample_count, 1);
    cr_expect_eq(meter.samples[0].at_ms, HOUR_MS + 12501);
    cr_expect_eq(meter.samples[0].waiting, 7);
    play_meter_end(&meter, HOUR_MS + 2 * 12501, 8);
    cr_assert_eq(meter.sample_count, 2);
    cr_expect_eq(play_meter_last(&meter)->at_ms, HOUR_MS + 2 * 12501);
    cr_expect_eq(play_meter_last(&meter)->waiting, 8);
    play_meter_fini(&meter);
    workload_fini(&workload);
}
