#include "bench/plain_load.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "model/base/check.h"

static const uint32_t numbers[] = {0, 1, 49, 50, 19999, 1048575, 1048576};

Test(plain_load, a_pod_carries_its_number_in_its_name)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct buf body;
        buf_init(&body, PLAIN_OBJECT_BYTES);
        plain_pod_add(&body, numbers[i], "spillway", "sample");
        json_t *pod = json_loadb(body.data, body.len, 0, NULL);
        cr_assert(pod);
        const char *name =
            json_string_value(json_object_get(json_object_get(pod, "metadata"), "name"));
        cr_expect_eq(plain_pod_number(name, strlen(name)), numbers[i], "%s", name);
        json_t *spec = json_object_get(pod, "spec");
        cr_expect_str_eq(json_string_value(json_object_get(spec, "schedulerName")), "spillway");
        cr_expect_str_eq(json_string_value(json_object_get(spec, "serviceAccountName")), "sample");
        json_decref(pod);
        buf_fini(&body);
    }
}

Test(plain_load, a_name_of_others_has_no_number)
{
    static const char *const names[] = {
        "", "-", "00001", "app-1-ab-", "app-1-ab1", "app-0-0000g", "app-0-0000A", "app-0-00000001"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        cr_expect_eq(plain_pod_number(names[i], strlen(names[i])), UINT32_MAX, "%s", names[i]);
}
