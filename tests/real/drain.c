#include "tests/real/drain.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/map.h"
#include "model/base/mem.h"

enum { URL_BYTES = 256 };

static const json_t *member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

static const char *name_of(const json_t *object)
{
    const char *name = json_string_value(member(member(object, "metadata"), "name"));
    CHECK(name);
    return name;
}

/* ---- the watch ---- */

static size_t pod_number(const struct drain *drain, const json_t *pod)
{
    const char *name = name_of(pod);
    size_t len = strlen(drain->prefix);
    cr_assert(strncmp(name, drain->prefix, len) == 0 && name[len] == '-',
              "a pod the test did not make: %s", name);
    size_t number = (size_t)strtoull(name + len + 1, NULL, 10);
    cr_assert(number < drain->pod_count, "a pod the test did not make: %s", name);
    return number;
}

static void on_pod(void *context, const char *type, const json_t *pod)
{
    struct drain *drain = context;
    cr_assert(strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0, "event %s of a pod",
              type);
    const char *node = json_string_value(member(member(pod, "spec"), "nodeName"));
    char **known = &drain->node_of[pod_number(drain, pod)];
    if (!*known) {
        *known = mem_strdup(node);
        drain->bound++;
    } else if (strcmp(*known, node) != 0) {
        drain->moved++;
    }
}

/* The apiserver's own count of POSTs to pods/binding: answered 201, or anything else. Its lines are
 * added to `lines` when that is not NULL. */
static long binding_posts(struct api *api, bool accepted, struct buf *lines)
{
    char *metrics CLEANUP(mem_freep) = api_get_text(api, "/metrics");
    long sum = 0;
    char *rest = metrics;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (strncmp(line, "apiserver_request_total{", 24) != 0 ||
            !strstr(line, "subresource=\"binding\"") || !strstr(line, "verb=\"POST\""))
            continue;
        const char *value = strrchr(line, ' ');
        CHECK(value);
        if (accepted == (strstr(line, "code=\"201\"") != NULL))
            sum += (long)strtod(value, NULL);
        if (lines)
            CHECK(buf_printf(lines, "%s\n", line));
    }
    return sum;
}

void drain_start(struct drain *drain, struct world *world, const char *prefix, size_t pod_count)
{
    *drain = (struct drain){.world = world,
                            .prefix = prefix,
                            .pod_count = pod_count,
                            .node_of = mem_zalloc(pod_count, sizeof(char *)),
                            .posted_before = binding_posts(&world->api, true, NULL),
                            .refused_before = binding_posts(&world->api, false, NULL)};
    drain_look_again(drain);
}

void drain_look_again(struct drain *drain)
{
    char url[URL_BYTES];
    /* Only pods that have a node: half the bytes, and a pod's first event is its bind. */
    (void)snprintf(url, sizeof(url),
                   "/api/v1/namespaces/%s/pods?watch=1&fieldSelector=spec.nodeName%%21%%3D",
                   drain->world->namespace);
    api_watch_start(&drain->world->api, &drain->watch, url, on_pod, drain);
}

void drain_look_away(struct drain *drain)
{
    api_watch_stop(&drain->world->api, &drain->watch);
}

void drain_fini(struct drain *drain)
{
    drain_look_away(drain);
    for (size_t i = 0; i < drain->pod_count; i++)
        free(drain->node_of[i]);
    free(drain->node_of);
}

static bool is_reached(const void *context)
{
    const struct drain *drain = context;
    return drain->bound >= drain->target;
}

void drain_await(struct drain *drain, size_t bound, int timeout_ms)
{
    drain->target = bound;
    bool reached = api_await(&drain->world->api, is_reached, drain, timeout_ms);
    cr_assert(reached, "after %d s only %zu of %zu pods are bound; spillway's log is %s",
              timeout_ms / 1000, drain->bound, bound, drain->world->spillway.log_path);
}

/* ---- reading back ---- */

enum quantity { CPU_MILLI, MEMORY_BYTES, POD_COUNT, QUANTITIES };

struct load {
    char *name;
    int64_t has[QUANTITIES];
    int64_t used[QUANTITIES];
};

struct census {
    struct drain *drain;
    struct map loads; /* of struct load, by node name */
    size_t pods;
};

/* The forms that the tests write: a plain number, m, Ki, Mi, Gi. In thousandths when `milli`. */
static int64_t quantity_value(const json_t *text, bool milli)
{
    const char *from = json_string_value(text);
    if (!from)
        return 0;
    char *unit;
    int64_t value = strtoll(from, &unit, 10);
    if (milli)
        return strcmp(unit, "m") == 0 ? value : value * 1000;
    static const struct {
        const char *unit;
        int64_t factor;
    } units[] = {{"", 1}, {"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(unit, units[i].unit) == 0)
            return value * units[i].factor;
    }
    cr_assert_fail("quantity %s: not a form this test reads", from);
    return -1;
}

static uint64_t name_hash(const char *name)
{
    return hash_bytes(0, name, strlen(name));
}

static bool load_is(const void *value, const void *key)
{
    return strcmp(((const struct load *)value)->name, key) == 0;
}

static void count_node(void *context, const json_t *node)
{
    struct census *census = context;
    const json_t *allocatable = member(member(node, "status"), "allocatable");
    struct load *load = mem_zalloc(1, sizeof(*load));
    load->name = mem_strdup(name_of(node));
    load->has[CPU_MILLI] = quantity_value(member(allocatable, "cpu"), true);
    load->has[MEMORY_BYTES] = quantity_value(member(allocatable, "memory"), false);
    load->has[POD_COUNT] = quantity_value(member(allocatable, "pods"), false);
    map_put(&census->loads, name_hash(load->name), load);
}

static void count_pod(void *context, const json_t *pod)
{
    struct census *census = context;
    const char *node = json_string_value(member(member(pod, "spec"), "nodeName"));
    cr_assert(node, "pod %s has no node", name_of(pod));
    const char *seen = census->drain->node_of[pod_number(census->drain, pod)];
    cr_assert(seen && strcmp(seen, node) == 0, "pod %s: the watch said %s, the list says %s",
              name_of(pod), seen ? seen : "nothing", node);
    struct load *load = map_get(&census->loads, name_hash(node), load_is, node);
    cr_assert(load, "pod %s is on %s, which is no node", name_of(pod), node);

    const json_t *container;
    size_t i;
    json_array_foreach(member(member(pod, "spec"), "containers"), i, container)
    {
        const json_t *requests = member(member(container, "resources"), "requests");
        load->used[CPU_MILLI] += quantity_value(member(requests, "cpu"), true);
        load->used[MEMORY_BYTES] += quantity_value(member(requests, "memory"), false);
    }
    load->used[POD_COUNT]++;
    census->pods++;
}

static void check_posts(const struct drain *drain, bool refusals_allowed)
{
    struct buf lines CLEANUP(buf_fini);
    buf_init(&lines, 65536);
    long posted = binding_posts(&drain->world->api, true, &lines) - drain->posted_before;
    long refused = binding_posts(&drain->world->api, false, NULL) - drain->refused_before;
    bool right = refused == 0 && posted == (long)drain->pod_count;
    cr_expect(right || refusals_allowed,
              "%ld binds accepted and %ld refused for %zu pods; since the apiserver's start:\n%s",
              posted, refused, drain->pod_count, lines.data);
    cr_expect(posted <= (long)drain->pod_count, "%ld binds accepted for %zu pods", posted,
              drain->pod_count);
}

/* Looks at each node and releases it. */
static void check_loads(struct map *loads)
{
    size_t position = 0;
    struct load *load;
    while ((load = map_next(loads, &position))) {
        for (int q = 0; q < QUANTITIES; q++)
            cr_expect(load->used[q] <= load->has[q], "node %s is overfull: %lld of %lld (%d)",
                      load->name, (long long)load->used[q], (long long)load->has[q], q);
        free(load->name);
        free(load);
    }
}

void drain_check_objects(struct drain *drain)
{
    struct api *api = &drain->world->api;
    struct census census = {.drain = drain};
    map_init(&census.loads);
    api_each(api, "/api/v1/nodes", count_node, &census);
    char path[URL_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", drain->world->namespace);
    api_each(api, path, count_pod, &census);
    cr_expect(census.pods == drain->pod_count, "%zu pods listed, %zu made", census.pods,
              drain->pod_count);
    cr_expect(drain->moved == 0, "%zu times a pod changed its node", drain->moved);
    check_loads(&census.loads);
    map_fini(&census.loads);
}

void drain_check(struct drain *drain, bool refusals_allowed)
{
    drain_check_objects(drain);
    check_posts(drain, refusals_allowed);
}
