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
    free(set->bits);
    free(set->parts);
    *set = (struct bitset){0};
}

static uint32_t part_count(uint32_t word_count)
{
    return word_count / BITSET_PART_WORDS + (word_count % BITSET_PART_WORDS != 0);
}

/* At least `needed` words. */
static void reserve_words(struct bitset *set, uint32_t needed)
{
    if (needed <= set->word_count)
        return;
    size_t grown = mem_grow(set->word_count, needed);
    CHECK(grown <= UINT32_MAX);
    uint32_t word_count = (uint32_t)grown;
    uint32_t parts = part_count(word_count), old_parts = part_count(set->word_count);
    set->bits = mem_resize(set->bits, word_count, sizeof(*set->bits));
    memset(set->bits + set->word_count, 0, (word_count - set->word_count) * sizeof(*set->bits));
    set->parts = mem_resize(set->parts, parts, sizeof(*set->parts));
    memset(set->parts + old_parts, 0, (parts - old_parts) * sizeof(*set->parts));
    set->word_count = word_count;
}

void bitset_reserve(struct bitset *set, uint32_t bit_count)
{
    reserve_words(set, bit_count / 64 + (bit_count % 64 != 0));
}

static void change_word(struct bitset *set, uint32_t word_idx, uint64_t word, int delta)
{
    struct bitset_part *part = &set->parts[word_idx / BITSET_PART_WORDS];
    uint64_t place = UINT64_C(1) << (word_idx % BITSET_PART_WORDS);
    set->bits[word_idx] = word;
    part->used = word ? part->used | place : part->used & ~place;
    part->count += (uint32_t)delta;
    set->count += (uint32_t)delta;
}

void bitset_set(struct bitset *set, uint32_t bit)
{
    CHECK(bit < UINT32_MAX); /* the answer of bitset_next() for "none" */
    bitset_reserve(set, bit + 1);
    uint64_t word = set->bits[bit / 64], mask = UINT64_C(1) << (bit % 64);
    if (!(word & mask))
        change_word(set, bit / 64, word | mask, 1);
}

void bitset_clear(struct bitset *set, uint32_t bit)
{
    uint64_t word = bitset_word(set, bit / 64), mask = UINT64_C(1) << (bit % 64);
    if (word & mask)
        change_word(set, bit / 64, word & ~mask, -1);
}

void bitset_set_word(struct bitset *set, uint32_t word_idx, uint64_t word)
{
    CHECK(word_idx < UINT32_MAX / 64);
    uint64_t before = bitset_word(set, word_idx);
    if (word == before)
        return;
    reserve_words(set, word_idx + 1);
    change_word(set, word_idx, word, (int)word_count_bits(word) - (int)word_count_bits(before));
}

void bitset_zero(struct bitset *set)
{
    if (set->word_count == 0)
        return;
    memset(set->bits, 0, set->word_count * sizeof(*set->bits));
    memset(set->parts, 0, part_count(set->word_count) * sizeof(*set->parts));
    set->count = 0;
}

/* Bits set in the words [from, to). */
static uint32_t count_words(const struct bitset *set, uint32_t from, uint32_t to)
{
    uint32_t count = 0;
    for (uint32_t word = from; word < to;) {
        if (word % BITSET_PART_WORDS == 0 && to - word >= BITSET_PART_WORDS) {
            count += set->parts[word / BITSET_PART_WORDS].count;
            word += BITSET_PART_WORDS;
        } else {
            count += word_count_bits(set->bits[word++]);
        }
    }
    return count;
}

uint32_t bitset_count_range(const struct bitset *set, uint32_t from, uint32_t to)
{
    if (from >= to)
        return 0;
    uint64_t head = UINT64_MAX << (from % 64), tail = ~(UINT64_MAX << (to % 64));
    if (from / 64 == to / 64)
        return word_count_bits(bitset_word(set, from / 64) & head & tail);
    uint32_t count = word_count_bits(bitset_word(set, from / 64) & head) +
                     word_count_bits(bitset_word(set, to / 64) & tail);
    uint32_t end = to / 64 < set->word_count ? to / 64 : set->word_count;
    return count + count_words(set, from / 64 + 1, end);
}

/* The first word at or after `from` that is not 0; word_count when there is none. */
static uint32_t next_word(const struct bitset *set, uint32_t from)
{
    uint32_t parts = part_count(set->word_count);
    uint64_t behind = UINT64_MAX << (from % BITSET_PART_WORDS);
    for (uint32_t part = from / BITSET_PART_WORDS; part < parts; part++, behind = UINT64_MAX) {
        uint64_t used = set->parts[part].used & behind;
        if (used)
            return part * BITSET_PART_WORDS + (uint32_t)__builtin_ctzll(used);
    }
    return set->word_count;
}

uint32_t bitset_next(const struct bitset *set, uint32_t from)
{
    uint32_t word_idx = from / 64;
    uint64_t word = bitset_word(set, word_idx) & UINT64_MAX << (from % 64);
    if (word == 0) {
        word_idx = next_word(set, word_idx + 1);
        if (word_idx >= set->word_count)
            return UINT32_MAX;
        word = set->bits[word_idx];
    }
    return word_idx * 64 + (uint32_t)__builtin_ctzll(word);
}

void bitset_check(const struct bitset *set)
{
    uint32_t total = 0;
    for (uint32_t part = 0; part < part_count(set->word_count); part++) {
        uint32_t count = 0;
        uint64_t used = 0;
        for (uint32_t i = 0; i < BITSET_PART_WORDS; i++) {
            uint64_t word = bitset_word(set, part * BITSET_PART_WORDS + i);
            used |= (uint64_t)(word != 0) << i;
            for (uint64_t rest = word; rest; rest &= rest - 1)
                count++;
        }
        CHECK(set->parts[part].used == used && set->parts[part].count == count);
        total += count;
    }
    CHECK(total == set->count);
}
