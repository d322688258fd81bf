/* What a watch writes: events and bookmarks as bytes, and what faults make of them. */
#include "bench/apiserver_watch.h"
#include "bench/crd.h"

static const char *change_text(enum store_change change)
{
    switch (change) {
    case CHANGE_ADDED:
        return "ADDED";
    case CHANGE_MODIFIED:
        return "MODIFIED";
    case CHANGE_DELETED:
        break;
    }
    return "DELETED";
}

struct blob *watch_render_plain(struct apiserver *server, enum store_change change,
                                const struct object *object, bool alt_form)
{
    struct buf *out = &server->scratch;
    buf_clear(out);
    (void)buf_add_str(out, "{\"type\":\"");
    (void)buf_add_str(out, change_text(change));
    (void)buf_add_str(out, "\",\"object\":");
    object_render(object, alt_form, out);
    (void)buf_add_str(out, "}\n");
    return blob_new(out->data, out->len);
}

static struct blob *render_table(struct watch *watch, enum store_change change,
                                 const struct object *object)
{
    struct buf *out = &watch->server->scratch;
    buf_clear(out);
    (void)buf_printf(out,
                     "{\"type\":\"%s\",\"object\":{\"kind\":\"Table\",\"apiVersion\":"
                     "\"meta.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"%lld\"},"
                     "\"columnDefinitions\":",
                     change_text(change), (long long)object->rv);
    if (watch->columns_sent)
        (void)buf_add_str(out, "null");
    else
        table_columns(watch->kind, crd_find(watch->server->store, watch->kind), out);
    watch->columns_sent = true;
    (void)buf_add_str(out, ",\"rows\":[");
    const struct table_view view = {watch->alt_form, watch->include,
                                    store_clock(watch->server->store)->wall_us / 1000000};
    table_row(object, crd_find(watch->server->store, watch->kind), &view, out);
    (void)buf_add_str(out, "]}}\n");
    return blob_new(out->data, out->len);
}

struct blob *watch_render_bookmark(const struct watch *watch, int64_t rv, bool initial_end)
{
    struct buf *out = &watch->server->scratch;
    buf_clear(out);
    (void)buf_printf(
        out,
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\",\"apiVersion\":\"%s\","
        "\"metadata\":{\"resourceVersion\":\"%lld\",\"creationTimestamp\":null%s}}}\n",
        watch->table ? "Table" : watch->kind->kind,
        watch->table ? "meta.k8s.io/v1" : kind_api_version(watch->kind, watch->alt_form),
        (long long)rv,
        initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
    return blob_new(out->data, out->len);
}

struct blob *watch_render(struct watch *watch, enum store_change change,
                          const struct object *object)
{
    return watch->table ? render_table(watch, change, object)
                        : watch_render_plain(watch->server, change, object, watch->alt_form);
}

/* Another kind's name: one letter more. */
static void spoil_kind(struct str text, struct buf *out)
{
    static const char kind[] = "\"object\":{\"kind\":\"";
    const char *at = memmem(text.ptr, text.len, kind, sizeof(kind) - 1);
    size_t head = at ? (size_t)(at - text.ptr) + sizeof(kind) - 1 : 0;
    (void)buf_add(out, text.ptr, head);
    if (at)
        (void)buf_add_str(out, "X");
    (void)buf_add(out, text.ptr + head, text.len - head);
}

struct blob *watch_spoil_line(struct watch *watch, struct blob *owned_line)
{
    bool is_twice = watch->spoil == FAULT_DO_DUPLICATE_KEYS;
    if (!is_twice && watch->spoil != FAULT_DO_WRONG_KIND)
        return owned_line;
    struct buf *out = &watch->server->scratch;
    buf_clear(out);
    if (is_twice)
        spoil_twice(blob_str(owned_line), out);
    else
        spoil_kind(blob_str(owned_line), out);
    watch->server->counts.events_spoilt++;
    blob_unref(owned_line);
    return blob_new(out->data, out->len);
}
