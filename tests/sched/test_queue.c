/* Each test is a rule of kube-scheduler.md A3, in virtual time with the chapter's numbers: order,
 * failures, time. Gates and updates are in test_queue_update.c. */
#include "tests/sched/queue_fixture.h"

#include <criterion/criterion.h>

static struct queue_fixture f;

static void setup(void)
{
    queue_fixture_init(&f, QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS);
}

static void teardown(void)
{
    queue_fixture_fini(&f);
}

TestSuite(queue, .init = setup, .fini = teardown);

/* ---- order ---- */

Test(queue, pops_by_priority_then_time_stamp_then_arrival)
{
    static const struct {
        int32_t priority;
        int64_t at_ms;
        int rank;
    } pods[] = {
        {0, 1000, 4}, {10, 3000, 1}, {10, 2000, 0},     {0, 1000, 5}, {10, 3000, 2},
        {0, 500, 3},  {-5, 0, 7},    {INT32_MIN, 0, 8}, {0, 1000, 6}, /* equal to pods 0 and 3: they
                                                                         came first */
    };
    for (uint32_t i = 0; i < ARRAY_LEN(pods); i++) {
        f.pods[i].priority = pods[i].priority;
        queue_fixture_add(&f, i, pods[i].at_ms);
    }
    for (int rank = 0; rank < (int)ARRAY_LEN(pods); rank++) {
        int pod = queue_fixture_pop(&f, 5000);
        cr_assert(pod >= 0);
        cr_expect_eq(pods[pod].rank, rank, "pod %d came as number %d", pod, rank);
    }
    cr_assert_eq(queue_fixture_pop(&f, 5000), -1);
}

Test(queue, puts_a_retried_pod_behind_equals_that_have_not_failed)
{
    queue_fixture_add(&f, 0, 1000);
    queue_fixture_add(&f, 1, 2000);
    queue_fixture_add(&f, 2, 3000);
    cr_assert_eq(queue_fixture_pop(&f, 3000), 0);
    queue_fixture_return(&f, 0, BY_FIT, 4000);
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 60000), 1);
    queue_fixture_add(&f, 3, 60000);
    cr_expect_eq(queue_fixture_pop(&f, 60000), 1);
    cr_expect_eq(queue_fixture_pop(&f, 60000), 2);
    cr_expect_eq(queue_fixture_pop(&f, 60000), 0, "its stamp is 4000, of the failure");
    cr_expect_eq(queue_fixture_pop(&f, 60000), 3);
}

Test(queue, counts_attempts_at_pop_and_forgets_who_refused)
{
    queue_fixture_park(&f, 0, BY_FIT, 0);
    cr_assert_eq(f.pods[0].attempts, 1);
    cr_assert_eq(f.pods[0].rejectors, BY_FIT);
    queue_fixture_wake(&f, WAKE_POD_REMOVED, 60000);
    cr_assert_eq(queue_fixture_pop(&f, 60000), 0);
    cr_assert_eq(f.pods[0].attempts, 2);
    cr_assert_eq(f.pods[0].rejectors, 0);
    cr_assert_eq(f.pods[0].queue_place, QUEUE_NOWHERE);
}

/* ---- failures ---- */

Test(queue, parks_the_refused_and_backs_off_the_failed)
{
    queue_fixture_add(&f, 0, 0);
    queue_fixture_add(&f, 1, 0);
    cr_assert_eq(queue_fixture_pop(&f, 0), 0);
    cr_assert_eq(queue_fixture_pop(&f, 0), 1);
    queue_fixture_return(&f, 0, BY_FIT, 100);
    queue_fixture_return(&f, 1, 0, 100);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_PARKED);
    cr_expect_eq(f.pods[1].queue_place, QUEUE_ERROR_BACKOFF);
    cr_expect_not(queue_is_ready(f.queue));
    cr_expect_eq(queue_fixture_pop(&f, 100), -1);
}

/* One pod fails again and again, at 1.3 s after a whole second each time: R refused, E by an error.
 * Errors in a row count when there are any, else refusals; a refusal ends the row of errors, an
 * error leaves the refusals. */
static const struct {
    const char *failures;
    int64_t backoff_ms; /* after the last of them */
} histories[] = {
    {"R", 1000},       {"RR", 2000},   {"RRR", 4000},   {"RRRR", 8000},   {"RRRRR", 10000},
    {"RRRRRR", 10000}, {"E", 1000},    {"EE", 2000},    {"EEE", 4000},    {"EEEE", 8000},
    {"EEEEE", 10000},  {"RRE", 1000},  {"RREE", 2000},  {"RRER", 4000},   {"ER", 1000},
    {"EEEER", 1000},   {"EERE", 1000}, {"EEREE", 2000}, {"RERERE", 1000}, {"RERER", 4000},
};

Test(queue, backs_off_by_the_counts_of_errors_and_refusals)
{
    for (size_t i = 0; i < ARRAY_LEN(histories); i++) {
        int64_t now_ms = 0;
        queue_fixture_add(&f, 0, now_ms);
        for (const char *failure = histories[i].failures; *failure; failure++) {
            now_ms += 100000;
            queue_flush(f.queue, at_ms(now_ms));
            cr_assert_eq(queue_fixture_pop(&f, now_ms), 0);
            now_ms += 1300;
            queue_fixture_return(&f, 0, *failure == 'R' ? BY_FIT : 0, now_ms);
            queue_fixture_wake(&f, WAKE_POD_REMOVED, now_ms);
        }
        int64_t expiry_ms = now_ms + histories[i].backoff_ms;
        int64_t free_ms = expiry_ms - expiry_ms % 1000 + 1000;
        cr_expect_eq(queue_next_flush(f.queue).ms, free_ms, "%s", histories[i].failures);
        queue_flush(f.queue, at_ms(free_ms - 1));
        cr_expect_neq(f.pods[0].queue_place, QUEUE_ACTIVE, "%s", histories[i].failures);
        queue_flush(f.queue, at_ms(free_ms));
        cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE, "%s", histories[i].failures);
        queue_remove(f.queue, &f.pods[0]);
    }
}

Test(queue, starts_over_with_a_pod_that_is_added_again)
{
    queue_fixture_park(&f, 0, BY_FIT, 0);
    queue_remove(f.queue, &f.pods[0]);
    queue_fixture_add(&f, 0, 100);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
    cr_expect_eq(f.pods[0].attempts, 0);
    cr_expect_eq(f.pods[0].unschedulable_count, 0);
}

/* ---- where a woken pod goes ---- */

Test(queue, sends_a_woken_pod_to_backoff_while_it_backs_off)
{
    queue_fixture_park(&f, 0, BY_FIT, 5300); /* expiry 6.3, cut to 6: waits until 7 */
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 6999), 1);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_BACKOFF);
}

Test(queue, sends_a_woken_pod_to_active_when_its_backoff_is_over)
{
    queue_fixture_park(&f, 0, BY_FIT, 5300);
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 7000), 1);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
}

Test(queue, does_not_back_off_with_a_maximum_of_zero)
{
    queue_fixture_fini(&f);
    queue_fixture_init(&f, 1000, 0);
    queue_fixture_park(&f, 0, BY_FIT, 5300);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_PARKED);
    cr_expect_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 5300), 1);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
    cr_assert_eq(queue_fixture_pop(&f, 5300), 0);
    queue_fixture_return(&f, 0, 0, 5300);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
}

/* ---- the backoff heaps ---- */

Test(queue, pops_the_head_of_backoff_when_active_is_empty)
{
    queue_fixture_park(&f, 0, BY_FIT, 0);
    queue_fixture_wake(&f, WAKE_POD_REMOVED, 10);
    cr_assert_eq(f.pods[0].queue_place, QUEUE_BACKOFF);
    cr_expect(queue_is_ready(f.queue));
    cr_expect_eq(queue_fixture_pop(&f, 20), 0);
}

Test(queue, prefers_an_active_pod_to_a_more_important_one_in_backoff)
{
    f.pods[0].priority = 100;
    queue_fixture_park(&f, 0, BY_FIT, 0);
    queue_fixture_wake(&f, WAKE_POD_REMOVED, 10);
    queue_fixture_add(&f, 1, 20);
    cr_expect_eq(queue_fixture_pop(&f, 20), 1);
    cr_expect_eq(queue_fixture_pop(&f, 20), 0);
}

Test(queue, never_pops_from_error_backoff_before_its_time)
{
    queue_fixture_add(&f, 0, 0);
    cr_assert_eq(queue_fixture_pop(&f, 0), 0);
    queue_fixture_return(&f, 0, 0, 0);
    cr_expect_eq(queue_fixture_pop(&f, 1999), -1);
    cr_expect_eq(queue_fixture_pop(&f, 2000), 0);
}

Test(queue, orders_backoff_by_second_of_expiry_then_as_active)
{
    static const struct {
        int32_t priority;
        int64_t at_ms; /* expires one second later */
        int rank;
    } pods[] = {
        {0, 1100, 2}, {0, 1900, 3}, {5, 1900, 1}, {9, 2000, 4}, {9, 1999, 0},
    };
    for (uint32_t i = 0; i < ARRAY_LEN(pods); i++) {
        f.pods[i].priority = pods[i].priority;
        queue_fixture_park(&f, i, BY_FIT, pods[i].at_ms);
    }
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 2000), ARRAY_LEN(pods));
    cr_assert_eq(queue_fixture_count(&f, QUEUE_BACKOFF), ARRAY_LEN(pods));
    for (int rank = 0; rank < (int)ARRAY_LEN(pods); rank++) {
        int pod = queue_fixture_pop(&f, 2000);
        cr_assert(pod >= 0);
        cr_expect_eq(pods[pod].rank, rank, "pod %d came as number %d", pod, rank);
    }
}

Test(queue, orders_expired_backoffs_by_priority_whoever_expired_first)
{
    queue_fixture_park(&f, 0, BY_FIT, 1000); /* free at 3.0 */
    f.pods[1].priority = 7;
    queue_fixture_park(&f, 1, BY_FIT, 2000); /* free at 4.0 */
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 2500), 2);
    cr_assert_eq(queue_fixture_count(&f, QUEUE_BACKOFF), 2);
    cr_expect_eq(queue_fixture_pop(&f, 4000), 1);
}

Test(queue, flushes_each_whole_second)
{
    queue_fixture_park(&f, 0, BY_FIT, 1100); /* free at 3.0 */
    queue_fixture_park(&f, 1, BY_FIT, 2100); /* free at 4.0 */
    queue_fixture_wake(&f, WAKE_POD_REMOVED, 2200);
    queue_fixture_add(&f, 2, 2200);
    cr_assert_eq(queue_fixture_pop(&f, 2200), 2);
    queue_fixture_return(&f, 2, 0, 3200); /* free at 5.0 */
    static const struct {
        int64_t now_ms, next_ms;
        uint32_t active;
    } steps[] = {
        {2999, 3000, 0}, {3000, 4000, 1}, {3999, 4000, 1}, {4000, 5000, 2}, {5000, INT64_MAX, 3},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        queue_flush(f.queue, at_ms(steps[i].now_ms));
        queue_check(f.queue);
        cr_expect_eq(queue_fixture_count(&f, QUEUE_ACTIVE), steps[i].active, "row %zu", i);
        cr_expect_eq(queue_next_flush(f.queue).ms, steps[i].next_ms, "row %zu", i);
    }
}

/* ---- leftovers ---- */

Test(queue, tries_a_leftover_again_after_five_minutes)
{
    queue_fixture_park(&f, 0, BY_FEATURES,
                       40000); /* 5 min are over at 340.0, the check is at 360 */
    cr_expect_eq(queue_next_flush(f.queue).ms, 360000);
    queue_flush(f.queue, at_ms(359999));
    cr_expect_eq(f.pods[0].queue_place, QUEUE_PARKED);
    queue_flush(f.queue, at_ms(360000));
    queue_check(f.queue);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
}

Test(queue, sends_a_leftover_to_backoff_while_it_backs_off)
{
    queue_fixture_fini(&f);
    queue_fixture_init(&f, 600000, 600000);
    queue_fixture_park(&f, 0, BY_FIT, 0);
    queue_flush(f.queue, at_ms(330000));
    queue_check(f.queue);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_BACKOFF);
    cr_expect_eq(queue_next_flush(f.queue).ms, 601000);
}

Test(queue, moves_all_leftovers_of_a_late_flush_and_then_waits_for_the_next)
{
    for (uint32_t i = 0; i < 4; i++)
        queue_fixture_park(&f, i, BY_FIT, i * 20000); /* due at 330, 330, 360, 390 s */
    queue_flush(f.queue, at_ms(365000));
    queue_check(f.queue);
    cr_expect_eq(queue_fixture_count(&f, QUEUE_ACTIVE), 3);
    cr_expect_eq(queue_next_flush(f.queue).ms, 390000);
}

Test(queue, has_nothing_to_flush_when_nothing_waits_on_time)
{
    cr_expect_eq(queue_next_flush(f.queue).ms, INT64_MAX);
    f.pods[0].gate_count = 1;
    queue_fixture_add(&f, 0, 0);
    queue_fixture_add(&f, 1, 0);
    cr_expect_eq(queue_next_flush(f.queue).ms, INT64_MAX);
}
