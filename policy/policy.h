/*
 * A ResourcePolicy that was found good: ordered units of capacity for the pods it selects. A value;
 * it never changes, an edit makes another. Below policy_parse() nothing knows how ACK or we spell
 * things: other elastic systems make the same value (elastic-policies 13).
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/base/symbol.h"
#include "model/object.h"
#include "model/unit_type.h"
#include "policy/pod_selector.h"

enum {
    POLICY_UNITS_MAX = 64,
    POLICY_PAIRS_MAX = 16,          /* podLabels, podAnnotations of a unit: each */
    POLICY_RESOURCES_MAX = 16,      /* maxResources of a unit */
    POLICY_TIMEOUT_DEFAULT_S = 900, /* whenTryNextUnits.timeout (ACK) */
    POLICY_TIMEOUT_MAX_S = 7 * 24 * 3600,
    POLICY_NAME_BYTES_MAX = 253,
};

enum next_rule {
    NEXT_LACK_OR_FULL,     /* LackResourceOrExceedMax, the default */
    NEXT_FULL,             /* ExceedMax */
    NEXT_TIMEOUT_OR_FULL,  /* TimeoutOrExceedMax */
    NEXT_LACK_NOT_LEAVING, /* LackResourceAndNoTerminating */
    NEXT_RULE_COUNT,
};

enum preempt_when { PREEMPT_AFTER_ALL_UNITS, PREEMPT_BEFORE_NEXT_UNIT };
enum overflow_where { OVERFLOW_PENDING, OVERFLOW_ANYWHERE };
enum cost_mode { COST_RESPECT, COST_OVERWRITE, COST_OFF };

/* A number of pods, or a share of the owner's replicas. */
struct pod_quota {
    bool is_set;
    bool is_percent; /* rounded up, as Kruise does (elastic-policies 2.3) */
    int32_t value;   /* pods >= 0; percent 0 to 100 */
};

/* What each pod's walk asks comes first: with 10,000 policies every line read is a cache miss. */
struct policy_unit {
    uint32_t name_sym; /* as written, or "<resource>-<index>" ("unit-<index>" without resource) */
    uint32_t type;     /* index into struct unit_types */
    struct pod_quota max, min;
    bool is_spot;
    bool waits; /* W: the type waits for new nodes, or the wait label is there */
    uint32_t resource_count;
    const struct scalar *resources; /* maxResources, ascending name_sym; unlisted: unlimited */
    int64_t cool_down_ms;           /* 0: none */
    int64_t timeout_ms;             /* the unit's own, else the policy's */
    int32_t scale_in_cost;          /* pod-deletion-cost of a pod placed here */
    uint32_t selector_count;
    const struct label *selector; /* ascending key */
    /* podLabels without the wait label, podAnnotations: asked of a pod to count here unless it was
     * assigned, and written on pods placed here. Ascending key. */
    uint32_t label_count, annotation_count;
    const struct label *labels, *annotations;
    const uint64_t *annotation_hashes; /* object_pair_hash() of each, same order */
    uint32_t type_label_count;
    const struct label *type_labels; /* of the type, what podLabels do not override: only written */
};

struct policy {
    uint32_t unit_count;
    const struct policy_unit *units;
    /* How. */
    enum next_rule next_rule;
    enum preempt_when preempt_when;
    enum overflow_where overflow;
    enum cost_mode cost_mode;
    bool ignores_previous;    /* pods scheduled before created_unix_s do not count */
    bool ignores_terminating; /* nor do pods that are being deleted */
    bool has_percent;         /* some quota is a share: owners have to be watched */
    bool has_min;             /* some unit has one */
    bool has_consumer_ref;    /* read, not used; the status says so */
    int64_t timeout_ms;       /* of units that have none of their own */
    /* Who it is. */
    uint32_t namespace_sym;
    uint32_t name_sym;
    struct str name; /* of name_sym; lent by the symbols */
    int64_t generation;
    enum policy_source source;
    struct uid uid;
    int64_t created_unix_s;
    /* Whose pods. No label and no expression: every pod of the namespace. */
    struct pod_selector selector;
    bool selects_nobody; /* only of policy_parse_selector() */
    uint32_t key_count;
    const uint32_t *key_syms; /* matchLabelKeys, in order */
};

/* The policy that `object` describes; yours, policy_free(). NULL when it cannot be used as written:
 * *err says which field, what is wrong, and what would be right ("spec.units[2].max: ..."). Names
 * are interned in `symbols`. One block holds it all. */
struct policy *policy_parse(const struct policy_object *object, const struct unit_types *types,
                            struct symbols *symbols, struct err *err);

/* Of an object that cannot be used: whose pods wait for its mending. A policy without units that
 * selects by what could be read of the selector, and nobody when that is nothing. Yours. */
struct policy *policy_parse_selector(const struct policy_object *object, struct symbols *symbols);
void policy_free(struct policy *policy);

/* Whether the policy selects a pod of its namespace with these labels (sorted). */
bool policy_selects(const struct policy *policy, const struct labels *labels);

/* Index of the unit of that name; POLICY_UNITS_MAX when there is none. */
uint32_t policy_unit_find(const struct policy *policy, uint32_t name_sym);

/* How many pods a quota is with `replicas` wanted by the owners; UINT32_MAX when it is not set, or
 * is more. */
uint32_t pod_quota_count(const struct pod_quota *quota, uint64_t replicas);

/* "1h30m", "90s", "1.5m" as Go's time.ParseDuration; milliseconds, negative and absurd refused. */
bool duration_parse(struct str text, int64_t *ret_ms);

#endif
