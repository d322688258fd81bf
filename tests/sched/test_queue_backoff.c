#include "sched/queue_backoff.h"

#include <criterion/criterion.h>
#include <inttypes.h>

static const struct queue_config defaults = {QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS};

static const struct {
    int64_t initial_ms, max_ms;
    uint32_t failure_count;
    int64_t want_ms;
} durations[] = {
    {1000, 10000, 0, 0},
    {1000, 10000, 1, 1000},
    {1000, 10000, 2, 2000},
    {1000, 10000, 3, 4000},
    {1000, 10000, 4, 8000},
    {1000, 10000, 5, 10000},
    {1000, 10000, 6, 10000},
    {1000, 10000, 64, 10000}, /* 2^63 would not fit */
    {1000, 10000, UINT32_MAX, 10000},
    {3000, 10000, 2, 6000},
    {3000, 10000, 3, 10000},
    {20000, 10000, 1, 10000}, /* never above the maximum */
    {1000, 0, 1, 0},          /* a maximum of 0: no backoff */
    {1000, 0, 100, 0},
};

Test(queue_backoff, doubles_from_the_initial_up_to_the_maximum)
{
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        struct queue_config config = {durations[i].initial_ms, durations[i].max_ms};
        int64_t got_ms = backoff_duration_ms(&config, durations[i].failure_count);
        cr_expect_eq(got_ms, durations[i].want_ms, "row %zu: %" PRId64, i, got_ms);
    }
}

/* The expiry is cut to a whole second, and in that second the pod still waits. */
static const struct {
    int64_t stamp_ms;
    uint16_t refusals, errors;
    int64_t first_free_ms;
} ends[] = {
    {5000, 1, 0, 7000},                      /* expires at 6.000: in second 6 it waits */
    {5001, 1, 0, 7000},                      /* 6.001 is cut to 6 */
    {5999, 1, 0, 7000},                      /* 6.999 is cut to 6 */
    {6000, 1, 0, 8000},  {5300, 2, 0, 8000}, /* 5.3 + 2 = 7.3 */
    {5300, 3, 0, 10000},                     /* + 4 */
    {5300, 4, 0, 14000},                     /* + 8 */
    {5300, 5, 0, 16000},                     /* + 10 */
    {5300, 9, 0, 16000}, {5300, 0, 1, 7000}, {5300, 5, 1, 7000}, /* errors in a row count alone */
    {5300, 1, 5, 16000},
};

Test(queue_backoff, ends_after_the_second_in_which_it_expires)
{
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct pod pod = {.queued_at = {ends[i].stamp_ms},
                          .unschedulable_count = ends[i].refusals,
                          .error_count = ends[i].errors};
        pod.backoff_until = backoff_end(&defaults, &pod);
        cr_expect(backoff_is_running(&pod, (struct mono_ms){ends[i].first_free_ms - 1}), "row %zu",
                  i);
        cr_expect(!backoff_is_running(&pod, (struct mono_ms){ends[i].first_free_ms}), "row %zu", i);
    }
}

Test(queue_backoff, does_not_hold_a_pod_that_never_failed)
{
    struct pod pod = {.queued_at = {5300}};
    pod.backoff_until = backoff_end(&defaults, &pod);
    cr_expect(!backoff_is_running(&pod, pod.queued_at));
}

Test(queue_backoff, of_maximum_zero_holds_nobody)
{
    struct queue_config config = {1000, 0};
    struct pod pod = {.queued_at = {5300}, .unschedulable_count = 7, .error_count = 7};
    pod.backoff_until = backoff_end(&config, &pod);
    cr_expect(!backoff_is_running(&pod, pod.queued_at));
}

/* Checks are at whole multiples of 30 s; "more than 5 minutes", not "5 minutes or more". */
static const struct {
    int64_t stamp_ms, due_ms;
} leftovers[] = {
    {0, 330000}, {1, 330000}, {29999, 330000}, {30000, 360000}, {30001, 360000}, {60000, 390000},
};

Test(queue_backoff, leftovers_are_due_at_the_first_check_after_five_minutes)
{
    for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
        struct pod pod = {.queued_at = {leftovers[i].stamp_ms}};
        cr_expect_eq(leftover_due(&pod).ms, leftovers[i].due_ms, "row %zu: %" PRId64, i,
                     leftover_due(&pod).ms);
    }
}
