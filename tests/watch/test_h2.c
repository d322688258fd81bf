/* The client's side against a server that is nghttp2 itself, byte for byte in one process. */
#include <criterion/criterion.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

#include "watch/h2.h"

enum { PIECE_BYTES = 16384, REQUESTS_MAX = 300 };

struct request {
    bool was_sent, is_over;
    enum h2_end end;
    int status;
    char bytes[64];
    size_t len;
};

/* What the server does with a request, by its number. */
enum trick { ANSWERS, REFUSES, RESETS, BEGINS, ANSWERS_EARLY };

struct peer {
    struct h2 *client;
    nghttp2_session *server;
    enum trick trick;
    uint32_t requests, body_bytes;
    char path[64];
};

static void on_sent(void *request)
{
    ((struct request *)request)->was_sent = true;
}

static void on_field(void *ctx, struct str name, struct str value)
{
    struct request *request = ctx;
    if (str_is(name, ":status"))
        request->status = (value.ptr[0] - '0') * 100;
}

static void on_bytes(void *ctx, const char *bytes, size_t len)
{
    struct request *request = ctx;
    cr_assert(request->len + len < sizeof(request->bytes));
    memcpy(request->bytes + request->len, bytes, len);
    request->len += len;
}

static void on_end(void *ctx, enum h2_end end)
{
    struct request *request = ctx;
    cr_assert(!request->is_over, "the end comes once");
    request->is_over = true;
    request->end = end;
}

static const struct h2_handler handler = {on_sent, on_field, on_bytes, on_end};

/* ---- the server ---- */

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
                           uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    (void)session, (void)id, (void)source, (void)ctx;
    cr_assert(size >= 5);
    memcpy(to, "hello", 5);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return 5;
}

static void answer(const struct peer *peer, int32_t id)
{
    static const char name[] = ":status", value[] = "200";
    const nghttp2_nv status = {.name = (uint8_t *)(uintptr_t)name,
                               .value = (uint8_t *)(uintptr_t)value,
                               .namelen = 7,
                               .valuelen = 3};
    const nghttp2_data_provider body = {.read_callback = read_answer};
    cr_assert(nghttp2_submit_response(peer->server, id, &status, 1, &body) == 0);
}

static int on_request(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct peer *peer = ctx;
    int32_t id = frame->hd.stream_id;
    bool is_head = frame->hd.type == NGHTTP2_HEADERS;
    bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (!is_head && frame->hd.type != NGHTTP2_DATA)
        return 0;
    peer->requests += is_head;
    if (peer->trick == ANSWERS && is_end)
        answer(peer, id);
    if (peer->trick == ANSWERS_EARLY && is_head)
        answer(peer, id);
    if (peer->trick == REFUSES && is_end)
        (void)nghttp2_submit_rst_stream(session, 0, id, NGHTTP2_REFUSED_STREAM);
    if (peer->trick == RESETS && is_end)
        (void)nghttp2_submit_rst_stream(session, 0, id, NGHTTP2_INTERNAL_ERROR);
    return 0;
}

static int on_request_field(nghttp2_session *session, const nghttp2_frame *frame,
                            const uint8_t *name, size_t name_len, const uint8_t *value,
                            size_t value_len, uint8_t flags, void *ctx)
{
    (void)session, (void)frame, (void)flags;
    struct peer *peer = ctx;
    if (name_len == 5 && memcmp(name, ":path", 5) == 0)
        (void)snprintf(peer->path, sizeof(peer->path), "%.*s", (int)value_len, (const char *)value);
    return 0;
}

static int on_request_data(nghttp2_session *session, uint8_t flags, int32_t id,
                           const uint8_t *bytes, size_t len, void *ctx)
{
    (void)session, (void)flags, (void)id, (void)bytes;
    ((struct peer *)ctx)->body_bytes += (uint32_t)len;
    return 0;
}

static void peer_init(struct peer *peer, enum trick trick, uint32_t streams_max)
{
    nghttp2_session_callbacks *callbacks;
    *peer = (struct peer){.client = h2_new(&handler), .trick = trick};
    cr_assert(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_request);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_request_field);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_request_data);
    cr_assert(nghttp2_session_server_new(&peer->server, callbacks, peer) == 0);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry limit = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams_max};
    cr_assert(nghttp2_submit_settings(peer->server, 0, &limit, 1) == 0);
}

static void peer_fini(struct peer *peer)
{
    nghttp2_session_del(peer->server);
    h2_free(peer->client);
}

/* What the client has to send goes over; the number of bytes. */
static size_t client_sends(struct peer *peer)
{
    char piece[PIECE_BYTES];
    size_t total = 0, len;
    while ((len = h2_pull(peer->client, piece, sizeof(piece))) > 0) {
        cr_assert(nghttp2_session_mem_recv(peer->server, (const uint8_t *)piece, len) ==
                  (ssize_t)len);
        total += len;
    }
    return total;
}

/* In pieces of seven bytes: any cut will do. */
static size_t server_sends(struct peer *peer)
{
    const uint8_t *bytes;
    ssize_t len;
    size_t total = 0;
    while ((len = nghttp2_session_mem_send(peer->server, &bytes)) > 0) {
        struct err err = {0};
        for (ssize_t at = 0; at < len; at += 7) {
            size_t piece = len - at < 7 ? (size_t)(len - at) : 7;
            cr_assert(h2_feed(peer->client, (const char *)bytes + at, piece, &err) == 0, "%s",
                      err.text);
        }
        total += (size_t)len;
    }
    h2_report(peer->client);
    return total;
}

static void exchange(struct peer *peer)
{
    size_t moved;
    do {
        moved = client_sends(peer);
        moved += server_sends(peer);
    } while (moved > 0);
}

static struct h2_stream *post(const struct peer *peer, struct str body, struct request *request)
{
    const struct h2_field fields[] = {{STR("content-type"), STR("application/json")}};
    return h2_submit(peer->client, &(struct h2_request){.method = STR("POST"),
                                                        .authority = STR("server:6443"),
                                                        .path = STR("/api/v1/pods"),
                                                        .fields = fields,
                                                        .field_count = 1,
                                                        .body = body,
                                                        .has_body = true,
                                                        .ctx = request});
}

/* ---- claims ---- */

Test(h2, a_request_gets_its_answer)
{
    struct peer peer;
    struct request request = {0};
    peer_init(&peer, ANSWERS, 100);
    (void)post(&peer, STR("{\"a\":1}"), &request);
    cr_expect(!request.was_sent && h2_in_flight(peer.client) == 1);
    exchange(&peer);
    cr_expect(request.was_sent && request.is_over && request.end == H2_DONE);
    cr_expect(request.status == 200);
    cr_expect(request.len == 5 && memcmp(request.bytes, "hello", 5) == 0);
    cr_expect(peer.body_bytes == 7);
    cr_expect_str_eq(peer.path, "/api/v1/pods");
    cr_expect(h2_in_flight(peer.client) == 0 && h2_is_open(peer.client));
    peer_fini(&peer);
}

Test(h2, the_frames_of_a_hundred_requests_leave_in_one_piece)
{
    static struct request requests[100];
    struct peer peer;
    char piece[PIECE_BYTES];
    peer_init(&peer, ANSWERS, 250);
    exchange(&peer);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        (void)post(&peer, STR("{}"), &requests[i]);
    size_t len = h2_pull(peer.client, piece, sizeof(piece));
    cr_expect(nghttp2_session_mem_recv(peer.server, (const uint8_t *)piece, len) == (ssize_t)len);
    cr_expect(peer.requests == 100);
    cr_expect(h2_pull(peer.client, piece, sizeof(piece)) == 0);
    exchange(&peer);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        cr_expect(requests[i].is_over && requests[i].end == H2_DONE);
    peer_fini(&peer);
}

Test(h2, over_the_servers_limit_requests_wait_their_turn)
{
    static struct request requests[REQUESTS_MAX];
    struct peer peer;
    peer_init(&peer, BEGINS, 10);
    exchange(&peer); /* the limit is known */
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        (void)post(&peer, STR("{}"), &requests[i]);
    exchange(&peer);
    cr_expect(peer.requests == 10 && requests[9].was_sent && !requests[10].was_sent);
    peer.trick = ANSWERS;
    for (int32_t id = 1; id < 20; id += 2)
        answer(&peer, id);
    exchange(&peer);
    cr_expect(peer.requests == REQUESTS_MAX);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        cr_expect(requests[i].is_over && requests[i].end == H2_DONE);
    peer_fini(&peer);
}

Test(h2, a_large_body_waits_for_the_servers_window)
{
    static char body[300000];
    struct peer peer;
    struct request request = {0};
    memset(body, 'x', sizeof(body));
    peer_init(&peer, ANSWERS, 100);
    (void)post(&peer, (struct str){body, sizeof(body)}, &request);
    exchange(&peer);
    cr_expect(request.end == H2_DONE && peer.body_bytes == sizeof(body));
    peer_fini(&peer);
}

Test(h2, a_refused_request_was_not_looked_at_and_a_reset_one_may_have_been)
{
    static const struct {
        enum trick trick;
        enum h2_end end;
    } rows[] = {{REFUSES, H2_REFUSED}, {RESETS, H2_RESET}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct peer peer;
        struct request request = {0};
        peer_init(&peer, rows[i].trick, 100);
        (void)post(&peer, STR("{}"), &request);
        exchange(&peer);
        cr_expect(request.is_over && request.end == rows[i].end);
        cr_expect(h2_is_open(peer.client));
        peer_fini(&peer);
    }
}

/* RFC 9113 8.1: a server may answer before it has all of the body, then reset with NO_ERROR. */
Test(h2, an_answer_that_comes_before_the_body_left_is_an_answer)
{
    static char body[300000];
    struct peer peer;
    struct request request = {0};
    peer_init(&peer, ANSWERS_EARLY, 100);
    (void)post(&peer, (struct str){body, sizeof(body)}, &request);
    exchange(&peer);
    cr_expect(request.is_over && request.end == H2_DONE && request.len == 5);
    peer_fini(&peer);
}

Test(h2, what_is_cancelled_hears_nothing_more)
{
    struct peer peer;
    struct request sent = {0}, unsent = {0}, other = {0};
    peer_init(&peer, BEGINS, 100);
    struct h2_stream *stream = post(&peer, STR("{}"), &sent);
    exchange(&peer);
    h2_cancel(peer.client, stream);
    h2_cancel(peer.client, post(&peer, STR("{}"), &unsent));
    peer.trick = ANSWERS;
    (void)post(&peer, STR("{}"), &other);
    exchange(&peer);
    cr_expect(!sent.is_over && !unsent.is_over && !unsent.was_sent);
    cr_expect(other.is_over && other.end == H2_DONE);
    cr_expect(peer.requests == 2, "the one that did not leave never did");
    peer_fini(&peer);
}

Test(h2, after_goaway_no_request_may_be_submitted_and_those_beyond_it_were_refused)
{
    struct peer peer;
    struct request first = {0}, beyond = {0};
    peer_init(&peer, BEGINS, 1);
    exchange(&peer);
    (void)post(&peer, STR("{}"), &first);
    (void)post(&peer, STR("{}"), &beyond); /* waits for the first */
    exchange(&peer);
    cr_assert(nghttp2_submit_goaway(peer.server, 0, 1, NGHTTP2_NO_ERROR, NULL, 0) == 0);
    exchange(&peer);
    cr_expect(!h2_is_open(peer.client));
    cr_expect(!first.is_over, "it may still be answered");
    answer(&peer, 1);
    (void)server_sends(&peer);
    (void)client_sends(&peer);
    h2_report(peer.client);
    cr_expect(first.is_over && first.end == H2_DONE);
    cr_expect(beyond.is_over && beyond.end == H2_REFUSED && !beyond.was_sent);
    peer_fini(&peer);
}

Test(h2, with_the_connection_all_requests_are_over)
{
    struct peer peer;
    struct request requests[3] = {{0}};
    peer_init(&peer, BEGINS, 2);
    exchange(&peer);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        (void)post(&peer, STR("{}"), &requests[i]);
    exchange(&peer);
    h2_lose(peer.client);
    cr_expect(!h2_is_open(peer.client));
    h2_report(peer.client);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        cr_expect(requests[i].is_over && requests[i].end == H2_GONE);
        cr_expect(requests[i].was_sent == (i < 2));
    }
    peer_fini(&peer);
}

Test(h2, after_what_is_no_http2_the_connection_is_over)
{
    struct peer peer;
    struct request request = {0};
    struct err err = {0};
    char piece[PIECE_BYTES];
    peer_init(&peer, ANSWERS, 100);
    (void)post(&peer, STR("{}"), &request);
    cr_expect(h2_feed(peer.client, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, &err) == 0);
    size_t len;
    do { /* what there is to complain */
        len = h2_pull(peer.client, piece, sizeof(piece));
    } while (len > 0);
    cr_expect(h2_is_over(peer.client) && !h2_is_open(peer.client));
    peer_fini(&peer);
}
