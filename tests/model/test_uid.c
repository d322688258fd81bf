#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/names.h"
#include "model/uid.h"
#include "tests/model/seed.h"

static const char *const texts[] = {
    "",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "00000000-0000-0000-0000-000000000000", /* not the same as none at all */
    "00000000-0000-0000-0000-000000000001",
    "ffffffff-ffff-ffff-0000-000000000001", /* has the bits that mark a symbol */
    "ffffffff-ffff-fffe-ffff-ffffffffffff",
    "3F2504E0-4F89-11D3-9A0C-0305E82C3301", /* upper case must come back as upper case */
    "3f2504e04f8911d39a0c0305e82c3301",     /* a static pod's mirror */
    "3f2504e0-4f89-11d3-9a0c-0305e82c330",  /* one digit short */
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301a",
    "3f2504e0-4f89-11d3-9a0c+0305e82c3301",
    "node-1",
};

Test(uid, every_text_comes_back_as_it_was)
{
    struct symbols *symbols = names_symbols_new(1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct uid uid;
        char back[UID_TEXT_BYTES];
        cr_assert(uid_parse(symbols, str_from(texts[i]), &uid), "%s", texts[i]);
        cr_assert_eq(uid_format(symbols, uid, back), strlen(texts[i]), "%s", texts[i]);
        cr_assert_str_eq(back, texts[i]);
        cr_assert_eq(uid_is_zero(uid), i == 0, "%s", texts[i]);
    }
    symbols_free(symbols);
}

Test(uid, uids_are_equal_when_their_texts_are)
{
    struct symbols *symbols = names_symbols_new(1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
            struct uid a, b;
            cr_assert(uid_parse(symbols, str_from(texts[i]), &a));
            cr_assert(uid_parse(symbols, str_from(texts[j]), &b));
            cr_assert_eq(uid_equal(a, b), i == j, "%s and %s", texts[i], texts[j]);
        }
    }
    symbols_free(symbols);
}

Test(uid, canonical_ones_cost_no_symbol)
{
    struct rng rng;
    (void)seed_rng(&rng, "uid");
    struct symbols *symbols = names_symbols_new(1);
    for (int i = 0; i < 10000; i++) {
        char text[UID_TEXT_BYTES], back[UID_TEXT_BYTES];
        uint64_t hi = rng_next(&rng), lo = rng_next(&rng);
        (void)snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%012" PRIx64, (uint32_t)(hi >> 32),
                       (uint32_t)(hi >> 16 & 0xffff), (uint32_t)(hi & 0xffff), (uint32_t)(lo >> 48),
                       lo & UINT64_C(0xffffffffffff));
        struct uid uid;
        cr_assert(uid_parse(symbols, str_from(text), &uid));
        (void)uid_format(symbols, uid, back);
        cr_assert_str_eq(back, text);
    }
    cr_assert_eq(symbols_count(symbols), NAME_COUNT);
    symbols_free(symbols);
}

Test(uid, what_cannot_be_stored_is_refused_and_leaves_the_result_alone)
{
    static char text[UID_TEXT_BYTES];
    memset(text, 'a', sizeof(text));
    struct uid uid = {7, 8};
    struct symbols *symbols = symbols_new(1, 5000);
    cr_assert_not(uid_parse(symbols, (struct str){text, UID_TEXT_BYTES}, &uid), "too long");
    cr_assert(uid_parse(symbols, (struct str){text, UID_TEXT_BYTES - 1}, &uid));
    uid = (struct uid){7, 8};
    for (int i = 0; i < 100; i++) {
        text[0] = (char)('A' + i % 50);
        text[1] = (char)('A' + i / 50);
        if (!uid_parse(symbols, (struct str){text, 200}, &uid))
            break;
        cr_assert_lt(i, 99, "the table never got full");
        uid = (struct uid){7, 8};
    }
    cr_assert(uid.hi == 7 && uid.lo == 8);
    symbols_free(symbols);
}
