/* Cold objects: whatever a proxy answers in place of a Status is refused or read, nothing else. */
#include <stdint.h>
#include <stdlib.h>

#include "model/cold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cold *cold = NULL;
    struct status_object status = {0};
    struct err err = {0};
    int result = cold_new((const char *)data, size, &cold, &err);
    if ((result == 0) != (cold != NULL) || (result < 0 && err.text[0] == '\0'))
        abort();
    if (cold && cold_status(cold, &status) && status.message.len > size)
        abort(); /* unescaping never makes a text longer */
    cold_free(cold);
    return 0;
}
