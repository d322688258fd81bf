#include "model/resource.h"

#include <inttypes.h>

#include "model/base/check.h"
#include "model/names.h"

void resource_add_text(struct buf *out, uint32_t name_sym, struct str name, int64_t amount)
{
    static const char *const suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi"};
    if (name_sym == NAME_CPU) {
        (void)(amount % 1000 == 0 ? buf_printf(out, "%" PRId64, amount / 1000)
                                  : buf_printf(out, "%" PRId64 "m", amount));
        return;
    }
    bool is_bytes = name_sym == NAME_MEMORY || name_sym == NAME_EPHEMERAL_STORAGE ||
                    str_starts(name, "hugepages-");
    uint32_t step = 0;
    for (; is_bytes && amount != 0 && amount % 1024 == 0 && step + 1 < ARRAY_LEN(suffixes); step++)
        amount /= 1024;
    (void)buf_printf(out, "%" PRId64 "%s", amount, suffixes[step]);
}
