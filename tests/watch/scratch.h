/* A directory of its own for a test, throw-away certificates, and a log that can be read. */
#ifndef TESTS_WATCH_SCRATCH_H
#define TESTS_WATCH_SCRATCH_H

#include <stddef.h>

#include "watch/log.h"

struct scratch {
    char *dir;
    char *log_text; /* what was logged; good after each line */
    size_t log_len;
    struct log log; /* verbosity 0, text */
};

void scratch_init(struct scratch *scratch);
void scratch_fini(struct scratch *scratch); /* removes the directory with all files in it */

/* "DIR/name", yours. */
char *scratch_path(const struct scratch *scratch, const char *name);

/* Writes a file (by rename, so that no reader sees half of it) with mode 0600; the path, yours. */
char *scratch_write(const struct scratch *scratch, const char *name, const char *text);

/* A self-signed certificate and its key in PEM, yours. It ends `days` from now (negative: has). */
void make_certificate(const char *name, int days, char **ret_cert_pem, char **ret_key_pem);

/* Root reads every file: tests of permissions become nobody for a while, in their own process. Does
 * nothing when we are not root. */
enum { NOBODY = 65534 };
void become_nobody(void);
void become_root_again(void);

/* Base64, yours. */
char *make_base64(const char *text);

/* text with every "@NAME@" of the pairs (NULL-ended list name, value, ...) replaced; yours. */
char *fill_in(const char *text, const char *const *pairs);

#endif
