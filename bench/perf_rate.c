#include "bench/perf_rate.h"

#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "model/base/mem.h"

void perf_rate_init(struct perf_rate *rate)
{
    *rate = (struct perf_rate){0};
}

void perf_rate_fini(struct perf_rate *rate)
{
    free(rate->samples);
    *rate = (struct perf_rate){0};
}

void perf_rate_tick(struct perf_rate *rate, int64_t now_ns, uint64_t scheduled)
{
    if (scheduled == 0)
        return;
    if (!rate->has_started) {
        rate->has_started = true;
        rate->last_scheduled = scheduled;
        rate->last_ns = now_ns;
        return;
    }
    CHECK(scheduled >= rate->last_scheduled);
    if (scheduled == rate->last_scheduled || now_ns <= rate->last_ns) {
        rate->skipped++;
        return;
    }
    double seconds = (double)(now_ns - rate->last_ns) / 1e9;
    double throughput = (double)(scheduled - rate->last_scheduled) / seconds;
    uint32_t more = rate->skipped + 1;
    rate->samples = mem_resize(rate->samples, rate->count + more, sizeof(*rate->samples));
    for (uint32_t i = 0; i < more; i++)
        rate->samples[rate->count++] = throughput;
    rate->skipped = 0;
    rate->last_scheduled = scheduled;
    rate->last_ns = now_ns;
}

struct perf_throughput perf_rate_summary(const struct perf_rate *rate)
{
    struct perf_throughput sum = {.samples = rate->count};
    if (rate->count == 0)
        return sum;
    for (uint32_t i = 0; i < rate->count; i++)
        sum.average += rate->samples[i] / rate->count;
    sum.perc50 = report_percentile(rate->samples, rate->count, 50);
    sum.perc90 = report_percentile(rate->samples, rate->count, 90);
    sum.perc95 = report_percentile(rate->samples, rate->count, 95);
    sum.perc99 = report_percentile(rate->samples, rate->count, 99);
    return sum;
}

static void add_item(const struct perf_item *item, const char *metric, bool is_first,
                     struct buf *out)
{
    (void)buf_add_str(out, is_first ? "\n  {\"labels\":{\"Metric\":\""
                                    : ",\n  {\"labels\":{\"Metric\":\"");
    (void)buf_add_str(out, metric);
    (void)buf_add_str(out, "\",\"Name\":\"");
    (void)buf_add_json(out, item->name, strlen(item->name));
    (void)buf_add_str(out, "\"},");
}

void perf_items_json(const struct perf_item *items, uint32_t count, struct buf *out)
{
    bool is_first = true;
    (void)buf_add_str(out, "{\"version\":\"v1\",\"dataItems\":[");
    for (uint32_t i = 0; i < count; i++) {
        const struct perf_throughput *of = &items[i].throughput;
        if (of->samples > 0) {
            add_item(&items[i], "SchedulingThroughput", is_first, out);
            (void)buf_printf(out,
                             "\"data\":{\"Average\":%.6g,\"Perc50\":%.6g,\"Perc90\":%.6g,"
                             "\"Perc95\":%.6g,\"Perc99\":%.6g},\"unit\":\"pods/s\"}",
                             of->average, of->perc50, of->perc90, of->perc95, of->perc99);
            is_first = false;
        }
        add_item(&items[i], "SchedulingDuration", is_first, out);
        (void)buf_printf(out, "\"data\":{\"Duration\":%.6g},\"unit\":\"s\"}", items[i].seconds);
        is_first = false;
    }
    (void)buf_add_str(out, "\n]}\n");
}
