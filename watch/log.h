/*
 * Logs for operators, to stderr, in the two shapes of klog:
 *   text  I1121 19:15:02.123456    1234 reflector.c:88] "Watch ended" resource="pods" reason="410"
 *   json  {"ts":1763752502123.456,"caller":"watch/reflector.c:88","msg":"...","v":0,"resource":"pods"}
 * Control characters in values are escaped. Never give it a token, a key or a header value.
 *
 * A struct passed around, no global: whoever logs holds one.
 */
#ifndef WATCH_LOG_H
#define WATCH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO };
enum log_format { LOG_TEXT, LOG_JSON };

struct log {
    FILE *out;             /* borrowed */
    enum log_format format;
    int verbosity;         /* --v: messages with a higher `v` are not printed */
};

/* One key and value; the list ends with {NULL, NULL}. A NULL value prints as "". */
struct log_pair {
    const char *key, *value;
};

#define LOG_PAIRS(...) ((const struct log_pair[]){__VA_ARGS__, {NULL, NULL}}) /* for log_emit() */

/* The message, then any number of pairs in braces:
 *     log_error(log, "Cannot list", {"resource", "pods"}, {"err", err.text});
 * `v` is the verbosity it needs: 0 always, 2 useful state changes, 4 debug, 6 each request. */
#define log_error(log, ...)   LOG_CALL(log, LOG_ERROR, 0, __VA_ARGS__, {NULL, NULL})
#define log_warning(log, ...) LOG_CALL(log, LOG_WARNING, 0, __VA_ARGS__, {NULL, NULL})
#define log_info(log, v, ...) LOG_CALL(log, LOG_INFO, v, __VA_ARGS__, {NULL, NULL})

#define LOG_CALL(log, level, v, msg, ...)                                                          \
    log_emit(log, level, v, __FILE__, __LINE__, msg, (const struct log_pair[]){__VA_ARGS__})

void log_emit(const struct log *log, enum log_level level, int v, const char *file, int line,
              const char *msg, const struct log_pair *pairs);

/* Decimal text of a number, for a pair's value; `ret_text` must have room for 24 bytes. */
const char *log_number(long long number, char ret_text[24]);

#endif
