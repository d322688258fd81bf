/*
 * Memory that is there or the program ends. Every state spillway holds can be listed again from the
 * apiserver, so a half-alive path behind a failed malloc would be the less safe choice.
 */
#ifndef MODEL_BASE_MEM_H
#define MODEL_BASE_MEM_H

#include <stddef.h>

#include "model/base/check.h"

/* `count` objects of `size` bytes, zeroed; yours, release with free(). Aborts when out of memory or
 * when the product overflows. A zero size gives a valid, non-NULL pointer. */
void *mem_zalloc(size_t count, size_t size) __attribute__((malloc));

/* Like realloc(), for `count` objects of `size` bytes. New bytes are not cleared. */
void *mem_resize(void *pointer, size_t count, size_t size) NODISCARD;

/* A copy of `count` objects; yours. `items` may be NULL when there are none. */
void *mem_copy(const void *items, size_t count, size_t size) __attribute__((malloc));

/* A copy of `len` bytes with a terminating NUL; yours. */
char *mem_strndup(const char *text, size_t len) __attribute__((malloc));
char *mem_strdup(const char *text) __attribute__((malloc));

/* Cleanup functions for CLEANUP(). */
void mem_freep(void *pointer_to_pointer);

/* The next capacity of a growing array: at least `needed`, at least 1.5 times `capacity`. */
size_t mem_grow(size_t capacity, size_t needed);

#endif
