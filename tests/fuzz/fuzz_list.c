/* Lists of Pods or Nodes, or a Status in place of one. The first byte says which, and how it is
 * cut. */
#include "tests/fuzz/decode_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0)
        fuzz_decode(data[0] & 1 ? DECODE_NODE : DECODE_POD, DECODE_LIST, data[0], data + 1,
                    size - 1);
    return 0;
}
