/* The end of a victim: PATCH of its DisruptionTarget condition, then DELETE (kube-scheduler.md
 * A14.6). A victim that is gone, or is another pod by now, needs no more. */
#include <string.h>

#include "watch/refusal.h"
#include "watch/url.h"
#include "watch/writer_private.h"

static struct write *new_write(struct writer *writer, enum write_kind kind,
                               const struct write_pod *pod, const char *suffix)
{
    struct write *write = write_class_take(&writer->status_class, kind);
    url_add_pod(&write->text, pod->namespace, pod->name, suffix);
    write_text_path_done(write);
    (void)buf_add(&write->text, pod->name.ptr, pod->name.len);
    write->body_at = write->text.len;
    return write;
}

void writer_evict(void *ctx, const struct evict_request *request)
{
    struct writer *writer = ctx;
    char uid_text[UID_TEXT_BYTES];
    struct write_pod pod = writer_pod_words(writer, &request->pod, uid_text);
    struct write *write = new_write(writer, WRITE_DISRUPTION, &pod, "/status");
    write->method = "PATCH";
    write->content_type = "application/strategic-merge-patch+json";
    write->namespace_sym = request->pod.namespace_sym;
    write->uid = request->pod.uid;
    write_body_disruption(&write->text, &pod, request, writer_wall_us());
    if (writer->is_draining)
        write_class_refuse(&writer->status_class, write, "shutting down");
    else
        write_class_put(&writer->status_class, write);
}

/* A PATCH with another UID than the object's is 422 and names the field; a DELETE with one is 409.
 * 409 to a PATCH is a race inside the server: the victim is there. */
static bool is_gone(const struct http_reply *reply, bool is_patch)
{
    enum outcome outcome = write_outcome(reply);
    if (is_patch && outcome == OUTCOME_INVALID) {
        struct refusal refusal;
        refusal_read(reply->status, reply->body, &refusal);
        return strstr(refusal.message, "metadata.uid") != NULL;
    }
    return outcome == OUTCOME_GONE || (outcome == OUTCOME_CONFLICT && !is_patch);
}

static void answer_done(struct writer *writer, const struct write *write)
{
    const struct http_reply done = {.status = 200, .retry_after_seconds = -1};
    writer_answer(writer, EVENT_EVICT_REPLY, write, &done, NULL);
}

void writer_disruption_answered(struct writer *writer, struct write *write,
                                const struct http_reply *reply)
{
    if (is_gone(reply, true)) {
        answer_done(writer, write);
        return;
    }
    if (write_outcome(reply) != OUTCOME_DONE) {
        writer_answer(writer, EVENT_EVICT_REPLY, write, reply, NULL);
        return;
    }
    char uid_text[UID_TEXT_BYTES];
    const struct pod_ref ref = {write->namespace_sym, write_name(write), write->uid};
    struct write_pod pod = writer_pod_words(writer, &ref, uid_text);
    struct write *end = new_write(writer, WRITE_DELETE, &pod, "");
    end->method = "DELETE";
    end->namespace_sym = write->namespace_sym;
    end->uid = write->uid;
    write_body_delete(&end->text, &pod);
    write_class_put(&writer->status_class, end);
}

void writer_delete_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply)
{
    if (is_gone(reply, false))
        answer_done(writer, write);
    else
        writer_answer(writer, EVENT_EVICT_REPLY, write, reply, NULL);
}
