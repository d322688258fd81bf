#include "model/names.h"

#include "model/base/check.h"

static const char *const name_texts[] = {[NAME_EMPTY] = "",
#define X(id, text) [NAME_##id] = (text),
                                         NAME_MAP(X)
#undef X
};

struct symbols *names_symbols_new(uint64_t hash_seed)
{
    struct symbols *symbols = symbols_new(hash_seed, NAMES_LIMIT_BYTES);
    for (uint32_t name = 0; name < ARRAY_LEN(name_texts); name++)
        CHECK(symbol_intern(symbols, str_from(name_texts[name])) == name);
    return symbols;
}
