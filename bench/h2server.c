/*
 * Sockets and TLS of the HTTP/2 server.
 *
 *   socket -> BIO in -> SSL_read -> nghttp2_session_mem_recv -> handler
 *   handler -> nghttp2_session_mem_send -> records of 16 KiB -> SSL_write -> BIO out -> socket
 *
 * A connection that cannot be written to keeps at most H2_QUEUE_BYTES here; nghttp2 is not asked
 * for more until the socket took them, and sources then simply are not read.
 */
#include "bench/h2server.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "bench/h2server_private.h"
#include "model/base/mem.h"

static void conn_pump(struct h2_conn *conn);

/* ---- life of a connection ---- */

static void on_conn_closed(uv_handle_t *handle)
{
    struct h2_conn *conn = handle->data;
    struct h2_server *server = conn->server;
    nghttp2_session_del(conn->session);
    SSL_free(conn->ssl);
    free(conn);
    if (--server->handles == 0 && server->stopping) {
        struct h2_handler handler = server->handler;
        nghttp2_session_callbacks_del(server->callbacks);
        free(server);
        if (handler.on_end)
            handler.on_end(handler.data);
    }
}

static void conn_unlist(struct h2_conn *conn)
{
    struct h2_server *server = conn->server;
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next)
        conn->next->previous = conn->previous;
    for (struct h2_conn **at = &server->dirty; *at; at = &(*at)->next_dirty) {
        if (*at == conn) {
            *at = conn->next_dirty;
            break;
        }
    }
    server->counts.connections_now--;
}

/* Closes unless nghttp2 is running above us: then conn_pump() does it when it returns. */
void h2_conn_close(struct h2_conn *conn)
{
    conn->closing = true;
    if (conn->busy || uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    conn_unlist(conn);
    h2_wire_gone(conn);
    h2_streams_close(conn);
    if (!conn->is_reset || uv_tcp_close_reset(&conn->tcp, on_conn_closed) != 0)
        uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

void h2_conn_mark(struct h2_conn *conn)
{
    if (conn->is_dirty || conn->closing)
        return;
    conn->is_dirty = true;
    conn->next_dirty = conn->server->dirty;
    conn->server->dirty = conn;
}

/* ---- writing ---- */

struct write_request {
    uv_write_t uv;
    struct h2_conn *conn;
    size_t len;
    char bytes[];
};

static void on_written(uv_write_t *uv, int status)
{
    struct write_request *request = container_of(uv, struct write_request, uv);
    struct h2_conn *conn = request->conn;
    conn->queued_bytes -= request->len;
    free(request);
    if (conn->closing)
        return;
    if (status < 0)
        h2_conn_close(conn);
    else
        h2_conn_mark(conn);
}

/* At once as far as it goes, the rest in the background. */
void h2_conn_send(struct h2_conn *conn, const char *bytes, size_t len)
{
    size_t sent = 0;
    if (conn->tcp.write_queue_size == 0) {
        uv_buf_t now = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)len);
        int rc = uv_try_write((uv_stream_t *)&conn->tcp, &now, 1);
        sent = rc > 0 ? (size_t)rc : 0;
    }
    if (sent < len) {
        struct write_request *request = mem_resize(NULL, 1, sizeof(*request) + len - sent);
        request->conn = conn;
        request->len = len - sent;
        memcpy(request->bytes, bytes + sent, request->len);
        uv_buf_t later = uv_buf_init(request->bytes, (unsigned)request->len);
        conn->queued_bytes += request->len;
        if (uv_write(&request->uv, (uv_stream_t *)&conn->tcp, &later, 1, on_written) != 0) {
            conn->queued_bytes -= request->len;
            free(request);
            conn->closing = true;
        }
    }
}

/* Hands what TLS made to the socket, or to the faults of the network. */
static void conn_write_socket(struct h2_conn *conn)
{
    char *bytes = NULL;
    long pending = BIO_get_mem_data(conn->out, &bytes);
    if (pending <= 0)
        return;
    size_t len = (size_t)pending;
    if (conn->is_cut) {
        len = (len + 1) / 2;
        conn->closing = true;
    }
    conn->server->counts.bytes_out += len;
    if (!h2_wire_takes(conn, bytes, len))
        h2_conn_send(conn, bytes, len);
    (void)BIO_reset(conn->out);
}

/* Writes `len` plain bytes into the TLS stream. Memory BIOs take everything. */
static bool conn_encrypt(struct h2_conn *conn, const char *bytes, size_t len)
{
    return len == 0 || SSL_write(conn->ssl, bytes, (int)len) == (int)len;
}

/* Fills records from nghttp2 until it has nothing more or the socket is behind. */
static bool conn_produce(struct h2_conn *conn)
{
    char *plain = conn->server->plain;
    size_t used = 0;
    while (conn->session && conn->queued_bytes < H2_QUEUE_BYTES) {
        const uint8_t *frame = NULL;
        ssize_t len = nghttp2_session_mem_send(conn->session, &frame);
        if (len < 0)
            return false;
        if (len == 0)
            break;
        for (size_t at = 0; at < (size_t)len;) {
            size_t part = (size_t)len - at;
            if (part > H2_RECORD_BYTES - used)
                part = H2_RECORD_BYTES - used;
            memcpy(plain + used, frame + at, part);
            at += part;
            used += part;
            if (used < H2_RECORD_BYTES)
                continue;
            if (!conn_encrypt(conn, plain, used))
                return false;
            used = 0;
            if (BIO_pending(conn->out) > H2_QUEUE_BYTES / 4)
                conn_write_socket(conn);
        }
    }
    return conn_encrypt(conn, plain, used);
}

static void conn_flush(struct h2_conn *conn)
{
    conn->busy = true;
    bool fine = conn_produce(conn);
    conn->busy = false;
    conn_write_socket(conn);
    bool over = conn->session && !nghttp2_session_want_read(conn->session) &&
                !nghttp2_session_want_write(conn->session);
    if (!fine || over || conn->closing)
        h2_conn_close(conn);
}

static void server_flush(struct h2_server *server)
{
    while (server->dirty) {
        struct h2_conn *conn = server->dirty;
        server->dirty = conn->next_dirty;
        conn->is_dirty = false;
        conn_flush(conn);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    server_flush(prepare->data);
}

/* ---- reading ---- */

/* The handshake is done: only h2 goes on; the client's certificate says who it is. */
static bool conn_begin(struct h2_conn *conn)
{
    const unsigned char *protocol = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(conn->ssl, &protocol, &len);
    if (len != 2 || memcmp(protocol, "h2", 2) != 0)
        return false;
    X509 *peer = SSL_get1_peer_certificate(conn->ssl);
    if (peer)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName,
                                        conn->peer_name, (int)sizeof(conn->peer_name));
    X509_free(peer);
    return h2_session_open(conn) == 0;
}

/* Everything that came in so far: handshake, then frames. */
static bool conn_consume(struct h2_conn *conn)
{
    char plain[H2_RECORD_BYTES];
    if (!SSL_is_init_finished(conn->ssl)) {
        int rc = SSL_do_handshake(conn->ssl);
        if (rc != 1)
            return SSL_get_error(conn->ssl, rc) == SSL_ERROR_WANT_READ;
    }
    if (!conn->session && !conn_begin(conn))
        return false;
    while (!conn->closing) {
        int len = SSL_read(conn->ssl, plain, (int)sizeof(plain));
        if (len <= 0)
            return SSL_get_error(conn->ssl, len) == SSL_ERROR_WANT_READ;
        ssize_t used = nghttp2_session_mem_recv(conn->session, (const uint8_t *)plain, (size_t)len);
        if (used != len)
            return false;
    }
    return true;
}

static void conn_pump(struct h2_conn *conn)
{
    conn->busy = true;
    ERR_clear_error();
    bool fine = conn_consume(conn);
    conn->busy = false;
    if (!fine && !conn->closing) { /* an alert or GOAWAY may still be waiting */
        conn->closing = true;
        conn->busy = true;
        (void)conn_produce(conn);
        conn->busy = false;
        conn_write_socket(conn);
    }
    if (conn->closing)
        h2_conn_close(conn);
    else
        h2_conn_mark(conn);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)suggested;
    struct h2_conn *conn = handle->data;
    *ret_buf = uv_buf_init(conn->server->in, H2_IN_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *bytes)
{
    struct h2_conn *conn = stream->data;
    if (len == 0 || conn->closing)
        return;
    if (len < 0) {
        h2_conn_close(conn);
        return;
    }
    if (conn->is_deaf)
        return;
    if (conn->is_garbled) {
        static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
        h2_conn_send(conn, plain, sizeof(plain) - 1);
        h2_conn_close(conn);
        return;
    }
    const struct h2_handler *handler = &conn->server->handler;
    if (handler->on_wake)
        handler->on_wake(handler->data);
    conn->server->counts.bytes_in += (uint64_t)len;
    if (BIO_write(conn->in, bytes->base, (int)len) != (int)len)
        h2_conn_close(conn);
    else
        conn_pump(conn);
}

/* ---- the listener ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct h2_server *server = listener->data;
    if (status < 0 || server->stopping)
        return;
    struct h2_conn *conn = mem_zalloc(1, sizeof(*conn));
    conn->server = server;
    conn->tcp.data = conn;
    CHECK(uv_tcp_init(server->loop, &conn->tcp) == 0);
    server->handles++;
    conn->next = server->conns;
    if (server->conns)
        server->conns->previous = conn;
    server->conns = conn;
    server->counts.connections++;
    server->counts.connections_now++;
    conn->ssl = SSL_new(server->options.tls);
    conn->in = BIO_new(BIO_s_mem());
    conn->out = BIO_new(BIO_s_mem());
    CHECK(conn->ssl && conn->in && conn->out);
    SSL_set_bio(conn->ssl, conn->in, conn->out);
    SSL_set_accept_state(conn->ssl);
    h2_wire_connected(conn);
    bool refused = uv_accept(listener, (uv_stream_t *)&conn->tcp) != 0 ||
                   server->counts.connections_now > H2_MAX_CONNECTIONS ||
                   uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0;
    (void)uv_tcp_nodelay(&conn->tcp, 1);
    if (refused)
        h2_conn_close(conn);
}

static int on_alpn(SSL *ssl, const unsigned char **ret_protocol, unsigned char *ret_len,
                   const unsigned char *offered, unsigned offered_len, void *data)
{
    (void)ssl;
    (void)data;
    for (unsigned i = 0; i + 2 < offered_len; i += offered[i] + 1u) {
        if (offered[i] == 2 && memcmp(offered + i + 1, "h2", 2) == 0) {
            *ret_protocol = offered + i + 1;
            *ret_len = 2;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL; /* no HTTP/1.1 here */
}

static void on_server_handle_closed(uv_handle_t *handle)
{
    struct h2_server *server = handle->data;
    if (--server->handles > 0)
        return;
    struct h2_handler handler = server->handler;
    bool told = server->stopping;
    nghttp2_session_callbacks_del(server->callbacks);
    free(server);
    if (told && handler.on_end)
        handler.on_end(handler.data);
}

static void close_own_handles(struct h2_server *server)
{
    h2_wire_close(server);
    uv_close((uv_handle_t *)&server->clock, on_server_handle_closed);
    uv_close((uv_handle_t *)&server->flusher, on_server_handle_closed);
}

/* At the port of before, if there was one. */
int h2_server_listen(struct h2_server *server)
{
    struct sockaddr_in address;
    struct sockaddr_storage bound = {0};
    int len = (int)sizeof(bound);
    uint16_t port = server->port > 0 ? server->port : server->options.port;
    server->listener = mem_zalloc(1, sizeof(*server->listener));
    server->listener->data = server;
    uv_stream_t *listener = (uv_stream_t *)server->listener;
    CHECK(uv_tcp_init(server->loop, server->listener) == 0);
    int rc = uv_ip4_addr("127.0.0.1", port, &address);
    if (rc == 0)
        rc = uv_tcp_bind(server->listener, (const struct sockaddr *)&address, 0);
    if (rc == 0)
        rc = uv_listen(listener, 256, on_connection);
    if (rc == 0)
        rc = uv_tcp_getsockname(server->listener, (struct sockaddr *)&bound, &len);
    if (rc == 0)
        server->port = ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port);
    return rc;
}

struct h2_server *h2_server_start(uv_loop_t *loop, const struct h2_options *options,
                                  const struct h2_handler *handler, struct err *err)
{
    struct h2_server *server = mem_zalloc(1, sizeof(*server));
    server->loop = loop;
    server->options = *options;
    server->handler = *handler;
    server->callbacks = h2_callbacks_new();
    server->handles = 2;
    server->flusher.data = server;
    CHECK(uv_prepare_init(loop, &server->flusher) == 0);
    CHECK(h2_wire_open(server) == 0);
    SSL_CTX_set_alpn_select_cb(options->tls, on_alpn, NULL);
    int rc = h2_server_listen(server);
    if (rc < 0) {
        (void)err_set(err, -rc, "cannot listen on 127.0.0.1:%u: %s", options->port,
                      uv_strerror(rc));
        close_own_handles(server);
        return NULL;
    }
    (void)uv_prepare_start(&server->flusher, on_prepare);
    return server;
}

uint16_t h2_server_port(const struct h2_server *server)
{
    return server->port;
}

void h2_server_set_tls(struct h2_server *server, SSL_CTX *tls)
{
    SSL_CTX_set_alpn_select_cb(tls, on_alpn, NULL);
    server->options.tls = tls;
}

void h2_server_stop(struct h2_server *server)
{
    server->stopping = true;
    for (struct h2_conn *conn = server->conns; conn; conn = conn->next)
        if (conn->session)
            (void)nghttp2_session_terminate_session(conn->session, NGHTTP2_NO_ERROR);
    while (server->conns) {
        struct h2_conn *conn = server->conns;
        conn->closing = true; /* conn_flush() then closes it after the last bytes */
        conn_flush(conn);
    }
    server->dirty = NULL;
    close_own_handles(server);
}
