#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>

#include "model/base/heap.h"
#include "tests/model/seed.h"

struct job {
    uint32_t position;
    uint32_t id; /* breaks ties */
    int64_t due;
};

static bool job_before(const void *a, const void *b)
{
    const struct job *left = a, *right = b;
    return left->due != right->due ? left->due < right->due : left->id < right->id;
}

static uint32_t *job_position(void *item)
{
    struct job *job = item;
    return &job->position;
}

Test(heap, an_empty_heap_has_no_first)
{
    struct heap heap;
    heap_init(&heap, job_before, job_position);
    cr_assert_null(heap_peek(&heap));
    cr_assert_null(heap_peek_second(&heap));
    cr_assert_null(heap_pop(&heap));
    heap_fini(&heap);
}

Test(heap, pops_in_order_and_ties_by_number)
{
    static const int64_t dues[] = {5, 1, 5, 3, 1, 9};
    static const uint32_t order[] = {1, 4, 3, 0, 2, 5};
    struct job jobs[6];
    struct heap heap;
    heap_init(&heap, job_before, job_position);
    for (uint32_t i = 0; i < 6; i++) {
        jobs[i] = (struct job){.id = i, .due = dues[i]};
        heap_push(&heap, &jobs[i]);
        heap_check(&heap);
    }
    for (int i = 0; i < 6; i++) {
        cr_assert_eq(heap_peek_second(&heap), i < 5 ? &jobs[order[i + 1]] : NULL);
        struct job *job = heap_pop(&heap);
        cr_assert_eq(job->id, order[i]);
        cr_assert_eq(job->position, HEAP_NOWHERE);
        heap_check(&heap);
    }
    heap_fini(&heap);
}

Test(heap, pushing_twice_is_a_bug, .signal = SIGABRT)
{
    struct job job = {.due = 1};
    struct heap heap;
    heap_init(&heap, job_before, job_position);
    heap_push(&heap, &job);
    heap_push(&heap, &job);
}

Test(heap, removing_from_another_heap_is_a_bug, .signal = SIGABRT)
{
    struct job here = {.id = 1}, there = {.id = 2};
    struct heap heap, other;
    heap_init(&heap, job_before, job_position);
    heap_init(&other, job_before, job_position);
    heap_push(&heap, &here);
    heap_push(&other, &there);
    heap_remove(&heap, &there);
}

enum { JOBS = 300 };

/* The job that must leave first, found by looking at all. */
static struct job *naive_first(struct job *jobs)
{
    struct job *first = NULL;
    for (int i = 0; i < JOBS; i++)
        if (jobs[i].position != HEAP_NOWHERE && (!first || job_before(&jobs[i], first)))
            first = &jobs[i];
    return first;
}

Test(heap, random_walk_agrees_with_looking_at_all)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "heap");
    static struct job jobs[JOBS];
    for (uint32_t i = 0; i < JOBS; i++)
        jobs[i] = (struct job){.id = i};
    struct heap heap;
    heap_init(&heap, job_before, job_position);
    uint32_t count = 0;
    for (int step = 0; step < 20000; step++) {
        struct job *job = &jobs[rng_below(&rng, JOBS)];
        uint64_t dice = rng_below(&rng, 4);
        if (job->position == HEAP_NOWHERE && dice > 0) {
            job->due = (int64_t)rng_below(&rng, 50);
            heap_push(&heap, job);
            count++;
        } else if (job->position != HEAP_NOWHERE && dice == 1) {
            heap_remove(&heap, job);
            count--;
        } else if (job->position != HEAP_NOWHERE && dice == 2) {
            job->due = (int64_t)rng_below(&rng, 50);
            heap_update(&heap, job);
        } else if (dice == 0 && count > 0) {
            struct job *first = naive_first(jobs);
            cr_assert_eq(heap_pop(&heap), first, "seed %" PRIu64, seed);
            count--;
        }
        heap_check(&heap);
        cr_assert_eq(heap.count, count, "seed %" PRIu64, seed);
        cr_assert_eq(heap_peek(&heap), naive_first(jobs), "seed %" PRIu64, seed);
    }
    heap_fini(&heap);
}
