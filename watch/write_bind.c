/* Binds and reads of single pods: one POST, one GET each, and their answers. */
#include "watch/url.h"
#include "watch/writer_private.h"

void writer_send_bind(struct writer *writer, struct write *write)
{
    if (!writer_status_yields(writer, write))
        write_class_put(&writer->bind_class, write);
}

void writer_bind(void *ctx, const struct bind_request *request)
{
    struct writer *writer = ctx;
    CHECK(!uid_is_zero(request->pod.uid)); /* I04 */
    char uid_text[UID_TEXT_BYTES];
    struct write_pod pod = writer_pod_words(writer, &request->pod, uid_text);
    struct write *write = write_class_take(&writer->bind_class, WRITE_BIND);
    write->method = "POST";
    write->namespace_sym = request->pod.namespace_sym;
    write->uid = request->pod.uid;
    url_add_pod(&write->text, pod.namespace, pod.name, "/binding");
    write_text_path_done(write);
    (void)buf_add(&write->text, pod.name.ptr, pod.name.len);
    write->body_at = write->text.len;
    write_body_bind(&write->text, &pod, symbol_str(writer->options.symbols, request->node_name_sym),
                    request);
    if (writer->is_draining)
        write_class_refuse(&writer->bind_class, write, "shutting down");
    else if (request->label_count == 0 || !writer_labels_first(writer, write, request))
        writer_send_bind(writer, write);
    writer_note_bind(writer);
}

void writer_bind_answered(struct writer *writer, struct write *write,
                          const struct http_reply *reply)
{
    enum outcome outcome = write_outcome(reply);
    writer->stats.binds_done += outcome == OUTCOME_DONE;
    writer->stats.binds_unknown += outcome == OUTCOME_UNKNOWN;
    writer_answer(writer, EVENT_BIND_REPLY, write, reply, NULL);
    writer_pump_events(writer); /* there may be room for events now */
}

/* ---- reads ---- */

void writer_read_pod(void *ctx, const struct pod_ref *pod)
{
    struct writer *writer = ctx;
    struct write *write = write_class_take(&writer->status_class, WRITE_READ);
    write->method = "GET"; /* no resourceVersion: a quorum read */
    write->is_first = true;
    write->namespace_sym = pod->namespace_sym;
    write->uid = pod->uid;
    url_add_pod(&write->text, symbol_str(writer->options.symbols, pod->namespace_sym), pod->name,
                "");
    write_text_path_done(write);
    (void)buf_add(&write->text, pod->name.ptr, pod->name.len);
    write->body_at = write->text.len;
    write_class_put(&writer->status_class, write);
}

static void on_read_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct writer *writer = ctx;
    (void)verb;
    if (!writer->reading)
        return; /* one object, one answer */
    const struct write *write = writer->reading;
    writer->reading = NULL;
    struct http_reply done = {.status = 200};
    writer_answer(writer, EVENT_POD_READ, write, &done, pod);
}

struct decoder *writer_pod_decoder_new(struct writer *writer)
{
    const struct decode_handler handler = {.ctx = writer, .pod = on_read_pod};
    return decoder_new(DECODE_POD, DECODE_OBJECT, writer->options.symbols, &handler);
}

void writer_read_answered(struct writer *writer, struct write *write,
                          const struct http_reply *reply)
{
    if (write_outcome(reply) != OUTCOME_DONE) {
        writer_answer(writer, EVENT_POD_READ, write, reply, NULL);
        return;
    }
    struct err err = {0};
    writer->reading = write;
    decoder_reset(writer->pod_decoder);
    int result = decoder_feed(writer->pod_decoder, reply->body.ptr, reply->body.len, &err);
    if (result == 0)
        result = decoder_finish(writer->pod_decoder, &err);
    if (!writer->reading)
        return; /* answered; what stands behind the object does not matter */

    writer->reading = NULL;
    struct http_reply broken = {
        .failure = HTTP_FAILURE_OTHER,
        .was_sent = true,
        .err = result < 0 ? err : (struct err){.text = "the answer holds no pod"},
    };
    writer_answer(writer, EVENT_POD_READ, write, &broken, NULL);
}
