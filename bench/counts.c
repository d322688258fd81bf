#include "bench/counts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TEXT_(number) #number
#define TEXT(number)  TEXT_(number)
#if defined(__clang__)
#define COMPILER "clang-" TEXT(__clang_major__)
#else
#define COMPILER "gcc-" TEXT(__GNUC__)
#endif
#if defined(__x86_64__)
#define TARGET "x86_64"
#elif defined(__aarch64__)
#define TARGET "aarch64"
#else
#define TARGET "other"
#endif

const char *counts_compiler(void)
{
#ifdef __OPTIMIZE__
    return COMPILER "-" TARGET;
#else
    return NULL;
#endif
}

/* ---- reading ---- */

enum { LINE_BYTES = 256 };

static const struct count_row *find(const struct counts *counts, const char *compiler,
                                    const char *workload)
{
    for (uint32_t i = 0; i < counts->count; i++)
        if (strcmp(counts->rows[i].compiler, compiler) == 0 &&
            strcmp(counts->rows[i].workload, workload) == 0)
            return &counts->rows[i];
    return NULL;
}

/* NULL: it has its place. */
static const char *add(struct counts *counts, const struct count_row *row)
{
    if (row->instructions == 0)
        return "a count of 0";
    if (find(counts, row->compiler, row->workload))
        return "this workload is there twice";
    if (counts->count == COUNTS_ROWS_MAX)
        return "too many rows";
    counts->rows[counts->count++] = *row;
    return NULL;
}

static const char *add_kept(struct counts *counts, const char *line)
{
    struct count_row row = {0};
    char rest;
    if (sscanf(line, "%31s %31s %" SCNu64 " %c", row.compiler, row.workload, &row.instructions,
               &rest) != 3)
        return "\"compiler workload instructions\" is expected";
    return add(counts, &row);
}

static const char *add_measured(struct counts *counts, const char *line, const char *compiler)
{
    struct count_row row = {0};
    uint64_t total, units;
    char rest;
    (void)snprintf(row.compiler, sizeof(row.compiler), "%s", compiler);
    if (sscanf(line, "%31s %" SCNu64 " %" SCNu64 " %c", row.workload, &total, &units, &rest) != 3 ||
        units == 0)
        return "\"workload instructions units\" is expected";
    row.instructions = total / units + (total % units >= units - total % units);
    return add(counts, &row);
}

/* `compiler` NULL: a kept file. */
static int read_lines(FILE *file, const char *path, const char *compiler, struct counts *counts,
                      struct err *err)
{
    char line[LINE_BYTES];
    for (uint32_t number = 1; fgets(line, sizeof(line), file); number++) {
        const char *text = line + strspn(line, " \t");
        const char *wrong = NULL;
        if (!strchr(line, '\n'))
            wrong = "the line has no end, or is too long";
        else if (*text != '#' && *text != '\n')
            wrong = compiler ? add_measured(counts, text, compiler) : add_kept(counts, text);
        if (wrong)
            return err_set(err, EINVAL, "%s:%u: %s", path, number, wrong);
    }
    return ferror(file) ? err_set(err, EIO, "cannot read %s", path) : 0;
}

int counts_read_kept(FILE *file, const char *path, struct counts *ret_counts, struct err *err)
{
    struct counts counts = {0};
    int result = read_lines(file, path, NULL, &counts, err);
    if (result == 0)
        *ret_counts = counts;
    return result;
}

int counts_read_measured(FILE *file, const char *path, const char *compiler,
                         struct counts *ret_counts, struct err *err)
{
    struct counts counts = {0};
    int result = read_lines(file, path, compiler, &counts, err);
    if (result == 0)
        *ret_counts = counts;
    return result;
}

/* ---- judging ---- */

static bool has_compiler(const struct counts *counts, const char *compiler)
{
    for (uint32_t i = 0; i < counts->count; i++)
        if (strcmp(counts->rows[i].compiler, compiler) == 0)
            return true;
    return false;
}

/* NULL: fine. Counts of instructions are far from 2^64 / 105. */
static const char *judge_row(uint64_t then, uint64_t now, bool *ret_fails)
{
    *ret_fails = now * 100 > then * (100 + COUNTS_GROWTH_PERCENT);
    if (*ret_fails)
        return "GREW TOO MUCH";
    if (now * (100 + COUNTS_GROWTH_PERCENT) < then * 100)
        return "less: `make counts-update` keeps the gain";
    return NULL;
}

bool counts_judge(const struct counts *kept, const struct counts *measured, const char *compiler,
                  FILE *out)
{
    if (!has_compiler(kept, compiler)) {
        (void)fprintf(out,
                      "counts: none are kept for %s: `make counts-update` adds them; "
                      "bench/counts.txt has them for the compiler that CI uses\n",
                      compiler);
        return false;
    }
    bool is_fine = true;
    (void)fprintf(out, "instructions a unit, %s\n  %-10s %12s %12s %7s\n", compiler, "workload",
                  "then", "now", "ratio");
    for (uint32_t i = 0; i < measured->count; i++) {
        const struct count_row *now = &measured->rows[i];
        const struct count_row *then = find(kept, compiler, now->workload);
        bool fails = true;
        const char *remark = "not kept: `make counts-update` adds it";
        if (then)
            remark = judge_row(then->instructions, now->instructions, &fails);
        (void)fprintf(out, "  %-10s %12" PRIu64 " %12" PRIu64 " %7.3f  %s\n", now->workload,
                      then ? then->instructions : 0, now->instructions,
                      then ? (double)now->instructions / (double)then->instructions : 0.0,
                      remark ? remark : "");
        is_fine = is_fine && !fails;
    }
    for (uint32_t i = 0; i < kept->count; i++) {
        const struct count_row *then = &kept->rows[i];
        if (strcmp(then->compiler, compiler) != 0 || find(measured, compiler, then->workload))
            continue;
        (void)fprintf(out, "  %-10s %12" PRIu64 " %12s %7s  NOT MEASURED\n", then->workload,
                      then->instructions, "-", "-");
        is_fine = false;
    }
    return is_fine;
}

static void write_row(const struct count_row *row, FILE *out)
{
    (void)fprintf(out, "%-16s %-10s %" PRIu64 "\n", row->compiler, row->workload,
                  row->instructions);
}

void counts_write(const struct counts *kept, const struct counts *measured, const char *compiler,
                  FILE *out)
{
    (void)fprintf(
        out,
        "# Instructions a decision (a pod, an event), as callgrind counts them: `make counts`.\n"
        "# CI fails when one grows by more than %d %%. When that is meant, `make "
        "counts-update`\n# and say in the same commit why. compiler, workload, count:\n",
        COUNTS_GROWTH_PERCENT);
    for (uint32_t i = 0; i < kept->count; i++)
        if (strcmp(kept->rows[i].compiler, compiler) != 0)
            write_row(&kept->rows[i], out);
    for (uint32_t i = 0; i < measured->count; i++)
        write_row(&measured->rows[i], out);
}
