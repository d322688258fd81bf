#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "model/base/symbol.h"
#include "tests/model/seed.h"

enum { PLENTY = 1 << 30 };

Test(symbol, equal_text_has_an_equal_symbol)
{
    struct symbols *symbols = symbols_new(1, PLENTY);
    char text[] = "kubernetes.io/os";
    uint32_t first = symbol_intern(symbols, str_from(text));
    cr_assert_eq(symbol_intern(symbols, STR("kubernetes.io/os")), first);
    cr_assert_neq(symbol_intern(symbols, STR("kubernetes.io/arch")), first);
    memset(text, 'x', sizeof(text) - 1); /* the table has its own copy */
    cr_assert_str_eq(symbol_text(symbols, first), "kubernetes.io/os");
    symbols_free(symbols);
}

Test(symbol, the_empty_text_is_symbol_zero)
{
    struct symbols *symbols = symbols_new(1, PLENTY);
    cr_assert_eq(symbol_intern(symbols, STR("")), SYM_EMPTY);
    cr_assert_eq(symbol_find(symbols, (struct str){NULL, 0}), SYM_EMPTY);
    cr_assert_str_eq(symbol_text(symbols, SYM_EMPTY), "");
    cr_assert_eq(symbols_count(symbols), 1);
    symbols_free(symbols);
}

Test(symbol, find_makes_nothing)
{
    struct symbols *symbols = symbols_new(1, PLENTY);
    cr_assert_eq(symbol_find(symbols, STR("zone")), SYM_ABSENT);
    cr_assert_eq(symbols_count(symbols), 1);
    uint32_t zone = symbol_intern(symbols, STR("zone"));
    cr_assert_eq(symbol_find(symbols, STR("zone")), zone);
    cr_assert_eq(symbol_find(symbols, STR("zon")), SYM_ABSENT);
    symbols_free(symbols);
}

Test(symbol, text_may_hold_nul_bytes)
{
    struct symbols *symbols = symbols_new(1, PLENTY);
    uint32_t a = symbol_intern(symbols, (struct str){"a\0b", 3});
    uint32_t b = symbol_intern(symbols, (struct str){"a\0c", 3});
    cr_assert_neq(a, b);
    cr_assert_neq(a, symbol_intern(symbols, STR("a")));
    cr_assert(str_equal(symbol_str(symbols, a), (struct str){"a\0b", 3}));
    symbols_free(symbols);
}

/* So that the same input gives the same bindings, whatever the hash seed. */
Test(symbol, numbers_follow_the_order_of_first_use)
{
    for (uint64_t hash_seed = 0; hash_seed < 5; hash_seed++) {
        struct symbols *symbols = symbols_new(hash_seed, PLENTY);
        for (uint32_t i = 1; i < 1000; i++) {
            char text[16];
            (void)snprintf(text, sizeof(text), "label-%u", i * 7919 % 1000);
            cr_assert_eq(symbol_intern(symbols, str_from(text)), i);
        }
        symbols_free(symbols);
    }
}

Test(symbol, free_takes_null)
{
    symbols_free(NULL);
    cr_assert(true);
}

Test(symbol, a_symbol_that_was_never_made_is_a_bug, .signal = SIGABRT)
{
    struct symbols *symbols = symbols_new(1, PLENTY);
    (void)symbol_text(symbols, 1);
}

static const size_t limits[] = {4096, 10000, 100000, 1000000};

Test(symbol, the_limit_counts_all_memory_and_refuses_only_what_is_new)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct symbols *symbols = symbols_new(3, limits[i]);
        uint32_t made = 0, symbol;
        char text[32];
        do {
            (void)snprintf(text, sizeof(text), "pod-template-hash-%u", made);
            symbol = symbol_intern(symbols, str_from(text));
            made += symbol != SYM_FULL;
            cr_assert_leq(symbols_bytes(symbols), limits[i]);
        } while (symbol != SYM_FULL);
        cr_assert_geq(made * 80, limits[i] / 4, "%u texts in %zu bytes", made, limits[i]);
        cr_assert_eq(symbols_count(symbols), made + 1);
        for (uint32_t j = 0; j < made; j++) {
            (void)snprintf(text, sizeof(text), "pod-template-hash-%u", j);
            cr_assert_eq(symbol_intern(symbols, str_from(text)), j + 1);
            cr_assert_str_eq(symbol_text(symbols, j + 1), text);
        }
        cr_assert_eq(symbol_intern(symbols, STR("one more, and a long one at that, of all things")),
                     SYM_FULL);
        symbols_free(symbols);
    }
}

Test(symbol, a_text_larger_than_the_limit_is_refused_and_others_are_not)
{
    static char huge[100000];
    memset(huge, 'a', sizeof(huge));
    struct symbols *symbols = symbols_new(3, 50000);
    cr_assert_eq(symbol_intern(symbols, (struct str){huge, sizeof(huge)}), SYM_FULL);
    cr_assert_eq(symbol_intern(symbols, STR("small")), 1);
    symbols_free(symbols);
}

/* Text number i: every i another one, of 1 to 41 bytes. */
static struct str make_text(uint32_t i, char text[64])
{
    int len = snprintf(text, 64, "%x%.*s", i, (int)(i % 34), "----------------------------------");
    return (struct str){text, (size_t)len};
}

Test(symbol, random_walk_finds_what_was_made_and_nothing_else)
{
    enum { TEXTS = 20000 };
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "symbol");
    static uint32_t naive[TEXTS]; /* 0: not made */
    struct symbols *symbols = symbols_new(seed, PLENTY);
    uint32_t count = 1;
    for (int step = 0; step < 200000; step++) {
        char text[64];
        uint32_t i = (uint32_t)rng_below(&rng, TEXTS);
        struct str str = make_text(i, text);
        cr_assert_eq(symbol_find(symbols, str), naive[i] ? naive[i] : SYM_ABSENT, "seed %" PRIu64,
                     seed);
        if (rng_below(&rng, 2) == 0)
            continue;
        uint32_t symbol = symbol_intern(symbols, str);
        cr_assert_eq(symbol, naive[i] ? naive[i] : count, "seed %" PRIu64, seed);
        count += naive[i] == 0;
        naive[i] = symbol;
        cr_assert(str_equal(symbol_str(symbols, symbol), str), "seed %" PRIu64, seed);
    }
    cr_assert_eq(symbols_count(symbols), count);
    symbols_free(symbols);
}
