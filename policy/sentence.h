/*
 * The elastic part of the sentence that a waiting pod carries (condition and event), in one fixed
 * grammar; appended to kube-scheduler's sentence with one space before it:
 *
 *   part   := "Policy " name ", generation " n ": " unit { "; " unit } [ tail ] "."
 *   unit   := unit-name ": " why [ ", preemption " how ] [ ", next unit " when ]
 *   why    := "full, " n " of " n " pods"
 *           | "full, " resource " " amount " used, " amount " asked, " amount " allowed"
 *           | "no node takes it"
 *           | "a pod of it is terminating"
 *           | "the owner's replicas are not known yet"
 *           | "cooling down until " time
 *           | "cannot host " need
 *           | "not tried"
 *   how    := "finds no victims" | "of " n " pods on node " node-name
 *           | "waits for its victims to leave" | "not allowed by preemptionPolicy=Never"
 *   when   := "tried" | "tried since " time | "not before " time | "only when this one is full"
 *   tail   := "; other nodes: not allowed" | "; other nodes: none takes it"
 *
 * Times are absolute (RFC 3339, seconds), so that the sentence of an unchanged refusal is the same
 * text and is written once. Amounts as kubectl writes them. Names as in the
 * policy. Unit names never hold ": " or "; " (policy_parse refuses them).
 */
#ifndef POLICY_SENTENCE_H
#define POLICY_SENTENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/str.h"
#include "model/base/symbol.h"
#include "policy/book.h"
#include "policy/policy.h"

enum unit_why {
    UNIT_WHY_FULL,
    UNIT_WHY_LACKS,
    UNIT_WHY_TERMINATING,
    UNIT_WHY_COOLING,
    UNIT_WHY_CANNOT_HOST, /* a virtual node cannot give what the pod needs */
    UNIT_WHY_NOT_TRIED,
};

enum unit_when {
    UNIT_WHEN_NEVER_SAID, /* the last unit, or not tried */
    UNIT_WHEN_TRIED,      /* the walk went on */
    UNIT_WHEN_SINCE,      /* the walk went on because the wait was over at `until_unix_s` */
    UNIT_WHEN_AT,         /* stays here until `until_unix_s` */
    UNIT_WHEN_ROOM,       /* stays here until the unit is full or takes it */
};

/* What came of the search for victims in the unit; with preemption off there is none. */
enum unit_preempt {
    UNIT_PREEMPT_NOT_SOUGHT,
    UNIT_PREEMPT_NONE,
    UNIT_PREEMPT_FOUND, /* they are asked to leave */
    UNIT_PREEMPT_WAITS, /* those of last time are leaving */
    UNIT_PREEMPT_NEVER, /* the pod's own preemptionPolicy */
};

/* Why one unit refused one pod: the data behind sentence, status and tests. */
struct unit_refusal {
    uint32_t unit; /* index */
    enum unit_why why;
    struct fullness fullness; /* FULL */
    const char *need;         /* CANNOT_HOST: constant text */
    enum unit_when when;
    int64_t until_unix_s; /* COOLING, UNIT_WHEN_AT: the end; UNIT_WHEN_SINCE: it was then */
    enum unit_preempt preempt;
    uint32_t victim_count, victims_node_sym; /* UNIT_PREEMPT_FOUND */
};

enum overflow_result { OVERFLOW_NOT_REACHED, OVERFLOW_FORBIDDEN, OVERFLOW_NONE_FITS };

void sentence_format(const struct policy *policy, const struct symbols *symbols,
                     const struct unit_refusal *refusals, uint32_t count,
                     enum overflow_result overflow, struct buf *out);

/* One `why` alone, for the status. */
void sentence_format_why(const struct symbols *symbols, const struct unit_refusal *refusal,
                         struct buf *out);

/* Reads the part back out of a whole condition message. False when there is none. For each unit
 * named: its name, why, what of victims, and the times; used to restore timers after a restart, and
 * by tests. */
struct unit_said {
    struct str name; /* lent by the message */
    enum unit_why why;
    enum unit_when when;
    int64_t until_unix_s;
    enum unit_preempt preempt;
    int64_t victim_count; /* UNIT_PREEMPT_FOUND */
    struct str victims_node;
};
bool sentence_parse(struct str message, struct str *ret_policy, int64_t *ret_generation,
                    struct unit_said *ret_units, uint32_t max, uint32_t *ret_count);

#endif
