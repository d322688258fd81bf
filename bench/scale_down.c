#include "bench/scale_down.h"

#include <stdlib.h>
#include <string.h>

enum { COST_TEXT_BYTES = 11 }; /* "-2147483648" */

/* Bigger goes later. */
static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* floor(log2) of the age in nanoseconds, -1 for none: pods of about the same age are equals. */
static int age_bucket(int64_t then_us, int64_t now_us)
{
    int64_t age_us = now_us - then_us;
    if (age_us <= 0)
        return -1;
    if (age_us > INT64_MAX / 1000)
        return 62;
    return 63 - __builtin_clzll((unsigned long long)age_us * 1000);
}

/* An unknown time goes first, then the younger bucket; equals of a bucket by uid. */
static int compare_times(int64_t a_us, int64_t b_us, int64_t now_us)
{
    if (a_us == 0 || b_us == 0)
        return compare(a_us != 0, b_us != 0);
    return compare(age_bucket(a_us, now_us), age_bucket(b_us, now_us));
}

int scale_down_compare(const struct scale_down_pod *a, const struct scale_down_pod *b,
                       int64_t now_us)
{
    int order = compare(a->is_assigned, b->is_assigned); /* 1 */
    if (order == 0)
        order = compare(a->phase, b->phase); /* 2 */
    if (order == 0)
        order = compare(a->is_ready, b->is_ready); /* 3 */
    if (order == 0)
        order = compare(a->deletion_cost, b->deletion_cost); /* 4 */
    if (order == 0)
        order = compare(b->rank, a->rank); /* 5 */
    if (order != 0)
        return order;
    if (a->is_ready && b->is_ready && a->ready_since_us != b->ready_since_us) { /* 6 */
        order = compare_times(a->ready_since_us, b->ready_since_us, now_us);
        return order != 0 ? order : strcmp(a->uid, b->uid);
    }
    order = compare(b->restarts, a->restarts); /* 7 */
    if (order == 0)
        order = compare(b->sidecar_restarts, a->sidecar_restarts);
    if (order == 0 && a->created_us != b->created_us) /* 8 */
        order = compare_times(a->created_us, b->created_us, now_us);
    return order != 0 ? order : strcmp(a->uid, b->uid); /* 9 */
}

static int compare_at(const void *a, const void *b, void *now_us)
{
    return scale_down_compare(a, b, *(const int64_t *)now_us);
}

void scale_down_sort(struct scale_down_pod *pods, size_t count, int64_t now_us)
{
    qsort_r(pods, count, sizeof(*pods), compare_at, &now_us);
}

bool deletion_cost_read(struct str text, int32_t *ret_cost)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    int64_t value = 0;
    if (text.len == 0 || text.len > COST_TEXT_BYTES || text.len == (size_t)negative)
        return false;
    if (text.ptr[negative] == '0' && text.len > 1 && !negative)
        return false;
    for (size_t i = negative; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (text.ptr[i] - '0');
    }
    value = negative ? -value : value;
    if (value < INT32_MIN || value > INT32_MAX)
        return false;
    *ret_cost = (int32_t)value;
    return true;
}

int32_t deletion_cost_parse(struct str text)
{
    int32_t cost;
    return deletion_cost_read(text, &cost) ? cost : 0;
}
