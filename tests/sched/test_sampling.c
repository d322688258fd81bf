/* kube-scheduler's percentageOfNodesToScore through the whole cycle: counts and start index of
 * kube-scheduler.md A6, and the trap of A18.3. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sched/cycle.h"
#include "tests/sched/fixture.h"

enum { NODES = 1000 };

struct trial {
    struct fixture fixture;
    struct nominator nominator;
    struct book *book;
    struct cycle cycle;
    struct buf message;
};

/* Every `stride`-th node has room for a pod of cpu=2, beginning with n0. */
static void trial_init(struct trial *trial, int32_t percentage, uint32_t stride, bool has_scores)
{
    fixture_init(&trial->fixture);
    nominator_init(&trial->nominator);
    for (uint32_t i = 0; i < NODES; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%u", i);
        (void)fixture_node(&trial->fixture, &(struct fixture_node){
                                                .name = name,
                                                .allocatable = i % stride ? "cpu=1, memory=1Gi"
                                                                          : "cpu=4, memory=4Gi",
                                            });
    }
    struct cycle_config config = {
        .predicate_step = 64, .feasible_target = 100, .percentage = percentage};
    score_config_init(&config.score);
    if (!has_scores)
        memset(config.score.weights, 0, sizeof(config.score.weights));
    static const struct unit_types plain = {.count = 1};
    trial->book = book_new(&trial->fixture.cluster, &plain);
    const struct cycle_world world = {.cluster = &trial->fixture.cluster,
                                      .nominator = &trial->nominator,
                                      .book = trial->book,
                                      .types = &plain};
    cycle_init(&trial->cycle, &config, &world);
    buf_init(&trial->message, CYCLE_MESSAGE_BYTES_MAX);
}

static void trial_fini(struct trial *trial)
{
    buf_fini(&trial->message);
    cycle_fini(&trial->cycle);
    nominator_fini(&trial->nominator);
    book_free(trial->book);
    fixture_fini(&trial->fixture);
}

static uint32_t run(struct trial *trial, const struct fixture_pod *text)
{
    struct pod *pod = fixture_pod(&trial->fixture, text);
    return cycle_run(&trial->cycle, pod, (struct mono_ms){0}, &trial->message).slot;
}

/* Of 1000 nodes 42 % are enough: 50 - 1000 / 125. */
static const struct {
    int32_t percentage;
    uint32_t stride; /* every such node is feasible */
    bool has_scores;
    uint32_t found, starts[3]; /* after each of three pods */
} rows[] = {
    {0, 1, true, 420, {420, 840, 260}}, {40, 1, true, 400, {400, 800, 200}},
    {5, 1, true, 100, {100, 200, 300}}, /* 50 are raised to 100 */
    {100, 1, true, 1000, {0, 0, 0}},    /* all, and the start comes round to itself */
    {0, 2, true, 420, {839, 679, 519}}, /* n0, n2 .. n838 from 0; n840 .. n678 from 839 */
    {0, 3, true, 334, {0, 0, 0}},       /* 334 are fewer than 420: every node was looked at */
    {0, 1, false, 1, {1, 2, 3}},        /* nothing is scored: the first one does */
    {0, 4, false, 1, {1, 5, 9}},        /* n0; n4, failures of n1 to n3 counted */
};

Test(sampling, finds_so_many_and_starts_behind_the_last_one_looked_at)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct trial trial;
        trial_init(&trial, rows[i].percentage, rows[i].stride, rows[i].has_scores);
        for (size_t pod = 0; pod < ARRAY_LEN(rows[i].starts); pod++) {
            (void)run(&trial, &(struct fixture_pod){.name = "p", .containers = "cpu=2"});
            cr_expect_eq(trial.cycle.walk.count, rows[i].found, "row %zu, pod %zu: %u", i, pod,
                         trial.cycle.walk.count);
            cr_expect_eq(trial.cycle.cursor % NODES, rows[i].starts[pod], "row %zu, pod %zu: %u", i,
                         pod, trial.cycle.cursor);
        }
        trial_fini(&trial);
    }
}

/* A pod of a DaemonSet: one candidate, one node looked at, wherever it stands. */
Test(sampling, of_a_pod_that_names_its_node_moves_the_start_by_one)
{
    struct trial trial;
    trial_init(&trial, 0, 1, true);
    uint32_t slot =
        run(&trial, &(struct fixture_pod){.name = "p", .required = "@metadata.name In n777"});
    cr_expect_eq(slot, 777);
    cr_expect_eq(trial.cycle.cursor, 1);
    slot = run(&trial, &(struct fixture_pod){.name = "q", .required = "@metadata.name In n0"});
    cr_expect_eq(slot, 0);
    cr_expect_eq(trial.cycle.cursor, 2);
    slot = run(&trial, &(struct fixture_pod){.name = "r", .required = "@metadata.name In none"});
    cr_expect_eq(slot, NODE_SLOT_NONE);
    cr_expect_eq(trial.cycle.cursor, 2, "no candidate, nothing looked at");
    trial_fini(&trial);
}

/* 64 nodes are named, every tenth from n0 on: fewer than 100 candidates, so that all of them are
 * enough, and the start moves by 64. Of all 1000 nodes 420 would be looked for. */
Test(sampling, counts_the_candidates_when_terms_name_nodes)
{
    struct trial trial;
    trial_init(&trial, 0, 1, true);
    char required[64 * 32];
    size_t len = 0;
    for (uint32_t i = 0; i < 64; i++)
        len += (size_t)snprintf(required + len, sizeof(required) - len, "%s@metadata.name In n%u",
                                i ? "; " : "", 10 * i);
    const struct fixture_pod pod = {.name = "p", .required = required};
    for (uint32_t i = 1; i <= 3; i++) {
        (void)run(&trial, &pod);
        cr_expect_eq(trial.cycle.walk.count, 64);
        cr_expect_eq(trial.cycle.cursor, 64 * i);
    }
    trial_fini(&trial);
}

/* n1, n2, n3 have no room: 4 nodes a pod without scores; the nominated one was asked too. */
Test(sampling, counts_the_nominated_node_that_failed_once)
{
    static const struct {
        const char *nominated;
        uint32_t slot, start;
    } steps[] = {
        {NULL, 0, 1},     {"n500", 500, 1}, /* it passes: nothing else is looked at */
        {"n501", 4, 6},                     /* n1 .. n4, and n501 */
        {"n7", 8, 9},                       /* n6, n7, n8: n7 is among them */
        {"gone", 12, 13},                   /* it is not there: not asked */
    };
    struct trial trial;
    trial_init(&trial, 0, 4, false);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        uint32_t slot =
            run(&trial, &(struct fixture_pod){
                            .name = "p", .containers = "cpu=2", .nominated = steps[i].nominated});
        cr_expect_eq(slot, steps[i].slot, "step %zu: %u", i, slot);
        cr_expect_eq(trial.cycle.cursor, steps[i].start, "step %zu: %u", i, trial.cycle.cursor);
    }
    trial_fini(&trial);
}

/* "No node" is never concluded from a trial: one node of 1000 has room, the start anywhere, and
 * every limit on the search. */
Test(sampling, finds_the_only_node_under_every_limit)
{
    static const struct {
        int32_t percentage;
        uint32_t step, target;
    } limits[] = {{-1, 64, 100}, {-1, 1, 1},   {-1, 1000, 0},
                  {0, 64, 100},  {5, 64, 100}, {100, 64, 1}};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct trial trial;
        trial_init(&trial, limits[i].percentage, NODES, true);
        trial.cycle.config.predicate_step = limits[i].step;
        trial.cycle.config.feasible_target = limits[i].target;
        for (uint32_t start = 0; start < NODES; start += 37) {
            trial.cycle.cursor = start;
            uint32_t slot = run(&trial, &(struct fixture_pod){.name = "p", .containers = "cpu=2"});
            cr_expect_eq(slot, 0, "row %zu from %u", i, start);
            slot = run(&trial, &(struct fixture_pod){.name = "g", .containers = "cpu=5"});
            cr_expect_eq(slot, NODE_SLOT_NONE);
            cr_expect_str_eq(trial.message.data,
                             "0/1000 nodes are available: 1000 Insufficient cpu.");
        }
        trial_fini(&trial);
    }
}
