#include "model/decode_table.h"

#include "model/taint.h"

/* ---- metadata, and what a metav1.Status has at the top ---- */

void decode_initial_events_end_parse(void *item, struct str text)
{
    struct draft *draft = item;
    draft->is_initial_events_end = str_is(text, "true");
}

static const struct decode_field annotation_fields[] = {
    {PARSED("k8s.io/initial-events-end", decode_initial_events_end_parse)},
};
const struct decode_table decode_annotation_table = {TABLE(annotation_fields)};

static const struct decode_field details_fields[] = {
    {INT("retryAfterSeconds", struct draft, status.retry_after_seconds, INT32_MIN, INT32_MAX)},
};
const struct decode_table decode_details_table = {TABLE(details_fields)};

/* ---- nodes ---- */

static const struct decode_field node_metadata_fields[] = {
    {TEXT("name", struct draft, node.name)},
    {TEXT("uid", struct draft, node.uid_text)},
    {TEXT("resourceVersion", struct draft, node.resource_version)},
    {LABELS("labels", struct draft, node.labels.items, node.labels.count)},
    {INSIDE("annotations", decode_annotation_table)},
};
static const struct decode_table node_metadata_table = {TABLE(node_metadata_fields),
                                                        .is_identity = true};

static void effect_parse(void *item, struct str text)
{
    struct taint *taint = item;
    taint->effect = taint_effect_parse(text);
}

static const struct decode_field taint_fields[] = {
    {SYMBOL("key", struct taint, key_sym)},
    {SYMBOL("value", struct taint, value_sym)},
    {PARSED("effect", effect_parse)},
};
static const struct decode_table taint_table = {TABLE(taint_fields)};

static const struct decode_field node_spec_fields[] = {
    {BOOL("unschedulable", struct draft, node.is_unschedulable)},
    {LIST("taints", struct draft, node.taints.items, node.taints.count, struct taint,
          OBJECT_TAINTS_MAX, taint_table)},
};
static const struct decode_table node_spec_table = {TABLE(node_spec_fields)};

static const struct decode_field image_fields[] = {
    {KEY("names", FIELD_SYMBOLS), AT(struct image_object, name_syms),
     .count_offset = offsetof(struct image_object, name_count), .max = OBJECT_VALUES_MAX,
     .is_cut = true, .intern = decode_intern_image},
    {INT("sizeBytes", struct image_object, size_bytes, 0, INT64_MAX)},
};
static const struct decode_table image_table = {TABLE(image_fields)};

static const struct decode_field node_status_fields[] = {
    {AMOUNTS("allocatable", struct draft, node.allocatable)},
    {KEY("images", FIELD_LIST), AT(struct draft, node.images),
     .count_offset = offsetof(struct draft, node.image_count),
     .item_bytes = sizeof(struct image_object), .max = OBJECT_IMAGES_MAX, .is_cut = true,
     .table = &image_table},
};
static const struct decode_table node_status_table = {TABLE(node_status_fields)};

static const struct decode_field node_fields[] = {
    {TEXT("kind", struct draft, kind)},
    {INSIDE("metadata", node_metadata_table)},
    {INSIDE("spec", node_spec_table)},
    {INSIDE("status", node_status_table)},
    STATUS_FIELDS,
};
const struct decode_table decode_node_table = {TABLE(node_fields), .is_identity = true};

/* ---- around the objects ---- */

static const struct decode_field list_metadata_fields[] = {
    {TEXT("resourceVersion", struct envelope, resource_version)},
    {TEXT("continue", struct envelope, continue_token)},
};
static const struct decode_table list_metadata_table = {TABLE(list_metadata_fields)};

#define LIST_FIELDS(items)                                                                         \
    {TEXT("kind", struct envelope, kind)}, {INSIDE("metadata", list_metadata_table)},              \
    {                                                                                              \
        KEY("items", FIELD_STREAM), .table = &(items)                                              \
    }
#define EVENT_FIELDS(object)                                                                       \
    {TEXT("type", struct envelope, type)},                                                         \
    {                                                                                              \
        KEY("object", FIELD_DRAFT), .table = &(object)                                             \
    }

/* The two tables around the objects of a kind. */
#define AROUND(kind)                                                                               \
    static const struct decode_field kind##_list_fields[] = {LIST_FIELDS(decode_##kind##_table)};  \
    static const struct decode_field kind##_event_fields[] = {                                     \
        EVENT_FIELDS(decode_##kind##_table)};                                                      \
    static const struct decode_table kind##_list_table = {TABLE(kind##_list_fields)};              \
    static const struct decode_table kind##_event_table = {TABLE(kind##_event_fields)}
AROUND(pod);
AROUND(node);
AROUND(policy);
AROUND(budget);
AROUND(owner);

const struct decode_table *decode_root_table(enum decode_kind kind, enum decode_source source)
{
#define ROOTS(kind)                                                                                \
    {                                                                                              \
        &kind##_list_table, &kind##_event_table, &decode_##kind##_table                            \
    }
    static const struct decode_table *const roots[DECODE_KIND_COUNT][DECODE_OBJECT + 1] = {
        [DECODE_POD] = ROOTS(pod),       [DECODE_NODE] = ROOTS(node),
        [DECODE_POLICY] = ROOTS(policy), [DECODE_BUDGET] = ROOTS(budget),
        [DECODE_OWNER] = ROOTS(owner),
    };
#undef ROOTS
    return roots[kind][source];
}
