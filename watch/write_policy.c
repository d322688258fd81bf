/*
 * PATCHes of the status of ResourcePolicies. Of one policy one is in flight and one waits, which
 * says the newest: two in flight could overtake each other, and the older would stay.
 */
#include "model/base/hash.h"
#include "model/names.h"
#include "watch/url.h"
#include "watch/write_body_policy.h"
#include "watch/writer_private.h"

static uint64_t uid_hash(struct uid uid)
{
    return hash_mix(uid.hi, uid.lo);
}

static bool write_is_of(const void *value, const void *key)
{
    return uid_equal(((const struct write *)value)->uid, *(const struct uid *)key);
}

static void fill(struct writer *writer, struct write *write, const struct policy_status *status)
{
    char uid_text[UID_TEXT_BYTES];
    const struct symbols *symbols = writer->options.symbols;
    size_t uid_len = uid_format(symbols, status->uid, uid_text);
    buf_clear(&write->text);
    (void)buf_add_str(&write->text, "/apis/scheduling.spillway.io/v1alpha1/namespaces/");
    url_add_escaped(&write->text, symbol_str(symbols, status->namespace_sym));
    (void)buf_add_str(&write->text, "/resourcepolicies/");
    url_add_escaped(&write->text, status->name);
    (void)buf_add_str(&write->text, "/status");
    write_text_path_done(write);
    (void)buf_add(&write->text, status->name.ptr, status->name.len);
    write->body_at = write->text.len;
    write_body_policy(&write->text, symbols, (struct str){uid_text, uid_len}, status);
}

static struct write *new_patch(struct writer *writer, const struct policy_status *status)
{
    struct write *write = write_class_take(&writer->status_class, WRITE_POLICY);
    write->method = "PATCH";
    write->content_type = "application/merge-patch+json";
    write->namespace_sym = status->namespace_sym;
    write->uid = status->uid;
    fill(writer, write, status);
    return write;
}

void writer_patch_policy(void *ctx, const struct policy_status *status)
{
    struct writer *writer = ctx;
    struct write_class *class = &writer->status_class;
    struct write *known =
        map_get(&writer->policies, uid_hash(status->uid), write_is_of, &status->uid);
    if (known && (known->is_in_flight || known->successor)) {
        if (known->successor)
            fill(writer, known->successor, status);
        else
            known->successor = new_patch(writer, status);
        return;
    }
    if (known) { /* waits, for the first time or again */
        fill(writer, known, status);
        return;
    }
    struct write *write = new_patch(writer, status);
    if (writer->is_draining || class->waiting >= WRITER_STATUS_QUEUE) {
        write_class_refuse(class, write,
                           writer->is_draining ? "shutting down" : "too many patches are waiting");
        return;
    }
    map_put(&writer->policies, uid_hash(write->uid), write);
    write_class_put(class, write);
}

void writer_policy_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply)
{
    struct write *successor = write->successor;
    write->successor = NULL;
    if (map_get(&writer->policies, uid_hash(write->uid), write_is_of, &write->uid) == write)
        (void)map_remove(&writer->policies, uid_hash(write->uid), write_is_of, &write->uid);
    if (successor) {
        map_put(&writer->policies, uid_hash(successor->uid), successor);
        write_class_put(write->class, successor);
    }
    writer_answer(writer, EVENT_POLICY_STATUS_REPLY, write, reply, NULL);
}
