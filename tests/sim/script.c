#include "tests/sim/script.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/base/mem.h"

enum { DEADLINE_MS = 10000, TICK_MS = 5, DROP_AFTER_MS = 20, PATH_BYTES = 128 };

/* One answer that is being given. */
struct script_stream {
    struct h2_source source;
    struct script *script;
    struct h2_stream *stream;
    struct script_stream *next; /* in script->stalled */
    struct buf text;
    size_t sent;
    enum script_end end;
};

/* ---- streams ---- */

static void on_drop(uv_timer_t *timer)
{
    struct script *script = timer->data;
    struct script_stream *stream = script->to_drop;
    script->to_drop = NULL;
    if (stream)
        h2_drop(stream->stream);
}

static size_t read_text(struct h2_source *source, char *bytes, size_t size, bool *ret_end)
{
    struct script_stream *stream = container_of(source, struct script_stream, source);
    size_t left = stream->text.len - stream->sent;
    size_t len = left < size ? left : size;
    if (len > 0)
        memcpy(bytes, stream->text.data + stream->sent, len);
    stream->sent += len;
    if (stream->sent == stream->text.len && stream->end == SCRIPT_ENDS)
        *ret_end = true;
    if (stream->sent == stream->text.len && stream->end == SCRIPT_DROPS) {
        stream->script->to_drop = stream; /* when these bytes have left */
        (void)uv_timer_start(&stream->script->drop_timer, on_drop, DROP_AFTER_MS, 0);
    }
    return len;
}

static void keep_request(struct script *script, const struct h2_stream *stream)
{
    cr_assert_lt(script->request_count, SCRIPT_REQUESTS_MAX);
    script->requests[script->request_count++] = (struct script_request){
        .method = mem_strdup(stream->method),
        .path = mem_strdup(stream->path),
        .body = mem_strndup(stream->body.len > 0 ? stream->body.data : "", stream->body.len),
        .content_type = mem_strdup(stream->content_type),
    };
}

static bool is_about(const char *method, const char *path, const char *text)
{
    char line[2048];
    (void)snprintf(line, sizeof line, "%s %s", method, path);
    return !text || strstr(line, text);
}

static struct script_answer take_answer(struct script *script, const struct h2_stream *h2)
{
    for (size_t i = 0; i < script->answer_count; i++) {
        if (script->is_used[i] || !is_about(h2->method, h2->path, script->answers[i].on))
            continue;
        script->is_used[i] = true;
        return script->answers[i];
    }
    return (struct script_answer){.end = SCRIPT_STALLS};
}

static void give_answer(struct script_stream *stream, const struct script_answer *said)
{
    stream->end = said->end;
    if (said->body)
        (void)buf_add_str(&stream->text, said->body);
    const struct h2_answer answer = {
        .code = said->code,
        .content_type = "application/json",
        .retry_after_s = said->retry_after_s,
    };
    h2_respond_source(stream->stream, &answer, &stream->source);
}

static void on_request(void *data, struct h2_stream *h2)
{
    struct script *script = data;
    keep_request(script, h2);
    struct script_answer said = take_answer(script, h2);
    struct script_stream *stream = mem_zalloc(1, sizeof *stream);
    stream->source.read = read_text;
    stream->script = script;
    stream->stream = h2;
    buf_init(&stream->text, 128 << 20);
    h2->user = stream;
    if (said.end == SCRIPT_STALLS) {
        stream->next = script->stalled;
        script->stalled = stream;
        return;
    }
    if (said.end == SCRIPT_RESETS) {
        h2_reset(h2);
        return;
    }
    if (said.end == SCRIPT_HOLDS)
        script->held = stream;
    give_answer(stream, &said);
}

void script_release(struct script *script, int code, const char *body)
{
    while (script->stalled) {
        struct script_stream *stream = script->stalled;
        script->stalled = stream->next;
        give_answer(stream, &(struct script_answer){code, body, SCRIPT_ENDS, 0, NULL});
    }
}

size_t script_count(const struct script *script, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < script->request_count; i++)
        count += is_about(script->requests[i].method, script->requests[i].path, text);
    return count;
}

static void on_closed(void *data, struct h2_stream *h2)
{
    struct script *script = data;
    struct script_stream *stream = h2->user;
    if (script->held == stream)
        script->held = NULL;
    if (script->to_drop == stream)
        script->to_drop = NULL;
    for (struct script_stream **link = &script->stalled; *link; link = &(*link)->next)
        if (*link == stream) {
            *link = stream->next;
            break;
        }
    buf_fini(&stream->text);
    free(stream);
}

/* ---- the server ---- */

static void write_file(const struct script *script, const char *name, const char *text)
{
    char path[PATH_BYTES];
    struct err err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", script->dir, name);
    cr_assert_eq(pki_write_file(path, text, &err), 0, "%s", err.text);
}

static void write_kubeconfig(const struct script *script)
{
    char text[1024];
    char *ca = pki_ca_pem(script->pki);
    write_file(script, "ca.crt", ca);
    free(ca);
    (void)snprintf(text, sizeof text,
                   "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
                   "clusters: [{name: it, cluster: {server: 'https://127.0.0.1:%u', "
                   "certificate-authority: ca.crt}}]\n"
                   "users: [{name: it, user: {token: script}}]\n"
                   "contexts: [{name: it, context: {cluster: it, user: it}}]\n",
                   (unsigned)script->port);
    write_file(script, "kubeconfig", text);
}

void script_listen(struct script *script)
{
    struct err err = {0};
    const struct h2_options options = {
        .port = script->port, .tls = script->tls, .max_body_bytes = 4 << 20, .max_streams = 250};
    const struct h2_handler handler = {
        .on_request = on_request, .on_closed = on_closed, .data = script};
    script->server = h2_server_start(&script->loop, &options, &handler, &err);
    cr_assert(script->server, "%s", err.text);
    script->port = h2_server_port(script->server);
}

void script_hush(struct script *script)
{
    h2_server_stop(script->server);
    script->server = NULL;
}

void script_listen_expired(struct script *script)
{
    struct err err = {0};
    script_hush(script);
    SSL_CTX_free(script->tls);
    cr_assert_eq(pki_expire_server(script->pki, &err), 0, "%s", err.text);
    script->tls = pki_server_context(script->pki, &err);
    cr_assert(script->tls, "%s", err.text);
    script_listen(script);
}

void script_open(struct script *script)
{
    struct err err = {0};
    *script = (struct script){.dir = "/tmp/spillway-script-XXXXXX"};
    cr_assert(mkdtemp(script->dir));
    (void)signal(SIGPIPE, SIG_IGN); /* a client that goes away is an error of its socket */
    cr_assert_eq(uv_loop_init(&script->loop), 0);
    script->log_file = fopen("/dev/null", "w");
    script->log = (struct log){.out = script->log_file, .format = LOG_TEXT, .verbosity = 9};
    if (getenv("SCRIPT_LOG"))
        script->log.out = stderr;
    (void)uv_timer_init(&script->loop, &script->drop_timer);
    (void)uv_timer_init(&script->loop, &script->ticker);
    script->drop_timer.data = script;
    script->pki = pki_new(&err);
    cr_assert(script->pki, "%s", err.text);
    script->tls = pki_server_context(script->pki, &err);
    script_listen(script);
    write_kubeconfig(script);
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/kubeconfig", script->dir);
    script->access = access_load(&(struct access_options){.kubeconfig = path}, &script->log, &err);
    cr_assert(script->access, "%s", err.text);
}

void script_close(struct script *script)
{
    static const char *const files[] = {"ca.crt", "kubeconfig"};
    if (script->server)
        script_hush(script);
    uv_close((uv_handle_t *)&script->drop_timer, NULL);
    uv_close((uv_handle_t *)&script->ticker, NULL);
    (void)uv_run(&script->loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&script->loop), 0, "a handle was left open");
    access_free(script->access);
    SSL_CTX_free(script->tls);
    pki_free(script->pki);
    for (size_t i = 0; i < script->request_count; i++) {
        free(script->requests[i].method);
        free(script->requests[i].path);
        free(script->requests[i].body);
        free(script->requests[i].content_type);
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s", script->dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(script->dir);
    (void)fclose(script->log_file);
}

void script_say(struct script *script, const struct script_answer *answers, size_t count)
{
    cr_assert_leq(script->answer_count + count, SCRIPT_ANSWERS_MAX);
    memcpy(script->answers + script->answer_count, answers, count * sizeof *answers);
    script->answer_count += count;
}

void script_tell(struct script *script, const char *bytes, enum script_end end)
{
    struct script_stream *stream = script->held;
    cr_assert(stream, "no stream is held");
    if (end != SCRIPT_HOLDS)
        script->held = NULL;
    stream->end = end;
    (void)buf_add_str(&stream->text, bytes);
    h2_resume(stream->stream);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* The ticks: what a timer of the loop has brought about is looked at before the loop sleeps for
 * long. */
bool script_run_for(struct script *script, int64_t limit_ms, bool (*is_done)(void *ctx), void *ctx)
{
    uint64_t deadline_ns = uv_hrtime() + (uint64_t)limit_ms * 1000000;
    (void)uv_timer_start(&script->ticker, on_tick, TICK_MS, TICK_MS);
    bool is_late = false;
    while (!is_done(ctx) && !is_late) {
        (void)uv_run(&script->loop, UV_RUN_ONCE);
        is_late = uv_hrtime() > deadline_ns;
    }
    (void)uv_timer_stop(&script->ticker);
    return !is_late;
}

void script_run(struct script *script, bool (*is_done)(void *ctx), void *ctx)
{
    cr_assert(script_run_for(script, DEADLINE_MS, is_done, ctx),
              "what was awaited did not happen in ten seconds");
}

const struct script_request *script_request(const struct script *script, size_t n)
{
    cr_assert_lt(n, script->request_count, "only %zu requests came", script->request_count);
    return &script->requests[n];
}
