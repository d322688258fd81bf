/*
 * Recordings through the core again: a random walk over nodes, pods, replies and time is recorded,
 * in parts too, and replays to the same bindings; one binding changed is found.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/event_file.h"
#include "bench/event_replay.h"
#include "model/base/mem.h"
#include "model/base/rng.h"
#include "model/names.h"
#include "sched/record.h"
#include "watch/record_file.h"

enum {
    NODES = 12,
    PODS = 60,
    STEPS = 3000,
    OPEN_MAX = 64,
    PATH_BYTES = 128,
    UNBOUNDED_BYTES = 64 << 20,
    TWO_PARTS_BYTES = 200 * 1000,
};

/* A binding, or a read, that has no answer yet. */
struct question {
    uint32_t pod;
    bool is_read;
};

struct story {
    char dir[64], path[PATH_BYTES], old_path[PATH_BYTES];
    struct log log;
    struct rng rng;
    struct symbols *symbols;
    struct record_file *file;
    struct recorder *recorder;
    struct sched *sched;
    struct mono_ms now;
    uint32_t node_syms[NODES], namespace_sym;
    uint32_t placed[PODS]; /* node + 1 as the server has it, 0 unbound */
    uint32_t lives[PODS];  /* how often it was made anew: part of its UID */
    struct question open[OPEN_MAX];
    uint32_t open_count, version;
    uint64_t bindings;
};

static uint32_t below(struct story *story, uint32_t limit)
{
    return (uint32_t)rng_below(&story->rng, limit);
}

/* ---- the world ---- */

static struct mono_ms story_now(void *ctx)
{
    return ((struct story *)ctx)->now;
}

static uint64_t story_random(void *ctx)
{
    (void)ctx;
    return 11;
}

static size_t story_bind_room(void *ctx)
{
    return OPEN_MAX - ((struct story *)ctx)->open_count;
}

static uint32_t pod_number(struct str name)
{
    return (uint32_t)(name.ptr[1] - '0') * 10 + (uint32_t)(name.ptr[2] - '0');
}

static void ask(struct story *story, const struct pod_ref *pod, bool is_read)
{
    cr_assert_lt(story->open_count, OPEN_MAX);
    story->open[story->open_count++] = (struct question){pod_number(pod->name), is_read};
}

static void story_bind(void *ctx, const struct bind_request *request)
{
    struct story *story = ctx;
    uint32_t pod = pod_number(request->pod.name), node = 0;
    while (story->node_syms[node] != request->node_name_sym)
        node++;
    if (story->placed[pod] == 0 && below(story, 4) > 0) /* else it is lost on its way */
        story->placed[pod] = node + 1;
    story->bindings++;
    ask(story, &request->pod, false);
}

static void story_read(void *ctx, const struct pod_ref *pod)
{
    ask(ctx, pod, true);
}

static void story_status(void *ctx, const struct status_request *request)
{
    (void)ctx;
    (void)request;
}

static void story_emit(void *ctx, const struct event_request *request)
{
    (void)ctx;
    (void)request;
}

static void story_evict(void *ctx, const struct evict_request *request)
{
    (void)ctx;
    (void)request;
}

static void story_policy(void *ctx, const struct policy_status *status)
{
    (void)ctx;
    (void)status;
}

static void story_owners(void *ctx)
{
    (void)ctx;
}

static void story_note(void *ctx, enum note_level level, const char *text)
{
    (void)ctx;
    (void)level;
    (void)text;
}

/* ---- what happens ---- */

static void tell(struct story *story, const struct event *event)
{
    recorder_on_event(story->recorder, event);
    sched_on_event(story->sched, event);
}

static struct str print(char text[16], const char *format, uint32_t number)
{
    int len = snprintf(text, 16, format[0] == 'p' ? "p%02u" : "%u", number);
    return (struct str){text, (size_t)len};
}

static void tell_pod(struct story *story, enum event_kind kind, uint32_t i,
                     const struct reply *reply)
{
    char name[16], version[16];
    struct scalar requests[] = {{NAME_CPU, 500 * (1 + i % 3)}, {NAME_MEMORY, 1 << 20}};
    struct host_port port = {SYM_EMPTY, (uint16_t)(8000 + i), PROTOCOL_TCP};
    struct container_object container = {.name = STR("c"),
                                         .requests = {2, requests, true},
                                         .port_count = i % 7 == 0,
                                         .ports = &port};
    struct toleration toleration = {
        .key_sym = NAME_ZONE, .op = TOLERATION_EXISTS, .effect = TAINT_NO_SCHEDULE};
    struct pod_object pod = {
        .name = print(name, "p", i),
        .resource_version = print(version, "v", ++story->version),
        .namespace_sym = story->namespace_sym,
        .uid = {1 + story->lives[i], 1 + i},
        .generation = 1,
        .scheduler_name_sym = symbol_intern(story->symbols, STR("spillway")),
        .node_name_sym = story->placed[i] ? story->node_syms[story->placed[i] - 1] : SYM_EMPTY,
        .priority = (int32_t)(i % 4),
        .gate_count = i % 11 == 0 && story->version % 2,
        .containers = &container,
        .container_count = 1,
        .tolerations = &toleration,
        .toleration_count = i % 2,
    };
    struct event event = {.kind = kind};
    if (kind == EVENT_POD_READ) {
        event.reply = reply;
        event.read_pod = &pod;
    } else {
        event.pod = &pod;
    }
    tell(story, &event);
}

static void tell_node(struct story *story, enum event_kind kind, uint32_t i)
{
    char version[16];
    struct taint taint = {.key_sym = NAME_ZONE, .effect = TAINT_NO_SCHEDULE};
    struct scalar allocatable[] = {
        {NAME_CPU, 1000 + 500 * below(story, 6)}, {NAME_MEMORY, 1 << 30}, {NAME_PODS, 10}};
    struct label label = {NAME_HOSTNAME, story->node_syms[i]};
    struct node_object node = {
        .name = symbol_str(story->symbols, story->node_syms[i]),
        .resource_version = print(version, "v", ++story->version),
        .name_sym = story->node_syms[i],
        .uid = {9, 1 + i},
        .is_unschedulable = below(story, 8) == 0,
        .labels = {1, &label},
        .taints = {below(story, 4) == 0, &taint},
        .allocatable = {3, allocatable, true},
    };
    tell(story, &(struct event){.kind = kind, .node = &node});
}

/* Any of the questions gets any answer that may be: right, refused, or lost. */
static void answer(struct story *story)
{
    static const enum outcome refusals[] = {OUTCOME_CONFLICT, OUTCOME_THROTTLED, OUTCOME_UNKNOWN,
                                            OUTCOME_INVALID};
    if (story->open_count == 0)
        return;
    uint32_t at = below(story, story->open_count);
    struct question question = story->open[at];
    story->open[at] = story->open[--story->open_count];
    char name[16];
    uint32_t i = question.pod;
    bool is_done = story->placed[i] > 0 && below(story, 3) > 0;
    struct reply reply = {
        .pod = {story->namespace_sym, print(name, "p", i), {1 + story->lives[i], 1 + i}},
        .outcome = is_done                ? OUTCOME_DONE
                   : story->placed[i] > 0 ? OUTCOME_UNKNOWN
                                          : refusals[below(story, ARRAY_LEN(refusals))],
        .message = STR("as it happens"),
    };
    if (!question.is_read) {
        tell(story, &(struct event){.kind = EVENT_BIND_REPLY, .reply = &reply});
    } else if (below(story, 4) == 0) {
        reply.outcome = OUTCOME_UNKNOWN;
        tell(story, &(struct event){.kind = EVENT_POD_READ, .reply = &reply});
    } else {
        reply.outcome = OUTCOME_DONE;
        tell_pod(story, EVENT_POD_READ, i, &reply);
    }
}

static void end_pod(struct story *story, uint32_t i)
{
    tell_pod(story, EVENT_POD_GONE, i, NULL);
    story->placed[i] = 0;
    story->lives[i]++;
}

static void step(struct story *story)
{
    story->now = mono_add(story->now, below(story, 4) == 0 ? below(story, 3000) : 0);
    uint32_t pod = below(story, PODS);
    switch (below(story, 12)) {
    case 0:
        tell_node(story, EVENT_NODE_SEEN, below(story, NODES));
        break;
    case 1:
        if (below(story, 5) == 0)
            tell_node(story, EVENT_NODE_GONE, below(story, NODES));
        break;
    case 2:
        end_pod(story, pod);
        break;
    case 3:
    case 4:
    case 5:
        tell_pod(story, EVENT_POD_SEEN, pod, NULL);
        break;
    case 6:
    case 7:
        answer(story);
        break;
    default:
        recorder_on_pass(story->recorder, 3);
        (void)sched_pass(story->sched, 3);
    }
}

/* ---- life ---- */

static void story_open(struct story *story, uint64_t seed, uint64_t limit_bytes)
{
    *story = (struct story){.log = {.out = fopen("/dev/null", "we")},
                            .symbols = names_symbols_new(seed)};
    (void)snprintf(story->dir, sizeof(story->dir), "/tmp/spillway-test-XXXXXX");
    cr_assert_not_null(story->log.out);
    cr_assert_not_null(mkdtemp(story->dir));
    (void)snprintf(story->path, sizeof(story->path), "%s/events", story->dir);
    (void)snprintf(story->old_path, sizeof(story->old_path), "%s/events.1", story->dir);
    rng_init(&story->rng, seed);
    for (uint32_t i = 0; i < NODES; i++) {
        char name[16];
        story->node_syms[i] = symbol_intern(story->symbols, print(name, "node", 100 + i));
    }
    story->namespace_sym = symbol_intern(story->symbols, STR("default"));
    struct err err = {0};
    cr_assert_eq(record_file_open(story->path, limit_bytes, seed, &story->log, &story->file, &err),
                 0, "%s", err.text);
    struct port port = {.ctx = story,
                        .now = story_now,
                        .random = story_random,
                        .bind_room = story_bind_room,
                        .bind = story_bind,
                        .read_pod = story_read,
                        .patch_status = story_status,
                        .emit_event = story_emit,
                        .evict = story_evict,
                        .patch_policy = story_policy,
                        .watch_owners = story_owners,
                        .note = story_note};
    struct sched_config config;
    sched_config_init(&config, story->symbols);
    config.hash_seed = seed + 1;
    config.cycle.seed = seed + 2;
    const struct recorder_options options = {.config = &config,
                                             .symbols = story->symbols,
                                             .port = &port,
                                             .ctx = story->file,
                                             .write = record_file_write};
    story->recorder = recorder_new(&options);
    port = recorder_port(story->recorder);
    story->sched = sched_new(&config, story->symbols, &port);
}

static void story_run(struct story *story, uint32_t steps)
{
    static const enum event_kind lists[] = {EVENT_NODE_LIST_BEGIN, EVENT_NODE_LIST_END,
                                            EVENT_POD_LIST_BEGIN, EVENT_POD_LIST_END};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        tell(story, &(struct event){.kind = lists[i]});
    for (uint32_t i = 0; i < steps; i++)
        step(story);
    sched_check(story->sched);
    recorder_free(story->recorder);
    record_file_close(story->file);
    story->recorder = NULL;
    story->file = NULL;
}

static void story_close(struct story *story)
{
    recorder_free(story->recorder);
    record_file_close(story->file);
    (void)fclose(story->log.out);
    sched_free(story->sched);
    symbols_free(story->symbols);
    (void)unlink(story->path);
    (void)unlink(story->old_path);
    (void)rmdir(story->dir);
}

static void expect_same(const struct story *story, struct event_replay_result *ret_result)
{
    struct err err = {0};
    cr_assert_eq(event_replay(story->path, &(struct event_replay_output){0}, ret_result, &err), 0,
                 "%s", err.text);
    cr_expect(!ret_result->differs, "%s", ret_result->difference);
    cr_expect(ret_result->has_end && !ret_result->is_cut);
    cr_expect_eq(ret_result->bindings, story->bindings);
    cr_expect_gt(ret_result->bindings, 100, "the walk is worth nothing");
}

Test(event_replay, any_walk_replays_to_the_same_bindings)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct story story;
        struct event_replay_result first, second;
        story_open(&story, seed, UNBOUNDED_BYTES);
        story_run(&story, STEPS);
        expect_same(&story, &first);
        const struct event_replay_output half = {.timed_bindings = story.bindings / 2};
        cr_assert_eq(event_replay(story.path, &half, &second, NULL), 0);
        cr_expect_eq(first.bindings_hash, second.bindings_hash);
        cr_expect(first.timed_attempts == 0 && second.timed_attempts >= half.timed_bindings);
        story_close(&story);
    }
}

static off_t size_of(const char *path)
{
    FILE *in = fopen(path, "re");
    cr_assert_not_null(in);
    (void)fseek(in, 0, SEEK_END);
    off_t size = ftell(in);
    (void)fclose(in);
    return size;
}

/* The same walk whole and in two parts: one hash. */
Test(event_replay, a_recording_in_two_parts_is_one)
{
    struct story whole, parts;
    struct event_replay_result of_whole, of_parts;
    story_open(&whole, 3, UNBOUNDED_BYTES);
    story_run(&whole, STEPS);
    story_open(&parts, 3, TWO_PARTS_BYTES);
    story_run(&parts, STEPS);
    cr_assert_gt(size_of(parts.old_path), size_of(parts.path), "there are two parts");
    expect_same(&whole, &of_whole);
    expect_same(&parts, &of_parts);
    cr_expect_eq(of_whole.bindings_hash, of_parts.bindings_hash);

    story_close(&whole);
    story_close(&parts);
}

Test(event_replay, a_part_without_the_one_before_is_refused)
{
    struct story parts, other;
    struct event_replay_result result;
    struct err err = {0};
    story_open(&parts, 3, TWO_PARTS_BYTES);
    story_run(&parts, STEPS);
    story_open(&other, 4, UNBOUNDED_BYTES);
    story_run(&other, STEPS);
    cr_assert_eq(event_replay(parts.path, &(struct event_replay_output){0}, &result, &err), 0, "%s",
                 err.text);

    cr_assert_eq(rename(other.path, parts.old_path), 0);
    cr_expect_eq(event_replay(parts.path, &(struct event_replay_output){0}, &result, &err),
                 -ENODATA);
    cr_expect(strstr(err.text, "another recording") != NULL, "%s", err.text);

    cr_assert_eq(unlink(parts.old_path), 0);
    cr_expect_eq(event_replay(parts.path, &(struct event_replay_output){0}, &result, &err),
                 -ENOENT);
    cr_expect(strstr(err.text, parts.old_path) != NULL, "%s", err.text);
    story_close(&other);
    story_close(&parts);
}

Test(event_replay, a_recording_without_its_start_is_refused)
{
    struct story story;
    struct event_replay_result result;
    struct err err = {0};
    story_open(&story, 3, 100 * 1000);
    story_run(&story, STEPS);
    cr_expect_eq(event_replay(story.path, &(struct event_replay_output){0}, &result, &err),
                 -ENODATA);
    cr_expect(strstr(err.text, "the start of the recording is gone") != NULL, "%s", err.text);
    story_close(&story);
}

/* Copies a recording; the n-th binding in it goes to another node. */
static void change_binding(struct story *story, uint32_t n)
{
    struct event_file file;
    struct err err = {0};
    struct str body;
    struct buf out CLEANUP(buf_fini);
    struct arena arena;
    uint32_t seen = 0;
    int rc;
    buf_init(&out, UNBOUNDED_BYTES);
    arena_init(&arena);
    cr_assert_eq(event_file_open(&file, story->path, &err), 0, "%s", err.text);
    record_add_head(&out, &(struct record_head){.run = 1, .part = 1});
    while ((rc = event_file_next(&file, &body, &err)) > 0) {
        struct buf copy CLEANUP(buf_fini);
        buf_init(&copy, RECORD_BYTES_MAX);
        (void)buf_add(&copy, body.ptr, body.len);
        if (body.ptr[0] == RECORD_BIND && ++seen == n) {
            struct pod_ref pod;
            uint32_t node_sym;
            struct codec codec = codec_reader((struct str){body.ptr + 1, body.len - 1},
                                              symbols_count(story->symbols), &arena);
            pod_ref_codec(&codec, &pod);
            codec_symbol(&codec, &node_sym);
            node_sym = story->node_syms[node_sym == story->node_syms[0]];
            codec = record_begin(&copy, RECORD_BIND);
            pod_ref_codec(&codec, &pod);
            codec_symbol(&codec, &node_sym);
        }
        record_frame(&out, &copy);
    }
    cr_assert_eq(rc, 0, "%s", err.text);
    event_file_close(&file);
    arena_fini(&arena);
    FILE *changed = fopen(story->path, "we");
    cr_assert_not_null(changed);
    cr_assert_eq(fwrite(out.data, 1, out.len, changed), out.len);
    (void)fclose(changed);
}

Test(event_replay, a_binding_that_is_another_one_is_found)
{
    struct story story;
    struct event_replay_result result;
    struct err err = {0};
    story_open(&story, 3, UNBOUNDED_BYTES);
    story_run(&story, STEPS);
    change_binding(&story, 50);
    cr_assert_eq(event_replay(story.path, &(struct event_replay_output){0}, &result, &err), 0, "%s",
                 err.text);
    cr_expect(result.differs);
    cr_expect(strstr(result.difference, "then default/p") != NULL, "%s", result.difference);
    cr_expect(strstr(result.difference, "now default/p") != NULL, "%s", result.difference);
    cr_expect_eq(result.bindings, story.bindings, "it is replayed to its end all the same");
    story_close(&story);
}
