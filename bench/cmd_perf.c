#include "bench/cmd_perf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/flags.h"
#include "bench/perf_run.h"
#include "bench/pki.h"
#include "bench/report.h"

enum { TEXT_BYTES_MAX = 16 << 20, REPORTED_MAX = 7 /* collections: eight rows each */ };

struct perf_command {
    const char *config, *case_name, *workload, *scheduler;
    const char *kubeconfig, *bin, *spillway, *json, *data_items;
    uint32_t limit_seconds;
    bool is_list, has_control_plane, keeps_files, is_quiet;
};

static int fail(const struct err *err)
{
    (void)fprintf(stderr, "spillway-bench perf: %s\n", err->text);
    return 1;
}

/* "Case/Workload", and why it cannot be played if so. */
static void list_one(const char *config, char *line)
{
    struct err err = {0};
    struct perf_workload workload;
    char *slash = strchr(line, '/');
    CHECK(slash);
    *slash = '\0';
    int rc = perf_workload_load(&workload, config, line, slash + 1, &err);
    if (rc == 0)
        rc = perf_run_check(&workload, &err);
    if (rc < 0)
        (void)printf("%s/%s: cannot be played: %s\n", line, slash + 1, err.text);
    else
        (void)printf("%s/%s\n", line, slash + 1);
    perf_workload_fini(&workload);
}

static int list(const struct perf_command *command)
{
    struct err err = {0};
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    int rc = perf_workload_list(command->config, &text, &err);
    for (char *line = text.data; rc == 0 && line && *line;) {
        char *end = strchr(line, '\n');
        CHECK(end);
        *end = '\0';
        list_one(command->config, line);
        line = end + 1;
    }
    buf_fini(&text);
    return rc < 0 ? fail(&err) : 0;
}

/* ---- what came out ---- */

static void add(struct report *report, uint32_t index, const char *name, double value,
                const char *unit)
{
    char key[REPORT_KEY_BYTES];
    if (index == 0)
        (void)snprintf(key, sizeof(key), "perf.%s", name);
    else
        (void)snprintf(key, sizeof(key), "perf.%u.%s", index + 1, name);
    report_add(report, key, value, unit);
}

static int write_items(const char *path, const struct perf_results *results, struct err *err)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    perf_items_json(results->items, results->count, &text);
    int rc = pki_write_file(path, text.data, err);
    buf_fini(&text);
    return rc;
}

static int report_all(const struct perf_command *command, const struct perf_results *results,
                      bool is_partial)
{
    struct report report;
    struct err err = {0};
    report_init(&report, "perf: a workload of scheduler_perf from outside");
    if (is_partial)
        report_add(&report, "perf.is_partial", 1, "it was not run to its end");
    for (uint32_t i = 0; i < results->count && i < REPORTED_MAX; i++) {
        const struct perf_item *item = &results->items[i];
        (void)printf("%u: %s\n", i + 1, item->name);
        add(&report, i, "pods", (double)item->pods, "pods scheduled while measured");
        add(&report, i, "seconds", item->seconds, "s, creation included");
        add(&report, i, "pods_per_second", item->per_second, "pods/s, start to last scheduled");
        if (item->throughput.samples == 0) {
            (void)printf("   over before two seconds were sampled: no percentiles\n");
            continue;
        }
        add(&report, i, "average", item->throughput.average, "pods/s, of samples of a second");
        add(&report, i, "perc50", item->throughput.perc50, "pods/s");
        add(&report, i, "perc90", item->throughput.perc90, "pods/s");
        add(&report, i, "perc95", item->throughput.perc95, "pods/s");
        add(&report, i, "perc99", item->throughput.perc99, "pods/s");
    }
    if (results->count > REPORTED_MAX)
        (void)printf("%u collections in all: see --data-items\n", results->count);
    if (command->data_items && write_items(command->data_items, results, &err) < 0)
        return fail(&err);
    return report_finish(&report, command->json);
}

/* ---- the run ---- */

static bool has_ended(void *ctx)
{
    const struct child_process *child = ctx;
    return !child->running;
}

static int play(const struct perf_command *command, const struct perf_workload *workload,
                struct control_plane *plane)
{
    static const char *const more[] = {"--preemption", NULL};
    struct err err = {0};
    struct child_process child = {0};
    struct perf_results results = {0};
    struct perf_run_options options = {
        .plane = plane,
        .scheduler = command->scheduler,
        .limit_seconds = command->limit_seconds,
        .is_verbose = !command->is_quiet,
    };
    int rc = 0;
    if (command->has_control_plane) {
        options.scheduler_ended = has_ended;
        options.ctx = &child;
        rc = control_plane_start_scheduler(plane, &child, command->scheduler, command->spillway,
                                           more, &err);
    }
    if (rc == 0)
        rc = perf_run(&options, workload, &results, &err);
    control_plane_end_child(plane, &child);
    int code = rc < 0 ? fail(&err) : 0;
    if (rc == 0 || results.count > 0) {
        int reported = report_all(command, &results, rc < 0);
        code = code ? code : reported;
    }
    perf_results_fini(&results);
    return code;
}

static void tell_what_is_left_out(const struct perf_workload *workload)
{
    if (workload->has_feature_gates)
        (void)fprintf(stderr, "featureGates of the file are not set: those of the cluster hold\n");
    if (workload->has_scheduler_config)
        (void)fprintf(stderr, "schedulerConfigPath of the file is not used\n");
}

static int run_on(const struct perf_command *command, const struct perf_workload *workload)
{
    struct err err = {0};
    struct control_plane plane;
    char *built = NULL;
    int rc;
    if (command->kubeconfig) {
        control_plane_init(&plane);
        rc = control_plane_attach(&plane, command->kubeconfig, &err);
        if (rc < 0)
            control_plane_close(&plane, false);
    } else {
        built = command->bin ? NULL : control_plane_programs();
        const char *bin = built ? built : command->bin;
        rc = bin ? control_plane_open_unprioritised(&plane, bin, &err)
                 : err_set(&err, ENOENT,
                           "no control plane: give --bin DIR, or run it where "
                           "tests/real/build.sh is");
    }
    if (rc < 0) {
        free(built);
        return fail(&err);
    }
    int code = play(command, workload, &plane);
    bool keeps_files = command->keeps_files || (code != 0 && !plane.is_interrupted);
    control_plane_close(&plane, keeps_files);
    if (keeps_files && command->has_control_plane)
        (void)fprintf(stderr, "spillway-bench perf: logs are in %s\n", plane.dir);
    free(built);
    return code;
}

static int run_command(const struct perf_command *command)
{
    struct err err = {0};
    struct perf_workload workload;
    if (!command->config) {
        (void)fprintf(stderr, "spillway-bench perf: --config FILE is needed; see --help\n");
        return 2;
    }
    if (command->is_list)
        return list(command);
    if ((command->kubeconfig != NULL) == command->has_control_plane) {
        (void)fprintf(stderr, "spillway-bench perf: either --kubeconfig FILE or --control-plane\n");
        return 2;
    }
    int rc =
        perf_workload_load(&workload, command->config, command->case_name, command->workload, &err);
    if (rc == 0)
        rc = perf_run_check(&workload, &err);
    if (rc < 0) {
        perf_workload_fini(&workload);
        (void)fail(&err);
        return 2;
    }
    tell_what_is_left_out(&workload);
    int code = run_on(command, &workload);
    perf_workload_fini(&workload);
    return code;
}

int cmd_perf(int argc, char **argv)
{
    struct perf_command command = {.scheduler = "spillway", .limit_seconds = 600};
    const struct flag flags[] = {
        {"config", FLAG_TEXT, &command.config, 0, 0, "FILE", "a performance-config.yaml"},
        {"list", FLAG_SWITCH, &command.is_list, 0, 0, NULL,
         "only print Case/Workload of all, and what is against playing it"},
        {"case", FLAG_TEXT, &command.case_name, 0, 0, "NAME", "needed when there are several"},
        {"workload", FLAG_TEXT, &command.workload, 0, 0, "NAME", "of the case; likewise"},
        {"scheduler", FLAG_TEXT, &command.scheduler, 0, 0, "NAME",
         "schedulerName of all pods; default: spillway"},
        {"kubeconfig", FLAG_TEXT, &command.kubeconfig, 0, 0, "FILE",
         "an administrator of an empty cluster where that scheduler runs; nothing is removed"},
        {"control-plane", FLAG_SWITCH, &command.has_control_plane, 0, 0, NULL,
         "start a real one, and the scheduler: spillway (with --preemption) or default-scheduler"},
        {"bin", FLAG_TEXT, &command.bin, 0, 0, "DIR",
         "etcd, kube-apiserver, kube-scheduler; default: what tests/real/build.sh makes"},
        {"spillway", FLAG_TEXT, &command.spillway, 0, 0, "PATH",
         "the scheduler; default: the one beside this program"},
        {"limit", FLAG_COUNT, &command.limit_seconds, 1, 86400, "SECONDS",
         "of one wait for pods, after which it has failed"},
        {"quiet", FLAG_SWITCH, &command.is_quiet, 0, 0, NULL, "no line for each step"},
        {"keep", FLAG_SWITCH, &command.keeps_files, 0, 0, NULL, "the logs"},
        {"data-items", FLAG_TEXT, &command.data_items, 0, 0, "FILE",
         "write what was measured as scheduler_perf's own DataItems"},
        {"json", FLAG_TEXT, &command.json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags),
        "a workload of kubernetes' scheduler_perf (its YAML files as they are) on any scheduler",
        argc, argv);
    return parsed == FLAGS_OK ? run_command(&command) : parsed == FLAGS_HELP ? 0 : 2;
}
