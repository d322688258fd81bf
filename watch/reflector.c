/*
 * The requests of a reflector: one at a time, begun by its timer, ended by the server, by the
 * network or by the watchdog. How an end is answered is decided in reflector_rule.c.
 */
#include "watch/reflector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "watch/reflector_private.h"
#include "watch/url.h"

static void on_timer(uv_timer_t *timer);
static void on_done(void *ctx, const struct http_reply *reply);

/* ---- life ---- */

static void schedule(struct reflector *reflector, int64_t delay_ms)
{
    CHECK(!reflector->call.http && delay_ms >= 0);
    CHECK(uv_timer_start(&reflector->timer, on_timer, (uint64_t)delay_ms, 0) == 0);
}

struct reflector *reflector_start(const struct reflector_options *options)
{
    CHECK(options->path && options->path[0] == '/' && options->on_event && options->on_trouble);
    struct reflector *reflector = mem_zalloc(1, sizeof *reflector);
    reflector->options = *options;
    reflector->path = mem_strdup(options->path);
    reflector->field_selector = mem_strdup(options->field_selector ? options->field_selector : "");
    reflector->resource = strrchr(reflector->path, '/') + 1;
    reflector->options.path = reflector->options.field_selector = NULL;
    reflector->no_streaming = options->no_streaming_list;
    reflector->phase = options->no_streaming_list ? REFLECTOR_PAGING : REFLECTOR_STREAMING;
    buf_init(&reflector->rv, REFLECTOR_RV_BYTES_MAX);
    buf_init(&reflector->continue_token, REFLECTOR_TOKEN_BYTES_MAX);
    reflector->relist_at = MONO_NEVER;
    backoff_init(&reflector->backoff, options->backoff_base_ms, 0);
    rng_init(&reflector->rng, options->seed);
    reflector_feed_open(reflector);
    CHECK(uv_timer_init(options->loop, &reflector->timer) == 0);
    reflector->timer.data = reflector;
    schedule(reflector, 0);
    return reflector;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct reflector *reflector = handle->data;
    void (*on_stopped)(void *ctx) = reflector->on_stopped;
    void *ctx = reflector->stopped_ctx;
    reflector_feed_close(reflector);
    buf_fini(&reflector->rv);
    buf_fini(&reflector->continue_token);
    free(reflector->path);
    free(reflector->field_selector);
    free(reflector);
    if (on_stopped)
        on_stopped(ctx);
}

static void close_timer(struct reflector *reflector)
{
    uv_close((uv_handle_t *)&reflector->timer, on_timer_closed);
}

void reflector_stop(struct reflector *reflector, void (*on_stopped)(void *ctx), void *ctx)
{
    CHECK(!reflector->is_stopping);
    reflector->is_stopping = true;
    reflector->on_stopped = on_stopped;
    reflector->stopped_ctx = ctx;
    (void)uv_timer_stop(&reflector->timer);
    if (reflector->call.http)
        http_call_stop(reflector->call.http); /* its on_done closes the timer */
    else
        close_timer(reflector);
}

bool reflector_is_synced(const struct reflector *reflector)
{
    return reflector->is_synced;
}

struct reflector_stats reflector_stats(const struct reflector *reflector)
{
    return reflector->stats;
}

/* ---- one request ---- */

static struct mono_ms loop_now(const struct reflector *reflector)
{
    return (struct mono_ms){(int64_t)uv_now(reflector->options.loop)};
}

/* The version a list asks for: at least the last one seen, so that the view never goes back. */
static void query_list(const struct reflector *reflector, struct reflector_query *query)
{
    if (reflector->continue_token.len > 0) { /* the token says it all */
        query->continue_token = buf_str(&reflector->continue_token);
        query->limit = REFLECTOR_PAGE_SIZE;
        return;
    }
    bool is_first = reflector->rv.len == 0;
    if (!reflector->forgets_rv)
        query->rv = is_first ? STR("0") : buf_str(&reflector->rv);
    /* With a version and no limit the watch cache answers, and not the store (pager.go). */
    bool is_cached = query->rv.len > 0 && !is_first && !reflector->pages_from_store;
    query->limit = reflector->is_full_list || is_cached ? 0 : REFLECTOR_PAGE_SIZE;
}

static void build_url(struct reflector *reflector, struct buf *url, bool *ret_named_rv)
{
    struct reflector_query query = {
        .phase = reflector->phase,
        .field_selector = str_from(reflector->field_selector),
    };
    if (reflector->phase == REFLECTOR_PAGING) {
        query_list(reflector, &query);
    } else {
        if (reflector->phase == REFLECTOR_WATCHING || !reflector->forgets_rv)
            query.rv = buf_str(&reflector->rv);
        query.timeout_seconds = reflector_timeout_seconds(&reflector->rng);
    }
    reflector_url(url, str_from(reflector->path), &query);
    *ret_named_rv = query.rv.len > 0 && !str_is(query.rv, "0");
}

static void begin(struct reflector *reflector)
{
    CHECK(reflector->phase != REFLECTOR_WATCHING || reflector->rv.len > 0);
    bool is_later_page = reflector->phase == REFLECTOR_PAGING && reflector->continue_token.len > 0;
    if (reflector->phase != REFLECTOR_WATCHING && !is_later_page)
        reflector_emit_list_begin(reflector);
    if (reflector->is_stopping) /* from inside on_event */
        return;

    struct mono_ms now = loop_now(reflector);
    reflector->call = (struct reflector_call){
        .started_at = now,
        .last_byte_at = now,
        .end = {.phase = reflector->phase, .is_later_page = is_later_page},
        .retry_after_seconds = -1,
    };
    struct buf url;
    buf_init(&url, URL_BYTES_MAX);
    build_url(reflector, &url, &reflector->call.end.named_rv);
    CHECK(!buf_overflowed(&url)); /* its parts are bounded */
    reflector_feed_begin(reflector);
    if (reflector->phase == REFLECTOR_PAGING)
        reflector->stats.pages++;
    else
        reflector->stats.watches++;
    reflector->call.http =
        http_call_start(reflector->options.client, &(struct http_options){
                                                       .method = "GET",
                                                       .path = url.data,
                                                       .ctx = reflector,
                                                       .on_bytes = reflector_feed_bytes,
                                                       .on_done = on_done,
                                                   });
    buf_fini(&url);
    reflector_watchdog_start(reflector);
}

/* ---- the watchdog: silence on a link that may be dead ---- */

static int64_t idle_limit_ms(const struct reflector *reflector)
{
    const struct reflector_options *options = &reflector->options;
    switch (reflector->phase) {
    case REFLECTOR_STREAMING:
        return options->stream_idle_ms > 0 ? options->stream_idle_ms : REFLECTOR_STREAM_IDLE_MS;
    case REFLECTOR_PAGING:
        return options->list_idle_ms > 0 ? options->list_idle_ms : REFLECTOR_LIST_IDLE_MS;
    case REFLECTOR_WATCHING:
        break;
    }
    return options->watch_idle_ms > 0 ? options->watch_idle_ms : REFLECTOR_WATCH_IDLE_MS;
}

/* How long the streamed list may still take; of other requests only silence counts. */
static int64_t stream_left_ms(const struct reflector *reflector)
{
    const struct reflector_options *options = &reflector->options;
    int64_t limit_ms =
        options->stream_limit_ms > 0 ? options->stream_limit_ms : REFLECTOR_STREAM_LIMIT_MS;
    if (reflector->phase != REFLECTOR_STREAMING)
        return INT64_MAX;
    return limit_ms - mono_since(loop_now(reflector), reflector->call.started_at);
}

static int64_t silence_left_ms(const struct reflector *reflector)
{
    return idle_limit_ms(reflector) - mono_since(loop_now(reflector), reflector->call.last_byte_at);
}

void reflector_watchdog_start(struct reflector *reflector)
{
    int64_t left_ms = silence_left_ms(reflector), stream_ms = stream_left_ms(reflector);
    if (stream_ms < left_ms)
        left_ms = stream_ms;
    CHECK(uv_timer_start(&reflector->timer, on_timer, left_ms > 0 ? (uint64_t)left_ms : 0, 0) == 0);
}

static void watchdog(struct reflector *reflector)
{
    enum { GRACE_MS = 100 }; /* a loop that was busy reads its sockets after its timers */
    struct reflector_call *call = &reflector->call;
    if (stream_left_ms(reflector) <= 0) {
        call->end.is_endless = true;
    } else if (silence_left_ms(reflector) > 0) {
        reflector_watchdog_start(reflector);
        return;
    } else if (!call->is_overdue) {
        call->is_overdue = true;
        CHECK(uv_timer_start(&reflector->timer, on_timer, GRACE_MS, 0) == 0);
        return;
    } else {
        call->end.is_idle = true;
        reflector->stats.idle_timeouts++;
    }
    http_call_stop(call->http);
}

static void on_timer(uv_timer_t *timer)
{
    struct reflector *reflector = timer->data;
    if (reflector->call.http)
        watchdog(reflector);
    else
        begin(reflector);
}

/* ---- how it ended ---- */

/* Words for people: what happened, and for an operator's troubles also how to mend it. */
static void describe_end(const struct reflector *reflector, const struct http_reply *reply,
                         const struct refusal *refusal, struct err *ret_err)
{
    const struct reflector_end *end = &reflector->call.end;
    const char *verb = reflector_verb(end->phase), *what = reflector->resource;
    if (end->is_idle)
        (void)err_set(ret_err, ETIMEDOUT, "%s of %s: no byte for %lld ms", verb, what,
                      (long long)idle_limit_ms(reflector));
    else if (end->is_endless)
        (void)err_set(ret_err, EBADMSG,
                      "%s of %s: the list's end did not come (no bookmark "
                      "k8s.io/initial-events-end)",
                      verb, what);
    else if (end->is_rv_ahead)
        (void)err_set(ret_err, ESTALE, "%s of %s: the server has gone back behind version %s", verb,
                      what, reflector->rv.data);
    else if (end->is_corrupt)
        (void)err_set(ret_err, EBADMSG, "%s of %s: %s", verb, what,
                      reflector->call.corrupt_err.text);
    else if (end->error_code != 0)
        (void)err_set(ret_err, EREMOTEIO, "%s of %s: the stream ended with code %d: %s", verb, what,
                      (int)end->error_code, reflector->call.error_text);
    else if (end->failure != HTTP_FAILURE_NONE)
        (void)err_set(ret_err, reply->err.code != 0 ? reply->err.code : EIO, "%s of %s: %s", verb,
                      what, reply->err.text);
    else if (end->status == 401)
        (void)err_set(ret_err, EPERM,
                      "the apiserver does not accept our credentials (401 on %s of %s: %s): renew "
                      "the token or the client certificate of the kubeconfig",
                      verb, what, refusal->message);
    else if (end->status == 403)
        (void)err_set(ret_err, EACCES,
                      "spillway may not %s %s: %s: grant list and watch on %s at the cluster scope "
                      "to this user, as manifests/rbac.yaml does",
                      verb, what, refusal->message, what);
    else if (end->status == 404)
        (void)err_set(ret_err, ENOENT,
                      "%s of %s: 404 for %s: %s: check that the server of the kubeconfig is a "
                      "Kubernetes apiserver",
                      verb, what, reflector->path, refusal->message);
    else
        (void)err_set(ret_err, EREMOTEIO, "%s of %s: HTTP %d: %s", verb, what, (int)end->status,
                      end->status == 200 ? "ended early" : refusal->message);
}

static int64_t step_delay_ms(struct reflector *reflector, const struct reflector_step *step,
                             int32_t retry_after_seconds)
{
    if (!step->backs_off)
        return 0;
    int64_t delay_ms = backoff_next_ms(&reflector->backoff, loop_now(reflector), &reflector->rng);
    int64_t asked_ms = (int64_t)retry_after_seconds * 1000;
    return asked_ms > delay_ms ? asked_ms : delay_ms;
}

static void take_step(struct reflector *reflector, const struct reflector_step *step)
{
    static const enum reflector_phase phases[] = {
        [NEXT_STREAM] = REFLECTOR_STREAMING,
        [NEXT_LIST] = REFLECTOR_PAGING,
        [NEXT_FULL_LIST] = REFLECTOR_PAGING,
        [NEXT_WATCH] = REFLECTOR_WATCHING,
    };
    reflector->no_streaming |= step->gives_up_streaming;
    reflector->forgets_rv |= step->forgets_rv;
    reflector->is_full_list = step->next == NEXT_FULL_LIST;
    buf_clear(&reflector->continue_token);
    reflector->phase = phases[step->next];
    if (reflector->phase == REFLECTOR_STREAMING && reflector->no_streaming)
        reflector->phase = REFLECTOR_PAGING;
}

static void count_end(struct reflector *reflector)
{
    struct reflector_end *end = &reflector->call.end;
    bool is_calm = reflector_end_is_calm(end);
    bool is_expired = end->status == 410 || end->error_code == 410;
    if (is_calm || reflector->call.has_progress)
        reflector->failures = reflector->expiries = 0;
    reflector->stats.errors_410 += is_expired;
    reflector->expiries += is_expired;
    reflector->failures += !is_calm;
    end->failures = reflector->failures;
    end->expiries = reflector->expiries;
}

static void report_end(struct reflector *reflector, const struct reflector_step *step,
                       const struct err *err, int64_t delay_ms)
{
    char delay_text[24], status_text[24];
    const struct log *log = reflector->options.log;
    if (step->is_trouble)
        reflector->options.on_trouble(reflector->options.ctx, err);
    else if (reflector_end_is_calm(&reflector->call.end))
        log_info(log, 4, "Watch ended", {"resource", reflector->resource});
    else
        log_info(log, step->backs_off ? 0 : 2, "Watch or list broken off, going on",
                 {"resource", reflector->resource}, {"reason", err->text},
                 {"status", log_number(reflector->call.end.status, status_text)},
                 {"waitMs", log_number(delay_ms, delay_text)});
}

static void finish_badly(struct reflector *reflector, const struct http_reply *reply)
{
    struct reflector_end *end = &reflector->call.end;
    struct refusal refusal = {.retry_after_seconds = -1};
    if (reply->status >= 300) {
        refusal_read(reply->status, reply->body, &refusal);
        end->is_rv_too_large = refusal.is_rv_too_large;
    }
    int64_t lasted_ms = mono_since(loop_now(reflector), reflector->call.started_at);
    end->is_short = !reflector->call.has_events && lasted_ms < REFLECTOR_SHORT_WATCH_MS;
    count_end(reflector);

    struct err err = {0};
    describe_end(reflector, reply, &refusal, &err);
    struct reflector_step step = reflector_decide(end);
    if (reflector_end_is_calm(end) && !mono_before(loop_now(reflector), reflector->relist_at))
        step = (struct reflector_step){.next = NEXT_STREAM, .forgets_rv = true};
    int32_t retry_after = reply->retry_after_seconds;
    if (refusal.retry_after_seconds > retry_after)
        retry_after = refusal.retry_after_seconds;
    if (reflector->call.retry_after_seconds > retry_after)
        retry_after = reflector->call.retry_after_seconds;
    int64_t delay_ms = step_delay_ms(reflector, &step, retry_after);
    report_end(reflector, &step, &err, delay_ms);
    if (reflector->is_stopping) { /* from inside on_trouble */
        return;
    }
    take_step(reflector, &step);
    schedule(reflector, delay_ms);
}

/* Whether the page says how to go on; if not, the call is marked. */
static bool page_is_usable(struct reflector *reflector)
{
    struct decode_list_meta meta = decoder_list_meta(reflector->list_decoder);
    struct err err = {0};
    if (meta.resource_version.len == 0 || meta.resource_version.len > REFLECTOR_RV_BYTES_MAX)
        (void)err_set(&err, EBADMSG,
                      "a list whose metadata.resourceVersion is missing or too long");
    else if (meta.continue_token.len > REFLECTOR_TOKEN_BYTES_MAX)
        (void)err_set(&err, EBADMSG, "a list whose metadata.continue is over %d bytes",
                      REFLECTOR_TOKEN_BYTES_MAX);
    else
        return true;
    reflector_note_corrupt(reflector, &err);
    return false;
}

/* A page is whole: the next one, or the list is done. */
static void finish_page(struct reflector *reflector)
{
    struct decode_list_meta meta = decoder_list_meta(reflector->list_decoder);
    bool was_later_page = reflector->continue_token.len > 0;
    buf_clear(&reflector->continue_token);
    if (meta.continue_token.len > 0) {
        if (!was_later_page && reflector->rv.len == 0 && !reflector->forgets_rv)
            reflector->pages_from_store = true;
        CHECK(
            buf_add(&reflector->continue_token, meta.continue_token.ptr, meta.continue_token.len));
        schedule(reflector, 0);
        return;
    }
    reflector->is_full_list = false;
    reflector->call.is_feeding = true;
    reflector_list_done(reflector, meta.resource_version);
    reflector->call.is_feeding = false;
    if (!reflector->is_stopping)
        schedule(reflector, 0);
}

/* The server does not have the kind: nothing is listed, and it may be installed any time. */
static void finish_absent(struct reflector *reflector)
{
    if (!reflector->is_absent)
        log_info(reflector->options.log, 0, "Not installed on this server, going on without",
                 {"path", reflector->path});
    /* Empty is a list that names nothing: one of its own, where this was a watch or a later page.
     */
    bool had_list = reflector->phase == REFLECTOR_WATCHING || reflector->call.end.is_later_page;
    reflector->is_absent = reflector->is_synced = true;
    reflector->failures = 0;
    buf_clear(&reflector->rv);
    buf_clear(&reflector->continue_token);
    reflector->phase = reflector->no_streaming ? REFLECTOR_PAGING : REFLECTOR_STREAMING;
    if (!had_list)
        reflector_emit_list_end(reflector);
    if (reflector->is_stopping)
        return;
    int64_t absent_ms = reflector->options.absent_ms;
    schedule(reflector, had_list ? 0 : absent_ms > 0 ? absent_ms : REFLECTOR_ABSENT_MS);
}

static void on_done(void *ctx, const struct http_reply *reply)
{
    struct reflector *reflector = ctx;
    struct reflector_end *end = &reflector->call.end;
    reflector->call.http = NULL;
    (void)uv_timer_stop(&reflector->timer);
    if (reflector->is_stopping) {
        close_timer(reflector);
        return;
    }
    end->status = reply->status;
    end->failure = reply->failure;
    bool is_whole = reply->status == 200 && reply->failure == HTTP_FAILURE_NONE;
    if (is_whole && end->error_code == 0)
        reflector_feed_end(reflector);
    if (is_whole && reflector->phase == REFLECTOR_PAGING && !end->is_corrupt &&
        page_is_usable(reflector))
        finish_page(reflector);
    else if (reflector->options.is_optional && reply->status == 404)
        finish_absent(reflector);
    else
        finish_badly(reflector, reply);
}
