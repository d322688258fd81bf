/* The inside of the store, shared by its own files only (store*.c). */
#ifndef BENCH_STORE_PRIVATE_H
#define BENCH_STORE_PRIVATE_H

#include "bench/object_build.h"
#include "bench/store.h"
#include "model/base/map.h"
#include "model/base/rng.h"

struct entry;

/* One reference from an object to an owner; registered at the owner's uid. */
struct owner_link {
    struct entry *entry;
    struct dependents *dependents;
    size_t position; /* in dependents->links */
};

struct dependents {
    char uid[UID_BYTES];
    struct owner_link **links;
    size_t count, capacity;
};

/* A live object: the current version and where it is registered. */
struct entry {
    struct object *object; /* one reference */
    struct owner_link *links;
    size_t link_count;
    size_t position; /* in the table's order */
    size_t contents; /* of a namespace: objects in it */
};

/* The objects of a kind. Two arrays in the order of keys; after changes the end of them is unsorted
 * and there may be holes (NULL), until store_list() tidies. */
struct table {
    struct map map; /* key -> struct entry */
    struct entry **order;
    struct object **objects;
    size_t count, capacity; /* of the arrays */
    size_t sorted;          /* the first so many are in order */
    size_t holes;
};

struct doomed {
    char uid[UID_BYTES];
};

struct store {
    const struct sim_clock *clock;
    struct store_options options;
    struct rng rng;
    uint64_t hash_seed;
    int64_t rv;
    struct table tables[KIND_COUNT];
    struct map uids;   /* uid -> struct entry */
    struct map owners; /* owner uid -> struct dependents */

    struct store_event *history; /* ring; the event of rv is at rv % history_events */
    int64_t compacted_rv;

    struct store_subscriber *subscribers;
    bool notifying;

    struct doomed *doomed; /* uids of owners that went: their dependents are to be looked at */
    size_t doomed_count, doomed_capacity;
    bool collecting;

    struct object **event_queue; /* Event objects in the order of their creation, one reference */
    size_t event_head, event_count, event_capacity;
};

/* store.c */
int64_t store_now_s(const struct store *store);
struct entry *store_find(const struct store *store, enum kind_id kind, struct str ns,
                         struct str name);
struct entry *store_find_uid(const struct store *store, struct str uid);
/* Makes `owned_object` the current version and tells everybody. */
void store_publish(struct store *store, struct entry *entry, struct object *owned_object);
/* Adds a new object; tells everybody. */
struct entry *store_insert(struct store *store, struct object *owned_object);
/* Takes an object out, whatever finalizers say; tells everybody. */
void store_remove(struct store *store, struct entry *entry);
void store_uid(struct store *store, char ret_uid[UID_BYTES]);

/* store_table.c */
void table_fini(struct table *table);
void table_add(struct table *table, uint64_t hash, struct entry *entry);
void table_remove(struct table *table, uint64_t hash, struct entry *entry);
struct entry *table_find(const struct table *table, uint64_t hash, struct str key);

/* store_owner.c */
void store_owners_link(struct store *store, struct entry *entry); /* by its current version */
void store_owners_unlink(struct store *store,
                         struct entry *entry); /* before it goes or changes owners */
void store_owners_doom(struct store *store, const struct object *removed);
void store_owners_orphan(struct store *store, const struct object *owner);
void store_owners_delete_dependents(struct store *store, const struct object *owner);
void store_owners_collect(
    struct store *store); /* works off the doomed; no-op when already running */
bool store_owners_has_dependents(const struct store *store, const char *uid);
void store_owners_fini(struct store *store);

/* store_delete.c */
bool object_has_finalizers(const struct object *object);
bool object_has_finalizer(const struct object *object, struct str name);
/* Removes an object that is being deleted and that nothing holds any more. */
bool store_finish_deletion(struct store *store, struct entry *entry);
/* Deletes without preconditions. Grace -1: the object's own. */
void store_delete_entry(struct store *store, struct entry *entry, int64_t grace_s,
                        enum propagation propagation);
void store_delete_contents(struct store *store, struct str ns); /* of a namespace */

/* store_event.c: how many Event objects are kept, and for how long. */
void event_queue_add(struct store *store, struct object *object);
void event_queue_trim(struct store *store);
void event_queue_fini(struct store *store);

/* store_admit.c: defaults and checks that kube-apiserver does. `object` is changed in place. */
bool admit_create(struct store *store, const struct kind *kind, json_t *object,
                  struct api_status *ret_status);
bool admit_name(const struct kind *kind, struct str name, struct api_status *ret_status);
bool admit_pod_update(const struct object *before, const struct object_parts *after,
                      struct api_status *ret_status);
/* Whether objects of the kind count their spec changes in metadata.generation. */
bool admit_has_generation(const struct kind *kind);

#endif
