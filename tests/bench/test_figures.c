/* bench/run.sh, with a program in place of spillway-bench, and bench/figures.sh: what was measured
 * beside what is to be reached. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/base/check.h"

enum { OUTPUT_BYTES = 16384 };

/* The exit code. */
static int run_figures(const char *json, char output[OUTPUT_BYTES])
{
    char path[] = "/tmp/spillway-figures-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, json, strlen(json)) == (ssize_t)strlen(json));
    (void)close(fd);
    char command[128];
    (void)snprintf(command, sizeof(command), "bench/figures.sh %s", path);
    FILE *figures = popen(command, "re");
    cr_assert(figures);
    size_t len = fread(output, 1, OUTPUT_BYTES - 1, figures);
    output[len] = '\0';
    int status = pclose(figures);
    (void)unlink(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What the row of the key says: "met", "MISSED" or "not". */
static void expect_row(const char *output, const char *key, const char *verdict)
{
    const char *row = strstr(output, key);
    cr_assert(row && (row == output || row[-1] == '\n'), "no row for %s in\n%s", key, output);
    char words[5][32] = {0};
    cr_assert_eq(
        sscanf(row, "%31s %31s %31s %31s %31s", words[0], words[1], words[2], words[3], words[4]),
        5);
    cr_expect_str_eq(words[4], verdict, "%s", key);
}

/* cycle.ns_per_pod may be 15,000 at most, decode.pods_per_second 200,000 at least. */
static const struct {
    const char *cycle, *decode, *cycle_verdict, *decode_verdict;
    int exit_code;
} rows[] = {
    {"15000", "200000", "met", "met", 0},
    {"15000.1", "200000", "MISSED", "met", 1},
    {"14999.9", "199999", "met", "MISSED", 1},
    {"9e3", "2.5e5", "met", "met", 0},
};

Test(figures, a_figure_is_met_up_to_its_bound_and_a_missed_one_ends_with_1)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char json[256], output[OUTPUT_BYTES];
        (void)snprintf(json, sizeof(json),
                       "{\n  \"machine.cores\": 2,\n  \"cycle.ns_per_pod\": %s,\n"
                       "  \"decode.pods_per_second\": %s\n}\n",
                       rows[i].cycle, rows[i].decode);
        cr_expect_eq(run_figures(json, output), rows[i].exit_code, "row %zu", i);
        expect_row(output, "cycle.ns_per_pod ", rows[i].cycle_verdict);
        expect_row(output, "decode.pods_per_second ", rows[i].decode_verdict);
        expect_row(output, "memory.rss_bytes ", "not");
    }
}

/* Says "COMMAND.words": how many arguments it had. "wake" fails. */
static const char stand_in[] =
    "#!/bin/sh\n"
    "command=$1 words=$#\n"
    "while [ $# -gt 2 ]; do shift; done\n"
    "[ \"$command\" != wake ] || exit 1\n"
    "printf '{\\n  \"%s.words\": %d\\n}\\n' \"$command\" $words >\"$2\"\n";

static json_t *run_all(const char *dir, int *ret_exit_code)
{
    char program[128], json[128], command[512];
    (void)snprintf(program, sizeof(program), "%s/spillway-bench", dir);
    (void)snprintf(json, sizeof(json), "%s/bench.json", dir);
    FILE *out = fopen(program, "we");
    cr_assert(out);
    cr_assert(fputs(stand_in, out) >= 0);
    cr_assert_eq(fclose(out), 0);
    cr_assert_eq(chmod(program, 0700), 0);
    (void)snprintf(command, sizeof(command),
                   "SPILLWAY_CLUSTER=1 SPILLWAY_TRACES=traces bench/run.sh %s >%s/out 2>&1", dir,
                   dir);
    int status = system(command);
    *ret_exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    json_t *root = json_load_file(json, 0, NULL);
    cr_assert(root, "%s", json);
    return root;
}

static double words_of(json_t *root, const char *key)
{
    cr_assert(json_is_number(json_object_get(root, key)), "%s", key);
    return json_number_value(json_object_get(root, key));
}

/* `units` runs three times, `replay` once more after its plain run; `wake`, which fails, is not the
 * end. */
Test(figures, each_benchmark_keeps_its_figures_and_one_that_fails_makes_them_partial)
{
    char dir[] = "/tmp/spillway-run-XXXXXX", command[128];
    int exit_code;
    cr_assert(mkdtemp(dir));
    json_t *root = run_all(dir, &exit_code);
    cr_expect_eq(exit_code, 1);
    cr_expect_eq(words_of(root, "machine.is_partial"), 1);
    cr_expect_eq(words_of(root, "units_one.words"),
                 7); /* units --nodes 5000 --policies 1 --json X */
    cr_expect_eq(words_of(root, "units_many.words"), 7);
    cr_expect_eq(words_of(root, "units.words"), 6); /* --pods 200000 --churn */
    cr_expect_gt(words_of(root, "replay.words"), 7);
    cr_expect_eq(words_of(root, "replay_trace.words"), 7); /* --traces traces --server --stay */
    cr_expect_eq(words_of(root, "cluster.words"), 3);
    cr_expect_null(json_object_get(root, "wake.words"));
    json_decref(root);
    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    cr_expect_eq(system(command), 0);
}
