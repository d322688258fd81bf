#include "tests/real/preempt_objects.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/mem.h"

const char *const preempt_schedulers[PREEMPT_SIDES] = {"default-scheduler", "spillway"};

static const char side_letters[PREEMPT_SIDES] = {'k', 's'};

enum { NAME_BYTES = 64, PATH_BYTES = 256 };

/* One object to make: what it is of. */
struct item {
    unsigned index, side, part;
};

struct items {
    struct preempt_batch *batch;
    struct item *items; /* owned */
    size_t count, capacity;
};

static void add_item(struct items *items, unsigned index, unsigned side, unsigned part)
{
    if (items->count == items->capacity) {
        items->capacity = mem_grow(items->capacity, items->count + 1);
        items->items = mem_resize(items->items, items->capacity, sizeof(*items->items));
    }
    items->items[items->count++] = (struct item){index, side, part};
}

/* Which parts of a case become objects of one kind. */
typedef bool wants_part(const struct preempt_case *it, unsigned part);

static void collect(struct preempt_batch *batch, unsigned parts, wants_part *wants,
                    struct items *ret_items)
{
    *ret_items = (struct items){.batch = batch};
    for (unsigned index = 0; index < batch->count; index++)
        for (unsigned part = 0; part < parts; part++)
            for (unsigned side = 0; side < PREEMPT_SIDES; side++)
                if (wants(&batch->cases[index], part))
                    add_item(ret_items, index, side, part);
}

/* "k17": names of different batches differ as well, by the seed. */
static void write_tag(const struct items *items, const struct item *item, char *tag)
{
    (void)snprintf(tag, NAME_BYTES, "%c%" PRIu64, side_letters[item->side],
                   items->batch->cases[item->index].seed);
}

static void put_json(json_t *object, struct buf *body)
{
    CHECK(object);
    char *text CLEANUP(mem_freep) = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    CHECK(buf_add_str(body, text));
}

static json_t *text_of(const char *format, int64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRId64 "%s", number, format);
    return json_string(text);
}

/* ---- nodes ---- */

static bool wants_node(const struct preempt_case *it, unsigned part)
{
    return part < it->node_count;
}

static void make_node(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    const struct case_node *node = &items->batch->cases[item->index].nodes[item->part];
    char tag[NAME_BYTES], name[2 * NAME_BYTES];
    write_tag(items, item, tag);
    (void)snprintf(name, sizeof(name), "%s-n%u", tag, item->part);
    CHECK(buf_add_str(path, "/api/v1/nodes"));
    json_t *taints = json_array();
    if (node->is_tainted)
        json_array_append_new(taints,
                              json_pack("{ssss}", "key", "test/taint", "effect", "NoSchedule"));
    put_json(json_pack("{s{sss{ss}}s{so}s{s{sososo}}}", "metadata", "name", name, "labels", "case",
                       tag, "spec", "taints", taints, "status", "allocatable", "cpu",
                       text_of("m", node->cpu_milli), "memory", text_of("Mi", node->memory_mib),
                       "pods", text_of("", node->pods)),
             body);
}

/* ---- pods ---- */

static json_t *make_container(const struct case_pod *pod)
{
    json_t *ports = json_array();
    if (pod->has_port)
        json_array_append_new(
            ports, json_pack("{sisi}", "containerPort", CASE_PORT, "hostPort", CASE_PORT));
    return json_pack("{sssss{s{soso}}so}", "name", "main", "image", "test.invalid/main:1",
                     "resources", "requests", "cpu", text_of("m", pod->cpu_milli), "memory",
                     text_of("Mi", pod->memory_mib), "ports", ports);
}

static json_t *make_spec(const char *scheduler, const char *class, unsigned level,
                         const struct case_pod *pod)
{
    char class_name[NAME_BYTES];
    (void)snprintf(class_name, sizeof(class_name), "%s-%u", class, level);
    json_t *spec = json_pack("{ssss s[o]}", "schedulerName", scheduler, "priorityClassName",
                             class_name, "containers", make_container(pod));
    CHECK(spec);
    return spec;
}

static void write_pods_path(const struct items *items, struct buf *path)
{
    CHECK(buf_printf(path, "/api/v1/namespaces/%s/pods", items->batch->world->namespace));
}

static bool wants_bound(const struct preempt_case *it, unsigned part)
{
    return part < it->pod_count;
}

static void make_bound(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    const struct case_pod *pod = &items->batch->cases[item->index].pods[item->part];
    char tag[NAME_BYTES], name[2 * NAME_BYTES], node[2 * NAME_BYTES];
    write_tag(items, item, tag);
    (void)snprintf(name, sizeof(name), "%s-p%u", tag, item->part);
    (void)snprintf(node, sizeof(node), "%s-n%u", tag, pod->node);
    json_t *spec = make_spec(preempt_schedulers[item->side], "level", pod->level, pod);
    json_object_set_new(spec, "nodeName", json_string(node));
    json_object_set_new(spec, "terminationGracePeriodSeconds", json_integer(3600));
    json_t *labels = json_pack("{ss}", "role", "bound");
    for (unsigned i = 0; i < CASE_BUDGETS_MAX; i++) {
        const char key[] = {'b', (char)('0' + i), '\0'};
        if (pod->budgets >> i & 1)
            json_object_set_new(labels, key, json_string(tag));
    }
    write_pods_path(items, path);
    put_json(json_pack("{s{ssso}so}", "metadata", "name", name, "labels", labels, "spec", spec),
             body);
}

static bool wants_start(const struct preempt_case *it, unsigned part)
{
    return part < it->pod_count && it->pods[part].start_s != 0;
}

static void make_start(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    time_t at_s = (time_t)items->batch->cases[item->index].pods[item->part].start_s;
    char tag[NAME_BYTES], text[32];
    struct tm tm;
    (void)gmtime_r(&at_s, &tm);
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    write_tag(items, item, tag);
    write_pods_path(items, path);
    CHECK(buf_printf(path, "/%s-p%u/status", tag, item->part));
    put_json(json_pack("{s{ss}}", "status", "startTime", text), body);
}

/* ---- budgets ---- */

static bool wants_budget(const struct preempt_case *it, unsigned part)
{
    return part < it->budget_count;
}

static void write_budgets_path(const struct items *items, struct buf *path)
{
    CHECK(buf_printf(path, "/apis/policy/v1/namespaces/%s/poddisruptionbudgets",
                     items->batch->world->namespace));
}

static void make_budget(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    char tag[NAME_BYTES];
    write_tag(items, item, tag);
    write_budgets_path(items, path);
    CHECK(buf_printf(body,
                     "{\"metadata\":{\"name\":\"%s-b%u\"},\"spec\":{\"minAvailable\":1,"
                     "\"selector\":{\"matchLabels\":{\"b%u\":\"%s\"}}}}",
                     tag, item->part, item->part, tag));
}

static void make_allowed(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    const struct case_budget *budget = &items->batch->cases[item->index].budgets[item->part];
    char tag[NAME_BYTES];
    write_tag(items, item, tag);
    write_budgets_path(items, path);
    CHECK(buf_printf(path, "/%s-b%u/status", tag, item->part));
    CHECK(buf_printf(body,
                     "{\"status\":{\"disruptionsAllowed\":%d,\"currentHealthy\":1,"
                     "\"desiredHealthy\":1,\"expectedPods\":1,\"disruptedPods\":{",
                     (int)budget->allowed));
    if (budget->disrupted_pod < CASE_PODS_MAX)
        CHECK(buf_printf(body, "\"%s-p%u\":\"2026-01-01T00:00:00Z\"", tag, budget->disrupted_pod));
    CHECK(buf_add_str(body, "}}}"));
}

/* ---- pending pods ---- */

static bool wants_nominee(const struct preempt_case *it, unsigned part)
{
    return part == 0 && it->nominee.is_there;
}

static void make_nominee(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    const struct case_nominee *nominee = &items->batch->cases[item->index].nominee;
    const struct case_pod pod = {.cpu_milli = nominee->cpu_milli};
    char tag[NAME_BYTES], name[2 * NAME_BYTES];
    write_tag(items, item, tag);
    (void)snprintf(name, sizeof(name), "%s-nominee", tag);
    json_t *spec = make_spec(preempt_schedulers[item->side], "level", nominee->level, &pod);
    json_object_set_new(spec, "schedulingGates", json_pack("[{ss}]", "name", "test/nominated"));
    write_pods_path(items, path);
    put_json(json_pack("{s{sss{ss}}so}", "metadata", "name", name, "labels", "role", "pending",
                       "spec", spec),
             body);
}

static void make_nomination(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    char tag[NAME_BYTES];
    write_tag(items, item, tag);
    write_pods_path(items, path);
    CHECK(buf_printf(path, "/%s-nominee/status", tag));
    CHECK(buf_printf(body, "{\"status\":{\"nominatedNodeName\":\"%s-n%u\"}}", tag,
                     items->batch->cases[item->index].nominee.node));
}

static bool wants_one(const struct preempt_case *it, unsigned part)
{
    (void)it;
    return part == 0;
}

static void make_preemptor(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct items *items = context;
    const struct item *item = &items->items[index];
    const struct preempt_case *it = &items->batch->cases[item->index];
    char tag[NAME_BYTES], name[2 * NAME_BYTES];
    write_tag(items, item, tag);
    (void)snprintf(name, sizeof(name), "%s-preemptor", tag);
    json_t *spec = make_spec(preempt_schedulers[item->side], it->preempts_never ? "never" : "level",
                             it->preemptor.level, &it->preemptor);
    json_object_set_new(spec, "nodeSelector", json_pack("{ss}", "case", tag));
    /* The apiserver taints new nodes, and nobody here takes it off. */
    json_t *tolerations =
        json_pack("[{ssss}]", "key", "node.kubernetes.io/not-ready", "operator", "Exists");
    if (it->tolerates)
        json_array_append_new(tolerations,
                              json_pack("{ssss}", "key", "test/taint", "operator", "Exists"));
    json_object_set_new(spec, "tolerations", tolerations);
    write_pods_path(items, path);
    put_json(json_pack("{s{sss{ss}}so}", "metadata", "name", name, "labels", "role", "pending",
                       "spec", spec),
             body);
}

/* ---- a batch ---- */

void preempt_batch_make(struct preempt_batch *batch, uint64_t first_seed, unsigned count)
{
    CHECK(count <= PREEMPT_BATCH_MAX);
    batch->count = count;
    for (unsigned i = 0; i < count; i++)
        case_generate(&batch->cases[i], first_seed + i);
}

static void delete_pod(struct preempt_batch *batch, unsigned side, unsigned index, const char *name)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%c%" PRIu64 "-%s",
                   batch->world->namespace, side_letters[side], batch->cases[index].seed, name);
    long status = api_call(&batch->world->api, "DELETE", path, NULL, NULL);
    cr_assert(status == 200, "DELETE %s: status %ld", path, status);
}

/* With their own grace period, which is long. */
static void let_leave(struct preempt_batch *batch)
{
    for (unsigned index = 0; index < batch->count; index++)
        for (unsigned pod = 0; pod < batch->cases[index].pod_count; pod++)
            for (unsigned side = 0; side < PREEMPT_SIDES; side++) {
                char name[16];
                (void)snprintf(name, sizeof(name), "p%u", pod);
                if (batch->cases[index].pods[pod].is_leaving)
                    delete_pod(batch, side, index, name);
            }
}

void preempt_batch_enter(struct preempt_batch *batch)
{
    static const struct {
        unsigned parts;
        wants_part *wants;
        api_make *make;
        bool is_patch;
    } steps[] = {
        {CASE_NODES_MAX, wants_node, make_node, false},
        {CASE_BUDGETS_MAX, wants_budget, make_budget, false},
        {CASE_BUDGETS_MAX, wants_budget, make_allowed, true},
        {CASE_PODS_MAX, wants_bound, make_bound, false},
        {CASE_PODS_MAX, wants_start, make_start, true},
        {1, wants_nominee, make_nominee, false},
        {1, wants_nominee, make_nomination, true},
        {1, wants_one, make_preemptor, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct items items;
        if (steps[i].make == make_preemptor)
            let_leave(batch);
        collect(batch, steps[i].parts, steps[i].wants, &items);
        if (items.count > 0 && steps[i].is_patch)
            api_patch_many(&batch->world->api, items.count, steps[i].make, &items);
        else if (items.count > 0)
            api_post_many(&batch->world->api, items.count, steps[i].make, &items);
        free(items.items);
    }
}

/* ---- what became of it ---- */

static const char *text_at(const json_t *object, const char *first, const char *second)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, first), second));
    return text ? text : "";
}

static const json_t *find_condition(const json_t *pod, const char *type)
{
    const json_t *condition;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(pod, "status"), "conditions"), i, condition)
    {
        const char *text = json_string_value(json_object_get(condition, "type"));
        if (text && strcmp(text, type) == 0)
            return condition;
    }
    return NULL;
}

static bool is_victim(const json_t *pod)
{
    const json_t *condition = find_condition(pod, "DisruptionTarget");
    const char *reason = json_string_value(json_object_get(condition, "reason"));
    return text_at(pod, "metadata", "deletionTimestamp")[0] && reason &&
           strcmp(reason, "PreemptionByScheduler") == 0;
}

static void read_preemptor(const json_t *pod, struct preempt_answer_seen *seen)
{
    const json_t *condition = find_condition(pod, "PodScheduled");
    const char *message = json_string_value(json_object_get(condition, "message"));
    const char *nominated = text_at(pod, "status", "nominatedNodeName");
    const char *number = strrchr(nominated, 'n');
    seen->has_condition = condition;
    seen->has_nomination = nominated[0];
    seen->choice.node = number ? (uint32_t)strtoul(number + 1, NULL, 10) : UINT32_MAX;
    (void)snprintf(seen->message, sizeof(seen->message), "%s", message ? message : "");
}

static void on_pod(void *context, const json_t *pod)
{
    struct preempt_batch *batch = context;
    const char *name = text_at(pod, "metadata", "name");
    char *rest;
    unsigned side = name[0] == side_letters[0] ? 0 : 1;
    uint64_t seed = strtoull(name + 1, &rest, 10);
    if (seed < batch->cases[0].seed || seed - batch->cases[0].seed >= batch->count)
        return;
    struct preempt_answer_seen *seen = &batch->seen[seed - batch->cases[0].seed][side];
    if (strcmp(rest, "-preemptor") == 0)
        read_preemptor(pod, seen);
    else if (strncmp(rest, "-p", 2) == 0 && is_victim(pod))
        seen->choice.victims |= UINT64_C(1) << strtoul(rest + 2, NULL, 10);
}

void preempt_batch_read(struct preempt_batch *batch)
{
    char path[PATH_BYTES];
    memset(batch->seen, 0, sizeof(batch->seen));
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", batch->world->namespace);
    api_each(&batch->world->api, path, on_pod, batch);
}

void preempt_batch_wait(struct preempt_batch *batch)
{
    (void)batch;
    const struct timespec pause = {.tv_nsec = PREEMPT_POLL_MS * 1000L * 1000L};
    (void)nanosleep(&pause, NULL);
}

/* Those that wait for room first, or they would take it. */
void preempt_batch_leave(struct preempt_batch *batch)
{
    struct world *world = batch->world;
    char path[PATH_BYTES];
    for (unsigned i = 0; i < batch->count; i++)
        for (unsigned side = 0; side < PREEMPT_SIDES; side++)
            delete_pod(batch, side, i, "preemptor");
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", world->namespace);
    world_delete_all(world, path);
    (void)snprintf(path, sizeof(path), "/apis/policy/v1/namespaces/%s/poddisruptionbudgets",
                   world->namespace);
    world_delete_all(world, path);
    world_delete_all(world, "/api/v1/nodes");
}
