#include "bench/cmd_decode.h"

#include <getopt.h>
#include <stdlib.h>

#include "bench/pod_text.h"
#include "bench/report.h"
#include "model/decode.h"
#include "model/names.h"

enum {
    DISTINCT_PODS = 2000,    /* 10 MB of text: more than the caches hold */
    PIECE_BYTES = 64 * 1024, /* what a socket read gives at most */
    PODS_DEFAULT = 200000,
    ROUNDS_DEFAULT = 7,
    ROUNDS_MAX = 99,
    GROWTH = 10, /* the longer list of the memory figure */
};

struct bench {
    struct buf text;        /* pods, each followed by a comma */
    uint64_t decoded_count; /* by the handler */
    uint64_t check;         /* of what was read, so that nothing is optimised away */
    uint64_t problem_count;
};

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct bench *bench = ctx;
    (void)verb;
    bench->decoded_count++;
    bench->check += pod->uid.lo + pod->containers[0].requests.count + pod->toleration_count;
    bench->problem_count += pod->problem.len > 0;
}

static int feed(struct decoder *decoder, const char *bytes, size_t len, struct err *err)
{
    for (size_t i = 0; i < len; i += PIECE_BYTES) {
        size_t piece = len - i < PIECE_BYTES ? len - i : PIECE_BYTES;
        int result = decoder_feed(decoder, bytes + i, piece, err);
        if (result < 0)
            return result;
    }
    return 0;
}

/* One list of `pod_count` pods, in blocks of the distinct ones. */
static int decode_list(struct bench *bench, struct decoder *decoder, uint32_t pod_count,
                       struct err *err)
{
    static const char head[] = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{"
                               "\"resourceVersion\":\"123456\"},\"items\":[";
    decoder_reset(decoder);
    int result = feed(decoder, head, sizeof(head) - 1, err);
    for (uint32_t i = 0; i < pod_count && result == 0; i += DISTINCT_PODS) {
        bool is_last = i + DISTINCT_PODS >= pod_count;
        result = feed(decoder, bench->text.data, bench->text.len - is_last, err);
    }
    if (result == 0)
        result = feed(decoder, "]}", 2, err);
    return result < 0 ? result : decoder_finish(decoder, err);
}

static int run(struct bench *bench, struct decoder *decoder, uint32_t pod_count,
               uint32_t round_count, struct report *report, struct err *err)
{
    double pods_per_second[ROUNDS_MAX];
    double bytes_per_pod = (double)bench->text.len / DISTINCT_PODS;
    for (uint32_t i = 0; i < round_count; i++) {
        bench->decoded_count = 0;
        int64_t start_ns = report_cpu_ns();
        int result = decode_list(bench, decoder, pod_count, err);
        if (result < 0)
            return result;
        double seconds = (double)(report_cpu_ns() - start_ns) / 1e9;
        CHECK(bench->decoded_count == pod_count && bench->problem_count == 0);
        pods_per_second[i] = pod_count / seconds;
    }
    int64_t before_bytes = report_rss_bytes();
    int result = decode_list(bench, decoder, pod_count * GROWTH, err);
    if (result < 0)
        return result;
    double rate = report_median(pods_per_second, round_count);
    report_add(report, "decode.pods_per_second", rate, "pods a second of one core, median");
    report_add(report, "decode.pods_per_second_worst", pods_per_second[0], "the worst round");
    report_add(report, "decode.mb_per_second", rate * bytes_per_pod / 1e6,
               "MB of JSON a second of one core");
    report_add(report, "decode.bytes_per_pod", bytes_per_pod, "bytes of JSON");
    report_add(report, "decode.list_pods", pod_count, "pods in a list");
    report_add(report, "decode.rss_growth_bytes", (double)(report_rss_bytes() - before_bytes),
               "bytes more for a list 10 times as long");
    return 0;
}

static bool parse_count(const char *text, uint32_t max, uint32_t *ret_count)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 1 || value > max)
        return false;
    *ret_count = (uint32_t)value;
    return true;
}

static int run_command(uint32_t pod_count, uint32_t round_count, const char *json_path)
{
    struct bench bench = {0};
    buf_init(&bench.text, (size_t)DISTINCT_PODS * 16384);
    for (uint32_t i = 0; i < DISTINCT_PODS; i++) {
        pod_text_add(&bench.text, i);
        (void)buf_add_str(&bench.text, ",");
    }
    CHECK(!buf_overflowed(&bench.text));
    struct symbols *symbols = names_symbols_new(1);
    struct decode_handler handler = {.ctx = &bench, .pod = on_pod};
    struct decoder *decoder = decoder_new(DECODE_POD, DECODE_LIST, symbols, &handler);
    struct report report;
    struct err err = {0};
    report_init(&report, "decode: pods of a list, in pieces of 64 KiB");
    int result = run(&bench, decoder, pod_count, round_count, &report, &err);
    if (result == 0)
        report_print(&report, stdout);
    if (result == 0 && json_path)
        result = report_write_json(&report, json_path, &err);
    if (result < 0)
        (void)fprintf(stderr, "spillway-bench decode: %s\n", err.text);
    decoder_free(decoder);
    symbols_free(symbols);
    buf_fini(&bench.text);
    return result < 0;
}

int cmd_decode(int argc, char **argv)
{
    static const struct option options[] = {{"pods", required_argument, NULL, 'p'},
                                            {"rounds", required_argument, NULL, 'r'},
                                            {"json", required_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    uint32_t pod_count = PODS_DEFAULT, round_count = ROUNDS_DEFAULT;
    const char *json_path = NULL;
    bool is_valid = true;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'p')
            is_valid = is_valid && parse_count(optarg, 100000000, &pod_count);
        else if (option == 'r')
            is_valid = is_valid && parse_count(optarg, ROUNDS_MAX, &round_count);
        else if (option == 'j')
            json_path = optarg;
        else
            is_valid = false;
    }
    if (!is_valid || optind != argc) {
        (void)fprintf(stderr,
                      "usage: spillway-bench decode [--pods N] [--rounds N] [--json FILE]\n");
        return 2;
    }
    pod_count = (pod_count + DISTINCT_PODS - 1) / DISTINCT_PODS * DISTINCT_PODS;
    return run_command(pod_count, round_count, json_path);
}
