/* Money, time and room of small plays, against what pencil and paper say. */
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
