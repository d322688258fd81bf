#include <criterion/criterion.h>

#include "watch/refusal.h"

Test(refusal, tells_the_words_of_a_status)
{
    struct refusal refusal;
    refusal_read(
        403,
        STR("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":"
            "\"pods is forbidden: User \\\"nobody\\\" cannot list resource\",\"code\":403}"),
        &refusal);
    cr_assert_str_eq(refusal.message, "pods is forbidden: User \"nobody\" cannot list resource");
    cr_assert_eq(refusal.retry_after_seconds, -1);
    cr_assert_not(refusal.is_rv_too_large);
}

Test(refusal, reads_when_to_come_again)
{
    struct refusal refusal;
    refusal_read(429, STR("{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":7}}"), &refusal);
    cr_assert_eq(refusal.retry_after_seconds, 7);
    refusal_read(429, STR("{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":9999999999}}"),
                 &refusal);
    cr_assert_eq(refusal.retry_after_seconds, 3600);
    refusal_read(429, STR("{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":-5}}"),
                 &refusal);
    cr_assert_eq(refusal.retry_after_seconds, -1);
}

Test(refusal, knows_a_version_from_the_future)
{
    struct refusal refusal;
    refusal_read(
        504,
        STR("{\"kind\":\"Status\",\"message\":\"Timeout: Too large resource version: 5, "
            "current: 3\",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}],"
            "\"retryAfterSeconds\":1}}"),
        &refusal);
    cr_assert(refusal.is_rv_too_large);
    cr_assert(refusal_text_is_rv_too_large(STR("Too large resource version: 5, current: 3")));
    cr_assert_not(refusal_text_is_rv_too_large(STR("too old resource version")));
}

static const char *const others[] = {
    "",
    "<html><body>502 Bad Gateway</body></html>",
    "{\"kind\":\"Status\"",
    "{\"kind\":\"Pod\",\"message\":\"no\"}",
    "[1,2]",
    "{\"kind\":\"Status\",\"message\":17}",
    "{\"kind\":\"Status\",\"message\":\"\"}",
};

Test(refusal, says_the_http_status_when_there_are_no_words)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct refusal refusal;
        refusal_read(502, str_from(others[i]), &refusal);
        cr_assert_str_eq(refusal.message, "HTTP status 502 without a Kubernetes Status");
    }
}
