#include "tests/faults/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/verify.h"
#include "model/base/mem.h"

enum {
    BEFORE = 6,
    NODE_CPU = 12, /* three nodes: what is left of BEFORE, the burst, "marker" and "last" */
    ROOMY_CPU = 60,
    PATIENCE_MS = 75 * 1000, /* two timeouts of 30 s, and a machine that is busy */
    STORY_REQUESTS_MAX = 60 + 5 * (BEFORE + STORY_BURST + 2),
    STORY_CONNECTIONS_MAX = 40,
};

/* ---- the cluster ---- */

static void add_node(struct story *story, const char *name)
{
    char cpu[16];
    (void)snprintf(cpu, sizeof(cpu), "%d", story->row->flags & STORY_ROOMY ? ROOMY_CPU : NODE_CPU);
    stage_add_node(&story->stage, name, cpu);
}

static void delete_object(struct story *story, enum kind_id kind, const char *name)
{
    struct api_status status;
    const struct store_target target = {
        .kind = kind, .ns = kind == KIND_NODE ? STR("") : STR("default"), .name = str_from(name)};
    const struct delete_options now = {.grace_s = 0};
    cr_assert(store_delete(story->stage.store, &target, &now, NULL, &status), "%s", status.message);
}

/* A node of somebody else: its taint keeps our pods away. */
static void add_foreign_node(struct story *story, const char *name)
{
    char text[512];
    (void)snprintf(text, sizeof(text),
                   "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\"},"
                   "\"spec\":{\"taints\":[{\"key\":\"theirs\",\"effect\":\"NoSchedule\"}]},"
                   "\"status\":{\"capacity\":{\"cpu\":\"9\",\"memory\":\"9Gi\",\"pods\":\"99\"},"
                   "\"allocatable\":{\"cpu\":\"9\",\"memory\":\"9Gi\",\"pods\":\"99\"}}}",
                   name);
    stage_create(&story->stage, KIND_NODE, text);
}

/* What a kubelet does all the time, and a label that the last pods need: who is bound by it shows
 * that both watches are up to date. */
static void touch_nodes(struct story *story)
{
    struct store *store = story->stage.store;
    char names[8][64];
    struct store_list nodes = store_list(store, KIND_NODE, STR(""));
    size_t count = nodes.count;
    cr_assert_leq(count, ARRAY_LEN(names));
    for (size_t i = 0; i < count; i++)
        (void)snprintf(names[i], sizeof(names[i]), "%s", nodes.objects[i]->ident->name);
    for (size_t i = 0; i < count; i++) {
        struct api_status status;
        const struct store_target target = {.kind = KIND_NODE, .name = str_from(names[i])};
        json_t *patch = json_pack("{s:{s:{s:s}}}", "metadata", "labels", "round", "last");
        cr_assert(store_patch(store, &target, PATCH_MERGE, patch, NULL, &status), "%s",
                  status.message);
        json_decref(patch);
    }
}

static void add_marker(struct story *story, const char *name)
{
    char text[512];
    (void)snprintf(text, sizeof(text),
                   "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\"},"
                   "\"spec\":{\"schedulerName\":\"spillway\",\"nodeSelector\":{\"round\":\"last\"},"
                   "\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":{"
                   "\"cpu\":\"1\"}}}]}}",
                   name);
    stage_create(&story->stage, KIND_POD, text);
    stage_await_bound(&story->stage, name);
}

/* ---- the fault ---- */

static void arm(struct story *story)
{
    const struct story_row *row = story->row;
    for (size_t i = 0; i < STORY_FAULTS_MAX; i++)
        if (row->faults[i].times > 0)
            stage_fault(&story->stage, &row->faults[i]);
    if (row->wire_amount > 0)
        cr_assert_eq(apiserver_wire(story->stage.server, row->wire, row->wire_amount), 0);
}

static uint64_t fired_of(const struct story *story, const struct fault *fault)
{
    const struct fault_table *table = apiserver_faults(story->stage.server);
    uint64_t sum = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct fault *armed = &table->faults[i];
        if (armed->on == fault->on && armed->act == fault->act)
            sum += armed->fired;
    }
    return sum;
}

/* 0 as long as one of the row's faults has not happened yet. */
static uint64_t fired(const struct story *story)
{
    const struct story_row *row = story->row;
    struct apiserver_counts counts = apiserver_counts(story->stage.server);
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < STORY_FAULTS_MAX; i++)
        if (row->faults[i].times > 0 && fired_of(story, &row->faults[i]) < least)
            least = fired_of(story, &row->faults[i]);
    if (row->wire_amount > 0 && counts.wire[row->wire] < least)
        least = counts.wire[row->wire];
    if (row->counts_by_act && story->fired_by_act < least)
        least = story->fired_by_act;
    if (row->flags & STORY_SPOILS && counts.events_spoilt + counts.lists_spoilt < least)
        least = counts.events_spoilt + counts.lists_spoilt;
    return least;
}

static bool has_fired(struct stage *stage, const void *ctx)
{
    (void)stage;
    return fired(ctx) > 0;
}

static void bring_again(struct story *story, enum story_again again)
{
    if (again == AGAIN_LIST) { /* of a version that nobody has seen yet, so that all must list */
        stage_create(&story->stage, KIND_EVENT, "{\"metadata\":{\"generateName\":\"time-\"}}");
        apiserver_compact(story->stage.server);
    }
    if (again != AGAIN_NOTHING)
        apiserver_end_watches(story->stage.server);
}

static void mend(struct story *story)
{
    struct fault_table *table = apiserver_faults(story->stage.server);
    for (size_t i = 0; i < table->count; i++)
        table->faults[i].times = 0;
    if (story->row->wire_amount > 0)
        cr_assert_eq(apiserver_wire(story->stage.server, story->row->wire, 0), 0);
    if (story->row->mend)
        story->row->mend(story);
    bring_again(story, story->row->flags & STORY_RELISTS ? AGAIN_LIST : AGAIN_WATCH);
}

/* ---- the story ---- */

static bool all_bound(struct stage *stage, const void *ctx)
{
    (void)ctx;
    struct store_list pods = store_list(stage->store, KIND_POD, STR(""));
    for (size_t i = 0; i < pods.count; i++)
        if (!object_node_name(pods.objects[i])[0])
            return false;
    return true;
}

/* `what` with the row in front. */
static void await(struct story *story, bool (*is_done)(struct stage *stage, const void *ctx),
                  const char *what)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "%s %s: %s", story->row->id, story->row->name, what);
    stage_await(&story->stage, is_done, story, text);
}

void story_await_burst(struct story *story)
{
    await(story, all_bound, "not every pod was bound");
}

static void begin(struct story *story)
{
    const struct story_row *row = story->row;
    /* Faults are for nodes and pods: policies, which nobody made, would take some of them. */
    const struct store_options store = {.without_crds = true};
    stage_open_with(&story->stage, &row->habits, &store);
    story->stage.patience_ms = PATIENCE_MS;
    story->verify = verify_new(story->stage.store);
    (void)snprintf(story->recording, sizeof(story->recording), "%s/events", story->stage.dir);
    add_node(story, "a");
    add_node(story, "b");
    stage_add_node(&story->stage, "gone", "0");
    add_foreign_node(story, "theirs");
    stage_add_pods(&story->stage, "before", BEFORE, "1");
    if (row->flags & STORY_FROM_START)
        arm(story);
    const char *const flags[] = {"--record",
                                 story->recording,
                                 "--pod-initial-backoff-seconds=1",
                                 "--pod-max-backoff-seconds=2",
                                 "--v=2",
                                 row->flag,
                                 NULL};
    stage_start(&story->stage, "kubeconfig", flags);
    if (row->flags & STORY_RELISTS && row->flags & STORY_FROM_START) {
        await(story, has_fired, "the fault never happened");
        mend(story);
    }
    story_await_burst(story);
}

static void burst(struct story *story)
{
    const struct story_row *row = story->row;
    if (!(row->flags & STORY_ONCE))
        arm(story);
    delete_object(story, KIND_POD, "before-0");
    delete_object(story, KIND_NODE, "gone");
    add_node(story, "c");
    bring_again(story, row->again);
    story->rv_before_burst = store_rv(story->stage.store);
    stage_add_pods(&story->stage, "burst", STORY_BURST, "1");
    if (row->act)
        row->act(story);
    if (!(row->flags & STORY_NEVER))
        await(story, has_fired, "the fault never happened");
    if (row->says)
        stage_await_said(&story->stage, row->says);
    if (row->flags & STORY_MENDED)
        mend(story);
    story_await_burst(story);
}

static void judge(struct story *story)
{
    const struct story_row *row = story->row;
    struct verify_claim claims[VERIFY_CLAIMS];
    enum { TWICE = 1, OVERFULL = 2 };
    (void)verify_judge(story->verify, NULL, 0, claims);
    bool forgets = row->flags & STORY_REBINDS;
    if (!forgets) {
        cr_expect(claims[OVERFULL].holds, "%s: %s", row->id, claims[OVERFULL].text);
        cr_expect(claims[TWICE].holds, "%s: %s", row->id, claims[TWICE].text);
        cr_expect_eq(story->stage.moves, 0);
    }
    for (const char *const *node = (const char *const[]){"a", "b", "c", NULL}; forgets && *node;
         node++)
        cr_expect_leq(stage_pods_on(&story->stage, *node), NODE_CPU, "%s: %s", row->id, *node);
    struct apiserver_counts counts = apiserver_counts(story->stage.server);
    uint64_t requests_max = row->requests_max > 0 ? row->requests_max : STORY_REQUESTS_MAX;
    cr_expect_leq(counts.requests, requests_max, "%s: %llu requests", row->id,
                  (unsigned long long)counts.requests);
    cr_expect_leq(counts.connections, STORY_CONNECTIONS_MAX, "%s: %llu connections", row->id,
                  (unsigned long long)counts.connections);
    if (row->flags & STORY_NEVER)
        cr_expect_eq(fired(story), 0, "%s: it happened", row->id);
}

void story_tell(const struct story_row *row)
{
    struct story *story = mem_zalloc(1, sizeof(*story));
    story->row = row;
    begin(story);
    burst(story);
    if (!(row->flags & STORY_MENDED))
        mend(story);
    touch_nodes(story);
    add_marker(story, "marker");
    add_marker(story, "last");
    cr_expect_eq(stage_stop(&story->stage), 0, "%s: its end", row->id);
    judge(story);
    view_expect_store(story);
    verify_free(story->verify);
    stage_close(&story->stage);
    free(story);
}
