/*
 * Reads the records of a recording (model/record.h) in order: FILE.1 and then FILE when FILE goes
 * on where FILE.1 stops, else FILE alone. One record at a time is in memory.
 */
#ifndef BENCH_EVENT_FILE_H
#define BENCH_EVENT_FILE_H

#include <stdio.h>

#include "model/base/err.h"
#include "model/record.h"

struct event_file {
    bool is_cut; /* the last record is not whole: what follows was never written */
    /* private from here on */
    const char *path; /* lent */
    char *old_path;
    FILE *in;
    const char *in_path;
    uint64_t offset;      /* in the part: of the record that is next */
    uint64_t body_offset; /* of the body of the record that was given last */
    struct record_head head;
    bool is_last_part;
    struct buf bytes;
    size_t frame_bytes; /* of the record that was given */
};

/* -errno when there is no recording, none that this version reads, or one whose start is gone. */
NODISCARD int event_file_open(struct event_file *file, const char *path, struct err *err);
void event_file_close(struct event_file *file); /* takes a zeroed struct too */

/* 1 and the next body, lent until the next call; 0 at the end; -EBADMSG with file and byte. */
NODISCARD int event_file_next(struct event_file *file, struct str *ret_body, struct err *err);

/* Where byte `at` of the last body is: -EBADMSG, and the text says file, byte and `what`. */
int event_file_wrong(const struct event_file *file, size_t at, const char *what, struct err *err);

#endif
