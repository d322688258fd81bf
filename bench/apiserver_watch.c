/*
 * Watches. Each has a source that is read as the client takes bytes: first the initial objects (if
 * any), then the initial bookmark, then the queue of events. An event is rendered once and its
 * bytes are shared by all watchers that see it in the same way.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/apiserver_watch.h"
#include "bench/json_scan.h"
#include "bench/object_build.h"
#include "model/base/mem.h"

static void item_fini(struct watch_item *item)
{
    blob_unref(item->line);
    object_unref(item->object);
}

static void watch_unlist(struct watch *watch)
{
    if (!watch->registered)
        return;
    watch->registered = false;
    watch->server->counts.watches_now--;
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        watch->server->watches[watch->kind->id] = watch->next;
    if (watch->next)
        watch->next->previous = watch->previous;
}

static void watch_free(struct body *body)
{
    struct watch *watch = container_of(body, struct watch, body);
    watch_unlist(watch);
    for (; watch->count > 0; watch->count--) {
        item_fini(&watch->items[watch->head]);
        watch->head = (watch->head + 1) % watch->capacity;
    }
    for (size_t i = watch->initial_at; i < watch->initial_count; i++)
        object_unref(watch->initial[i]);
    free(watch->initial);
    free(watch->items);
    free(watch->ns);
    blob_unref(watch->line);
    selector_free(watch->selector);
    free(watch);
}

/* ---- sending ---- */

/* How the stream or its connection ends behind a first event. */
static void break_off(struct watch *watch)
{
    if (watch->spoil == FAULT_DO_CUT)
        h2_cut(watch->stream);
    else if (watch->spoil == FAULT_DO_RESET_AFTER)
        h2_reset(watch->stream);
    else if (watch->spoil == FAULT_DO_DROP_AFTER)
        h2_drop(watch->stream);
    else
        return;
    watch->server->counts.events_spoilt++;
    watch->spoil = FAULT_DO_STATUS;
}

/* The next line to send, or NULL when there is none now. */
static struct blob *next_line(struct watch *watch)
{
    if (watch->initial_at < watch->initial_count) {
        struct object *object = watch->initial[watch->initial_at++];
        struct blob *line = watch_render(watch, CHANGE_ADDED, object);
        object_unref(object);
        return line;
    }
    if (watch->initial_mark) {
        watch->initial_mark = false;
        bool is_missing =
            watch->spoil == FAULT_DO_NO_BOOKMARK || watch->spoil == FAULT_DO_NO_LIST_END;
        watch->server->counts.events_spoilt += is_missing;
        if (!is_missing)
            return watch_render_bookmark(watch, watch->initial_rv, true);
    }
    if (watch->count == 0)
        return NULL;
    struct watch_item item = watch->items[watch->head];
    watch->head = (watch->head + 1) % watch->capacity;
    watch->count--;
    if (!item.line)
        item.line = watch_render(watch, item.change, item.object);
    object_unref(item.object);
    return item.line;
}

static size_t watch_read(struct h2_source *source, char *bytes, size_t size, bool *ret_end)
{
    struct watch *watch = container_of(source, struct watch, body.source);
    size_t used = 0;
    while (used < size) {
        if (!watch->line) {
            watch->line = next_line(watch);
            watch->sent = 0;
            if (!watch->line) {
                *ret_end = watch->ending;
                break;
            }
            watch->line = watch_spoil_line(watch, watch->line);
            watch->server->counts.watch_events++;
            break_off(watch);
        }
        size_t rest = watch->line->len - watch->sent;
        if (watch->spoil == FAULT_DO_TRUNCATE && watch->sent == 0)
            rest /= 2;
        if (rest > size - used)
            rest = size - used;
        memcpy(bytes + used, watch->line->data + watch->sent, rest);
        if (watch->spoil == FAULT_DO_CORRUPT)
            bytes[used + rest / 2] = '\x01';
        watch->sent += rest;
        used += rest;
        if (watch->spoil == FAULT_DO_TRUNCATE) {
            *ret_end = true;
            break;
        }
        if (watch->sent == watch->line->len) {
            blob_unref(watch->line);
            watch->line = NULL;
        }
    }
    return used;
}

static void watch_end(struct watch *watch)
{
    watch_unlist(watch);
    watch->ending = true;
    h2_resume(watch->stream);
}

void watch_end_all(struct apiserver *server)
{
    for (size_t kind = 0; kind < KIND_COUNT; kind++)
        while (server->watches[kind])
            watch_end(server->watches[kind]);
}

/* Takes over the references. */
static void watch_put(struct watch *watch, struct watch_item owned_item)
{
    if (watch->count >= watch->server->options.watch_queue_events) {
        /* a watcher that does not read is closed, as kube does */
        item_fini(&owned_item);
        watch->server->counts.slow_watches += !watch->ending;
        watch_end(watch);
        return;
    }
    if (watch->count == watch->capacity) {
        size_t capacity = mem_grow(watch->capacity, watch->count + 1);
        struct watch_item *items = mem_zalloc(capacity, sizeof(*items));
        for (size_t i = 0; i < watch->count; i++)
            items[i] = watch->items[(watch->head + i) % watch->capacity];
        free(watch->items);
        watch->items = items;
        watch->capacity = capacity;
        watch->head = 0;
    }
    watch->items[(watch->head + watch->count++) % watch->capacity] = owned_item;
    h2_resume(watch->stream);
}

/* Takes over the references. */
static void watch_push(struct watch *watch, struct watch_item owned_item)
{
    struct apiserver_counts *counts = &watch->server->counts;
    watch->seen++;
    if (watch->spoil == FAULT_DO_LOSE_EVENTS && watch->seen % 3 == 0) {
        counts->events_spoilt++;
        item_fini(&owned_item);
        return;
    }
    if (watch->spoil == FAULT_DO_DOUBLE_EVENTS) {
        struct watch_item twin = owned_item;
        twin.line = owned_item.line ? blob_ref(owned_item.line) : NULL;
        twin.object = owned_item.object ? object_ref(owned_item.object) : NULL;
        counts->events_spoilt++;
        watch_put(watch, twin);
    }
    watch_put(watch, owned_item);
}

static void push_bookmark(struct watch *watch)
{
    watch->bookmark_ms =
        (int64_t)uv_now(watch->server->loop) + watch->server->options.bookmark_every_ms;
    if (!watch->bookmarks || watch->spoil == FAULT_DO_NO_BOOKMARK || !watch->registered)
        return;
    bool is_old = watch->spoil == FAULT_DO_OLD_BOOKMARK;
    int64_t rv = is_old ? 1 : store_rv(watch->server->store);
    watch->server->counts.events_spoilt += is_old;
    watch_put(watch, (struct watch_item){.line = watch_render_bookmark(watch, rv, false)});
}

/* ---- events ---- */

static bool in_scope(const struct watch *watch, const struct object *object)
{
    return (!watch->ns[0] || strcmp(watch->ns, object->ident->ns) == 0) &&
           selector_matches(watch->selector, object);
}

/* How a watcher sees an event: an object that leaves its selection is deleted for it. False: not at
 * all. *ret_before says that the version before is shown, with the event's resource version. */
static bool seen_as(const struct watch *watch, const struct store_event *event,
                    enum store_change *ret_change, bool *ret_before)
{
    bool now = event->change != CHANGE_DELETED && in_scope(watch, event->object);
    bool then = event->before && in_scope(watch, event->before);
    *ret_before = then && !now && event->change != CHANGE_DELETED;
    *ret_change = !now ? CHANGE_DELETED : then ? CHANGE_MODIFIED : CHANGE_ADDED;
    return now || then;
}

/* The object to show. A reference, yours. */
static struct object *shown_object(const struct store_event *event, bool before)
{
    if (!before)
        return object_ref(event->object);
    struct object *copy = object_copy(event->before);
    copy->rv = event->object->rv;
    return copy;
}

void watch_dispatch(struct apiserver *server, const struct store_event *event)
{
    struct blob *lines[3][2][2] = {{{NULL}}}; /* change, alt form, before */
    struct watch *next;
    for (struct watch *watch = server->watches[event->object->kind->id]; watch; watch = next) {
        enum store_change change;
        bool before;
        next = watch->next;
        if (event->object->rv <= watch->after_rv || !seen_as(watch, event, &change, &before))
            continue;
        if (change == CHANGE_DELETED && watch->spoil == FAULT_DO_OLD_DELETE_RV) {
            server->counts.events_spoilt++;
            watch_push(watch,
                       (struct watch_item){.object = object_ref(event->before), .change = change});
            continue;
        }
        struct object *object = shown_object(event, before);
        if (watch->table) {
            watch_push(watch, (struct watch_item){.object = object, .change = change});
            continue;
        }
        struct blob **line = &lines[change][watch->alt_form][before];
        if (!*line)
            *line = watch_render_plain(server, change, object, watch->alt_form);
        object_unref(object);
        watch_push(watch, (struct watch_item){.line = blob_ref(*line)});
    }
    struct blob **all = &lines[0][0][0];
    for (size_t i = 0; i < sizeof(lines) / sizeof(struct blob *); i++)
        blob_unref(all[i]);
}

void watch_end_kind(struct apiserver *server, const struct kind *kind)
{
    while (server->watches[kind->id])
        watch_end(server->watches[kind->id]);
}

void watch_tick(struct apiserver *server)
{
    int64_t now_ms = (int64_t)uv_now(server->loop);
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        struct watch *next;
        for (struct watch *watch = server->watches[kind]; watch; watch = next) {
            next = watch->next;
            if (now_ms >= watch->deadline_ms) {
                push_bookmark(watch); /* kube sends one shortly before the end */
                watch_end(watch);
            } else if (now_ms >= watch->bookmark_ms) {
                push_bookmark(watch);
            }
        }
    }
}

/* ---- opening ---- */

static bool check_options(const struct call *call, struct api_status *ret_status)
{
    bool streaming = call_param(call, "sendInitialEvents").len > 0;
    struct str match = call_param(call, "resourceVersionMatch");
    struct str rv = call_param(call, "resourceVersion");
    const char *why = NULL;
    if (rv.len > 0 && json_int(rv, -1) < 0)
        return api_bad_request(ret_status, "Invalid value: \"" STR_FMT "\": strconv.ParseUint",
                               STR_ARG(rv));
    if (streaming && call->fault && call->fault->act == FAULT_DO_NO_STREAMING)
        why = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the "
              "WatchList feature gate is enabled";
    else if (streaming && !str_is(match, "NotOlderThan"))
        why = "resourceVersionMatch: Forbidden: sendInitialEvents requires setting "
              "resourceVersionMatch to NotOlderThan";
    else if (!streaming && match.len > 0)
        why = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless "
              "sendInitialEvents is provided";
    else if (streaming && !call_flag(call, "allowWatchBookmarks"))
        why = "allowWatchBookmarks: Forbidden: sendInitialEvents requires allowWatchBookmarks";
    if (!why)
        return true;
    return api_refuse(ret_status, 422, "Invalid", "ListOptions.meta.k8s.io \"\" is invalid: %s",
                      why);
}

static void push_error(struct watch *watch, const struct api_status *status)
{
    struct buf *out = &watch->server->scratch;
    buf_clear(out);
    (void)buf_add_str(out, "{\"type\":\"ERROR\",\"object\":");
    api_status_render(status, out);
    (void)buf_add_str(out, "}\n");
    watch_push(watch, (struct watch_item){.line = blob_new(out->data, out->len)});
    watch->ending = true;
}

/* The events since `rv`, from the history; an ERROR event when they are forgotten. */
static void replay(struct watch *watch, int64_t rv)
{
    const struct store *store = watch->server->store;
    struct store_event event;
    if (rv < store_compacted_rv(store)) {
        struct api_status status;
        (void)api_expired(&status, "too old resource version: %lld (%lld)", (long long)rv,
                          (long long)store_compacted_rv(store) + 1);
        push_error(watch, &status);
        return;
    }
    for (; store_history_next(store, rv, &event); rv = event.object->rv) {
        enum store_change change;
        bool before;
        if (event.object->kind == watch->kind && seen_as(watch, &event, &change, &before))
            watch_push(watch, (struct watch_item){.object = shown_object(&event, before),
                                                  .change = change});
    }
}

/* All matching objects as they were at `rv`, and what happened since. */
static void take_initial(struct watch *watch, int64_t rv)
{
    size_t count;
    watch->initial = past_objects(watch->server, watch->kind->id, str_from(watch->ns), rv, &count);
    watch->initial_rv = watch->after_rv = rv;
    watch->server->counts.events_spoilt += rv < store_rv(watch->server->store);
    for (size_t i = 0; i < count; i++) {
        if (selector_matches(watch->selector, watch->initial[i]))
            watch->initial[watch->initial_count++] = watch->initial[i];
        else
            object_unref(watch->initial[i]);
    }
    replay(watch, rv); /* of a replica that was behind */
}

/* From a version that a restore took back nothing comes until it is reached again (k/k#118501). */
static void watch_from(struct watch *watch, int64_t rv)
{
    watch->after_rv = rv;
    replay(watch, rv);
}

/* Between 30 and 60 minutes when the client does not say, as kube's min-request-timeout. */
static int64_t timeout_ms(const struct call *call)
{
    int64_t asked_s = json_int(call_param(call, "timeoutSeconds"), 0);
    if (call->server->options.watch_life_ms > 0)
        return call->server->options.watch_life_ms;
    if (asked_s > 0 && asked_s < 86400)
        return asked_s * 1000;
    return 1800000 + (int64_t)(uv_hrtime() % 1800000);
}

static void watch_register(struct watch *watch)
{
    struct watch **list = &watch->server->watches[watch->kind->id];
    watch->next = *list;
    if (*list)
        (*list)->previous = watch;
    *list = watch;
    watch->registered = true;
    watch->server->counts.watches_now++;
}

static void watch_open(struct call *call, struct selector *owned_selector)
{
    struct apiserver *server = call->server;
    struct watch *watch = mem_zalloc(1, sizeof(*watch));
    struct str rv = call_param(call, "resourceVersion");
    bool streaming = call_flag(call, "sendInitialEvents");
    bool none = str_is(call_param(call, "sendInitialEvents"), "false");
    int64_t now_ms = (int64_t)uv_now(server->loop);
    watch->body.source.read = watch_read;
    watch->body.free = watch_free;
    watch->server = server;
    watch->stream = call->stream;
    watch->kind = call->kind;
    watch->ns = mem_strndup(call->ns.ptr ? call->ns.ptr : "", call->ns.len);
    watch->selector = owned_selector;
    watch->alt_form = call->alt_form;
    watch->table = call_wants_table(call) || (call->fault && call->fault->act == FAULT_DO_TABLE);
    watch->include =
        str_is(call_param(call, "includeObject"), "Object") ? INCLUDE_OBJECT : INCLUDE_METADATA;
    watch->bookmarks = call_flag(call, "allowWatchBookmarks");
    watch->initial_mark = streaming;
    watch->spoil = call->fault ? call->fault->act : FAULT_DO_STATUS;
    watch->deadline_ms = now_ms + timeout_ms(call);
    watch->bookmark_ms = now_ms + server->options.bookmark_every_ms;
    struct api_status gone;
    (void)api_expired(&gone, "too old resource version: injected");
    if (watch->spoil == FAULT_DO_WATCH_410 || watch->spoil == FAULT_DO_WATCH_CLOSE)
        watch->initial_mark = false;
    if (watch->spoil == FAULT_DO_WATCH_410)
        push_error(watch, &gone);
    else if (watch->spoil == FAULT_DO_WATCH_CLOSE)
        watch->ending = true;
    else if (streaming || (!none && (rv.len == 0 || str_is(rv, "0"))))
        take_initial(watch, past_rv(call));
    else
        watch_from(watch, none && rv.len == 0 ? store_rv(server->store) : json_int(rv, 0));
    if (!watch->ending)
        watch_register(watch);
    const struct h2_answer answer = {.code = 200, .content_type = "application/json"};
    call->stream->user = &watch->body;
    h2_respond_source(call->stream, &answer, &watch->body.source);
    if (watch->spoil == FAULT_DO_GOAWAY)
        h2_goaway(call->stream);
}

void watch_handle(struct call *call)
{
    struct api_status status;
    struct selector *selector = NULL;
    struct err err = {0};
    struct str fields = call_param(call, "fieldSelector");
    if (call->name.len > 0) { /* watch of one object by its path, as old clients do it */
        char *text = arena_alloc(&call->server->arena, call->name.len + 32);
        (void)snprintf(text, call->name.len + 32, "metadata.name=" STR_FMT, STR_ARG(call->name));
        fields = str_from(text);
    }
    int64_t wanted = json_int(call_param(call, "resourceVersion"), 0);
    if (check_options(call, &status) && call_flag(call, "sendInitialEvents") &&
        wanted > past_rv(call)) {
        answer_too_large(call, wanted);
    } else if (!check_options(call, &status)) {
        answer_status(call, &status);
    } else if (selector_parse(call_param(call, "labelSelector"), fields, call->kind, &selector,
                              &err) < 0) {
        (void)api_bad_request(&status, "%s", err.text);
        answer_status(call, &status);
    } else {
        watch_open(call, selector);
    }
}
