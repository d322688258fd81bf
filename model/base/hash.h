/*
 * 64-bit hashes for the open-addressing tables. Seeded, so that a tenant who chooses names cannot
 * aim for collisions. Decisions never depend on a hash or on the order of a table.
 */
#ifndef MODEL_BASE_HASH_H
#define MODEL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Mixes two words into one; every input bit reaches every output bit. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len);

#endif
