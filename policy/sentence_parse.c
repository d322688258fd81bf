/* Reads the grammar of policy/sentence.h out of a condition's message, which anybody may have
 * written. */
#include "policy/sentence.h"

#include "model/base/check.h"
#include "model/timestamp.h"

enum { GENERATION_DIGITS_MAX = 19 };

static struct str str_from_offset(struct str text, size_t offset)
{
    return (struct str){text.ptr + offset, text.len - offset};
}

/* Where `what` first stands in `text`; text.len when it does not. */
static size_t find(struct str text, const char *what)
{
    size_t len = strlen(what);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.ptr + i, what, len) == 0)
            return i;
    return text.len;
}

/* Splits `text` at the first `mark` that begins in its first `most` bytes: what stands before, and
 * in `text` what follows. */
static bool take_within(struct str *text, size_t most, const char *mark, struct str *ret_before)
{
    size_t len = strlen(mark);
    struct str head = {text->ptr, text->len < most + len ? text->len : most + len};
    size_t at = find(head, mark);
    if (at == head.len)
        return false;
    *ret_before = (struct str){text->ptr, at};
    *text = str_from_offset(*text, at + len);
    return true;
}

static bool take_until(struct str *text, const char *mark, struct str *ret_before)
{
    return take_within(text, text->len, mark, ret_before);
}

static bool ends_with(struct str text, const char *what)
{
    size_t len = strlen(what);
    return text.len >= len && memcmp(text.ptr + text.len - len, what, len) == 0;
}

/* A time in whole seconds, as it is written. */
static bool read_time(struct str text, int64_t *ret_unix_s)
{
    int64_t unix_us;
    if (!timestamp_parse(text, &unix_us))
        return false;
    *ret_unix_s = unix_us / 1000000;
    return true;
}

static bool read_why(struct str text, struct unit_said *said)
{
    static const char cooling[] = "cooling down until ";
    if (str_is(text, "no node takes it"))
        said->why = UNIT_WHY_LACKS;
    else if (str_is(text, "a pod of it is terminating"))
        said->why = UNIT_WHY_TERMINATING;
    else if (str_is(text, "not tried"))
        said->why = UNIT_WHY_NOT_TRIED;
    else if (str_is(text, "the owner's replicas are not known yet"))
        said->why = UNIT_WHY_FULL;
    else if (str_starts(text, "full, ") &&
             (ends_with(text, " pods") || ends_with(text, " allowed")))
        said->why = UNIT_WHY_FULL;
    else if (str_starts(text, "cannot host "))
        said->why = UNIT_WHY_CANNOT_HOST;
    else if (str_starts(text, cooling)) {
        said->why = UNIT_WHY_COOLING;
        return read_time(str_from_offset(text, sizeof(cooling) - 1), &said->until_unix_s);
    } else
        return false;
    return true;
}

static bool read_when(struct str text, struct unit_said *said)
{
    static const char not_before[] = "not before ", since[] = "tried since ";
    if (str_is(text, "tried"))
        said->when = UNIT_WHEN_TRIED;
    else if (str_is(text, "only when this one is full"))
        said->when = UNIT_WHEN_ROOM;
    else if (str_starts(text, since)) {
        said->when = UNIT_WHEN_SINCE;
        return read_time(str_from_offset(text, sizeof(since) - 1), &said->until_unix_s);
    } else if (str_starts(text, not_before)) {
        said->when = UNIT_WHEN_AT;
        return read_time(str_from_offset(text, sizeof(not_before) - 1), &said->until_unix_s);
    } else
        return false;
    return true;
}

/* Digits up to the end, no sign. */
static bool read_number(struct str text, int64_t *ret_number)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.ptr[i] - '0', &number))
            return false;
    *ret_number = number;
    return text.len > 0;
}

static bool read_how(struct str text, struct unit_said *said)
{
    static const char of[] = "of ";
    struct str number;
    if (str_is(text, "finds no victims"))
        said->preempt = UNIT_PREEMPT_NONE;
    else if (str_is(text, "waits for its victims to leave"))
        said->preempt = UNIT_PREEMPT_WAITS;
    else if (str_is(text, "not allowed by preemptionPolicy=Never"))
        said->preempt = UNIT_PREEMPT_NEVER;
    else if (str_starts(text, of)) {
        said->preempt = UNIT_PREEMPT_FOUND;
        said->victims_node = str_from_offset(text, sizeof(of) - 1);
        return take_until(&said->victims_node, " pods on node ", &number) &&
               read_number(number, &said->victim_count) && said->victims_node.len > 0;
    } else
        return false;
    return true;
}

/* "unit-name: why [, preemption how] [, next unit when]" */
static bool read_unit(struct str text, struct unit_said *ret_said)
{
    struct unit_said said = {.when = UNIT_WHEN_NEVER_SAID};
    struct str why, how;
    if (!take_until(&text, ": ", &said.name) || said.name.len == 0)
        return false;
    if (!take_until(&text, ", next unit ", &why)) {
        why = text;
        text = (struct str){0};
    } else if (!read_when(text, &said))
        return false;
    how = why;
    if (!take_until(&how, ", preemption ", &why))
        why = how;
    else if (!read_how(how, &said))
        return false;
    if (!read_why(why, &said))
        return false;
    *ret_said = said;
    return true;
}

static bool is_tail(struct str text)
{
    return str_is(text, "other nodes: not allowed") || str_is(text, "other nodes: none takes it");
}

/* What one pass reads, handed out only when all of it is right. */
struct said {
    struct str policy;
    int64_t generation;
    struct unit_said *units;
    uint32_t max, count;
};

/* `text` begins after "Policy " and has lost its last full stop. */
static bool read_part(struct str text, struct said *said)
{
    struct str number, segment;
    said->count = 0;
    if (!take_within(&text, POLICY_NAME_BYTES_MAX, ", generation ", &said->policy) ||
        !take_within(&text, GENERATION_DIGITS_MAX, ": ", &number) ||
        !read_number(number, &said->generation) || find(said->policy, " ") < said->policy.len)
        return false;
    for (bool is_last = false; !is_last;) {
        is_last = !take_until(&text, "; ", &segment);
        if (is_last)
            segment = text;
        if (is_last && said->count > 0 && is_tail(segment))
            return true;
        if (said->count == said->max || !read_unit(segment, &said->units[said->count]))
            return false;
        said->count++;
    }
    return true;
}

bool sentence_parse(struct str message, struct str *ret_policy, int64_t *ret_generation,
                    struct unit_said *ret_units, uint32_t max, uint32_t *ret_count)
{
    static const char start[] = "Policy ";
    struct unit_said units[POLICY_UNITS_MAX];
    if (message.len == 0 || message.ptr[message.len - 1] != '.')
        return false;
    message.len--;
    for (struct str rest = message, before; take_until(&rest, start, &before);) {
        struct said said = {.units = units, .max = max < POLICY_UNITS_MAX ? max : POLICY_UNITS_MAX};
        if (!read_part(rest, &said))
            continue;
        *ret_policy = said.policy;
        *ret_generation = said.generation;
        *ret_count = said.count;
        if (said.count > 0)
            memcpy(ret_units, units, said.count * sizeof(units[0]));
        return true;
    }
    return false;
}
