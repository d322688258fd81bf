/*
 * The one HTTP/2 connection of a pool whose requests leave packed (h2.h). curl makes it, with all
 * that it knows of proxies, TLS and certificates (CURLOPT_CONNECT_ONLY), and carries its bytes;
 * what is in them is nghttp2's business.
 *
 *     IDLE --start--> CONNECTING --h2 was agreed on--> OPEN --GOAWAY, end, error--> OVER
 *       ^                 |  \------ not h2 ------> UNFIT (curl does it all)
 *       +-----failed------+
 *
 * Measured (bench http, 5,000 nodes, 50,000 pods), the whole process, a pod: with curl alone 7.6
 * system calls and 311,000 instructions, packed 0.6 and 181,000; 35 us became 11.
 */
#ifndef WATCH_HTTP_LANE_H
#define WATCH_HTTP_LANE_H

#include <curl/curl.h>
#include <uv.h>

#include "watch/h2.h"
#include "watch/http_target.h"
#include "watch/multi.h"

/* OVER: no new requests; those under way may still be answered. */
enum http_lane_state { LANE_IDLE, LANE_CONNECTING, LANE_OPEN, LANE_UNFIT, LANE_OVER };

struct http_lane; /* opaque */

struct http_lane_options {
    uv_loop_t *loop;     /* all borrowed */
    struct multi *multi; /* of the pool: it makes the connection */
    const struct http_target *target;
    const struct h2_handler *handler; /* of the requests; copied */
    void *owner;                      /* given to the callbacks */
    void (*on_over)(void *owner);     /* it is OVER; outside of curl and nghttp2 */
    void (*on_closed)(void *owner);
};

struct http_lane *http_lane_new(const struct http_lane_options *options);

/* Ends the connection at once; requests under way hear nothing more. The multi must still be there.
 */
void http_lane_close(struct http_lane *lane);

enum http_lane_state http_lane_state(const struct http_lane *lane);

/* IDLE to CONNECTING. Outside of curl only. */
void http_lane_start(struct http_lane *lane);

/* The handle that connects, as multi_options.on_finished gets it; and its error text. */
CURL *http_lane_easy(const struct http_lane *lane);
const char *http_lane_error(const struct http_lane *lane);
void http_lane_finished(struct http_lane *lane, CURLcode result);

/* CHECKs that it is OPEN. `authority` is filled in. It leaves with all others of this turn of the
 * loop. */
struct h2_stream *http_lane_submit(struct http_lane *lane, struct h2_request *request);
void http_lane_cancel(struct http_lane *lane, struct h2_stream *stream);

#endif
