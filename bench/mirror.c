#include "bench/mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller_read.h"
#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "watch/reflector.h"

enum {
    LANES = 48, /* more requests at a time do not make an apiserver on two cores faster */
    SYNC_LIMIT_S = 120,
    PATH_BYTES = 1024,
    CONDITION_BYTES = 64 * 1024,
    SHOWN_BYTES = 200, /* of a refusal */
};

#define NAMESPACE "default"

/* One write, of the object as it is when its turn comes. */
struct write {
    struct write *next;
    bool is_delete;
    enum kind_id kind;
    char name[];
};

/* Writes of some objects, one under way at a time. */
struct lane {
    struct mirror *mirror;
    struct write *first, *last; /* owned; the first is under way when `call` is */
    struct http_call *call;
};

struct mirror {
    struct mirror_options options;
    struct store_subscriber subscriber;
    struct lane lanes[LANES];
    uint32_t backlog;
    struct err trouble;
    struct symbols *symbols;
    struct http_client *client; /* of the watch */
    struct reflector *reflector;
    uint32_t pods_before; /* that were there at the start */
    bool is_watched;      /* the watch has its first list */
    bool is_applying;     /* the store is changed for the apiserver */
    bool is_stopping;
    bool is_part_open;
};

/* ---- store to apiserver ---- */

static struct str namespace_of(enum kind_id kind)
{
    return kind_get(kind)->namespaced ? STR(NAMESPACE) : STR("");
}

static void write_path(struct buf *path, const struct write *write)
{
    const struct kind *kind = kind_get(write->kind);
    (void)buf_printf(path, "/%s/%s%s/%s", kind->group[0] ? "apis" : "api", kind->type,
                     kind->namespaced ? "/namespaces/" NAMESPACE : "", kind->plural);
    if (write->is_delete)
        (void)buf_printf(path, "/%s", write->name);
}

/* What the server sets itself is left out. */
static void write_body(const struct mirror *mirror, const struct object *object, struct buf *body)
{
    static const char *const set_by_server[] = {"uid", "resourceVersion", "creationTimestamp",
                                                "generation"};
    json_t *json = object_json(object, false);
    json_t *metadata = json_object_get(json, "metadata");
    for (size_t i = 0; i < ARRAY_LEN(set_by_server); i++)
        (void)json_object_del(metadata, set_by_server[i]);
    if (object->kind->id == KIND_POD)
        CHECK(json_object_set_new(json_object_get(json, "spec"), "schedulerName",
                                  json_string(mirror->options.scheduler)) == 0);
    char *text = json_dumps(json, JSON_COMPACT);
    CHECK(text);
    (void)buf_add_str(body, text);
    free(text);
    json_decref(json);
}

static void lane_go_on(struct lane *lane);

static void lane_drop_first(struct lane *lane)
{
    struct write *write = lane->first;
    lane->first = write->next;
    lane->mirror->backlog--;
    free(write);
}

static bool is_taken(const struct write *write, int32_t status)
{
    if (!write->is_delete)
        return status == 201;
    return status == 200 || status == 202 || status == 404; /* somebody else was faster */
}

static void on_written(void *ctx, const struct http_reply *reply)
{
    struct lane *lane = ctx;
    struct mirror *mirror = lane->mirror;
    const struct write *write = lane->first;
    lane->call = NULL;
    if (!is_taken(write, reply->status) && !mirror->is_stopping && mirror->trouble.code == 0) {
        int shown = reply->body.len < SHOWN_BYTES ? (int)reply->body.len : SHOWN_BYTES;
        bool has_no_kind = write->kind == KIND_RESOURCE_POLICY && reply->status == 404;
        (void)err_set(&mirror->trouble, EIO, "%s of %s \"%s\" was answered %d: %s%.*s%s",
                      write->is_delete ? "the deletion" : "the creation",
                      kind_get(write->kind)->singular, write->name, reply->status, reply->err.text,
                      shown, reply->body.len > 0 ? reply->body.ptr : "",
                      has_no_kind ? "; its definition is missing: apply manifests/crd.yaml" : "");
    }
    lane_drop_first(lane);
    lane_go_on(lane);
}

/* False when there is nothing to be written any more. */
static bool lane_send(struct lane *lane)
{
    struct mirror *mirror = lane->mirror;
    const struct write *write = lane->first;
    const struct object *object = write->is_delete
                                      ? NULL
                                      : store_get(mirror->options.store, write->kind,
                                                  namespace_of(write->kind), str_from(write->name));
    if (!write->is_delete && !object)
        return false; /* deleted already: its deletion follows */
    struct buf path CLEANUP(buf_fini), body CLEANUP(buf_fini);
    buf_init(&path, PATH_BYTES);
    buf_init(&body, MAX_OBJECT_BYTES);
    write_path(&path, write);
    if (object)
        write_body(mirror, object, &body);
    else
        (void)buf_add_str(&body, "{\"gracePeriodSeconds\":0}");
    CHECK(!buf_overflowed(&path) && !buf_overflowed(&body));
    const struct http_options options = {
        .method = write->is_delete ? "DELETE" : "POST",
        .path = path.data,
        .body = buf_str(&body),
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = lane,
        .on_done = on_written,
    };
    lane->call = http_call_start(mirror->options.plane->client, &options);
    return true;
}

static void lane_go_on(struct lane *lane)
{
    while (lane->first && !lane->call && !lane->mirror->is_stopping)
        if (!lane_send(lane))
            lane_drop_first(lane);
}

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct mirror *mirror = container_of(subscriber, struct mirror, subscriber);
    const struct object *object = event->object;
    enum kind_id kind = object->kind->id;
    if (mirror->is_applying || event->change == CHANGE_MODIFIED ||
        (kind != KIND_NODE && kind != KIND_POD && kind != KIND_RESOURCE_POLICY))
        return;
    size_t len = strlen(object->ident->name);
    struct write *write = mem_zalloc(1, sizeof(*write) + len + 1);
    write->is_delete = event->change == CHANGE_DELETED;
    write->kind = kind;
    memcpy(write->name, object->ident->name, len);
    struct lane *lane = &mirror->lanes[hash_bytes(kind, write->name, len) % LANES];
    if (lane->first)
        lane->last->next = write;
    else
        lane->first = write;
    lane->last = write;
    mirror->backlog++;
    lane_go_on(lane);
}

/* ---- apiserver to store ---- */

static void apply_deletion(struct mirror *mirror, const struct store_target *target,
                           int64_t grace_s)
{
    struct api_status status;
    const struct delete_options options = {.grace_s = grace_s};
    CHECK(store_delete(mirror->options.store, target, &options, NULL, &status)); /* it is there */
}

static void apply_binding(struct mirror *mirror, const struct pod_object *pod)
{
    struct api_status status;
    const struct store_binding binding = {.ns = STR(NAMESPACE),
                                          .name = pod->name,
                                          .node = symbol_str(mirror->symbols, pod->node_name_sym)};
    if (!store_bind(mirror->options.store, &binding, &status) && mirror->trouble.code == 0)
        (void)err_set(&mirror->trouble, EPROTO,
                      "pod \"" STR_FMT "\" was bound against all rules: %s", STR_ARG(pod->name),
                      status.message);
}

static void add_text(struct buf *text, const char *key, struct str value)
{
    (void)buf_printf(text, ",\"%s\":\"", key);
    (void)buf_add_json(text, value.ptr, value.len);
    (void)buf_add_str(text, "\"");
}

static void apply_refusal(struct mirror *mirror, const struct object *object,
                          const struct scheduled_condition *seen)
{
    struct buf conditions CLEANUP(buf_fini);
    buf_init(&conditions, CONDITION_BYTES);
    (void)buf_add_str(&conditions, "[{\"type\":\"PodScheduled\",\"status\":\"False\"");
    add_text(&conditions, "reason", seen->reason);
    add_text(&conditions, "message", seen->message);
    (void)buf_add_str(&conditions, "}]");
    struct str now = object_section(object, SEC_CONDITIONS);
    if (buf_overflowed(&conditions) || str_equal(now, buf_str(&conditions)))
        return;
    const struct status_text status = {.conditions = buf_str(&conditions)};
    store_set_status(mirror->options.store, object, &status, NULL);
}

static void apply(struct mirror *mirror, const struct pod_object *pod, bool is_gone)
{
    const struct store_target target = {.kind = KIND_POD, .ns = STR(NAMESPACE), .name = pod->name};
    const struct object *object =
        store_get(mirror->options.store, KIND_POD, STR(NAMESPACE), pod->name);
    if (!object)
        return; /* the world has ended it, or it is not the world's */
    if (is_gone) {
        apply_deletion(mirror, &target, 0);
        return;
    }
    if (object->deleted_s != 0)
        return;
    if (pod->node_name_sym != SYM_EMPTY && !object->node_name)
        apply_binding(mirror, pod);
    else if (!object->node_name && pod->scheduled.is_set && !pod->scheduled.is_true)
        apply_refusal(mirror, object, &pod->scheduled);
    if (pod->is_deleting)
        apply_deletion(mirror, &target, -1);
}

static void on_watched(void *ctx, const struct event *event)
{
    struct mirror *mirror = ctx;
    bool is_gone = event->kind == EVENT_POD_GONE;
    if (event->kind == EVENT_POD_LIST_END)
        mirror->is_watched = true;
    if (event->kind != EVENT_POD_SEEN && !is_gone)
        return;
    mirror->pods_before += !mirror->is_watched;
    mirror->is_applying = true;
    apply(mirror, event->pod, is_gone);
    mirror->is_applying = false;
}

static void on_trouble(void *ctx, const struct err *err)
{
    const struct mirror *mirror = ctx;
    log_error(&mirror->options.plane->log, err->text, {NULL, NULL});
}

/* ---- life ---- */

static bool is_synced(const void *ctx)
{
    return reflector_is_synced(((const struct mirror *)ctx)->reflector);
}

static void start_watch(struct mirror *mirror)
{
    struct control_plane *plane = mirror->options.plane;
    mirror->symbols = names_symbols_new(1);
    mirror->client = http_client_new(&plane->loop, plane->access, &plane->log, "mirror", 1);
    const struct reflector_options options = {
        .loop = &plane->loop,
        .client = mirror->client,
        .log = &plane->log,
        .symbols = mirror->symbols,
        .kind = DECODE_POD,
        .path = "/api/v1/namespaces/" NAMESPACE "/pods",
        .seed = 1,
        .ctx = mirror,
        .on_event = on_watched,
        .on_trouble = on_trouble,
    };
    mirror->reflector = reflector_start(&options);
}

static int see_no_nodes(struct control_plane *plane, struct err *err)
{
    struct buf body CLEANUP(buf_fini);
    buf_init(&body, HTTP_BODY_BYTES_MAX);
    int status = control_plane_call(plane, "GET", "/api/v1/nodes?limit=1", NULL, &body, err);
    if (status < 0)
        return status;
    if (status != 200)
        return err_set(err, EIO, "a list of nodes was answered %d", status);
    json_t *list = json_loadb(body.data, body.len, 0, NULL);
    bool is_empty = list && json_array_size(json_object_get(list, "items")) == 0;
    json_decref(list);
    return is_empty ? 0
                    : err_set(err, EEXIST,
                              "the cluster has nodes: a replay brings its own, and "
                              "wants a control plane without any");
}

struct mirror *mirror_start(const struct mirror_options *options, struct err *err)
{
    if (see_no_nodes(options->plane, err) < 0)
        return NULL;
    struct mirror *mirror = mem_zalloc(1, sizeof(*mirror));
    mirror->options = *options;
    for (uint32_t i = 0; i < LANES; i++)
        mirror->lanes[i].mirror = mirror;
    mirror->subscriber.on_event = on_store_event;
    store_subscribe(options->store, &mirror->subscriber);
    start_watch(mirror);
    struct err why = {0};
    int rc = control_plane_await(options->plane, is_synced, mirror, SYNC_LIMIT_S, "a list of pods",
                                 &why);
    if (rc == 0 && mirror->pods_before > 0)
        rc = err_set(&why, EEXIST,
                     "namespace \"" NAMESPACE "\" has %u pods: a replay brings its "
                     "own, and wants it without any",
                     mirror->pods_before);
    if (rc == 0)
        return mirror;
    mirror_stop(mirror);
    *err = why;
    return NULL;
}

static void on_part_closed(void *ctx)
{
    struct mirror *mirror = ctx;
    mirror->is_part_open = false;
}

static void await_closed(struct mirror *mirror)
{
    while (mirror->is_part_open)
        (void)uv_run(&mirror->options.plane->loop, UV_RUN_ONCE);
}

static void end_writes(struct mirror *mirror)
{
    mirror->is_stopping = true;
    for (uint32_t i = 0; i < LANES; i++) {
        struct lane *lane = &mirror->lanes[i];
        if (lane->call)
            http_call_stop(lane->call);
        while (lane->call)
            (void)uv_run(&mirror->options.plane->loop, UV_RUN_ONCE);
        while (lane->first)
            lane_drop_first(lane);
    }
}

void mirror_stop(struct mirror *mirror)
{
    if (!mirror)
        return;
    store_unsubscribe(mirror->options.store, &mirror->subscriber);
    end_writes(mirror);
    mirror->is_part_open = true;
    reflector_stop(mirror->reflector, on_part_closed, mirror);
    await_closed(mirror);
    mirror->is_part_open = true;
    http_client_close(mirror->client, on_part_closed, mirror);
    await_closed(mirror);
    symbols_free(mirror->symbols);
    free(mirror);
}

uint32_t mirror_backlog(const struct mirror *mirror)
{
    return mirror->backlog;
}

const struct err *mirror_trouble(const struct mirror *mirror)
{
    return &mirror->trouble;
}
