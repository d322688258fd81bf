#include "bench/protobuf_walk.h"

#include <errno.h>
#include <string.h>

enum { DEPTH_MAX = 16, MAGIC_BYTES = 4, FRAME_HEAD_BYTES = 4 };

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct field {
    uint32_t number;
    const struct message *message; /* NULL: a text that is interned */
    bool is_pod;                   /* counted */
};

struct message {
    const struct field *fields;
    size_t count;
};

#define MESSAGE(name, ...)                                                                         \
    static const struct field name##_fields[] = {__VA_ARGS__};                                     \
    static const struct message name = {name##_fields, ARRAY_LEN(name##_fields)}
#define TEXT(number)                                                                               \
    {                                                                                              \
        (number), NULL, false                                                                      \
    }
#define SUB(number, message)                                                                       \
    {                                                                                              \
        (number), &(message), false                                                                \
    }

/* Field numbers: generated.proto of k8s.io/api/core/v1, apimachinery meta/v1 and runtime. Of what
 * plain pods have, all that model/decode_table_pod.c reads; numbers and flags are passed over by
 * either reader in a step. */
MESSAGE(pair, TEXT(1), TEXT(2));
MESSAGE(quantity, TEXT(1));
MESSAGE(amount, TEXT(1), SUB(2, quantity));
MESSAGE(resources, SUB(1, amount), SUB(2, amount));
MESSAGE(port, TEXT(4), TEXT(5));
MESSAGE(container, TEXT(2), SUB(6, port), SUB(8, resources));
MESSAGE(toleration, TEXT(1), TEXT(2), TEXT(3), TEXT(4));
MESSAGE(spec, SUB(2, container), SUB(20, container), SUB(7, pair), TEXT(10), TEXT(19),
        SUB(22, toleration), TEXT(24));
MESSAGE(owner, TEXT(1), TEXT(3), TEXT(4), TEXT(5));
MESSAGE(meta, TEXT(1), TEXT(3), TEXT(5), TEXT(6), SUB(11, pair), SUB(12, pair), SUB(13, owner));
MESSAGE(condition, TEXT(1), TEXT(2), TEXT(5));
MESSAGE(status, TEXT(1), SUB(2, condition), TEXT(11));
MESSAGE(pod, SUB(1, meta), SUB(2, spec), SUB(3, status));
MESSAGE(list, {2, &pod, true});
MESSAGE(list_envelope, SUB(2, list));
MESSAGE(pod_envelope, {2, &pod, true});

/* ---- the walk ---- */

struct level {
    const struct message *message;
    const char *end;
};

static bool read_varint(const char **at, const char *end, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static const struct field *find_field(const struct message *message, uint64_t number)
{
    for (size_t i = 0; i < message->count; i++)
        if (message->fields[i].number == number)
            return &message->fields[i];
    return NULL;
}

/* One field at *at: what is no bytes is passed over; of bytes, *ret_bytes is what they are. */
static bool read_field(const char **at, const char *end, uint64_t *ret_number,
                       struct str *ret_bytes)
{
    uint64_t tag, value;
    *ret_bytes = (struct str){0};
    if (!read_varint(at, end, &tag))
        return false;
    *ret_number = tag >> 3;
    size_t left = (size_t)(end - *at), len = 0;
    switch (tag & 7) {
    case WIRE_VARINT:
        return read_varint(at, end, &value);
    case WIRE_64:
        len = 8;
        break;
    case WIRE_32:
        len = 4;
        break;
    case WIRE_BYTES:
        if (!read_varint(at, end, &value))
            return false;
        left = (size_t)(end - *at);
        if (value > left)
            return false;
        len = (size_t)value;
        *ret_bytes = (struct str){*at, len};
        break;
    default:
        return false;
    }
    if (len > left)
        return false;
    *at += len;
    return true;
}

static int walk(struct str text, const struct message *root, struct symbols *symbols,
                uint32_t *ret_pods, struct err *err)
{
    struct level levels[DEPTH_MAX] = {{root, text.ptr + text.len}};
    uint32_t depth = 0, pods = 0;
    const char *at = text.ptr;
    for (;;) {
        if (at == levels[depth].end) {
            if (depth == 0)
                break;
            depth--;
            continue;
        }
        uint64_t number;
        struct str bytes;
        if (!read_field(&at, levels[depth].end, &number, &bytes))
            return err_set(err, EBADMSG, "protobuf: broken at byte %zu", (size_t)(at - text.ptr));
        const struct field *field = find_field(levels[depth].message, number);
        if (!field || !bytes.ptr)
            continue;
        pods += field->is_pod;
        if (!field->message) {
            (void)symbol_intern(symbols, bytes);
        } else if (depth + 1 == DEPTH_MAX) {
            return err_set(err, EBADMSG, "protobuf: too deep");
        } else {
            levels[++depth] = (struct level){field->message, bytes.ptr + bytes.len};
            at = bytes.ptr;
        }
    }
    *ret_pods = pods;
    return 0;
}

static bool has_magic(struct str text)
{
    return text.len >= MAGIC_BYTES && memcmp(text.ptr, "k8s\0", MAGIC_BYTES) == 0;
}

int protobuf_walk_list(struct str body, struct symbols *symbols, uint32_t *ret_pods,
                       struct err *err)
{
    if (!has_magic(body))
        return err_set(err, EBADMSG, "protobuf: no envelope");
    struct str text = {body.ptr + MAGIC_BYTES, body.len - MAGIC_BYTES};
    return walk(text, &list_envelope, symbols, ret_pods, err);
}

/* WatchEvent of meta/v1: 1 type, 2 object; RawExtension of runtime: 1 raw. */
static struct str bytes_of_field(struct str text, uint64_t wanted)
{
    const char *at = text.ptr;
    while (at < text.ptr + text.len) {
        uint64_t number;
        struct str bytes;
        if (!read_field(&at, text.ptr + text.len, &number, &bytes))
            break;
        if (number == wanted && bytes.ptr)
            return bytes;
    }
    return (struct str){0};
}

int protobuf_walk_frame(struct str stream, struct symbols *symbols, size_t *ret_bytes,
                        struct err *err)
{
    const unsigned char *head = (const unsigned char *)stream.ptr;
    *ret_bytes = 0;
    if (stream.len < FRAME_HEAD_BYTES)
        return 0;
    size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (len > stream.len - FRAME_HEAD_BYTES)
        return 0;
    struct str event = {stream.ptr + FRAME_HEAD_BYTES, len};
    struct str object = bytes_of_field(bytes_of_field(event, 2), 1);
    if (!has_magic(object))
        return err_set(err, EBADMSG, "protobuf: a watch event without an object");
    uint32_t pods;
    struct str text = {object.ptr + MAGIC_BYTES, object.len - MAGIC_BYTES};
    int rc = walk(text, &pod_envelope, symbols, &pods, err);
    if (rc == 0)
        *ret_bytes = FRAME_HEAD_BYTES + len;
    return rc;
}
