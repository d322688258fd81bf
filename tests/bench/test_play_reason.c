/* Refusals that differ in numbers only are one reason. */
#include "bench/play_reason.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/check.h"

static const struct {
    const char *sentence, *plain;
} rows[] = {
    {"0/10 nodes are available: 10 Insufficient cpu.",
     "N/N nodes are available: N Insufficient cpu."},
    {"0/12 nodes are available: 10 Insufficient memory, 2 Insufficient cpu.",
     "N/N nodes are available: N Insufficient cpu, N Insufficient memory."},
    {"0/12 nodes are available: 10 Insufficient cpu, 9 Insufficient memory. preemption: found a "
     "potential placement for pod on node node-17, preempting 2 victims",
     "N/N nodes are available: N Insufficient cpu, N Insufficient memory. preemption: found a "
     "potential placement for pod on node node-N, preempting N victims"},
    {"0/2 nodes are available: 2 x. Policy web, generation 3: ecs: full, 10 of 10 pods, next unit "
     "not before 2026-01-01T00:02:00Z; spot: not tried.",
     "N/N nodes are available: N x. Policy web, generation N: ecs: full, N of N pods, next unit "
     "not before N; spot: not tried."},
    {"spot: full, cpu 31500m used, 1 asked, 32 allowed",
     "spot: N allowed, N asked, cpu N used, full"},
    {"no nodes available to schedule pods", "no nodes available to schedule pods"},
    {"", ""},
};

Test(play_reason, numbers_are_left_out_and_parts_are_in_order)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[PLAY_REASON_BYTES];
        play_reason_plain(str_from(rows[i].sentence), text);
        cr_expect_str_eq(text, rows[i].plain);
    }
}

Test(play_reason, are_counted_and_the_most_frequent_comes_first)
{
    static struct play_reasons reasons;
    cr_expect_eq(play_reasons_add(&reasons, STR("1 a")), 0);
    cr_expect_eq(play_reasons_add(&reasons, STR("1 b")), 1);
    cr_expect_eq(play_reasons_add(&reasons, STR("22 b")), 1);
    play_reasons_sort(&reasons);
    cr_assert_eq(reasons.count, 2);
    cr_expect_str_eq(reasons.items[0].text, "N b");
    cr_expect_eq(reasons.items[0].refusals, 2);
    cr_expect_eq(reasons.items[1].refusals, 1);
}

Test(play_reason, more_than_are_kept_are_counted_together)
{
    static struct play_reasons reasons;
    for (uint32_t i = 0; i < 3 * PLAY_REASONS_MAX; i++) {
        char text[16];
        int len = 0;
        for (uint32_t rest = i + 1; rest > 0; rest /= 26)
            text[len++] = (char)('a' + rest % 26);
        (void)play_reasons_add(&reasons, (struct str){text, (size_t)len});
    }
    cr_assert_eq(reasons.count, PLAY_REASONS_MAX);
    cr_expect_str_eq(reasons.items[PLAY_REASONS_MAX - 1].text, "others");
    cr_expect_eq(reasons.items[PLAY_REASONS_MAX - 1].refusals, 2 * PLAY_REASONS_MAX + 1);
}

Test(play_reason, any_length_is_cut_to_what_fits)
{
    char sentence[4 * PLAY_REASON_BYTES], text[PLAY_REASON_BYTES];
    for (size_t i = 0; i < sizeof(sentence); i++)
        sentence[i] = "a, : . "[i % 7];
    for (size_t len = 0; len < sizeof(sentence); len += 13) {
        play_reason_plain((struct str){sentence, len}, text);
        cr_expect_leq(strlen(text), len < PLAY_REASON_BYTES ? len : PLAY_REASON_BYTES - 1);
    }
}
