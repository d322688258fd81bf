#include "watch/write_window.h"

#include <criterion/criterion.h>

enum { MAX = 100 };

/* A server that answers `a_second` requests, in order, whatever is in flight; virtual time. */
struct server {
    struct write_window window;
    int64_t now_ms;
    int64_t sent_ms[MAX]; /* a ring of those in flight */
    uint32_t first, in_flight;
    int64_t slowest_ms;
};

static void fill(struct server *server)
{
    while (server->in_flight < server->window.size) {
        server->sent_ms[(server->first + server->in_flight) % MAX] = server->now_ms;
        server->in_flight++;
    }
}

static void serve(struct server *server, int64_t every_ms, uint32_t count, bool is_overload)
{
    for (uint32_t i = 0; i < count; i++) {
        fill(server);
        if (server->in_flight == 0)
            return;
        server->now_ms += every_ms;
        int64_t sent_ms = server->sent_ms[server->first];
        server->first = (server->first + 1) % MAX;
        server->in_flight--;
        if (server->now_ms - sent_ms > server->slowest_ms)
            server->slowest_ms = server->now_ms - sent_ms;
        const struct write_answer answer = {.sent_at = {sent_ms},
                                            .now = {server->now_ms},
                                            .is_overload = is_overload,
                                            .was_used = true};
        write_window_answered(&server->window, &answer);
    }
}

static void server_init(struct server *server)
{
    *server = (struct server){0};
    write_window_init(&server->window, MAX);
}

Test(write_window, opens_to_its_maximum_at_a_fast_server)
{
    struct server server;
    server_init(&server);
    cr_expect_eq(server.window.size, 8);
    serve(&server, 1, MAX, false);
    cr_expect_eq(server.window.size, MAX);
    serve(&server, 1, 1000, false);
    cr_expect_eq(server.window.size, MAX);
}

Test(write_window, never_drives_a_slow_server_into_timeouts)
{
    static const int64_t every_ms[] = {20, 100, 500, 1000, 3000};
    for (size_t i = 0; i < sizeof(every_ms) / sizeof(every_ms[0]); i++) {
        struct server server;
        server_init(&server);
        serve(&server, every_ms[i], 5000, false);
        cr_expect_lt(server.slowest_ms, 30000, "%d ms a request: one took %d ms", (int)every_ms[i],
                     (int)server.slowest_ms);
        server.slowest_ms = 0;
        serve(&server, every_ms[i], 5000, false);
        int64_t limit_ms = 2 * WRITE_WINDOW_SLOW_MS > WRITE_WINDOW_MIN * every_ms[i]
                               ? 2 * WRITE_WINDOW_SLOW_MS
                               : WRITE_WINDOW_MIN * every_ms[i];
        cr_expect_leq(server.slowest_ms, limit_ms, "%d ms a request, learnt: one took %d ms",
                      (int)every_ms[i], (int)server.slowest_ms);
    }
}

Test(write_window, halves_once_for_all_that_was_under_way)
{
    struct server server;
    server_init(&server);
    serve(&server, 1, 200, false);
    cr_assert_eq(server.window.size, MAX);
    for (int64_t i = 0; i < MAX; i++) {
        const struct write_answer throttled = {
            .sent_at = {1000}, .now = {1001 + i}, .is_overload = true, .was_used = true};
        write_window_answered(&server.window, &throttled);
    }
    cr_expect_eq(server.window.size, MAX / 2);
    const struct write_answer again = {
        .sent_at = {2000}, .now = {2001}, .is_overload = true, .was_used = true};
    write_window_answered(&server.window, &again);
    cr_expect_eq(server.window.size, MAX / 4);
}

Test(write_window, keeps_a_few_whatever_happens)
{
    struct server server;
    server_init(&server);
    serve(&server, 100, 1000, true);
    cr_expect_eq(server.window.size, WRITE_WINDOW_MIN);
    write_window_init(&server.window, 1);
    const struct write_answer lost = {.sent_at = {0}, .now = {1}, .is_overload = true};
    write_window_answered(&server.window, &lost);
    cr_expect_eq(server.window.size, 1);
}

Test(write_window, opens_slowly_after_it_was_halved)
{
    struct server server;
    server_init(&server);
    serve(&server, 1, 200, false);
    const struct write_answer throttled = {
        .sent_at = {1000}, .now = {1001}, .is_overload = true, .was_used = true};
    write_window_answered(&server.window, &throttled);
    struct write_answer fine = {.sent_at = {2000}, .now = {2010}, .was_used = true};
    for (uint32_t i = 0; i < MAX / 2; i++)
        write_window_answered(&server.window, &fine);
    cr_expect_eq(server.window.size, MAX / 2 + 1);
}

Test(write_window, learns_nothing_from_requests_that_did_not_use_it)
{
    struct server server;
    server_init(&server);
    const struct write_answer fine = {.sent_at = {0}, .now = {1}};
    for (int i = 0; i < 1000; i++)
        write_window_answered(&server.window, &fine);
    cr_expect_eq(server.window.size, 8);
}

/* ---- a server with room for so many requests at a time: more are answered 429 at once ---- */

enum { SERVED_MS = 10, REFUSED_MS = 1, RETRY_AFTER_MS = 1000, MINUTE_MS = 60000 };

struct narrow {
    struct write_window window;
    uint32_t room, served, in_flight; /* `served`: of those in flight, being worked on */
    struct {
        int64_t sent_ms, done_ms;
        bool is_refused;
    } requests[MAX];
    int64_t now_ms;
    uint32_t done, refused;
};

static void narrow_send(struct narrow *server)
{
    bool is_refused = server->served >= server->room;
    server->served += !is_refused;
    server->requests[server->in_flight].sent_ms = server->now_ms;
    server->requests[server->in_flight].is_refused = is_refused;
    server->requests[server->in_flight].done_ms =
        server->now_ms + (is_refused ? REFUSED_MS : SERVED_MS);
    server->in_flight++;
}

static void narrow_answer(struct narrow *server)
{
    uint32_t next = 0;
    for (uint32_t i = 1; i < server->in_flight; i++)
        if (server->requests[i].done_ms < server->requests[next].done_ms)
            next = i;
    bool is_refused = server->requests[next].is_refused;
    server->now_ms = server->requests[next].done_ms;
    const struct write_answer answer = {.sent_at = {server->requests[next].sent_ms},
                                        .now = {server->now_ms},
                                        .is_overload = is_refused,
                                        .is_throttled = is_refused,
                                        .was_used = 2 * server->in_flight >= server->window.size};
    write_window_answered(&server->window, &answer);
    server->requests[next] = server->requests[--server->in_flight];
    server->served -= !is_refused;
    server->done += !is_refused;
    server->refused += is_refused;
    if (is_refused && server->in_flight == 0)
        server->now_ms += RETRY_AFTER_MS; /* as write_class.h has it */
}

static void narrow_serve(struct narrow *server, int64_t until_ms)
{
    server->done = server->refused = 0;
    while (server->now_ms < until_ms) {
        while (server->in_flight < server->window.size)
            narrow_send(server);
        narrow_answer(server);
    }
}

Test(write_window, converges_to_the_room_that_a_server_has)
{
    static const uint32_t rooms[] = {1, 2, 3, 10, 40, 99};
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        struct narrow server = {.room = rooms[i]};
        write_window_init(&server.window, MAX);
        narrow_serve(&server, MINUTE_MS);
        uint32_t best = rooms[i] * MINUTE_MS / SERVED_MS;
        cr_expect_geq(server.done, best / 2, "room %u: %u done, at best %u", rooms[i], server.done,
                      best);
        cr_expect_leq(server.refused, server.done / 10, "room %u: %u done, %u refused", rooms[i],
                      server.done, server.refused);
    }
}

Test(write_window, follows_when_the_room_shrinks_and_grows)
{
    struct narrow server = {.room = MAX};
    write_window_init(&server.window, MAX);
    narrow_serve(&server, MINUTE_MS);
    cr_expect_eq(server.window.size, MAX);
    cr_expect_eq(server.refused, 0);
    server.room = 4;
    narrow_serve(&server, 2 * MINUTE_MS);
    cr_expect_leq(server.window.size, 6);
    server.room = MAX;
    narrow_serve(&server, 3 * MINUTE_MS);
    cr_expect_eq(server.window.size, MAX);
}
