#include "model/cold.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static const char conflict[] =
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":"
    "\"Operation cannot be fulfilled on pods/binding \\\"web-0\\\": pod web-0 is already assigned "
    "to node \\\"node-1\\\"\",\"reason\":\"Conflict\",\"details\":{\"name\":\"web-0\",\"kind\":"
    "\"pods/binding\",\"retryAfterSeconds\":3},\"code\":409}\n";

Test(cold, reads_a_status)
{
    struct cold *cold;
    struct status_object status;
    struct err err;
    cr_assert_eq(cold_new(conflict, sizeof(conflict) - 1, &cold, &err), 0);
    cr_assert(cold_status(cold, &status));
    cr_expect_eq(status.code, 409);
    cr_expect(str_is(status.reason, "Conflict"));
    cr_expect(
        str_starts(status.message, "Operation cannot be fulfilled on pods/binding \"web-0\""));
    cr_expect_eq(status.retry_after_seconds, 3);
    cold_free(cold);
}

static const struct {
    const char *text;
    bool is_status;
    int32_t code;
} others[] = {
    {"{}", true, 0},
    {"{\"code\":\"409\",\"reason\":5,\"details\":[]}", true, 0}, /* wrong types count as absent */
    {"{\"code\":99999999999}", true, 0},
    {"{\"kind\":\"Pod\",\"code\":409}", false, 0},
};

Test(cold, takes_what_is_missing_or_wrong_as_absent)
{
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct cold *cold;
        struct status_object status = {.code = 1};
        struct err err;
        cr_assert_eq(cold_new(others[i].text, strlen(others[i].text), &cold, &err), 0);
        cr_expect_eq(cold_status(cold, &status), others[i].is_status);
        cr_expect_eq(status.code, others[i].is_status ? others[i].code : 1);
        cold_free(cold);
    }
}

static const struct {
    const char *text, *error;
} broken[] = {
    {"", "byte 0: the text is empty"},
    {"upstream connect error", "byte 0: expected an object, found 'u'"},
    {"<html>", "byte 0: expected an object, found '<'"},
    {"{\"code\":409", "byte 11: the text ends in the middle"},
    {"{\"code\":409}x", "byte 12: expected the end of the input, found 'x'"},
    {"[]", "byte 0: expected an object, found '['"},
};

Test(cold, says_what_is_broken_and_where)
{
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct cold *cold = NULL;
        struct err err;
        cr_expect_eq(cold_new(broken[i].text, strlen(broken[i].text), &cold, &err), -EBADMSG);
        cr_expect_str_eq(err.text, broken[i].error);
        cr_expect_eq(cold, NULL);
    }
}

Test(cold, refuses_what_is_nested_deeply_or_too_long)
{
    size_t len = COLD_BYTES_MAX + 1;
    char *text = malloc(len);
    cr_assert(text != NULL);
    memset(text, '[', len);
    memcpy(text, "{\"a\":", 5);
    struct cold *cold = NULL;
    struct err err;
    cr_expect_eq(cold_new(text, 10000, &cold, &err), -EBADMSG);
    cr_expect_str_eq(err.text, "byte 68: nested deeper than 64 levels");
    cr_expect_eq(cold_new(text, len, &cold, &err), -E2BIG);
    free(text);
}
