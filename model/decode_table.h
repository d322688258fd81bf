/*
 * The table of fields that drives the decoder, and the draft it fills. Private to model/decode*.c.
 *
 * A table describes one JSON object: which keys are read and where their values go, as offsets into
 * the struct that the table is about. Keys that are in no table are skipped.
 */
#ifndef MODEL_DECODE_TABLE_H
#define MODEL_DECODE_TABLE_H

#include "model/decode.h"

enum { IMAGE_NAME_BYTES_MAX = 1024 }; /* OCI: well below; longer ones get no tag */

struct decode_table;

enum field_kind {
    FIELD_TEXT,           /* string -> struct str */
    FIELD_SYMBOL,         /* string -> uint32_t, through ->intern */
    FIELD_PARSED,         /* string -> whatever ->parse does with it */
    FIELD_BOOL,           /* true, false -> bool */
    FIELD_INT,            /* whole number from min to max -> int of ->bytes bytes */
    FIELD_PRESENT,        /* anything but null -> bool */
    FIELD_FEATURE,        /* anything but null -> bit ->bit of a uint32_t of the draft */
    FIELD_FLAG,           /* true -> likewise; false is the same as no key */
    FIELD_TRISTATE,       /* true, false -> enum tristate */
    FIELD_NUMBER_OR_TEXT, /* whole number or string -> struct str */
    FIELD_TIME,           /* RFC 3339 -> int64_t, seconds since 1970 */
    FIELD_COUNT,          /* array -> uint32_t, how many items; the items are skipped */
    FIELD_OBJECT,         /* object -> struct at the offset, by ->table */
    FIELD_LIST,    /* array of objects -> array of ->item_bytes structs by ->table, and its count */
    FIELD_EACH,    /* array of objects -> each in turn into the same struct at the offset */
    FIELD_SYMBOLS, /* array of strings -> array of uint32_t through ->intern, and its count */
    FIELD_LABELS,  /* object of strings -> array of struct label, and its count */
    FIELD_KEYS,    /* object -> array of struct str, its keys, and its count */
    FIELD_PAIRS,   /* annotations: by ->table those it names, the others hashed into the draft's pod
                    */
    FIELD_AMOUNTS, /* object of quantities -> struct amounts */
    FIELD_STREAM,  /* array of objects -> each into the draft, delivered when complete */
    FIELD_DRAFT,   /* object -> the draft */
    FIELD_KIND_COUNT,
};

struct decode_field {
    const char *key;
    uint8_t key_len;
    uint8_t kind;          /* enum field_kind */
    uint8_t bytes;         /* FIELD_INT: 2, 4 or 8 */
    uint8_t bit;           /* FIELD_FEATURE */
    bool is_cut;           /* more than max items: the rest does not matter */
    uint16_t offset;       /* of the value */
    uint16_t count_offset; /* of the uint32_t beside an array */
    uint16_t set_offset;   /* FIELD_INT, FIELD_LIST: of a bool that tells it was there; 0: none */
    uint16_t item_bytes;   /* FIELD_EACH: what to clear before each item, 0 for nothing */
    uint16_t max;          /* items */
    int64_t low, high;
    uint32_t unreadable_sym; /* FIELD_SYMBOL: of a value that is there and cannot be read or kept */
    const struct decode_table *table;
    uint32_t (*intern)(struct symbols *symbols, struct str text); /* SYM_FULL when it is full */
    void (*parse)(void *item, struct str text);
};

struct decode_table {
    uint32_t count;
    bool is_identity; /* read even when the arena is over its limit */
    const struct decode_field *fields;
    void (*begin)(void *item);
    /* At the end of an object. NULL, or what is wrong with it; *ret_keep false drops a list's item.
     */
    const char *(*end)(void *item, bool *ret_keep);
};

enum condition_type {
    CONDITION_OTHER,
    CONDITION_SCHEDULED,
    CONDITION_READY,
    CONDITION_DISRUPTION_TARGET,
    CONDITION_RESIZE_PENDING,
};

/* One status.conditions entry. */
struct condition_draft {
    enum condition_type type;
    bool is_true;
    struct str reason, message;
    int64_t observed_generation, transition_unix_s;
};

/* One metadata.ownerReferences entry. */
struct reference_draft {
    bool is_controller, is_apps;
    bool is_daemon;
    enum owner_kind kind;
    struct str uid_text;
};

/* What is being built. Cleared before each object. */
struct draft {
    struct str kind;
    struct status_object status; /* when the object is a metav1.Status */
    bool is_initial_events_end;
    uint32_t pod_affinity_count, anti_affinity_count, claim_count;
    struct condition_draft condition;
    struct reference_draft reference;
    struct str owner_uid_text; /* of the pod's controller */
    union {                    /* by the decoder's kind */
        struct pod_object pod;
        struct node_object node;
        struct object_meta meta; /* the first member of the three below */
        struct policy_object policy;
        struct budget_object budget;
        struct owner_object owner;
    };
};

_Static_assert(offsetof(struct policy_object, meta) == 0 &&
                   offsetof(struct budget_object, meta) == 0 &&
                   offsetof(struct owner_object, meta) == 0,
               "draft.meta is the meta of each");

/* Around the objects. */
struct envelope {
    struct str kind, type;
    struct str resource_version, continue_token;
};

/* Tables of a whole input, by kind and source; filled into struct draft and struct envelope. */
const struct decode_table *decode_root_table(enum decode_kind kind, enum decode_source source);

/* Image names get ":latest" when they have no tag, as kube-scheduler's ImageLocality does. */
uint32_t decode_intern_image(struct symbols *symbols, struct str name);

/* Shared by the tables. */
void decode_initial_events_end_parse(void *item, struct str text); /* into a draft */
extern const struct decode_table decode_annotation_table, decode_details_table;
extern const struct decode_table decode_requirement_table;
extern const struct decode_table decode_pod_table, decode_node_table, decode_policy_table,
    decode_budget_table, decode_owner_table;

/* Entries. `type` is the struct that the table is about; keys stand in the order in which the
 * apiserver writes them. */
#define KEY(text, what)          .key = (text), .key_len = sizeof(text) - 1, .kind = (what)
#define AT(type, member)         .offset = offsetof(type, member)
#define TELLS(type, flag)        .set_offset = offsetof(type, flag)
#define BESIDE(type, counter)    .count_offset = offsetof(type, counter)
#define TEXT(text, type, member) KEY(text, FIELD_TEXT), AT(type, member)
#define SYMBOL(text, type, member)                                                                 \
    KEY(text, FIELD_SYMBOL), AT(type, member), .intern = symbol_intern
#define PARSED(text, function)             KEY(text, FIELD_PARSED), .parse = (function)
#define BOOL(text, type, member)           KEY(text, FIELD_BOOL), AT(type, member)
#define PRESENT(text, type, member)        KEY(text, FIELD_PRESENT), AT(type, member)
#define COUNT(text, type, member)          KEY(text, FIELD_COUNT), AT(type, member)
#define TIME(text, type, member)           KEY(text, FIELD_TIME), AT(type, member)
#define TRISTATE(text, type, member)       KEY(text, FIELD_TRISTATE), AT(type, member)
#define NUMBER_OR_TEXT(text, type, member) KEY(text, FIELD_NUMBER_OR_TEXT), AT(type, member)
#define PAIRS(text, sub)                   KEY(text, FIELD_PAIRS), .table = &(sub)
#define INT(text, type, member, from, to)                                                          \
    KEY(text, FIELD_INT), AT(type, member), .low = (from), .high = (to),                           \
                                            .bytes = sizeof(((type *)NULL)->member)
#define FEATURE(text, id)                                                                          \
    KEY(text, FIELD_FEATURE), AT(struct draft, pod.features), .bit = FEATURE_##id
/* What a virtual node would have to give: wherever in the pod it stands. */
#define HOST_NEED(text, what, id)                                                                  \
    KEY(text, what), AT(struct draft, pod.host_needs), .bit = HOST_NEED_##id
/* An object whose fields go into the struct of the table it stands in, and one with its own. */
#define INSIDE(text, sub)               KEY(text, FIELD_OBJECT), .table = &(sub)
#define OBJECT(text, type, member, sub) KEY(text, FIELD_OBJECT), AT(type, member), .table = &(sub)
#define EACH(text, sub)                 KEY(text, FIELD_EACH), .table = &(sub)
#define LIST(text, type, member, counter, item, limit, sub)                                        \
    KEY(text, FIELD_LIST), AT(type, member), BESIDE(type, counter),                                \
        .item_bytes = sizeof(item), .max = (limit), .table = &(sub)
#define AMOUNTS(text, type, member)                                                                \
    KEY(text, FIELD_AMOUNTS), AT(type, member.items), BESIDE(type, member.count),                  \
        .item_bytes = sizeof(struct scalar), .max = OBJECT_RESOURCES_MAX
#define LABELS(text, type, member, counter)                                                        \
    KEY(text, FIELD_LABELS), AT(type, member), BESIDE(type, counter),                              \
        .item_bytes = sizeof(struct label), .max = OBJECT_LABELS_MAX
#define TABLE(list) .fields = (list), .count = ARRAY_LEN(list)

/* What a metav1.Status has at the top; an ERROR event carries one in place of the object. */
#define STATUS_FIELDS                                                                              \
    {TEXT("message", struct draft, status.message)},                                               \
        {TEXT("reason", struct draft, status.reason)}, {INSIDE("details", decode_details_table)},  \
    {                                                                                              \
        INT("code", struct draft, status.code, INT32_MIN, INT32_MAX)                               \
    }

#endif
