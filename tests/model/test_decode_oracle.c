#include <criterion/criterion.h>

#include "tests/model/decode_oracle.h"
#include "tests/model/decode_samples.h"
#include "tests/model/seed.h"

/* Decodes whole and cut, and expects the same objects and the same error. */
static void expect_same(const struct decode_sample *sample, const struct cutting *cutting)
{
    struct dump whole, cut;
    struct err whole_err = {0}, cut_err = {0};
    struct str input = str_from(sample->text);
    int whole_result =
        dump_run(sample->kind, sample->source, input, &(struct cutting){0}, &whole, &whole_err);
    int cut_result = dump_run(sample->kind, sample->source, input, cutting, &cut, &cut_err);
    cr_assert_eq(whole_result, cut_result, "%s", cut_err.text);
    cr_assert_str_eq(cut_err.text, whole_err.text);
    cr_assert_str_eq(cut.text.data, whole.text.data);
    buf_fini(&whole.text);
    buf_fini(&cut.text);
}

Test(decode_oracle, every_cut_in_two_gives_the_same)
{
    for (size_t i = 0; i < ARRAY_LEN(decode_samples); i++)
        for (size_t cut = 1; cut < strlen(decode_samples[i].text); cut++)
            expect_same(&decode_samples[i], &(struct cutting){.first_bytes = cut});
}

Test(decode_oracle, byte_by_byte_gives_the_same)
{
    for (size_t i = 0; i < ARRAY_LEN(decode_samples); i++)
        expect_same(&decode_samples[i], &(struct cutting){.max_bytes = 1});
}

Test(decode_oracle, a_broken_text_fails_at_the_same_byte_however_it_is_cut)
{
    struct rng rng;
    (void)seed_rng(&rng, "broken texts");
    for (int round = 0; round < 3000; round++) {
        struct decode_sample sample = decode_samples[rng_below(&rng, ARRAY_LEN(decode_samples))];
        char *text = strdup(sample.text);
        for (uint64_t i = 0; i <= rng_below(&rng, 3); i++)
            text[rng_below(&rng, strlen(text))] = "\"\\{}[],:x1\n\xc3"[rng_below(&rng, 12)];
        text[strlen(text) - rng_below(&rng, strlen(text)) * rng_below(&rng, 2)] = '\0';
        sample.text = text;
        if (*text != '\0')
            expect_same(&sample, &(struct cutting){.seed = rng_next(&rng), .max_bytes = 40});
        free(text);
    }
}

static void expect_oracle(const struct decode_sample *sample, const char *text)
{
    struct dump dump;
    struct buf expected;
    struct err err = {0};
    buf_init(&expected, DUMP_BYTES_MAX);
    (void)buf_add(&expected, "", 0);
    int result = dump_run(sample->kind, sample->source, str_from(text),
                          &(struct cutting){.max_bytes = 100}, &dump, &err);
    enum oracle_verdict verdict =
        oracle_run(sample->kind, sample->source, text, strlen(text), &expected);
    cr_assert(verdict != ORACLE_SILENT, "%s", text);
    cr_assert_eq(result == 0, verdict == ORACLE_EQUAL, "%s\n%s", text, err.text);
    if (result == 0)
        cr_assert_str_eq(dump.text.data, expected.data, "%s", text);
    buf_fini(&expected);
    buf_fini(&dump.text);
}

Test(decode_oracle, reads_what_jansson_reads)
{
    for (size_t i = 0; i < ARRAY_LEN(decode_samples); i++)
        expect_oracle(&decode_samples[i], decode_samples[i].text);
}

/* Some value to put in place of another one. */
static json_t *any_value(struct rng *rng)
{
    switch (rng_below(rng, 12)) {
    case 0:
        return json_null();
    case 1:
        return json_true();
    case 2:
        return json_integer((json_int_t)rng_next(rng) >> rng_below(rng, 64));
    case 3:
        return json_real(1.5);
    case 4:
        return json_string("");
    case 5:
        return json_string("PodScheduled");
    case 6:
        return json_string("18446744073709551616");
    case 7:
        return json_string("-1m");
    case 8:
        return json_pack("[]");
    case 9:
        return json_pack("[{},{s:s}]", "name", "a");
    case 10:
        return json_pack("{s:s}", "cpu", "250m");
    default:
        return json_pack("{}");
    }
}

/* Replaces, removes or moves to the end one value somewhere below. */
static void mutate(json_t *value, struct rng *rng)
{
    for (;;) {
        size_t size = json_is_object(value) ? json_object_size(value) : json_array_size(value);
        if (size == 0)
            return;
        size_t chosen = rng_below(rng, size);
        void *iter = json_is_object(value) ? json_object_iter(value) : NULL;
        for (size_t i = 0; iter && i < chosen; i++)
            iter = json_object_iter_next(value, iter);
        json_t *child = iter ? json_object_iter_value(iter) : json_array_get(value, chosen);
        if ((json_is_object(child) || json_is_array(child)) && rng_below(rng, 8) > 0) {
            value = child;
            continue;
        }
        if (!iter) {
            (void)json_array_set_new(value, chosen, any_value(rng));
            return;
        }
        char key[128];
        (void)snprintf(key, sizeof(key), "%s", json_object_iter_key(iter));
        uint64_t action = rng_below(rng, 3);
        json_t *moved = action == 0 ? any_value(rng) : json_incref(child);
        (void)json_object_del(value, key);
        if (action == 2)
            json_decref(moved);
        else
            (void)json_object_set_new(value, key, moved);
        return;
    }
}

Test(decode_oracle, reads_what_jansson_reads_after_random_changes)
{
    struct rng rng;
    (void)seed_rng(&rng, "changed objects");
    for (int round = 0; round < 6000; round++) {
        const struct decode_sample *sample =
            &decode_samples[rng_below(&rng, ARRAY_LEN(decode_samples))];
        if (sample->source == DECODE_WATCH)
            continue; /* several values: cut and compared above */
        json_t *root = json_loads(sample->text, 0, NULL);
        cr_assert(root != NULL);
        for (uint64_t i = 0; i <= rng_below(&rng, 4); i++)
            mutate(root, &rng);
        static const size_t formats[] = {JSON_COMPACT, JSON_INDENT(2), JSON_ENSURE_ASCII,
                                         JSON_SORT_KEYS};
        char *text = json_dumps(root, formats[rng_below(&rng, ARRAY_LEN(formats))]);
        expect_oracle(sample, text);
        free(text);
        json_decref(root);
    }
}
