#include "watch/http_lane.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model/base/check.h"
#include "model/base/mem.h"

enum {
    RECORD_BYTES = 16384, /* what a TLS record holds (RFC 8446 5.1) */
    READ_AHEAD_BYTES = 65536,
    RECORDS_A_TURN = 16, /* read before others have their turn */
    LANE_HANDLES = 2,
};

struct http_lane {
    struct http_lane_options options;
    enum http_lane_state state;
    CURL *easy; /* owns the connection */
    char error[CURL_ERROR_SIZE];
    bool is_added; /* the multi knows the handle */
    struct h2 *h2;
    struct str authority;
    uv_poll_t *poll; /* NULL before it was OPEN */
    uv_timer_t flush;
    int events; /* polled for */
    uint32_t handles_open;
    bool is_closing;
    bool has_more;          /* to read, the last turn was cut short */
    size_t out_len, out_at; /* what is in `out`, and what of it was sent */
    char out[RECORD_BYTES], in[RECORD_BYTES];
};

static void lane_turn(struct http_lane *lane, bool is_readable);
static void lane_wake(struct http_lane *lane);

/* ---- life ---- */

static struct str authority_of(const struct http_target *target)
{
    if (target->host)
        return str_from(target->host);
    const char *begin = strstr(target->url_base, "://");
    CHECK(begin != NULL); /* access.c has seen to it */
    begin += strlen("://");
    return (struct str){begin, strcspn(begin, "/")};
}

/* We offer HTTP/2 ourselves (RFC 7301): curl must not know, or it would begin to speak it. And a
 * read takes all records that are there, instead of each record two reads. */
static CURLcode on_tls_context(CURL *easy, void *context, void *ctx)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";
    (void)easy, (void)ctx;
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD_BYTES);
    return SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1) == 0
               ? CURLE_OK
               : CURLE_OUT_OF_MEMORY;
}

struct http_lane *http_lane_new(const struct http_lane_options *options)
{
    struct http_lane *lane = mem_zalloc(1, sizeof(*lane));
    lane->options = *options;
    lane->authority = authority_of(options->target);
    lane->h2 = h2_new(options->handler);
    lane->easy = curl_easy_init();
    CHECK(lane->easy != NULL);
    http_target_apply(options->target, lane->easy);
    (void)curl_easy_setopt(lane->easy, CURLOPT_URL, options->target->url_base);
    (void)curl_easy_setopt(lane->easy, CURLOPT_CONNECT_ONLY, 1L);
    (void)curl_easy_setopt(lane->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(lane->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    (void)curl_easy_setopt(lane->easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
    (void)curl_easy_setopt(lane->easy, CURLOPT_ERRORBUFFER, lane->error);
    CHECK(uv_timer_init(options->loop, &lane->flush) == 0);
    lane->flush.data = lane;
    lane->handles_open = 1;
    return lane;
}

static void handle_closed(struct http_lane *lane)
{
    if (--lane->handles_open > 0)
        return;
    void (*on_closed)(void *) = lane->options.on_closed;
    void *owner = lane->options.owner;
    h2_free(lane->h2);
    free(lane);
    on_closed(owner);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct http_lane *lane = handle->data;
    free(handle);
    handle_closed(lane);
}

static void lane_disconnect(struct http_lane *lane)
{
    if (lane->is_added)
        multi_remove(lane->options.multi, lane->easy);
    lane->is_added = false;
}

void http_lane_close(struct http_lane *lane)
{
    CHECK(!lane->is_closing);
    lane->is_closing = true;
    if (lane->poll)
        uv_close((uv_handle_t *)lane->poll, on_poll_closed);
    uv_close((uv_handle_t *)&lane->flush, on_timer_closed);
    lane_disconnect(lane);
    curl_easy_cleanup(lane->easy);
    lane->easy = NULL;
}

enum http_lane_state http_lane_state(const struct http_lane *lane)
{
    return lane->state == LANE_OPEN && !h2_is_open(lane->h2) ? LANE_OVER : lane->state;
}

CURL *http_lane_easy(const struct http_lane *lane)
{
    return lane->easy;
}

const char *http_lane_error(const struct http_lane *lane)
{
    return lane->error;
}

/* ---- the connection ---- */

void http_lane_start(struct http_lane *lane)
{
    CHECK(lane->state == LANE_IDLE);
    lane->state = LANE_CONNECTING;
    lane->error[0] = '\0';
    lane->is_added = true;
    multi_add(lane->options.multi, lane->easy);
}

static bool speaks_h2(const struct http_lane *lane)
{
    struct curl_tlssessioninfo *info = NULL;
    const unsigned char *protocol = NULL;
    unsigned int len = 0;
    if (curl_easy_getinfo(lane->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info ||
        info->backend != CURLSSLBACKEND_OPENSSL || !info->internals)
        return false;
    SSL_get0_alpn_selected(info->internals, &protocol, &len);
    return len == 2 && memcmp(protocol, "h2", 2) == 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    /* An error of the socket shows itself when it is read. */
    lane_turn(poll->data, status < 0 || (events & UV_READABLE));
}

static void lane_poll(struct http_lane *lane, int events)
{
    if (lane->events == events)
        return;
    lane->events = events;
    CHECK(uv_poll_start(lane->poll, events, on_poll) == 0); /* it was polled before: it can be */
}

/* The socket is ours now; false: it cannot be polled, or does not speak HTTP/2. */
static bool lane_take_over(struct http_lane *lane, size_t *ret_came)
{
    /* curl gives the handle its connection back with the first byte that is asked for. */
    CURLcode code = curl_easy_recv(lane->easy, lane->in, sizeof(lane->in), ret_came);
    if (code == CURLE_AGAIN)
        *ret_came = 0;
    else if (code != CURLE_OK || *ret_came == 0)
        return false;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (!speaks_h2(lane) || curl_easy_getinfo(lane->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD)
        return false;
    lane->poll = mem_zalloc(1, sizeof(*lane->poll));
    if (uv_poll_init_socket(lane->options.loop, lane->poll, fd) != 0) {
        free(lane->poll);
        lane->poll = NULL;
        return false;
    }
    lane->poll->data = lane;
    lane->handles_open = LANE_HANDLES;
    int off = 0; /* what multi.c holds back for curl, we send in one piece */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
    lane_poll(lane, UV_READABLE);
    return true;
}

/* `why` is told when curl has not said more. */
static void lane_lose(struct http_lane *lane, const char *why)
{
    if (lane->state != LANE_OPEN)
        return;
    lane->state = LANE_OVER;
    if (!lane->error[0])
        (void)snprintf(lane->error, sizeof(lane->error), "%s", why);
    (void)uv_poll_stop(lane->poll);
    (void)uv_timer_stop(&lane->flush);
    lane->events = 0;
    h2_lose(lane->h2);
}

static void lane_feed(struct http_lane *lane, size_t len)
{
    struct err err = {0};
    if (h2_feed(lane->h2, lane->in, len, &err) < 0)
        lane_lose(lane, err.text);
}

void http_lane_finished(struct http_lane *lane, CURLcode result)
{
    size_t came = 0;
    CHECK(lane->state == LANE_CONNECTING);
    if (result != CURLE_OK) {
        lane->state = LANE_IDLE;
        lane_disconnect(lane);
    } else if (lane_take_over(lane, &came)) {
        lane->state = LANE_OPEN;
        if (came > 0)
            lane_feed(lane, came);
        lane->has_more = lane->state == LANE_OPEN;
        if (lane->has_more)
            lane_wake(lane);
    } else {
        lane->state = LANE_UNFIT;
        lane_disconnect(lane);
    }
}

/* ---- bytes ---- */

static void lane_read(struct http_lane *lane)
{
    for (int i = 0; i < RECORDS_A_TURN && lane->state == LANE_OPEN; i++) {
        size_t len = 0;
        CURLcode code = curl_easy_recv(lane->easy, lane->in, sizeof(lane->in), &len);
        if (code == CURLE_AGAIN) {
            lane->has_more = false;
            return;
        }
        if (code != CURLE_OK)
            lane_lose(lane, curl_easy_strerror(code));
        else if (len == 0)
            lane_lose(lane, "the server closed it");
        else
            lane_feed(lane, len);
    }
    /* The rest may lie in TLS' own buffer, where no poll sees it. */
    lane->has_more = lane->state == LANE_OPEN;
    if (lane->has_more)
        lane_wake(lane);
}

static void lane_write(struct http_lane *lane)
{
    while (lane->state == LANE_OPEN) {
        if (lane->out_at == lane->out_len) {
            lane->out_at = 0;
            lane->out_len = h2_pull(lane->h2, lane->out, sizeof(lane->out));
        }
        if (lane->out_len == 0)
            break;
        size_t sent = 0;
        CURLcode code = curl_easy_send(lane->easy, lane->out + lane->out_at,
                                       lane->out_len - lane->out_at, &sent);
        if (code == CURLE_AGAIN) { /* TLS wants the very same bytes again */
            lane_poll(lane, UV_READABLE | UV_WRITABLE);
            return;
        }
        if (code != CURLE_OK)
            lane_lose(lane, curl_easy_strerror(code));
        lane->out_at += sent;
    }
    if (lane->state == LANE_OPEN)
        lane_poll(lane, UV_READABLE);
}

static void lane_turn(struct http_lane *lane, bool is_readable)
{
    if (is_readable)
        lane_read(lane);
    lane_write(lane);
    if (h2_is_over(lane->h2))
        lane_lose(lane, "HTTP/2 came to its end on it");
    bool is_over = http_lane_state(lane) == LANE_OVER;
    h2_report(lane->h2);
    if (!lane->is_closing && is_over)
        lane->options.on_over(lane->options.owner);
}

static void on_flush(uv_timer_t *timer)
{
    struct http_lane *lane = timer->data;
    lane_turn(lane, lane->has_more);
}

/* ---- requests ---- */

static void lane_wake(struct http_lane *lane)
{
    if (!uv_is_active((const uv_handle_t *)&lane->flush))
        CHECK(uv_timer_start(&lane->flush, on_flush, 0, 0) == 0);
}

struct h2_stream *http_lane_submit(struct http_lane *lane, struct h2_request *request)
{
    CHECK(http_lane_state(lane) == LANE_OPEN);
    request->authority = lane->authority;
    lane_wake(lane);
    return h2_submit(lane->h2, request);
}

void http_lane_cancel(struct http_lane *lane, struct h2_stream *stream)
{
    h2_cancel(lane->h2, stream);
    if (lane->state == LANE_OPEN)
        lane_wake(lane);
}
