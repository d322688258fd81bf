/* The nghttp2 side of the server: from frames to requests, from answers to frames. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/h2server_private.h"
#include "model/base/mem.h"

static const char nothing[] = "";

static void stream_free(struct h2_conn *conn, struct h2_stream *stream)
{
    h2_wire_unhold(stream);
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        conn->streams = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    const char *const texts[] = {stream->method, stream->path, stream->content_type, stream->accept,
                                 stream->authorization};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i] != nothing)
            free((char *)(uintptr_t)texts[i]);
    blob_unref(stream->answer);
    buf_fini(&stream->body);
    free(stream);
}

static void stream_end(struct h2_conn *conn, struct h2_stream *stream)
{
    const struct h2_handler *handler = &conn->server->handler;
    if (stream->user)
        handler->on_closed(handler->data, stream);
    stream_free(conn, stream);
}

void h2_streams_close(struct h2_conn *conn)
{
    while (conn->streams)
        stream_end(conn, conn->streams);
}

/* ---- what comes in ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    struct h2_conn *conn = data;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct h2_stream *stream = mem_zalloc(1, sizeof(*stream));
    stream->method = stream->path = nothing;
    stream->content_type = stream->accept = stream->authorization = nothing;
    stream->conn = conn;
    stream->id = frame->hd.stream_id;
    buf_init(&stream->body, conn->server->options.max_body_bytes);
    stream->next = conn->streams;
    if (conn->streams)
        conn->streams->previous = stream;
    conn->streams = stream;
    return nghttp2_session_set_stream_user_data(session, stream->id, stream);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *data)
{
    (void)flags;
    (void)data;
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!stream)
        return 0;
    struct {
        const char *name;
        const char **slot;
    } wanted[] = {{":method", &stream->method},
                  {":path", &stream->path},
                  {"content-type", &stream->content_type},
                  {"accept", &stream->accept},
                  {"authorization", &stream->authorization}};
    struct str key = {(const char *)name, name_len};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (*wanted[i].slot == nothing && str_is(key, wanted[i].name))
            *wanted[i].slot = mem_strndup((const char *)value, value_len);
    return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                         size_t len, void *data)
{
    (void)flags;
    (void)data;
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(session, id);
    if (stream && !buf_add(&stream->body, bytes, len))
        stream->body_too_large = true;
    return 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    struct h2_conn *conn = data;
    if (conn->has_no_ping_ack && frame->hd.type == NGHTTP2_PING)
        conn->server->counts.wire[WIRE_NO_PING_ACK]++;
    bool is_pong = frame->hd.type == NGHTTP2_PING && frame->hd.flags & NGHTTP2_FLAG_ACK;
    if (is_pong && conn->server->handler.on_pong)
        conn->server->handler.on_pong(conn->server->handler.data);
    bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!carries || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (stream && !conn->closing) {
        const struct h2_handler *handler = &conn->server->handler;
        handler->on_request(handler->data, stream);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *data)
{
    (void)error;
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(session, id);
    if (stream)
        stream_end(data, stream);
    return 0;
}

nghttp2_session_callbacks *h2_callbacks_new(void)
{
    nghttp2_session_callbacks *callbacks = NULL;
    CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    return callbacks;
}

int h2_session_open(struct h2_conn *conn)
{
    const struct h2_server *server = conn->server;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server->options.max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, conn->has_no_window ? 0 : H2_STREAM_WINDOW_BYTES},
    };
    nghttp2_option *limits = NULL;
    CHECK(nghttp2_option_new(&limits) == 0);
    nghttp2_option_set_stream_reset_rate_limit(limits, H2_RESETS_BURST, H2_RESETS_A_SECOND);
    nghttp2_option_set_no_auto_ping_ack(limits, conn->has_no_ping_ack);
    int rc = nghttp2_session_server_new2(&conn->session, server->callbacks, conn, limits);
    nghttp2_option_del(limits);
    if (rc != 0)
        return -1;
    if (nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)))
        return -1;
    return nghttp2_session_set_local_window_size(conn->session, NGHTTP2_FLAG_NONE, 0,
                                                 4 * H2_STREAM_WINDOW_BYTES);
}

/* ---- what goes out ---- */

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *bytes, size_t size,
                           uint32_t *ret_flags, nghttp2_data_source *source, void *data)
{
    (void)session;
    (void)id;
    (void)data;
    struct h2_stream *stream = source->ptr;
    if (stream->source) {
        bool end = false;
        size_t len = stream->source->read(stream->source, (char *)bytes, size, &end);
        if (end)
            *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
        stream->deferred = len == 0 && !end;
        return stream->deferred ? NGHTTP2_ERR_DEFERRED : (ssize_t)len;
    }
    struct str rest = blob_str(stream->answer);
    size_t len = rest.len - stream->answer_sent;
    if (len > size)
        len = size;
    if (len > 0)
        memcpy(bytes, rest.ptr + stream->answer_sent, len);
    stream->answer_sent += len;
    if (stream->answer_sent == rest.len)
        *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

static nghttp2_nv pair(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

static void submit_now(struct h2_stream *stream, const struct h2_answer *answer)
{
    char code[16], retry[16];
    nghttp2_nv pairs[5];
    size_t count = 0;
    (void)snprintf(code, sizeof(code), "%d", answer->code);
    (void)snprintf(retry, sizeof(retry), "%d", answer->retry_after_s);
    pairs[count++] = pair(":status", code);
    pairs[count++] = pair("content-type", answer->content_type);
    pairs[count++] = pair("cache-control", "no-cache, private");
    if (answer->retry_after_s > 0)
        pairs[count++] = pair("retry-after", retry);
    if (answer->location)
        pairs[count++] = pair("location", answer->location);
    const nghttp2_data_provider provider = {{.ptr = stream}, read_answer};
    bool empty = !stream->source && (!stream->answer || stream->answer->len == 0);
    CHECK(nghttp2_submit_response(stream->conn->session, stream->id, pairs, count,
                                  empty ? NULL : &provider) == 0);
    h2_conn_mark(stream->conn);
}

static void submit(struct h2_stream *stream, const struct h2_answer *answer)
{
    CHECK(!stream->answered);
    stream->answered = true;
    if (stream->hold_ms == 0) {
        submit_now(stream, answer);
        return;
    }
    stream->code = answer->code;
    stream->retry_after_s = answer->retry_after_s;
    (void)snprintf(stream->held_type, sizeof(stream->held_type), "%s", answer->content_type);
    (void)snprintf(stream->held_location, sizeof(stream->held_location), "%s",
                   answer->location ? answer->location : "");
    h2_wire_hold(stream);
}

void h2_submit_held(struct h2_stream *stream)
{
    const struct h2_answer answer = {.code = stream->code,
                                     .content_type = stream->held_type,
                                     .retry_after_s = stream->retry_after_s,
                                     .location =
                                         stream->held_location[0] ? stream->held_location : NULL};
    submit_now(stream, &answer);
}

void h2_respond(struct h2_stream *stream, const struct h2_answer *answer, struct blob *owned_body)
{
    stream->answer = owned_body;
    submit(stream, answer);
}

void h2_respond_source(struct h2_stream *stream, const struct h2_answer *answer,
                       struct h2_source *source)
{
    stream->source = source;
    submit(stream, answer);
}

void h2_resume(struct h2_stream *stream)
{
    if (!stream->deferred || stream->conn->closing)
        return;
    stream->deferred = false;
    (void)nghttp2_session_resume_data(stream->conn->session, stream->id);
    h2_conn_mark(stream->conn);
}

void h2_reset(struct h2_stream *stream)
{
    (void)nghttp2_submit_rst_stream(stream->conn->session, NGHTTP2_FLAG_NONE, stream->id,
                                    NGHTTP2_INTERNAL_ERROR);
    h2_conn_mark(stream->conn);
}

void h2_goaway(struct h2_stream *stream)
{
    nghttp2_session *session = stream->conn->session;
    /* As Go's server ends a connection in good order: a last stream of 2^31-1. With the number of
     * the last one that was processed, requests that came in the same read would be answered and
     * declared unprocessed at once, and a client may send those again. */
    (void)nghttp2_submit_shutdown_notice(session);
    h2_conn_mark(stream->conn);
}

void h2_ping(struct h2_stream *stream)
{
    (void)nghttp2_submit_ping(stream->conn->session, NGHTTP2_FLAG_NONE, NULL);
    h2_conn_mark(stream->conn);
}

void h2_drop(struct h2_stream *stream)
{
    h2_conn_close(stream->conn);
}

void h2_drop_reset(struct h2_stream *stream)
{
    stream->conn->is_reset = true;
    h2_conn_close(stream->conn);
}

void h2_cut(struct h2_stream *stream)
{
    stream->conn->is_cut = true;
    h2_conn_mark(stream->conn);
}

void h2_hold(struct h2_stream *stream, int64_t delay_ms)
{
    CHECK(!stream->answered && delay_ms >= 0);
    stream->hold_ms = delay_ms;
}

const char *h2_peer_name(const struct h2_stream *stream)
{
    return stream->conn->peer_name;
}

void **h2_conn_slot(const struct h2_stream *stream)
{
    return &stream->conn->slot;
}
