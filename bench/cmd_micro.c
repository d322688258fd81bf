#include "bench/cmd_micro.h"

#include <malloc.h>
#include <stdio.h>

#include "bench/flags.h"
#include "bench/micro.h"
#include "bench/report.h"

enum { ROUNDS_MAX = 99 };

/* Bytes that are handed out by malloc(), in mappings of their own too. */
static double heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
}

/* The median of fresh rounds, and what the first one kept. */
static void measure(const struct counted *part, uint32_t round_count, struct report *report)
{
    char key[REPORT_KEY_BYTES], unit[REPORT_UNIT_BYTES];
    double ns[ROUNDS_MAX], bytes = 0;
    for (uint32_t i = 0; i < round_count; i++) {
        void *state = part->open();
        double before = heap_bytes();
        int64_t start_ns = report_cpu_ns();
        uint32_t units = part->work(state);
        ns[i] = (double)(report_cpu_ns() - start_ns) / units;
        if (i == 0)
            bytes = (heap_bytes() - before) / units;
        part->close(state);
    }
    (void)snprintf(key, sizeof(key), "micro.%s_ns", part->name);
    (void)snprintf(unit, sizeof(unit), "ns a %s: %s", part->unit, part->help);
    report_add(report, key, report_median(ns, round_count), unit);
    (void)snprintf(key, sizeof(key), "micro.%s_bytes", part->name);
    (void)snprintf(unit, sizeof(unit), "bytes a %s that stay allocated", part->unit);
    report_add(report, key, bytes, unit);
}

int cmd_micro(int argc, char **argv)
{
    uint32_t rounds = 5;
    const char *json = NULL;
    const struct flag flags[] = {
        {"rounds", FLAG_COUNT, &rounds, 1, ROUNDS_MAX, "N", "rounds; the median counts"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags), "what single parts of the core cost, one core", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    struct report report;
    report_init(&report, "micro: single parts of the core, processor time, median of rounds");
    measure(counted_find("decode"), rounds, &report);
    for (uint32_t i = 0; i < MICROS; i++)
        measure(&micros[i], rounds, &report);
    return report_finish(&report, json);
}
