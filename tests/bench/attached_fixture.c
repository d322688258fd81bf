#include "attached_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool waits_for_binder(const struct object *pod)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    object_render(pod, false, &text);
    bool waits = !pod->node_name && strstr(text.data, "\"schedulerName\":\"binder\"") &&
                 !strstr(text.data, "schedulingGates");
    buf_fini(&text);
    return waits;
}

static void on_tick(uv_timer_t *timer)
{
    struct attached *attached = timer->data;
    struct store_list nodes = store_list(attached->store, KIND_NODE, STR(""));
    if (nodes.count == 0)
        return;
    char node[64], name[128], namespace[128];
    (void)snprintf(node, sizeof(node), "%s", nodes.objects[0]->ident->name);
    for (bool found = true; found;) {
        struct store_list pods = store_list(attached->store, KIND_POD, STR(""));
        found = false;
        for (size_t i = 0; i < pods.count && !found; i++) {
            found = waits_for_binder(pods.objects[i]);
            (void)snprintf(name, sizeof(name), "%s", pods.objects[i]->ident->name);
            (void)snprintf(namespace, sizeof(namespace), "%s", pods.objects[i]->ident->ns);
        }
        if (!found)
            return;
        const struct store_binding request = {
            .ns = str_from(namespace), .name = str_from(name), .node = str_from(node)};
        struct api_status status;
        cr_assert(store_bind(attached->store, &request, &status));
        attached->bound++;
        found = !attached->is_slow;
    }
}

static void on_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct attached *attached = container_of(subscriber, struct attached, subscriber);
    enum kind_id kind = event->object->kind->id;
    attached->added[kind] += event->change == CHANGE_ADDED;
    attached->deleted[kind] += event->change == CHANGE_DELETED;
}

void attached_init(struct attached *attached)
{
    struct err err = {0};
    *attached = (struct attached){.dir = "/tmp/attached-XXXXXX"};
    control_plane_init(&attached->plane);
    cr_assert(mkdtemp(attached->dir));
    sim_clock_read_system(&attached->clock);
    attached->store = store_new(NULL, &attached->clock);
    const struct apiserver_options options = {.dir = attached->dir,
                                              .refresh_clock = &attached->clock};
    attached->server = apiserver_start(&attached->plane.loop, attached->store, &options, &err);
    cr_assert(attached->server, "%s", err.text);
    attached->subscriber.on_event = on_event;
    store_subscribe(attached->store, &attached->subscriber);
    cr_assert_eq(
        control_plane_attach(&attached->plane, apiserver_kubeconfig(attached->server), &err), 0,
        "%s", err.text);
    cr_assert_eq(uv_timer_init(&attached->plane.loop, &attached->binder), 0);
    attached->binder.data = attached;
    cr_assert_eq(uv_timer_start(&attached->binder, on_tick, 1, 1), 0);
}

void attached_fini(struct attached *attached)
{
    uv_close((uv_handle_t *)&attached->binder, NULL);
    apiserver_stop(attached->server);
    control_plane_close(&attached->plane, false);
    store_unsubscribe(attached->store, &attached->subscriber);
    store_free(attached->store);
    DIR *listing = opendir(attached->dir);
    const struct dirent *entry;
    while (listing && (entry = readdir(listing))) {
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", attached->dir, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    if (listing)
        (void)closedir(listing);
    (void)rmdir(attached->dir);
}

void attached_create(struct attached *attached, enum kind_id kind, const char *json)
{
    struct api_status status;
    cr_assert(
        store_create_text(attached->store, kind, STR("default"), str_from(json), NULL, &status),
        "%s", json);
}

size_t attached_count(struct attached *attached, enum kind_id kind, const char *namespace)
{
    return store_list(attached->store, kind, str_from(namespace)).count;
}
