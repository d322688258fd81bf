/*
 * What the book's files share; nobody else includes this.
 *
 *     book_policy.c  entries: seen, dropped, put in force        book_index.c  pod -> entry
 *     group.c        groups and their counts                     node_set.c    unit -> nodes
 *     book_pod.c     pods enter and leave                        owner.c       replicas
 *     book_settle.c  what was noted takes effect                 book_ask.c    what the walk asks
 *     book_status.c  what the user reads                         book_check.c  recount
 */
#ifndef POLICY_BOOK_PRIVATE_H
#define POLICY_BOOK_PRIVATE_H

#include "model/base/arena.h"
#include "model/base/map.h"
#include "policy/book.h"

/* Nodes of one type with one nodeSelector, shared by all units that ask so. */
struct node_set {
    uint32_t refs;
    uint32_t type;
    uint64_t hash;
    uint32_t selector_count;
    struct label *selector; /* owned, ascending key */
    uint32_t node_count;
    uint32_t cursor; /* one for all policies, so that they spread over the nodes together */
    struct bitset nodes;
};

/* What an entry remembers of a unit of its policy. */
struct entry_unit {
    struct node_set *set; /* referenced */
    uint32_t terminating; /* pods of any group on its nodes that are being deleted */
    struct mono_ms cool_until;
    char *refusal; /* owned; NULL: none yet */
    int64_t refused_unix_s;
};

struct entry_condition {
    bool is_known, is_true;
    int64_t since_unix_s;
};

/* What each pod's walk asks comes first, as in struct policy_unit. */
struct policy_entry {
    uint64_t id;              /* never used again */
    struct policy *policy;    /* in force; NULL: none */
    struct policy *selector;  /* `policy`, or whom it would select; NULL before the first settle */
    struct entry_unit *units; /* one a unit of `policy` */
    struct policy_entry *bucket_next;
    enum policy_source source;
    uint32_t name_sym;
    bool is_status_due;
    bool is_noted; /* in book->noted */
    bool is_gone;
    bool is_indexed;
    uint32_t waiting;
    uint32_t namespace_sym;
    struct uid uid;
    int64_t created_unix_s;
    int64_t observed_generation;
    uint32_t list_epoch;
    struct policy *next; /* takes effect at book_settle(); NULL: no change */
    char *problem;       /* why the object as last seen is not in force; NULL: it is fine */
    struct index_bucket *bucket;
    struct policy_entry *bucket_prev;
    struct policy_group *groups;
    uint32_t group_count; /* counted ones */
    /* Pods that this one selects too, and an older policy rules. */
    uint32_t overlap_count;
    uint32_t overlap_ruler_sym; /* name of one such policy */
    char *overlap_pod;          /* owned; name of one such pod */
    /* Status */
    struct policy_entry *due_prev, *due_next;
    struct entry_condition accepted, ready, overlapping;
};

/* Entries of one namespace that ask for one pair, or (key SYM_EMPTY) for none. */
struct index_bucket {
    uint32_t namespace_sym;
    struct label pair;
    uint32_t count;
    struct policy_entry *entries;
};

enum group_kind {
    GROUP_COUNTED,
    GROUP_NO_POLICY, /* the entry has none in force */
    GROUP_KEYLESS,   /* pods that lack a key of matchLabelKeys */
    GROUP_TOO_MANY,  /* BOOK_GROUPS_MAX is reached */
};

struct unit_count {
    uint32_t pods;
    int64_t *used; /* one a resource of maxResources, lent by the group's block */
};

/* What a decision asks comes last, beside the counts. */
struct policy_group {
    struct policy_group *prev, *next; /* of the entry */
    struct policy_group *freed_prev, *freed_next;
    uint64_t hash;
    uint32_t *values; /* of matchLabelKeys, in order; of GROUP_KEYLESS the missing key. Lent */
    /* Percentages only */
    struct owner_use *uses;
    uint64_t replicas; /* sum over known owners, and pods that have none */
    uint32_t unknown_owners;
    bool is_freed; /* in the book's list of those */
    enum group_kind kind;
    struct policy_entry *entry;
    const struct policy *policy; /* the entry's; NULL unless GROUP_COUNTED */
    struct entry_unit *units;    /* the entry's */
    uint32_t pod_count;          /* members: pending, assumed, bound; counted or not */
    uint32_t waiting;
    struct unit_count counts[];
};

struct owner {
    struct uid uid;
    enum owner_kind kind;
    bool exists;        /* the object was seen, and not its end */
    bool is_known;      /* exists, or is gone for certain: then with 0 replicas */
    bool is_remembered; /* in book->gone_owners */
    int32_t replicas;
    uint32_t list_epoch;
    struct owner_use *uses;
};

/* A group has pods of an owner. */
struct owner_use {
    struct owner *owner; /* NULL: pods without owner, one replica each */
    struct policy_group *group;
    uint32_t pods;
    struct owner_use *group_next;
    struct owner_use *owner_prev, *owner_next;
};

/* How a pod counted before it left: what its return is compared with. */
struct pod_left {
    const struct pod *pod; /* identity only; NULL: nobody left */
    struct policy_group *group;
    struct owner_use *use;
    uint32_t unit;
    bool was_counted, was_terminating, was_waiting;
    int64_t amounts[POLICY_RESOURCES_MAX];
};

struct book {
    struct cluster *cluster;        /* borrowed */
    const struct unit_types *types; /* borrowed */
    struct map by_name, by_uid;     /* entries */
    struct map buckets, groups, sets, owners;
    uint64_t last_id;
    uint64_t ignored_policies;
    uint32_t percent_count; /* entries in force that count in percent */
    uint32_t overlap_count; /* sum over entries */
    uint32_t policy_epochs[POLICY_SOURCE_COUNT];
    uint32_t owner_epochs[OWNER_OTHER + 1];
    struct policy_entry **noted; /* entries to put in force or to drop */
    size_t noted_count, noted_capacity;
    /* UIDs of owners that went last, in a ring: the record stays, for pods that come late. */
    struct uid gone_owners[BOOK_GONE_OWNERS_MAX];
    uint32_t gone_owner_next;
    struct bitset noted_nodes;
    bool has_noted_nodes;
    struct pod_left left;
    struct policy_group *freed_first, *freed_last;
    struct policy_entry *due_first, *due_last;
    struct arena status; /* of the status lent last */
};

/* ---- node_set.c ---- */
struct node_set *node_set_ref(struct book *book, const struct policy_unit *unit);
void node_set_unref(struct book *book, struct node_set *set);
bool node_set_accepts(const struct book *book, const struct node_set *set, uint32_t slot);
/* Looks at one node again, for all sets. Returns whether some set became or ceased to be empty. */
bool node_sets_update(struct book *book, uint32_t slot);

/* ---- book_index.c ---- */
void index_add(struct book *book, struct policy_entry *entry);
void index_remove(struct book *book, struct policy_entry *entry);
/* The entry that rules a pod, or NULL. `on_other` is called for each that selects it too. */
typedef void index_other(struct book *book, struct policy_entry *other,
                         const struct policy_entry *ruler, const struct pod *pod);
struct policy_entry *index_find(struct book *book, const struct pod *pod, index_other *on_other);
bool entry_is_before(const struct book *book, const struct policy_entry *a,
                     const struct policy_entry *b);

/* ---- group.c ---- */
/* The pod's group in `entry`, made when it is not there. */
struct policy_group *group_ensure(struct book *book, struct policy_entry *entry,
                                  const struct pod *pod);
void group_release(struct book *book, struct policy_group *group); /* when it has no pods */
uint32_t group_quota(const struct policy_group *group, const struct pod_quota *quota);
/* Amounts that a pod counts with, one a resource of the unit. */
void unit_amounts(const struct policy_unit *unit, const struct requests *requests,
                  int64_t ret_amounts[POLICY_RESOURCES_MAX]);

/* ---- book_pod.c ---- */
void pod_attach(struct book *book, struct pod *pod);
void pod_detach(struct pod *pod, struct pod_left *ret_left);
void left_settle(struct book *book, const struct pod *returned); /* NULL: it did not return */
void group_freed(struct book *book, struct policy_group *group);
void pod_unit_of(const struct pod *pod, const struct policy_entry *entry, uint32_t *ret_unit,
                 bool *ret_is_counted);

/* ---- owner.c ---- */
void owner_use_add(struct book *book, struct policy_group *group, const struct pod *pod);
struct owner_use *owner_use_remove(struct policy_group *group, const struct pod *pod);
void owner_use_release(struct book *book, struct owner_use *use); /* when it has no pods */
void owners_fini(struct book *book);

/* ---- book_policy.c ---- */
/* Puts in force what is noted of an entry. Its pods still are in groups of the old state, which is
 * given back, retired: yours, entry_free() when the last has left. NULL: nothing changed. */
struct policy_entry *entry_apply(struct book *book, struct policy_entry *entry);
void overlap_reset(struct book *book, struct policy_entry *entry);
void entry_free(struct book *book, struct policy_entry *entry);
void entry_note(struct book *book, struct policy_entry *entry);

/* ---- book_status.c ---- */
void status_due(struct book *book, struct policy_entry *entry);
void status_forget(struct book *book, struct policy_entry *entry);

#endif
