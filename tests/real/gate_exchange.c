/* What becomes of a request that came to the gate, and of its answer. */
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/gate_private.h"

enum { GATE_UNREAD_BYTES = 64 << 20 /* of an answer that spillway does not read */ };

/* One request on its way, and its answer. */
struct exchange {
    struct h2_source source; /* of a streamed answer */
    struct gate *gate;
    struct h2_stream *stream; /* NULL: spillway gave it up */
    struct http_call *call;   /* NULL: not sent, or over */
    struct exchange *next_held;
    enum gate_write write; /* GATE_WRITE_COUNT: none */
    /* the request, as long as the stream may go before it is sent */
    char *method, *path, *content_type;
    struct buf body;
    bool is_chosen; /* the point is about it */
    bool is_held;
    struct buf bytes; /* of the answer, not yet read by spillway */
    bool is_streamed, is_whole;
};

/* ---- what both threads see ---- */

static bool is_stopped(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    bool stopped = gate->is_stopped;
    pthread_mutex_unlock(&gate->mutex);
    return stopped;
}

/* Counts a write of the point's kind: whether the point is about it. */
static bool is_met(struct gate *gate)
{
    const struct gate_point *point = &gate->point;
    gate->met++;
    return point->held == 0 ? gate->met == point->nth
                            : gate->met >= point->nth && gate->met < point->nth + point->held;
}

/* Whether a write that came may go on; *ret_chosen says that the point is about it. */
static bool count_seen(struct gate *gate, enum gate_write write, bool *ret_chosen)
{
    pthread_mutex_lock(&gate->mutex);
    bool goes_on = !gate->is_stopped;
    if (goes_on && write != GATE_WRITE_COUNT) {
        gate->counts[write].seen++;
        if (gate->is_set && write == gate->point.write)
            *ret_chosen = is_met(gate);
    }
    pthread_mutex_unlock(&gate->mutex);
    return goes_on;
}

static void reach(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->is_stopped = gate->point.held == 0;
    gate->is_reached = gate->is_stopped || gate->met >= gate->point.nth + gate->point.held - 1;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void count_answered(struct gate *gate, enum gate_write write, int32_t status)
{
    if (write == GATE_WRITE_COUNT)
        return;
    pthread_mutex_lock(&gate->mutex);
    gate->counts[write].answered++;
    gate->counts[write].accepted += status >= 200 && status < 300;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void count_passed(struct gate *gate, enum gate_write write)
{
    if (write == GATE_WRITE_COUNT)
        return;
    pthread_mutex_lock(&gate->mutex);
    gate->counts[write].passed++;
    pthread_mutex_unlock(&gate->mutex);
}

/* ---- one exchange, in the loop's thread ---- */

static void exchange_free(struct exchange *exchange)
{
    free(exchange->method);
    free(exchange->path);
    free(exchange->content_type);
    buf_fini(&exchange->body);
    buf_fini(&exchange->bytes);
    free(exchange);
}

static size_t exchange_read(struct h2_source *source, char *bytes, size_t size, bool *ret_end)
{
    struct exchange *exchange = container_of(source, struct exchange, source);
    size_t len = exchange->bytes.len < size ? exchange->bytes.len : size;
    if (len > 0)
        memcpy(bytes, exchange->bytes.data, len);
    buf_consume(&exchange->bytes, len);
    *ret_end = exchange->is_whole && exchange->bytes.len == 0;
    return len;
}

static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
    struct exchange *exchange = ctx;
    if (!exchange->stream || is_stopped(exchange->gate))
        return true;
    CHECK(buf_add(&exchange->bytes, bytes, len));
    if (exchange->is_streamed) {
        h2_resume(exchange->stream);
        return true;
    }
    exchange->is_streamed = true;
    const struct h2_answer answer = {.code = 200, .content_type = "application/json"};
    h2_respond_source(exchange->stream, &answer, &exchange->source);
    return true;
}

static void pass_answer(struct exchange *exchange, const struct http_reply *reply)
{
    if (reply->status == 0) {
        h2_reset(exchange->stream);
        return;
    }
    if (exchange->is_streamed) {
        exchange->is_whole = true;
        h2_resume(exchange->stream);
        return;
    }
    const struct h2_answer answer = {
        .code = reply->status,
        .content_type = "application/json",
        .retry_after_s = reply->retry_after_seconds > 0 ? reply->retry_after_seconds : 0,
    };
    h2_respond(exchange->stream, &answer, blob_new(reply->body.ptr, reply->body.len));
    count_passed(exchange->gate, exchange->write);
    if (exchange->is_chosen && exchange->gate->point.boundary == GATE_AFTER_REPLY)
        h2_ping(exchange->stream);
}

static void on_done(void *ctx, const struct http_reply *reply)
{
    struct exchange *exchange = ctx;
    exchange->call = NULL;
    count_answered(exchange->gate, exchange->write, reply->status);
    if (!exchange->stream)
        exchange_free(exchange);
    else if (!is_stopped(exchange->gate))
        pass_answer(exchange, reply);
}

static void exchange_send(struct exchange *exchange)
{
    struct gate *gate = exchange->gate;
    bool is_get = strcmp(exchange->method, "GET") == 0;
    const struct http_options options = {
        .method = exchange->method,
        .path = exchange->path,
        .body = buf_str(&exchange->body),
        .content_type = exchange->content_type[0] ? exchange->content_type : NULL,
        .deadline_ms = is_get ? 0 : WORLD_PATIENCE_MS,
        .ctx = exchange,
        .on_bytes = is_get ? on_bytes : NULL,
        .on_done = on_done,
    };
    if (exchange->write != GATE_WRITE_COUNT) {
        pthread_mutex_lock(&gate->mutex);
        gate->counts[exchange->write].sent++;
        pthread_mutex_unlock(&gate->mutex);
    }
    exchange->call = http_call_start(gate->client, &options);
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);
    return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

static enum gate_write write_of(const struct h2_stream *stream)
{
    static const struct {
        const char *method, *begin, *end;
    } kinds[] = {
#define X(name, method, begin, end) {method, begin, end},
        GATE_WRITES(X)
#undef X
    };
    size_t len = strcspn(stream->path, "?");
    size_t i = 0;
    while (i < GATE_WRITE_COUNT &&
           (strcmp(stream->method, kinds[i].method) != 0 ||
            strncmp(stream->path, kinds[i].begin, strlen(kinds[i].begin)) != 0 ||
            !ends_with(stream->path, len, kinds[i].end)))
        i++;
    return (enum gate_write)i;
}

static void hold(struct gate *gate, struct exchange *exchange)
{
    struct exchange **last = &gate->held;
    while (*last)
        last = &(*last)->next_held;
    *last = exchange;
    exchange->is_held = true;
    pthread_mutex_lock(&gate->mutex);
    gate->held_count++;
    pthread_mutex_unlock(&gate->mutex);
}

static struct exchange *take_held(struct gate *gate)
{
    struct exchange *exchange = gate->held;
    gate->held = exchange->next_held;
    exchange->is_held = false;
    return exchange;
}

static void on_request(void *data, struct h2_stream *stream)
{
    struct gate *gate = data;
    struct exchange *exchange = mem_zalloc(1, sizeof(*exchange));
    *exchange = (struct exchange){.source = {exchange_read},
                                  .gate = gate,
                                  .stream = stream,
                                  .write = write_of(stream),
                                  .method = mem_strdup(stream->method),
                                  .path = mem_strdup(stream->path),
                                  .content_type = mem_strdup(stream->content_type)};
    buf_init(&exchange->bytes, GATE_UNREAD_BYTES);
    buf_init(&exchange->body, GATE_BODY_BYTES);
    if (stream->body.len > 0)
        CHECK(buf_add(&exchange->body, stream->body.data, stream->body.len));
    stream->user = exchange;
    if (!count_seen(gate, exchange->write, &exchange->is_chosen))
        return; /* lost */
    if (exchange->is_chosen && gate->point.boundary == GATE_BEFORE_SEND) {
        if (gate->point.held > 0)
            hold(gate, exchange);
        reach(gate);
        return;
    }
    exchange_send(exchange);
    if (exchange->is_chosen && gate->point.boundary == GATE_AFTER_SEND)
        reach(gate);
}

static void on_closed(void *data, struct h2_stream *stream)
{
    (void)data;
    struct exchange *exchange = stream->user;
    exchange->stream = NULL;
    if (exchange->call && exchange->write == GATE_WRITE_COUNT)
        http_call_stop(exchange->call);
    else if (!exchange->call && !exchange->is_held) /* a write that was sent is awaited */
        exchange_free(exchange);
}

static void on_pong(void *data)
{
    reach(data);
}

const struct h2_handler gate_handler = {
    .on_request = on_request, .on_closed = on_closed, .on_pong = on_pong};

void gate_exchange_release(struct gate *gate)
{
    exchange_send(take_held(gate));
}

void gate_exchange_drop_held(struct gate *gate)
{
    while (gate->held) {
        struct exchange *exchange = take_held(gate);
        if (!exchange->stream) /* else it ends with its stream */
            exchange_free(exchange);
    }
}
