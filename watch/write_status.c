/*
 * PATCHes of pods/status. A pod has at most one on its way and one behind it: what comes while one
 * waits is merged into it (the newest text wins), what comes while one is under way waits behind
 * it, so that two never overtake each other, and none a bind: PodScheduled=False must not be the
 * last thing that is said of a bound pod.
 */
#include "model/base/hash.h"
#include "watch/url.h"
#include "watch/writer_private.h"

static uint64_t uid_hash(struct uid uid)
{
    return hash_mix(uid.hi, uid.lo);
}

static bool write_answers(const void *value, const void *key)
{
    return uid_equal(((const struct write *)value)->uid, *(const struct uid *)key);
}

static void fill_condition(struct writer *writer, struct write *write,
                           const struct status_request *request)
{
    char uid_text[UID_TEXT_BYTES];
    struct write_pod pod = writer_pod_words(writer, &request->pod, uid_text);
    if (request->reason && !request->was_false && write->transition_unix_us == 0)
        write->transition_unix_us = writer_wall_us();
    const struct write_status status = {
        .reason = request->reason,
        .message = request->message,
        .observed_generation = request->observed_generation,
        .transition_unix_us = write->transition_unix_us,
    };
    buf_clear(&write->text);
    url_add_pod(&write->text, pod.namespace, pod.name, "/status");
    write_text_path_done(write);
    (void)buf_add(&write->text, pod.name.ptr, pod.name.len);
    write->body_at = write->text.len;
    write_body_status(&write->text, &pod, &status);
    write->nomination_at = write->text.len;
}

/* Fills a write, or fills it anew with newer words. Of condition and nomination the last word about
 * each counts: what says nothing of one keeps what was said. */
static void fill(struct writer *writer, struct write *write, const struct status_request *request)
{
    if (request->clears_nomination || request->nominated_node_sym != SYM_EMPTY) {
        write->clears_nomination = request->clears_nomination;
        write->nominated_node_sym = request->nominated_node_sym;
    }
    if (request->reason || write->text.len == 0)
        fill_condition(writer, write, request);
    const struct write_nomination nomination = {
        .clears = write->clears_nomination,
        .node = symbol_str(writer->options.symbols, write->nominated_node_sym),
    };
    buf_cut(&write->text, write->nomination_at);
    write_body_nomination(&write->text, &nomination);
}

/* `transition_unix_us`: what a patch of the same pod under way says, 0: nothing. Said again,
 * because that one may fail. */
static struct write *new_status(struct writer *writer, const struct status_request *request,
                                int64_t transition_unix_us)
{
    struct write *write = write_class_take(&writer->status_class, WRITE_STATUS);
    write->method = "PATCH";
    write->content_type = "application/strategic-merge-patch+json";
    write->namespace_sym = request->pod.namespace_sym;
    write->uid = request->pod.uid;
    write->transition_unix_us = transition_unix_us;
    fill(writer, write, request);
    return write;
}

void writer_patch_status(void *ctx, const struct status_request *request)
{
    struct writer *writer = ctx;
    struct write_class *class = &writer->status_class;
    struct write *known =
        map_get(&writer->statuses, uid_hash(request->pod.uid), write_answers, &request->pod.uid);
    if (known && known->is_under_way) {
        if (!known->successor) {
            known->successor = new_status(writer, request, known->transition_unix_us);
            return;
        }
        known = known->successor;
    }
    if (known) {
        known->is_moot = false; /* the bind it yielded to was refused */
        known->reply_count++;
        fill(writer, known, request);
        return;
    }
    struct write *write = new_status(writer, request, 0);
    if (class->waiting >= WRITER_STATUS_QUEUE) {
        write_class_refuse(class, write, "too many patches are waiting");
        return;
    }
    map_put(&writer->statuses, uid_hash(write->uid), write);
    write_class_put(class, write);
}

bool writer_status_yields(struct writer *writer, struct write *bind)
{
    struct write *write =
        map_get(&writer->statuses, uid_hash(bind->uid), write_answers, &bind->uid);
    if (!write)
        return false;
    write->is_moot = true;
    if (write->successor)
        write->successor->is_moot = true;
    if (!write->is_in_flight || write->bind)
        return false;
    write->bind = bind;
    return true;
}

void writer_status_refuse_binds(struct writer *writer, const char *why)
{
    size_t position = 0;
    for (struct write *write; (write = map_next(&writer->statuses, &position));) {
        if (write->bind)
            write_class_refuse(&writer->bind_class, write->bind, why);
        write->bind = NULL;
    }
}

void writer_status_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply)
{
    struct map *statuses = &writer->statuses;
    struct write *successor = write->successor;
    struct write *bind = write->bind;
    write->successor = write->bind = NULL;
    if (map_get(statuses, uid_hash(write->uid), write_answers, &write->uid) == write)
        (void)map_remove(statuses, uid_hash(write->uid), write_answers, &write->uid);
    if (successor) {
        map_put(statuses, uid_hash(successor->uid), successor);
        write_class_put(write->class, successor);
    }
    if (bind)
        write_class_put(&writer->bind_class, bind);
    for (uint32_t i = 0; i < write->reply_count; i++)
        writer_answer(writer, EVENT_STATUS_REPLY, write, reply, NULL);
}
