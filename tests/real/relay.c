#include "tests/real/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/base/check.h"
#include "model/base/mem.h"

enum {
    RELAY_PAIRS_MAX = 64,
    RELAY_CHUNK_BYTES = 65536,
    /* PING, SETTINGS ACK and WINDOW_UPDATE of HTTP/2 take 9 to 17 bytes and TLS adds 22 to each. */
    RELAY_REQUEST_BYTES = 120,
};

enum { CLIENT, SERVER };

struct relay_pair {
    int fds[2];       /* by CLIENT and SERVER; -1: free */
    bool is_answered; /* the server has spoken: what the client says now is no ClientHello */
};

struct relay {
    pthread_t thread;
    int listen_fd;
    int end_fd; /* an eventfd: readable when the thread is to end */
    int port;
    int server_port;
    struct relay_pair pairs[RELAY_PAIRS_MAX]; /* the thread's */
    atomic_int to_lose;
    atomic_int lost;
    atomic_int made;
};

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static void pair_close(struct relay_pair *pair)
{
    close(pair->fds[CLIENT]);
    close(pair->fds[SERVER]);
    pair->fds[CLIENT] = pair->fds[SERVER] = -1;
}

static void pair_open(struct relay *relay)
{
    int client = accept4(relay->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(client >= 0 && server >= 0);
    atomic_fetch_add(&relay->made, 1);
    struct sockaddr_in address = loopback(relay->server_port);
    size_t i = 0;
    while (i < RELAY_PAIRS_MAX && relay->pairs[i].fds[CLIENT] >= 0)
        i++;
    CHECK(i < RELAY_PAIRS_MAX);
    relay->pairs[i] = (struct relay_pair){{client, server}, false};
    if (connect(server, (const struct sockaddr *)&address, sizeof(address)) != 0)
        pair_close(&relay->pairs[i]);
}

/* Passes on what `from` has; a pair that ends on one side ends on both. */
static void pair_pass(struct relay *relay, struct relay_pair *pair, int from)
{
    char chunk[RELAY_CHUNK_BYTES];
    ssize_t got = recv(pair->fds[from], chunk, sizeof(chunk), 0);
    bool is_lost = from == CLIENT && pair->is_answered && got >= RELAY_REQUEST_BYTES &&
                   atomic_load(&relay->to_lose) > 0;
    if (is_lost) {
        atomic_fetch_sub(&relay->to_lose, 1);
        atomic_fetch_add(&relay->lost, 1);
    }
    pair->is_answered = pair->is_answered || (from == SERVER && got > 0);
    ssize_t passed = is_lost || got <= 0 ? 0 : 1;
    for (ssize_t done = 0; passed > 0 && done < got; done += passed)
        passed = send(pair->fds[1 - from], chunk + done, (size_t)(got - done), MSG_NOSIGNAL);
    if (passed <= 0)
        pair_close(pair);
}

static void *run(void *argument)
{
    struct relay *relay = argument;
    for (;;) {
        /* poll() passes over a negative descriptor. */
        struct pollfd fds[2 + 2 * RELAY_PAIRS_MAX] = {{.fd = relay->end_fd, .events = POLLIN},
                                                      {.fd = relay->listen_fd, .events = POLLIN}};
        for (size_t i = 0; i < RELAY_PAIRS_MAX; i++) {
            for (size_t side = 0; side < 2; side++)
                fds[2 + 2 * i + side] =
                    (struct pollfd){.fd = relay->pairs[i].fds[side], .events = POLLIN};
        }
        CHECK(poll(fds, 2 + 2 * RELAY_PAIRS_MAX, -1) > 0);
        if (fds[0].revents)
            return NULL;
        for (size_t i = 0; i < RELAY_PAIRS_MAX; i++) {
            for (int side = 0; side < 2; side++) {
                if (fds[2 + 2 * i + (size_t)side].revents && relay->pairs[i].fds[side] >= 0)
                    pair_pass(relay, &relay->pairs[i], side);
            }
        }
        if (fds[1].revents)
            pair_open(relay);
    }
}

struct relay *relay_open(int server_port)
{
    struct relay *relay = mem_zalloc(1, sizeof(*relay));
    relay->server_port = server_port;
    for (size_t i = 0; i < RELAY_PAIRS_MAX; i++)
        relay->pairs[i].fds[CLIENT] = relay->pairs[i].fds[SERVER] = -1;
    relay->end_fd = eventfd(0, EFD_CLOEXEC);
    relay->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(relay->end_fd >= 0 && relay->listen_fd >= 0);
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    CHECK(bind(relay->listen_fd, (const struct sockaddr *)&address, len) == 0);
    CHECK(listen(relay->listen_fd, RELAY_PAIRS_MAX) == 0);
    CHECK(getsockname(relay->listen_fd, (struct sockaddr *)&address, &len) == 0);
    relay->port = ntohs(address.sin_port);
    CHECK(pthread_create(&relay->thread, NULL, run, relay) == 0);
    return relay;
}

void relay_close(struct relay *relay)
{
    CHECK(eventfd_write(relay->end_fd, 1) == 0);
    CHECK(pthread_join(relay->thread, NULL) == 0);
    for (size_t i = 0; i < RELAY_PAIRS_MAX; i++) {
        if (relay->pairs[i].fds[CLIENT] >= 0)
            pair_close(&relay->pairs[i]);
    }
    close(relay->listen_fd);
    close(relay->end_fd);
    free(relay);
}

int relay_port(const struct relay *relay)
{
    return relay->port;
}

void relay_lose(struct relay *relay, int count)
{
    atomic_store(&relay->to_lose, count);
}

int relay_lost(const struct relay *relay)
{
    return atomic_load(&relay->lost);
}

int relay_made(const struct relay *relay)
{
    return atomic_load(&relay->made);
}
