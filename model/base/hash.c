#include "model/base/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
    const unsigned char *cursor = bytes;
    uint64_t state = hash_mix(seed, len);
    for (; len >= 8; len -= 8, cursor += 8) {
        uint64_t word;
        memcpy(&word, cursor, 8);
        state = hash_mix(state ^ word, seed);
    }
    uint64_t tail = 0;
    if (len > 0)
        memcpy(&tail, cursor, len);
    return hash_mix(state ^ tail, 0xa0761d6478bd642fu);
}
