#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "model/base/buf.h"
#include "tests/model/seed.h"

static void expect_text(const struct buf *buf, const char *text)
{
    cr_assert(str_is(buf_str(buf), text), "\"" STR_FMT "\" instead of \"%s\"",
              STR_ARG(buf_str(buf)), text);
}

Test(buf, appends_bytes_strings_and_formats)
{
    struct buf buf;
    buf_init(&buf, 100);
    cr_assert(buf_add(&buf, "ab", 2));
    cr_assert(buf_add_str(&buf, "cd"));
    cr_assert(buf_printf(&buf, "%d-%s", 42, "x"));
    expect_text(&buf, "abcd42-x");
    cr_assert_eq(buf.data[buf.len], '\0');
    buf_fini(&buf);
}

Test(buf, an_append_over_the_maximum_changes_nothing_and_marks)
{
    struct buf buf;
    buf_init(&buf, 4);
    cr_assert(buf_add_str(&buf, "abcd"));
    cr_assert_not(buf_overflowed(&buf));
    cr_assert_not(buf_add_str(&buf, "e"));
    cr_assert_not(buf_printf(&buf, "%d", 1));
    cr_assert(buf_overflowed(&buf));
    expect_text(&buf, "abcd");
    buf_clear(&buf);
    cr_assert_not(buf_overflowed(&buf));
    cr_assert(buf_add_str(&buf, "wxyz"));
    expect_text(&buf, "wxyz");
    buf_fini(&buf);
}

Test(buf, words_are_their_four_bytes_up_to_the_maximum)
{
    enum { WORDS = 100 };
    struct buf buf;
    buf_init(&buf, WORDS * sizeof(uint32_t));
    for (uint32_t i = 0; i < WORDS; i++)
        cr_assert(buf_add_word(&buf, i * 0x01010101));
    cr_assert_not(buf_overflowed(&buf));
    cr_assert_not(buf_add_word(&buf, 1));
    cr_assert(buf_overflowed(&buf));
    cr_assert_eq(buf.len, WORDS * sizeof(uint32_t));
    cr_assert_eq(buf.data[buf.len], '\0');
    for (uint32_t i = 0; i < WORDS; i++) {
        uint32_t word;
        memcpy(&word, buf.data + i * sizeof(word), sizeof(word));
        cr_assert_eq(word, i * 0x01010101);
    }
    buf_fini(&buf);
}

Test(buf, consume_drops_from_the_front)
{
    struct buf buf;
    buf_init(&buf, 10);
    (void)buf_add_str(&buf, "abcdef");
    buf_consume(&buf, 2);
    expect_text(&buf, "cdef");
    buf_consume(&buf, 0);
    buf_consume(&buf, 4);
    expect_text(&buf, "");
    buf_fini(&buf);
}

Test(buf, consuming_more_than_there_is_is_a_bug, .signal = SIGABRT)
{
    struct buf buf;
    buf_init(&buf, 10);
    (void)buf_add_str(&buf, "ab");
    buf_consume(&buf, 3);
}

Test(buf, take_gives_the_bytes_away_and_leaves_it_empty)
{
    struct buf buf;
    buf_init(&buf, 10);
    char *nothing = buf_take(&buf);
    cr_assert_str_eq(nothing, "");
    free(nothing);
    (void)buf_add_str(&buf, "abc");
    char *text = buf_take(&buf);
    cr_assert_str_eq(text, "abc");
    cr_assert_eq(buf.len, 0);
    free(text);
    cr_assert(buf_add_str(&buf, "de"));
    expect_text(&buf, "de");
    buf_fini(&buf);
}

Test(buf, fini_takes_a_zeroed_struct)
{
    struct buf buf = {0};
    buf_fini(&buf);
    cr_assert_null(buf.data);
}

static const struct {
    const char *text;
    size_t len;
    const char *json;
} json_rows[] = {
    {"plain", 5, "plain"},
    {"", 0, ""},
    {"say \"hi\"", 8, "say \\\"hi\\\""},
    {"a\\b", 3, "a\\\\b"},
    {"a\nb\tc\rd", 7, "a\\nb\\tc\\rd"},
    {"\x01\x1f", 2, "\\u0001\\u001f"},
    {"a\0b", 3, "a\\u0000b"},
    {"\xc3\xa9", 2, "\xc3\xa9"},                 /* e acute stays */
    {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"}, /* an emoji stays */
    {"a\xff", 2, "a\xef\xbf\xbd"},               /* no UTF-8: the replacement character */
    {"\xc3", 1, "\xef\xbf\xbd"},                 /* cut in the middle of a character */
    {"\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong NUL */
};

Test(buf, json_text_is_escaped)
{
    for (size_t i = 0; i < ARRAY_LEN(json_rows); i++) {
        struct buf buf;
        buf_init(&buf, 100);
        cr_assert(buf_add_json(&buf, json_rows[i].text, json_rows[i].len), "row %zu", i);
        cr_assert(str_is(buf_str(&buf), json_rows[i].json), "row %zu: " STR_FMT, i,
                  STR_ARG(buf_str(&buf)));
        buf_fini(&buf);
    }
}

Test(buf, random_walk_agrees_with_a_plain_array)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "buf");
    enum { MAX = 3000 };
    static char naive[MAX];
    size_t naive_len = 0;
    struct buf buf;
    buf_init(&buf, MAX);
    for (int step = 0; step < 20000; step++) {
        char chunk[100];
        size_t len = rng_below(&rng, sizeof(chunk));
        memset(chunk, (int)('a' + rng_below(&rng, 26)), sizeof(chunk));
        if (rng_below(&rng, 3) > 0) {
            bool fits = naive_len + len <= MAX;
            cr_assert_eq(buf_add(&buf, chunk, len), fits, "seed %llu", (unsigned long long)seed);
            if (fits) {
                memcpy(naive + naive_len, chunk, len);
                naive_len += len;
            }
        } else {
            len = len < naive_len ? len : naive_len;
            buf_consume(&buf, len);
            memmove(naive, naive + len, naive_len - len);
            naive_len -= len;
        }
        cr_assert(str_equal(buf_str(&buf), (struct str){naive, naive_len}), "seed %llu",
                  (unsigned long long)seed);
    }
    buf_fini(&buf);
}
