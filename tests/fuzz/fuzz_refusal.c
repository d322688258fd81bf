/* fuzz: links watch */
/*
 * What comes in place of an answer, from the apiserver or from a proxy: any bytes give a text for
 * people, and a pause within its bounds.
 */
#include <stdint.h>
#include <string.h>

#include "model/base/check.h"
#include "watch/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct refusal refusal;
    refusal_read(403, (struct str){(const char *)data, size}, &refusal);
    size_t len = strnlen(refusal.message, sizeof refusal.message);
    CHECK(len > 0 && len < sizeof refusal.message);
    CHECK(refusal.retry_after_seconds >= -1 && refusal.retry_after_seconds <= 3600);
    return 0;
}
