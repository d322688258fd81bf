/*
 * A bad network between the server and its clients, made on the server's own sockets: a packet
 * filter that drops everything is a link where nobody answers, because the kernel then sends no ACK
 * and no RST either (Linux runs a socket's filter before TCP sees the packet; a listener's before
 * it answers SYN).
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "bench/h2server_private.h"
#include "model/base/mem.h"

enum { CLOCK_MS = 5 };

/* ---- packets ---- */

static int handle_fd(const uv_tcp_t *tcp)
{
    uv_os_fd_t fd = -1;
    return uv_fileno((const uv_handle_t *)tcp, &fd) == 0 ? fd : -1;
}

static void filter_set(const uv_tcp_t *tcp, bool is_on)
{
    struct sock_filter drop[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog program = {.len = ARRAY_LEN(drop), .filter = drop};
    int fd = handle_fd(tcp), none = 0;
    if (fd < 0)
        return;
    CHECK(is_on ? setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0
                : setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)) == 0);
}

/* Packets that the socket dropped since it is there. */
static uint64_t packet_drops(const uv_tcp_t *tcp)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof(info);
    int fd = handle_fd(tcp);
    bool is_known = fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0;
    return is_known ? info[SK_MEMINFO_DROPS] : 0;
}

static enum wire_fault filter_cause(const struct h2_conn *conn)
{
    return conn->is_silent ? WIRE_HALF_OPEN : WIRE_ONE_WAY;
}

/* What the filter of a connection dropped goes to the counts. */
static void conn_unfilter(struct h2_conn *conn)
{
    if (!conn->is_filtered)
        return;
    uint64_t drops = packet_drops(&conn->tcp);
    conn->server->counts.wire[filter_cause(conn)] += drops - conn->drops_before;
    filter_set(&conn->tcp, false);
    conn->is_filtered = false;
}

struct h2_counts h2_server_counts(const struct h2_server *server)
{
    struct h2_counts counts = server->counts;
    for (const struct h2_conn *conn = server->conns; conn; conn = conn->next)
        if (conn->is_filtered)
            counts.wire[filter_cause(conn)] += packet_drops(&conn->tcp) - conn->drops_before;
    if (server->wire[WIRE_BLACK_HOLE] && server->listener)
        counts.wire[WIRE_BLACK_HOLE] += packet_drops(server->listener) - server->drops_before;
    return counts;
}

/* ---- connections ---- */

static void reset_all(struct h2_server *server)
{
    struct h2_conn *next;
    for (struct h2_conn *conn = server->conns; conn; conn = next) {
        next = conn->next;
        conn->is_reset = true;
        h2_conn_close(conn);
    }
}

static void on_listener_closed(uv_handle_t *handle)
{
    free(handle);
}

static int set_refuse(struct h2_server *server, bool is_on)
{
    if (!is_on)
        return server->listener ? 0 : h2_server_listen(server);
    if (!server->listener)
        return 0;
    uv_close((uv_handle_t *)server->listener, on_listener_closed);
    server->listener = NULL;
    server->counts.wire[WIRE_REFUSE]++;
    reset_all(server);
    return 0;
}

static int set_black_hole(struct h2_server *server, bool is_on)
{
    if (!server->listener)
        return -ENOTCONN;
    if (is_on) {
        server->drops_before = packet_drops(server->listener);
        filter_set(server->listener, true);
        reset_all(server);
    } else if (server->wire[WIRE_BLACK_HOLE]) {
        server->counts.wire[WIRE_BLACK_HOLE] +=
            packet_drops(server->listener) - server->drops_before;
        filter_set(server->listener, false);
    }
    return 0;
}

static void conn_filter(struct h2_conn *conn)
{
    conn->drops_before = packet_drops(&conn->tcp);
    conn->is_filtered = true;
    filter_set(&conn->tcp, true);
}

static void clock_start(struct h2_server *server);

/* What is not acknowledged yet would be sent again and again, and the client hear of us. */
static bool conn_is_acknowledged(const struct h2_conn *conn)
{
    int unacknowledged = 0;
    (void)ioctl(handle_fd(&conn->tcp), SIOCOUTQ, &unacknowledged);
    return unacknowledged == 0;
}

static void break_conn(struct h2_conn *conn, enum wire_fault fault)
{
    if (fault == WIRE_ONE_WAY) {
        conn_filter(conn);
        return;
    }
    conn->is_silent = conn->is_fading = true;
    clock_start(conn->server);
}

/* A link that lost bytes cannot go on in TLS: it is reset. */
static void mend_conn(struct h2_conn *conn)
{
    bool lost_bytes = conn->is_silent;
    conn_unfilter(conn);
    conn->is_deaf = conn->is_silent = conn->is_fading = false;
    if (!lost_bytes)
        return;
    conn->is_reset = true;
    h2_conn_close(conn);
}

static void set_links(struct h2_server *server, enum wire_fault fault, bool is_on)
{
    struct h2_conn *next;
    for (struct h2_conn *conn = server->conns; conn; conn = next) {
        next = conn->next;
        if (!is_on)
            mend_conn(conn);
        else if (!conn->is_filtered && !conn->is_silent)
            break_conn(conn, fault);
    }
}

int h2_server_wire(struct h2_server *server, enum wire_fault fault, uint32_t amount)
{
    bool is_on = amount > 0;
    int rc = 0;
    if (fault == WIRE_REFUSE)
        rc = set_refuse(server, is_on);
    else if (fault == WIRE_BLACK_HOLE)
        rc = set_black_hole(server, is_on);
    else if (fault == WIRE_HALF_OPEN || fault == WIRE_ONE_WAY)
        set_links(server, fault, is_on);
    server->wire[fault] = amount;
    return rc;
}

static bool takes_one(struct h2_server *server, enum wire_fault fault)
{
    if (server->wire[fault] == 0)
        return false;
    server->wire[fault]--;
    if (fault != WIRE_NO_PING_ACK) /* its pings are counted */
        server->counts.wire[fault]++;
    return true;
}

void h2_wire_connected(struct h2_conn *conn)
{
    struct h2_server *server = conn->server;
    conn->late_end = &conn->late;
    if (takes_one(server, WIRE_DEAD))
        conn->is_deaf = conn->is_silent = true;
    else if (takes_one(server, WIRE_GARBLE))
        conn->is_garbled = true;
    else if (takes_one(server, WIRE_NO_WINDOW))
        conn->has_no_window = true;
    else if (takes_one(server, WIRE_NO_PING_ACK))
        conn->has_no_ping_ack = true;
}

void h2_wire_gone(struct h2_conn *conn)
{
    conn_unfilter(conn);
    while (conn->late) {
        struct late_bytes *late = conn->late;
        conn->late = late->next;
        free(late);
    }
}

/* ---- what is late ---- */

static int64_t jitter_ms(struct h2_server *server, int64_t below_ms)
{
    /* Knuth's MMIX generator: any spread does */
    server->jitter = server->jitter * 6364136223846793005u + 1442695040888963407u;
    return below_ms > 0 ? (int64_t)((server->jitter >> 33) % (uint64_t)below_ms) : 0;
}

static void on_clock(uv_timer_t *clock);

/* It runs only while something is late. */
static void clock_start(struct h2_server *server)
{
    if (!uv_is_active((uv_handle_t *)&server->clock))
        CHECK(uv_timer_start(&server->clock, on_clock, CLOCK_MS, CLOCK_MS) == 0);
}

bool h2_wire_takes(struct h2_conn *conn, const char *bytes, size_t len)
{
    struct h2_server *server = conn->server;
    uint32_t delay_ms = server->wire[WIRE_DELAY], bytes_a_second = server->wire[WIRE_NARROW];
    if (conn->is_silent)
        return true;
    if (delay_ms == 0 && bytes_a_second == 0 && !conn->late)
        return false;
    server->counts.wire[WIRE_DELAY] += delay_ms > 0;
    server->counts.wire[WIRE_NARROW] += bytes_a_second > 0;
    int64_t due_ms = (int64_t)uv_now(server->loop) + delay_ms + jitter_ms(server, delay_ms);
    if (conn->late_ms > due_ms)
        due_ms = conn->late_ms; /* TCP keeps the order */
    if (bytes_a_second > 0)
        due_ms += (int64_t)len * 1000 / bytes_a_second;
    struct late_bytes *late = mem_resize(NULL, 1, sizeof(*late) + len);
    late->next = NULL;
    late->due_ms = conn->late_ms = due_ms;
    late->len = len;
    memcpy(late->bytes, bytes, len);
    *conn->late_end = late;
    conn->late_end = &late->next;
    conn->queued_bytes += len;
    clock_start(server);
    return true;
}

static void conn_send_late(struct h2_conn *conn, int64_t now_ms)
{
    const uint32_t *wire = conn->server->wire;
    bool is_mended = wire[WIRE_DELAY] == 0 && wire[WIRE_NARROW] == 0;
    while (conn->late && (is_mended || conn->late->due_ms <= now_ms) && !conn->closing) {
        struct late_bytes *late = conn->late;
        conn->late = late->next;
        if (!conn->late)
            conn->late_end = &conn->late;
        conn->queued_bytes -= late->len;
        if (!conn->is_silent)
            h2_conn_send(conn, late->bytes, late->len);
        free(late);
        h2_conn_mark(conn);
    }
}

void h2_wire_hold(struct h2_stream *stream)
{
    struct h2_server *server = stream->conn->server;
    stream->due_ms = (int64_t)uv_now(server->loop) + stream->hold_ms;
    stream->hold_ms = 0;
    stream->next_held = server->held;
    server->held = stream;
    clock_start(server);
}

void h2_wire_unhold(struct h2_stream *stream)
{
    if (stream->due_ms == 0)
        return;
    struct h2_stream **at = &stream->conn->server->held;
    while (*at != stream)
        at = &(*at)->next_held;
    *at = stream->next_held;
    stream->due_ms = 0;
}

static void on_clock(uv_timer_t *clock)
{
    struct h2_server *server = clock->data;
    int64_t now_ms = (int64_t)uv_now(server->loop);
    struct h2_stream *next;
    for (struct h2_stream *stream = server->held; stream; stream = next) {
        next = stream->next_held;
        if (stream->due_ms > now_ms)
            continue;
        h2_wire_unhold(stream);
        h2_submit_held(stream);
    }
    bool is_idle = !server->held;
    for (struct h2_conn *conn = server->conns; conn; conn = conn->next) {
        conn_send_late(conn, now_ms);
        if (conn->is_fading && conn_is_acknowledged(conn)) {
            conn->is_fading = false;
            conn_filter(conn);
        }
        is_idle = is_idle && !conn->late && !conn->is_fading;
    }
    if (is_idle)
        (void)uv_timer_stop(clock);
}

int h2_wire_open(struct h2_server *server)
{
    server->clock.data = server;
    return uv_timer_init(server->loop, &server->clock);
}

void h2_wire_close(struct h2_server *server)
{
    if (server->listener)
        uv_close((uv_handle_t *)server->listener, on_listener_closed);
    server->listener = NULL;
}
