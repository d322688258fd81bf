/*
 * A call's life:
 *
 *   start --(it can be)--> RUNNING --curl or the lane is done--> on_done
 *     |                      ^  |
 *     +--(not yet)--> WAITING+  | stop, deadline, idle
 *                        |      v
 *                        +--> DOOMED --next tick of the loop--> on_done
 *
 * curl forbids adding and removing handles inside its own callbacks, and a lane may still be
 * connecting, hence WAITING and DOOMED.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/check.h"
#include "model/base/mem.h"
#include "watch/http_error.h"
#include "watch/http_private.h"

enum { STATUS_OK = 200, STATUS_UNAUTHORIZED = 401 };

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

struct mono_ms http_call_due(const struct http_call *call)
{
    struct mono_ms due = MONO_NEVER;
    if (call->deadline_ms > 0)
        due = mono_add(call->sent_at, call->deadline_ms);
    if (call->idle_ms > 0)
        due = mono_min(due, mono_add(call->last_byte_at, call->idle_ms));
    return due;
}

void http_call_doom(struct http_call *call, enum http_failure why)
{
    if (call->state == CALL_DOOMED)
        return;
    call->doom = why;
    call_unlink(call);
    call_link(call, CALL_DOOMED);
    http_client_wake_by(call->client, (struct mono_ms){0});
}

/* ---- the end of a call ---- */

/* What was to make the connection of a call that curl was not given. */
static CURL *call_connecting(const struct http_call *call)
{
    return call->pool->lane ? http_lane_easy(call->pool->lane)
                            : http_slot_easy(call->pool, call->slot);
}

static void call_explain(const struct http_call *call, CURLcode code, struct http_reply *reply)
{
    const struct http_target *target = call->pool->target;
    struct http_error_input input = {
        .easy = call->is_added ? call->slot->easy : call_connecting(call),
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
    if (!call->is_added || call->status < 300)
        return call->status < 300 ? -1 : call->retry_after_seconds;
    if (curl_easy_header(call->slot->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) !=
        CURLHE_OK)
        return -1;
    return http_retry_after(str_from(header->value), (int64_t)time(NULL));
}

static void call_log(const struct http_call *call, const struct http_reply *reply)
{
    const struct http_client *client = call->client;
    if (client->log->verbosity < 6)
        return;
    char status[24], took[24];
    log_info(client->log, 6, "Request done", {"client", client->name}, {"method", call->method},
             {"url", call->slot->url.data ? call->slot->url.data : ""},
             {"status", log_number(reply->status, status)}, {"failure", reply->err.text},
             {"ms", log_number(mono_since(http_now(), call->sent_at), took)});
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

void http_call_finish(struct http_call *call, CURLcode code)
{
    struct http_client *client = call->client;
    struct http_pool *pool = call->pool;

    call_unlink(call);
    if (call->is_added && !call->status)
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
    if (call->is_added) {
        multi_remove(pool->multi, call->slot->easy);
        if (reply.failure != HTTP_FAILURE_NONE)
            multi_stir(pool->multi);
    }
    if (call->stream)
        http_lane_cancel(pool->lane, call->stream);
    if (reply.status == STATUS_UNAUTHORIZED && call->has_token)
        access_refused(client->access, call->sent_at, http_now());
    if (reply.failure == HTTP_FAILURE_TLS ||
        (reply.status == STATUS_UNAUTHORIZED && !call->has_token))
        access_tls_refused(client->access, http_now());
    call_log(call, &reply);

    client->in_flight--;
    call->on_done(call->ctx, &reply);
    http_headers_unref(call->headers);
    http_pool_give(pool, call->slot);
    free(call);
    http_client_tidy(client);
}

/* ---- what curl calls ---- */

static void call_take_bytes(struct http_call *call, const char *bytes, size_t len)
{
    call->last_byte_at = http_now();
    if (call->on_bytes && call->status == STATUS_OK) {
        if (!call->on_bytes(call->ctx, bytes, len))
            http_call_doom(call, HTTP_FAILURE_STOPPED);
    } else if (!buf_add(&call->slot->reply, bytes, len)) {
        http_call_doom(call, HTTP_FAILURE_TOO_LARGE);
    }
}

static size_t on_write(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    size_t len = size * count;

    if (call->state == CALL_DOOMED)
        return 0; /* ends the transfer; the doom is what is reported */
    if (!call->status)
        (void)curl_easy_getinfo(call->slot->easy, CURLINFO_RESPONSE_CODE, &call->status);
    call_take_bytes(call, bytes, len);
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
    CURL *easy = http_slot_easy(call->pool, call->slot);
    const struct buf *body = &call->slot->body;
    if (call->has_body) {
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body->len);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->data ? body->data : "");
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http_headers_list(call->headers));
    (void)curl_easy_setopt(easy, CURLOPT_URL, call->slot->url.data);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
    call->is_added = true;
    multi_add(call->pool->multi, easy);
}

/* ---- what a lane calls ---- */

static void on_lane_sent(void *request)
{
    struct http_call *call = request;
    call->was_sent = true;
}

static void on_lane_field(void *request, struct str name, struct str value)
{
    struct http_call *call = request;
    if (str_is(name, ":status")) {
        call->status = 0;
        for (size_t i = 0; i < value.len && i < 3; i++) /* nghttp2 has seen that these are digits */
            call->status = call->status * 10 + (value.ptr[i] - '0');
    } else if (str_is(name, "retry-after")) {
        call->retry_after_seconds = http_retry_after(value, (int64_t)time(NULL));
    }
}

static void on_lane_bytes(void *request, const char *bytes, size_t len)
{
    struct http_call *call = request;
    if (call->state != CALL_DOOMED)
        call_take_bytes(call, bytes, len);
}

static void call_set_error(const struct http_call *call, const char *text)
{
    (void)snprintf(call->slot->error, sizeof(call->slot->error), "%s", text);
}

static void on_lane_end(void *request, enum h2_end end)
{
    struct http_call *call = request;
    call->stream = NULL;
    switch (end) {
    case H2_DONE:
        http_call_finish(call, CURLE_OK);
        return;
    case H2_REFUSED:
        call->was_sent = false;
        call_set_error(call, "the server refused the request before it looked at it");
        http_call_finish(call, CURLE_HTTP2_STREAM);
        return;
    case H2_RESET:
        call_set_error(call, "the server broke off its answer");
        http_call_finish(call, CURLE_HTTP2_STREAM);
        return;
    case H2_GONE:
        call_set_error(call, http_lane_error(call->pool->lane));
        http_call_finish(call, CURLE_RECV_ERROR);
        return;
    }
}

const struct h2_handler http_call_h2_handler = {
    .on_sent = on_lane_sent,
    .on_field = on_lane_field,
    .on_bytes = on_lane_bytes,
    .on_end = on_lane_end,
};

static struct h2_stream *call_submit(struct http_call *call)
{
    size_t field_count;
    const struct h2_field *fields = http_headers_fields(call->headers, &field_count);
    struct str url = buf_str(&call->slot->url);
    size_t path_at = strlen("https://");
    path_at += strcspn(url.ptr + path_at, "/");
    struct h2_request request = {
        .method = str_from(call->method),
        .path = {url.ptr + path_at, url.len - path_at},
        .fields = fields,
        .field_count = field_count,
        .body = buf_str(&call->slot->body),
        .has_body = call->has_body,
        .ctx = call,
    };
    return http_lane_submit(call->pool->lane, &request);
}

/* ---- the start of a call ---- */

/* It ends in the next tick, as curl would have ended it. */
static void call_fail(struct http_call *call, CURLcode code, const char *text)
{
    call_set_error(call, text);
    call->code = code;
    http_call_doom(call, HTTP_FAILURE_NONE);
}

static void call_run(struct http_call *call)
{
    call_unlink(call);
    call_link(call, CALL_RUNNING);
}

/* A call that waits: off it goes, if it can. */
static void call_try(struct http_call *call)
{
    struct http_pool *pool = call->pool;
    bool is_inside = multi_is_inside(pool->multi);
    switch (pool->lane ? http_lane_state(pool->lane) : LANE_UNFIT) {
    case LANE_IDLE:
        if (!is_inside)
            http_lane_start(pool->lane);
        return;
    case LANE_CONNECTING:
        return;
    case LANE_OPEN:
        call->stream = call_submit(call);
        call_run(call);
        return;
    case LANE_OVER:
        call_fail(call, CURLE_SEND_ERROR, http_lane_error(pool->lane));
        return;
    case LANE_UNFIT:
        if (is_inside)
            return;
        call_add(call);
        call_run(call);
        return;
    }
}

void http_call_on_turn(void *owner)
{
    const struct http_client *client = owner;
    struct http_call *next;
    for (struct http_call *call = client->calls[CALL_WAITING]; call; call = next) {
        next = call->next;
        call_try(call);
    }
}

static void on_lane_finished(struct http_pool *pool, CURLcode result)
{
    const struct http_client *client = pool->owner;
    http_lane_finished(pool->lane, result);
    if (result == CURLE_OK)
        return; /* the turn that follows starts what waits */
    struct http_call *next;
    for (struct http_call *call = client->calls[CALL_WAITING]; call; call = next) {
        next = call->next;
        if (call->pool == pool)
            call_fail(call, result, http_lane_error(pool->lane));
    }
}

void http_call_on_finished(void *owner, CURL *easy, CURLcode result)
{
    const struct http_client *client = owner;
    for (struct http_pool *pool = client->pools; pool; pool = pool->next) {
        if (pool->lane && http_lane_easy(pool->lane) == easy) {
            on_lane_finished(pool, result);
            return;
        }
    }
    char *private = NULL;
    CHECK(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private) == CURLE_OK && private);
    http_call_finish((struct http_call *)(void *)private, result);
}

static void call_set_up(struct http_call *call, const struct http_options *options)
{
    const char *content_type = options->content_type ? options->content_type : "application/json";
    const char *token = access_get_token(call->client->access);

    call->has_token = token != NULL;
    call->has_body = options->body.len > 0 || strcmp(options->method, "POST") == 0;
    call->is_write = strcmp(options->method, "GET") != 0;
    call->headers =
        http_headers_ref(&call->client->headers, token, call->has_body ? content_type : NULL,
                         call->pool->target->host);
    (void)buf_add_str(&call->slot->url, call->pool->target->url_base);
    (void)buf_add_str(&call->slot->url, options->path);
    if (options->body.len > 0)
        CHECK(buf_add(&call->slot->body, options->body.ptr, options->body.len));
}

struct http_call *http_call_start(struct http_client *client, const struct http_options *options)
{
    CHECK(!client->is_closing);
    CHECK(options->method && options->path && options->path[0] == '/' && options->on_done);

    struct mono_ms now = http_now();
    access_refresh(client->access, now);
    struct http_call *call = mem_zalloc(1, sizeof(*call));
    call->client = client;
    call->pool = http_client_pool(client);
    call->slot = http_pool_take(call->pool);
    call->method = options->method;
    call->retry_after_seconds = -1;
    call->sent_at = call->last_byte_at = now;
    call->deadline_ms = options->deadline_ms;
    call->idle_ms = options->idle_ms;
    call->ctx = options->ctx;
    call->on_bytes = options->on_bytes;
    call->on_done = options->on_done;
    call_set_up(call, options);

    client->in_flight++;
    call_link(call, CALL_WAITING);
    if (buf_overflowed(&call->slot->url)) /* a continue token is as long as the server likes */
        call_fail(call, CURLE_URL_MALFORMAT, "the URL is too long");
    else
        call_try(call);
    http_client_wake_by(client, http_call_due(call));
    return call;
}

void http_call_stop(struct http_call *call)
{
    http_call_doom(call, HTTP_FAILURE_STOPPED);
}
