/*
 * Structs as bytes, one description for both ways: the same function writes a struct and reads it
 * back, so that no two lists of fields can differ. Writing only reads what it is given.
 *
 * Numbers are LEB128 (signed ones zigzag), texts a length and their bytes, symbols their number.
 * Reading never trusts the bytes: the first thing that cannot be is kept as `wrong`, and from then
 * on every value reads as zero, so that it is enough to look once, at the end.
 */
#ifndef MODEL_CODEC_H
#define MODEL_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/arena.h"
#include "model/base/buf.h"
#include "model/base/str.h"
#include "model/uid.h"

struct codec {
    struct buf *out;       /* writing; NULL: reading */
    struct str in;         /* reading: lent */
    size_t at;             /* reading: bytes read; where it went wrong */
    struct arena *arena;   /* reading: texts and arrays go there */
    uint32_t symbol_count; /* reading: symbols below this are known */
    const char *wrong;     /* reading: what is wrong; NULL: fine so far */
};

struct codec codec_writer(struct buf *out);
struct codec codec_reader(struct str in, uint32_t symbol_count, struct arena *arena);

static inline bool codec_is_reading(const struct codec *codec)
{
    return codec->out == NULL;
}

/* Marks what is read as wrong; the first reason is kept. */
void codec_fail(struct codec *codec, const char *what);

/* Reading: whether all went well and nothing is left over. */
bool codec_is_done(struct codec *codec);

void codec_u64(struct codec *codec, uint64_t *value);
void codec_i64(struct codec *codec, int64_t *value);
void codec_u32(struct codec *codec, uint32_t *value);
void codec_i32(struct codec *codec, int32_t *value);
void codec_bool(struct codec *codec, bool *value);
void codec_str(struct codec *codec, struct str *value); /* NUL-terminated when read */
void codec_symbol(struct codec *codec, uint32_t *symbol);
void codec_uid(struct codec *codec, struct uid *uid);

/* A number below `limit`: of an enum, a set of bits, a port. */
void codec_below(struct codec *codec, uint32_t *value, uint32_t limit);
void codec_below16(struct codec *codec, uint16_t *value, uint32_t limit);

/* The length of an array of at most `max` items, and when reading the zeroed array itself. Returns
 * the array. Every item has to take a byte or more: what is read bounds what is allocated. */
void *codec_items(struct codec *codec, void *items, uint32_t *count, uint32_t max,
                  size_t item_bytes);
#define CODEC_ARRAY(codec, items, count, max)                                                      \
    ((items) = codec_items((codec), (items), &(count), (max), sizeof(*(items))))

#endif
