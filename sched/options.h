/*
 * The flags of build/spillway. One table in options.c drives getopt_long(), the checks and --help.
 *
 * A flag that is unknown, lacks its value or has a wrong one gives one line that says what is
 * wrong, where, and what would be right; main() prints it and exits with OPTIONS_EXIT_USAGE.
 */
#ifndef SCHED_OPTIONS_H
#define SCHED_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/base/err.h"
#include "sched/sched.h"

enum { OPTIONS_EXIT_USAGE = 2 };

/* Texts are lent by argv. */
struct options {
    const char *kubeconfig;          /* NULL: in-cluster files */
    const char *context;             /* NULL: current-context */
    const char *service_account_dir; /* NULL: the usual one */
    bool insecure_skip_tls_verify;

    uint32_t scheduler_name_count; /* 1 to SCHED_NAMES_MAX */
    const char *scheduler_names[SCHED_NAMES_MAX];

    int64_t predicate_step;               /* nodes */
    int64_t feasible_target;              /* nodes; 0: no limit */
    int64_t percentage_of_nodes_to_score; /* -1: not set; 0: adaptive, as kube-scheduler; to 100 */
    bool batch;
    const char *score_weights;   /* NULL: defaults; checked as score_config_set_weights() */
    const char *score_strategy;  /* likewise score_config_set_strategy() */
    const char *score_resources; /* likewise score_config_set_resources() */
    int64_t seed;                /* for ties */
    int64_t pod_initial_backoff_seconds;
    int64_t pod_max_backoff_seconds; /* 0: no backoff */
    int64_t relist_seconds;          /* 0: never */

    const char *unit_types; /* NULL: the presets alone */
    bool preemption;

    const char *record;      /* NULL: nothing is recorded */
    int64_t record_limit_mb; /* MiB, of both files together */

    int64_t v;                  /* log verbosity */
    const char *logging_format; /* "text" or "json" */
    bool help, version;         /* then nothing else was checked across flags */
};

/* Reads the command line; argv[0] is skipped. 0, or -EINVAL with the line to print; *ret_options is
 * written only on success. Uses getopt's globals: not from two threads. */
NODISCARD int options_parse(int argc, char *const argv[], struct options *ret_options,
                            struct err *err);

void options_print_help(FILE *out);
void options_print_version(FILE *out);

#endif
