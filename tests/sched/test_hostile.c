/*
 * Hostile objects through the decoder and the core. For each of the corpus: no crash, memory and
 * steps within bounds, whoever has to mend it is told where, and the good pods that come after are
 * bound as if nothing had been.
 *
 * CPU time is limited only so that a run that hangs ends with a name: nothing is measured by it.
 */
#include <criterion/criterion.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "model/names.h"
#include "tests/sched/core.h"
#include "tests/sched/hostile_corpus.h"

enum {
    GOOD_PODS = 3,
    CPU_SECONDS_MAX = 10, /* an object; the slowest takes a fraction of one */
    /* what is held at a time because of one object: the decoder's 8 MiB and what it grew through,
     * the text of its names, and its record */
    HELD_BYTES_MAX = 32 << 20,
    TURNS = 8,      /* of time, each to the next moment that the core asks for */
    CALLS_MAX = 64, /* of the port because of one object, in all turns */
    PASSES_MAX = 64,
};

/* ---- memory that is held ---- */

/* What the sanitizer's allocator says, where there is one: glibc's is out of use then. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t held_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* ---- one object ---- */

struct trial {
    const struct hostile *hostile;
    struct symbols *symbols;
    struct mem_port *port;
    struct sched *sched;
    struct decoder *pods, *nodes;
    size_t base_bytes, peak_bytes; /* before the object, and the most since */
};

static void measure(struct trial *trial)
{
    size_t bytes = held_bytes();
    trial->peak_bytes = bytes > trial->peak_bytes ? bytes : trial->peak_bytes;
}

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct trial *trial = ctx;
    measure(trial);
    sched_on_event(trial->sched,
                   &(struct event){.kind = verb == DECODE_DELETED ? EVENT_POD_GONE : EVENT_POD_SEEN,
                                   .pod = pod});
    measure(trial);
}

static void on_node(void *ctx, enum decode_verb verb, const struct node_object *node)
{
    struct trial *trial = ctx;
    measure(trial);
    sched_on_event(trial->sched, &(struct event){.kind = verb == DECODE_DELETED ? EVENT_NODE_GONE
                                                                                : EVENT_NODE_SEEN,
                                                 .node = node});
    measure(trial);
}

static struct decoder *new_decoder(struct trial *trial, enum decode_kind kind,
                                   enum decode_source source)
{
    struct decode_handler handler = {.ctx = trial, .pod = on_pod, .node = on_node};
    return decoder_new(kind, source, trial->symbols, &handler);
}

static void feed_good(struct trial *trial, enum decode_kind kind, const char *text)
{
    struct err err = {0};
    struct decoder *decoder = new_decoder(trial, kind, DECODE_OBJECT);
    cr_assert_eq(decoder_feed(decoder, text, strlen(text), &err), 0, "%s", err.text);
    cr_assert_eq(decoder_finish(decoder, &err), 0, "%s", err.text);
    decoder_free(decoder);
}

static void send(struct trial *trial, enum event_kind kind)
{
    sched_on_event(trial->sched, &(struct event){.kind = kind});
}

static void trial_init(struct trial *trial, const struct hostile *hostile)
{
    struct sched_config config;
    *trial = (struct trial){.hostile = hostile, .symbols = names_symbols_new(3)};
    trial->port = mem_port_new();
    sched_config_init(&config, trial->symbols);
    struct port port = mem_port_port(trial->port);
    trial->sched = sched_new(&config, trial->symbols, &port);
    send(trial, EVENT_NODE_LIST_BEGIN);
    send(trial, EVENT_NODE_LIST_END);
    send(trial, EVENT_POD_LIST_BEGIN);
    send(trial, EVENT_POD_LIST_END);
    feed_good(
        trial, DECODE_NODE,
        "{\"metadata\":{\"name\":\"good\",\"uid\":\"00000000-0000-0000-0000-000000000001\","
        "\"resourceVersion\":\"1\",\"labels\":{\"kubernetes.io/hostname\":\"good\"}},"
        "\"status\":{\"allocatable\":{\"cpu\":\"64\",\"memory\":\"64Gi\",\"pods\":\"110\"}}}");
    trial->base_bytes = trial->peak_bytes = held_bytes();
}

static void trial_fini(struct trial *trial)
{
    sched_check(trial->sched);
    sched_free(trial->sched);
    symbols_free(trial->symbols);
    free(trial->port);
}

/* All that can be done now; a core that always wants another pass runs in a circle. */
static void pass(struct trial *trial)
{
    uint32_t passes = 0;
    while (sched_pass(trial->sched, 16)) {
        measure(trial);
        cr_assert_lt(++passes, PASSES_MAX, "%s: no end of passes", trial->hostile->name);
    }
    measure(trial);
    sched_check(trial->sched);
}

static void feed_hostile(struct trial *trial)
{
    const struct hostile *hostile = trial->hostile;
    struct err err = {0};
    struct decoder *decoder = new_decoder(trial, hostile->kind, hostile->source);
    int result = decoder_feed(decoder, hostile->text.data, hostile->text.len, &err);
    measure(trial);
    if (result == 0)
        result = decoder_finish(decoder, &err);
    decoder_free(decoder);
    if (hostile->fate == HOSTILE_BROKEN) {
        cr_expect(result < 0, "%s: was taken", hostile->name);
        cr_expect(strstr(err.text, hostile->says), "%s: \"%s\" is not in \"%s\"", hostile->name,
                  hostile->says, err.text);
    } else if (hostile->fate != HOSTILE_ANY) {
        cr_expect_eq(result, 0, "%s: %s", hostile->name, err.text);
    }
}

/* ---- what it led to ---- */

static uint32_t count_calls(const struct trial *trial, enum mem_call_kind kind, const char *pod,
                            const char *says)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < trial->port->count; i++) {
        const struct mem_call *call = &trial->port->calls[i];
        count += call->kind == kind && (!pod || strncmp(call->pod, pod, strlen(pod)) == 0) &&
                 (!says || strstr(call->text, says) || strcmp(call->reason, says) == 0);
    }
    return count;
}

/* The first text of that kind of call, for messages. */
static const char *text_of(const struct trial *trial, enum mem_call_kind kind)
{
    return trial->port->counts[kind] > 0 ? mem_port_call(trial->port, kind, 0)->text : "nothing";
}

static void expect_told(const struct trial *trial, enum mem_call_kind kind, const char *reason)
{
    const struct hostile *hostile = trial->hostile;
    cr_expect(count_calls(trial, kind, NULL, hostile->says) > 0, "%s: \"%s\" is not in \"%s\"",
              hostile->name, hostile->says, text_of(trial, kind));
    if (reason)
        cr_expect_eq(count_calls(trial, kind, NULL, reason), 1, "%s: not one %s", hostile->name,
                     reason);
}

/* What holds for pods and nodes alike. */
static void expect_quiet(const struct trial *trial, uint32_t binds, uint32_t conditions,
                         bool is_noted)
{
    const uint32_t *counts = trial->port->counts;
    const char *name = trial->hostile->name;
    cr_expect_eq(counts[MEM_BIND], binds, "%s: %u binds", name, counts[MEM_BIND]);
    cr_expect_eq(counts[MEM_STATUS], conditions, "%s: %u conditions, the first: %s", name,
                 counts[MEM_STATUS], text_of(trial, MEM_STATUS));
    cr_expect_eq(counts[MEM_NOTE] > 0, is_noted, "%s: %u notes, the first: %s", name,
                 counts[MEM_NOTE], text_of(trial, MEM_NOTE));
    cr_expect_eq(counts[MEM_READ], 0, "%s: reads", name);
}

static void expect_fate(const struct trial *trial)
{
    bool is_pod = trial->hostile->kind == DECODE_POD;
    switch (trial->hostile->fate) {
    case HOSTILE_BROKEN:
    case HOSTILE_IGNORED:
        expect_quiet(trial, 0, 0, false);
        break;
    case HOSTILE_PASSED:
        expect_quiet(trial, 0, 0, true);
        expect_told(trial, MEM_NOTE, NULL);
        break;
    case HOSTILE_PROBLEM:
        expect_quiet(trial, 0, is_pod, !is_pod);
        expect_told(trial, is_pod ? MEM_STATUS : MEM_NOTE, is_pod ? "SchedulerError" : NULL);
        break;
    case HOSTILE_WAITS:
        expect_quiet(trial, 0, 1, false);
        expect_told(trial, MEM_STATUS, NULL);
        break;
    case HOSTILE_FINE:
        expect_quiet(trial, is_pod, 0, false);
        break;
    case HOSTILE_ANY:
        break;
    }
}

/* A few moments later: who waits is tried again within reason, and never in a circle. */
static void turn_time(struct trial *trial)
{
    for (int i = 0; i < TURNS; i++) {
        struct mono_ms next = sched_next_wakeup(trial->sched);
        if (next.ms == MONO_NEVER.ms)
            break;
        trial->port->now.ms = next.ms > trial->port->now.ms ? next.ms : trial->port->now.ms + 1;
        pass(trial);
    }
    cr_expect_lt(trial->port->count, CALLS_MAX, "%s: %u calls", trial->hostile->name,
                 trial->port->count);
}

/* Bound, each once, and never to a node that cannot be trusted. */
static void expect_good_pods(struct trial *trial)
{
    bool is_odd_node_usable =
        trial->hostile->kind == DECODE_NODE &&
        (trial->hostile->fate == HOSTILE_FINE || trial->hostile->fate == HOSTILE_ANY);
    mem_port_clear(trial->port);
    for (int i = 0; i < GOOD_PODS; i++) {
        char text[512];
        (void)snprintf(
            text, sizeof(text),
            "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"good-%d\",\"namespace\":\"shop\","
            "\"uid\":\"00000000-0000-0000-0000-00000000010%d\",\"resourceVersion\":"
            "\"10%d\"},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":[{"
            "\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}",
            i, i, i);
        feed_good(trial, DECODE_POD, text);
    }
    pass(trial);
    cr_expect_eq(count_calls(trial, MEM_BIND, "good-", NULL), GOOD_PODS,
                 "%s: good pods were not "
                 "bound",
                 trial->hostile->name);
    for (uint32_t i = 0; i < trial->port->counts[MEM_BIND] && !is_odd_node_usable; i++)
        cr_expect_str_eq(symbol_text(trial->symbols,
                                     mem_port_call(trial->port, MEM_BIND, (int)i)->node_name_sym),
                         "good", "%s", trial->hostile->name);
}

/* ---- the corpus ---- */

struct tally {
    uint32_t count;
    size_t most_bytes;
    char most_name[128];
};

/* For the handler, which gets nothing else. */
static char under_way[160];

static void on_cpu_limit(int signal)
{
    (void)signal;
    (void)!write(STDERR_FILENO, under_way, strlen(under_way));
    abort();
}

static void limit_cpu(const char *name, int seconds)
{
    (void)snprintf(under_way, sizeof(under_way), "%s: hangs\n", name);
    struct itimerval limit = {.it_value.tv_sec = seconds};
    cr_assert_eq(setitimer(ITIMER_VIRTUAL, &limit, NULL), 0);
}

static void visit(void *ctx, const struct hostile *hostile)
{
    struct tally *tally = ctx;
    struct trial trial;
    limit_cpu(hostile->name, CPU_SECONDS_MAX);
    trial_init(&trial, hostile);
    feed_hostile(&trial);
    pass(&trial);
    expect_fate(&trial);
    turn_time(&trial);
    expect_good_pods(&trial);
    size_t bytes = trial.peak_bytes - trial.base_bytes;
    cr_expect_lt(bytes, HELD_BYTES_MAX, "%s: held %zu bytes", hostile->name, bytes);
    trial_fini(&trial);
    limit_cpu("", 0);
    tally->count++;
    if (bytes > tally->most_bytes) {
        tally->most_bytes = bytes;
        (void)snprintf(tally->most_name, sizeof(tally->most_name), "%s", hostile->name);
    }
}

static uint32_t run(void (*family)(const struct hostile_visitor *visitor))
{
    struct tally tally = {0};
    const struct hostile_visitor visitor = {&tally, visit};
    (void)signal(SIGVTALRM, on_cpu_limit);
    size_t before = held_bytes();
    family(&visitor);
    (void)fprintf(stderr, "%u hostile objects; the most, %zu bytes, held: %s\n", tally.count,
                  tally.most_bytes, tally.most_name);
    cr_expect_lt(held_bytes(), before + (1 << 20), "what the objects took was not given back");
    return tally.count;
}

TestSuite(hostile, .timeout = 600);

Test(hostile, fields_of_the_wrong_type_and_keys_twice_are_named)
{
    cr_expect_geq(run(hostile_types), 400);
}

Test(hostile, absurd_values_are_named_and_odd_ones_do_what_they_say)
{
    cr_expect_geq(run(hostile_values), 300);
}

Test(hostile, too_many_too_long_and_too_deep_costs_no_more_than_the_limits)
{
    cr_expect_geq(run(hostile_sizes), 150);
}

Test(hostile, frames_lists_and_bytes_that_cannot_be_read_end_only_their_input)
{
    cr_expect_geq(run(hostile_streams), 120);
}

Test(hostile, whatever_chance_makes_harms_nobody_else)
{
    cr_expect_geq(run(hostile_random), 900);
}

/* ---- many ---- */

enum { LABEL_NODES = 1000, LABELS_A_NODE = 1000, MILLION_BYTES_MAX = 256 << 20 };

/* {"metadata":{...,"labels":{"key-0":"value-<n>-0",...}}}: each value is there once. */
static void add_labelled(struct buf *text, int object, const char *more)
{
    buf_clear(text);
    (void)buf_printf(text,
                     "{\"metadata\":{\"name\":\"n-%d\",\"namespace\":\"shop\",\"uid\":"
                     "\"00000000-0000-0000-0000-%012d\",\"resourceVersion\":\"%d\",\"labels\":{",
                     object, object + 2, object + 2);
    for (int i = 0; i < LABELS_A_NODE; i++)
        (void)buf_printf(text, "%s\"key-%d\":\"value-%d-%d\"", i > 0 ? "," : "", i, object, i);
    (void)buf_printf(text, "}}%s}", more);
}

Test(hostile, a_million_labels_on_nodes_cost_memory_once_and_still_select)
{
    struct hostile none = {.name = "a million labels", .kind = DECODE_POD};
    struct trial trial;
    struct buf text;
    buf_init(&text, HOSTILE_TEXT_BYTES_MAX);
    trial_init(&trial, &none);
    for (int i = 0; i < LABEL_NODES; i++) {
        add_labelled(&text, i,
                     ",\"status\":{\"allocatable\":{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":"
                     "\"110\"}}");
        feed_good(&trial, DECODE_NODE, text.data);
    }
    size_t held = trial.peak_bytes - trial.base_bytes;
    cr_expect_lt(held, MILLION_BYTES_MAX, "held %zu bytes", held);
    for (int i = 0; i < LABEL_NODES; i++) { /* the same nodes again cost nothing more */
        add_labelled(&text, i,
                     ",\"spec\":{\"unschedulable\":false},\"status\":{\"allocatable\":{\"cpu\":"
                     "\"5\",\"memory\":\"8Gi\",\"pods\":\"110\"}}");
        feed_good(&trial, DECODE_NODE, text.data);
    }
    cr_expect_lt(trial.peak_bytes - trial.base_bytes, held + (1 << 20));
    feed_good(&trial, DECODE_POD,
              "{\"metadata\":{\"name\":\"picky\",\"namespace\":\"shop\",\"uid\":"
              "\"00000000-0000-0000-0000-000000009999\",\"resourceVersion\":\"1\"},\"spec\":{"
              "\"schedulerName\":\"spillway\",\"nodeSelector\":{\"key-500\":\"value-321-500\","
              "\"key-999\":\"value-321-999\"}}}");
    pass(&trial);
    cr_assert_eq(trial.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(
        symbol_text(trial.symbols, mem_port_call(trial.port, MEM_BIND, 0)->node_name_sym), "n-321");
    trial_fini(&trial);
    buf_fini(&text);
}

Test(hostile, a_million_labels_on_pods_cost_memory_once)
{
    struct hostile none = {.name = "a million labels", .kind = DECODE_POD};
    struct trial trial;
    struct buf text;
    buf_init(&text, HOSTILE_TEXT_BYTES_MAX);
    trial_init(&trial, &none);
    static const char *const nodes[] = {"good", "bad"}; /* the second time it changes something */
    size_t held = 0;
    for (size_t round = 0; round < ARRAY_LEN(nodes); round++) {
        char spec[96];
        (void)snprintf(spec, sizeof(spec),
                       ",\"spec\":{\"schedulerName\":\"spillway\",\"nodeName\":\"%s\"}",
                       nodes[round]);
        for (int i = 0; i < LABEL_NODES; i++) {
            add_labelled(&text, i, spec);
            feed_good(&trial, DECODE_POD, text.data);
        }
        if (round == 0)
            held = trial.peak_bytes - trial.base_bytes;
    }
    cr_expect_lt(held, MILLION_BYTES_MAX, "held %zu bytes", held);
    cr_expect_lt(trial.peak_bytes - trial.base_bytes, held + (1 << 20));
    trial_fini(&trial);
    buf_fini(&text);
}
