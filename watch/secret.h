/*
 * Bytes that must not stay in memory longer than needed: tokens, keys, and the files they come
 * from. Every copy is wiped when it is freed.
 */
#ifndef WATCH_SECRET_H
#define WATCH_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/base/err.h"
#include "model/base/str.h"

struct secret {
    char *data; /* NUL-terminated behind len; NULL: not set */
    size_t len;
};

void secret_clear(struct secret *secret); /* wipes, frees, not set; takes a zeroed struct */
void secret_set(struct secret *secret, struct str bytes); /* copies; wipes what was there */
/* Takes the content of `from`, which is not set afterwards. Wipes what was there. */
void secret_move(struct secret *secret, struct secret *from);
bool secret_equal(const struct secret *a, const struct secret *b);

static inline struct str secret_str(const struct secret *secret)
{
    return (struct str){secret->data, secret->len};
}

/* Reads a whole file of at most `max_bytes`; *ret_mode (may be NULL) is its st_mode. *err reads
 * like
 * "/x/token: Permission denied". Works for pipes (`--kubeconfig <(...)`). */
int secret_read_file(const char *path, size_t max_bytes, struct secret *ret_content,
                     mode_t *ret_mode, struct err *err);

/* Reads from `fd` until its end or more than `max_bytes` came (-EFBIG). */
int secret_read_fd(int fd, size_t max_bytes, struct secret *ret_content);

/* Base64 of RFC 4648 4 with padding; line breaks are skipped, as Go's decoder does. -EINVAL else.
 */
int secret_from_base64(struct str text, struct secret *ret_bytes);

#endif
