/*
 * A relay between spillway and the apiserver that loses requests on demand: the connection
 * breaks after the client has sent one, and the client cannot know whether it arrived. Bytes are
 * passed on unread; both ends speak TLS with each other.
 */
#ifndef TESTS_REAL_RELAY_H
#define TESTS_REAL_RELAY_H

#include <stdbool.h>

struct relay; /* opaque; a thread of its own */

/* To 127.0.0.1:server_port. Release with _close. */
struct relay *relay_open(int server_port);
void relay_close(struct relay *relay);

/* The port of 127.0.0.1 to connect to. */
int relay_port(const struct relay *relay);

/* The next `count` requests are lost, each with its connection. A request is told from a PING or a
 * window update by its size. */
void relay_lose(struct relay *relay, int count);

/* How many were lost so far. */
int relay_lost(const struct relay *relay);

/* How many connections were made through it so far. */
int relay_made(const struct relay *relay);

#endif
