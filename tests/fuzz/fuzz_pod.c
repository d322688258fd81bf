/* One Pod, as the answer to a GET. The first byte says how it is cut. */
#include "tests/fuzz/decode_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0)
        fuzz_decode(DECODE_POD, DECODE_OBJECT, data[0], data + 1, size - 1);
    return 0;
}
