/*
 * A file of scheduler_perf as a tree, and where in the file a part of the tree stands: what is
 * wrong with it is told with file and line. YAML as watch/yaml.h reads it: no anchors, no second
 * document.
 */
#ifndef BENCH_PERF_YAML_H
#define BENCH_PERF_YAML_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/base/str.h"

enum { PERF_STEPS_MAX = 8 };

struct perf_doc {
    char *path, *text; /* owned */
    size_t len;
    json_t *root; /* owned */
};

/* The way from the root to a part: keys of maps and indexes of lists. */
struct perf_at {
    uint32_t count;
    struct perf_step {
        const char *key; /* borrowed; NULL: an index */
        size_t index;
    } steps[PERF_STEPS_MAX];
};

/* The whole file, at most YAML_BYTES_MAX; NUL-terminated, yours. NULL: see *err. */
char *perf_read_file(const char *path, size_t *ret_len, struct err *err);

int perf_doc_load(struct perf_doc *doc, const char *path, struct err *err) NODISCARD;
void perf_doc_fini(struct perf_doc *doc); /* takes a zeroed struct too */

struct perf_at perf_at_key(const struct perf_at *at, const char *key);
struct perf_at perf_at_index(const struct perf_at *at, size_t index);

/* The line, from 1, of the key or of the element; of what is around it when it is not there. */
uint32_t perf_doc_line(const struct perf_doc *doc, const struct perf_at *at);

/* -EINVAL, and "FILE:LINE: ..." */
int perf_doc_fail(const struct perf_doc *doc, const struct perf_at *at, struct err *err,
                  const char *format, ...) PRINTF_LIKE(4, 5);

#endif
