/* bench/figures.sh: what was measured beside what is to be reached. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
