#include "model/object.h"

#include "model/base/hash.h"

/* The same in every run: recordings hold such hashes. */
#define PAIR_SEED UINT64_C(0x5b17a1e5c0ffee11)

uint64_t object_key_hash(struct str key)
{
    return hash_bytes(PAIR_SEED, key.ptr, key.len);
}

uint64_t object_value_hash(uint64_t key_hash, struct str value)
{
    return hash_bytes(key_hash, value.ptr, value.len);
}

uint64_t object_pair_hash(struct str key, struct str value)
{
    return object_value_hash(object_key_hash(key), value);
}
