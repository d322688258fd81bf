/*
 * libcurl's multi_socket interface on a libuv loop: sockets to uv_poll, curl's one timer to
 * uv_timer.
 *
 * Every finished transfer is reported from one function that runs after *every*
 * curl_multi_socket_action(), also the last one: the published multi-uv.c example forgets the
 * transfer that ends by timer when no other runs, which for us is the watch.
 */
#ifndef WATCH_MULTI_H
#define WATCH_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct multi; /* opaque */

struct multi_options {
    uv_loop_t *loop;          /* borrowed */
    uint32_t connections_max; /* to one host; over it transfers wait inside curl */
    uint32_t streams_max;     /* requests at the same time on one HTTP/2 connection */
    void *ctx;
    /* A transfer ended. Called outside of curl: handles may be added and removed. */
    void (*on_finished)(void *ctx, CURL *easy, CURLcode result);
    /* After each turn of curl's wheel, when all that finished was reported. */
    void (*on_turn)(void *ctx);
};

struct multi *multi_new(const struct multi_options *options);

/* Whether the caller was called by curl (a write callback): then no handle may be added or removed.
 */
bool multi_is_inside(const struct multi *multi);

/* Both CHECK that they are not called from inside curl. */
void multi_add(struct multi *multi, CURL *easy);
void multi_remove(struct multi *multi, CURL *easy);

/* After a transfer was broken off: looks at every connection in the next turn of the loop. What came
 * behind the broken transfer's bytes is in curl's buffer by now, and curl 7.88 hands it to its
 * transfers only when the socket has something to read again. */
void multi_stir(struct multi *multi);

/* Closes all connections and frees the multi once libuv has closed its handles; all transfers were
 * removed before. `on_closed` may be NULL. */
void multi_close(struct multi *multi, void (*on_closed)(void *ctx), void *ctx);

#endif
