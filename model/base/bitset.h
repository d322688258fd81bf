/*
 * A set of small integers (node slots) as bits. Grows on demand; bits past the end read as 0.
 *
 * A part, 64 words, knows how many bits it has and which of its words have any: what is sparse is
 * walked 4,096 bits at a time, and counted without a look at the words.
 */
#ifndef MODEL_BASE_BITSET_H
#define MODEL_BASE_BITSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITSET_PART_WORDS = 64, BITSET_PART_BITS = 64 * 64 };

struct bitset_part {
    uint64_t used; /* bit i: word i of the part is not 0 */
    uint32_t count;
};

struct bitset {
    uint64_t *bits;            /* private: bit i is bits[i / 64] >> (i % 64) & 1 */
    struct bitset_part *parts; /* private: one for each begun 64 words */
    uint32_t word_count;       /* allocated words */
    uint32_t count;            /* bits that are set */
};

void bitset_init(struct bitset *set);
void bitset_fini(struct bitset *set);

/* At least `bit_count` bits; new ones are 0. */
void bitset_reserve(struct bitset *set, uint32_t bit_count);

void bitset_set(struct bitset *set, uint32_t bit);   /* grows */
void bitset_clear(struct bitset *set, uint32_t bit); /* a bit past the end is clear already */
void bitset_zero(struct bitset *set);                /* all bits off, memory kept */

/* All 64 bits of a word at once; grows. */
void bitset_set_word(struct bitset *set, uint32_t word_idx, uint64_t word);

/* Bits set in [from, to). Cost: a look at each part, and at each word of the two at the ends. */
uint32_t bitset_count_range(const struct bitset *set, uint32_t from, uint32_t to);

/* CHECKs what the parts and the count say. */
void bitset_check(const struct bitset *set);

static inline uint32_t bitset_count(const struct bitset *set)
{
    return set->count;
}

/* Bits of one word, without a call: the processor's own instruction is not in every x86-64. */
static inline uint32_t word_count_bits(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* What a part says of its words; past the end: nothing. */
static inline struct bitset_part bitset_part(const struct bitset *set, uint32_t part_idx)
{
    static const struct bitset_part none = {0, 0};
    return part_idx < (set->word_count + BITSET_PART_WORDS - 1) / BITSET_PART_WORDS
               ? set->parts[part_idx]
               : none;
}

static inline uint64_t bitset_word(const struct bitset *set, uint32_t word_idx)
{
    return word_idx < set->word_count ? set->bits[word_idx] : 0;
}

static inline bool bitset_test(const struct bitset *set, uint32_t bit)
{
    return bitset_word(set, bit / 64) >> (bit % 64) & 1;
}

/* The first bit at or after `from`, UINT32_MAX when there is none. */
uint32_t bitset_next(const struct bitset *set, uint32_t from);

#endif
