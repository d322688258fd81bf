/* What spillway knew at its end, by its recording, beside a fresh LIST. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "bench/event_replay.h"
#include "model/cluster.h"
#include "tests/faults/story.h"

enum { PASSES_PER_EVENT = 4, PASSES_MORE = 400, WHY_BYTES = 512 };

struct view {
    struct story *story;
    char why[WHY_BYTES]; /* the first difference, "" none */
};

static void differ(struct view *view, const char *kind, const struct object *object,
                   const char *what)
{
    if (view->why[0])
        return;
    (void)snprintf(view->why, WHY_BYTES, "%s %s: %s", kind, object->ident->name, what);
}

static bool is_version(const struct cluster *cluster, const struct object *object, uint64_t known)
{
    char rv[32];
    (void)snprintf(rv, sizeof(rv), "%lld", (long long)object->rv);
    return known == cluster_version(cluster, str_from(rv));
}

static bool is_uid(const struct cluster *cluster, const struct object *object, struct uid uid)
{
    char text[UID_TEXT_BYTES];
    size_t len = uid_format(cluster->symbols, uid, text);
    return str_is((struct str){text, len}, object->ident->uid);
}

static void compare_node(struct view *view, const struct cluster *cluster,
                         const struct object *object)
{
    uint32_t sym = symbol_find(cluster->symbols, str_from(object->ident->name));
    const struct node *node = sym == SYM_ABSENT ? NULL : node_table_find(&cluster->nodes, sym);
    if (!node || !node->is_present)
        differ(view, "node", object, "not known");
    else if (!is_uid(cluster, object, node->uid))
        differ(view, "node", object, "another one of that name is known");
    else if (node->has_problem)
        differ(view, "node", object, "known as unusable");
    else if (!is_version(cluster, object, node->resource_version))
        differ(view, "node", object, "known in an older version");
}

/* The last pod of the story may be on its way still: assumed where it is bound. */
static void compare_pod(struct view *view, const struct cluster *cluster,
                        const struct object *object)
{
    bool is_last = strcmp(object->ident->name, "last") == 0;
    const struct pod *pod =
        cluster_find_pod(cluster, symbol_find(cluster->symbols, str_from(object->ident->ns)),
                         str_from(object->ident->name));
    if (!pod || !is_uid(cluster, object, pod->uid))
        differ(view, "pod", object, pod ? "another one of that name is known" : "not known");
    else if (pod->place == POD_PENDING)
        differ(view, "pod", object, "known as unbound");
    else if (strcmp(symbol_text(cluster->symbols, cluster->nodes.nodes[pod->node_slot]->name_sym),
                    object_node_name(object)) != 0)
        differ(view, "pod", object, "known on another node");
    else if (!is_last && pod->place != POD_BOUND)
        differ(view, "pod", object, "its binding was not seen");
    else if (!is_last && !is_version(cluster, object, pod->resource_version))
        differ(view, "pod", object, "known in an older version");
}

static void compare(void *ctx, const struct cluster *cluster)
{
    struct view *view = ctx;
    struct store *store = view->story->stage.store;
    cluster_check(cluster);
    struct store_list nodes = store_list(store, KIND_NODE, STR(""));
    for (size_t i = 0; i < nodes.count; i++)
        compare_node(view, cluster, nodes.objects[i]);
    struct store_list pods = store_list(store, KIND_POD, STR(""));
    size_t alive = 0;
    for (size_t i = 0; i < pods.count; i++) {
        const char *phase = object_phase(pods.objects[i]);
        if (strcmp(phase, "Failed") == 0 || strcmp(phase, "Succeeded") == 0)
            continue;
        alive++;
        compare_pod(view, cluster, pods.objects[i]);
    }
    if (!view->why[0] && cluster->nodes.present_count != nodes.count)
        (void)snprintf(view->why, WHY_BYTES, "%u nodes are known, %zu are there",
                       cluster->nodes.present_count, nodes.count);
    if (!view->why[0] && cluster->pod_count != alive)
        (void)snprintf(view->why, WHY_BYTES, "%u pods are known, %zu are there", cluster->pod_count,
                       alive);
}

void view_expect_store(struct story *story)
{
    struct view view = {.story = story};
    struct event_replay_result result;
    struct err err = {0};
    const struct event_replay_output output = {.ctx = &view, .look = compare};
    cr_assert_eq(event_replay(story->recording, &output, &result, &err), 0, "%s: %s",
                 story->row->id, err.text);
    cr_expect(!result.is_cut && result.has_end, "%s: the recording is cut", story->row->id);
    cr_expect_not(result.differs, "%s: %s", story->row->id, result.difference);
    cr_expect_str_empty(view.why, "%s: %s", story->row->id, view.why);
    cr_expect_leq(result.passes, PASSES_PER_EVENT * result.events + PASSES_MORE,
                  "%s: %llu passes for %llu events", story->row->id,
                  (unsigned long long)result.passes, (unsigned long long)result.events);
}
