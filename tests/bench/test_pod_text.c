#include "bench/pod_text.h"

#include <criterion/criterion.h>
#include <jansson.h>

#include "model/decode.h"
#include "model/names.h"

enum { PODS = 1000 };

Test(pod_text, is_json_of_the_size_of_real_pods)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < PODS; i++) {
        struct buf text;
        buf_init(&text, 1 << 16);
        pod_text_add(&text, i);
        json_t *root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
        cr_assert(root != NULL, "%s", text.data);
        cr_assert_eq(
            json_array_size(json_object_get(json_object_get(root, "metadata"), "managedFields")),
            2);
        json_decref(root);
        bytes += text.len;
        buf_fini(&text);
    }
    cr_expect(bytes / PODS >= 5150 && bytes / PODS <= 5250, "%zu", bytes / PODS);
}

struct last {
    uint32_t count;
    struct uid uid;
};

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct last *last = ctx;
    (void)verb;
    cr_assert_eq(pod->problem.len, 0, STR_FMT, STR_ARG(pod->problem));
    cr_assert(!uid_equal(pod->uid, last->uid)); /* no two pods are the same */
    cr_assert_eq(pod->containers[0].requests.count, 2);
    cr_assert_eq(pod->required_term_count, 1);
    last->uid = pod->uid;
    last->count++;
}

Test(pod_text, is_what_the_decoder_takes)
{
    struct last last = {0};
    struct err err;
    struct buf text;
    struct symbols *symbols = names_symbols_new(1);
    struct decode_handler handler = {.ctx = &last, .pod = on_pod};
    struct decoder *decoder = decoder_new(DECODE_POD, DECODE_OBJECT, symbols, &handler);
    buf_init(&text, 1 << 16);
    for (uint32_t i = 0; i < PODS; i++) {
        buf_clear(&text);
        pod_text_add(&text, i);
        decoder_reset(decoder);
        cr_assert_eq(decoder_feed(decoder, text.data, text.len, &err), 0, "%s", err.text);
        cr_assert_eq(decoder_finish(decoder, &err), 0);
    }
    cr_expect_eq(last.count, PODS);
    decoder_free(decoder);
    symbols_free(symbols);
    buf_fini(&text);
}
