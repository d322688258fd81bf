/* The sentence of a waiting pod, written and read back. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/names.h"
#include "policy/sentence.h"
#include "tests/model/seed.h"

enum { SENTENCE_BYTES_MAX = 1 << 16, ROUNDS = 5000 };

/* 2026-11-22T03:04:05Z */
static const int64_t at_unix_s = 1795316645;

struct bench {
    struct symbols *symbols;
    struct policy policy;
    struct policy_unit units[POLICY_UNITS_MAX];
    struct buf text;
};

static void bench_init(struct bench *bench)
{
    static const char *const names[] = {"reserved", "spot-1", "eci-2", "a:b;c, next unit tried"};
    *bench = (struct bench){.symbols = names_symbols_new(7)};
    for (uint32_t i = 0; i < POLICY_UNITS_MAX; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "%s%.0u", names[i % 4], i / 4);
        bench->units[i].name_sym = symbol_intern(bench->symbols, str_from(name));
    }
    bench->policy = (struct policy){.name_sym = symbol_intern(bench->symbols, STR("burst")),
                                    .generation = 3,
                                    .unit_count = POLICY_UNITS_MAX,
                                    .units = bench->units};
    buf_init(&bench->text, SENTENCE_BYTES_MAX);
}

static void bench_fini(struct bench *bench)
{
    buf_fini(&bench->text);
    symbols_free(bench->symbols);
}

Test(sentence, reads_as_the_grammar_says)
{
    struct bench bench;
    bench_init(&bench);
    struct unit_refusal refusals[] = {
        {.unit = 0,
         .why = UNIT_WHY_FULL,
         .fullness = {.kind = FULLNESS_PODS, .pods = 4, .max = 4},
         .preempt = UNIT_PREEMPT_NONE,
         .when = UNIT_WHEN_TRIED},
        {.unit = 1,
         .why = UNIT_WHY_FULL,
         .fullness = {.kind = FULLNESS_RESOURCE,
                      .name_sym = NAME_MEMORY,
                      .used = INT64_C(7) << 30,
                      .asked = INT64_C(1536) << 20,
                      .limit = INT64_C(8) << 30},
         .when = UNIT_WHEN_TRIED},
        {.unit = 2, .why = UNIT_WHY_LACKS, .when = UNIT_WHEN_AT, .until_unix_s = at_unix_s},
    };
    sentence_format(&bench.policy, bench.symbols, refusals, 3, OVERFLOW_NOT_REACHED, &bench.text);
    cr_expect_str_eq(bench.text.data,
                     "Policy burst, generation 3: reserved: full, 4 of 4 pods, preemption finds no "
                     "victims, next unit tried; "
                     "spot-1: full, memory 7Gi used, 1536Mi asked, 8Gi allowed, next unit tried; "
                     "eci-2: no node takes it, next unit not before 2026-11-22T03:04:05Z.");
    buf_clear(&bench.text);
    struct unit_refusal others[] = {
        {.unit = 0,
         .why = UNIT_WHY_FULL,
         .fullness = {.kind = FULLNESS_RESOURCE,
                      .name_sym = NAME_CPU,
                      .used = 1500,
                      .asked = 1000,
                      .limit = 2000},
         .when = UNIT_WHEN_TRIED},
        {.unit = 1, .why = UNIT_WHY_COOLING, .when = UNIT_WHEN_TRIED, .until_unix_s = at_unix_s},
        {.unit = 2, .why = UNIT_WHY_CANNOT_HOST, .need = "hostNetwork"},
    };
    sentence_format(&bench.policy, bench.symbols, others, 3, OVERFLOW_FORBIDDEN, &bench.text);
    cr_expect_str_eq(bench.text.data,
                     "Policy burst, generation 3: reserved: full, cpu 1500m used, 1 asked, 2 "
                     "allowed, next unit tried; spot-1: cooling down until 2026-11-22T03:04:05Z, "
                     "next unit tried; eci-2: cannot host hostNetwork; other nodes: not allowed.");
    buf_clear(&bench.text);
    struct unit_refusal preempting[] = {
        {.unit = 0, .why = UNIT_WHY_LACKS, .preempt = UNIT_PREEMPT_NEVER, .when = UNIT_WHEN_TRIED},
        {.unit = 1, .why = UNIT_WHY_LACKS, .preempt = UNIT_PREEMPT_WAITS, .when = UNIT_WHEN_TRIED},
        {.unit = 2,
         .why = UNIT_WHY_LACKS,
         .preempt = UNIT_PREEMPT_FOUND,
         .victim_count = 2,
         .victims_node_sym = symbol_intern(bench.symbols, STR("node-7"))},
    };
    sentence_format(&bench.policy, bench.symbols, preempting, 3, OVERFLOW_NOT_REACHED, &bench.text);
    cr_expect_str_eq(bench.text.data,
                     "Policy burst, generation 3: reserved: no node takes it, preemption not "
                     "allowed by preemptionPolicy=Never, next unit tried; spot-1: no node takes "
                     "it, preemption waits for its victims to leave, next unit tried; eci-2: no "
                     "node takes it, preemption of 2 pods on node node-7.");
    bench_fini(&bench);
}

static struct unit_refusal random_refusal(struct rng *rng, uint32_t unit)
{
    static const char *const needs[] = {"hostNetwork", "so many containers", "hostPath volumes"};
    struct unit_refusal refusal = {.unit = unit,
                                   .why = (enum unit_why)rng_below(rng, UNIT_WHY_NOT_TRIED + 1),
                                   .when = (enum unit_when)rng_below(rng, UNIT_WHEN_ROOM + 1),
                                   .need = needs[rng_below(rng, 3)],
                                   .preempt =
                                       (enum unit_preempt)rng_below(rng, UNIT_PREEMPT_NEVER + 1),
                                   .victim_count = (uint32_t)rng_next(rng),
                                   .victims_node_sym = 1 + (uint32_t)rng_below(rng, NAME_PODS),
                                   .until_unix_s = (int64_t)rng_below(rng, 4000000000)};
    refusal.fullness = (struct fullness){
        .kind = (enum fullness_kind)(FULLNESS_PODS + rng_below(rng, 3)),
        .pods = (uint32_t)rng_next(rng),
        .max = (uint32_t)rng_next(rng),
        .name_sym = (uint32_t)rng_below(rng, NAME_PODS + 1),
        .used = (int64_t)(rng_next(rng) >> 1),
        .asked = (int64_t)(rng_next(rng) >> rng_below(rng, 63) >> 1),
        .limit = (int64_t)(rng_next(rng) >> 1),
    };
    return refusal;
}

Test(sentence, what_was_written_is_read_back)
{
    struct bench bench;
    struct rng rng;
    (void)seed_rng(&rng, "sentence");
    bench_init(&bench);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct unit_refusal refusals[POLICY_UNITS_MAX];
        uint32_t count = 1 + (uint32_t)rng_below(&rng, round % 10 == 0 ? POLICY_UNITS_MAX : 4);
        bench.policy.generation = (int64_t)(rng_next(&rng) >> 1);
        for (uint32_t i = 0; i < count; i++)
            refusals[i] = random_refusal(&rng, i);
        buf_clear(&bench.text);
        (void)buf_add_str(&bench.text, "0/3 nodes are available: 3 Insufficient cpu. ");
        sentence_format(&bench.policy, bench.symbols, refusals, count,
                        (enum overflow_result)rng_below(&rng, 3), &bench.text);
        struct str policy;
        int64_t generation;
        struct unit_said said[POLICY_UNITS_MAX];
        uint32_t said_count;
        cr_assert(sentence_parse(buf_str(&bench.text), &policy, &generation, said, POLICY_UNITS_MAX,
                                 &said_count),
                  "%s", bench.text.data);
        cr_assert(str_is(policy, "burst"));
        cr_assert_eq(generation, bench.policy.generation);
        cr_assert_eq(said_count, count);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t name_sym = bench.units[refusals[i].unit].name_sym;
            cr_assert(str_equal(said[i].name, symbol_str(bench.symbols, name_sym)), "%s",
                      bench.text.data);
            cr_assert_eq(said[i].why, refusals[i].why, "%s", bench.text.data);
            cr_assert_eq(said[i].when, refusals[i].when, "%s", bench.text.data);
            cr_assert_eq(said[i].preempt, refusals[i].preempt, "%s", bench.text.data);
            if (said[i].preempt == UNIT_PREEMPT_FOUND) {
                cr_assert_eq(said[i].victim_count, refusals[i].victim_count);
                cr_assert(str_equal(said[i].victims_node,
                                    symbol_str(bench.symbols, refusals[i].victims_node_sym)));
            }
            if (said[i].why == UNIT_WHY_COOLING || said[i].when == UNIT_WHEN_AT ||
                said[i].when == UNIT_WHEN_SINCE)
                cr_assert_eq(said[i].until_unix_s, refusals[i].until_unix_s);
        }
    }
    bench_fini(&bench);
}

static const char *const strangers[] = {
    "",
    ".",
    "0/3 nodes are available: 3 Insufficient cpu.",
    "Policy burst, generation 3: .",
    "Policy burst, generation : a: no node takes it.",
    "Policy burst, generation 3x: a: no node takes it.",
    "Policy burst, generation 99999999999999999999: a: no node takes it.",
    "Policy burst, generation 3: a: no node takes it",
    "Policy burst, generation 3: a: no node took it.",
    "Policy burst, generation 3: a: full, 1 of 2 podlets.",
    "Policy burst, generation 3: : no node takes it.",
    "Policy burst, generation 3: other nodes: not allowed.",
    "Policy burst, generation 3: a: no node takes it; other nodes: perhaps.",
    "Policy burst, generation 3: a: no node takes it, next unit not before noon.",
    "Policy burst, generation 3: a: cooling down until 2026-13-01T00:00:00Z.",
    "Policy burst, generation 3: a: no node takes it. More.",
    "Policy burst, generation 3: a: no node takes it, preemption .",
    "Policy burst, generation 3: a: no node takes it, preemption of x pods on node n.",
    "Policy burst, generation 3: a: no node takes it, preemption of 2 pods on node .",
    "Policy burst, generation 3: a: no node takes it, preemption perhaps, next unit tried.",
};

Test(sentence, what_is_no_such_part_is_refused)
{
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        struct str policy = STR("untouched");
        int64_t generation = -1;
        uint32_t count = 77;
        struct unit_said said[4];
        cr_expect_not(sentence_parse(str_from(strangers[i]), &policy, &generation, said, 4, &count),
                      "%s", strangers[i]);
        cr_expect(str_is(policy, "untouched") && generation == -1 && count == 77);
    }
}

Test(sentence, more_units_than_there_is_room_for_is_refused)
{
    struct str message =
        STR("Policy p, generation 1: a: not tried; b: not tried; c: not tried; other nodes: not "
            "allowed.");
    struct str policy;
    int64_t generation;
    uint32_t count;
    struct unit_said said[3];
    cr_expect_not(sentence_parse(message, &policy, &generation, said, 2, &count));
    cr_expect(sentence_parse(message, &policy, &generation, said, 3, &count));
    cr_expect_eq(count, 3);
}
