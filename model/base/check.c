#include "model/base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *file, int line, const char *function, const char *condition)
{
    (void)fprintf(stderr, "spillway: bug at %s:%d in %s(): %s does not hold\n", file, line,
                  function, condition);
    abort();
}
