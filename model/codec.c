#include "model/codec.h"

enum { VARINT_BYTES_MAX = 10 };

struct codec codec_writer(struct buf *out)
{
    return (struct codec){.out = out};
}

struct codec codec_reader(struct str in, uint32_t symbol_count, struct arena *arena)
{
    return (struct codec){.in = in, .arena = arena, .symbol_count = symbol_count};
}

void codec_fail(struct codec *codec, const char *what)
{
    if (!codec->wrong)
        codec->wrong = what;
}

bool codec_is_done(struct codec *codec)
{
    if (codec->at != codec->in.len)
        codec_fail(codec, "bytes are left over");
    return !codec->wrong;
}

static void write_u64(struct buf *out, uint64_t value)
{
    unsigned char bytes[VARINT_BYTES_MAX];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (unsigned char)(value | 0x80);
    bytes[len++] = (unsigned char)value;
    (void)buf_add(out, bytes, len);
}

static uint64_t read_u64(struct codec *codec)
{
    uint64_t value = 0;
    for (uint32_t shift = 0; !codec->wrong; shift += 7) {
        if (codec->at == codec->in.len) {
            codec_fail(codec, "the bytes end in the middle of a value");
            break;
        }
        unsigned char byte = (unsigned char)codec->in.ptr[codec->at];
        if (shift == 63 && byte > 1) {
            codec_fail(codec, "a number is longer than 64 bits");
            break;
        }
        codec->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    return 0;
}

void codec_u64(struct codec *codec, uint64_t *value)
{
    if (codec_is_reading(codec))
        *value = read_u64(codec);
    else
        write_u64(codec->out, *value);
}

void codec_i64(struct codec *codec, int64_t *value)
{
    if (codec_is_reading(codec)) {
        uint64_t zigzag = read_u64(codec);
        *value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    } else {
        uint64_t bits = (uint64_t)*value;
        write_u64(codec->out, bits << 1 ^ (*value < 0 ? UINT64_MAX : 0));
    }
}

/* At most `max`. */
static uint64_t read_up_to(struct codec *codec, uint64_t max)
{
    uint64_t value = read_u64(codec);
    if (value <= max)
        return value;
    codec_fail(codec, "a number is too large for its place");
    return 0;
}

void codec_u32(struct codec *codec, uint32_t *value)
{
    if (codec_is_reading(codec))
        *value = (uint32_t)read_up_to(codec, UINT32_MAX);
    else
        write_u64(codec->out, *value);
}

void codec_i32(struct codec *codec, int32_t *value)
{
    int64_t wide = codec_is_reading(codec) ? 0 : *value;
    codec_i64(codec, &wide);
    if (!codec_is_reading(codec))
        return;
    if (wide < INT32_MIN || wide > INT32_MAX) {
        codec_fail(codec, "a number is too large for its place");
        wide = 0;
    }
    *value = (int32_t)wide;
}

void codec_below(struct codec *codec, uint32_t *value, uint32_t limit)
{
    if (codec_is_reading(codec))
        *value = (uint32_t)read_up_to(codec, limit - 1);
    else
        write_u64(codec->out, *value);
}

void codec_below16(struct codec *codec, uint16_t *value, uint32_t limit)
{
    if (codec_is_reading(codec))
        *value = (uint16_t)read_up_to(codec, limit - 1);
    else
        write_u64(codec->out, *value);
}

void codec_bool(struct codec *codec, bool *value)
{
    if (codec_is_reading(codec))
        *value = read_up_to(codec, 1) != 0;
    else
        write_u64(codec->out, *value);
}

void codec_str(struct codec *codec, struct str *value)
{
    if (!codec_is_reading(codec)) {
        write_u64(codec->out, value->len);
        (void)buf_add(codec->out, value->ptr, value->len);
        return;
    }
    *value = STR("");
    uint64_t len = read_u64(codec);
    if (len > codec->in.len - codec->at)
        codec_fail(codec, "a text is longer than what is there");
    if (codec->wrong || len == 0)
        return;
    *value = arena_copy(codec->arena, (struct str){codec->in.ptr + codec->at, (size_t)len});
    codec->at += (size_t)len;
}

void codec_symbol(struct codec *codec, uint32_t *symbol)
{
    if (!codec_is_reading(codec)) {
        write_u64(codec->out, *symbol);
        return;
    }
    uint64_t number = read_u64(codec);
    *symbol = SYM_EMPTY;
    if (number < codec->symbol_count)
        *symbol = (uint32_t)number;
    else
        codec_fail(codec, "a symbol was never defined");
}

/* A UID that is no UUID is a symbol behind a mark (model/uid.h). */
void codec_uid(struct codec *codec, struct uid *uid)
{
    codec_u64(codec, &uid->hi);
    codec_u64(codec, &uid->lo);
    if (!codec_is_reading(codec) || uid->hi != UINT64_MAX || uid->lo < codec->symbol_count)
        return;
    codec_fail(codec, "a symbol was never defined");
    *uid = (struct uid){0, 0};
}

void *codec_items(struct codec *codec, void *items, uint32_t *count, uint32_t max,
                  size_t item_bytes)
{
    if (!codec_is_reading(codec)) {
        CHECK(*count <= max);
        write_u64(codec->out, *count);
        return items;
    }
    *count = (uint32_t)read_up_to(codec, max);
    if (*count > codec->in.len - codec->at)
        codec_fail(codec, "an array is longer than what is there");
    if (codec->wrong)
        *count = 0;
    return *count > 0 ? arena_zalloc(codec->arena, *count, item_bytes) : NULL;
}
