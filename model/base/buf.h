/*
 * Growable bytes with a maximum that is set once. An append over the maximum changes nothing and
 * marks the buffer: check buf_overflowed() once at the end instead of at every step.
 */
#ifndef MODEL_BASE_BUF_H
#define MODEL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/base/check.h"
#include "model/base/str.h"

struct buf {
    char *data;       /* NUL-terminated once something was appended, else NULL */
    size_t len;       /* bytes in use, the NUL not counted */
    size_t capacity;  /* private */
    size_t max_bytes; /* private */
    bool overflowed;  /* private */
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_fini(struct buf *buf);  /* releases the memory; takes a zeroed struct too */
void buf_clear(struct buf *buf); /* empty and unmarked, memory kept */

/* Appends; false (and marked) when the maximum would be passed. */
bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_add_str(struct buf *buf, const char *text);
bool buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends `text` as the inside of a JSON string: quotes, backslashes and control characters
 * escaped, bytes that are not UTF-8 replaced by U+FFFD. */
bool buf_add_json(struct buf *buf, const char *text, size_t len);

/* Drops the first `len` bytes. CHECKs len <= buf->len. */
void buf_consume(struct buf *buf, size_t len);

/* Gives the bytes away (NUL-terminated; release with free()) and leaves the buffer empty. */
char *buf_take(struct buf *buf);

/* Appends the word's four bytes, cheaply: keys of hash tables are made of words. */
static inline bool buf_add_word(struct buf *buf, uint32_t word)
{
    if (buf->capacity - buf->len <= sizeof(word) || buf->max_bytes - buf->len < sizeof(word))
        return buf_add(buf, &word, sizeof(word));
    memcpy(buf->data + buf->len, &word, sizeof(word));
    buf->len += sizeof(word);
    buf->data[buf->len] = '\0';
    return true;
}

/* Drops what stands behind the first `len` bytes; CHECKs that there are so many. */
static inline void buf_cut(struct buf *buf, size_t len)
{
    CHECK(len <= buf->len);
    buf->len = len;
    if (buf->data)
        buf->data[len] = '\0';
}

static inline bool buf_overflowed(const struct buf *buf)
{
    return buf->overflowed;
}

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->data, buf->len};
}

#endif
