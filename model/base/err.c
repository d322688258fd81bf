#include "model/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    CHECK(code > 0);
    if (!err)
        return -code;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    err->code = code;
    return -code;
}

int err_wrap(struct err *err, const char *format, ...)
{
    if (!err)
        return -1;
    char inner[ERR_TEXT_BYTES];
    memcpy(inner, err->text, sizeof(inner));
    va_list args;
    va_start(args, format);
    int len = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof(err->text))
        (void)snprintf(err->text + len, sizeof(err->text) - (size_t)len, ": %s", inner);
    return -err->code;
}
