#include "bench/cmd_demo.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/demo.h"
#include "bench/demo_daemon.h"
#include "bench/flags.h"
#include "model/base/check.h"

enum { EXIT_WRONG_FLAGS = 2, EXIT_BY_SIGNAL = 130 };

/* Makes OUT/demo or OUT/demo/up and its parents; the absolute path. */
static int make_dir(const char *out, const char *below, char ret_path[PATH_MAX], struct err *err)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", out, below);
    if (len < 0 || len >= PATH_MAX)
        return err_set(err, ENAMETOOLONG, "--out %s: the path is too long", out);
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return err_set(err, errno, "cannot make %s: %s", path, strerror(errno));
        if (!slash)
            break;
        *slash = '/';
    }
    if (!realpath(path, ret_path))
        return err_set(err, errno, "%s: %s", path, strerror(errno));
    return 0;
}

static int finish(enum demo_result result, const struct err *err)
{
    if (result == DEMO_FAILED)
        (void)fprintf(stderr, "spillway-bench demo: %s\n", err->text);
    if (result == DEMO_INTERRUPTED)
        (void)printf("\ninterrupted; everything is ended\n");
    return result == DEMO_PASSED ? 0 : result == DEMO_FAILED ? 1 : EXIT_BY_SIGNAL;
}

static int run_once(const char *spillway, const char *out)
{
    struct err err = {0};
    char dir[PATH_MAX], chart[PATH_MAX];
    if (make_dir(out, "demo", dir, &err) < 0)
        return finish(DEMO_FAILED, &err);
    int len = snprintf(chart, sizeof(chart), "%s/demo.svg", out);
    CHECK(len > 0 && len < PATH_MAX);
    const struct demo_options options = {.spillway = spillway, .dir = dir, .chart = chart};
    return finish(demo_run(&options, &err), &err);
}

int cmd_demo(int argc, char **argv)
{
    const char *spillway = "build/spillway", *out = "build";
    bool up = false, down = false;
    const struct flag flags[] = {
        {.name = "spillway",
         .kind = FLAG_TEXT,
         .target = &spillway,
         .value = "FILE",
         .help = "the scheduler's binary (default build/spillway)"},
        {.name = "out",
         .kind = FLAG_TEXT,
         .target = &out,
         .value = "DIR",
         .help = "where demo.svg and the directory demo/ go (default build)"},
        {.name = "up",
         .kind = FLAG_SWITCH,
         .target = &up,
         .help = "leave it running in the background, for kubectl"},
        {.name = "down", .kind = FLAG_SWITCH, .target = &down, .help = "end what --up started"},
    };
    enum flags_result result = flags_parse(
        flags, ARRAY_LEN(flags), "pods being scheduled, on a simulated cluster", argc, argv);
    if (result != FLAGS_OK)
        return result == FLAGS_HELP ? 0 : EXIT_WRONG_FLAGS;
    if (up && down) {
        (void)fprintf(stderr, "spillway-bench demo: --up and --down exclude each other\n");
        return EXIT_WRONG_FLAGS;
    }
    if (!up && !down)
        return run_once(spillway, out);
    struct err err = {0};
    char dir[PATH_MAX];
    int rc = make_dir(out, "demo/up", dir, &err);
    if (rc == 0)
        rc = up ? demo_daemon_up(spillway, dir, &err) : demo_daemon_down(dir, &err);
    if (rc < 0)
        (void)fprintf(stderr, "spillway-bench demo: %s\n", err.text);
    return rc < 0 ? 1 : 0;
}
