#include "model/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *mem_zalloc(size_t count, size_t size)
{
    CHECK(size == 0 || count <= SIZE_MAX / size);
    void *pointer = calloc(count ? count : 1, size ? size : 1);
    CHECK(pointer != NULL);
    return pointer;
}

void *mem_resize(void *pointer, size_t count, size_t size)
{
    CHECK(size == 0 || count <= SIZE_MAX / size);
    size_t bytes = count * size;
    void *resized = realloc(pointer, bytes ? bytes : 1);
    CHECK(resized != NULL);
    return resized;
}

void *mem_copy(const void *items, size_t count, size_t size)
{
    void *copy = mem_zalloc(count, size);
    if (count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

char *mem_strndup(const char *text, size_t len)
{
    char *copy = mem_zalloc(len + 1, 1);
    if (len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

void mem_freep(void *pointer_to_pointer)
{
    void **owner = pointer_to_pointer;
    free(*owner);
    *owner = NULL;
}

size_t mem_grow(size_t capacity, size_t needed)
{
    size_t grown = capacity + capacity / 2 + 8;
    return grown > needed ? grown : needed;
}
