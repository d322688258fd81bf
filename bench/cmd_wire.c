/*
 * The same pods, listed and watched, once in each format. The server's processor time comes in
 * ticks of 10 ms, so each is asked for many times; ours is measured on what was received.
 */
#include "bench/cmd_wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/control_plane.h"
#include "bench/flags.h"
#include "bench/plain_load.h"
#include "bench/protobuf_walk.h"
#include "bench/report.h"
#include "model/base/mem.h"
#include "model/decode.h"
#include "model/names.h"
#include "watch/http_target.h"

enum {
    BODY_BYTES_MAX = 1 << 30,
    ROUNDS_DEFAULT = 20,
    ROUNDS_MAX = 1000,
    WATCH_LIMIT_S = 60,
};

enum format { FORMAT_JSON, FORMAT_PROTOBUF, FORMATS };

static const struct {
    const char *name, *list_accept, *watch_accept;
} formats[] = {
    [FORMAT_JSON] = {"json", "Accept: application/json", "Accept: application/json"},
    [FORMAT_PROTOBUF] = {"protobuf", "Accept: application/vnd.kubernetes.protobuf",
                         "Accept: application/vnd.kubernetes.protobuf;stream=watch"},
};

struct figures {
    double bytes_per_pod, server_us_per_pod, own_us_per_pod;
};

struct wire {
    struct control_plane plane;
    struct http_target *target;
    struct symbols *symbols;
    uint32_t pods, rounds;
    const char *bin;
    struct figures lists[FORMATS], watches[FORMATS];
};

/* One answer as it comes. */
struct receipt {
    struct wire *wire;
    enum format format;
    bool is_watch;
    uint32_t pods; /* of a watch, so far */
    size_t seen;   /* of `body`: whole events */
    struct buf body;
    struct err err;
};

/* ---- our side ---- */

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    uint32_t *count = ctx;
    (void)verb;
    *count += pod->problem.len == 0;
}

static int decode_json(const struct receipt *receipt, uint32_t *ret_pods, struct err *err)
{
    const struct decode_handler handler = {.ctx = ret_pods, .pod = on_pod};
    struct decoder *decoder =
        decoder_new(DECODE_POD, receipt->is_watch ? DECODE_WATCH : DECODE_LIST,
                    receipt->wire->symbols, &handler);
    int rc = decoder_feed(decoder, receipt->body.data, receipt->body.len, err);
    if (rc == 0)
        rc = decoder_finish(decoder, err);
    decoder_free(decoder);
    return rc;
}

static int walk_protobuf(const struct receipt *receipt, uint32_t *ret_pods, struct err *err)
{
    struct symbols *symbols = receipt->wire->symbols;
    struct str left = buf_str(&receipt->body);
    if (!receipt->is_watch)
        return protobuf_walk_list(left, symbols, ret_pods, err);
    while (left.len > 0) {
        size_t len;
        int rc = protobuf_walk_frame(left, symbols, &len, err);
        if (rc < 0)
            return rc;
        if (len == 0)
            return err_set(err, EBADMSG, "protobuf: the stream ends in a frame");
        left.ptr += len;
        left.len -= len;
        ++*ret_pods;
    }
    return 0;
}

/* Processor time a pod; the median of the rounds. */
static int read_pods(const struct receipt *receipt, double *ret_us_per_pod, struct err *err)
{
    const struct wire *wire = receipt->wire;
    double us[ROUNDS_MAX];
    for (uint32_t i = 0; i < wire->rounds; i++) {
        uint32_t pods = 0;
        int64_t start_ns = report_cpu_ns();
        int rc = receipt->format == FORMAT_JSON ? decode_json(receipt, &pods, err)
                                                : walk_protobuf(receipt, &pods, err);
        if (rc < 0)
            return rc;
        us[i] = (double)(report_cpu_ns() - start_ns) / 1e3 / wire->pods;
        if (pods != wire->pods)
            return err_set(err, EBADMSG, "%u pods were read instead of %u", pods, wire->pods);
    }
    *ret_us_per_pod = report_median(us, wire->rounds);
    return 0;
}

/* ---- the answers ---- */

/* Counts the events that are whole; a watch has no other end. */
static void count_events(struct receipt *receipt)
{
    const struct buf *body = &receipt->body;
    const char *line_end;
    size_t len;
    while (receipt->seen < body->len) {
        struct str left = {body->data + receipt->seen, body->len - receipt->seen};
        if (receipt->format == FORMAT_JSON) {
            line_end = memchr(left.ptr, '\n', left.len);
            len = line_end ? (size_t)(line_end - left.ptr) + 1 : 0;
        } else if (protobuf_walk_frame(left, receipt->wire->symbols, &len, &receipt->err) < 0) {
            return;
        }
        if (len == 0)
            return;
        receipt->seen += len;
        receipt->pods++;
    }
}

static size_t on_write(char *bytes, size_t size, size_t count, void *ctx)
{
    struct receipt *receipt = ctx;
    if (!buf_add(&receipt->body, bytes, size * count))
        (void)err_set(&receipt->err, EMSGSIZE, "an answer of more than %d bytes", BODY_BYTES_MAX);
    if (receipt->is_watch)
        count_events(receipt);
    bool is_over = receipt->err.code != 0 || receipt->pods == receipt->wire->pods;
    return is_over ? 0 : size * count; /* ends the transfer */
}

static CURL *request_new(struct receipt *receipt, struct curl_slist *accept)
{
    char url[512];
    (void)snprintf(url, sizeof(url), "%s/api/v1/pods?resourceVersion=0%s",
                   receipt->wire->target->url_base, receipt->is_watch ? "&watch=1" : "");
    CURL *easy = curl_easy_init();
    CHECK(easy != NULL);
    http_target_apply(receipt->wire->target, easy);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, accept);
    (void)curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)WATCH_LIMIT_S);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, receipt);
    return easy;
}

static int receive_once(struct receipt *receipt, CURL *easy)
{
    buf_clear(&receipt->body);
    receipt->pods = 0;
    receipt->seen = 0;
    CURLcode code = curl_easy_perform(easy);
    if (receipt->err.code != 0)
        return -receipt->err.code;
    bool is_whole = receipt->is_watch ? code == CURLE_WRITE_ERROR : code == CURLE_OK;
    if (is_whole)
        return 0;
    return err_set(&receipt->err, EIO, "as %s: %s", formats[receipt->format].name,
                   curl_easy_strerror(code));
}

/* The rounds of one format; the first is not measured: caches fill. */
static int receive(struct receipt *receipt, double *ret_server_us_per_pod)
{
    const struct wire *wire = receipt->wire;
    struct process_usage before = {0}, after = {0};
    pid_t server = wire->plane.apiserver.process.pid;
    struct curl_slist *accept =
        curl_slist_append(NULL, receipt->is_watch ? formats[receipt->format].watch_accept
                                                  : formats[receipt->format].list_accept);
    CURL *easy = request_new(receipt, accept);
    int rc = receive_once(receipt, easy);
    if (rc == 0)
        rc = process_usage(server, &before);
    for (uint32_t i = 0; i < wire->rounds && rc == 0; i++)
        rc = receive_once(receipt, easy);
    if (rc == 0)
        rc = process_usage(server, &after);
    curl_easy_cleanup(easy);
    curl_slist_free_all(accept);
    *ret_server_us_per_pod = (double)(after.cpu_us - before.cpu_us) / wire->rounds / wire->pods;
    return rc;
}

static int measure_one(struct wire *wire, enum format format, bool is_watch, struct err *err)
{
    struct figures *figures = is_watch ? &wire->watches[format] : &wire->lists[format];
    struct receipt receipt = {.wire = wire, .format = format, .is_watch = is_watch};
    buf_init(&receipt.body, BODY_BYTES_MAX);
    int rc = receive(&receipt, &figures->server_us_per_pod);
    if (rc < 0)
        *err = receipt.err.code ? receipt.err : (struct err){.text = "kube-apiserver ended"};
    figures->bytes_per_pod = (double)receipt.body.len / wire->pods;
    if (rc == 0)
        rc = read_pods(&receipt, &figures->own_us_per_pod, err);
    buf_fini(&receipt.body);
    return rc;
}

/* ---- the run ---- */

static void make_pod(void *ctx, uint32_t index, struct buf *path, struct buf *body)
{
    (void)ctx;
    (void)buf_add_str(path, "/api/v1/namespaces/default/pods");
    plain_pod_add(body, index, "nobody", "default");
}

static int measure(struct wire *wire, struct err *err)
{
    int rc = control_plane_post_many(&wire->plane, wire->pods, make_pod, NULL, err);
    wire->target = http_target_new(wire->plane.access);
    for (enum format format = FORMAT_JSON; format < FORMATS && rc == 0; format++) {
        rc = measure_one(wire, format, false, err);
        if (rc == 0)
            rc = measure_one(wire, format, true, err);
    }
    http_target_free(wire->target);
    return rc;
}

static void add_figures(struct report *report, const char *what, enum format format,
                        const struct figures *figures)
{
    const struct {
        const char *key, *unit;
        double value;
    } rows[] = {
        {"bytes_per_pod", "bytes", figures->bytes_per_pod},
        {"server_us_per_pod", "us of the apiserver", figures->server_us_per_pod},
        {"own_us_per_pod",
         format == FORMAT_JSON ? "us, the decoder" : "us, a walk that builds nothing",
         figures->own_us_per_pod},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char key[REPORT_KEY_BYTES];
        (void)snprintf(key, sizeof(key), "wire.%s.%s.%s", what, rows[i].key, formats[format].name);
        report_add(report, key, rows[i].value, rows[i].unit);
    }
}

static int report_wire(const struct wire *wire, const char *json)
{
    struct report report;
    report_init(&report, "wire: pods of a real kube-apiserver, as JSON and as protobuf");
    report_add(&report, "wire.pods", wire->pods, "pods");
    report_add(&report, "wire.rounds", wire->rounds, "rounds");
    for (enum format format = FORMAT_JSON; format < FORMATS; format++) {
        add_figures(&report, "list", format, &wire->lists[format]);
        add_figures(&report, "watch", format, &wire->watches[format]);
    }
    return report_finish(&report, json);
}

static int run_command(struct wire *wire, const char *json)
{
    struct err err = {0};
    char *built = wire->bin ? NULL : control_plane_programs();
    if (!wire->bin && !built) {
        (void)fprintf(stderr, "spillway-bench wire: no control plane: give --bin DIR, or run it "
                              "where tests/real/build.sh is\n");
        return 1;
    }
    wire->symbols = names_symbols_new(1);
    int rc = control_plane_open(&wire->plane, wire->bin ? wire->bin : built, &err);
    if (rc == 0) {
        rc = measure(wire, &err);
        control_plane_close(&wire->plane, rc < 0);
    }
    if (rc < 0)
        (void)fprintf(stderr, "spillway-bench wire: %s\n", err.text);
    symbols_free(wire->symbols);
    free(built);
    return rc < 0 ? 1 : report_wire(wire, json);
}

int cmd_wire(int argc, char **argv)
{
    struct wire *wire = mem_zalloc(1, sizeof(*wire));
    const char *json = NULL;
    wire->pods = 5000;
    wire->rounds = ROUNDS_DEFAULT;
    const struct flag flags[] = {
        {"pods", FLAG_COUNT, &wire->pods, 1, 1000000, "N", "pods, that wait"},
        {"rounds", FLAG_COUNT, &wire->rounds, 1, ROUNDS_MAX, "N", "times that each is asked for"},
        {"bin", FLAG_TEXT, &wire->bin, 0, 0, "DIR",
         "etcd, kube-apiserver; default: what tests/real/build.sh makes"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags),
                    "pods as JSON and as protobuf: bytes, and what each side pays", argc, argv);
    int code = parsed == FLAGS_OK ? run_command(wire, json) : parsed == FLAGS_HELP ? 0 : 2;
    free(wire);
    return code;
}
