/* A folder with small files of scheduler_perf's kind. */
#ifndef TESTS_BENCH_PERF_FIXTURE_H
#define TESTS_BENCH_PERF_FIXTURE_H

#include "bench/perf_config.h"

struct perf_files {
    char dir[64];
    char config[128]; /* path of config.yaml */
    struct perf_workload workload;
    struct err err;
    int rc; /* of the load */
};

/* The folder, with templates/node.yaml, pod.yaml, gated.yaml, map.yaml and bad.yaml. */
void perf_files_init(struct perf_files *files);
void perf_files_fini(struct perf_files *files);

void perf_files_write(struct perf_files *files, const char *name, const char *text);

/* Writes config.yaml and loads the workload; NULL names: the only one. */
void perf_files_load(struct perf_files *files, const char *config, const char *case_name,
                     const char *name);

#endif
