/* Bytes of a recording: any are refused or are an event, which is then written as what reads back
 * to the same; and a frame is never longer than what is there. */
#include <stdint.h>
#include <stdlib.h>

#include "model/record.h"

enum { SYMBOLS = 1 << 14, BYTES_MAX = 1 << 20 };

static void write_again(const struct event *event, struct buf *out)
{
    buf_init(out, BYTES_MAX);
    struct codec codec = codec_writer(out);
    event_write(&codec, event);
    if (buf_overflowed(out))
        abort(); /* numbers are at most ten bytes: no input of the fuzzer grows so */
}

static void check_event(struct str input)
{
    struct arena arena;
    struct event event;
    struct buf first, second;
    arena_init(&arena);
    struct codec codec = codec_reader(input, SYMBOLS, &arena);
    bool is_read = event_read(&codec, &event);
    if (is_read == (codec.wrong != NULL) || codec.at > input.len)
        abort();
    if (is_read) {
        write_again(&event, &first);
        struct codec again = codec_reader(buf_str(&first), SYMBOLS, &arena);
        if (!event_read(&again, &event) || !codec_is_done(&again))
            abort();
        write_again(&event, &second);
        if (!str_equal(buf_str(&first), buf_str(&second)))
            abort();
        buf_fini(&first);
        buf_fini(&second);
    }
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = {(const char *)data, size}, body = {NULL, 0};
    size_t frame_bytes = 0;
    switch (record_unframe(input, &body, &frame_bytes)) {
    case FRAME_WHOLE:
        if (frame_bytes > size || body.len == 0 || body.len >= frame_bytes)
            abort();
        break;
    case FRAME_CUT:
        if (frame_bytes <= size)
            abort();
        break;
    case FRAME_BAD:
        break;
    }
    check_event(input);
    return 0;
}
