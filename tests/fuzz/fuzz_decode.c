/*
 * Pods and Nodes: see tests/fuzz/decode_agree.h. The first byte chooses kind and source, the second
 * how the input is cut.
 */
#include "tests/fuzz/decode_agree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    agree(data[0] & 1 ? DECODE_NODE : DECODE_POD, (enum decode_source)(data[0] / 2 % 3), data[1],
          (struct str){(const char *)data + 2, size - 2});
    return 0;
}
