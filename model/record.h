/*
 * The format of a recording: all that went into the core, in order, so that it can be run again
 * (sched/record.h writes it, bench/event_replay.h runs it).
 *
 * A part of a recording is RECORD_MAGIC and then records. A record is a frame: the length of its
 * body as LEB128, the body, and four bytes of its hash, the lowest first. The first byte of a body
 * is the kind; what follows is in the codec of model/codec.h:
 *
 *   HEAD    run (any number, the same in all parts), part (1, 2, ...), RECORD_VERSION
 *   CONFIG  how the core was set up, seeds included (sched/record.h); once, in part 1
 *   SYMBOL  a text; the first is symbol 0, the next symbol 1, and so on
 *   EVENT   milliseconds since the record before, and the event (model/event_codec.h)
 *   PASS    milliseconds likewise, the budget, and the room for binds; sched_pass() ran
 *   STOP    sched_stop() ran
 *   BIND    what came out: pod and node of one port->bind(), made by the EVENT or PASS before it.
 *           No input; the runner compares
 *   END     the recorder ended in good order; without it the process was killed, or records still
 *
 * Numbers wider than a byte are little-endian, as are the machines that Debian builds this for.
 */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "model/event_codec.h"
#include "model/port.h"

#define RECORD_KIND_MAP(X) X(HEAD) X(CONFIG) X(SYMBOL) X(EVENT) X(PASS) X(STOP) X(BIND) X(END)

enum record_kind {
#define X(kind) RECORD_##kind,
    RECORD_KIND_MAP(X)
#undef X
        RECORD_KIND_COUNT
};

#define RECORD_MAGIC "spillway events\n"

enum {
    RECORD_VERSION = 3, /* another number: the meaning of the bytes changed */
    RECORD_MAGIC_BYTES = sizeof(RECORD_MAGIC) - 1,
    /* One object is at most DECODE_ARENA_BYTES_MAX (8 MiB) of structs, its text copied once more.
     */
    RECORD_BYTES_MAX = 24 << 20,
    RECORD_LENGTH_BYTES_MAX = 4, /* of a frame's length */
    RECORD_HASH_BYTES = 4,
};

/* Where a part stands. */
struct record_head {
    uint64_t run;
    uint32_t part; /* from 1 */
};

/* Begins a body: clears `body`, writes the kind. */
struct codec record_begin(struct buf *body, enum record_kind kind);

/* Appends the frame of `body` to `out`. */
void record_frame(struct buf *out, const struct buf *body);

/* Appends what every part begins with. */
void record_add_head(struct buf *out, const struct record_head *head);

enum frame_result { FRAME_WHOLE, FRAME_CUT, FRAME_BAD };

/* The frame at the start of `bytes`. FRAME_CUT: more bytes are needed, *ret_frame_bytes says how
 * many there have to be at least. FRAME_WHOLE: its body, lent, and its length. FRAME_BAD: it is
 * no frame (length or hash); outputs as they were. */
enum frame_result record_unframe(struct str bytes, struct str *ret_body, size_t *ret_frame_bytes);

/* Reads a HEAD; false when it is none of this version, with codec->wrong set. */
bool record_read_head(struct codec *codec, struct record_head *ret_head);

#endif
