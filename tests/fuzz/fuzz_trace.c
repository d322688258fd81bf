/* fuzz: links bench, max_len 2048 */
/*
 * Files of public traces from anywhere: the first byte chooses which file of which set, and the
 * options; the rest is the file. Whatever is read keeps the promises of a workload, and reading
 * with bad rows passed over gives the same where there are none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { PATH_BYTES = 512 };

static const struct input {
    const char *folder, *file;
    const char *good; /* what the file holds when another one is tried */
    const char *trace;
} inputs[] = {
    {"alibaba-gpu-v2023", "openb_node_list_all_node.csv",
     "sn,cpu_milli,memory_mib,gpu,model\nn1,4000,8192,2,T4\n", "openb"},
    {"alibaba-gpu-v2023", "openb_pod_list_default.csv",
     "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np1,500,512,1,460\n", "openb"},
    {"alibaba-gpu-v2025", "disaggregated_DLRM_trace.csv", "", "v2025"},
    {"alibaba-v2026-spot-gpu", "node_info_df.csv",
     "gpu_model,gpu_capacity_num,cpu_num,node_name\nA10,1,128,1\n", "v2026"},
    {"alibaba-v2026-spot-gpu", "job_info_df.csv",
     "job_name,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,job_type\n"
     "1,A10,4,1,1,0,10,HP\n",
     "v2026"},
};

static void write_file(const char *dir, const struct input *input, const void *bytes, size_t len)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s/%s", dir, input->folder, input->file);
    FILE *out = fopen(path, "w");
    if (!out || fwrite(bytes, 1, len, out) != len || fclose(out) != 0)
        abort();
}

/* A folder of its own for each process. */
static const char *traces_dir(void)
{
    static char dir[PATH_BYTES];
    if (dir[0])
        return dir;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(dir, sizeof(dir), "%s/fuzz-trace-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        abort();
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        char path[2 * PATH_BYTES];
        (void)snprintf(path, sizeof(path), "%s/%s", dir, inputs[i].folder);
        (void)mkdir(path, 0700);
        write_file(dir, &inputs[i], inputs[i].good, strlen(inputs[i].good));
    }
    return dir;
}

static void remove_dir(void)
{
    char path[2 * PATH_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s/%s", traces_dir(), inputs[i].folder,
                       inputs[i].file);
        (void)unlink(path);
    }
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", traces_dir(), inputs[i].folder);
        (void)rmdir(path);
    }
    (void)rmdir(traces_dir());
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    (void)traces_dir();
    return atexit(remove_dir);
}

static void expect(bool is_so)
{
    if (!is_so)
        abort();
}

static void check(const struct workload *workload)
{
    for (uint32_t i = 0; i < workload->node_count; i++) {
        expect(workload->nodes[i].kind < workload->node_kind_count);
        expect(symbol_str(workload->symbols, workload->nodes[i].name_sym).len > 0);
    }
    for (uint32_t i = 0; i < workload->pod_count; i++) {
        const struct workload_pod *pod = &workload->pods[i];
        expect(pod->kind < workload->pod_kind_count && pod->runs_ms >= 0);
        expect(pod->created_ms >= 0 && pod->gone_ms >= pod->created_ms);
        expect(i == 0 || workload->pods[i - 1].created_ms <= pod->created_ms);
        expect(symbol_str(workload->symbols, pod->name_sym).len > 0);
    }
}

static int load(const char *trace, const struct trace_options *options, struct workload *workload,
                struct trace_loaded *loaded)
{
    struct err err = {0};
    workload_init(workload);
    int rc = trace_load(workload, traces_dir(), trace, options, loaded, &err);
    if (rc == 0)
        check(workload);
    else
        expect(err.code == -rc && err.text[0]);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct input *input = &inputs[data[0] % ARRAY_LEN(inputs)];
    struct trace_options options = {.stay = data[0] & 64, .gpu_shares = data[0] & 128};
    struct workload strict, lenient;
    struct trace_loaded strict_loaded, lenient_loaded;
    write_file(traces_dir(), input, data + 1, size - 1);
    int strict_rc = load(input->trace, &options, &strict, &strict_loaded);
    options.skip_bad = true;
    int lenient_rc = load(input->trace, &options, &lenient, &lenient_loaded);
    if (strict_rc == 0) {
        expect(lenient_rc == 0 && lenient_loaded.skipped.total == 0);
        expect(strict.pod_count == lenient.pod_count && strict.node_count == lenient.node_count);
    } else if (lenient_rc == 0) {
        expect(lenient_loaded.skipped.total > 0);
    }
    workload_fini(&strict);
    workload_fini(&lenient);
    write_file(traces_dir(), input, input->good, strlen(input->good));
    return 0;
}
