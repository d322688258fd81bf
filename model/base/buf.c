#include "model/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/base/utf8.h"

void buf_init(struct buf *buf, size_t max_bytes)
{
    CHECK(max_bytes < SIZE_MAX / 2);
    *buf = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = buf->capacity = 0;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->overflowed = false;
}

/* Room for `extra` more bytes and the NUL. */
static bool buf_reserve(struct buf *buf, size_t extra)
{
    if (extra > buf->max_bytes || buf->len > buf->max_bytes - extra) {
        buf->overflowed = true;
        return false;
    }
    size_t needed = buf->len + extra + 1;
    if (needed > buf->capacity) {
        buf->capacity = mem_grow(buf->capacity, needed);
        buf->data = mem_resize(buf->data, buf->capacity, 1);
    }
    return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!buf_reserve(buf, len))
        return false;
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return true;
}

bool buf_add_str(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(len >= 0);
    if (!buf_reserve(buf, (size_t)len))
        return false;
    va_start(args, format);
    (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return true;
}

static bool buf_add_json_byte(struct buf *buf, unsigned char byte)
{
    switch (byte) {
    case '"':
        return buf_add(buf, "\\\"", 2);
    case '\\':
        return buf_add(buf, "\\\\", 2);
    case '\n':
        return buf_add(buf, "\\n", 2);
    case '\t':
        return buf_add(buf, "\\t", 2);
    case '\r':
        return buf_add(buf, "\\r", 2);
    default:
        return buf_printf(buf, "\\u%04x", byte);
    }
}

bool buf_add_json(struct buf *buf, const char *text, size_t len)
{
    size_t plain = 0; /* start of the run not yet copied */
    for (size_t i = 0; i < len;) {
        unsigned char byte = (unsigned char)text[i];
        size_t step = byte < 0x80 ? 1 : utf8_sequence(text + i, len - i);
        if (step > 0 && byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) {
            i += step;
            continue;
        }
        (void)buf_add(buf, text + plain, i - plain);
        (void)(step > 0 ? buf_add_json_byte(buf, byte) : buf_add_str(buf, "\xef\xbf\xbd"));
        plain = ++i;
    }
    (void)buf_add(buf, text + plain, len - plain);
    return !buf->overflowed;
}

void buf_consume(struct buf *buf, size_t len)
{
    CHECK(len <= buf->len);
    if (len == 0)
        return;
    memmove(buf->data, buf->data + len, buf->len - len);
    buf->len -= len;
    buf->data[buf->len] = '\0';
}

char *buf_take(struct buf *buf)
{
    if (!buf->data)
        return mem_strdup("");
    char *data = buf->data;
    buf->data = NULL;
    buf->len = buf->capacity = 0;
    buf->overflowed = false;
    return data;
}
