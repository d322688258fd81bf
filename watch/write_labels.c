/*
 * Labels of a unit on its way to the pod (elastic-policies 10.3). An apiserver of 1.35 or later
 * copies a Binding's labels; an older one does not, and there the pod is patched first: never
 * after, or the kubelet starts it without them. Which it is, GET /version says, once; binds without
 * labels do not wait for it. What the watch shows of the first pods has the last word.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "watch/url.h"
#include "watch/writer_private.h"

enum { BINDING_LABELS_MINOR = 35, POD_NAME_BYTES_MAX = 512 };

/* The same pod's labels, to be sent before `bind`. */
static struct write *new_labels(struct writer *writer, struct write *bind,
                                const struct bind_request *request)
{
    char uid_text[UID_TEXT_BYTES];
    struct write_pod pod = writer_pod_words(writer, &request->pod, uid_text);
    struct write *write = write_class_take(&writer->bind_class, WRITE_LABELS);
    write->method = "PATCH";
    write->content_type = "application/merge-patch+json";
    write->namespace_sym = request->pod.namespace_sym;
    write->uid = request->pod.uid;
    write->bind = bind;
    url_add_pod(&write->text, pod.namespace, pod.name, "");
    write_text_path_done(write);
    (void)buf_add(&write->text, pod.name.ptr, pod.name.len);
    write->body_at = write->text.len;
    write_body_labels(&write->text, &pod, request);
    return write;
}

static void ask_version(struct writer *writer)
{
    struct write *write = write_class_take(&writer->status_class, WRITE_VERSION);
    write->method = "GET";
    write->is_first = true;
    (void)buf_add_str(&write->text, "/version");
    write_text_path_done(write);
    write->body_at = write->text.len;
    writer->label_route = ROUTE_ASKED;
    write_class_put(&writer->status_class, write);
}

/* Until the route is known both ways are ready: the bind carries the labels, the patch waits. */
bool writer_labels_first(struct writer *writer, struct write *bind,
                         const struct bind_request *request)
{
    if (writer->label_route == ROUTE_BINDING)
        return false;
    struct write *labels = new_labels(writer, bind, request);
    if (writer->label_route == ROUTE_PATCH) {
        write_class_put(&writer->bind_class, labels);
        return true;
    }
    labels->next = NULL;
    *(writer->labelled ? &writer->labelled_last->next : &writer->labelled) = labels;
    writer->labelled_last = labels;
    writer->labelled_count++;
    if (writer->label_route == ROUTE_UNKNOWN)
        ask_version(writer);
    return true;
}

/* "35", "35+"; 0: unreadable. A server that was started with --emulated-version behaves as that one
 * (KEP-4330), whatever it is. */
static long minor_of(struct str body)
{
    json_t *version = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *emulated = json_object_get(version, "emulationMinor");
    const char *text = json_string_value(emulated ? emulated : json_object_get(version, "minor"));
    long minor = 0;
    for (; text && *text >= '0' && *text <= '9' && minor < 10000; text++)
        minor = minor * 10 + (*text - '0');
    json_decref(version);
    return minor;
}

static struct write *take_labelled(struct writer *writer)
{
    struct write *labels = writer->labelled;
    if (labels) {
        writer->labelled = labels->next;
        writer->labelled_count--;
    }
    return labels;
}

/* An answer that cannot be read leaves the question open: the safe way now, asked again later. */
void writer_version_answered(struct writer *writer, const struct http_reply *reply)
{
    long minor =
        reply->status == 200 && reply->failure == HTTP_FAILURE_NONE ? minor_of(reply->body) : 0;
    bool carries = minor >= BINDING_LABELS_MINOR;
    writer->label_route = minor == 0 ? ROUTE_UNKNOWN : carries ? ROUTE_BINDING : ROUTE_PATCH;
    for (struct write *labels; (labels = take_labelled(writer));) {
        struct write *bind = labels->bind;
        if (carries) {
            write_class_drop(&writer->bind_class, labels);
            writer_send_bind(writer, bind);
        } else {
            write_class_put(&writer->bind_class, labels);
        }
    }
}

/* Without its labels the pod is not bound: they decide what it becomes there. */
void writer_labels_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply)
{
    struct write *bind = write->bind;
    write->bind = NULL;
    enum outcome outcome = write_outcome(reply);
    if (outcome == OUTCOME_DONE && !writer->is_draining) {
        writer_send_bind(writer, bind);
        return;
    }
    if (outcome == OUTCOME_DONE || outcome == OUTCOME_UNKNOWN || outcome == OUTCOME_CONFLICT ||
        outcome == OUTCOME_NOT_SENT) {
        write_class_refuse(&writer->bind_class, bind,
                           writer->is_draining ? "shutting down"
                                               : "its labels could not be written");
        return;
    }
    writer_answer(writer, EVENT_BIND_REPLY, bind, reply, NULL); /* the bind itself never left */
    write_class_drop(&writer->bind_class, bind);
}

/* What the version promised is not so: a gate is off, or an admission drops them. */
void writer_labels_missing(void *ctx, const struct pod_ref *pod)
{
    struct writer *writer = ctx;
    if (writer->label_route != ROUTE_BINDING)
        return; /* they went by a PATCH, or that was decided meanwhile */
    writer->label_route = ROUTE_PATCH;
    struct buf name CLEANUP(buf_fini);
    buf_init(&name, POD_NAME_BYTES_MAX);
    (void)buf_printf(&name, "%s/" STR_FMT, symbol_text(writer->options.symbols, pod->namespace_sym),
                     STR_ARG(pod->name));
    log_warning(writer->options.log,
                "The apiserver did not copy the labels of a Binding to its pod: from now on pods "
                "of units with podLabels are patched before they are bound, which needs the right "
                "to patch pods",
                {"pod", name.data});
}

void writer_labels_refuse_binds(struct writer *writer, const char *why)
{
    for (struct write *labels; (labels = take_labelled(writer));) {
        write_class_refuse(&writer->bind_class, labels->bind, why);
        write_class_drop(&writer->bind_class, labels);
    }
}
