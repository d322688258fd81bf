/*
 * ResourcePolicies: the first byte chooses the source, the second
 * how the input is cut.
 */
#include "tests/fuzz/decode_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    fuzz_decode(DECODE_POLICY, (enum decode_source)(data[0] % 3), data[1], data + 2, size - 2);
    return 0;
}
