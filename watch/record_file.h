/*
 * Where a recording goes (model/record.h): FILE, and once that is full FILE.1, which takes the
 * place of the part before. So a recording never takes more than its limit, in two files. What an
 * earlier run left in FILE is kept as FILE.1 until this run's first part is full.
 *
 * Nothing is lost with the process: bytes are the kernel's when record_file_write() returns.
 */
#ifndef WATCH_RECORD_FILE_H
#define WATCH_RECORD_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/base/str.h"
#include "watch/log.h"

enum { RECORD_FILE_MODE = 0600 }; /* names of pods are nobody else's business */

struct record_file; /* opaque */

/* `limit_bytes` for both files together; `run` tells this recording from others. The log is
 * borrowed. 0 and yours, or -errno. */
NODISCARD int record_file_open(const char *path, uint64_t limit_bytes, uint64_t run,
                               const struct log *log, struct record_file **ret_file,
                               struct err *err);

/* Takes whole records; `ctx` is the file, for recorder_options.write. False when they could not be
 * written: the log says why, the file ends with the last whole record, and nothing more is taken.
 */
bool record_file_write(void *ctx, struct str records);

void record_file_close(struct record_file *file); /* NULL is fine */

#endif
