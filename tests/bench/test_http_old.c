/* A server that speaks HTTP/1.1 only, as some proxies do. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/base/check.h"
#include "tests/bench/http_fixture.h"

/* One connection after the other, HTTP/1.1 only: each request is answered with its first line. */
struct old_server {
    SSL_CTX *tls;
    int listen_fd;
    uint16_t port;
    pthread_t thread;
};

static void old_connection(SSL *ssl)
{
    char request[4096], reply[8192];
    int len = SSL_read(ssl, request, sizeof(request) - 1);
    if (len <= 0)
        return;
    request[len] = '\0'; /* curl sends a small request in one piece */
    size_t line_len = strcspn(request, "\r");
    int reply_len =
        snprintf(reply, sizeof(reply),
                 "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%.*s",
                 line_len, (int)line_len, request);
    (void)SSL_write(ssl, reply, reply_len);
}

static void *old_server_run(void *ctx)
{
    const struct old_server *server = ctx;
    for (int fd; (fd = accept(server->listen_fd, NULL, NULL)) >= 0; (void)close(fd)) {
        SSL *ssl = SSL_new(server->tls);
        (void)SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1)
            old_connection(ssl);
        SSL_free(ssl);
    }
    return NULL;
}

static void old_server_start(struct old_server *server, SSL_CTX *tls)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    server->tls = tls;
    server->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(bind(server->listen_fd, (struct sockaddr *)&address, len) == 0);
    cr_assert(listen(server->listen_fd, 8) == 0);
    cr_assert(getsockname(server->listen_fd, (struct sockaddr *)&address, &len) == 0);
    server->port = ntohs(address.sin_port);
    cr_assert(pthread_create(&server->thread, NULL, old_server_run, server) == 0);
}

static void old_server_stop(struct old_server *server)
{
    (void)shutdown(server->listen_fd, SHUT_RDWR);
    cr_assert(pthread_join(server->thread, NULL) == 0);
    (void)close(server->listen_fd);
}

BOTH(http_old, a_server_without_http2_is_served_all_the_same)
{
    enum { CALLS = 5 };
    static struct answer answers[CALLS];
    struct old_server server;
    struct world world;
    char *ca, address[64];
    (void)signal(SIGPIPE, SIG_IGN); /* the server's: a client that went away */
    SSL_CTX *tls = expired_context(&ca);
    old_server_start(&server, tls);
    (void)snprintf(address, sizeof(address), "https://127.0.0.1:%u", server.port);
    world_init(&world, &(struct world_options){.is_packed = is_packed,
                                               .has_no_ca = true,
                                               .server = address,
                                               .cluster = ", insecure-skip-tls-verify: true"});
    for (size_t i = 0; i < CALLS; i++)
        (void)world_start(
            &world,
            (struct http_options){.method = "POST", .path = "/pods?limit=1", .body = STR("{}")},
            false, &answers[i]);
    for (size_t i = 0; i < CALLS; i++) {
        world_wait(&world, &answers[i]);
        cr_expect(answers[i].reply.status == 200, "%s", answers[i].reply.err.text);
        cr_expect_str_eq(answers[i].text, "POST /pods?limit=1 HTTP/1.1");
    }
    world_fini(&world);
    old_server_stop(&server);
    SSL_CTX_free(tls);
    free(ca);
}
