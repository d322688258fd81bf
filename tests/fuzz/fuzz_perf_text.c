/* fuzz: links bench, max_len 512 */
/*
 * Templates of scheduler_perf: whatever they say, they are carried out or refused with a line; text
 * without actions comes out as it went in, and the same template says the same twice.
 */
#include <stdint.h>
#include <string.h>

#include "bench/perf_text.h"
#include "model/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_BYTES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct err err = {0}, again = {0};
    struct buf out, second;
    json_t *env = json_pack("{s:i, s:i, s:s, s:b, s:f}", "Index", 7, "Count", 12, "class", "gold",
                            "yes", 1, "half", 0.5);
    CHECK(env);
    buf_init(&out, OUT_BYTES_MAX);
    buf_init(&second, OUT_BYTES_MAX);
    int rc = perf_text_render(text, env, &out, &err);
    CHECK(perf_text_render(text, env, &second, &again) == rc);
    CHECK(out.len == second.len && (out.len == 0 || memcmp(out.data, second.data, out.len) == 0));
    if (rc < 0)
        CHECK(strncmp(err.text, "line ", 5) == 0);
    else if (!perf_text_is_template(text))
        CHECK(out.len == size && (size == 0 || memcmp(out.data, data, size) == 0));
    buf_fini(&out);
    buf_fini(&second);
    json_decref(env);
    return 0;
}
