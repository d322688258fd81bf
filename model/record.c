#include "model/record.h"

#include "model/base/hash.h"

static uint32_t body_hash(struct str body)
{
    return (uint32_t)(hash_bytes(RECORD_VERSION, body.ptr, body.len) >> 32);
}

struct codec record_begin(struct buf *body, enum record_kind kind)
{
    const char byte = (char)kind;
    buf_clear(body);
    (void)buf_add(body, &byte, 1);
    return codec_writer(body);
}

void record_frame(struct buf *out, const struct buf *body)
{
    struct codec codec = codec_writer(out);
    uint64_t len = body->len;
    uint32_t hash = body_hash(buf_str(body));
    char bytes[RECORD_HASH_BYTES];
    CHECK(len > 0 && len <= RECORD_BYTES_MAX);
    for (uint32_t i = 0; i < RECORD_HASH_BYTES; i++)
        bytes[i] = (char)(unsigned char)(hash >> (8 * i));
    codec_u64(&codec, &len);
    (void)buf_add(out, body->data, body->len);
    (void)buf_add(out, bytes, sizeof(bytes));
}

void record_add_head(struct buf *out, const struct record_head *head)
{
    struct buf body CLEANUP(buf_fini);
    struct record_head copy = *head;
    uint32_t version = RECORD_VERSION;
    buf_init(&body, 64);
    struct codec codec = record_begin(&body, RECORD_HEAD);
    codec_u32(&codec, &version);
    codec_u64(&codec, &copy.run);
    codec_u32(&codec, &copy.part);
    (void)buf_add(out, RECORD_MAGIC, RECORD_MAGIC_BYTES);
    record_frame(out, &body);
}

bool record_read_head(struct codec *codec, struct record_head *ret_head)
{
    struct record_head head = {0};
    uint32_t version = 0;
    codec_u32(codec, &version);
    if (!codec->wrong && version != RECORD_VERSION)
        codec_fail(codec, "it was written by another version of spillway");
    codec_u64(codec, &head.run);
    codec_u32(codec, &head.part);
    if (head.part == 0)
        codec_fail(codec, "its part has no number");
    if (!codec_is_done(codec))
        return false;
    *ret_head = head;
    return true;
}

enum frame_result record_unframe(struct str bytes, struct str *ret_body, size_t *ret_frame_bytes)
{
    size_t len = 0, at = 0;
    for (unsigned char byte = 0x80; byte >= 0x80; at++) {
        if (at == RECORD_LENGTH_BYTES_MAX)
            return FRAME_BAD;
        if (at == bytes.len) {
            *ret_frame_bytes = at + 1;
            return FRAME_CUT;
        }
        byte = (unsigned char)bytes.ptr[at];
        len |= (size_t)(byte & 0x7f) << (7 * at);
    }
    if (len == 0 || len > RECORD_BYTES_MAX)
        return FRAME_BAD;
    size_t whole = at + len + RECORD_HASH_BYTES;
    if (bytes.len < whole) {
        *ret_frame_bytes = whole;
        return FRAME_CUT;
    }
    struct str body = {bytes.ptr + at, len};
    uint32_t hash = 0;
    for (uint32_t i = 0; i < RECORD_HASH_BYTES; i++)
        hash |= (uint32_t)(unsigned char)body.ptr[len + i] << (8 * i);
    if (hash != body_hash(body) || (unsigned char)body.ptr[0] >= RECORD_KIND_COUNT)
        return FRAME_BAD;
    *ret_body = body;
    *ret_frame_bytes = whole;
    return FRAME_WHOLE;
}
