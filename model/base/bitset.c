#include "model/base/bitset.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

void bitset_init(struct bitset *set)
{
    *set = (struct bitset){0};
}

void bitset_fini(struct bitset *set)
{
    free(set->words);
    *set = (struct bitset){0};
}

void bitset_reserve(struct bitset *set, uint32_t bit_count)
{
    uint32_t needed = bit_count / 64 + (bit_count % 64 != 0);
    if (needed <= set->word_count)
        return;
    size_t grown = mem_grow(set->word_count, needed);
    CHECK(grown <= UINT32_MAX);
    set->words = mem_resize(set->words, grown, sizeof(*set->words));
    memset(set->words + set->word_count, 0, (grown - set->word_count) * sizeof(*set->words));
    set->word_count = (uint32_t)grown;
}

void bitset_set(struct bitset *set, uint32_t bit)
{
    CHECK(bit < UINT32_MAX); /* the answer of bitset_next() for "none" */
    bitset_reserve(set, bit + 1);
    set->words[bit / 64] |= UINT64_C(1) << (bit % 64);
}

void bitset_clear(struct bitset *set, uint32_t bit)
{
    if (bit / 64 < set->word_count)
        set->words[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

void bitset_zero(struct bitset *set)
{
    if (set->word_count > 0)
        memset(set->words, 0, set->word_count * sizeof(*set->words));
}

uint32_t bitset_count(const struct bitset *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->word_count; i++)
        count += (uint32_t)__builtin_popcountll(set->words[i]);
    return count;
}

uint32_t bitset_next(const struct bitset *set, uint32_t from)
{
    uint32_t word_idx = from / 64;
    uint64_t word = bitset_word(set, word_idx) & UINT64_MAX << (from % 64);
    while (word == 0) {
        if (++word_idx >= set->word_count)
            return UINT32_MAX;
        word = set->words[word_idx];
    }
    return word_idx * 64 + (uint32_t)__builtin_ctzll(word);
}
