#include "model/names.h"

#include "model/base/check.h"

static const char *const name_texts[] = {[NAME_EMPTY] = "",
#define X(id, text) [NAME_##id] = (text),
                                         NAME_MAP(X)
#undef X
};

struct symbols *names_symbols_new(uint64_t hash_seed)
{
    return names_symbols_new_within(hash_seed, NAMES_LIMIT_BYTES);
}

struct symbols *names_symbols_new_within(uint64_t hash_seed, size_t limit_bytes)
{
    struct symbols *symbols = symbols_new(hash_seed, limit_bytes);
    for (uint32_t name = 0; name < ARRAY_LEN(name_texts); name++)
        CHECK(symbol_intern(symbols, str_from(name_texts[name])) == name);
    return symbols;
}
