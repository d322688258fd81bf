/* The writer against the simulated apiserver: what ends up in the store, and what a lost answer
 * hides. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/apiserver.h"
#include "model/names.h"
#include "watch/writer.h"

enum { DEADLINE_MS = 10000, TICK_MS = 5, REPLIES_MAX = 2048 };

struct got {
    enum event_kind kind;
    enum outcome outcome;
    char message[256], node[64];
};

static uv_loop_t loop;
static uv_timer_t ticker;
static struct sim_clock wall;
static struct store *store;
static struct apiserver *server;
static struct log quiet;
static struct access *access_of_admin;
static struct symbols *symbols;
static struct writer *writer;
static struct port port;
static char dir[64];
static struct got got[REPLIES_MAX];
static size_t got_count;
static bool is_closed;

static void on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    cr_assert_lt(got_count, REPLIES_MAX);
    struct got *kept = &got[got_count++];
    *kept = (struct got){event->kind, event->reply->outcome, "", ""};
    (void)snprintf(kept->message, sizeof kept->message, STR_FMT, STR_ARG(event->reply->message));
    if (event->read_pod)
        (void)snprintf(kept->node, sizeof kept->node, "%s",
                       symbol_text(symbols, event->read_pod->node_name_sym));
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* The ticks keep the loop from sleeping on what a timer did. */
static void run_until(bool (*is_done)(void))
{
    uint64_t deadline_ns = uv_hrtime() + (uint64_t)DEADLINE_MS * 1000000;
    (void)uv_timer_start(&ticker, on_tick, TICK_MS, TICK_MS);
    while (!is_done() && uv_hrtime() < deadline_ns)
        (void)uv_run(&loop, UV_RUN_ONCE);
    (void)uv_timer_stop(&ticker);
    cr_assert(is_done(), "nothing happened in ten seconds");
}

static void setup(void)
{
    struct err err = {0};
    (void)snprintf(dir, sizeof dir, "/tmp/spillway-writer-XXXXXX");
    cr_assert(mkdtemp(dir));
    (void)uv_loop_init(&loop);
    (void)uv_timer_init(&loop, &ticker);
    sim_clock_read_system(&wall);
    store = store_new(NULL, &wall);
    server = apiserver_start(&loop, store,
                             &(struct apiserver_options){.dir = dir, .refresh_clock = &wall}, &err);
    cr_assert(server, "%s", err.text);
    quiet = (struct log){.out = fopen("/dev/null", "w")};
    access_of_admin = access_load(
        &(struct access_options){.kubeconfig = apiserver_kubeconfig(server)}, &quiet, &err);
    cr_assert(access_of_admin, "%s", err.text);
    symbols = names_symbols_new(1);
    writer = writer_new(&(struct writer_options){
        .loop = &loop,
        .access = access_of_admin,
        .log = &quiet,
        .symbols = symbols,
        .instance = "vm",
        .seed = 1,
        .on_event = on_event,
    });
    port = writer_port(writer);
}

static void set_closed(void *ctx)
{
    (void)ctx;
    is_closed = true;
}

static bool closed(void)
{
    return is_closed;
}

static void teardown(void)
{
    writer_close(writer, set_closed, NULL);
    run_until(closed);
    apiserver_stop(server);
    uv_close((uv_handle_t *)&ticker, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&loop), 0);
    access_free(access_of_admin);
    symbols_free(symbols);
    store_free(store);
    (void)fclose(quiet.out);
    DIR *files = opendir(dir);
    for (struct dirent *file; (file = readdir(files));)
        (void)unlinkat(dirfd(files), file->d_name, 0);
    (void)closedir(files);
    cr_expect_eq(rmdir(dir), 0);
}

TestSuite(writer_store, .init = setup, .fini = teardown, .timeout = 60);

/* A pod "web-0" in namespace default, as the writer names it. */
static struct pod_ref make_pod(void)
{
    struct api_status status;
    const struct object *object;
    cr_assert(
        store_create_text(store, KIND_POD, STR("default"),
                          STR("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
                              "\"web-0\"},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":"
                              "[{\"name\":\"c\",\"image\":\"i\"}]}}"),
                          &object, &status),
        "%s", status.message);
    struct pod_ref pod = {.namespace_sym = symbol_intern(symbols, STR("default")),
                          .name = STR("web-0")};
    cr_assert(uid_parse(symbols, str_from(object->ident->uid), &pod.uid));
    return pod;
}

static void bind_to(const struct pod_ref *pod, const char *node)
{
    const struct bind_request request = {.pod = *pod,
                                         .node_name_sym = symbol_intern(symbols, str_from(node))};
    port.bind(port.ctx, &request);
}

static const char *node_of_pod(void)
{
    return object_node_name(store_get(store, KIND_POD, STR("default"), STR("web-0")));
}

static size_t awaited;

static bool has_awaited(void)
{
    return got_count >= awaited;
}

static const struct got *await_reply(void)
{
    awaited = got_count + 1;
    run_until(has_awaited);
    return &got[awaited - 1];
}

static void arm(enum fault_class on, enum fault_action act)
{
    const struct fault fault = {.on = on, .act = act, .times = 1};
    cr_assert(fault_arm(apiserver_faults(server), &fault));
}

Test(writer_store, binds_once_and_meets_a_conflict_the_second_time)
{
    struct pod_ref pod = make_pod();
    bind_to(&pod, "node-1");
    cr_expect_eq(await_reply()->outcome, OUTCOME_DONE);
    cr_expect_str_eq(node_of_pod(), "node-1");
    bind_to(&pod, "node-2");
    const struct got *second = await_reply();
    cr_expect_eq(second->outcome, OUTCOME_CONFLICT);
    cr_expect(strstr(second->message, "already assigned to node \"node-1\""), "%s",
              second->message);
    cr_expect_str_eq(node_of_pod(), "node-1");
}

Test(writer_store, never_binds_another_pod_of_the_same_name)
{
    struct pod_ref pod = make_pod();
    pod.uid.lo ^= 1;
    bind_to(&pod, "node-1");
    cr_expect_eq(await_reply()->outcome, OUTCOME_CONFLICT);
    cr_expect_str_eq(node_of_pod(), "");
}

Test(writer_store, finds_out_by_a_read_what_became_of_a_bind)
{
    struct pod_ref pod = make_pod();
    arm(FAULT_ON_BIND, FAULT_DO_DROP_BEFORE);
    bind_to(&pod, "node-1");
    cr_expect_eq(await_reply()->outcome, OUTCOME_UNKNOWN);
    port.read_pod(port.ctx, &pod);
    const struct got *unbound = await_reply();
    cr_expect_eq(unbound->outcome, OUTCOME_DONE);
    cr_expect_str_eq(unbound->node, "");

    arm(FAULT_ON_BIND, FAULT_DO_DROP_AFTER);
    bind_to(&pod, "node-1");
    cr_expect_eq(await_reply()->outcome, OUTCOME_UNKNOWN);
    port.read_pod(port.ctx, &pod);
    const struct got *bound = await_reply();
    cr_expect_eq(bound->kind, EVENT_POD_READ);
    cr_expect_str_eq(bound->node, "node-1");
}

Test(writer_store, says_that_a_pod_is_gone)
{
    struct pod_ref pod = make_pod();
    pod.name = STR("web-1");
    bind_to(&pod, "node-1");
    cr_expect_eq(await_reply()->outcome, OUTCOME_GONE);
    port.read_pod(port.ctx, &pod);
    cr_expect_eq(await_reply()->outcome, OUTCOME_GONE);
}

static const char *condition_of_pod(void)
{
    static char text[2048];
    const struct object *pod = store_get(store, KIND_POD, STR("default"), STR("web-0"));
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(object_section(pod, SEC_CONDITIONS)));
    return text;
}

static void patch(const struct pod_ref *pod, const char *message)
{
    const struct status_request request = {.pod = *pod,
                                           .reason = "Unschedulable",
                                           .message = str_from(message),
                                           .observed_generation = 1};
    port.patch_status(port.ctx, &request);
}

Test(writer_store, writes_the_condition_that_autoscalers_look_for)
{
    struct pod_ref pod = make_pod();
    patch(&pod, "0/1 nodes are available: 1 Insufficient cpu.");
    cr_expect_eq(await_reply()->outcome, OUTCOME_DONE);
    cr_expect(strstr(condition_of_pod(), "\"reason\":\"Unschedulable\""), "%s", condition_of_pod());
    patch(&pod, "0/2 nodes are available: 2 Insufficient cpu.");
    cr_expect_eq(await_reply()->outcome, OUTCOME_DONE);
    cr_expect(strstr(condition_of_pod(), "0/2 nodes"), "%s", condition_of_pod());
    cr_expect_not(strstr(condition_of_pod(), "0/1 nodes"), "two conditions of one type");
}

Test(writer_store, patches_no_other_pod_of_the_same_name)
{
    struct pod_ref pod = make_pod();
    pod.uid.lo ^= 1;
    patch(&pod, "0/1 nodes are available: 1 Insufficient cpu.");
    cr_expect_eq(await_reply()->outcome, OUTCOME_INVALID, "422: the UID is immutable");
    cr_expect_not(strstr(condition_of_pod(), "Insufficient"));
}

static bool has_two_writes(void)
{
    return writer_stats(writer).events_sent >= 2;
}

Test(writer_store, leaves_one_event_with_a_count)
{
    struct pod_ref pod = make_pod();
    const struct event_request request = {
        .pod = pod,
        .scheduler_name_sym = symbol_intern(symbols, STR("spillway")),
        .is_warning = true,
        .reason = "FailedScheduling",
        .action = "Scheduling",
        .note = STR("0/1 nodes are available: 1 Insufficient cpu."),
    };
    port.emit_event(port.ctx, &request);
    port.emit_event(port.ctx, &request);
    run_until(has_two_writes);
    struct store_list events = store_list(store, KIND_EVENT, STR("default"));
    cr_assert_eq(events.count, 1);
    json_t *event = object_json(events.objects[0], true);
    const json_t *series = json_object_get(event, "series");
    cr_expect_eq(json_integer_value(json_object_get(series, "count")), 2);
    cr_expect_str_eq(json_string_value(json_object_get(event, "reason")), "FailedScheduling");
    json_decref(event);
}

/* ---- the window ---- */

/* `count` binds of the pod (all but the first meet a conflict, which is an answer in good time), as
 * many at a time as there is room for; then how many there is room for. */
static size_t room_after(const struct pod_ref *pod, size_t count)
{
    size_t all = got_count + count;
    for (size_t sent = got_count; sent < all; run_until(has_awaited)) {
        awaited = got_count + 1;
        for (size_t room = port.bind_room(port.ctx); room > 0 && sent < all; room--, sent++)
            bind_to(pod, "node-1");
    }
    awaited = all;
    run_until(has_awaited);
    return port.bind_room(port.ctx);
}

static uint64_t halved_before_ms;

static bool is_a_later_ms(void)
{
    return uv_hrtime() / 1000000 > halved_before_ms;
}

/* The next requests get it, and they leave in a later millisecond than the last halving. */
static void arm_many(struct fault fault)
{
    halved_before_ms = uv_hrtime() / 1000000;
    run_until(is_a_later_ms);
    cr_assert(fault_arm(apiserver_faults(server), &fault));
}

Test(writer_store, opens_the_window_at_a_fast_server_and_halves_it_on_429_504_and_slow_answers)
{
    struct pod_ref pod = make_pod();
    cr_expect_eq(room_after(&pod, 1), 8, "one at a time proves nothing");
    cr_expect_eq(room_after(&pod, 700), 100);

    /* All that was under way is one warning; the answers behind it may earn a few again. */
    arm_many((struct fault){.on = FAULT_ON_BIND, .act = FAULT_DO_STATUS, .code = 504, .times = 10});
    size_t room = room_after(&pod, 100);
    cr_expect(room >= 50 && room <= 55, "%zu after 504s", room);
    arm_many((struct fault){
        .on = FAULT_ON_BIND, .act = FAULT_DO_STATUS, .code = 429, .retry_after_s = 1, .times = 10});
    room = room_after(&pod, 50);
    cr_expect(room >= 25 && room <= 30, "%zu after 429s", room);
    cr_expect_eq(writer_stats(writer).throttled, 10);
    arm_many((struct fault){
        .on = FAULT_ON_BIND, .act = FAULT_DO_LATE, .delay_ms = 2100, .times = (uint32_t)room});
    size_t late = room_after(&pod, room);
    cr_expect(late >= room / 2 && late <= room / 2 + 2, "%zu after slow answers", late);

    room = room_after(&pod, 1000);
    cr_expect(room >= late + 15, "one more a window of answers: from %zu to %zu", late, room);
}
