/* Public traces by name: where they are looked for, and rows that are passed over. */
#include "tests/bench/trace_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define NODES "sn,cpu_milli,memory_mib,gpu,model\nn1,4000,8192,2,T4\n"
#define PODS  "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np1,500,512,1,460\n"

static const char *const folders[] = {"cluster-trace-gpu-v2023/csv", "alibaba-gpu-v2023"};

Test(trace, a_set_is_found_in_either_of_its_folders)
{
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        struct trace_fixture fixture;
        trace_fixture_init(&fixture, folders[i]);
        trace_fixture_write(&fixture, "openb_node_list_all_node.csv", NODES);
        trace_fixture_write(&fixture, "openb_pod_list_default.csv", PODS);
        trace_fixture_must_load(&fixture, "openb");
        cr_expect_eq(fixture.workload.node_count, 1);
        cr_expect_eq(fixture.workload.pod_count, 1);
        trace_fixture_fini(&fixture);
    }
}

static const struct {
    const char *name;
    int rc;
    const char *error; /* behind the directory when it begins with '/' or ':' */
} wrong[] = {
    {"nothing", -EINVAL, "trace \"nothing\": openb, v2025 or v2026 is expected"},
    {"", -EINVAL, "trace \"\": openb, v2025 or v2026 is expected"},
    {"open", -EINVAL, "trace \"open\": openb, v2025 or v2026 is expected"},
    {"v2025", -ENOENT, ": a folder cluster-trace-gpu-v2025 or alibaba-gpu-v2025 is expected there"},
    {"openb:none", -ENOENT,
     "/alibaba-gpu-v2023/openb_pod_list_none.csv: cannot be read: No such file or directory"},
    {"openb:default:none", -ENOENT,
     "/alibaba-gpu-v2023/openb_node_list_none.csv: cannot be read: No such file or directory"},
    {"openb:../x", -EINVAL, "trace openb: a list \"../x\": a name as in --help is expected"},
    {"openb:default:", -EINVAL, "trace openb: a list \"\": a name as in --help is expected"},
};

Test(trace, says_what_is_not_there)
{
    struct trace_fixture fixture;
    trace_fixture_init(&fixture, "alibaba-gpu-v2023");
    trace_fixture_write(&fixture, "openb_node_list_all_node.csv", NODES);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        cr_expect_eq(trace_fixture_load(&fixture, wrong[i].name), wrong[i].rc, "%s", wrong[i].name);
        const char *text = fixture.err.text;
        if (strchr("/:", *wrong[i].error)) {
            cr_expect_eq(strncmp(text, fixture.dir, strlen(fixture.dir)), 0, "%s", text);
            text += strlen(fixture.dir);
        }
        cr_expect_str_eq(text, wrong[i].error);
    }
    trace_fixture_fini(&fixture);
}

Test(trace, names_every_set_for_help)
{
    static const char *const names[] = {"openb",    "cpu300", "gpuspec33", "multigpu50",
                                        "gpu_node", "v2025",  "v2026",     "v2026:nodes"};
    struct buf text;
    buf_init(&text, 8192);
    trace_describe(&text);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        cr_expect_not_null(strstr(text.data, names[i]), "%s", names[i]);
    buf_fini(&text);
}

/* ---- rows that are wrong ---- */

#define BAD_PODS                                                                                   \
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,pod_phase,creation_time,scheduled_time,"          \
    "deletion_time\n"                                                                              \
    "good,1000,1024,0,0,Running,10,10,20\n"                                                        \
    "short,1000,1024\n"                                                                            \
    "negative,-5,1024,0,0,Running,10,10,20\n"                                                      \
    "absurd,1000,99999999999,0,0,Running,10,10,20\n"                                               \
    "Big!,1000,1024,0,0,Running,10,10,20\n"                                                        \
    "good,1000,1024,0,0,Running,10,10,20\n"                                                        \
    "backwards,1000,1024,0,0,Running,30,30,20\n"                                                   \
    "better,2000,1024,0,0,Running,5,5,20\n"                                                        \
    "cut,1000,1024,0,0,Running,10,10,2"

Test(trace, the_first_bad_row_is_the_end)
{
    struct trace_fixture fixture;
    trace_fixture_init(&fixture, "alibaba-gpu-v2023");
    trace_fixture_write(&fixture, "openb_node_list_all_node.csv", NODES);
    trace_fixture_write(&fixture, "openb_pod_list_default.csv", BAD_PODS);
    cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EINVAL);
    cr_expect_not_null(
        strstr(fixture.err.text,
               "/openb_pod_list_default.csv:3: 3 columns, 9 are expected as in line 1"),
        "%s", fixture.err.text);
    trace_fixture_fini(&fixture);
}

static const struct {
    enum csv_fault fault;
    uint32_t count;
    const char *first;
} faults[] = {
    {CSV_LINE, 2, ":3: 3 columns, 9 are expected as in line 1"},
    {CSV_NUMBER, 2, ":4: cpu_milli \"-5\": a whole number from 0 to 100000000 is expected"},
    {CSV_NAME, 1,
     ":6: name \"Big!\": a name of the characters a-z, 0-9, '-', '_' and '.' is "
     "expected"},
    {CSV_TWICE, 1, ":7: name \"good\": a name that no row before has is expected"},
    {CSV_TIMES, 1, ":8: deletion_time \"20\": a time not before creation_time is expected"},
};

Test(trace, bad_rows_are_counted_by_reason_and_passed_over_when_that_is_asked_for)
{
    struct trace_fixture fixture;
    trace_fixture_init(&fixture, "alibaba-gpu-v2023");
    fixture.options.skip_bad = true;
    trace_fixture_write(&fixture, "openb_node_list_all_node.csv", NODES);
    trace_fixture_write(&fixture, "openb_pod_list_default.csv", BAD_PODS);
    trace_fixture_must_load(&fixture, "openb");
    cr_assert_eq(fixture.workload.pod_count, 2);
    cr_expect_str_eq(trace_fixture_text(&fixture, fixture.workload.pods[0].name_sym), "better");
    cr_expect_str_eq(trace_fixture_text(&fixture, fixture.workload.pods[1].name_sym), "good");
    cr_expect_eq(fixture.loaded.skipped.total, 7);
    cr_assert_eq(ARRAY_LEN(faults), CSV_FAULTS);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        const char *first = fixture.loaded.skipped.first[faults[i].fault];
        cr_expect_eq(fixture.loaded.skipped.counts[faults[i].fault], faults[i].count, "fault %zu",
                     i);
        const char *place = strstr(first, "openb_pod_list_default.csv:");
        cr_assert_not_null(place, "%s", first);
        cr_expect_str_eq(strchr(place, ':'), faults[i].first);
    }

    struct buf text;
    buf_init(&text, 8192);
    trace_describe_skipped(&fixture.loaded.skipped, &text);
    cr_expect_not_null(strstr(text.data, "passed over: 2 lines that are cut"), "%s", text.data);
    cr_expect_not_null(strstr(text.data, "passed over: 1 times in an order"), "%s", text.data);
    buf_fini(&text);
    trace_fixture_fini(&fixture);
}

Test(trace, a_file_without_one_usable_row_is_no_trace)
{
    struct trace_fixture fixture;
    trace_fixture_init(&fixture, "alibaba-gpu-v2023");
    fixture.options.skip_bad = true;
    trace_fixture_write(&fixture, "openb_node_list_all_node.csv", NODES "\n");
    trace_fixture_write(&fixture, "openb_pod_list_default.csv",
                        "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,b,c,d,e\n");
    cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EINVAL);
    cr_expect_not_null(strstr(fixture.err.text, "default.csv: not one row is usable below the "
                                                "column names"),
                       "%s", fixture.err.text);
    trace_fixture_write(&fixture, "openb_pod_list_default.csv",
                        "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n");
    cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EINVAL);
    cr_expect_not_null(strstr(fixture.err.text, "default.csv: rows are expected below the column "
                                                "names"),
                       "%s", fixture.err.text);
    trace_fixture_fini(&fixture);
}

Test(trace, a_missing_column_is_never_passed_over)
{
    struct trace_fixture fixture;
    trace_fixture_init(&fixture, "alibaba-gpu-v2023");
    fixture.options.skip_bad = true;
    trace_fixture_write(&fixture, "openb_node_list_all_node.csv",
                        "sn,cpu_milli,gpu,model\na,1,0,\n");
    cr_expect_eq(trace_fixture_load(&fixture, "openb"), -EINVAL);
    cr_expect_not_null(strstr(fixture.err.text, ":1: a column \"memory_mib\" is expected"), "%s",
                       fixture.err.text);
    trace_fixture_fini(&fixture);
}
