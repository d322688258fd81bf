#include "watch/write_body.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/timestamp.h"

static const char note_end[] = " ...";

static void add_text(struct buf *body, const char *text)
{
    (void)buf_add_str(body, text);
}

/* `"key":"value"`, with `before` in front. */
static void add_field(struct buf *body, const char *before, const char *key, struct str value)
{
    add_text(body, before);
    (void)buf_add(body, "\"", 1);
    add_text(body, key);
    (void)buf_add(body, "\":\"", 3);
    (void)buf_add_json(body, value.ptr, value.len);
    (void)buf_add(body, "\"", 1);
}

/* `,"<key>":{"k":"v",...}`; nothing when there are none. */
static void add_pairs(struct buf *body, const char *key, const struct meta_pair *pairs,
                      uint32_t count)
{
    if (count == 0)
        return;
    (void)buf_printf(body, ",\"%s\":{", key);
    for (uint32_t i = 0; i < count; i++) {
        add_text(body, i > 0 ? ",\"" : "\"");
        (void)buf_add_json(body, pairs[i].key.ptr, pairs[i].key.len);
        add_text(body, "\":\"");
        (void)buf_add_json(body, pairs[i].value.ptr, pairs[i].value.len);
        add_text(body, "\"");
    }
    add_text(body, "}");
}

void write_body_bind(struct buf *body, const struct write_pod *pod, struct str node,
                     const struct bind_request *request)
{
    add_field(body, "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{", "name",
              pod->name);
    add_field(body, ",", "namespace", pod->namespace);
    add_field(body, ",", "uid", pod->uid);
    add_pairs(body, "labels", request->labels, request->label_count);
    add_pairs(body, "annotations", request->annotations, request->annotation_count);
    add_field(body, "},\"target\":{\"kind\":\"Node\",", "name", node);
    add_text(body, "}}");
}

void write_body_labels(struct buf *body, const struct write_pod *pod,
                       const struct bind_request *request)
{
    add_field(body, "{\"metadata\":{", "uid", pod->uid);
    add_pairs(body, "labels", request->labels, request->label_count);
    add_text(body, "}}");
}

void write_body_disruption(struct buf *body, const struct write_pod *pod,
                           const struct evict_request *request, int64_t unix_us)
{
    char time_text[TIMESTAMP_TEXT_BYTES];
    timestamp_format(unix_us, time_text);
    add_field(body, "{\"metadata\":{", "uid", pod->uid);
    add_field(body, "},\"status\":{\"conditions\":[{\"lastProbeTime\":null,", "lastTransitionTime",
              str_from(time_text));
    add_field(body, ",", "message", request->message);
    if (request->observed_generation != 0)
        (void)buf_printf(body, ",\"observedGeneration\":%" PRId64, request->observed_generation);
    add_text(body, ",\"reason\":\"PreemptionByScheduler\",\"status\":\"True\","
                   "\"type\":\"DisruptionTarget\"}]}}");
}

void write_body_delete(struct buf *body, const struct write_pod *pod)
{
    add_field(body, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"preconditions\":{", "uid",
              pod->uid);
    add_text(body, "}}");
}

void write_body_status(struct buf *body, const struct write_pod *pod,
                       const struct write_status *status)
{
    add_field(body, "{\"metadata\":{", "uid", pod->uid);
    add_text(body, "},\"status\":{");
    if (!status->reason)
        return;
    add_text(body, "\"conditions\":[{\"lastProbeTime\":null");
    if (status->transition_unix_us != 0) {
        char time_text[TIMESTAMP_TEXT_BYTES];
        timestamp_format(status->transition_unix_us, time_text);
        add_field(body, ",", "lastTransitionTime", str_from(time_text));
    }
    add_field(body, ",", "message", status->message);
    if (status->observed_generation != 0)
        (void)buf_printf(body, ",\"observedGeneration\":%" PRId64, status->observed_generation);
    add_field(body, ",", "reason", str_from(status->reason));
    add_text(body, ",\"status\":\"False\",\"type\":\"PodScheduled\"}]");
}

void write_body_nomination(struct buf *body, const struct write_nomination *nomination)
{
    bool has_condition = body->len > 0 && body->data[body->len - 1] == ']';
    const char *comma = has_condition ? "," : "";
    if (nomination->node.len > 0)
        add_field(body, comma, "nominatedNodeName", nomination->node);
    else if (nomination->clears)
        (void)buf_printf(body, "%s\"nominatedNodeName\":null", comma);
    add_text(body, "}}");
}

size_t write_note_len(struct str note)
{
    if (note.len <= EVENT_NOTE_BYTES_MAX)
        return note.len;
    size_t len = EVENT_NOTE_BYTES_MAX - (sizeof note_end - 1);
    while (len > 0 && ((unsigned char)note.ptr[len] & 0xC0) == 0x80) /* inside a sequence */
        len--;
    return len;
}

static void add_regarding(struct buf *body, const struct write_event *event)
{
    add_text(body, ",\"regarding\":{\"kind\":\"Pod\"");
    add_field(body, ",", "namespace", event->pod.namespace);
    add_field(body, ",", "name", event->pod.name);
    add_field(body, ",", "uid", event->pod.uid);
    add_text(body, ",\"apiVersion\":\"v1\"");
    if (event->resource_version.len > 0)
        add_field(body, ",", "resourceVersion", event->resource_version);
    add_text(body, "}");
}

void write_body_event(struct buf *body, const struct write_event *event)
{
    char time_text[TIMESTAMP_TEXT_BYTES];
    timestamp_format_micro(event->unix_us, time_text);
    add_field(body, "{\"kind\":\"Event\",\"apiVersion\":\"events.k8s.io/v1\",\"metadata\":{",
              "name", event->event_name);
    add_field(body, ",", "namespace", event->pod.namespace);
    add_field(body, "},", "eventTime", str_from(time_text));
    add_field(body, ",", "reportingController", event->controller);
    add_text(body, ",\"reportingInstance\":\"");
    (void)buf_add_json(body, event->controller.ptr, event->controller.len);
    add_text(body, "-");
    (void)buf_add_json(body, event->instance.ptr, event->instance.len);
    add_field(body, "\",", "action", str_from(event->action));
    add_field(body, ",", "reason", str_from(event->reason));
    add_regarding(body, event);
    if (event->related) {
        add_text(body, ",\"related\":{\"kind\":\"Pod\"");
        add_field(body, ",", "namespace", event->related->namespace);
        add_field(body, ",", "name", event->related->name);
        add_field(body, ",", "uid", event->related->uid);
        add_text(body, ",\"apiVersion\":\"v1\"}");
    }
    size_t note_len = write_note_len(event->note);
    add_text(body, ",\"note\":\"");
    (void)buf_add_json(body, event->note.ptr, note_len);
    if (note_len < event->note.len)
        add_text(body, note_end);
    add_text(body, event->is_warning ? "\",\"type\":\"Warning\"}" : "\",\"type\":\"Normal\"}");
}

void write_body_series(struct buf *body, uint32_t count, int64_t last_unix_us)
{
    char time_text[TIMESTAMP_TEXT_BYTES];
    timestamp_format_micro(last_unix_us, time_text);
    (void)buf_printf(body, "{\"series\":{\"count\":%" PRIu32 ",\"lastObservedTime\":\"%s\"}}",
                     count, time_text);
}

void write_event_name(struct buf *name, struct str pod_name, int64_t unix_ns)
{
    enum { NAME_BYTES_MAX = 253, HEX_BYTES_MAX = 17 }; /* a DNS subdomain; "." and 16 digits */
    size_t len = pod_name.len;
    if (len > NAME_BYTES_MAX - HEX_BYTES_MAX)
        len = NAME_BYTES_MAX - HEX_BYTES_MAX;
    while (len > 0 && (pod_name.ptr[len - 1] == '-' || pod_name.ptr[len - 1] == '.'))
        len--; /* a label ends in a letter or a digit */
    (void)buf_add(name, pod_name.ptr, len);
    (void)buf_printf(name, ".%" PRIx64, (uint64_t)unix_ns);
}
