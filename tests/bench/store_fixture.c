#include "store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void on_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct fixture *fixture = container_of(subscriber, struct fixture, subscriber);
    if (fixture->log_count == MAX_LOG)
        return;
    struct log_line *line = &fixture->log[fixture->log_count++];
    line->change = event->change;
    line->kind = event->object->kind->id;
    line->rv = event->object->rv;
    (void)snprintf(line->name, sizeof(line->name), "%s", event->object->ident->name);
}

void fixture_init(struct fixture *fixture, const struct store_options *options)
{
    *fixture = (struct fixture){.clock = {.now = {1000}, .wall_us = 1790000000000000}};
    fixture->store = store_new(options, &fixture->clock);
    fixture->subscriber.on_event = on_event;
    store_subscribe(fixture->store, &fixture->subscriber);
}

void fixture_fini(struct fixture *fixture)
{
    store_unsubscribe(fixture->store, &fixture->subscriber);
    store_free(fixture->store);
}

static bool create(struct fixture *fixture, enum kind_id kind, const char *json,
                   const struct object **ret_object)
{
    return store_create_text(fixture->store, kind, STR("default"), str_from(json), ret_object,
                             &fixture->status);
}

const struct object *fixture_create(struct fixture *fixture, enum kind_id kind, const char *json)
{
    const struct object *object = NULL;
    bool done = create(fixture, kind, json, &object);
    cr_assert(done, "%s", fixture->status.message);
    return object;
}

int fixture_refused(struct fixture *fixture, enum kind_id kind, const char *json)
{
    cr_assert_not(create(fixture, kind, json, NULL), "was created: %s", json);
    return fixture->status.code;
}

const struct object *fixture_pod(struct fixture *fixture, const char *name, const char *extra)
{
    char json[1024];
    (void)snprintf(json, sizeof(json),
                   "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"app\":\"web\"}},\"spec\":"
                   "{\"containers\":[{\"name\":\"c\",\"image\":\"nginx\"}]%s}}",
                   name, extra);
    return fixture_create(fixture, KIND_POD, json);
}

const struct object *fixture_get(struct fixture *fixture, enum kind_id kind, const char *name)
{
    return store_get(fixture->store, kind, STR("default"), str_from(name));
}

int fixture_bind(struct fixture *fixture, const char *pod, const char *node)
{
    const struct store_binding request = {
        .ns = STR("default"), .name = str_from(pod), .node = str_from(node)};
    return store_bind(fixture->store, &request, &fixture->status) ? 0 : fixture->status.code;
}

int fixture_delete(struct fixture *fixture, enum kind_id kind, const char *name, int64_t grace_s,
                   enum propagation propagation)
{
    const struct store_target target = {.kind = kind, .ns = STR("default"), .name = str_from(name)};
    const struct delete_options options = {.grace_s = grace_s, .propagation = propagation};
    bool done = store_delete(fixture->store, &target, &options, NULL, &fixture->status);
    return done ? 0 : fixture->status.code;
}

int fixture_patch(struct fixture *fixture, enum kind_id kind, const char *name,
                  enum subresource sub, enum patch_kind patch_kind, const char *patch)
{
    const struct store_target target = {
        .kind = kind, .ns = STR("default"), .name = str_from(name), .sub = sub};
    json_t *json = json_loads(patch, 0, NULL);
    cr_assert(json, "%s", patch);
    bool done = store_patch(fixture->store, &target, patch_kind, json, NULL, &fixture->status);
    json_decref(json);
    return done ? 0 : fixture->status.code;
}

char *fixture_text(const struct object *object)
{
    struct buf out;
    buf_init(&out, MAX_OBJECT_BYTES);
    object_render(object, false, &out);
    return buf_take(&out);
}

size_t fixture_count(const struct fixture *fixture, enum store_change change, enum kind_id kind)
{
    size_t count = 0;
    for (size_t i = 0; i < fixture->log_count; i++)
        count += fixture->log[i].change == change && fixture->log[i].kind == kind;
    return count;
}
