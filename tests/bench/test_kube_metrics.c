#include "bench/kube_metrics.h"

#include <criterion/criterion.h>

static const char text[] =
    "# HELP scheduler_attempt_seconds x\n"
    "# TYPE scheduler_attempt_seconds histogram\n"
    "scheduler_attempt_seconds_bucket{profile=\"p\",result=\"scheduled\",le=\"0.1\"} 40\n"
    "scheduler_attempt_seconds_sum{profile=\"p\",result=\"scheduled\"} 1.5\n"
    "scheduler_attempt_seconds_sum{profile=\"q\",result=\"scheduled\"} 0.25\n"
    "scheduler_attempt_seconds_sum{profile=\"p\",result=\"unschedulable\"} 8\n"
    "scheduler_attempt_seconds_sum_of_others 100\n"
    "scheduler_algorithm_seconds_sum 2.5e-3\n"
    "scheduler_algorithm_seconds_count 12\n"
    "last 7";

static const struct {
    const char *name, *label;
    double sum;
} rows[] = {
    {"scheduler_attempt_seconds_sum", "result=\"scheduled\"", 1.75},
    {"scheduler_attempt_seconds_sum", "result=\"unschedulable\"", 8},
    {"scheduler_attempt_seconds_sum", NULL, 9.75},
    {"scheduler_attempt_seconds_sum", "result=\"error\"", 0},
    {"scheduler_algorithm_seconds_sum", NULL, 0.0025},
    {"scheduler_algorithm_seconds_count", NULL, 12},
    {"scheduler_algorithm_seconds_count", "profile=\"p\"", 0},
    {"scheduler_algorithm_seconds", NULL, 0},
    {"last", NULL, 7},
    {"absent", NULL, 0},
};

Test(kube_metrics, adds_up_the_lines_of_a_name_and_a_label)
{
    struct buf buf;
    buf_init(&buf, sizeof(text));
    (void)buf_add_str(&buf, text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        cr_expect_float_eq(kube_metrics_sum(&buf, rows[i].name, rows[i].label), rows[i].sum, 1e-12,
                           "%s %s", rows[i].name, rows[i].label ? rows[i].label : "");
    buf_fini(&buf);
}

Test(kube_metrics, nothing_was_read_is_nothing)
{
    struct buf buf;
    buf_init(&buf, 16);
    cr_expect_float_eq(kube_metrics_sum(&buf, "a", NULL), 0, 1e-12);
    buf_fini(&buf);
}
