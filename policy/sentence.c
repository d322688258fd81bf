/* Writes the elastic part of a waiting pod's sentence; policy/sentence_parse.c reads it back. */
#include "policy/sentence.h"

#include <inttypes.h>

#include "model/base/check.h"
#include "model/names.h"
#include "model/timestamp.h"

static void format_fullness(const struct symbols *symbols, const struct fullness *fullness,
                            struct buf *out)
{
    switch (fullness->kind) {
    case FULLNESS_PODS:
        (void)buf_printf(out, "full, %" PRIu32 " of %" PRIu32 " pods", fullness->pods,
                         fullness->max);
        return;
    case FULLNESS_RESOURCE: {
        struct str name = symbol_str(symbols, fullness->name_sym);
        (void)buf_printf(out, "full, " STR_FMT " ", STR_ARG(name));
        resource_add_text(out, fullness->name_sym, name, fullness->used);
        (void)buf_add_str(out, " used, ");
        resource_add_text(out, fullness->name_sym, name, fullness->asked);
        (void)buf_add_str(out, " asked, ");
        resource_add_text(out, fullness->name_sym, name, fullness->limit);
        (void)buf_add_str(out, " allowed");
        return;
    }
    case FULLNESS_OWNER_UNKNOWN:
        (void)buf_add_str(out, "the owner's replicas are not known yet");
        return;
    case FULLNESS_ROOM:
        break;
    }
    CHECK_NEVER("a refusal as full of a unit with room");
}

static void format_time(int64_t unix_s, struct buf *out)
{
    char text[TIMESTAMP_TEXT_BYTES];
    timestamp_format(unix_s * 1000000, text);
    (void)buf_add_str(out, text);
}

void sentence_format_why(const struct symbols *symbols, const struct unit_refusal *refusal,
                         struct buf *out)
{
    switch (refusal->why) {
    case UNIT_WHY_FULL:
        format_fullness(symbols, &refusal->fullness, out);
        return;
    case UNIT_WHY_LACKS:
        (void)buf_add_str(out, "no node takes it");
        return;
    case UNIT_WHY_TERMINATING:
        (void)buf_add_str(out, "a pod of it is terminating");
        return;
    case UNIT_WHY_COOLING:
        (void)buf_add_str(out, "cooling down until ");
        format_time(refusal->until_unix_s, out);
        return;
    case UNIT_WHY_CANNOT_HOST:
        (void)buf_printf(out, "cannot host %s", refusal->need);
        return;
    case UNIT_WHY_NOT_TRIED:
        (void)buf_add_str(out, "not tried");
        return;
    }
    CHECK_NEVER("an unknown refusal");
}

static void format_preempt(const struct symbols *symbols, const struct unit_refusal *refusal,
                           struct buf *out)
{
    switch (refusal->preempt) {
    case UNIT_PREEMPT_NOT_SOUGHT:
        return;
    case UNIT_PREEMPT_NONE:
        (void)buf_add_str(out, ", preemption finds no victims");
        return;
    case UNIT_PREEMPT_FOUND:
        (void)buf_printf(out, ", preemption of %" PRIu32 " pods on node %s", refusal->victim_count,
                         symbol_text(symbols, refusal->victims_node_sym));
        return;
    case UNIT_PREEMPT_WAITS:
        (void)buf_add_str(out, ", preemption waits for its victims to leave");
        return;
    case UNIT_PREEMPT_NEVER:
        (void)buf_add_str(out, ", preemption not allowed by preemptionPolicy=Never");
        return;
    }
    CHECK_NEVER("an unknown answer");
}

static void format_when(const struct unit_refusal *refusal, struct buf *out)
{
    switch (refusal->when) {
    case UNIT_WHEN_NEVER_SAID:
        return;
    case UNIT_WHEN_TRIED:
        (void)buf_add_str(out, ", next unit tried");
        return;
    case UNIT_WHEN_SINCE:
        (void)buf_add_str(out, ", next unit tried since ");
        format_time(refusal->until_unix_s, out);
        return;
    case UNIT_WHEN_AT:
        (void)buf_add_str(out, ", next unit not before ");
        format_time(refusal->until_unix_s, out);
        return;
    case UNIT_WHEN_ROOM:
        (void)buf_add_str(out, ", next unit only when this one is full");
        return;
    }
    CHECK_NEVER("an unknown time");
}

void sentence_format(const struct policy *policy, const struct symbols *symbols,
                     const struct unit_refusal *refusals, uint32_t count,
                     enum overflow_result overflow, struct buf *out)
{
    (void)buf_printf(out, "Policy %s, generation %" PRId64 ": ",
                     symbol_text(symbols, policy->name_sym), policy->generation);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(refusals[i].unit < policy->unit_count);
        (void)buf_printf(out, "%s%s: ", i > 0 ? "; " : "",
                         symbol_text(symbols, policy->units[refusals[i].unit].name_sym));
        sentence_format_why(symbols, &refusals[i], out);
        format_preempt(symbols, &refusals[i], out);
        format_when(&refusals[i], out);
    }
    if (overflow == OVERFLOW_FORBIDDEN)
        (void)buf_add_str(out, "; other nodes: not allowed");
    else if (overflow == OVERFLOW_NONE_FITS)
        (void)buf_add_str(out, "; other nodes: none takes it");
    (void)buf_add_str(out, ".");
}
