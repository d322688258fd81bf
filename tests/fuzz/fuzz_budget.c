/*
 * PodDisruptionBudgets: see tests/fuzz/decode_agree.h. The first byte chooses the source, the
 * second how the input is cut.
 */
#include "tests/fuzz/decode_agree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    agree(DECODE_BUDGET, (enum decode_source)(data[0] % 3), data[1],
          (struct str){(const char *)data + 2, size - 2});
    return 0;
}
