/* Events as bytes: what is written is read back field by field, and what was not written so is
 * refused. Random objects fill every field; the seed is in a failure's message. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "model/event_codec.h"
#include "model/names.h"
#include "tests/model/decode_dump.h"
#include "tests/model/event_samples.h"
#include "tests/model/seed.h"

enum { ROUNDS = 300, SYMBOLS = 500, BYTES_MAX = 16 << 20 };

struct bench {
    struct symbols *symbols;
    struct arena made, read;
    struct buf bytes;
    struct sample sample;
};

static void bench_init(struct bench *bench, uint64_t seed)
{
    *bench = (struct bench){.symbols = names_symbols_new(7)};
    arena_init(&bench->made);
    arena_init(&bench->read);
    buf_init(&bench->bytes, BYTES_MAX);
    sample_init(&bench->sample, bench->symbols, SYMBOLS, &bench->made, seed);
}

static void bench_fini(struct bench *bench)
{
    arena_fini(&bench->made);
    arena_fini(&bench->read);
    buf_fini(&bench->bytes);
    symbols_free(bench->symbols);
}

static void write_event(struct bench *bench, const struct event *event)
{
    buf_clear(&bench->bytes);
    struct codec codec = codec_writer(&bench->bytes);
    event_write(&codec, event);
    cr_assert(!buf_overflowed(&bench->bytes));
}

static struct codec reader(struct bench *bench, size_t len)
{
    arena_reset(&bench->read);
    return codec_reader((struct str){bench->bytes.data, len}, symbols_count(bench->symbols),
                        &bench->read);
}

static void dump_meta_event(struct dump *dump, const struct object_meta *meta, struct str problem)
{
    dump_str(&dump->text, "uid_text", meta->uid_text);
    dump_str(&dump->text, "the_problem", problem);
    dump_str(&dump->text, "the_namespace", meta->namespace);
    dump_sym(dump, "namespace_sym", meta->namespace_sym);
}

/* Without its problem, and with the namespace of its symbol, as decoded objects are. */
static struct object_meta fine_meta(const struct bench *bench, const struct object_meta *meta)
{
    struct object_meta fine = *meta;
    fine.namespace = symbol_str(bench->symbols, fine.namespace_sym);
    return fine;
}

static void dump_elastic(const struct bench *bench, const struct event *event, struct dump *dump)
{
    dump_int(&dump->text, "source", event->source);
    if (event->kind == EVENT_POLICY_SEEN || event->kind == EVENT_POLICY_GONE) {
        struct policy_object fine = *event->policy;
        dump_meta_event(dump, &fine.meta, fine.problem);
        fine.meta = fine_meta(bench, &fine.meta);
        fine.problem = STR("");
        dump_policy(dump, DECODE_ADDED, &fine);
    } else if (event->kind == EVENT_BUDGET_SEEN || event->kind == EVENT_BUDGET_GONE) {
        struct budget_object fine = *event->budget;
        dump_meta_event(dump, &fine.meta, fine.problem);
        fine.meta = fine_meta(bench, &fine.meta);
        fine.problem = STR("");
        dump_budget(dump, DECODE_ADDED, &fine);
    } else if (event->kind == EVENT_OWNER_SEEN || event->kind == EVENT_OWNER_GONE) {
        struct owner_object fine = *event->owner;
        dump_meta_event(dump, &fine.meta, fine.problem);
        fine.meta = fine_meta(bench, &fine.meta);
        fine.problem = STR("");
        dump_owner(dump, DECODE_ADDED, &fine);
    }
}

static bool is_reply(enum event_kind kind)
{
    return kind == EVENT_BIND_REPLY || kind == EVENT_POD_READ || kind == EVENT_STATUS_REPLY ||
           kind == EVENT_EVICT_REPLY || kind == EVENT_POLICY_STATUS_REPLY;
}

/* As text, with all that the dump of decoded objects leaves out. */
static void dump_event(struct bench *bench, const struct event *event, struct buf *out)
{
    struct dump dump = {.symbols = bench->symbols};
    const struct pod_object *pod = NULL;
    const struct reply *reply = NULL;
    bool is_node = event->kind == EVENT_NODE_SEEN || event->kind == EVENT_NODE_GONE;
    if (event->kind == EVENT_POD_SEEN || event->kind == EVENT_POD_GONE)
        pod = event->pod;
    if (is_reply(event->kind))
        reply = event->reply;
    if (event->kind == EVENT_POD_READ && reply->outcome == OUTCOME_DONE)
        pod = event->read_pod;
    buf_init(&dump.text, BYTES_MAX);
    dump_int(&dump.text, "kind", event->kind);
    dump_elastic(bench, event, &dump);
    if (is_node) {
        dump_str(&dump.text, "uid_text", event->node->uid_text);
        dump_str(&dump.text, "the_problem", event->node->problem);
        struct node_object fine = *event->node;
        fine.problem = STR("");
        dump_sym(&dump, "name_sym", fine.name_sym);
        fine.name = symbol_str(bench->symbols, fine.name_sym); /* the dump CHECKs that */
        dump_str(&dump.text, "the_name", event->node->name);
        dump_node(&dump, DECODE_ADDED, &fine);
    }
    if (pod) {
        dump_str(&dump.text, "uid_text", pod->uid_text);
        dump_str(&dump.text, "the_problem", pod->problem);
        struct pod_object fine = *pod;
        fine.problem = STR("");
        dump_str(&dump.text, "the_namespace", pod->namespace);
        dump_sym(&dump, "namespace_sym", fine.namespace_sym);
        fine.namespace = symbol_str(bench->symbols, fine.namespace_sym);
        dump_pod(&dump, DECODE_ADDED, &fine);
    }
    if (reply) {
        dump_sym(&dump, "namespace", reply->pod.namespace_sym);
        dump_str(&dump.text, "name", reply->pod.name);
        dump_uid(&dump, reply->pod.uid);
        dump_int(&dump.text, "outcome", reply->outcome);
        dump_int(&dump.text, "status", reply->http_status);
        dump_str(&dump.text, "message", reply->message);
    }
    *out = dump.text;
}

static void expect_same(struct bench *bench, const struct event *a, const struct event *b,
                        uint64_t seed)
{
    struct buf x CLEANUP(buf_fini);
    struct buf y CLEANUP(buf_fini);
    dump_event(bench, a, &x);
    dump_event(bench, b, &y);
    cr_assert(str_equal(buf_str(&x), buf_str(&y)), "seed %llu:\n%s\n%s", (unsigned long long)seed,
              x.data, y.data);
}

Test(event_codec, what_is_written_is_read_back_field_by_field)
{
    struct rng rng;
    struct bench bench;
    uint64_t seed = seed_rng(&rng, "event_codec");
    bench_init(&bench, seed);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t kind = 0; kind < EVENT_KIND_COUNT; kind++) {
            struct event read;
            arena_reset(&bench.made);
            struct event event = sample_event(&bench.sample, (enum event_kind)kind);
            write_event(&bench, &event);
            struct codec codec = reader(&bench, bench.bytes.len);
            bool is_read = event_read(&codec, &read);
            cr_assert(is_read && codec_is_done(&codec), "seed %llu: %s at %zu",
                      (unsigned long long)seed, codec.wrong, codec.at);
            expect_same(&bench, &event, &read, seed);
            struct buf before CLEANUP(buf_fini); /* and the order of what the dump sorts */
            buf_init(&before, BYTES_MAX);
            (void)buf_add(&before, bench.bytes.data, bench.bytes.len);
            write_event(&bench, &read);
            cr_assert(str_equal(buf_str(&before), buf_str(&bench.bytes)));
        }
    }
    bench_fini(&bench);
}

Test(event_codec, bytes_that_end_early_are_refused_with_their_place)
{
    struct bench bench;
    bench_init(&bench, 5);
    static const enum event_kind kinds[] = {EVENT_POD_SEEN,    EVENT_NODE_SEEN,   EVENT_BIND_REPLY,
                                            EVENT_POLICY_SEEN, EVENT_BUDGET_SEEN, EVENT_OWNER_SEEN};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        arena_reset(&bench.made);
        struct event read, event = sample_event(&bench.sample, kinds[i]);
        write_event(&bench, &event);
        size_t step = 1 + bench.bytes.len / 4096;
        for (size_t len = 0; len < bench.bytes.len; len += step) {
            struct codec codec = reader(&bench, len);
            cr_assert(!event_read(&codec, &read), "%zu of %zu bytes", len, bench.bytes.len);
            cr_assert_leq(codec.at, len);
            cr_assert_not_null(codec.wrong);
        }
    }
    bench_fini(&bench);
}

static const struct {
    const char *bytes;
    size_t len;
    size_t at;
    const char *wrong;
} bad[] = {
#define BAD(text, at, wrong)                                                                       \
    {                                                                                              \
        text, sizeof(text) - 1, at, wrong                                                          \
    }
    BAD("", 0, "the bytes end in the middle of a value"),
    BAD("\x19", 1, "a number is too large for its place"), /* no such kind of event */
    BAD("\x08\x7f", 2, "a symbol was never defined"),
    BAD("\x08\x01\x05"
        "abc",
        3, "a text is longer than what is there"),
    BAD("\x08\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "a number is longer than 64 bits"),
    /* a UID that is a symbol nobody defined */
    BAD("\x08\x01\x01"
        "a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x7f",
        15, "a symbol was never defined"),
    BAD("\x08\x01\x01"
        "a\x00\x00\x08",
        7, "a number is too large for its place"), /* outcome */
    BAD("\x00\x00", 1, "bytes are left over"),
#undef BAD
};

Test(event_codec, what_nobody_wrote_is_refused_with_its_place)
{
    enum { KNOWN = 100 };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct event event = {.kind = EVENT_KIND_COUNT};
        struct codec codec = codec_reader((struct str){bad[i].bytes, bad[i].len}, KNOWN, &arena);
        bool is_read = event_read(&codec, &event);
        cr_expect(!codec_is_done(&codec), "row %zu", i);
        cr_expect(is_read == (event.kind != EVENT_KIND_COUNT), "row %zu: written on failure", i);
        cr_expect_str_eq(codec.wrong ? codec.wrong : "", bad[i].wrong, "row %zu", i);
        cr_expect_eq(codec.at, bad[i].at, "row %zu: %zu", i, codec.at);
    }
    arena_fini(&arena);
}

/* Whatever byte is another one: refused, or read as an event; memory stays in proportion. */
Test(event_codec, a_byte_that_changed_costs_no_memory_out_of_proportion)
{
    enum { BYTES_FOR_ONE_MAX = 400 }; /* of struct for a byte read; a struct pod_object is extra */
    struct bench bench;
    bench_init(&bench, 6);
    struct rng rng;
    rng_init(&rng, 6);
    for (int round = 0; round < ROUNDS; round++) {
        arena_reset(&bench.made);
        struct event read, event = sample_event(&bench.sample, EVENT_POD_SEEN);
        write_event(&bench, &event);
        for (int i = 0; i < 8; i++) {
            size_t at = (size_t)rng_below(&rng, bench.bytes.len);
            bench.bytes.data[at] = (char)rng_below(&rng, 256);
            struct codec codec = reader(&bench, bench.bytes.len);
            (void)event_read(&codec, &read);
            cr_assert_lt(bench.read.total_bytes, 4096 + BYTES_FOR_ONE_MAX * bench.bytes.len);
        }
    }
    bench_fini(&bench);
}

static const int64_t numbers[] = {0,   1,         -1,        63,        64,        -64,
                                  -65, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 1LL << 62};

Test(event_codec, numbers_of_all_sizes)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct buf bytes CLEANUP(buf_fini);
        buf_init(&bytes, 64);
        int64_t number = numbers[i], read = 5;
        uint64_t bits = (uint64_t)number, read_bits = 5;
        struct codec writer = codec_writer(&bytes);
        codec_i64(&writer, &number);
        codec_u64(&writer, &bits);
        struct codec codec = codec_reader(buf_str(&bytes), 0, NULL);
        codec_i64(&codec, &read);
        codec_u64(&codec, &read_bits);
        cr_expect(codec_is_done(&codec));
        cr_expect_eq(read, number);
        cr_expect_eq(read_bits, bits);
    }
}
