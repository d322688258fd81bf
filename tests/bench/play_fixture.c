#include "tests/bench/play_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void on_bound(void *ctx, const char *pod, const char *node, int64_t at_ms)
{
    struct play_fixture *fixture = ctx;
    cr_assert_lt(fixture->bind_count, FIXTURE_BINDS_MAX);
    struct fixture_bind *bind = &fixture->binds[fixture->bind_count++];
    (void)snprintf(bind->pod, sizeof(bind->pod), "%s", pod);
    (void)snprintf(bind->node, sizeof(bind->node), "%s", node);
    bind->at_ms = at_ms;
}

void play_fixture_init(struct play_fixture *fixture)
{
    *fixture = (struct play_fixture){0};
    workload_init(&fixture->workload);
    play_options_init(&fixture->options);
    fixture->options.ctx = fixture;
    fixture->options.on_bound = on_bound;
}

void play_fixture_fini(struct play_fixture *fixture)
{
    play_result_fini(&fixture->result);
    workload_fini(&fixture->workload);
}

static uint32_t intern(struct play_fixture *fixture, const char *text)
{
    return symbol_intern(fixture->workload.symbols, str_from(text));
}

uint32_t play_fixture_node(struct play_fixture *fixture, const char *name, int64_t cores,
                           int64_t joins_ms, int64_t leaves_ms)
{
    const struct workload_node_kind kind = {
        .offers = {.cpu_milli = cores * 1000, .memory_bytes = INT64_C(8) << 30}, .pods = 110};
    uint32_t number = workload_add_node_kind(&fixture->workload, &kind);
    workload_add_node(&fixture->workload,
                      &(struct workload_node){intern(fixture, name), number, joins_ms, leaves_ms});
    return fixture->workload.node_count - 1;
}

void play_fixture_pod(struct play_fixture *fixture, const struct fixture_pod *pod)
{
    const struct workload_pod_kind kind = {.asks = {.cpu_milli = pod->cores * 1000},
                                           .priority = pod->priority};
    workload_add_pod(&fixture->workload,
                     &(struct workload_pod){
                         .name_sym = intern(fixture, pod->name),
                         .kind = workload_add_pod_kind(&fixture->workload, &kind),
                         .created_ms = pod->created_ms,
                         .runs_ms = pod->runs_ms > 0 ? pod->runs_ms : INT64_MAX,
                         .gone_ms = pod->gone_ms > 0 ? pod->gone_ms : INT64_MAX,
                     });
}

void play_fixture_run(struct play_fixture *fixture)
{
    struct err err = {0};
    workload_sort(&fixture->workload);
    cr_assert_eq(play_run(&fixture->workload, &fixture->options, &fixture->result, &err), 0, "%s",
                 err.text);
}

const struct fixture_bind *play_fixture_bind(const struct play_fixture *fixture, const char *pod)
{
    for (uint32_t i = 0; i < fixture->bind_count; i++)
        if (strcmp(fixture->binds[i].pod, pod) == 0)
            return &fixture->binds[i];
    return NULL;
}
