/*
 * All policies of the cluster, and how many pods each of their units holds.
 *
 *     pod --namespace, labels--> entry (the policy in force) --label keys--> group --> unit counts
 *     node --type, nodeSelector--> node set (a bitset, shared by all units that ask the same)
 *
 * A pod counts in one unit at most: the one it was assigned when its node is in it, else the first
 * whose node set holds the node and whose labels and annotations the pod carries
 * (elastic-policies 1.4). Bound and assumed pods count, of any scheduler.
 *
 * The owner (sched) calls book_leave() before anything about a pod changes and book_enter() after;
 * between them the pod is in no group. Changes of nodes and policies are noted at once and take
 * effect in book_settle(), which the owner calls before it decides: so a thousand edits cost one
 * pass over the pods.
 */
#ifndef POLICY_BOOK_H
#define POLICY_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/bitset.h"
#include "model/cluster.h"
#include "model/policy_status.h"
#include "policy/policy.h"

struct book;         /* opaque */
struct policy_entry; /* one ResourcePolicy object */
struct policy_group; /* pods of one entry with the same values of its matchLabelKeys */

enum {
    BOOK_POLICIES_MAX = 100000,
    BOOK_GROUPS_MAX = 1 << 20,   /* over all policies; beyond it pods wait with the reason */
    BOOK_GONE_OWNERS_MAX = 1024, /* remembered: the watch of pods may be so many behind */
};

/* Both are borrowed for its life. */
struct book *book_new(struct cluster *cluster, const struct unit_types *types);
void book_free(struct book *book);

/* ---- policies ---- */

/* Lists are framed per source, as pods and nodes are; what a list did not name is gone at its end.
 */
void book_begin_list(struct book *book, enum policy_source source);
void book_end_list(struct book *book, enum policy_source source);

/* A bad object keeps the last good one of the same UID in force; with none, the entry has no
 * policy and its pods wait. Pods of an object whose selector cannot be read either: the selector
 * that could be read. */
void book_see(struct book *book, const struct policy_object *object, int64_t now_unix_s);
void book_drop(struct book *book, const struct policy_object *object);

/* Objects over BOOK_POLICIES_MAX, which are not looked at. */
uint64_t book_ignored_policies(const struct book *book);

bool book_is_empty(const struct book *book);     /* no entry at all: every call below is cheap */
bool book_wants_owners(const struct book *book); /* some policy counts in percent */

/* ---- pods ---- */

/* Takes a pod out of its group and its unit's counts; no-op when it is in none. */
void book_leave(struct book *book, struct pod *pod);

/* Finds the pod's policy, group and, when it is assumed or bound, its unit: the assignment
 * pod->unit_sym when the node is in that unit, else the first that fits (book_pod_unit()). The
 * assignment itself is never corrected, so that a restart, which reads it from the annotation,
 * comes to the same counts; a pod that is pending has none. `assignment`, the annotation's words,
 * only counts for a pod on a node that has no unit_sym yet; NULL: none. */
void book_enter(struct book *book, struct pod *pod, const struct assignment_object *assignment);

/* A pending pod was assumed, and `unit_sym` assigned: it counts there. What book_leave() before and
 * book_enter() after come to, without a look for its policy: that is a matter of its labels. */
void book_place(struct book *book, struct pod *pod, uint32_t unit_sym);

/* Whom book_settle() tells before and after it takes a pod out of its group and puts it into
 * another (or the same, of an edited policy): a queue that keeps pods by group. A pod that was told
 * of may have gained. One pod at a time. Pods of a node that changed are not told of: they are on
 * it, and in no queue. */
struct book_watcher {
    void *ctx;
    void (*before)(void *ctx, struct pod *pod);
    void (*after)(void *ctx, struct pod *pod);
};

/* Applies what was noted about nodes, policies and owners. Cost: nothing when nothing was noted;
 * else one look at each pod of the namespaces (or nodes) concerned. */
void book_settle(struct book *book, const struct book_watcher *watcher);

/* ---- nodes ---- */

void book_node_changed(struct book *book, uint32_t slot); /* labels changed, came or went */

/* ---- what the walk asks; valid until the next book_settle() ---- */

/* Hints about a pod that is asked about soon. With 10,000 policies nothing of its own is in the
 * cache: the first call, two decisions before its own, starts to load its group; the second, one
 * before, what the group leads to. They change nothing. */
void book_prefetch_group(const struct pod *pod);
void book_prefetch_units(const struct pod *pod);

/* NULL: no policy selects the pod. */
const struct policy_entry *pod_policy_entry(const struct pod *pod);

/* NULL with a reason (how to mend it) in `err` when the entry has no policy in force, the pod lacks
 * a key of matchLabelKeys, or there are too many groups. */
const struct policy *book_policy(const struct book *book, const struct pod *pod, struct err *err);

/* Nodes of a unit. Lent. */
const struct bitset *book_unit_nodes(const struct book *book, const struct pod *pod, uint32_t unit);
uint32_t *book_unit_cursor(struct book *book, const struct pod *pod, uint32_t unit);

enum fullness_kind { FULLNESS_ROOM, FULLNESS_PODS, FULLNESS_RESOURCE, FULLNESS_OWNER_UNKNOWN };

struct fullness {
    enum fullness_kind kind;
    uint32_t pods, max;         /* PODS */
    uint32_t name_sym;          /* RESOURCE */
    int64_t used, asked, limit; /* RESOURCE */
};

/* F for this pod, with its numbers. OWNER_UNKNOWN: a percentage, and the replicas are not known
 * yet; treated as full until they are. A percentage is of the replicas of all owners with pods in
 * the group; a pod without an owner that tells replicas counts as one. */
struct fullness book_fullness(const struct book *book, const struct pod *pod, uint32_t unit);

/* The same when these pods, as far as they count there, were gone. */
struct fullness book_fullness_without(const struct book *book, const struct pod *pod, uint32_t unit,
                                      struct pod *const *gone, uint32_t gone_count);

/* Whether the unit holds fewer pods of the group than its min. */
bool book_is_below_min(const struct book *book, const struct pod *pod, uint32_t unit);

/* T: of any group of the policy (elastic-policies 1.5), for in a rollout the pods that leave are of
 * another group. */
bool book_has_terminating(const struct book *book, const struct pod *pod, uint32_t unit);

/* A unit that refused or whose pods failed to start is skipped for its coolDown. The time is
 * per (entry, unit), not per group. */
void book_cool(struct book *book, const struct pod *pod, uint32_t unit, struct mono_ms now);
struct mono_ms book_cool_until(const struct book *book, const struct pod *pod, uint32_t unit);

/* The unit a bound or assumed pod counts in; POLICY_UNITS_MAX when in none. */
uint32_t book_pod_unit(const struct pod *pod);

/* ---- who waits for a slot ---- */

/* Groups in which something that refuses pods has ended since the last call: a counted pod left a
 * unit, its last terminating pod is gone, a quota rose. Calls `on_freed` once a group. A pod that
 * leaves and enters again as the same frees nothing; what an edit of the policy gives is told to
 * the watcher of book_settle(). */
void book_take_freed(struct book *book,
                     void (*on_freed)(void *ctx, const struct policy_group *group), void *ctx);
bool book_has_freed(const struct book *book); /* whether that would call */

/* ---- status ---- */

/* Remembers why a unit refused a pod, for the policy's status. */
void book_note_refusal(struct book *book, const struct pod *pod, uint32_t unit, struct str text,
                       int64_t now_unix_s);
void book_note_waiting(struct book *book, struct pod *pod, bool waits);

/* The next entry whose status changed since it was last taken; false when there is none. The
 * status is lent until the next call. Only entries of POLICY_SOURCE_SPILLWAY. */
bool book_take_status(struct book *book, int64_t now_unix_s, struct policy_status *ret_status);

/* The write of a status failed: it is taken again. */
void book_status_failed(struct book *book, struct uid uid);

/* ---- owners ---- */

/* An owner that pods name is not known until it is seen. One that is gone is known to want nothing:
 * its end was seen, before its pods or after, or a complete list that came later than they did not
 * name it. */

void book_begin_owners(struct book *book, enum owner_kind kind);
void book_end_owners(struct book *book, enum owner_kind kind);
void book_see_owner(struct book *book, const struct owner_object *owner);
void book_drop_owner(struct book *book, const struct owner_object *owner);

/* Walks everything and CHECKs: counts are a recount from scratch, sets match the nodes' labels. */
void book_check(const struct book *book);

#endif
