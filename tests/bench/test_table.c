#include "bench/table.h"

#include <criterion/criterion.h>
#include <string.h>

#include "store_fixture.h"

Test(table, ages_read_as_kubectl_prints_them)
{
    static const struct {
        int64_t age_s;
        const char *text;
    } rows[] = {{-5, "0s"},
                {0, "0s"},
                {119, "119s"},
                {120, "2m"},
                {200, "3m20s"},
                {600, "10m"},
                {10799, "179m"},
                {10800, "3h"},
                {12000, "3h20m"},
                {8 * 3600, "8h"},
                {47 * 3600, "47h"},
                {49 * 3600, "2d1h"},
                {8 * 86400, "8d"},
                {729 * 86400LL, "729d"},
                {731 * 86400LL, "2y1d"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[64];
        table_age(rows[i].age_s, text, sizeof(text));
        cr_expect_str_eq(text, rows[i].text);
    }
}

/* The row of an object as a DOM; yours. */
static json_t *row_of(const struct object *object, int64_t now_s)
{
    struct buf out;
    buf_init(&out, MAX_OBJECT_BYTES);
    const struct table_view view = {.include = INCLUDE_METADATA, .now_s = now_s};
    table_row(object, NULL, &view, &out);
    json_t *row = json_loadb(out.data, out.len, 0, NULL);
    cr_assert(row, "%s", out.data);
    buf_fini(&out);
    return row;
}

static const char *cell(const json_t *row, size_t i)
{
    return json_string_value(json_array_get(json_object_get(row, "cells"), i));
}

Test(table, a_row_has_a_cell_for_each_column_of_its_kind)
{
    struct fixture f;
    fixture_init(&f, NULL);
    const struct object *objects[] = {
        fixture_pod(&f, "p", ""),
        fixture_create(&f, KIND_NODE, "{\"metadata\":{\"name\":\"n\"}}"),
        fixture_create(&f, KIND_EVENT, "{\"metadata\":{\"name\":\"e\"},\"note\":\"x\"}"),
        fixture_create(&f, KIND_CONFIG_MAP, "{\"metadata\":{\"name\":\"m\"}}"),
        fixture_get(&f, KIND_NAMESPACE, "default"),
    };
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        struct buf out;
        buf_init(&out, 1 << 16);
        table_columns(objects[i]->kind, NULL, &out);
        json_t *columns = json_loadb(out.data, out.len, 0, NULL), *row = row_of(objects[i], 0);
        cr_expect_gt(json_array_size(columns), 1);
        cr_expect_eq(json_array_size(columns), json_array_size(json_object_get(row, "cells")));
        json_decref(columns);
        json_decref(row);
        buf_fini(&out);
    }
    fixture_fini(&f);
}

Test(table, the_status_of_a_pod_tells_what_it_waits_for)
{
    struct fixture f;
    fixture_init(&f, NULL);
    json_t *row = row_of(fixture_pod(&f, "gated", ",\"schedulingGates\":[{\"name\":\"g\"}]"), 0);
    cr_expect_str_eq(cell(row, 2), "SchedulingGated");
    json_decref(row);
    row = row_of(fixture_pod(&f, "a", ""), f.clock.wall_us / 1000000 + 61);
    cr_expect_str_eq(cell(row, 0), "a");
    cr_expect_str_eq(cell(row, 1), "0/1");
    cr_expect_str_eq(cell(row, 2), "Pending");
    cr_expect_str_eq(cell(row, 4), "61s");
    json_decref(row);
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    row = row_of(fixture_get(&f, KIND_POD, "a"), 0);
    cr_expect_str_eq(cell(row, 2), "ContainerCreating");
    cr_expect_str_eq(cell(row, 6), "n1");
    json_decref(row);
    cr_assert_eq(fixture_delete(&f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    row = row_of(fixture_get(&f, KIND_POD, "a"), 0);
    cr_expect_str_eq(cell(row, 2), "Terminating");
    json_decref(row);
    fixture_fini(&f);
}
