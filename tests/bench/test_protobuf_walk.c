#include "bench/protobuf_walk.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "model/names.h"

/* A Pod {metadata {name "web", labels {app: web}}, spec {containers [{resources {requests {cpu:
 * 100m}}}], nodeName "n1", priority 5}}. */
#define POD                                                                                        \
    "\x0a\x12\x0a\x03web\x5a\x0b\x0a\x03"                                                          \
    "app\x12\x04"                                                                                  \
    "prod"                                                                                         \
    "\x12\x1a\x12\x11\x42\x0f\x12\x0d\x0a\x03"                                                     \
    "cpu\x12\x06\x0a\x04"                                                                          \
    "100m\x52\x02n1\xc8\x01\x05"
enum { POD_BYTES = sizeof(POD) - 1 };

static const char list[] = "k8s\0\x0a\x02\x0a\x00\x12\x66\x0a\x00\x12\x30" POD "\x12\x30" POD;
static const char frame[] = "\x00\x00\x00\x49\x0a\x05"
                            "ADDED\x12\x40\x0a\x3e"
                            "k8s\0\x0a\x06\x0a\x02v1\x12\x00\x12\x30" POD;

static uint32_t known(struct symbols *symbols, const char *text)
{
    uint32_t before = symbols_count(symbols);
    (void)symbol_intern(symbols, str_from(text));
    return symbols_count(symbols) == before;
}

Test(protobuf_walk, finds_the_pods_of_a_list_and_their_words)
{
    struct err err = {0};
    struct symbols *symbols = names_symbols_new(1);
    uint32_t pods = 0;
    cr_assert(POD_BYTES == 0x30, "%d", POD_BYTES);
    cr_assert(protobuf_walk_list((struct str){list, sizeof(list) - 1}, symbols, &pods, &err) == 0,
              "%s", err.text);
    cr_expect(pods == 2);
    cr_expect(known(symbols, "web") && known(symbols, "prod") && known(symbols, "n1") &&
              known(symbols, "100m"));
    symbols_free(symbols);
}

Test(protobuf_walk, a_list_that_is_cut_anywhere_is_an_error)
{
    struct symbols *symbols = names_symbols_new(1);
    for (size_t len = 0; len < sizeof(list) - 1; len++) {
        struct err err = {0};
        uint32_t pods = 77;
        int rc = protobuf_walk_list((struct str){list, len}, symbols, &pods, &err);
        bool is_boundary = len == 4 || len == 8; /* of the envelope: nothing in it is no error */
        cr_expect(rc == (is_boundary ? 0 : -EBADMSG), "cut at %zu", len);
        cr_expect(pods == (is_boundary ? 0 : 77));
    }
    symbols_free(symbols);
}

Test(protobuf_walk, a_frame_of_a_watch_waits_until_it_is_whole)
{
    struct symbols *symbols = names_symbols_new(1);
    size_t taken;
    struct err err = {0};
    for (size_t len = 0; len < sizeof(frame) - 1; len++) {
        cr_assert(protobuf_walk_frame((struct str){frame, len}, symbols, &taken, &err) == 0);
        cr_expect(taken == 0);
    }
    cr_assert(protobuf_walk_frame((struct str){frame, sizeof(frame) - 1}, symbols, &taken, &err) ==
                  0,
              "%s", err.text);
    cr_expect(taken == sizeof(frame) - 1);
    cr_expect(known(symbols, "prod"));
    symbols_free(symbols);
}
