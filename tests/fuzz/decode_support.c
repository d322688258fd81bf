#include "tests/fuzz/decode_support.h"

#include <stdio.h>

#include "tests/model/decode_oracle.h"

static void differ(const char *what, const char *a, const char *b)
{
    (void)fprintf(stderr, "%s\n--- decoder\n%s\n--- other\n%s\n", what, a, b);
    abort();
}

static void check_cut(enum decode_kind kind, enum decode_source source, struct str input,
                      const struct cutting *cutting, const struct dump *whole, int whole_result,
                      const struct err *whole_err)
{
    struct dump cut;
    struct err err = {0};
    int result = dump_run(kind, source, input, cutting, &cut, &err);
    if (result != whole_result || strcmp(err.text, whole_err->text) != 0)
        differ("cut differently: the error", whole_err->text, err.text);
    if (strcmp(cut.text.data, whole->text.data) != 0)
        differ("cut differently: the objects", whole->text.data, cut.text.data);
    buf_fini(&cut.text);
}

void fuzz_decode(enum decode_kind kind, enum decode_source source, uint8_t seed,
                 const uint8_t *data, size_t size)
{
    struct str input = {(const char *)data, size};
    struct dump whole;
    struct err err = {0};
    int result = dump_run(kind, source, input, &(struct cutting){0}, &whole, &err);
    check_cut(kind, source, input, &(struct cutting){.seed = seed, .max_bytes = 1 + seed % 80},
              &whole, result, &err);
    check_cut(kind, source, input, &(struct cutting){.max_bytes = 1}, &whole, result, &err);

    struct buf expected;
    buf_init(&expected, DUMP_BYTES_MAX);
    (void)buf_add(&expected, "", 0);
    enum oracle_verdict verdict = oracle_run(kind, source, input.ptr, input.len, &expected);
    if (verdict == ORACLE_EQUAL && result != 0)
        differ("refused what is right", err.text, expected.data);
    if (verdict == ORACLE_REFUSED && result == 0)
        differ("took what has to be refused", whole.text.data, expected.data);
    if (verdict == ORACLE_EQUAL && strcmp(whole.text.data, expected.data) != 0)
        differ("read otherwise than jansson", whole.text.data, expected.data);
    buf_fini(&expected);
    buf_fini(&whole.text);
}
