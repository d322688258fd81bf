#include "tests/sched/queue_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "model/base/mem.h"

void queue_fixture_init(struct queue_fixture *fixture, int64_t initial_ms, int64_t max_ms)
{
    *fixture = (struct queue_fixture){0};
    struct queue_config config = {.initial_backoff_ms = initial_ms, .max_backoff_ms = max_ms};
    fixture->queue = queue_new(&config, &(struct park_world){.cluster = &fixture->cluster});
    fixture->asks_nothing = mem_zalloc(1, sizeof(*fixture->asks_nothing));
    for (uint32_t i = 0; i < FIXTURE_SHAPES; i++)
        fixture->shapes[i].requests = fixture->asks_nothing;
    for (uint32_t i = 0; i < FIXTURE_PODS; i++)
        fixture->pods[i].shape = &fixture->shapes[0];
}

void queue_fixture_fini(struct queue_fixture *fixture)
{
    queue_free(fixture->queue);
    free(fixture->asks_nothing);
}

void queue_fixture_add(struct queue_fixture *fixture, uint32_t pod, int64_t now_ms)
{
    queue_add(fixture->queue, &fixture->pods[pod], at_ms(now_ms));
    queue_check(fixture->queue);
}

void queue_fixture_return(struct queue_fixture *fixture, uint32_t pod, uint32_t rejectors,
                          int64_t now_ms)
{
    queue_return(fixture->queue, &fixture->pods[pod], rejectors, at_ms(now_ms));
    queue_check(fixture->queue);
}

uint32_t queue_fixture_count(const struct queue_fixture *fixture, enum queue_place place)
{
    return queue_counts(fixture->queue).by_place[place];
}

int queue_fixture_pop(struct queue_fixture *fixture, int64_t now_ms)
{
    struct pod *pod = queue_pop(fixture->queue, at_ms(now_ms));
    queue_check(fixture->queue);
    return pod ? (int)(pod - fixture->pods) : -1;
}

void queue_fixture_park(struct queue_fixture *fixture, uint32_t pod, uint32_t rejectors,
                        int64_t now_ms)
{
    queue_fixture_add(fixture, pod, now_ms);
    cr_assert_eq(queue_fixture_pop(fixture, now_ms), (int)pod);
    queue_fixture_return(fixture, pod, rejectors, now_ms);
}

uint32_t queue_fixture_wake(struct queue_fixture *fixture, enum wake_kind kind, int64_t now_ms)
{
    struct wake_event event = {.kind = kind, .slot = NODE_SLOT_NONE};
    uint32_t woken = queue_wake(fixture->queue, &event, at_ms(now_ms));
    queue_check(fixture->queue);
    return woken;
}
