#include "bench/prices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "model/base/str.h"

enum { LINE_BYTES = 512, WORDS_MAX = 4, MICRO = 1000000, MICRO_DIGITS = 6, WHOLE_DIGITS_MAX = 7 };

enum per { PER_NODE, PER_CORE, PER_POD_CORE, PER_COUNT };

static const char *const per_texts[PER_COUNT] = {"node", "core", "pod-core"};

/* "12.5" in millionths; -1 when it is no price. */
static int64_t price_parse(struct str text)
{
    int64_t micro = 0;
    size_t whole = 0, behind = 0;
    bool has_point = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return -1;
        micro = micro * 10 + (c - '0');
        *(has_point ? &behind : &whole) += 1;
        if (whole > WHOLE_DIGITS_MAX || behind > MICRO_DIGITS)
            return -1;
    }
    if (whole == 0 || (has_point && behind == 0))
        return -1;
    for (; behind < MICRO_DIGITS; behind++)
        micro *= 10;
    return micro;
}

/* Splits at blanks, up to a comment; one more than fits is counted too. */
static uint32_t split(const char *line, struct str words[WORDS_MAX])
{
    uint32_t count = 0;
    size_t end = strcspn(line, "#\r\n"), at = 0;
    while (count < WORDS_MAX) {
        at += strspn(line + at, " \t");
        if (at >= end)
            break;
        size_t len = strcspn(line + at, " \t#\r\n");
        words[count++] = (struct str){line + at, len};
        at += len;
    }
    return count;
}

static void set_price(struct workload_node_kind *kind, int64_t micro, enum per per)
{
    int64_t cores = kind->offers.cpu_milli / 1000;
    kind->price_micro_per_hour = per == PER_NODE ? micro : per == PER_CORE ? micro * cores : 0;
    kind->price_micro_per_core_hour = per == PER_POD_CORE ? micro : 0;
}

static int read_line(struct workload *workload, const char *line, const char *place,
                     struct err *err)
{
    struct str words[WORDS_MAX];
    uint32_t count = split(line, words);
    if (count == 0)
        return 0;
    if (count != 3)
        return err_set(err, EINVAL, "%s: \"UNIT PRICE PER\" is expected, as in \"ecs 0.05 core\"",
                       place);
    int64_t micro = price_parse(words[1]);
    if (micro < 0)
        return err_set(err, EINVAL,
                       "%s: price \"" STR_FMT "\": a number like 0.05 is expected, below 10000000 "
                       "and with at most six digits behind the point",
                       place, STR_ARG(words[1]));
    uint32_t per = 0;
    while (per < PER_COUNT && !str_is(words[2], per_texts[per]))
        per++;
    if (per == PER_COUNT)
        return err_set(err, EINVAL, "%s: \"" STR_FMT "\": node, core or pod-core is expected",
                       place, STR_ARG(words[2]));
    uint32_t unit_sym =
        str_is(words[0], "none") ? SYM_EMPTY : symbol_find(workload->symbols, words[0]);
    bool is_known = false;
    for (uint32_t i = 0; i < workload->node_kind_count; i++) {
        if (workload->node_kinds[i].unit_sym != unit_sym)
            continue;
        is_known = true;
        set_price(&workload->node_kinds[i], micro, (enum per)per);
    }
    if (is_known)
        return 0;
    return err_set(err, EINVAL, "%s: the workload has no nodes of unit \"" STR_FMT "\"", place,
                   STR_ARG(words[0]));
}

int prices_read(struct workload *workload, FILE *in, const char *name, struct err *err)
{
    char line[LINE_BYTES], place[LINE_BYTES];
    for (uint32_t number = 1; fgets(line, sizeof(line), in); number++) {
        (void)snprintf(place, sizeof(place), "%s:%" PRIu32, name, number);
        if (!strchr(line, '\n') && strlen(line) + 1 == sizeof(line))
            return err_set(err, EINVAL, "%s: the line is longer than %d bytes", place,
                           LINE_BYTES - 2);
        int rc = read_line(workload, line, place, err);
        if (rc < 0)
            return rc;
    }
    return ferror(in) ? err_set(err, EIO, "cannot read %s", name) : 0;
}
