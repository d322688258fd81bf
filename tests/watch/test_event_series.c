#include <criterion/criterion.h>

#include "model/base/check.h"
#include "watch/event_series.h"

enum { MINUTE_MS = 60 * 1000 };

static struct event_series *series;
static struct mono_ms now;
static struct series_patch patch;

static void setup(void)
{
    series = event_series_new(1);
    now = (struct mono_ms){5000000};
    patch = (struct series_patch){0};
}

static void teardown(void)
{
    event_series_free(series);
}

TestSuite(event_series, .init = setup, .fini = teardown);

static struct series_key key_of(uint64_t pod, uint64_t what)
{
    return (struct series_key){.uid = {pod, ~pod}, .hash = what};
}

static enum series_verdict see(uint64_t pod, uint64_t what)
{
    const struct series_sighting sighting = {
        .key = key_of(pod, what),
        .namespace_sym = 7,
        .event_name = STR("pod.1"),
        .now = now,
        .unix_us = now.ms * 1000,
    };
    return event_series_see(series, &sighting, &patch);
}

static void post_done(uint64_t pod, uint64_t what)
{
    cr_assert_not(event_series_posted(series, key_of(pod, what), true, &patch));
}

Test(event_series, posts_the_first_patches_the_second_counts_the_rest)
{
    cr_assert_eq(see(1, 1), SERIES_POST);
    post_done(1, 1);
    now = mono_add(now, 1000);
    cr_assert_eq(see(1, 1), SERIES_PATCH);
    cr_assert_eq(patch.count, 2);
    cr_assert_eq(patch.last_unix_us, now.ms * 1000);
    cr_assert_eq(patch.namespace_sym, 7);
    cr_assert(str_is(patch.event_name, "pod.1"));
    event_series_patched(series, key_of(1, 1), false);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(see(1, 1), SERIES_COUNTED);
    cr_assert_not(event_series_due(series, now, &patch));
}

Test(event_series, tells_pods_and_reasons_apart)
{
    cr_assert_eq(see(1, 1), SERIES_POST);
    cr_assert_eq(see(2, 1), SERIES_POST);
    cr_assert_eq(see(1, 2), SERIES_POST);
    cr_assert_eq(event_series_count(series), 3);
}

Test(event_series, never_patches_before_the_post_is_answered)
{
    (void)see(1, 1);
    cr_assert_eq(see(1, 1), SERIES_COUNTED);
    cr_assert_eq(see(1, 1), SERIES_COUNTED);
    cr_assert(event_series_posted(series, key_of(1, 1), true, &patch));
    cr_assert_eq(patch.count, 3);
    cr_assert_eq(see(1, 1), SERIES_COUNTED);
}

Test(event_series, posts_anew_when_the_post_failed)
{
    (void)see(1, 1);
    cr_assert_not(event_series_posted(series, key_of(1, 1), false, &patch));
    cr_assert_eq(see(1, 1), SERIES_POST);
}

Test(event_series, posts_anew_when_the_event_has_expired)
{
    (void)see(1, 1);
    post_done(1, 1);
    (void)see(1, 1);
    event_series_patched(series, key_of(1, 1), true);
    cr_assert_eq(see(1, 1), SERIES_POST);
}

static void start_series(void)
{
    (void)see(1, 1);
    post_done(1, 1);
    (void)see(1, 1);
    event_series_patched(series, key_of(1, 1), false);
}

Test(event_series, refreshes_a_living_series_every_30_minutes)
{
    start_series();
    uint32_t refreshes = 0;
    for (int minute = 1; minute <= 90; minute++) {
        now = mono_add(now, MINUTE_MS);
        cr_assert_eq(see(1, 1), SERIES_COUNTED);
        if (!event_series_due(series, now, &patch))
            continue;
        refreshes++;
        cr_assert_eq(minute % 30, 0);
        cr_assert_eq(patch.count, 2 + (uint32_t)minute);
        event_series_patched(series, key_of(1, 1), false);
    }
    cr_assert_eq(refreshes, 3);
}

Test(event_series, ends_after_six_minutes_of_silence_with_a_last_patch)
{
    start_series();
    (void)see(1, 1);
    now = mono_add(now, 6 * MINUTE_MS - 1);
    cr_assert_not(event_series_due(series, now, &patch));
    now = mono_add(now, 1);
    cr_assert(event_series_due(series, now, &patch));
    cr_assert_eq(patch.count, 3);
    cr_assert_not(event_series_due(series, now, &patch));
    event_series_patched(series, key_of(1, 1), false);
    cr_assert_eq(event_series_count(series), 0);
}

Test(event_series, ends_without_a_patch_when_all_is_told)
{
    start_series();
    (void)see(2, 1);
    post_done(2, 1);
    now = mono_add(now, 6 * MINUTE_MS);
    cr_assert_not(event_series_due(series, now, &patch));
    cr_assert_eq(event_series_count(series), 0);
}

Test(event_series, lives_on_when_seen_during_its_last_patch)
{
    start_series();
    (void)see(1, 1);
    now = mono_add(now, 6 * MINUTE_MS);
    cr_assert(event_series_due(series, now, &patch));
    cr_assert_eq(see(1, 1), SERIES_COUNTED);
    event_series_patched(series, key_of(1, 1), false);
    cr_assert_eq(event_series_count(series), 1);
}

Test(event_series, holds_4096_and_gives_up_the_least_recently_seen)
{
    for (uint64_t pod = 0; pod < 4096; pod++)
        (void)see(pod, 1);
    (void)see(0, 1); /* pod 0 is recent again, pod 1 the oldest */
    cr_assert_eq(see(9999, 1), SERIES_POST);
    cr_assert_eq(event_series_count(series), 4096);
    cr_assert_eq(see(0, 1), SERIES_COUNTED);
    cr_assert_eq(see(1, 1), SERIES_POST);
}

Test(event_series, survives_answers_for_what_it_has_forgotten)
{
    cr_assert_not(event_series_posted(series, key_of(5, 5), true, &patch));
    event_series_patched(series, key_of(5, 5), true);
    cr_assert_eq(event_series_count(series), 0);
}
