/* Frames of a watch: objects, bookmarks, errors. The first byte says of what, and how it is cut. */
#include "tests/fuzz/decode_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0)
        fuzz_decode(data[0] & 1 ? DECODE_NODE : DECODE_POD, DECODE_WATCH, data[0], data + 1,
                    size - 1);
    return 0;
}
