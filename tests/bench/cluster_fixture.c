#include "cluster_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

void cluster_fixture_init(struct cluster_fixture *cluster)
{
    fixture_init(&cluster->f, NULL);
    cluster->controllers = controllers_new(cluster->f.store, 1);
}

void cluster_fixture_fini(struct cluster_fixture *cluster)
{
    controllers_free(cluster->controllers);
    fixture_fini(&cluster->f);
}

void cluster_pass(struct cluster_fixture *cluster, int64_t ms)
{
    int64_t end_ms = cluster->f.clock.now.ms + ms;
    struct mono_ms next;
    while ((next = controllers_next(cluster->controllers)).ms <= end_ms) {
        if (next.ms > cluster->f.clock.now.ms)
            sim_clock_advance(&cluster->f.clock, next.ms - cluster->f.clock.now.ms);
        controllers_run(cluster->controllers);
    }
    sim_clock_advance(&cluster->f.clock, end_ms - cluster->f.clock.now.ms);
}

void cluster_node(struct cluster_fixture *cluster, const char *name, const char *labels)
{
    char text[1024];
    (void)snprintf(text, sizeof(text),
                   "{\"metadata\":{\"name\":\"%s\",\"labels\":{%s}},\"status\":{\"capacity\":"
                   "{\"cpu\":\"8\",\"memory\":\"32Gi\",\"pods\":\"110\"},\"addresses\":"
                   "[{\"address\":\"192.168.0.1\",\"type\":\"InternalIP\"}]}}",
                   name, labels);
    (void)fixture_create(&cluster->f, KIND_NODE, text);
}

size_t cluster_bind_all(struct cluster_fixture *cluster, const char *node)
{
    struct store_list list = store_list(cluster->f.store, KIND_POD, STR("default"));
    char names[512][64];
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++) {
        cr_assert_lt(count, 512);
        if (!list.objects[i]->node_name)
            (void)snprintf(names[count++], 64, "%s", list.objects[i]->ident->name);
    }
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(fixture_bind(&cluster->f, names[i], node), 0);
    return count;
}

void cluster_workload(struct cluster_fixture *cluster, enum kind_id kind, const char *name,
                      int replicas, const char *extra)
{
    char text[2048];
    (void)snprintf(text, sizeof(text),
                   "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"replicas\":%d,\"selector\":"
                   "{\"matchLabels\":{\"app\":\"%s\"}},\"template\":{\"metadata\":{\"labels\":"
                   "{\"app\":\"%s\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i:v1\","
                   "\"resources\":{\"requests\":{\"cpu\":\"100m\"}}}]}}%s}}",
                   name, replicas, name, name, extra);
    (void)fixture_create(&cluster->f, kind, text);
}

void cluster_scale(struct cluster_fixture *cluster, enum kind_id kind, const char *name,
                   int replicas)
{
    char patch[64];
    (void)snprintf(patch, sizeof(patch), "{\"spec\":{\"replicas\":%d}}", replicas);
    cr_assert_eq(fixture_patch(&cluster->f, kind, name, SUB_NONE, PATCH_MERGE, patch), 0);
}

size_t cluster_pods(struct cluster_fixture *cluster, const char *node)
{
    struct store_list list = store_list(cluster->f.store, KIND_POD, STR("default"));
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++)
        count += list.objects[i]->deleted_s == 0 &&
                 (!node[0] || strcmp(object_node_name(list.objects[i]), node) == 0);
    return count;
}

int64_t cluster_int(struct cluster_fixture *cluster, enum kind_id kind, const char *name,
                    const char *path)
{
    const struct object *object = fixture_get(&cluster->f, kind, name);
    cr_assert(object, "%s", name);
    return object_field_int(object, path, -1);
}
