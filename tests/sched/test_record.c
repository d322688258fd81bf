/* What the recorder is to the core: the same port, but for time and room, which stand still while
 * an event or a pass goes on; and a recording that fails is no scheduling that fails. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "model/names.h"
#include "sched/record.h"
#include "tests/sched/mem_port.h"

enum { KINDS_MAX = 512 };

struct tape {
    struct mem_port *world;
    struct symbols *symbols;
    struct recorder *recorder;
    struct port port;
    uint32_t counts[RECORD_KIND_COUNT];
    uint32_t count;
    char kinds[KINDS_MAX]; /* enum record_kind, in order */
    uint32_t refusals;     /* so many calls are refused */
};

static bool take(void *ctx, struct str records)
{
    struct tape *tape = ctx;
    struct str body;
    size_t frame_bytes;
    if (tape->refusals > 0) {
        tape->refusals--;
        return false;
    }
    for (size_t at = 0; at < records.len; at += frame_bytes) {
        struct str rest = {records.ptr + at, records.len - at};
        cr_assert_eq(record_unframe(rest, &body, &frame_bytes), FRAME_WHOLE);
        tape->counts[(unsigned char)body.ptr[0]]++;
        cr_assert_lt(tape->count, KINDS_MAX);
        tape->kinds[tape->count++] = body.ptr[0];
    }
    return true;
}

static void tape_init(struct tape *tape)
{
    *tape = (struct tape){.world = mem_port_new(), .symbols = names_symbols_new(1)};
    struct port world = mem_port_port(tape->world);
    struct sched_config config;
    sched_config_init(&config, tape->symbols);
    const struct recorder_options options = {
        .config = &config, .symbols = tape->symbols, .port = &world, .ctx = tape, .write = take};
    tape->recorder = recorder_new(&options);
    tape->port = recorder_port(tape->recorder);
}

static void tape_fini(struct tape *tape)
{
    recorder_free(tape->recorder);
    symbols_free(tape->symbols);
    free(tape->world);
}

static int64_t now_ms(const struct tape *tape)
{
    return tape->port.now(tape->port.ctx).ms;
}

static size_t room(const struct tape *tape)
{
    return tape->port.bind_room(tape->port.ctx);
}

static void bind_pod(const struct tape *tape)
{
    const struct bind_request request = {.pod = {.name = STR("p"), .uid = {1, 2}}};
    tape->port.bind(tape->port.ctx, &request);
}

static const struct event list_begins = {.kind = EVENT_NODE_LIST_BEGIN};

Test(record, time_stands_still_from_one_record_to_the_next)
{
    struct tape tape;
    tape_init(&tape);
    tape.world->now.ms = 1000;
    recorder_on_event(tape.recorder, &list_begins);
    cr_expect_eq(now_ms(&tape), 1000);
    tape.world->now.ms = 1005;
    cr_expect_eq(now_ms(&tape), 1000);
    recorder_on_pass(tape.recorder, 1);
    cr_expect_eq(now_ms(&tape), 1005);
    tape_fini(&tape);
}

Test(record, room_is_that_of_the_begin_of_the_pass_less_its_binds)
{
    struct tape tape;
    tape_init(&tape);
    tape.world->room = 3;
    recorder_on_pass(tape.recorder, 9);
    cr_expect_eq(room(&tape), 3);
    bind_pod(&tape);
    bind_pod(&tape);
    cr_expect_eq(room(&tape), 1);
    tape.world->room = 50; /* answers came; the next pass learns of them */
    cr_expect_eq(room(&tape), 1);
    recorder_on_pass(tape.recorder, 9);
    cr_expect_eq(room(&tape), 50);
    cr_expect_eq(tape.world->counts[MEM_BIND], 2, "binds go on to the world");
    tape_fini(&tape);
}

Test(record, records_are_in_the_order_of_what_happened)
{
    struct tape tape;
    tape_init(&tape);
    uint32_t symbols = symbols_count(tape.symbols);
    cr_expect_eq(tape.counts[RECORD_SYMBOL], symbols, "the symbols that are there come first");
    cr_expect_eq(tape.kinds[symbols], RECORD_CONFIG);
    recorder_on_event(tape.recorder, &list_begins);
    (void)symbol_intern(tape.symbols, STR("made by a decoder"));
    tape.world->room = 1;
    recorder_on_pass(tape.recorder, 1);
    bind_pod(&tape);
    recorder_on_stop(tape.recorder);
    recorder_free(tape.recorder);
    tape.recorder = NULL;
    static const char expected[] = {RECORD_EVENT, RECORD_SYMBOL, RECORD_PASS,
                                    RECORD_BIND,  RECORD_STOP,   RECORD_END};
    cr_assert_eq(tape.count, symbols + 1 + sizeof(expected));
    for (size_t i = 0; i < sizeof(expected); i++)
        cr_expect_eq(tape.kinds[symbols + 1 + i], expected[i], "record %zu", i);
    tape_fini(&tape);
}

Test(record, a_recording_that_fails_leaves_the_port_as_it_was)
{
    struct tape tape;
    tape_init(&tape);
    tape.refusals = 1;
    tape.world->now.ms = 7;
    recorder_on_event(tape.recorder, &list_begins);
    uint32_t count = tape.count;
    tape.world->room = 2;
    tape.world->now.ms = 9;
    recorder_on_pass(tape.recorder, 1);
    cr_expect_eq(now_ms(&tape), 9);
    cr_expect_eq(room(&tape), 2);
    bind_pod(&tape);
    cr_expect_eq(tape.world->counts[MEM_BIND], 1);
    cr_expect_eq(tape.count, count, "after a gap nothing more is recorded");
    tape_fini(&tape);
    cr_expect_eq(tape.counts[RECORD_END], 0);
}

/* What is read back sets up the same core; what sched_new() would CHECK is refused. */
Test(record, the_setup_is_read_back_or_refused)
{
    struct symbols *symbols = names_symbols_new(1);
    struct record_setup setup = {.random_seed = 5}, read = {0};
    struct buf bytes CLEANUP(buf_fini);
    struct err err;
    buf_init(&bytes, 4096);
    sched_config_init(&setup.config, symbols);
    setup.config.hash_seed = 6;
    setup.config.cycle.seed = 7;
    setup.config.cycle.percentage = 30;
    setup.config.cycle.is_batched = false;
    setup.config.queue.initial_backoff_ms = 250;
    cr_assert_eq(score_config_set_strategy(&setup.config.cycle.score,
                                           "RequestedToCapacityRatio:0=0,40=7,100=10", &err),
                 0);
    cr_assert_eq(score_config_set_resources(&setup.config.cycle.score, symbols,
                                            "cpu=1,example.com/gpu=5", &err),
                 0);
    struct codec writer = codec_writer(&bytes);
    record_setup_codec(&writer, &setup);
    struct codec codec = codec_reader(buf_str(&bytes), symbols_count(symbols), NULL);
    record_setup_codec(&codec, &read);
    cr_assert(codec_is_done(&codec), "%s", codec.wrong);

    struct buf again CLEANUP(buf_fini);
    buf_init(&again, 4096);
    writer = codec_writer(&again);
    record_setup_codec(&writer, &read);
    cr_expect(str_equal(buf_str(&bytes), buf_str(&again)));
    cr_expect_eq(read.config.hash_seed, 6);
    cr_expect_eq(read.config.cycle.seed, 7);
    cr_expect_eq(read.config.cycle.percentage, 30);
    cr_expect_not(read.config.cycle.is_batched);
    cr_expect_eq(read.config.queue.initial_backoff_ms, 250);
    cr_expect_eq(read.config.cycle.score.point_count, 3);
    cr_expect_eq(read.config.cycle.score.points[1].score, 70);
    cr_expect_eq(read.config.cycle.score.resources[1].weight, 5);
    cr_expect_eq(read.random_seed, 5);

    setup.config.cycle.predicate_step = 0;
    buf_clear(&bytes);
    writer = codec_writer(&bytes);
    record_setup_codec(&writer, &setup);
    codec = codec_reader(buf_str(&bytes), symbols_count(symbols), NULL);
    record_setup_codec(&codec, &read);
    cr_expect(!codec_is_done(&codec));
    symbols_free(symbols);
}
