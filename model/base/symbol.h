/*
 * Interned strings: label keys and values, resource names, node names, namespaces, images. Equal
 * text has an equal symbol, so that comparing is an integer compare. Pod names and UIDs are not
 * interned: they are unique anyway.
 *
 * The table never shrinks. It therefore has a limit in bytes; a text over it gets SYM_FULL, and the
 * object that carries it is refused with that reason.
 */
#ifndef MODEL_BASE_SYMBOL_H
#define MODEL_BASE_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/str.h"

enum { SYM_EMPTY = 0 };       /* the symbol of "" */
#define SYM_ABSENT UINT32_MAX /* symbol_find(): never interned */
#define SYM_FULL   UINT32_MAX /* symbol_intern(): the limit is reached */

struct symbols; /* opaque */

struct symbols *symbols_new(uint64_t hash_seed, size_t limit_bytes);
void symbols_free(struct symbols *symbols);

/* The symbol of `text`, made when it is new. SYM_FULL over the limit. */
uint32_t symbol_intern(struct symbols *symbols, struct str text);

/* The symbol of `text` when it is there, else SYM_ABSENT. */
uint32_t symbol_find(const struct symbols *symbols, struct str text);

/* The text of a symbol, NUL-terminated, valid until symbols_free(). CHECKs the symbol. */
const char *symbol_text(const struct symbols *symbols, uint32_t symbol);
struct str symbol_str(const struct symbols *symbols, uint32_t symbol);

/* Orders symbols by number, for qsort() over uint32_t; says nothing about their texts. */
int symbol_compare(const void *a, const void *b);

uint32_t symbols_count(const struct symbols *symbols);
size_t symbols_bytes(const struct symbols *symbols);

#endif
