/*
 * Calls and the client. A call's life:
 *
 *   start --(not inside curl)--> RUNNING --curl is done--> on_done
 *     |                            ^  |
 *     +--(inside curl)--> WAITING -+  | stop, deadline, idle
 *                            |        v
 *                            +----> DOOMED --next tick of the loop--> on_done
 *
 * curl forbids adding and removing handles inside its own callbacks, hence WAITING and DOOMED.
 */
#include "watch/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/mem.h"
#include "watch/http_error.h"
#include "watch/http_headers.h"
#include "watch/http_pool.h"

enum { STATUS_OK = 200, STATUS_UNAUTHORIZED = 401 };

enum call_state { CALL_WAITING, CALL_RUNNING, CALL_DOOMED, CALL_STATES };

struct http_call {
    struct http_client *client;
    struct http_pool *pool;
    struct http_slot *slot;
    struct http_call *next, *previous; /* in client->calls[state] */
    struct http_headers *headers;
    enum call_state state;
    bool is_added; /* the multi knows the handle */
    bool was_sent; /* the request started to leave */
    bool is_write; /* not a GET: never sent a second time by curl on its own */
    bool has_token;
    enum http_failure doom; /* why we end it ourselves; NONE: we do not */
    long status;            /* 0 until known */
    int64_t deadline_ms, idle_ms;
    struct mono_ms sent_at, last_byte_at;
    void *ctx;
    bool (*on_bytes)(void *ctx, const char *bytes, size_t len);
    void (*on_done)(void *ctx, const struct http_reply *reply);
};

struct http_client {
    uv_loop_t *loop;
    struct access *access;
    const struct log *log;
    char *name;
    uint32_t connections_max;
    struct http_call *calls[CALL_STATES]; /* lists by state */
    uint32_t in_flight;
    struct http_pool *pools; /* the newest first; all but the first are retired */
    struct http_headers_cache headers;
    uv_timer_t timer; /* one for all deadlines */
    struct mono_ms timer_due;
    uint32_t open_count; /* pools and timer that must close before the client goes */
    bool is_closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static void on_tick(uv_timer_t *timer);

static struct mono_ms now_mono(void)
{
    return (struct mono_ms){(int64_t)(uv_hrtime() / 1000000)};
}

/* ---- lists ---- */

static void call_unlink(struct http_call *call)
{
    if (call->previous)
        call->previous->next = call->next;
    else
        call->client->calls[call->state] = call->next;
    if (call->next)
        call->next->previous = call->previous;
    call->next = call->previous = NULL;
}

static void call_link(struct http_call *call, enum call_state state)
{
    struct http_call **head = &call->client->calls[state];
    call->state = state;
    call->previous = NULL;
    call->next = *head;
    if (*head)
        (*head)->previous = call;
    *head = call;
}

/* ---- the timer ---- */

static void timer_wake_by(struct http_client *client, struct mono_ms due)
{
    if (!mono_before(due, client->timer_due))
        return;
    int64_t delay_ms = mono_since(due, now_mono());
    client->timer_due = due;
    CHECK(uv_timer_start(&client->timer, on_tick, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0) == 0);
}

static struct mono_ms call_due(const struct http_call *call)
{
    struct mono_ms due = MONO_NEVER;
    if (call->deadline_ms > 0)
        due = mono_add(call->sent_at, call->deadline_ms);
    if (call->idle_ms > 0)
        due = mono_min(due, mono_add(call->last_byte_at, call->idle_ms));
    return due;
}

static void call_doom(struct http_call *call, enum http_failure why)
{
    if (call->state == CALL_DOOMED)
        return;
    call->doom = why;
    call_unlink(call);
    call_link(call, CALL_DOOMED);
    timer_wake_by(call->client, (struct mono_ms){0});
}

/* ---- the client ---- */

struct http_client *http_client_new(uv_loop_t *loop, struct access *access, const struct log *log,
                                    const char *name, uint32_t connections_max)
{
    CHECK(connections_max > 0);
    struct http_client *client = mem_zalloc(1, sizeof(*client));
    client->loop = loop;
    client->access = access;
    client->log = log;
    client->name = mem_strdup(name);
    client->connections_max = connections_max;
    client->timer_due = MONO_NEVER;
    CHECK(uv_timer_init(loop, &client->timer) == 0);
    client->timer.data = client;
    client->open_count = 1;
    return client;
}

static void client_part_closed(void *ctx)
{
    struct http_client *client = ctx;
    CHECK(client->open_count > 0);
    if (--client->open_count > 0)
        return;
    void (*on_closed)(void *) = client->on_closed;
    void *closed_ctx = client->closed_ctx;
    http_headers_cache_fini(&client->headers);
    free(client->name);
    free(client);
    if (on_closed)
        on_closed(closed_ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    client_part_closed(handle->data);
}

/* Closes retired pools that nobody uses any more; when closing, the timer follows the last call. */
static void client_tidy(struct http_client *client)
{
    struct http_pool **link = &client->pools;
    while (*link) {
        struct http_pool *pool = *link;
        if (pool->in_use == 0 && (pool->is_retired || client->is_closing)) {
            *link = pool->next;
            http_pool_close(pool);
        } else {
            link = &pool->next;
        }
    }
    if (client->is_closing && client->in_flight == 0 &&
        !uv_is_closing((uv_handle_t *)&client->timer))
        uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

void http_client_close(struct http_client *client, void (*on_closed)(void *ctx), void *ctx)
{
    CHECK(!client->is_closing);
    client->is_closing = true;
    client->on_closed = on_closed;
    client->closed_ctx = ctx;
    for (enum call_state state = CALL_WAITING; state < CALL_DOOMED; state++) {
        while (client->calls[state])
            call_doom(client->calls[state], HTTP_FAILURE_STOPPED);
    }
    timer_wake_by(client, (struct mono_ms){0}); /* we may be inside curl: the tick does the rest */
}

uint32_t http_client_in_flight(const struct http_client *client)
{
    return client->in_flight;
}

/* ---- the end of a call ---- */

static void call_explain(const struct http_call *call, CURLcode code, struct http_reply *reply)
{
    const struct http_target *target = call->pool->target;
    struct http_error_input input = {
        .easy = call->slot->easy,
        .code = code,
        .detail = call->slot->error,
        .server = target->server,
        .ca = access_describe_ca(call->client->access),
        .has_proxy = target->proxy_url[0] != '\0',
        .was_sent = call->was_sent,
    };
    reply->failure = call->doom != HTTP_FAILURE_NONE ? call->doom : http_error_kind(&input);
    if (call->doom == HTTP_FAILURE_TIMEOUT) {
        bool was_idle =
            call->idle_ms > 0 &&
            (call->deadline_ms == 0 || mono_before(mono_add(call->last_byte_at, call->idle_ms),
                                                   mono_add(call->sent_at, call->deadline_ms)));
        int64_t limit_ms = was_idle ? call->idle_ms : call->deadline_ms;
        (void)err_set(&reply->err, ETIMEDOUT, "no %s from %s within %lld.%03lld s",
                      was_idle ? "data" : "complete answer", target->server,
                      (long long)(limit_ms / 1000), (long long)(limit_ms % 1000));
    } else {
        http_error_explain(&input, reply->failure, &reply->err);
    }
}

static int32_t call_retry_after(const struct http_call *call)
{
    struct curl_header *header;
    if (call->status < 300 || curl_easy_header(call->slot->easy, "Retry-After", 0, CURLH_HEADER, -1,
                                               &header) != CURLHE_OK)
        return -1;
    return http_retry_after(str_from(header->value), (int64_t)time(NULL));
}

static void call_log(const struct http_call *call, const struct http_reply *reply)
{
    const struct http_client *client = call->client;
    if (client->log->verbosity < 6)
        return;
    char status[24], took[24], *method = NULL;
    (void)curl_easy_getinfo(call->slot->easy, CURLINFO_EFFECTIVE_METHOD, &method);
    log_info(client->log, 6, "Request done", {"client", client->name}, {"method", method},
             {"url", call->slot->url.data ? call->slot->url.data : ""},
             {"status", log_number(reply->status, status)}, {"failure", reply->err.text},
             {"ms", log_number(mono_since(now_mono(), call->sent_at), took)});
}

/* Whether new requests may still use the pool's connections: not after a call that was under way
 * and failed. The link may be dead without a word, or the server be stopped and still acknowledge
 * (k/k#50994); a new connection finds out. A reset stream says nothing about its connection. */
static void pool_judge(struct http_pool *pool, const struct http_call *call, CURLcode code,
                       enum http_failure failure)
{
    if (failure != HTTP_FAILURE_NONE && call->was_sent && code != CURLE_HTTP2_STREAM)
        pool->is_retired = true;
}

/* The one way out of a call. Outside of curl, so that the handle can be taken back. */
static void call_finish(struct http_call *call, CURLcode code)
{
    struct http_client *client = call->client;
    struct http_pool *pool = call->pool;

    call_unlink(call);
    if (!call->status)
        (void)curl_easy_getinfo(call->slot->easy, CURLINFO_RESPONSE_CODE, &call->status);
    struct http_reply reply = {
        .was_sent = call->was_sent,
        .retry_after_seconds = call_retry_after(call),
        .body = buf_str(&call->slot->reply),
        .sent_at = call->sent_at,
    };
    call_explain(call, code, &reply);
    if (reply.failure == HTTP_FAILURE_NONE)
        reply.status = (int32_t)call->status;
    pool_judge(pool, call, code, reply.failure);
    if (call->is_added)
        multi_remove(pool->multi, call->slot->easy);
    if (reply.status == STATUS_UNAUTHORIZED && call->has_token)
        access_refused(client->access, call->sent_at, now_mono());
    if (reply.failure == HTTP_FAILURE_TLS ||
        (reply.status == STATUS_UNAUTHORIZED && !call->has_token))
        access_tls_refused(client->access, now_mono());
    call_log(call, &reply);

    client->in_flight--;
    call->on_done(call->ctx, &reply);
    http_headers_unref(call->headers);
    http_pool_give(pool, call->slot);
    free(call);
    client_tidy(client);
}

static void on_finished(void *owner, CURL *easy, CURLcode result)
{
    (void)owner;
    char *private = NULL;
    CHECK(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private) == CURLE_OK && private);
    call_finish((struct http_call *)(void *)private, result);
}

/* Deadlines, and the doomed. */
static void on_tick(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    struct mono_ms now = now_mono();
    struct mono_ms due = MONO_NEVER;

    client->timer_due = MONO_NEVER;
    struct http_call *call = client->calls[CALL_RUNNING];
    while (call) {
        struct http_call *next = call->next;
        struct mono_ms call_is_due = call_due(call);
        if (mono_before(now, call_is_due)) {
            due = mono_min(due, call_is_due);
        } else {
            call_doom(call, HTTP_FAILURE_TIMEOUT);
        }
        call = next;
    }
    /* on_done may start, stop and close as it likes: what that dooms has to wait for the next tick,
     * else a caller that starts and stops in turn would hold the loop. */
    uint32_t doomed_count = 0;
    for (call = client->calls[CALL_DOOMED]; call; call = call->next)
        doomed_count++;
    for (; doomed_count > 0 && client->calls[CALL_DOOMED]; doomed_count--)
        call_finish(client->calls[CALL_DOOMED], CURLE_OK);
    if (client->is_closing)
        client_tidy(client);
    else
        timer_wake_by(client, due);
}

/* ---- what curl calls ---- */

static size_t on_write(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    size_t len = size * count;

    if (call->state == CALL_DOOMED)
        return 0; /* ends the transfer; the doom is what is reported */
    call->last_byte_at = now_mono();
    if (!call->status)
        (void)curl_easy_getinfo(call->slot->easy, CURLINFO_RESPONSE_CODE, &call->status);

    if (call->on_bytes && call->status == STATUS_OK) {
        if (!call->on_bytes(call->ctx, bytes, len))
            call_doom(call, HTTP_FAILURE_STOPPED);
    } else if (!buf_add(&call->slot->reply, bytes, len)) {
        call_doom(call, HTTP_FAILURE_TOO_LARGE);
    }
    return call->state == CALL_DOOMED ? 0 : len;
}

/* Just before a request leaves. curl sends a request again by itself when a connection that was
 * used before breaks without an answer; for a write that would hide an unknown outcome, so it is
 * ended. */
static int on_request(void *ctx, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    struct http_call *call = ctx;
    if (call->was_sent && call->is_write)
        return CURL_PREREQFUNC_ABORT;
    call->was_sent = true;
    return CURL_PREREQFUNC_OK;
}

static void call_add(struct http_call *call)
{
    call->is_added = true;
    multi_add(call->pool->multi, call->slot->easy);
}

static void on_turn(void *owner)
{
    struct http_client *client = owner;
    struct http_call *call = client->calls[CALL_WAITING];
    while (call) {
        struct http_call *next = call->next;
        if (!multi_is_inside(call->pool->multi)) {
            call_unlink(call);
            call_link(call, CALL_RUNNING);
            call_add(call);
        }
        call = next;
    }
}

/* ---- the start of a call ---- */

static struct http_pool *client_pool(struct http_client *client)
{
    struct http_pool *pool = client->pools;
    uint64_t generation = access_tls_generation(client->access);
    if (pool && !pool->is_retired && pool->target->generation == generation)
        return pool;
    if (pool)
        pool->is_retired = true; /* closed when its last call is over */

    pool = http_pool_new(&(struct http_pool_options){
        .loop = client->loop,
        .access = client->access,
        .connections_max = client->connections_max,
        .owner = client,
        .on_finished = on_finished,
        .on_turn = on_turn,
        .on_closed = client_part_closed,
    });
    client->open_count++;
    pool->next = client->pools;
    client->pools = pool;
    return pool;
}

static void call_set_request(struct http_call *call, const struct http_options *options)
{
    CURL *easy = call->slot->easy;
    bool is_get = strcmp(options->method, "GET") == 0;
    bool has_body = options->body.len > 0 || strcmp(options->method, "POST") == 0;
    const char *content_type = options->content_type ? options->content_type : "application/json";
    const char *token = access_get_token(call->client->access);

    call->has_token = token != NULL;
    call->headers = http_headers_ref(&call->client->headers, token, has_body ? content_type : NULL,
                                     call->pool->target->host);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http_headers_list(call->headers));
    call->is_write = !is_get;
    if (has_body) {
        CHECK(buf_add(&call->slot->body, options->body.ptr, options->body.len));
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)options->body.len);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                               call->slot->body.data ? call->slot->body.data : "");
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, options->method);
}

static void call_set_up(struct http_call *call, const struct http_options *options)
{
    CURL *easy = call->slot->easy;

    (void)buf_add_str(&call->slot->url, call->pool->target->url_base);
    (void)buf_add_str(&call->slot->url, options->path);
    call_set_request(call, options);
    (void)curl_easy_setopt(easy, CURLOPT_URL, call->slot->url.data);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
}

struct http_call *http_call_start(struct http_client *client, const struct http_options *options)
{
    CHECK(!client->is_closing);
    CHECK(options->method && options->path && options->path[0] == '/' && options->on_done);

    struct mono_ms now = now_mono();
    access_refresh(client->access, now);
    struct http_call *call = mem_zalloc(1, sizeof(*call));
    call->client = client;
    call->pool = client_pool(client);
    call->slot = http_pool_take(call->pool);
    call->sent_at = call->last_byte_at = now;
    call->deadline_ms = options->deadline_ms;
    call->idle_ms = options->idle_ms;
    call->ctx = options->ctx;
    call->on_bytes = options->on_bytes;
    call->on_done = options->on_done;
    call_set_up(call, options);

    client->in_flight++;
    bool must_wait = multi_is_inside(call->pool->multi);
    call_link(call, must_wait ? CALL_WAITING : CALL_RUNNING);
    if (buf_overflowed(&call->slot->url)) { /* a continue token is as long as the server likes */
        (void)snprintf(call->slot->error, sizeof(call->slot->error), "the URL is too long");
        call_doom(call, HTTP_FAILURE_OTHER);
    } else if (!must_wait) {
        call_add(call);
    }
    timer_wake_by(client, call_due(call));
    return call;
}

void http_call_stop(struct http_call *call)
{
    call_doom(call, HTTP_FAILURE_STOPPED);
}
