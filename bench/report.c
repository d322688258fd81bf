#include "bench/report.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NUMBER_BYTES = 48 };

void report_init(struct report *report, const char *title)
{
    *report = (struct report){.title = title};
}

void report_add(struct report *report, const char *key, double value, const char *unit)
{
    CHECK(report->count < REPORT_ROWS_MAX);
    CHECK(strlen(key) < REPORT_KEY_BYTES && strlen(unit) < REPORT_UNIT_BYTES);
    CHECK(isfinite(value));
    struct report_row *row = &report->rows[report->count++];
    memcpy(row->key, key, strlen(key) + 1);
    memcpy(row->unit, unit, strlen(unit) + 1);
    row->value = value;
}

void report_add_text(struct report *report, const char *key, const char *text, const char *unit)
{
    size_t len = strlen(text);
    report_add(report, key, 0, unit);
    CHECK(len > 0 && len < REPORT_TEXT_BYTES);
    CHECK(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == len);
    memcpy(report->rows[report->count - 1].text, text, len + 1);
}

static bool is_whole(double value)
{
    return fabs(value) < 9e15 && trunc(value) == value;
}

static void number_format(double value, char ret_text[NUMBER_BYTES])
{
    const char *format = is_whole(value) ? "%.0f" : fabs(value) >= 1000 ? "%.1f" : "%.6g";
    /* The format is one of three literals, which the compiler cannot see through the variable. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(ret_text, NUMBER_BYTES, format, value);
#pragma GCC diagnostic pop
}

/* 1234567.8 as "1 234 567.8". */
static void number_group(double value, char ret_text[NUMBER_BYTES])
{
    char plain[NUMBER_BYTES];
    number_format(value, plain);
    size_t sign = plain[0] == '-', digits = strspn(plain + sign, "0123456789"), out = 0;
    for (size_t i = 0; plain[i] != '\0' && out + 2 < NUMBER_BYTES; i++) {
        size_t left = sign + digits - i; /* digits from here to the point */
        if (i > sign && i < sign + digits && left % 3 == 0)
            ret_text[out++] = ' ';
        ret_text[out++] = plain[i];
    }
    ret_text[out] = '\0';
}

void report_print(const struct report *report, FILE *out)
{
    int key_width = 0;
    for (uint32_t i = 0; i < report->count; i++) {
        int width = (int)strlen(report->rows[i].key);
        key_width = width > key_width ? width : key_width;
    }
    (void)fprintf(out, "%s\n", report->title);
    for (uint32_t i = 0; i < report->count; i++) {
        char number[NUMBER_BYTES];
        const char *text = report->rows[i].text;
        number_group(report->rows[i].value, number);
        (void)fprintf(out, "  %-*s  %16s  %s\n", key_width, report->rows[i].key,
                      text[0] ? text : number, report->rows[i].unit);
    }
    (void)fflush(out);
}

int report_write_json(const struct report *report, const char *path, struct err *err)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *out = is_stdout ? stdout : fopen(path, "we");
    if (!out)
        return err_set(err, errno, "cannot write %s: %s", path, strerror(errno));
    for (uint32_t i = 0; i < report->count; i++) {
        char number[NUMBER_BYTES];
        const char *text = report->rows[i].text, *quote = text[0] ? "\"" : "";
        number_format(report->rows[i].value, number);
        (void)fprintf(out, "%s\n  \"%s\": %s%s%s", i == 0 ? "{" : ",", report->rows[i].key, quote,
                      text[0] ? text : number, quote);
    }
    (void)fprintf(out, "%s\n", report->count == 0 ? "{}" : "\n}");
    errno = 0;
    bool failed = ferror(out) != 0;
    failed = (is_stdout ? fflush(out) : fclose(out)) != 0 || failed;
    int code = errno ? errno : EIO; /* of what was written before, nobody knows it any more */
    return failed ? err_set(err, code, "cannot write %s: %s", path, strerror(code)) : 0;
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int report_finish(const struct report *report, const char *json_path)
{
    struct err err = {0};
    report_print(report, stdout);
    if (json_path && report_write_json(report, json_path, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench: %s\n", err.text);
        return 1;
    }
    return 0;
}

double report_median(double *values, uint32_t count)
{
    CHECK(count > 0);
    qsort(values, count, sizeof(*values), double_compare);
    uint32_t half = count / 2;
    return count % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double report_percentile(double *values, uint32_t count, uint32_t percent)
{
    CHECK(count > 0 && percent > 0 && percent <= 100);
    qsort(values, count, sizeof(*values), double_compare);
    uint64_t rank = ((uint64_t)count * percent + 99) / 100;
    return values[rank - 1];
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t report_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t report_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* A "Name:  123 kB" line of /proc/self/status. */
static int64_t status_bytes(const char *name)
{
    FILE *file = fopen("/proc/self/status", "re");
    if (!file)
        return 0;
    char line[256];
    int64_t kib = 0;
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoll(line + strlen(name), NULL, 10);
    (void)fclose(file);
    return kib * 1024;
}

int64_t report_rss_bytes(void)
{
    return status_bytes("VmRSS:");
}

int64_t report_rss_peak_bytes(void)
{
    return status_bytes("VmHWM:");
}
