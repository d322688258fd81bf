/* A set of small integers (node slots) as bits. Grows on demand; bits past the end read as 0. */
#ifndef MODEL_BASE_BITSET_H
#define MODEL_BASE_BITSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bitset {
    uint64_t *words;     /* bit i is words[i / 64] >> (i % 64) & 1 */
    uint32_t word_count; /* allocated words */
};

void bitset_init(struct bitset *set);
void bitset_fini(struct bitset *set);

/* At least `bit_count` bits; new ones are 0. */
void bitset_reserve(struct bitset *set, uint32_t bit_count);

void bitset_set(struct bitset *set, uint32_t bit);   /* grows */
void bitset_clear(struct bitset *set, uint32_t bit); /* a bit past the end is clear already */
void bitset_zero(struct bitset *set);                /* all bits off, memory kept */
uint32_t bitset_count(const struct bitset *set);

static inline uint64_t bitset_word(const struct bitset *set, uint32_t word_idx)
{
    return word_idx < set->word_count ? set->words[word_idx] : 0;
}

static inline bool bitset_test(const struct bitset *set, uint32_t bit)
{
    return bitset_word(set, bit / 64) >> (bit % 64) & 1;
}

/* The first bit at or after `from`, UINT32_MAX when there is none. */
uint32_t bitset_next(const struct bitset *set, uint32_t from);

#endif
