#include "watch/write_class.h"

#include <errno.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "watch/log.h"
#include "watch/refusal.h"

static void on_timer(uv_timer_t *timer);

static struct mono_ms now_mono(void)
{
    return (struct mono_ms){(int64_t)(uv_hrtime() / 1000000)};
}

void write_class_init(struct write_class *class, const struct write_class_options *options)
{
    *class = (struct write_class){.options = *options};
    class->client = http_client_new(options->loop, options->access, options->log, options->name,
                                    options->connections_max);
    http_client_pack(class->client);
    write_window_init(&class->window, options->window);
    backoff_init(&class->backoff, WRITE_BACKOFF_BASE_MS, WRITE_BACKOFF_CAP_MS);
    rng_init(&class->rng, options->seed);
    CHECK(uv_timer_init(options->loop, &class->timer) == 0);
    class->timer.data = class;
}

/* ---- the pool ---- */

struct write *write_class_take(struct write_class *class, enum write_kind kind)
{
    struct write *write = class->pool;
    struct buf text;
    if (write) {
        class->pool = write->next;
        class->pool_count--;
        text = write->text;
        buf_clear(&text);
    } else {
        write = mem_zalloc(1, sizeof *write);
        buf_init(&text, WRITE_TEXT_BYTES_MAX);
    }
    *write = (struct write){.class = class, .kind = kind, .text = text, .reply_count = 1};
    return write;
}

static void write_free(struct write *write)
{
    buf_fini(&write->text);
    free(write);
}

void write_class_drop(struct write_class *class, struct write *write)
{
    if (class->pool_count >= WRITE_POOL_MAX) {
        write_free(write);
        return;
    }
    write->next = class->pool;
    class->pool = write;
    class->pool_count++;
}

/* ---- the queue ---- */

/* What comes back from the window to be sent again may stand beyond queue_max. */
static void queue_push(struct write_class *class, struct write *write)
{
    const struct write_class_options *options = &class->options;
    CHECK(class->waiting + class->in_flight + class->late_count <
          options->queue_max + options->window + WRITE_LATE_MAX); /* I22 */
    write->next = NULL;
    if (write->is_first) {
        write->next = class->head;
        class->head = write;
        if (!class->tail)
            class->tail = write;
    } else {
        *(class->tail ? &class->tail->next : &class->head) = write;
        class->tail = write;
    }
    class->waiting++;
}

static struct write *queue_pop(struct write_class *class)
{
    struct write *write = class->head;
    class->head = write->next;
    if (!class->head)
        class->tail = NULL;
    class->waiting--;
    return write;
}

uint32_t write_class_room(const struct write_class *class)
{
    uint32_t taken = class->in_flight + class->waiting; /* the late ones leave room for others */
    if (class->is_closing || mono_before(now_mono(), class->paused_until))
        return 0;
    return taken < class->window.size ? class->window.size - taken : 0;
}

/* ---- answers ---- */

static void answer(struct write_class *class, struct write *write, const struct http_reply *reply)
{
    class->options.on_answer(class->options.ctx, write, reply);
    write_class_drop(class, write);
}

static void answer_not_sent(struct write_class *class, struct write *write)
{
    struct http_reply reply = {.failure = HTTP_FAILURE_STOPPED, .retry_after_seconds = -1};
    (void)err_set(&reply.err, ECANCELED, "not sent: %s", write->why_refused);
    answer(class, write, &reply);
}

static int64_t retry_delay_ms(const struct http_reply *reply)
{
    int64_t delay_ms = (int64_t)reply->retry_after_seconds * 1000;
    return reply->status == 429 && delay_ms <= 0 ? WRITE_DEFAULT_RETRY_S * 1000 : delay_ms;
}

/* Others of the class are under way: whether the server takes writes, they will say. */
static bool is_for_one(const struct write_class *class, const struct http_reply *reply)
{
    return reply->status == 429 && class->in_flight > 0 && class->late_count < WRITE_LATE_MAX;
}

static void delay_write(struct write_class *class, struct write *write,
                        const struct http_reply *reply)
{
    write->not_before = mono_add(now_mono(), retry_delay_ms(reply));
    struct write **link = &class->late;
    while (*link && !mono_before(write->not_before, (*link)->not_before))
        link = &(*link)->next;
    write->next = *link;
    *link = write;
    class->late_count++;
    class->throttled++;
}

/* Those whose time has come go first, in their order. */
static void recall_late(struct write_class *class, struct mono_ms now)
{
    struct write *due = NULL;
    while (class->late && !mono_before(now, class->late->not_before)) {
        struct write *write = class->late;
        class->late = write->next;
        class->late_count--;
        write->next = due;
        due = write;
    }
    while (due) {
        struct write *write = due;
        due = write->next;
        queue_push(class, write);
    }
}

static void pause_class(struct write_class *class, const struct http_reply *reply)
{
    struct mono_ms now = now_mono();
    int64_t delay_ms = retry_delay_ms(reply);
    if (reply->status == 429 || reply->status >= 500)
        class->throttled++;
    if (delay_ms <= 0 && mono_before(now, class->paused_until))
        return; /* sent before the pause: the same trouble, not one more */
    if (delay_ms <= 0)
        delay_ms = backoff_next_ms(&class->backoff, now, &class->rng);
    struct mono_ms until = mono_add(now, delay_ms);
    if (!mono_before(class->paused_until, until))
        return;
    class->paused_until = until;
    char wait_text[24], status_text[24];
    log_info(class->options.log, 2, "Writes pause", {"class", class->options.name},
             {"status", log_number(reply->status, status_text)}, {"reason", reply->err.text},
             {"waitMs", log_number(delay_ms, wait_text)});
}

/* For an operator to mend, and the log may be all that tells of it: conditions and events are
 * refused in the same way. */
static void complain(struct write_class *class, const struct http_reply *reply)
{
    bool is_for_operator = reply->status == 401 || reply->status == 403;
    if (reply->failure != HTTP_FAILURE_NONE || !is_for_operator)
        return;
    struct mono_ms now = now_mono();
    if (mono_before(now, class->silent_until))
        return;
    class->silent_until = mono_add(now, WRITE_COMPLAINT_EVERY_MS);
    char status_text[24];
    struct refusal refusal;
    refusal_read(reply->status, reply->body, &refusal);
    log_error(class->options.log,
              reply->status == 403
                  ? "The apiserver refuses a write: grant this user what it names, as "
                    "manifests/rbac.yaml does"
                  : "The apiserver refuses our credentials: renew the token or the client "
                    "certificate",
              {"class", class->options.name}, {"status", log_number(reply->status, status_text)},
              {"reason", refusal.message});
}

/* 408 and 5xx: the server or what is behind it did not come to it. What we ended ourselves says
 * nothing. */
static void learn(struct write_class *class, const struct http_reply *reply)
{
    if (reply->failure == HTTP_FAILURE_STOPPED)
        return;
    const struct write_answer seen = {
        .sent_at = reply->sent_at,
        .now = now_mono(),
        .is_overload = reply->failure != HTTP_FAILURE_NONE || reply->status == 408 ||
                       reply->status == 429 || reply->status >= 500,
        .is_throttled = reply->status == 429,
        .was_used = 2 * class->in_flight >= class->window.size,
    };
    write_window_answered(&class->window, &seen);
}

static void on_done(void *ctx, const struct http_reply *reply)
{
    struct write *write = ctx;
    struct write_class *class = write->class;
    CHECK(class->in_flight > 0);
    learn(class, reply);
    class->in_flight--;
    write->is_in_flight = false;
    enum write_next next = WRITE_FINISH;
    if (!class->is_closing)
        next = write_decide(write->kind, reply, write->tries, write->was_refused);
    if (next == WRITE_FINISH)
        complain(class, reply);
    write->was_refused |= next == WRITE_AGAIN;
    write->is_first = next != WRITE_FINISH;
    bool is_late = next == WRITE_LATER && !write->is_moot && is_for_one(class, reply);
    if (next == WRITE_LATER && !is_late)
        pause_class(class, reply);
    if (next == WRITE_FINISH || write->is_moot)
        answer(class, write, reply);
    else if (is_late)
        delay_write(class, write, reply);
    else
        queue_push(class, write);
    write_class_pump(class);
}

/* ---- sending ---- */

static void send_write(struct write_class *class, struct write *write)
{
    CHECK(class->in_flight < class->options.window); /* I22 */
    write->tries++;
    write->is_under_way = write->is_in_flight = true;
    class->in_flight++;
    class->sent++;
    const struct http_options options = {
        .method = write->method,
        .path = write->text.data,
        .body = {write->text.data + write->body_at, write->text.len - write->body_at},
        .content_type = write->content_type,
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = write,
        .on_done = on_done,
    };
    (void)http_call_start(class->client, &options);
}

static void send_all(struct write_class *class)
{
    const struct write_class_options *options = &class->options;
    while (class->head && class->in_flight < class->window.size &&
           (!options->may_send || options->may_send(options->ctx))) {
        struct write *write = queue_pop(class);
        if (write->is_moot)
            write_class_refuse(class, write, "its pod is being bound");
        else
            send_write(class, write);
    }
}

void write_class_pump(struct write_class *class)
{
    if (class->is_closing)
        return;
    struct mono_ms now = now_mono();
    struct mono_ms due = class->paused_until;
    if (!mono_before(now, class->paused_until)) {
        recall_late(class, now);
        send_all(class);
        due = class->late ? class->late->not_before : MONO_NEVER;
    }
    if (class->refused)
        due = now;
    if (mono_before(due, MONO_NEVER)) {
        int64_t delay_ms = mono_since(due, now);
        CHECK(uv_timer_start(&class->timer, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0) ==
              0);
    }
}

void write_class_put(struct write_class *class, struct write *write)
{
    const char *why = class->is_closing                            ? "shutting down"
                      : buf_overflowed(&write->text)               ? "the request is too large"
                      : class->waiting >= class->options.queue_max ? "too many requests are waiting"
                                                                   : NULL;
    if (why) {
        write_class_refuse(class, write, why);
        return;
    }
    queue_push(class, write);
    write_class_pump(class);
}

void write_class_refuse(struct write_class *class, struct write *write, const char *why)
{
    write->why_refused = why;
    write->next = class->refused;
    class->refused = write;
    if (!class->is_closing)
        CHECK(uv_timer_start(&class->timer, on_timer, 0, 0) == 0);
}

static void answer_refused(struct write_class *class)
{
    while (class->refused) {
        struct write *write = class->refused;
        class->refused = write->next;
        answer_not_sent(class, write);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct write_class *class = timer->data;
    answer_refused(class);
    write_class_pump(class);
}

/* ---- the end ---- */

static void part_closed(struct write_class *class)
{
    if (--class->open_count > 0)
        return;
    answer_refused(class);
    while (class->pool) {
        struct write *write = class->pool;
        class->pool = write->next;
        write_free(write);
    }
    if (class->on_closed)
        class->on_closed(class->closed_ctx);
}

static void on_client_closed(void *ctx)
{
    part_closed(ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void write_class_close(struct write_class *class, void (*on_closed)(void *ctx), void *ctx)
{
    CHECK(!class->is_closing);
    class->is_closing = true;
    class->on_closed = on_closed;
    class->closed_ctx = ctx;
    class->open_count = 2;
    while (class->late) {
        struct write *write = class->late;
        class->late = write->next;
        write_class_refuse(class, write, "shutting down");
    }
    while (class->head)
        write_class_refuse(class, queue_pop(class), "shutting down");
    http_client_close(class->client, on_client_closed, class);
    uv_close((uv_handle_t *)&class->timer, on_timer_closed);
}
