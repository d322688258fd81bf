/*
 * The reflector against the simulated apiserver: whatever goes wrong on the way, what the core was
 * told is in the end what the store holds.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/apiserver.h"
#include "model/base/mem.h"
#include "model/base/rng.h"
#include "model/names.h"
#include "watch/reflector.h"

enum { NODES_MAX = 64, DEADLINE_MS = 20000, TICK_MS = 5, NAME_BYTES = 16, RV_BYTES = 32 };

/* A node as the core was told. */
struct told_node {
    bool is_there, was_listed;
    char rv[RV_BYTES];
};

struct mirror {
    uv_loop_t loop;
    struct sim_clock clock;
    struct store *store;
    struct apiserver *server;
    struct log log;
    struct access *access;
    struct http_client *client;
    struct symbols *symbols;
    struct reflector *reflector;
    uv_timer_t ticker;
    bool is_stopped, is_client_closed;
    char dir[64];
    FILE *log_file;
    struct told_node nodes[NODES_MAX]; /* "n-0" to "n-63" */
    uint32_t troubles;
};

/* ---- what the core is told ---- */

static struct told_node *told(struct mirror *mirror, struct str name)
{
    char text[NAME_BYTES];
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(name));
    unsigned number = NODES_MAX;
    cr_assert_eq(sscanf(text, "n-%u", &number), 1, "%s", text);
    cr_assert_lt(number, NODES_MAX);
    return &mirror->nodes[number];
}

static void on_event(void *ctx, const struct event *event)
{
    struct mirror *mirror = ctx;
    struct told_node *node;
    switch ((int)event->kind) {
    case EVENT_NODE_LIST_BEGIN:
        for (size_t i = 0; i < NODES_MAX; i++)
            mirror->nodes[i].was_listed = false;
        break;
    case EVENT_NODE_LIST_END:
        for (size_t i = 0; i < NODES_MAX; i++)
            mirror->nodes[i].is_there &= mirror->nodes[i].was_listed;
        break;
    case EVENT_NODE_SEEN:
        node = told(mirror, event->node->name);
        node->is_there = node->was_listed = true;
        (void)snprintf(node->rv, sizeof node->rv, STR_FMT, STR_ARG(event->node->resource_version));
        break;
    case EVENT_NODE_GONE:
        told(mirror, event->node->name)->is_there = false;
        break;
    default:
        cr_assert_fail("an event of another kind");
    }
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct mirror *mirror = ctx;
    (void)err;
    mirror->troubles++;
}

/* Whether every node of the store is known in its last version, and no other. */
static bool is_equal(void *ctx)
{
    struct mirror *mirror = ctx;
    if (!reflector_is_synced(mirror->reflector))
        return false;
    size_t told_count = 0;
    for (size_t i = 0; i < NODES_MAX; i++)
        told_count += mirror->nodes[i].is_there;
    struct store_list list = store_list(mirror->store, KIND_NODE, STR(""));
    if (told_count != list.count)
        return false;
    for (size_t i = 0; i < list.count; i++) {
        char rv[RV_BYTES];
        (void)snprintf(rv, sizeof rv, "%lld", (long long)list.objects[i]->rv);
        const struct told_node *node = told(mirror, str_from(list.objects[i]->ident->name));
        if (!node->is_there || strcmp(node->rv, rv) != 0)
            return false;
    }
    return true;
}

/* ---- what happens in the cluster ---- */

static void put_node(struct mirror *mirror, unsigned number, uint64_t label)
{
    char text[256];
    struct api_status status;
    (void)snprintf(text, sizeof text,
                   "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n-%u\","
                   "\"labels\":{\"x\":\"v%llu\"}}}",
                   number, (unsigned long long)label);
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "n-%u", number);
    const struct store_target target = {.kind = KIND_NODE, .name = str_from(name)};
    if (!store_get(mirror->store, KIND_NODE, STR(""), target.name)) {
        cr_assert(
            store_create_text(mirror->store, KIND_NODE, STR(""), str_from(text), NULL, &status),
            "%s", status.message);
        return;
    }
    json_t *patch = json_loads(text, 0, NULL);
    cr_assert(store_patch(mirror->store, &target, PATCH_MERGE, patch, NULL, &status), "%s",
              status.message);
    json_decref(patch);
}

static void drop_node(struct mirror *mirror, unsigned number)
{
    char name[NAME_BYTES];
    struct api_status status;
    (void)snprintf(name, sizeof name, "n-%u", number);
    const struct store_target target = {.kind = KIND_NODE, .name = str_from(name)};
    if (!store_delete(mirror->store, &target, NULL, NULL, &status))
        cr_assert_eq(status.code, 404, "%s", status.message);
}

/* A few legal changes, by chance. */
static void shake(struct mirror *mirror, struct rng *rng)
{
    for (int i = 0; i < 20; i++) {
        unsigned number = (unsigned)rng_below(rng, NODES_MAX);
        if (rng_below(rng, 4) == 0)
            drop_node(mirror, number);
        else
            put_node(mirror, number, rng_next(rng));
    }
}

/* ---- life ---- */

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* False: it did not come about in time. The ticks keep the loop from sleeping on what a timer did.
 */
static bool run_until(struct mirror *mirror, bool (*is_done)(void *ctx), void *ctx)
{
    uint64_t deadline_ns = uv_hrtime() + (uint64_t)DEADLINE_MS * 1000000;
    (void)uv_timer_start(&mirror->ticker, on_tick, TICK_MS, TICK_MS);
    bool is_late = false;
    while (!is_done(ctx) && !is_late) {
        (void)uv_run(&mirror->loop, UV_RUN_ONCE);
        is_late = uv_hrtime() > deadline_ns;
    }
    (void)uv_timer_stop(&mirror->ticker);
    return !is_late;
}

static void mirror_open(struct mirror *mirror, bool no_streaming)
{
    struct err err = {0};
    *mirror = (struct mirror){.dir = "/tmp/spillway-mirror-XXXXXX"};
    cr_assert(mkdtemp(mirror->dir));
    cr_assert_eq(uv_loop_init(&mirror->loop), 0);
    (void)uv_timer_init(&mirror->loop, &mirror->ticker);
    sim_clock_read_system(&mirror->clock);
    mirror->store = store_new(NULL, &mirror->clock);
    const struct apiserver_options server = {
        .dir = mirror->dir, .refresh_clock = &mirror->clock, .bookmark_every_ms = 20};
    mirror->server = apiserver_start(&mirror->loop, mirror->store, &server, &err);
    cr_assert(mirror->server, "%s", err.text);
    mirror->log_file = fopen("/dev/null", "w");
    mirror->log = (struct log){.out = mirror->log_file, .verbosity = 9};
    const struct access_options access = {.kubeconfig = apiserver_kubeconfig(mirror->server)};
    mirror->access = access_load(&access, &mirror->log, &err);
    cr_assert(mirror->access, "%s", err.text);
    mirror->symbols = names_symbols_new(1);
    mirror->client = http_client_new(&mirror->loop, mirror->access, &mirror->log, "watch", 2);
    mirror->reflector = reflector_start(&(struct reflector_options){
        .loop = &mirror->loop,
        .client = mirror->client,
        .log = &mirror->log,
        .symbols = mirror->symbols,
        .kind = DECODE_NODE,
        .path = "/api/v1/nodes",
        .seed = 1,
        .no_streaming_list = no_streaming,
        .stream_idle_ms = 200,
        .list_idle_ms = 200,
        .watch_idle_ms = 200,
        .backoff_base_ms = 1,
        .ctx = mirror,
        .on_event = on_event,
        .on_trouble = on_trouble,
    });
}

static void set_true(void *ctx)
{
    *(bool *)ctx = true;
}

static bool is_true(void *ctx)
{
    return *(bool *)ctx;
}

static void remove_dir(const char *dir)
{
    DIR *files = opendir(dir);
    cr_assert(files);
    for (struct dirent *file; (file = readdir(files));)
        (void)unlinkat(dirfd(files), file->d_name, 0);
    (void)closedir(files);
    cr_expect_eq(rmdir(dir), 0, "%s was not emptied", dir);
}

static void mirror_close(struct mirror *mirror)
{
    reflector_stop(mirror->reflector, set_true, &mirror->is_stopped);
    cr_assert(run_until(mirror, is_true, &mirror->is_stopped));
    http_client_close(mirror->client, set_true, &mirror->is_client_closed);
    cr_assert(run_until(mirror, is_true, &mirror->is_client_closed));
    apiserver_stop(mirror->server);
    uv_close((uv_handle_t *)&mirror->ticker, NULL);
    (void)uv_run(&mirror->loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&mirror->loop), 0);
    access_free(mirror->access);
    symbols_free(mirror->symbols);
    store_free(mirror->store);
    (void)fclose(mirror->log_file);
    remove_dir(mirror->dir);
}

TestSuite(convergence);

/* ---- the tests ---- */

static const struct fault faults[] = {
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 500},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 503},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 429},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 401},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 403},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 410},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 422},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 504},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_DROP_BEFORE},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_DROP_AFTER},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_RESET_AFTER},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_GOAWAY},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_STALL},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_EMPTY},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_HTML},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_CORRUPT},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_WATCH_410},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_WATCH_CLOSE},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_NO_BOOKMARK},
    {.on = FAULT_ON_WATCH, .act = FAULT_DO_NO_STREAMING},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_STATUS, .code = 500},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_STATUS, .code = 429},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_STATUS, .code = 410},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_STATUS, .code = 401},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_DROP_BEFORE},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_RESET_AFTER},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_GOAWAY},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_STALL},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_TRUNCATE},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_CORRUPT},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_EMPTY},
    {.on = FAULT_ON_LIST, .act = FAULT_DO_HTML},
};

static void expect_equal(struct mirror *mirror, const struct fault *fault, const char *when)
{
    cr_assert(run_until(mirror, is_equal, mirror), "class %d, action %d, code %d: %s",
              (int)fault->on, (int)fault->act, fault->code, when);
}

/* The fault at the start, in pages or streamed, and again when the history is compacted away. */
static void survive(const struct fault *fault, uint64_t seed)
{
    struct mirror mirror;
    struct rng rng;
    rng_init(&rng, seed);
    mirror_open(&mirror, fault->on == FAULT_ON_LIST);
    shake(&mirror, &rng);
    struct fault armed = *fault;
    armed.times = 2;
    cr_assert(fault_arm(apiserver_faults(mirror.server), &armed));
    expect_equal(&mirror, fault, "at the start");
    cr_expect_gt(fault_fired(apiserver_faults(mirror.server), fault->act), 0,
                 "action %d never fired", (int)fault->act);
    for (int round = 0; round < 3; round++) {
        shake(&mirror, &rng);
        expect_equal(&mirror, fault, "after changes");
    }
    const struct fault ends = {.on = FAULT_ON_WATCH, .act = FAULT_DO_WATCH_410, .times = 1};
    (void)fault_arm(apiserver_faults(mirror.server), &ends);
    shake(&mirror, &rng);
    store_compact(mirror.store);
    (void)fault_arm(apiserver_faults(mirror.server), &armed);
    shake(&mirror, &rng);
    expect_equal(&mirror, fault, "after a compaction");
    mirror_close(&mirror);
}

Test(convergence, the_view_is_the_store_whatever_watches_do, .timeout = 120)
{
    for (size_t i = 0; i < ARRAY_LEN(faults) / 2; i++)
        survive(&faults[i], i + 1);
}

Test(convergence, the_view_is_the_store_whatever_lists_do, .timeout = 120)
{
    for (size_t i = ARRAY_LEN(faults) / 2; i < ARRAY_LEN(faults); i++)
        survive(&faults[i], i + 1);
}

Test(convergence, nodes_that_went_while_no_watch_was_open_are_gone, .timeout = 60)
{
    struct mirror mirror;
    static const struct fault none = {0};
    mirror_open(&mirror, false);
    for (unsigned i = 0; i < 10; i++)
        put_node(&mirror, i, i);
    expect_equal(&mirror, &none, "at the start");
    const struct fault cut = {.on = FAULT_ON_WATCH, .act = FAULT_DO_WATCH_410, .times = 1};
    (void)fault_arm(apiserver_faults(mirror.server), &cut);
    for (unsigned i = 0; i < 10; i += 2)
        drop_node(&mirror, i);
    put_node(&mirror, 20, 1);
    store_compact(mirror.store);
    expect_equal(&mirror, &none, "after the compaction");
    mirror_close(&mirror);
}
