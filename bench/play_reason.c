#include "bench/play_reason.h"

#include <stdbool.h>
#include <stdlib.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Goes on in an amount or a time: "1500m", "2026-01-01T12:00:00Z". */
static bool is_of_number(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == ':';
}

enum { PARTS_MAX = 16 };

static int compare_parts(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* kube-scheduler sorts the parts with their numbers: without them they are sorted anew. Parts are
 * what stands between the first ": " and the end of that sentence. */
static void sort_parts(char *text)
{
    char copy[PLAY_REASON_BYTES];
    struct str parts[PARTS_MAX];
    uint32_t count = 0;
    char *begin = strstr(text, ": ");
    if (!begin)
        return;
    begin += 2;
    const char *end = strstr(begin, ". ");
    size_t len = end ? (size_t)(end - begin) : strlen(begin);
    len -= !end && len > 0 && begin[len - 1] == '.';
    memcpy(copy, begin, len);
    copy[len] = '\0';
    for (char *rest = copy; rest && count < PARTS_MAX;) {
        char *comma = strstr(rest, ", ");
        parts[count++] = (struct str){rest, comma ? (size_t)(comma - rest) : strlen(rest)};
        rest = comma ? comma + 2 : NULL;
    }
    if (count == PARTS_MAX)
        return; /* no sentence of ours */
    qsort(parts, count, sizeof(parts[0]), compare_parts);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(begin, parts[i].ptr, parts[i].len);
        begin += parts[i].len;
        if (i + 1 < count)
            memcpy(begin, ", ", 2);
        begin += i + 1 < count ? 2 : 0;
    }
}

void play_reason_plain(struct str sentence, char ret_text[PLAY_REASON_BYTES])
{
    size_t out = 0;
    for (size_t in = 0; in < sentence.len && out + 1 < PLAY_REASON_BYTES;) {
        char c = sentence.ptr[in++];
        ret_text[out++] = is_digit(c) ? 'N' : c;
        while (
            is_digit(c) && in < sentence.len && is_of_number(sentence.ptr[in]) &&
            (sentence.ptr[in] != ':' || (in + 1 < sentence.len && is_digit(sentence.ptr[in + 1]))))
            in++;
    }
    ret_text[out] = '\0';
    sort_parts(ret_text);
}

uint32_t play_reasons_add(struct play_reasons *reasons, struct str sentence)
{
    char text[PLAY_REASON_BYTES];
    play_reason_plain(sentence, text);
    uint32_t i = 0;
    while (i < reasons->count && strcmp(reasons->items[i].text, text) != 0)
        i++;
    if (i == PLAY_REASONS_MAX)
        i--;
    if (i == reasons->count) {
        bool is_last = i == PLAY_REASONS_MAX - 1;
        const char *kept = is_last ? "others" : text;
        memcpy(reasons->items[i].text, kept, strlen(kept) + 1);
        reasons->count++;
    }
    reasons->items[i].refusals++;
    return i;
}

static int compare_reasons(const void *a, const void *b)
{
    const struct play_reason *x = a, *y = b;
    if (x->refusals != y->refusals)
        return x->refusals > y->refusals ? -1 : 1;
    return strcmp(x->text, y->text);
}

void play_reasons_sort(struct play_reasons *reasons)
{
    qsort(reasons->items, reasons->count, sizeof(reasons->items[0]), compare_reasons);
}
