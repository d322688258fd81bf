/* What the fuzz targets of the decoder share. */
#ifndef TESTS_FUZZ_DECODE_SUPPORT_H
#define TESTS_FUZZ_DECODE_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "model/decode.h"

/* The whole input, the input cut in pieces (by the seed), cut into single bytes, and jansson have
 * to agree on the objects and on the error; aborts when not. */
void fuzz_decode(enum decode_kind kind, enum decode_source source, uint8_t seed,
                 const uint8_t *data, size_t size);

#endif
