#include "watch/h2.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "model/base/mem.h"

enum list { UNDER_WAY, ENDED, LISTS };

struct h2_stream {
    struct h2_stream *next, *previous; /* in h2->streams[list] */
    enum list list;
    enum h2_end end;
    int32_t id;
    bool is_framed;   /* it has left the queue */
    bool is_complete; /* the whole answer is there */
    bool is_cancelled;
    void *request;
    struct str body; /* the rest of it */
};

struct h2 {
    nghttp2_session *session;
    struct h2_handler handler;
    struct h2_stream *streams[LISTS];
    uint32_t in_flight;
    bool is_lost;
    const uint8_t *frame; /* pulled from the session, not taken yet: its memory */
    size_t frame_len;
};

/* ---- streams ---- */

static void stream_link(struct h2 *h2, struct h2_stream *stream, enum list list)
{
    struct h2_stream **head = &h2->streams[list];
    stream->list = list;
    stream->previous = NULL;
    stream->next = *head;
    if (*head)
        (*head)->previous = stream;
    *head = stream;
}

static void stream_unlink(struct h2 *h2, struct h2_stream *stream)
{
    *(stream->previous ? &stream->previous->next : &h2->streams[stream->list]) = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
}

static void stream_free(struct h2 *h2, struct h2_stream *stream)
{
    stream_unlink(h2, stream);
    free(stream);
}

static void stream_end(struct h2 *h2, struct h2_stream *stream, enum h2_end end)
{
    stream->end = end;
    stream_unlink(h2, stream);
    stream_link(h2, stream, ENDED);
}

static struct h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

/* ---- what nghttp2 calls ---- */

static ssize_t on_read_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
                            uint32_t *ret_flags, nghttp2_data_source *source, void *ctx)
{
    (void)session, (void)id, (void)ctx;
    struct h2_stream *stream = source->ptr;
    size_t len = stream->body.len < size ? stream->body.len : size;
    if (len > 0)
        memcpy(to, stream->body.ptr, len);
    stream->body.ptr += len;
    stream->body.len -= len;
    if (stream->body.len == 0)
        *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    const struct h2 *h2 = ctx;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
    if (stream && !stream->is_cancelled) {
        stream->is_framed = true;
        h2->handler.on_sent(stream->request);
    }
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *ctx)
{
    (void)flags;
    const struct h2 *h2 = ctx;
    const struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
    if (stream && !stream->is_cancelled)
        h2->handler.on_field(stream->request, (struct str){(const char *)name, name_len},
                             (struct str){(const char *)value, value_len});
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t len, void *ctx)
{
    (void)flags;
    const struct h2 *h2 = ctx;
    const struct h2_stream *stream = stream_of(session, id);
    if (stream && !stream->is_cancelled)
        h2->handler.on_bytes(stream->request, (const char *)bytes, len);
    return 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    (void)ctx;
    bool is_answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!is_answer || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
    if (stream)
        stream->is_complete = true;
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
    struct h2 *h2 = ctx;
    struct h2_stream *stream = stream_of(session, id);
    if (!stream)
        return 0;
    h2->in_flight--;
    if (stream->is_cancelled)
        stream_free(h2, stream);
    else if (stream->is_complete) /* also when the server did not care for all of the body */
        stream_end(h2, stream, H2_DONE);
    else if (!stream->is_framed || code == NGHTTP2_REFUSED_STREAM)
        stream_end(h2, stream, H2_REFUSED);
    else
        stream_end(h2, stream, H2_RESET);
    return 0;
}

/* ---- life ---- */

static nghttp2_session *session_new(struct h2 *h2)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    CHECK(nghttp2_session_client_new(&session, callbacks, h2) == 0);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

struct h2 *h2_new(const struct h2_handler *handler)
{
    struct h2 *h2 = mem_zalloc(1, sizeof(*h2));
    h2->handler = *handler;
    h2->session = session_new(h2);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_WINDOW_BYTES},
    };
    CHECK(nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)) ==
          0);
    CHECK(nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0,
                                                H2_WINDOW_BYTES) == 0);
    return h2;
}

void h2_free(struct h2 *h2)
{
    if (!h2)
        return;
    for (enum list list = UNDER_WAY; list < LISTS; list++) {
        while (h2->streams[list])
            stream_free(h2, h2->streams[list]);
    }
    nghttp2_session_del(h2->session);
    free(h2);
}

/* ---- requests ---- */

static nghttp2_nv field_nv(const char *name, struct str value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value.ptr,
                        .namelen = strlen(name),
                        .valuelen = value.len};
}

struct h2_stream *h2_submit(struct h2 *h2, const struct h2_request *request)
{
    enum { OWN_FIELDS = 4 };
    CHECK(h2_is_open(h2) && request->field_count <= H2_FIELDS_MAX - OWN_FIELDS);
    nghttp2_nv fields[H2_FIELDS_MAX] = {
        field_nv(":method", request->method),
        field_nv(":scheme", STR("https")),
        field_nv(":authority", request->authority),
        field_nv(":path", request->path),
    };
    for (size_t i = 0; i < request->field_count; i++) {
        const struct h2_field *field = &request->fields[i];
        fields[OWN_FIELDS + i] = (nghttp2_nv){
            .name = (uint8_t *)(uintptr_t)field->name.ptr,
            .value = (uint8_t *)(uintptr_t)field->value.ptr,
            .namelen = field->name.len,
            .valuelen = field->value.len,
        };
    }
    struct h2_stream *stream = mem_zalloc(1, sizeof(*stream));
    stream->request = request->ctx;
    stream->body = request->body;
    const nghttp2_data_provider body = {.source.ptr = stream, .read_callback = on_read_body};
    stream->id =
        nghttp2_submit_request(h2->session, NULL, fields, OWN_FIELDS + request->field_count,
                               request->has_body ? &body : NULL, stream);
    CHECK(stream->id > 0); /* else out of memory: numbers are left, h2_is_open() said so */
    stream_link(h2, stream, UNDER_WAY);
    h2->in_flight++;
    return stream;
}

void h2_cancel(struct h2 *h2, struct h2_stream *stream)
{
    CHECK(!stream->is_cancelled);
    if (stream->list == ENDED || h2->is_lost) {
        stream_free(h2, stream);
        return;
    }
    stream->is_cancelled = true;
    stream->body.len = 0;
    CHECK(nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL) ==
          0);
}

bool h2_is_open(const struct h2 *h2)
{
    return !h2->is_lost && nghttp2_session_check_request_allowed(h2->session);
}

bool h2_is_over(const struct h2 *h2)
{
    return h2->frame_len == 0 && !nghttp2_session_want_read(h2->session) &&
           !nghttp2_session_want_write(h2->session);
}

uint32_t h2_in_flight(const struct h2 *h2)
{
    return h2->in_flight;
}

/* ---- bytes ---- */

int h2_feed(struct h2 *h2, const char *bytes, size_t len, struct err *err)
{
    ssize_t taken = nghttp2_session_mem_recv(h2->session, (const uint8_t *)bytes, len);
    if (taken < 0)
        return err_set(err, EPROTO, "not HTTP/2 as it should be: %s", nghttp2_strerror((int)taken));
    return 0;
}

size_t h2_pull(struct h2 *h2, char *to, size_t size)
{
    size_t filled = 0;
    while (filled < size) {
        if (h2->frame_len == 0) {
            ssize_t len = nghttp2_session_mem_send(h2->session, &h2->frame);
            CHECK(len >= 0); /* out of memory is the only failure that comes back */
            if (len == 0)
                break;
            h2->frame_len = (size_t)len;
        }
        size_t len = h2->frame_len < size - filled ? h2->frame_len : size - filled;
        memcpy(to + filled, h2->frame, len);
        filled += len;
        h2->frame += len;
        h2->frame_len -= len;
    }
    return filled;
}

void h2_lose(struct h2 *h2)
{
    h2->is_lost = true;
    while (h2->streams[UNDER_WAY]) {
        struct h2_stream *stream = h2->streams[UNDER_WAY];
        if (stream->is_cancelled)
            stream_free(h2, stream);
        else
            stream_end(h2, stream, stream->is_complete ? H2_DONE : H2_GONE);
    }
}

void h2_report(struct h2 *h2)
{
    while (h2->streams[ENDED]) {
        struct h2_stream *stream = h2->streams[ENDED];
        void *request = stream->request;
        enum h2_end end = stream->end;
        stream_free(h2, stream);
        h2->handler.on_end(request, end);
    }
}
