#include "bench/perf_rate.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>

#include "model/base/check.h"

enum { SECOND = 1000000000 };

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

Test(perf_rate, the_first_second_with_a_pod_only_sets_the_start)
{
    struct perf_rate rate;
    perf_rate_init(&rate);
    perf_rate_tick(&rate, 1 * (int64_t)SECOND, 0);
    perf_rate_tick(&rate, 2 * (int64_t)SECOND, 70);
    cr_expect_eq(perf_rate_summary(&rate).samples, 0);
    perf_rate_tick(&rate, 3 * (int64_t)SECOND, 170);
    struct perf_throughput sum = perf_rate_summary(&rate);
    cr_expect_eq(sum.samples, 1);
    cr_expect(is_near(sum.average, 100));
    perf_rate_fini(&rate);
}

/* 100, then three seconds for 60 pods count three times as 20, then 300. */
Test(perf_rate, seconds_without_a_pod_count_with_the_next)
{
    struct perf_rate rate;
    perf_rate_init(&rate);
    static const uint64_t scheduled[] = {10, 110, 110, 110, 170, 470};
    for (size_t i = 0; i < ARRAY_LEN(scheduled); i++)
        perf_rate_tick(&rate, (int64_t)(i + 1) * SECOND, scheduled[i]);
    struct perf_throughput sum = perf_rate_summary(&rate);
    cr_expect_eq(sum.samples, 5);
    cr_expect(is_near(sum.average, (100 + 3 * 20 + 300) / 5.0), "%f", sum.average);
    cr_expect(is_near(sum.perc50, 20));
    cr_expect(is_near(sum.perc90, 300));
    cr_expect(is_near(sum.perc99, 300));
    perf_rate_fini(&rate);
}

Test(perf_rate, a_late_tick_is_reckoned_by_its_time)
{
    struct perf_rate rate;
    perf_rate_init(&rate);
    perf_rate_tick(&rate, 1 * (int64_t)SECOND, 1);
    perf_rate_tick(&rate, 3 * (int64_t)SECOND, 101);
    cr_expect(is_near(perf_rate_summary(&rate).average, 50));
    perf_rate_fini(&rate);
}

/* 1 to 100: the nearest rank is the number itself. */
Test(perf_rate, percentiles_are_of_the_nearest_rank)
{
    struct perf_rate rate;
    perf_rate_init(&rate);
    uint64_t scheduled = 1;
    perf_rate_tick(&rate, 0, scheduled);
    for (uint64_t i = 0; i < 100; i++) {
        scheduled += (i * 37) % 100 + 1; /* each of 1 to 100 once */
        perf_rate_tick(&rate, (int64_t)(i + 1) * SECOND, scheduled);
    }
    struct perf_throughput sum = perf_rate_summary(&rate);
    cr_expect_eq(sum.samples, 100);
    cr_expect(is_near(sum.average, 50.5), "%f", sum.average);
    cr_expect(is_near(sum.perc50, 50));
    cr_expect(is_near(sum.perc90, 90));
    cr_expect(is_near(sum.perc95, 95));
    cr_expect(is_near(sum.perc99, 99));
    perf_rate_fini(&rate);
}

Test(perf_rate, data_items_are_those_that_perfdash_reads)
{
    const struct perf_item items[] = {
        {.name = "A/\"B\"/ns",
         .throughput = {3, 200, 190, 210, 220, 230},
         .pods = 600,
         .seconds = 3.5},
        {.name = "A/short/ns", .pods = 10, .seconds = 0.5},
    };
    struct buf text;
    buf_init(&text, 64 << 10);
    perf_items_json(items, ARRAY_LEN(items), &text);
    json_t *root = json_loadb(text.data, text.len, 0, NULL);
    cr_assert(root, "%s", text.data);
    cr_expect_str_eq(json_string_value(json_object_get(root, "version")), "v1");
    json_t *list = json_object_get(root, "dataItems");
    cr_assert_eq(json_array_size(list), 3, "no throughput of what was over at once");
    json_t *first = json_array_get(list, 0), *labels = json_object_get(first, "labels");
    cr_expect_str_eq(json_string_value(json_object_get(labels, "Name")), "A/\"B\"/ns");
    cr_expect_str_eq(json_string_value(json_object_get(labels, "Metric")), "SchedulingThroughput");
    cr_expect_str_eq(json_string_value(json_object_get(first, "unit")), "pods/s");
    json_t *data = json_object_get(first, "data");
    cr_expect(is_near(json_number_value(json_object_get(data, "Average")), 200));
    cr_expect(is_near(json_number_value(json_object_get(data, "Perc90")), 210));
    json_t *last = json_array_get(list, 2);
    cr_expect(is_near(json_number_value(json_object_get(json_object_get(last, "data"), "Duration")),
                      0.5));
    json_decref(root);
    buf_fini(&text);
}
