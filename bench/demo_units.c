#include "bench/demo_units.h"

#include <stdio.h>
#include <string.h>

#include "bench/node_kind.h"

static void count_units(const struct demo_units *units, uint32_t ret_pods[DEMO_KIND_COUNT])
{
    const struct verify_pod *pod;
    memset(ret_pods, 0, DEMO_KIND_COUNT * sizeof(*ret_pods));
    for (uint32_t i = 0; (pod = verify_pod_at(units->verify, i)); i++) {
        enum demo_kind kind = pod->node ? demo_kind_find(pod->node->kind) : DEMO_KIND_COUNT;
        if (pod->is_present && !pod->is_deleting && kind < DEMO_KIND_COUNT &&
            strcmp(pod->app, DEMO_APP) == 0)
            ret_pods[kind]++;
    }
}

/* ---- deletions ---- */

static enum demo_kind unit_of(const struct demo_units *units, const struct object *pod)
{
    const struct verify_node *node;
    for (uint32_t i = 0; (node = verify_node_at(units->verify, i)); i++)
        if (str_is(blob_str(pod->node_name), node->name))
            return demo_kind_find(node->kind);
    return DEMO_KIND_COUNT;
}

static void on_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct demo_units *units = container_of(subscriber, struct demo_units, subscriber);
    const struct object *pod = event->object;
    struct str app;
    uint32_t left[DEMO_KIND_COUNT];
    bool was_going = event->before && event->before->deleted_s > 0;
    bool is_going = pod->deleted_s > 0 || event->change == CHANGE_DELETED;
    if (pod->kind->id != KIND_POD || was_going || !is_going || !pod->node_name ||
        !object_label(pod, STR("app"), &app) || !str_is(app, DEMO_APP))
        return;
    unsigned unit = unit_of(units, pod);
    char *text = units->unordered[units->phase];
    if (unit == DEMO_KIND_COUNT)
        return;
    units->gone[units->phase][unit]++;
    count_units(units, left);
    for (unsigned dearer = unit + 1; dearer < DEMO_KIND_COUNT; dearer++)
        if (left[dearer] > 0 && !text[0])
            (void)snprintf(text, VERIFY_TEXT_BYTES, "%s of %s went while %s still had %u pods",
                           pod->ident->name, demo_kind_get((enum demo_kind)unit)->title,
                           demo_kind_get((enum demo_kind)dearer)->title, left[dearer]);
}

void demo_units_init(struct demo_units *units, struct store *store, const struct verify *verify)
{
    *units = (struct demo_units){.store = store, .verify = verify};
    units->subscriber.on_event = on_event;
    store_subscribe(store, &units->subscriber);
}

void demo_units_fini(struct demo_units *units)
{
    store_unsubscribe(units->store, &units->subscriber);
}

/* ---- settled moments ---- */

/* How many pods a unit can take now: its nodes' room in cores, or what the policy allows. */
static int64_t unit_limit(const struct demo_units *units, enum demo_kind kind)
{
    const struct demo_kind_row *row = demo_kind_get(kind);
    const struct verify_node *node;
    int64_t room = 0, most = (int64_t)row->max_cpu * 1000 / demo_pod_cpu_milli();
    for (uint32_t i = 0; (node = verify_node_at(units->verify, i)); i++)
        if (node->is_present && demo_kind_find(node->kind) == kind)
            room += amounts_get(&node->offered, "cpu") / demo_pod_cpu_milli();
    return most > 0 && most < room ? most : room;
}

void demo_units_settled(struct demo_units *units, int64_t at_ms)
{
    struct demo_moment moment = {.is_known = true, .at_ms = at_ms};
    char *text = units->wrong[units->phase];
    count_units(units, moment.units);
    for (unsigned kind = 0; kind < DEMO_KIND_COUNT; kind++)
        moment.pods += moment.units[kind];
    int64_t left = moment.pods;
    for (unsigned kind = 0; kind < DEMO_KIND_COUNT; kind++) {
        const struct demo_kind_row *row = demo_kind_get((enum demo_kind)kind);
        int64_t limit = unit_limit(units, (enum demo_kind)kind);
        int64_t expected = left < limit ? left : limit;
        left -= expected;
        if (moment.units[kind] != expected && !text[0])
            (void)snprintf(text, VERIFY_TEXT_BYTES, "of %u pods %u on %s, expected %lld",
                           moment.pods, moment.units[kind], row->title, (long long)expected);
    }
    moment.cost_micros_per_minute = cluster_cost_micros_per_minute(units->store);
    units->moments[units->phase] = moment;
    units->settled[units->phase]++;
}

/* ---- the judgement ---- */

static void list_units(const uint32_t pods[DEMO_KIND_COUNT], char ret_text[VERIFY_TEXT_BYTES])
{
    int used = 0;
    for (unsigned kind = 0; kind < DEMO_KIND_COUNT; kind++)
        used +=
            snprintf(ret_text + used, (size_t)(VERIFY_TEXT_BYTES - used), "%s%u %s",
                     kind > 0 ? ", " : "", pods[kind], demo_kind_get((enum demo_kind)kind)->title);
}

/* What a claim on the counts of a phase says when nothing is wrong there; false when it is. */
static bool judge_counts(const struct demo_units *units, enum demo_phase phase,
                         struct verify_claim *claim)
{
    const struct demo_moment *moment = &units->moments[phase];
    char counts[VERIFY_TEXT_BYTES];
    list_units(moment->units, counts);
    claim->holds = moment->is_known && !units->wrong[phase][0];
    if (claim->holds)
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%u moments; %u pods: %.300s",
                       units->settled[phase], moment->pods, counts);
    else
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%s",
                       moment->is_known ? units->wrong[phase] : "it never came so far");
    return claim->holds;
}

static void claim_fail(struct verify_claim *claim, const char *text)
{
    claim->holds = false;
    (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%s", text);
}

static void judge_growth(const struct demo_units *units, struct verify_claim *claim)
{
    const struct demo_moment *moment = &units->moments[DEMO_GROWS];
    if (!judge_counts(units, DEMO_GROWS, claim))
        return;
    if (units->wrong[DEMO_BEGINS][0])
        claim_fail(claim, units->wrong[DEMO_BEGINS]);
    else if (moment->pods != demo_plan_most_pods() || moment->units[DEMO_ECI] == 0)
        claim_fail(claim, "not all units were needed");
}

static void judge_reclaim(const struct demo_units *units, struct verify_claim *claim)
{
    uint32_t lost = units->gone[DEMO_LOSES_SPOT][DEMO_SPOT];
    char text[VERIFY_TEXT_BYTES];
    if (!judge_counts(units, DEMO_LOSES_SPOT, claim))
        return;
    (void)snprintf(text, VERIFY_TEXT_BYTES, "%u lost; %.400s", lost, claim->text);
    (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%s", text);
    if (lost == 0 || units->moments[DEMO_LOSES_SPOT].pods != demo_plan_most_pods())
        claim_fail(claim, "no pod was lost, or not all came back");
}

static void judge_shrinking(const struct demo_units *units, struct verify_claim *claim)
{
    const uint32_t *gone = units->gone[DEMO_SHRINKS];
    char counts[VERIFY_TEXT_BYTES];
    if (!judge_counts(units, DEMO_SHRINKS, claim))
        return;
    list_units(gone, counts);
    (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%u moments; deleted: %.300s",
                   units->settled[DEMO_SHRINKS], counts);
    if (units->unordered[DEMO_SHRINKS][0])
        claim_fail(claim, units->unordered[DEMO_SHRINKS]);
    else if (gone[DEMO_ECI] != units->moments[DEMO_LOSES_SPOT].units[DEMO_ECI])
        claim_fail(claim, "not all pods of the virtual node went");
}

/* Only what is used is paid on virtual nodes, and an empty spot node is given back. */
static void judge_end(const struct demo_units *units, struct verify_claim *claim)
{
    const struct demo_moment *first = &units->moments[DEMO_BEGINS];
    const struct demo_moment *last = &units->moments[DEMO_REST];
    if (!judge_counts(units, DEMO_REST, claim))
        return;
    (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%u pods, %.4f a minute; %.4f in the beginning",
                   last->pods, (double)last->cost_micros_per_minute / 1e6,
                   (double)first->cost_micros_per_minute / 1e6);
    claim->holds = last->pods == first->pods && last->units[DEMO_ECS] == last->pods &&
                   last->cost_micros_per_minute < first->cost_micros_per_minute;
}

bool demo_units_judge(const struct demo_units *units,
                      struct verify_claim ret_claims[DEMO_UNITS_CLAIMS])
{
    static const char *const names[DEMO_UNITS_CLAIMS] = {
        "each unit is filled before the next", "pods of the reclaimed spot node found a new place",
        "the dearest unit is emptied first", "in the end all pods are where they cost least"};
    bool all = true;
    for (uint32_t i = 0; i < DEMO_UNITS_CLAIMS; i++)
        ret_claims[i] = (struct verify_claim){.name = names[i], .holds = true};
    judge_growth(units, &ret_claims[0]);
    judge_reclaim(units, &ret_claims[1]);
    judge_shrinking(units, &ret_claims[2]);
    judge_end(units, &ret_claims[3]);
    for (uint32_t i = 0; i < DEMO_UNITS_CLAIMS; i++)
        all = all && ret_claims[i].holds;
    return all;
}
