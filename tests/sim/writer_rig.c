#include "tests/sim/writer_rig.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#include "model/names.h"

static void on_event(void *ctx, const struct event *event)
{
    struct writer_rig *rig = ctx;
    cr_assert_lt(rig->reply_count, RIG_REPLIES_MAX);
    const struct reply *reply = event->reply;
    struct rig_reply *kept = &rig->replies[rig->reply_count++];
    *kept = (struct rig_reply){event->kind, reply->outcome, reply->http_status, "", "", ""};
    (void)snprintf(kept->pod, sizeof kept->pod, STR_FMT, STR_ARG(reply->pod.name));
    (void)snprintf(kept->message, sizeof kept->message, STR_FMT, STR_ARG(reply->message));
    if (event->read_pod)
        (void)snprintf(kept->read_node, sizeof kept->read_node, "%s",
                       symbol_text(rig->symbols, event->read_pod->node_name_sym));
}

void writer_rig_open(struct writer_rig *rig)
{
    rig->reply_count = 0;
    rig->is_closed = false;
    script_open(&rig->script);
    rig->symbols = names_symbols_new(1);
    rig->writer = writer_new(&(struct writer_options){
        .loop = &rig->script.loop,
        .access = rig->script.access,
        .log = &rig->script.log,
        .symbols = rig->symbols,
        .instance = "vm",
        .seed = 1,
        .event_calm_ms = rig->event_calm_ms,
        .ctx = rig,
        .on_event = on_event,
    });
    rig->port = writer_port(rig->writer);
}

static void set_true(void *ctx)
{
    *(bool *)ctx = true;
}

static bool is_true(void *ctx)
{
    return *(bool *)ctx;
}

void rig_close_writer(struct writer_rig *rig)
{
    writer_close(rig->writer, set_true, &rig->is_closed);
    rig->writer = NULL;
    script_run(&rig->script, is_true, &rig->is_closed);
}

void writer_rig_close(struct writer_rig *rig)
{
    if (rig->writer)
        rig_close_writer(rig);
    script_close(&rig->script);
    symbols_free(rig->symbols);
}

/* ---- the port ---- */

struct pod_ref rig_pod(struct writer_rig *rig, const char *name, uint64_t uid)
{
    return (struct pod_ref){
        .namespace_sym = symbol_intern(rig->symbols, STR("shop")),
        .name = str_from(name),
        .uid = {0x1111222233334444u, uid},
    };
}

void rig_bind(struct writer_rig *rig, const char *name, uint64_t uid)
{
    const struct bind_request request = {
        .pod = rig_pod(rig, name, uid),
        .node_name_sym = symbol_intern(rig->symbols, STR("node-1")),
    };
    rig->port.bind(rig->port.ctx, &request);
}

void rig_patch(struct writer_rig *rig, const char *message, bool clears_nomination, bool was_false)
{
    const struct status_request request = {
        .pod = rig_pod(rig, "web-0", 7),
        .reason = "Unschedulable",
        .message = str_from(message),
        .observed_generation = 3,
        .clears_nomination = clears_nomination,
        .was_false = was_false,
    };
    rig->port.patch_status(rig->port.ctx, &request);
}

void rig_emit(struct writer_rig *rig, uint64_t uid, bool is_warning, const char *note)
{
    const struct event_request request = {
        .pod = rig_pod(rig, "web-0", uid),
        .resource_version = STR("42"),
        .scheduler_name_sym = symbol_intern(rig->symbols, STR("spillway")),
        .is_warning = is_warning,
        .reason = is_warning ? "FailedScheduling" : "Scheduled",
        .action = is_warning ? "Scheduling" : "Binding",
        .note = str_from(note),
    };
    rig->port.emit_event(rig->port.ctx, &request);
}

/* ---- waiting ---- */

struct wanted {
    const struct writer_rig *rig;
    const char *text;
    uint64_t count;
};

static bool has_replies(void *ctx)
{
    const struct wanted *wanted = ctx;
    return wanted->rig->reply_count >= wanted->count;
}

void rig_await_replies(struct writer_rig *rig, size_t count)
{
    struct wanted wanted = {.rig = rig, .count = count};
    script_run(&rig->script, has_replies, &wanted);
    cr_assert_eq(rig->reply_count, count);
}

static bool has_requests(void *ctx)
{
    const struct wanted *wanted = ctx;
    return script_count(&wanted->rig->script, wanted->text) >= wanted->count;
}

void rig_await_count(struct writer_rig *rig, const char *text, size_t count)
{
    struct wanted wanted = {.rig = rig, .text = text, .count = count};
    script_run(&rig->script, has_requests, &wanted);
    cr_assert_eq(script_count(&rig->script, text), count);
}

static bool has_sent_events(void *ctx)
{
    const struct wanted *wanted = ctx;
    return writer_stats(wanted->rig->writer).events_sent >= wanted->count;
}

void rig_await_events(struct writer_rig *rig, uint64_t sent)
{
    struct wanted wanted = {.rig = rig, .count = sent};
    script_run(&rig->script, has_sent_events, &wanted);
}

static bool has_failed_events(void *ctx)
{
    const struct wanted *wanted = ctx;
    return writer_stats(wanted->rig->writer).events_failed >= wanted->count;
}

void rig_await_failed_events(struct writer_rig *rig, uint64_t failed)
{
    struct wanted wanted = {.rig = rig, .count = failed};
    script_run(&rig->script, has_failed_events, &wanted);
}

void rig_expect_text(const struct writer_rig *rig, size_t n, const char *path, const char *want)
{
    const char *body = script_request(&rig->script, n)->body;
    json_t *root = json_loads(body, 0, NULL);
    cr_assert(root, "request %zu is no JSON: %s", n, body);
    const json_t *at = root;
    for (const char *key = path; at && *key;) {
        size_t len = strcspn(key, ".");
        at = json_is_array(at) ? json_array_get(at, 0) : json_object_getn(at, key, len);
        key += len + (key[len] == '.');
    }
    const char *found = json_string_value(at);
    cr_expect(found && strcmp(found, want) == 0, "request %zu: %s is %s, not %s", n, path,
              found ? found : "absent", want);
    json_decref(root);
}
