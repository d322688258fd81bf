#include "bench/cmd_count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/counted.h"
#include "bench/counts.h"
#include "bench/flags.h"

static int complain(const struct err *err)
{
    (void)fprintf(stderr, "spillway-bench count: %s\n", err->text);
    return 1;
}

/* Prints how many units were done. */
static int run_workload(const char *name)
{
    const struct counted *workload = counted_find(name);
    if (!workload) {
        (void)fprintf(stderr, "spillway-bench count: unknown workload \"%s\"; see --list\n", name);
        return 2;
    }
    void *state = workload->open();
    uint32_t units = counted_work(workload, state);
    workload->close(state);
    (void)printf("%u\n", units);
    return 0;
}

static int print_list(void)
{
    for (uint32_t i = 0; i < COUNTED_WORKLOADS; i++)
        (void)printf("%-10s %-10s %s\n", counted_workloads[i].name, counted_workloads[i].unit,
                     counted_workloads[i].help);
    return 0;
}

/* `compiler` NULL: a kept file. */
static int read_file(const char *path, const char *compiler, struct counts *ret_counts,
                     struct err *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    int result = compiler ? counts_read_measured(file, path, compiler, ret_counts, err)
                          : counts_read_kept(file, path, ret_counts, err);
    (void)fclose(file);
    return result;
}

static int update(const char *path, const struct counts *kept, const struct counts *measured,
                  const char *compiler)
{
    FILE *file = fopen(path, "we");
    if (file)
        counts_write(kept, measured, compiler, file);
    bool failed = !file || ferror(file);
    if (file && fclose(file) != 0)
        failed = true;
    if (failed) {
        (void)fprintf(stderr, "spillway-bench count: cannot write %s\n", path);
        return 1;
    }
    (void)printf("written: %s\n", path);
    return 0;
}

static int judge(const char *kept_path, const char *measured_path, bool updates)
{
    struct err err = {0};
    struct counts kept, measured;
    const char *compiler = counts_compiler();
    if (!compiler) {
        (void)fprintf(stderr, "spillway-bench count: this was compiled without optimisation; the "
                              "counts are those of the Makefile's own flags\n");
        return 1;
    }
    if (read_file(kept_path, NULL, &kept, &err) < 0 ||
        read_file(measured_path, compiler, &measured, &err) < 0)
        return complain(&err);
    if (updates)
        return update(kept_path, &kept, &measured, compiler);
    return !counts_judge(&kept, &measured, compiler, stdout);
}

int cmd_count(int argc, char **argv)
{
    const char *kept = NULL, *measured = NULL;
    bool lists = false, updates = false;
    const struct flag flags[] = {
        {"list", FLAG_SWITCH, &lists, 0, 0, NULL,
         "the workloads; `count NAME` runs one and prints how many units it did"},
        {"judge", FLAG_TEXT, &kept, 0, 0, "FILE", "the counts that are kept"},
        {"measured", FLAG_TEXT, &measured, 0, 0, "FILE", "those of now; see bench/counts.sh"},
        {"update", FLAG_SWITCH, &updates, 0, 0, NULL, "write them into the former"},
    };
    if (argc == 2 && argv[1][0] != '-')
        return run_workload(argv[1]);
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags), "fixed workloads for callgrind", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    if (lists)
        return print_list();
    if (!kept || !measured) {
        (void)fprintf(stderr, "usage: spillway-bench count NAME | --list | --judge FILE --measured "
                              "FILE [--update]\n");
        return 2;
    }
    return judge(kept, measured, updates);
}
