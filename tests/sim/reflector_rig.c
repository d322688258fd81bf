#include "tests/sim/reflector_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "model/names.h"

void rig_on_event(void *ctx, const struct event *event)
{
    struct buf *transcript = &((struct reflector_rig *)ctx)->transcript;
    switch ((int)event->kind) {
    case EVENT_NODE_LIST_BEGIN:
        (void)buf_add_str(transcript, "BEGIN ");
        break;
    case EVENT_NODE_LIST_END:
        (void)buf_add_str(transcript, "END ");
        break;
    case EVENT_NODE_SEEN:
        (void)buf_printf(transcript, "+" STR_FMT " ", STR_ARG(event->node->name));
        break;
    case EVENT_NODE_GONE:
        (void)buf_printf(transcript, "-" STR_FMT " ", STR_ARG(event->node->name));
        break;
    default:
        (void)buf_add_str(transcript, "? ");
    }
}

static void on_synced(void *ctx)
{
    (void)buf_add_str(&((struct reflector_rig *)ctx)->transcript, "SYNCED ");
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct reflector_rig *rig = ctx;
    rig->trouble = *err;
    rig->troubles++;
}

static void set_true(void *ctx)
{
    *(bool *)ctx = true;
}

static bool is_true(void *ctx)
{
    return *(bool *)ctx;
}

void rig_open(struct reflector_rig *rig)
{
    *rig = (struct reflector_rig){.is_stopped = true};
    script_open(&rig->script);
    rig->symbols = names_symbols_new(1);
    rig->client =
        http_client_new(&rig->script.loop, rig->script.access, &rig->script.log, "watch", 2);
    buf_init(&rig->transcript, 1 << 20);
}

void rig_close(struct reflector_rig *rig)
{
    if (rig->reflector)
        rig_stop(rig);
    http_client_close(rig->client, set_true, &rig->is_client_closed);
    script_run(&rig->script, is_true, &rig->is_client_closed);
    script_close(&rig->script);
    symbols_free(rig->symbols);
    buf_fini(&rig->transcript);
}

struct reflector_options rig_options(struct reflector_rig *rig)
{
    return (struct reflector_options){
        .loop = &rig->script.loop,
        .client = rig->client,
        .log = &rig->script.log,
        .symbols = rig->symbols,
        .kind = DECODE_NODE,
        .path = "/api/v1/nodes",
        .seed = 1,
        .backoff_base_ms = 1,
        .ctx = rig,
        .on_event = rig_on_event,
        .on_synced = on_synced,
        .on_trouble = on_trouble,
    };
}

void rig_start(struct reflector_rig *rig, const struct reflector_options *options)
{
    rig->is_stopped = false;
    rig->reflector = reflector_start(options);
}

void rig_start_streaming(struct reflector_rig *rig)
{
    struct reflector_options options = rig_options(rig);
    rig_start(rig, &options);
}

void rig_start_paging(struct reflector_rig *rig)
{
    struct reflector_options options = rig_options(rig);
    options.no_streaming_list = true;
    rig_start(rig, &options);
}

void rig_stop(struct reflector_rig *rig)
{
    struct reflector *reflector = rig->reflector;
    rig->reflector = NULL;
    reflector_stop(reflector, set_true, &rig->is_stopped);
    rig_await_stop(rig);
}

void rig_await_stop(struct reflector_rig *rig)
{
    script_run(&rig->script, is_true, &rig->is_stopped);
}

struct wanted {
    const struct reflector_rig *rig;
    const char *transcript;
    size_t requests;
    int troubles;
};

static bool has_transcript(void *ctx)
{
    const struct wanted *wanted = ctx;
    return str_is(buf_str(&wanted->rig->transcript), wanted->transcript);
}

void rig_await(struct reflector_rig *rig, const char *transcript)
{
    struct wanted wanted = {.rig = rig, .transcript = transcript};
    if (!script_run_for(&rig->script, 10000, has_transcript, &wanted))
        cr_assert_fail("awaited: %s; came: " STR_FMT, transcript,
                       STR_ARG(buf_str(&rig->transcript)));
}

static bool has_requests(void *ctx)
{
    const struct wanted *wanted = ctx;
    return wanted->rig->script.request_count >= wanted->requests;
}

void rig_await_requests(struct reflector_rig *rig, size_t count)
{
    struct wanted wanted = {.rig = rig, .requests = count};
    script_run(&rig->script, has_requests, &wanted);
}

static bool has_troubles(void *ctx)
{
    const struct wanted *wanted = ctx;
    return wanted->rig->troubles >= wanted->troubles;
}

void rig_await_troubles(struct reflector_rig *rig, int count)
{
    struct wanted wanted = {.rig = rig, .troubles = count};
    script_run(&rig->script, has_troubles, &wanted);
}

void rig_expect_param(const struct reflector_rig *rig, size_t n, const char *param)
{
    const char *path = script_request(&rig->script, n)->path;
    const char *found = strstr(path, param);
    bool is_whole = found && (found[-1] == '?' || found[-1] == '&') &&
                    (found[strlen(param)] == '&' || found[strlen(param)] == '\0');
    cr_expect(is_whole, "request %zu has no %s: %s", n, param, path);
}

void rig_expect_no_param(const struct reflector_rig *rig, size_t n, const char *key)
{
    const char *path = script_request(&rig->script, n)->path;
    char first[64], later[64];
    (void)snprintf(first, sizeof first, "?%s=", key);
    (void)snprintf(later, sizeof later, "&%s=", key);
    cr_expect(!strstr(path, first) && !strstr(path, later), "request %zu has %s: %s", n, key, path);
}
