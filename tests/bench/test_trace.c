/* Reading openb's CSV files: columns by name, rows in the order of time, errors that say where. */
#include "bench/trace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static int read_pods(struct trace *trace, const char *text, struct err *err)
{
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    cr_assert_not_null(in);
    int rc = trace_read_pods(trace, in, "pods.csv", err);
    fclose(in);
    return rc;
}

static int read_nodes(struct trace *trace, const char *text, struct err *err)
{
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    cr_assert_not_null(in);
    int rc = trace_read_nodes(trace, in, "nodes.csv", err);
    fclose(in);
    return rc;
}

#define POD_COLUMNS                                                                                \
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"            \
    "deletion_time,scheduled_time\n"

Test(trace, reads_nodes_with_and_without_gpus)
{
    struct trace trace = {0};
    struct err err = {0};
    int rc = read_nodes(&trace,
                        "sn,cpu_milli,memory_mib,gpu,model\n"
                        "openb-node-0000,32000,262144,0,\n"
                        "openb-node-1228,96000,393216,8,G2\n",
                        &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    cr_assert_eq(trace.node_count, 2);
    cr_assert_str_eq(trace.nodes[0].name, "openb-node-0000");
    cr_assert_eq(trace.nodes[0].cpu_milli, 32000);
    cr_assert_eq(trace.nodes[0].memory_mib, 262144);
    cr_assert_eq(trace.nodes[0].gpus, 0);
    cr_assert_str_eq(trace.nodes[0].model, "");
    cr_assert_eq(trace.nodes[1].gpus, 8);
    cr_assert_str_eq(trace.nodes[1].model, "G2");
    trace_fini(&trace);
}

Test(trace, sorts_pods_by_their_time_and_keeps_the_order_of_the_file_within_one)
{
    struct trace trace = {0};
    struct err err = {0};
    int rc = read_pods(&trace,
                       POD_COLUMNS "late,12000,16384,1,1000,,LS,Running,900,12537496,0\n"
                                   "same-b,1,1,0,0,,BE,Pending,5,12902960,\n"
                                   "same-a,1,1,0,0,,BE,Running,5,12902960,7\n"
                                   "first,6000,12288,1,460,V100M16|V100M32,LS,Running,0,1,0\n",
                       &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    const char *const order[] = {"first", "same-b", "same-a", "late"};
    cr_assert_eq(trace.pod_count, ARRAY_LEN(order));
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        cr_expect_str_eq(trace.pods[i].name, order[i]);
    cr_assert_eq(trace.pods[3].cpu_milli, 12000);
    cr_assert_eq(trace.pods[3].memory_mib, 16384);
    cr_assert_eq(trace.pods[3].gpus, 1);
    cr_assert_eq(trace.pods[3].created_s, 900);
    trace_fini(&trace);
}

Test(trace, takes_the_short_lists_without_times_in_the_order_of_the_file)
{
    struct trace trace = {0};
    struct err err = {0};
    int rc = read_pods(&trace,
                       "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n"
                       "b,1,1,8,1000\na,1,1,1,460\n",
                       &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    cr_assert_str_eq(trace.pods[0].name, "b");
    cr_assert_eq(trace.pods[0].created_s, 0);
    cr_assert_str_eq(trace.pods[1].name, "a");
    cr_assert_eq(trace.pods[1].created_s, 1);
    trace_fini(&trace);
}

Test(trace, finds_columns_by_name_wherever_they_are_and_takes_crlf)
{
    struct trace trace = {0};
    struct err err = {0};
    int rc = read_nodes(&trace,
                        "model,gpu,extra,memory_mib,cpu_milli,sn\r\nT4,2,x,1024,4000,n1\r\n", &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    cr_assert_str_eq(trace.nodes[0].name, "n1");
    cr_assert_eq(trace.nodes[0].cpu_milli, 4000);
    cr_assert_eq(trace.nodes[0].memory_mib, 1024);
    cr_assert_eq(trace.nodes[0].gpus, 2);
    cr_assert_str_eq(trace.nodes[0].model, "T4");
    trace_fini(&trace);
}

/* ---- bad rows ---- */

#define SHORT_COLUMNS "name,cpu_milli,memory_mib,num_gpu\n"

static const struct {
    const char *text, *error;
} bad_rows[] = {
    {"", "pods.csv: the file is empty, a line of column names is expected"},
    {SHORT_COLUMNS, "pods.csv: rows are expected below the column names"},
    {"name,cpu_milli,num_gpu\na,1,1\n", "pods.csv:1: a column \"memory_mib\" is expected"},
    {SHORT_COLUMNS "a,1,1,0\nb,1,1\n", "pods.csv:3: 3 columns, 4 are expected as in line 1"},
    {SHORT_COLUMNS "a,1,1,0,9\n", "pods.csv:2: 5 columns, 4 are expected as in line 1"},
    {SHORT_COLUMNS "a,1,1,0\n\n", "pods.csv:3: 1 columns, 4 are expected as in line 1"},
    {SHORT_COLUMNS "a,12x,1,0\n",
     "pods.csv:2: cpu_milli \"12x\": a whole number from 0 to 1000000000 is expected"},
    {SHORT_COLUMNS "a,-1,1,0\n",
     "pods.csv:2: cpu_milli \"-1\": a whole number from 0 to 1000000000 is expected"},
    {SHORT_COLUMNS "a,1,,0\n",
     "pods.csv:2: memory_mib \"\": a whole number from 0 to 1000000000 is expected"},
    {SHORT_COLUMNS "a,1,99999999999999999999,0\n",
     "pods.csv:2: memory_mib \"99999999999999999999\": a whole number from 0 to 1000000000 is "
     "expected"},
    {SHORT_COLUMNS "a,1,1,0.5\n",
     "pods.csv:2: num_gpu \"0.5\": a whole number from 0 to 1000000000 is expected"},
    {SHORT_COLUMNS ",1,1,0\n", "pods.csv:2: name \"\": a name of 1 to 63 of the characters a-z, "
                               "0-9, '-' and '.' is expected"},
    {SHORT_COLUMNS "Pod,1,1,0\n", "pods.csv:2: name \"Pod\": a name of 1 to 63 of the characters "
                                  "a-z, 0-9, '-' and '.' is expected"},
    {SHORT_COLUMNS "a\"b,1,1,0\n", "pods.csv:2: name \"a\"b\": a name of 1 to 63 of the characters "
                                   "a-z, 0-9, '-' and '.' is expected"},
    {SHORT_COLUMNS "a,1,1,0\nb,1,1,0\na,2,2,0\n",
     "pods.csv:4: name \"a\": a name that no row before has is expected"},
};

Test(trace, says_file_line_column_and_what_was_expected)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
        struct trace trace = {0};
        struct err err = {0};
        FILE *in = tmpfile();
        cr_assert_not_null(in);
        fputs(bad_rows[i].text, in);
        rewind(in);
        cr_expect_eq(trace_read_pods(&trace, in, "pods.csv", &err), -EINVAL, "row %zu", i);
        cr_expect_str_eq(err.text, bad_rows[i].error);
        fclose(in);
        trace_fini(&trace);
    }
}

Test(trace, refuses_a_line_without_end)
{
    static char text[TRACE_LINE_BYTES * 4];
    struct trace trace = {0};
    struct err err = {0};
    memset(text, 'a', sizeof(text) - 1);
    cr_assert_eq(read_pods(&trace, text, &err), -EINVAL);
    cr_assert_str_eq(err.text, "pods.csv:1: the line is longer than 4094 bytes");
    trace_fini(&trace);
}

Test(trace, refuses_a_row_with_more_columns_than_it_can_hold)
{
    char text[256];
    struct trace trace = {0};
    struct err err = {0};
    memset(text, ',', 200);
    text[200] = '\0';
    cr_assert_eq(read_pods(&trace, text, &err), -EINVAL);
    cr_assert_str_eq(err.text, "pods.csv:1: more than 64 columns");
    trace_fini(&trace);
}
