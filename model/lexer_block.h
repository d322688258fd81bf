/*
 * Looking at many bytes of JSON at once: where are quotes, backslashes and brackets in the next 64
 * bytes, and where does a plain run of a string end. SSE2 where the compiler has it (every amd64),
 * else plain 64-bit arithmetic; both are always compiled on amd64 so that tests compare them.
 *
 * Cost measured for skipping managedFields: see bench/cmd_decode.c.
 */
#ifndef MODEL_LEXER_BLOCK_H
#define MODEL_LEXER_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the words below count their bytes from the low end"
#endif

enum { LEXER_BLOCK_BYTES = 64 };

/* Bit i stands for byte i. */
struct lexer_block {
    uint64_t quotes, backslashes;
    uint64_t opens, closes; /* { [ and } ] */
};

#define LEXER_BYTES_01 UINT64_C(0x0101010101010101)
#define LEXER_BYTES_7F UINT64_C(0x7f7f7f7f7f7f7f7f)

/* 0x80 in every byte of `word` that is zero, 0 in the others; exact, no carry between bytes. */
static inline uint64_t lexer_zero_bytes(uint64_t word)
{
    return ~(((word & LEXER_BYTES_7F) + LEXER_BYTES_7F) | word | LEXER_BYTES_7F);
}

/* The top bits of the eight bytes, gathered into the low eight bits. */
static inline uint64_t lexer_gather(uint64_t top_bits)
{
    return ((top_bits >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline void lexer_block_read_portable(const char *bytes, struct lexer_block *ret_block)
{
    struct lexer_block block = {0};
    for (unsigned i = 0; i < LEXER_BLOCK_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof(word));
        uint64_t folded =
            word | LEXER_BYTES_01 * 0x20; /* [ and { differ in this bit, ] and } too */
        block.quotes |= lexer_gather(lexer_zero_bytes(word ^ LEXER_BYTES_01 * '"')) << i;
        block.backslashes |= lexer_gather(lexer_zero_bytes(word ^ LEXER_BYTES_01 * '\\')) << i;
        block.opens |= lexer_gather(lexer_zero_bytes(folded ^ LEXER_BYTES_01 * '{')) << i;
        block.closes |= lexer_gather(lexer_zero_bytes(folded ^ LEXER_BYTES_01 * '}')) << i;
    }
    *ret_block = block;
}

static inline bool lexer_is_special(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

/* The first byte of [at, end) that ends a plain run of a string: quote, backslash, control
 * character or the start of something that is not ASCII; `end` when there is none. */
static inline const char *lexer_find_special_portable(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        uint64_t low = ~(((word & LEXER_BYTES_7F) + LEXER_BYTES_01 * 0x60) | LEXER_BYTES_7F);
        uint64_t special = (low | word | lexer_zero_bytes(word ^ LEXER_BYTES_01 * '"') |
                            lexer_zero_bytes(word ^ LEXER_BYTES_01 * '\\')) &
                           LEXER_BYTES_01 * 0x80;
        if (special)
            return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && !lexer_is_special(*at))
        at++;
    return at;
}

#ifdef __SSE2__
static inline uint64_t lexer_equal_sse2(__m128i bytes, char c)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
}

static inline void lexer_block_read_sse2(const char *bytes, struct lexer_block *ret_block)
{
    struct lexer_block block = {0};
    for (unsigned i = 0; i < LEXER_BLOCK_BYTES; i += 16) {
        __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        __m128i folded = _mm_or_si128(raw, _mm_set1_epi8(0x20));
        block.quotes |= lexer_equal_sse2(raw, '"') << i;
        block.backslashes |= lexer_equal_sse2(raw, '\\') << i;
        block.opens |= lexer_equal_sse2(folded, '{') << i;
        block.closes |= lexer_equal_sse2(folded, '}') << i;
    }
    *ret_block = block;
}

static inline const char *lexer_find_special_sse2(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* Signed: bytes of 0x80 and above count as below 0x20 too. */
        __m128i special = _mm_or_si128(_mm_cmplt_epi8(raw, _mm_set1_epi8(0x20)),
                                       _mm_or_si128(_mm_cmpeq_epi8(raw, _mm_set1_epi8('"')),
                                                    _mm_cmpeq_epi8(raw, _mm_set1_epi8('\\'))));
        unsigned bits = (unsigned)_mm_movemask_epi8(special);
        if (bits)
            return at + __builtin_ctz(bits);
    }
    return lexer_find_special_portable(at, end);
}
#endif

#if defined(__SSE2__) && !defined(LEXER_PORTABLE)
#define lexer_block_read   lexer_block_read_sse2
#define lexer_find_special lexer_find_special_sse2
#else
#define lexer_block_read   lexer_block_read_portable
#define lexer_find_special lexer_find_special_portable
#endif

/* Bit i is the exclusive or of bits 0 to i: turns quotes into the inside of strings. */
static inline uint64_t lexer_prefix_xor(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

/* The bytes behind an active backslash. `first` says whether byte 0 is one; *ret_next whether the
 * byte after the block is one. */
static inline uint64_t lexer_escaped(uint64_t backslashes, bool first, bool *ret_next)
{
    uint64_t escaped = first;
    backslashes &= ~escaped;
    *ret_next = false;
    while (backslashes) {
        uint64_t lowest = backslashes & -backslashes;
        uint64_t behind = lowest << 1; /* 0 past the end of the block */
        *ret_next = behind == 0;
        escaped |= behind;
        backslashes &= ~(lowest | behind);
    }
    return escaped;
}

/* Set bits; without the popcnt instruction, which plain amd64 does not have. */
static inline uint32_t lexer_bit_count(uint64_t bits)
{
    bits -= (bits >> 1) & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + ((bits >> 2) & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)((bits * LEXER_BYTES_01) >> 56);
}

#endif
