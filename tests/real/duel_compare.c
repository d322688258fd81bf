#include "tests/real/duel_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/oracle.h"

static const char *text_at(const json_t *object, const char *first, const char *second)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, first), second));
    return text ? text : "";
}

static const char *node_of(const struct duel_verdict *verdict)
{
    return text_at(verdict->pod, "spec", "nodeName");
}

/* ---- what was written, without what is each one's own ---- */

/* What kube-scheduler adds about preemption; when all nodes are ruled out before any is looked at,
 * that is the bare error of a search for nodes without a status. */
static void cut_preemption(json_t *object, const char *member)
{
    static const char *const tails[] = {" preemption: ", ". not found"};
    const char *text = json_string_value(json_object_get(object, member));
    const char *tail = NULL;
    for (size_t i = 0; i < ARRAY_LEN(tails) && text && !tail; i++)
        tail = strstr(text, tails[i]);
    if (tail && tail[0] == '.')
        tail++;
    if (tail)
        json_object_set_new(object, member, json_stringn(text, (size_t)(tail - text)));
}

/* Condition and nomination of a refused pod, as text; yours. */
static char *refusal_of(const json_t *pod)
{
    json_t *conditions =
        json_deep_copy(json_object_get(json_object_get(pod, "status"), "conditions"));
    json_t *condition;
    size_t i;
    json_array_foreach(conditions, i, condition)
    {
        json_object_del(condition, "lastTransitionTime");
        cut_preemption(condition, "message");
    }
    json_t *refusal = json_pack("{soss}", "conditions", conditions, "nominatedNodeName",
                                text_at(pod, "status", "nominatedNodeName"));
    char *text = json_dumps(refusal, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(refusal);
    return text;
}

/* An event as text; yours. The sentence of a binding names pod and node: whether it names the right
 * ones is told by putting words in their place. */
static char *event_of(const struct duel_verdict *verdict)
{
    static const char *const own[] = {"metadata", "eventTime", "reportingController",
                                      "reportingInstance"};
    json_t *event = json_deep_copy(verdict->event);
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        json_object_del(event, own[i]);
    json_t *regarding = json_object_get(event, "regarding");
    const char *uid = text_at(verdict->pod, "metadata", "uid");
    if (strcmp(text_at(event, "regarding", "uid"), uid) == 0)
        json_object_set_new(regarding, "uid", json_string("UID"));
    if (strcmp(text_at(event, "regarding", "name"), text_at(verdict->pod, "metadata", "name")) == 0)
        json_object_set_new(regarding, "name", json_string("NAME"));
    json_object_del(regarding, "resourceVersion");
    char sentence[512];
    (void)snprintf(sentence, sizeof(sentence), "Successfully assigned %s/%s to %s",
                   text_at(verdict->pod, "metadata", "namespace"),
                   text_at(verdict->pod, "metadata", "name"), node_of(verdict));
    const char *note = json_string_value(json_object_get(event, "note"));
    if (note && strcmp(note, sentence) == 0)
        json_object_set_new(event, "note", json_string("ASSIGNED"));
    cut_preemption(event, "note");
    char *text = json_dumps(event, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(event);
    return text;
}

static bool same(const char *what, char *const texts[2], struct buf *why)
{
    if (texts[0] && texts[1] && strcmp(texts[0], texts[1]) == 0)
        return true;
    (void)buf_printf(why, "%s\n  kube-scheduler: %s\n  spillway:       %s\n", what,
                     texts[0] ? texts[0] : "(none)", texts[1] ? texts[1] : "(none)");
    return false;
}

/* ---- the node ---- */

static void tell_scores(const struct oracle *oracle, struct buf *why)
{
    for (size_t i = 0; i < oracle->count; i++) {
        if (oracle->nodes[i].fits)
            (void)buf_printf(why, "  %s: %" PRId64 "\n", oracle->nodes[i].name,
                             oracle->nodes[i].score);
    }
}

static bool nodes_are_best(const struct duel_verdict verdicts[2], const struct oracle *oracle,
                           const char *nominated, struct buf *why)
{
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        if (oracle_allows(oracle, node_of(&verdicts[i]), nominated))
            continue;
        (void)buf_printf(why, "%s took %s%s%s, which the oracle does not; nodes that fit:\n",
                         verdicts[i].scheduler, node_of(&verdicts[i]),
                         nominated ? ", nominated " : "", nominated ? nominated : "");
        tell_scores(oracle, why);
        good = false;
    }
    return good;
}

enum duel_outcome duel_compare(const json_t *cluster, const struct duel_verdict verdicts[2],
                               const char *nominated, struct buf *why)
{
    for (size_t i = 0; i < 2; i++) {
        if (!verdicts[i].pod || !verdicts[i].event) {
            (void)buf_printf(why, "%s: no %s came\n", verdicts[i].scheduler,
                             verdicts[i].pod ? "event" : "verdict");
            return DUEL_DISAGREED;
        }
    }
    struct oracle oracle;
    oracle_judge(cluster, verdicts[0].pod, &oracle);
    bool bound = node_of(&verdicts[0])[0];
    bool good = true;
    if (bound != (node_of(&verdicts[1])[0] != '\0')) {
        (void)buf_printf(why, "node: kube-scheduler \"%s\", spillway \"%s\"\n",
                         node_of(&verdicts[0]), node_of(&verdicts[1]));
        good = false;
    } else if (bound) {
        good = nodes_are_best(verdicts, &oracle, nominated, why);
    } else if (oracle.fitting > 0) {
        (void)buf_printf(why, "both refuse what the oracle lets onto:\n");
        tell_scores(&oracle, why);
        good = false;
    }
    char *events[2] = {event_of(&verdicts[0]), event_of(&verdicts[1])};
    char *refusals[2] = {refusal_of(verdicts[0].pod), refusal_of(verdicts[1].pod)};
    good = same("event", events, why) && good;
    if (!bound)
        good = same("condition", refusals, why) && good;
    for (size_t i = 0; i < 2; i++) {
        free(events[i]);
        free(refusals[i]);
    }
    return !good ? DUEL_DISAGREED : bound ? DUEL_BOUND : DUEL_REFUSED;
}
