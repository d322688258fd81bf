#include "bench/replay_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller_read.h"
#include "model/base/hash.h"
#include "model/base/map.h"
#include "model/base/mem.h"

enum { MESSAGE_BYTES = 4096 };

static const char *const resources[] = {"cpu", "memory", REPLAY_GPU};

/* ---- one sentence ---- */

/* How many nodes lack what; true when the node has room for all. */
struct shortage {
    uint32_t pods; /* Too many pods */
    uint32_t resources[ARRAY_LEN(resources)];
};

static bool node_has_room(const struct verify_node *node, const struct amounts *wanted,
                          struct shortage *shortage)
{
    bool room = true;
    if (amounts_get(&node->used, "pods") + 1 > amounts_get(&node->offered, "pods")) {
        shortage->pods++;
        room = false;
    }
    for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
        int64_t value = amounts_get(wanted, resources[i]);
        int64_t free =
            amounts_get(&node->offered, resources[i]) - amounts_get(&node->used, resources[i]);
        if (value == 0 || value <= free)
            continue;
        shortage->resources[i]++;
        room = false;
    }
    return room;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

uint32_t replay_refusal(const struct verify *verify, const struct amounts *wanted, struct buf *text)
{
    struct shortage shortage = {0};
    char parts[ARRAY_LEN(resources) + 1][96];
    uint32_t nodes = 0, fits = 0, count = 0;
    const struct verify_node *node;
    for (uint32_t i = 0; (node = verify_node_at(verify, i)); i++) {
        nodes += node->is_present;
        fits += node->is_present && node_has_room(node, wanted, &shortage);
    }
    if (fits > 0)
        return fits;
    if (shortage.pods > 0)
        (void)snprintf(parts[count++], sizeof(parts[0]), "%u Too many pods", shortage.pods);
    for (size_t i = 0; i < ARRAY_LEN(resources); i++)
        if (shortage.resources[i] > 0)
            (void)snprintf(parts[count++], sizeof(parts[0]), "%u Insufficient %s",
                           shortage.resources[i], resources[i]);
    qsort(parts, count, sizeof(parts[0]), compare_texts);
    (void)buf_printf(text, "0/%u nodes are available:", nodes);
    for (uint32_t i = 0; i < count; i++)
        (void)buf_printf(text, "%s %s", i == 0 ? "" : ",", parts[i]);
    (void)buf_add_str(text, ".");
    return 0;
}

/* ---- all pods ---- */

/* Pods that ask for the same, by label "app": what is expected of those that wait. */
struct demand {
    char app[64];
    uint32_t fits;
    uint32_t waiting;
    char *message; /* owned */
};

static bool demand_is(const void *value, const void *key)
{
    return str_is(*(const struct str *)key, ((const struct demand *)value)->app);
}

static struct demand *demand_of(const struct verify *verify, struct map *demands,
                                const struct object *pod)
{
    struct str app = STR("");
    (void)object_label(pod, STR("app"), &app);
    uint64_t hash = hash_bytes(0, app.ptr, app.len);
    struct demand *demand = map_get(demands, hash, demand_is, &app);
    if (demand)
        return demand;
    struct amounts wanted = {0};
    CHECK(amounts_of_pod(pod, &wanted)); /* made by ourselves */
    demand = mem_zalloc(1, sizeof(*demand));
    (void)snprintf(demand->app, sizeof(demand->app), STR_FMT, STR_ARG(app));
    struct buf text;
    buf_init(&text, MESSAGE_BYTES);
    demand->fits = replay_refusal(verify, &wanted, &text);
    demand->message = buf_take(&text);
    map_put(demands, hash, demand);
    return demand;
}

static void judge_waiting(struct demand *demand, const struct object *pod,
                          struct replay_verdict *verdict)
{
    struct condition_view seen = {0};
    bool told = object_condition(pod, "PodScheduled", &seen) && str_is(seen.status, "False");
    struct str message = STR("");
    if (told && seen.message_raw.len >= 2) /* the texts we expect need no escapes */
        message = (struct str){seen.message_raw.ptr + 1, seen.message_raw.len - 2};
    if (demand->fits == 0 && told && str_is(seen.reason, "Unschedulable") &&
        str_is(message, demand->message)) {
        demand->waiting++;
        verdict->waiting++;
        return;
    }
    if (verdict->wrong++ > 0)
        return;
    int len = snprintf(verdict->first_wrong, sizeof(verdict->first_wrong),
                       "%s waits (" STR_FMT ": \"" STR_FMT "\") ", pod->ident->name,
                       STR_ARG(seen.reason), STR_ARG(message));
    CHECK(len > 0);
    size_t used = (size_t)len, size = sizeof(verdict->first_wrong);
    if (used < size && demand->fits > 0)
        (void)snprintf(verdict->first_wrong + used, size - used, "but %u nodes have room for it",
                       demand->fits);
    else if (used < size)
        (void)snprintf(verdict->first_wrong + used, size - used, "but should say: %s",
                       demand->message);
}

/* The most pods first. */
static int compare_demands(const void *a, const void *b)
{
    const struct demand *x = *(struct demand *const *)a, *y = *(struct demand *const *)b;
    if (x->waiting != y->waiting)
        return x->waiting > y->waiting ? -1 : 1;
    return strcmp(x->app, y->app);
}

static void demands_print(const struct map *demands, struct buf *lines)
{
    const struct demand **sorted = mem_zalloc(demands->count, sizeof(*sorted));
    size_t position = 0, count = 0;
    for (struct demand *demand; (demand = map_next(demands, &position));)
        if (demand->waiting > 0)
            sorted[count++] = demand;
    qsort(sorted, count, sizeof(*sorted), compare_demands);
    for (size_t i = 0; i < count; i++)
        (void)buf_printf(lines, "%7u  %-22s  %s\n", sorted[i]->waiting, sorted[i]->app,
                         sorted[i]->message);
    free(sorted);
}

static void demands_free(struct map *demands)
{
    size_t position = 0;
    for (struct demand *demand; (demand = map_next(demands, &position));) {
        free(demand->message);
        free(demand);
    }
    map_fini(demands);
}

void replay_judge(struct verify *verify, struct store *store, struct buf *lines,
                  struct replay_verdict *ret_verdict)
{
    struct replay_verdict verdict = {0};
    struct map demands;
    map_init(&demands);
    struct store_list pods = store_list(store, KIND_POD, STR(""));
    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.objects[i];
        if (pod->node_name)
            verdict.bound++;
        else
            judge_waiting(demand_of(verify, &demands, pod), pod, &verdict);
    }
    if (lines)
        demands_print(&demands, lines);
    demands_free(&demands);
    *ret_verdict = verdict;
}
