/* Flags of the spillway-bench commands: one table a command drives the parsing, the checks and
 * --help. */
#ifndef BENCH_FLAGS_H
#define BENCH_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

enum flag_kind { FLAG_COUNT, FLAG_TEXT, FLAG_SWITCH };

struct flag {
    const char *name; /* "nodes" for --nodes */
    enum flag_kind kind;
    void *target;      /* uint32_t *, const char ** or bool *; holds the default before parsing */
    uint32_t min, max; /* FLAG_COUNT */
    const char *value; /* what --help calls the value: "N", "FILE"; NULL for a switch */
    const char *help;
};

enum flags_result {
    FLAGS_OK,
    FLAGS_HELP,  /* printed to stdout: exit 0 */
    FLAGS_WRONG, /* what is wrong and what would be right went to stderr: exit 2 */
};

/* Reads `--name value` and `--name=value`. argv[0] is the command's name. */
enum flags_result flags_parse(const struct flag *flags, uint32_t count, const char *summary,
                              int argc, char **argv);

#endif
