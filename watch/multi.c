#include "watch/multi.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "model/base/check.h"
#include "model/base/mem.h"

enum {
    /* A socket that was writable so often in a row, and nothing came in between, waits for
     * something else than room: curl 7.88 asks for room in the socket also when it is the server's
     * window for the stream that is shut. It is asked again after a nap. 3 MiB, the most that an
     * apiserver takes, are 48 writes of curl's 64 KiB. */
    WRITE_WAKES_MAX = 64,
    NAP_MS = 250,
};

struct multi {
    CURLM *curl;
    uv_loop_t *loop;
    uv_timer_t timer;             /* curl's one timer */
    uv_timer_t nap;               /* of the sockets that are writable in vain */
    uv_timer_t stir;              /* of multi_stir() */
    struct multi_socket *sockets; /* those that are polled */
    uint32_t handles_open;        /* libuv handles that still need their close callback */
    uint32_t depth;               /* > 0: we are inside a call into curl */
    bool is_closing;
    struct multi_options options;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* One socket of curl's. libuv forbids two live polls on one descriptor, and CURL_POLL_REMOVE does
 * not mean that the socket is closed: the poll goes with REMOVE, a later ADD makes a new one. */
struct multi_socket {
    uv_poll_t poll;
    struct multi *multi;
    struct multi_socket *next, **link; /* in multi->sockets */
    curl_socket_t fd;
    int events;           /* UV_READABLE, UV_WRITABLE: what curl wants */
    uint32_t write_wakes; /* in a row */
    bool is_napping;      /* not polled for writing */
};

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx);
static int on_curl_timer(CURLM *curl, long timeout_ms, void *ctx);

struct multi *multi_new(const struct multi_options *options)
{
    struct multi *multi = mem_zalloc(1, sizeof(*multi));
    multi->options = *options;
    multi->loop = options->loop;
    multi->curl = curl_multi_init();
    CHECK(multi->curl != NULL);
    CHECK(uv_timer_init(multi->loop, &multi->timer) == 0);
    CHECK(uv_timer_init(multi->loop, &multi->nap) == 0);
    CHECK(uv_timer_init(multi->loop, &multi->stir) == 0);
    multi->timer.data = multi->nap.data = multi->stir.data = multi;
    multi->handles_open = 3;

    long connections_max = (long)options->connections_max;
    (void)curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_MAX_HOST_CONNECTIONS, connections_max);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, connections_max);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_MAX_CONCURRENT_STREAMS,
                            (long)options->streams_max);
    return multi;
}

/* curl hands each frame to the kernel by itself: three sends a bind. Corked, they leave together at
 * the end of the turn; setting TCP_NODELAY pushes what a corked socket holds (tcp(7) has corking,
 * the push is in Linux' __tcp_sock_set_nodelay()). A push that is missed costs 200 ms at most.
 * Measured: a quarter of the processor time of a bind on both ends. */
static void multi_push(const struct multi *multi)
{
    int on = 1;
    for (const struct multi_socket *socket = multi->sockets; socket; socket = socket->next)
        (void)setsockopt(socket->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* The one place where curl is driven and finished transfers are collected. `multi` may be closing
 * when it returns, but it is still there: libuv frees it in a later turn. */
static void multi_turn(struct multi *multi, curl_socket_t fd, int events)
{
    int running = 0;

    multi->depth++;
    CURLMcode code = curl_multi_socket_action(multi->curl, fd, events, &running);
    multi->depth--;
    /* Out of memory or a broken handle: bugs by our rule, never the network's doing. */
    CHECK(code == CURLM_OK || code == CURLM_BAD_SOCKET);

    int left = 0;
    CURLMsg *message;
    while (!multi->is_closing && (message = curl_multi_info_read(multi->curl, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        /* The message dies when its handle is removed: take what is needed first. */
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        multi->options.on_finished(multi->options.ctx, easy, result);
    }
    if (!multi->is_closing)
        multi->options.on_turn(multi->options.ctx);
    multi_push(multi);
}

static void on_uv_poll(uv_poll_t *poll, int status, int events);

static int socket_poll(struct multi_socket *socket)
{
    int events = socket->is_napping ? socket->events & ~UV_WRITABLE : socket->events;
    return events == 0 ? uv_poll_stop(&socket->poll)
                       : uv_poll_start(&socket->poll, events, on_uv_poll);
}

static void on_nap_over(uv_timer_t *nap)
{
    const struct multi *multi = nap->data;
    for (struct multi_socket *socket = multi->sockets; socket; socket = socket->next) {
        if (!socket->is_napping)
            continue;
        socket->is_napping = false;
        (void)socket_poll(socket); /* it was polled before: it can be */
    }
}

static void socket_woke(struct multi_socket *socket, int events)
{
    socket->write_wakes = events == UV_WRITABLE ? socket->write_wakes + 1 : 0;
    if (socket->write_wakes <= WRITE_WAKES_MAX)
        return;
    socket->is_napping = true;
    (void)socket_poll(socket);
    if (!uv_is_active((uv_handle_t *)&socket->multi->nap))
        CHECK(uv_timer_start(&socket->multi->nap, on_nap_over, NAP_MS, 0) == 0);
}

static void on_uv_poll(uv_poll_t *poll, int status, int events)
{
    struct multi_socket *socket = poll->data;
    int flags = 0;
    socket_woke(socket, events);
    if (status < 0)
        flags |= CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    multi_turn(socket->multi, socket->fd, flags);
}

static void on_uv_timer(uv_timer_t *timer)
{
    multi_turn(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *curl, long timeout_ms, void *ctx)
{
    (void)curl;
    struct multi *multi = ctx;
    if (multi->is_closing)
        return 0;
    if (timeout_ms < 0)
        (void)uv_timer_stop(&multi->timer);
    else
        CHECK(uv_timer_start(&multi->timer, on_uv_timer, (uint64_t)timeout_ms, 0) == 0);
    return 0;
}

static void multi_handle_closed(struct multi *multi)
{
    CHECK(multi->handles_open > 0);
    if (--multi->handles_open > 0 || !multi->is_closing)
        return;
    if (multi->on_closed)
        multi->on_closed(multi->closed_ctx);
    free(multi);
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct multi_socket *socket = handle->data;
    struct multi *multi = socket->multi;
    free(socket);
    multi_handle_closed(multi);
}

static void on_timer_closed(uv_handle_t *handle)
{
    multi_handle_closed(handle->data);
}

static void socket_link(struct multi_socket *socket)
{
    socket->next = socket->multi->sockets;
    socket->link = &socket->multi->sockets;
    if (socket->next)
        socket->next->link = &socket->next;
    socket->multi->sockets = socket;
}

static void socket_unlink(const struct multi_socket *socket)
{
    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
}

static struct multi_socket *socket_new(struct multi *multi, curl_socket_t fd)
{
    struct multi_socket *socket = mem_zalloc(1, sizeof(*socket));
    socket->multi = multi;
    socket->fd = fd;
    if (uv_poll_init_socket(multi->loop, &socket->poll, fd) != 0) {
        free(socket);
        return NULL;
    }
    socket->poll.data = socket;
    multi->handles_open++;
    socket_link(socket);
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
    (void)curl_multi_assign(multi->curl, fd, socket);
    return socket;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    (void)easy;
    struct multi *multi = ctx;
    struct multi_socket *socket = socket_ctx;

    if (what == CURL_POLL_REMOVE) {
        if (socket) {
            (void)curl_multi_assign(multi->curl, fd, NULL);
            socket_unlink(socket);
            (void)uv_poll_stop(&socket->poll);
            uv_close((uv_handle_t *)&socket->poll, on_socket_closed);
        }
        return 0;
    }
    if (!socket)
        socket = socket_new(multi, fd);
    if (!socket)
        return -1; /* curl fails the transfer */
    socket->events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        socket->events |= UV_READABLE;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        socket->events |= UV_WRITABLE;
    return socket_poll(socket) == 0 ? 0 : -1;
}

bool multi_is_inside(const struct multi *multi)
{
    return multi->depth > 0;
}

void multi_add(struct multi *multi, CURL *easy)
{
    CHECK(multi->depth == 0 && !multi->is_closing);
    /* Starts nothing by itself: curl asks for a timer of 0 ms. */
    CHECK(curl_multi_add_handle(multi->curl, easy) == CURLM_OK);
}

void multi_remove(struct multi *multi, CURL *easy)
{
    CHECK(multi->depth == 0);
    CHECK(curl_multi_remove_handle(multi->curl, easy) == CURLM_OK);
}

/* A turn may close any of the sockets: their descriptors are taken first. One that is gone means
 * nothing to curl. */
static void on_stir(uv_timer_t *stir)
{
    enum { STIRRED_MAX = 64 };
    struct multi *multi = stir->data;
    curl_socket_t fds[STIRRED_MAX];
    size_t count = 0;
    for (const struct multi_socket *socket = multi->sockets; socket && count < STIRRED_MAX;
         socket = socket->next)
        fds[count++] = socket->fd;
    for (size_t i = 0; i < count && !multi->is_closing; i++)
        multi_turn(multi, fds[i], CURL_CSELECT_IN);
}

void multi_stir(struct multi *multi)
{
    if (!multi->is_closing)
        CHECK(uv_timer_start(&multi->stir, on_stir, 0, 0) == 0);
}

void multi_close(struct multi *multi, void (*on_closed)(void *ctx), void *ctx)
{
    CHECK(multi->depth == 0 && !multi->is_closing);
    multi->on_closed = on_closed;
    multi->closed_ctx = ctx;
    multi->is_closing = true;
    /* Closes the connections, which calls on_curl_socket(REMOVE) for each. */
    (void)curl_multi_cleanup(multi->curl);
    multi->curl = NULL;
    uv_close((uv_handle_t *)&multi->timer, on_timer_closed);
    uv_close((uv_handle_t *)&multi->nap, on_timer_closed);
    uv_close((uv_handle_t *)&multi->stir, on_timer_closed);
}
