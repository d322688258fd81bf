#include "bench/select.h"

#include <criterion/criterion.h>

#include "store_fixture.h"

static struct fixture f;
static const struct object *pod;

static void setup(void)
{
    fixture_init(&f, NULL);
    (void)fixture_create(&f, KIND_POD,
                         "{\"metadata\":{\"name\":\"a\",\"labels\":{\"app\":\"web\",\"tier\":"
                         "\"front\",\"empty\":\"\"}},\"spec\":{\"containers\":[{\"name\":\"c\"}],"
                         "\"schedulerName\":\"spillway\"}}");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    pod = fixture_get(&f, KIND_POD, "a");
}

static void teardown(void)
{
    fixture_fini(&f);
}

TestSuite(select, .init = setup, .fini = teardown);

struct row {
    const char *labels, *fields;
    int matches; /* -1: refused */
};

static const struct row rows[] = {
    {"", "", 1},
    {"app=web", "", 1},
    {"app==web,tier=front", "", 1},
    {"app=db", "", 0},
    {"app!=db", "", 1},
    {"app!=web", "", 0},
    {"missing!=x", "", 1},
    {"empty=", "", 1},
    {"app", "", 1},
    {"missing", "", 0},
    {"!missing", "", 1},
    {"!app", "", 0},
    {"app in (web, db)", "", 1},
    {"app in (db)", "", 0},
    {"app notin (db),tier in (front,back)", "", 1},
    {"app notin (web)", "", 0},
    {"missing notin (x)", "", 1},
    {"app in web", "", -1},
    {"", "spec.nodeName=n1", 1},
    {"", "spec.nodeName=", 0},
    {"", "spec.nodeName!=", 1},
    {"", "status.phase!=Succeeded,status.phase!=Failed", 1},
    {"", "status.phase=Running", 0},
    {"", "metadata.name=a,metadata.namespace=default", 1},
    {"", "metadata.name=b", 0},
    {"", "spec.schedulerName=spillway", 1},
    {"", "spec.unknown=x", -1},
    {"", "involvedObject.name=a", -1},
};

Test(select, every_row_selects_as_kube_does)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct selector *selector = NULL;
        struct err err = {0};
        int rc = selector_parse(str_from(rows[i].labels), str_from(rows[i].fields),
                                kind_get(KIND_POD), &selector, &err);
        cr_expect_eq(rc < 0, rows[i].matches < 0, "row %zu: %s", i, err.text);
        if (rc == 0)
            cr_expect_eq(selector_matches(selector, pod), rows[i].matches, "row %zu", i);
        selector_free(selector);
    }
}

Test(select, events_are_selected_in_both_vocabularies)
{
    const struct object *event =
        fixture_create(&f, KIND_EVENT,
                       "{\"metadata\":{\"name\":\"e\"},\"regarding\":{\"kind\":\"Pod\",\"name\":"
                       "\"a\",\"uid\":\"1\"},\"reason\":\"Scheduled\"}");
    static const char *const both[] = {"involvedObject.name=a,involvedObject.uid=1",
                                       "regarding.name=a,reason=Scheduled"};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        struct selector *selector = NULL;
        cr_assert_eq(
            selector_parse(STR(""), str_from(both[i]), kind_get(KIND_EVENT), &selector, NULL), 0);
        cr_assert(selector_matches(selector, event));
        selector_free(selector);
    }
}
