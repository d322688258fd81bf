#include "bench/perf_pods.h"

#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "model/base/hash.h"
#include "model/base/map.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "watch/reflector.h"

enum { SYNC_LIMIT_S = 120 };

struct seen_pod {
    struct uid uid;
    char *name; /* owned */
    uint32_t namespace_sym;
    bool is_scheduled, is_tried, is_gone;
    struct label *labels; /* owned */
    uint32_t label_count;
};

struct perf_pods {
    struct control_plane *plane;
    struct symbols *symbols;
    struct http_client *client;
    struct reflector *reflector;
    struct map by_uid;
    struct perf_count *counts;
    const char *trouble;
    uint32_t open_count;
};

/* ---- what is counted ---- */

static bool is_among(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
            return true;
    return false;
}

static const char *label_of(const struct perf_pods *pods, const struct seen_pod *pod,
                            const char *key)
{
    for (uint32_t i = 0; i < pod->label_count; i++)
        if (strcmp(symbol_text(pods->symbols, pod->labels[i].key_sym), key) == 0)
            return symbol_text(pods->symbols, pod->labels[i].value_sym);
    return NULL;
}

static bool is_counted(const struct perf_pods *pods, const struct perf_count *count,
                       const struct seen_pod *pod)
{
    const char *namespace = symbol_text(pods->symbols, pod->namespace_sym);
    if (count->namespace && strcmp(count->namespace, namespace) != 0)
        return false;
    if (!count->namespace && count->namespaces && !is_among(count->namespaces, namespace))
        return false;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)count->labels, key, value)
    {
        const char *have = label_of(pods, pod, key);
        if (!have || strcmp(have, json_string_value(value)) != 0)
            return false;
    }
    return true;
}

/* A pod became scheduled, or was tried. */
static void tell_counts(struct perf_pods *pods, const struct seen_pod *pod, bool was_tried)
{
    for (struct perf_count *count = pods->counts; count; count = count->next) {
        if (!is_counted(pods, count, pod))
            continue;
        if (pod->is_scheduled) {
            count->scheduled++;
            count->tried -= was_tried && count->tried > 0;
            count->last_ns = report_now_ns();
        } else {
            count->tried++;
        }
    }
}

void perf_pods_count(struct perf_pods *pods, struct perf_count *count)
{
    size_t position = 0;
    const struct seen_pod *pod;
    count->scheduled = count->tried = 0;
    count->last_ns = 0;
    while ((pod = map_next(&pods->by_uid, &position))) {
        if (!is_counted(pods, count, pod))
            continue;
        count->scheduled += pod->is_scheduled;
        count->tried += !pod->is_scheduled && pod->is_tried;
    }
    count->next = pods->counts;
    pods->counts = count;
}

void perf_pods_forget(struct perf_pods *pods, struct perf_count *count)
{
    struct perf_count **at = &pods->counts;
    while (*at && *at != count)
        at = &(*at)->next;
    if (*at)
        *at = count->next;
}

json_t *perf_pods_names(const struct perf_pods *pods, const struct perf_count *count)
{
    size_t position = 0;
    const struct seen_pod *pod;
    json_t *names = json_array();
    while ((pod = map_next(&pods->by_uid, &position)))
        if (!pod->is_gone && is_counted(pods, count, pod))
            (void)json_array_append_new(names, json_string(pod->name));
    return names;
}

const char *perf_pods_trouble(const struct perf_pods *pods)
{
    return pods->trouble;
}

/* ---- the watch ---- */

static bool uid_equals(const void *value, const void *key)
{
    const struct seen_pod *pod = value;
    const struct uid *uid = key;
    return uid_equal(pod->uid, *uid);
}

static uint64_t uid_hash(struct uid uid)
{
    return hash_mix(uid.hi, uid.lo);
}

static struct seen_pod *find_or_add(struct perf_pods *pods, const struct pod_object *object)
{
    uint64_t hash = uid_hash(object->uid);
    struct seen_pod *pod = map_get(&pods->by_uid, hash, uid_equals, &object->uid);
    if (pod)
        return pod;
    if (pods->by_uid.count == PERF_PODS_MAX) {
        pods->trouble = "the cluster has more pods than can be counted";
        return NULL;
    }
    pod = mem_zalloc(1, sizeof(*pod));
    pod->uid = object->uid;
    pod->name = mem_strndup(object->name.ptr, object->name.len);
    pod->namespace_sym = object->namespace_sym;
    pod->label_count = object->label_count;
    pod->labels = mem_zalloc(object->label_count + 1, sizeof(*pod->labels));
    if (object->label_count > 0)
        memcpy(pod->labels, object->labels, object->label_count * sizeof(*pod->labels));
    map_put(&pods->by_uid, hash, pod);
    return pod;
}

static void on_watched(void *ctx, const struct event *event)
{
    struct perf_pods *pods = ctx;
    if (event->kind != EVENT_POD_SEEN && event->kind != EVENT_POD_GONE)
        return;
    struct seen_pod *pod = find_or_add(pods, event->pod);
    if (!pod)
        return;
    bool was_tried = pod->is_tried, was_scheduled = pod->is_scheduled;
    pod->is_gone = event->kind == EVENT_POD_GONE || event->pod->is_deleting;
    pod->is_scheduled = was_scheduled || event->pod->node_name_sym != SYM_EMPTY;
    pod->is_tried = was_tried || event->pod->scheduled.is_set;
    if (pod->is_scheduled ? !was_scheduled : pod->is_tried && !was_tried)
        tell_counts(pods, pod, was_tried);
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct perf_pods *pods = ctx;
    log_error(&pods->plane->log, err->text, {NULL, NULL});
}

static bool is_synced(const void *ctx)
{
    return reflector_is_synced(((const struct perf_pods *)ctx)->reflector);
}

struct perf_pods *perf_pods_start(struct control_plane *plane, struct err *err)
{
    struct perf_pods *pods = mem_zalloc(1, sizeof(*pods));
    pods->plane = plane;
    pods->symbols = names_symbols_new(1);
    map_init(&pods->by_uid);
    pods->client = http_client_new(&plane->loop, plane->access, &plane->log, "pods", 1);
    const struct reflector_options options = {
        .loop = &plane->loop,
        .client = pods->client,
        .log = &plane->log,
        .symbols = pods->symbols,
        .kind = DECODE_POD,
        .path = "/api/v1/pods",
        .seed = 1,
        .ctx = pods,
        .on_event = on_watched,
        .on_trouble = on_trouble,
    };
    pods->reflector = reflector_start(&options);
    if (control_plane_await(plane, is_synced, pods, SYNC_LIMIT_S, "a list of all pods", err) == 0)
        return pods;
    struct err why = *err;
    perf_pods_stop(pods);
    *err = why;
    return NULL;
}

static void on_part_closed(void *ctx)
{
    struct perf_pods *pods = ctx;
    pods->open_count--;
}

static void await_closed(struct perf_pods *pods)
{
    while (pods->open_count > 0)
        (void)uv_run(&pods->plane->loop, UV_RUN_ONCE);
}

void perf_pods_stop(struct perf_pods *pods)
{
    if (!pods)
        return;
    pods->open_count = 1;
    reflector_stop(pods->reflector, on_part_closed, pods);
    await_closed(pods);
    pods->open_count = 1;
    http_client_close(pods->client, on_part_closed, pods);
    await_closed(pods);
    size_t position = 0;
    struct seen_pod *pod;
    while ((pod = map_next(&pods->by_uid, &position))) {
        free(pod->name);
        free(pod->labels);
        free(pod);
    }
    map_fini(&pods->by_uid);
    symbols_free(pods->symbols);
    free(pods);
}
