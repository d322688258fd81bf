/*
 * A random walk: whoever follows the events of the store, or reads its history, sees at every
 * moment the same objects as a list. The seed is printed when it fails.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "model/base/rng.h"
#include "store_fixture.h"

enum { WALK_STEPS = 4000, NAMES = 12, FOLLOWED = 64 };

/* What a follower knows: key and version of each living pod and config map. */
struct follower {
    struct store_subscriber subscriber;
    struct {
        char uid[UID_BYTES];
        int64_t rv;
    } known[FOLLOWED];
    size_t count;
    int64_t rv; /* of the last event */
};

static size_t known_index(const struct follower *follower, const char *uid)
{
    size_t i = 0;
    while (i < follower->count && strcmp(follower->known[i].uid, uid) != 0)
        i++;
    return i;
}

static void follow(struct follower *follower, const struct store_event *event)
{
    const struct object *object = event->object;
    cr_assert_eq(object->rv, follower->rv + 1, "an event is missing");
    follower->rv = object->rv;
    if (object->kind->id != KIND_POD && object->kind->id != KIND_CONFIG_MAP)
        return;
    size_t i = known_index(follower, object->ident->uid);
    cr_assert_eq(i == follower->count, event->change == CHANGE_ADDED);
    if (event->change == CHANGE_DELETED) {
        follower->known[i] = follower->known[--follower->count];
        return;
    }
    if (event->before)
        cr_assert_eq(event->before->rv, follower->known[i].rv);
    cr_assert_lt(i, (size_t)FOLLOWED);
    memcpy(follower->known[i].uid, object->ident->uid, UID_BYTES);
    follower->known[i].rv = object->rv;
    follower->count += i == follower->count;
}

static void on_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    follow(container_of(subscriber, struct follower, subscriber), event);
}

static void check(struct fixture *f, const struct follower *follower, uint64_t seed)
{
    size_t listed = 0;
    static const enum kind_id kinds[] = {KIND_POD, KIND_CONFIG_MAP};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct store_list list = store_list(f->store, kinds[k], STR(""));
        cr_assert_eq(list.count, store_count(f->store, kinds[k]));
        for (size_t i = 0; i < list.count; i++) {
            const struct object *object = list.objects[i];
            size_t known = known_index(follower, object->ident->uid);
            cr_assert_lt(known, follower->count, "seed %llu", (unsigned long long)seed);
            cr_assert_eq(follower->known[known].rv, object->rv);
            cr_assert_eq(store_get_by_uid(f->store, str_from(object->ident->uid)), object);
            if (i > 0)
                cr_assert_lt(strcmp(list.objects[i - 1]->ident->key.ptr, object->ident->key.ptr),
                             0);
        }
        listed += list.count;
    }
    cr_assert_eq(listed, follower->count, "seed %llu", (unsigned long long)seed);
}

static void create_owned(struct fixture *f, const char *name, const char *owner)
{
    char json[512];
    const struct object *map = fixture_get(f, KIND_CONFIG_MAP, owner);
    (void)snprintf(json, sizeof(json),
                   "{\"metadata\":{\"name\":\"%s\",\"ownerReferences\":[{\"apiVersion\":\"v1\","
                   "\"kind\":\"ConfigMap\",\"name\":\"%s\",\"uid\":\"%s\"}]},\"spec\":"
                   "{\"containers\":[{\"name\":\"c\"}]}}",
                   name, owner, map ? map->ident->uid : "gone");
    bool done =
        store_create_text(f->store, KIND_POD, STR("default"), str_from(json), NULL, &f->status);
    cr_assert(done || f->status.code == 409);
}

/* One legal request; refusals are legal answers. */
static void step(struct fixture *f, struct rng *rng)
{
    char pod[16], map[16], json[128];
    (void)snprintf(pod, sizeof(pod), "p%u", (unsigned)rng_below(rng, NAMES));
    (void)snprintf(map, sizeof(map), "m%u", (unsigned)rng_below(rng, NAMES / 3));
    enum propagation propagation = (enum propagation)rng_below(rng, 3);
    switch (rng_below(rng, 8)) {
    case 0:
    case 1:
        create_owned(f, pod, map);
        break;
    case 2:
        (void)snprintf(json, sizeof(json), "{\"metadata\":{\"name\":\"%s\"}}", map);
        if (!fixture_get(f, KIND_CONFIG_MAP, map))
            (void)fixture_create(f, KIND_CONFIG_MAP, json);
        break;
    case 3:
        (void)fixture_bind(f, pod, "n1");
        break;
    case 4:
        (void)fixture_delete(f, KIND_POD, pod, (int64_t)rng_below(rng, 3) - 1, propagation);
        break;
    case 5:
        (void)fixture_delete(f, KIND_CONFIG_MAP, map, -1, propagation);
        break;
    case 6:
        (void)fixture_patch(f, KIND_POD, pod, SUB_NONE, PATCH_MERGE,
                            rng_below(rng, 2) ? "{\"metadata\":{\"finalizers\":[\"x/y\"]}}"
                                              : "{\"metadata\":{\"finalizers\":null}}");
        break;
    default:
        (void)fixture_patch(f, KIND_POD, pod, SUB_STATUS, PATCH_MERGE,
                            "{\"status\":{\"phase\":\"Running\"}}");
        break;
    }
    sim_clock_advance(&f->clock, (int64_t)rng_below(rng, 2000));
}

Test(store_walk, followers_and_lists_agree_after_every_step)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const struct store_options options = {.seed = seed};
        struct fixture f;
        struct rng rng;
        struct follower live = {.subscriber = {.on_event = on_event}}, late = {.count = 0};
        fixture_init(&f, &options);
        rng_init(&rng, seed);
        live.rv = late.rv = store_rv(f.store);
        store_subscribe(f.store, &live.subscriber);
        for (int i = 0; i < WALK_STEPS; i++) {
            step(&f, &rng);
            if (i % 16 == 0)
                check(&f, &live, seed);
        }
        struct store_event event;
        while (store_history_next(f.store, late.rv, &event))
            follow(&late, &event);
        check(&f, &live, seed);
        check(&f, &late, seed);
        store_unsubscribe(f.store, &live.subscriber);
        fixture_fini(&f);
    }
}
