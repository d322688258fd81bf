/*
 * The text follows kube-scheduler's FitError (framework/types.go; kube-scheduler.md A13) byte for
 * byte: autoscalers and people grep it, and an unchanged text saves a write.
 */
#include "sched/diagnosis.h"

#include <stdio.h>
#include <string.h>

static const char *const reason_texts[REASON_KIND_COUNT] = {
#define X(id, text) [REASON_##id] = (text),
    REASON_MAP(X)
#undef X
};

void diagnosis_init(struct diagnosis *diagnosis, uint32_t node_count)
{
    *diagnosis = (struct diagnosis){.node_count = node_count};
}

/* One pod asks for at most RESOURCE_SCALARS_MAX resources beside the fixed ones, so there is room.
 */
static void insufficient_count(struct diagnosis *diagnosis, uint32_t name_sym, uint32_t nodes)
{
    uint32_t i = 0;
    while (i < diagnosis->insufficient_count && diagnosis->insufficient[i].name_sym != name_sym)
        i++;
    if (i == diagnosis->insufficient_count) {
        CHECK(i < DIAGNOSIS_RESOURCES_MAX);
        diagnosis->insufficient[i].name_sym = name_sym;
        diagnosis->insufficient_count++;
    }
    diagnosis->insufficient[i].nodes += nodes;
}

void diagnosis_add_nodes(struct diagnosis *diagnosis, enum plugin refused_by, struct reason reason,
                         uint32_t nodes)
{
    if (nodes == 0)
        return;
    diagnosis->refused_by |= UINT32_C(1) << refused_by;
    if (reason.kind == REASON_INSUFFICIENT)
        insufficient_count(diagnosis, reason.name_sym, nodes);
    else
        diagnosis->counts[reason.kind] += nodes;
}

void diagnosis_add(struct diagnosis *diagnosis, enum plugin refused_by,
                   const struct reasons *reasons)
{
    diagnosis->refused_by |= UINT32_C(1) << refused_by;
    for (uint32_t i = 0; i < reasons->count; i++)
        diagnosis_add_nodes(diagnosis, refused_by, reasons->items[i], 1);
}

void diagnosis_add_kind(struct diagnosis *diagnosis, enum reason_kind kind)
{
    CHECK(kind != REASON_INSUFFICIENT);
    diagnosis->counts[kind]++;
}

/* One "<count> <text><name>" of the sentence, in pieces. */
struct part {
    char count[12]; /* with the space, so that "1 x" sorts before "10 x" */
    const char *text, *name;
};

struct parts {
    uint32_t count;
    struct part items[REASON_KIND_COUNT + DIAGNOSIS_RESOURCES_MAX];
};

/* As the joined strings compare: a text either differs within its length or is the same text. */
static int part_compare(const struct part *a, const struct part *b)
{
    int order = strcmp(a->count, b->count);
    if (order == 0)
        order = strcmp(a->text, b->text);
    return order != 0 ? order : strcmp(a->name, b->name);
}

/* Insertion: there are a handful. */
static void parts_insert(struct parts *parts, uint32_t nodes, const char *text, const char *name)
{
    struct part part = {.text = text, .name = name};
    snprintf(part.count, sizeof(part.count), "%u ", nodes);
    uint32_t i = parts->count++;
    for (; i > 0 && part_compare(&part, &parts->items[i - 1]) < 0; i--)
        parts->items[i] = parts->items[i - 1];
    parts->items[i] = part;
}

enum { NOT_NAMED_BYTES = 48 };

/* kube-scheduler names the plug-ins that narrowed the search, and has put the one that refused the
 * nominated node into the same set before (schedule_one.go, findNodesThatFitPod). */
static void not_named_format(const struct diagnosis *diagnosis, char rest[NOT_NAMED_BYTES])
{
    const char *refuser = plugin_names[diagnosis->nominee_refused_by];
    bool is_other = diagnosis->nominee_refused_by != 0 && strcmp(refuser, "NodeAffinity") != 0;
    int len =
        snprintf(rest, NOT_NAMED_BYTES, "%s%s]", is_other ? " " : "", is_other ? refuser : "");
    CHECK(len > 0 && len < NOT_NAMED_BYTES);
}

static void reasons_format(const struct diagnosis *diagnosis, const struct symbols *symbols,
                           struct buf *message)
{
    struct parts parts = {.count = 0};
    char rest[NOT_NAMED_BYTES];
    not_named_format(diagnosis, rest);
    for (uint32_t kind = 0; kind < REASON_KIND_COUNT; kind++)
        if (diagnosis->counts[kind] > 0)
            parts_insert(&parts, diagnosis->counts[kind], reason_texts[kind],
                         kind == REASON_NOT_NAMED ? rest : "");
    for (uint32_t i = 0; i < diagnosis->insufficient_count; i++)
        parts_insert(&parts, diagnosis->insufficient[i].nodes, reason_texts[REASON_INSUFFICIENT],
                     symbol_text(symbols, diagnosis->insufficient[i].name_sym));
    for (uint32_t i = 0; i < parts.count; i++)
        buf_printf(message, "%s%s%s%s", i == 0 ? " " : ", ", parts.items[i].count,
                   parts.items[i].text, parts.items[i].name);
    if (parts.count > 0)
        buf_add_str(message, ".");
}

void diagnosis_format(const struct diagnosis *diagnosis, const struct symbols *symbols,
                      const char *prefilter, struct buf *message)
{
    if (diagnosis->node_count == 0 && prefilter == NULL) {
        buf_add_str(message, "no nodes available to schedule pods");
        return;
    }
    buf_printf(message, "0/%u nodes are available:", diagnosis->node_count);
    if (prefilter != NULL)
        buf_printf(message, " %s.", prefilter);
    else
        reasons_format(diagnosis, symbols, message);
}
