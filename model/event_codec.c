#include "model/event_codec.h"

#include "model/event_codec_parts.h"

enum {
    PORTS = UINT16_MAX + 1,
    FEATURE_SETS = 1 << FEATURE_COUNT,
    HOST_NEED_SETS = 1 << HOST_NEED_COUNT,
};

/* A field that is not written here would be missing in every recording. Whoever adds one: to its
 * function below, to tests/model/event_samples.h, and RECORD_VERSION is another one. */
_Static_assert(sizeof(struct pod_object) == 560 && sizeof(struct container_object) == 64 &&
                   sizeof(struct container_status_object) == 64 &&
                   sizeof(struct node_object) == 168 && sizeof(struct reply) == 64,
               "all fields of objects and replies are written and read");

/* ---- what pods and nodes share ---- */

void event_code_amounts(struct codec *codec, struct amounts *amounts)
{
    codec_bool(codec, &amounts->is_set);
    CODEC_ARRAY(codec, amounts->items, amounts->count, OBJECT_RESOURCES_MAX);
    for (uint32_t i = 0; i < amounts->count; i++) {
        codec_symbol(codec, &amounts->items[i].name_sym);
        codec_i64(codec, &amounts->items[i].amount);
    }
}

void event_code_labels(struct codec *codec, struct label *labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        codec_symbol(codec, &labels[i].key_sym);
        codec_symbol(codec, &labels[i].value_sym);
    }
}

/* ---- pods ---- */

static void code_containers(struct codec *codec, struct container_object *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct container_object container = items[i];
        codec_str(codec, &container.name);
        codec_symbol(codec, &container.image_sym);
        codec_bool(codec, &container.restart_always);
        event_code_amounts(codec, &container.requests);
        CODEC_ARRAY(codec, container.ports, container.port_count, OBJECT_PORTS_MAX);
        for (uint32_t j = 0; j < container.port_count; j++) {
            codec_symbol(codec, &container.ports[j].ip_sym);
            codec_below16(codec, &container.ports[j].port, PORTS);
            codec_below16(codec, &container.ports[j].protocol, PROTOCOL_OTHER + 1);
        }
        if (codec_is_reading(codec))
            items[i] = container;
    }
}

static void code_statuses(struct codec *codec, struct container_status_object *items,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct container_status_object status = items[i];
        codec_str(codec, &status.name);
        event_code_amounts(codec, &status.requests);
        event_code_amounts(codec, &status.allocated);
        if (codec_is_reading(codec))
            items[i] = status;
    }
}

void event_code_requirements(struct codec *codec, struct requirement *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct requirement requirement = items[i];
        codec_symbol(codec, &requirement.key_sym);
        codec_below(codec, &requirement.op, SELECTOR_INVALID + 1);
        CODEC_ARRAY(codec, requirement.value_syms, requirement.value_count, OBJECT_VALUES_MAX);
        for (uint32_t j = 0; j < requirement.value_count; j++)
            codec_symbol(codec, &requirement.value_syms[j]);
        if (codec_is_reading(codec))
            items[i] = requirement;
    }
}

struct node_term event_code_term(struct codec *codec, struct node_term term)
{
    CODEC_ARRAY(codec, term.expressions, term.expression_count, OBJECT_REQUIREMENTS_MAX);
    event_code_requirements(codec, term.expressions, term.expression_count);
    CODEC_ARRAY(codec, term.fields, term.field_count, OBJECT_REQUIREMENTS_MAX);
    event_code_requirements(codec, term.fields, term.field_count);
    return term;
}

static void code_affinity(struct codec *codec, struct pod_object *pod)
{
    CODEC_ARRAY(codec, pod->node_selector, pod->node_selector_count, OBJECT_LABELS_MAX);
    event_code_labels(codec, pod->node_selector, pod->node_selector_count);
    codec_bool(codec, &pod->has_required_terms);
    CODEC_ARRAY(codec, pod->required_terms, pod->required_term_count, OBJECT_TERMS_MAX);
    for (uint32_t i = 0; i < pod->required_term_count; i++) {
        struct node_term term = event_code_term(codec, pod->required_terms[i]);
        if (codec_is_reading(codec))
            pod->required_terms[i] = term;
    }
    CODEC_ARRAY(codec, pod->preferred_terms, pod->preferred_term_count, OBJECT_TERMS_MAX);
    for (uint32_t i = 0; i < pod->preferred_term_count; i++) {
        codec_i32(codec, &pod->preferred_terms[i].weight);
        struct node_term term = event_code_term(codec, pod->preferred_terms[i].term);
        if (codec_is_reading(codec))
            pod->preferred_terms[i].term = term;
    }
}

void event_code_tolerations(struct codec *codec, struct toleration *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        codec_symbol(codec, &items[i].key_sym);
        codec_symbol(codec, &items[i].value_sym);
        codec_below16(codec, &items[i].op, TOLERATION_INVALID + 1);
        codec_below16(codec, &items[i].effect, TAINT_UNKNOWN_EFFECT + 1);
    }
}

static void code_pod_spec(struct codec *codec, struct pod_object *pod)
{
    codec_symbol(codec, &pod->scheduler_name_sym);
    codec_symbol(codec, &pod->node_name_sym);
    codec_i32(codec, &pod->priority);
    codec_u32(codec, &pod->gate_count);
    codec_below(codec, &pod->features, FEATURE_SETS);
    codec_below(codec, &pod->host_needs, HOST_NEED_SETS);
    codec_u32(codec, &pod->volume_count);
    codec_bool(codec, &pod->preempts_never);
    CODEC_ARRAY(codec, pod->containers, pod->container_count, OBJECT_CONTAINERS_MAX);
    code_containers(codec, pod->containers, pod->container_count);
    CODEC_ARRAY(codec, pod->init_containers, pod->init_container_count, OBJECT_CONTAINERS_MAX);
    code_containers(codec, pod->init_containers, pod->init_container_count);
    event_code_amounts(codec, &pod->overhead);
    event_code_amounts(codec, &pod->pod_requests);
    code_affinity(codec, pod);
    CODEC_ARRAY(codec, pod->tolerations, pod->toleration_count, OBJECT_TOLERATIONS_MAX);
    event_code_tolerations(codec, pod->tolerations, pod->toleration_count);
}

static void code_pod_status(struct codec *codec, struct pod_object *pod)
{
    uint32_t phase = (uint32_t)pod->phase;
    codec_below(codec, &phase, PHASE_UNKNOWN + 1);
    pod->phase = (enum pod_phase)phase;
    codec_symbol(codec, &pod->nominated_node_sym);
    codec_bool(codec, &pod->scheduled.is_set);
    codec_bool(codec, &pod->scheduled.is_true);
    codec_str(codec, &pod->scheduled.reason);
    codec_str(codec, &pod->scheduled.message);
    codec_i64(codec, &pod->scheduled.observed_generation);
    codec_i64(codec, &pod->scheduled.transition_unix_s);
    codec_bool(codec, &pod->resize_infeasible);
    codec_bool(codec, &pod->is_ready);
    codec_bool(codec, &pod->is_preempted);
    codec_i64(codec, &pod->started_unix_s);
    CODEC_ARRAY(codec, pod->statuses, pod->status_count, OBJECT_CONTAINERS_MAX);
    code_statuses(codec, pod->statuses, pod->status_count);
    CODEC_ARRAY(codec, pod->init_statuses, pod->init_status_count, OBJECT_CONTAINERS_MAX);
    code_statuses(codec, pod->init_statuses, pod->init_status_count);
    event_code_amounts(codec, &pod->pod_allocated);
    event_code_amounts(codec, &pod->pod_actual);
}

static void code_pod_meta(struct codec *codec, struct pod_object *pod)
{
    uint32_t owner_kind = (uint32_t)pod->owner_kind;
    codec_i64(codec, &pod->created_unix_s);
    CODEC_ARRAY(codec, pod->labels, pod->label_count, OBJECT_LABELS_MAX);
    event_code_labels(codec, pod->labels, pod->label_count);
    CODEC_ARRAY(codec, pod->annotation_hashes, pod->annotation_count, OBJECT_ANNOTATIONS_MAX);
    for (uint32_t i = 0; i < pod->annotation_count; i++)
        codec_u64(codec, &pod->annotation_hashes[i]);
    codec_str(codec, &pod->assignment.policy);
    codec_str(codec, &pod->assignment.unit);
    codec_str(codec, &pod->deletion_cost);
    codec_str(codec, &pod->deletion_cost_owner);
    codec_bool(codec, &pod->has_deletion_cost);
    codec_uid(codec, &pod->owner_uid);
    codec_below(codec, &owner_kind, OWNER_OTHER + 1);
    pod->owner_kind = (enum owner_kind)owner_kind;
}

static void code_pod(struct codec *codec, struct pod_object *pod)
{
    codec_str(codec, &pod->name);
    codec_str(codec, &pod->namespace);
    codec_str(codec, &pod->uid_text);
    codec_str(codec, &pod->resource_version);
    codec_symbol(codec, &pod->namespace_sym);
    codec_uid(codec, &pod->uid);
    codec_i64(codec, &pod->generation);
    codec_bool(codec, &pod->is_deleting);
    code_pod_meta(codec, pod);
    code_pod_spec(codec, pod);
    code_pod_status(codec, pod);
    codec_str(codec, &pod->problem);
}

/* ---- nodes ---- */

static void code_images(struct codec *codec, struct node_object *node)
{
    CODEC_ARRAY(codec, node->images, node->image_count, OBJECT_IMAGES_MAX);
    for (uint32_t i = 0; i < node->image_count; i++) {
        struct image_object image = node->images[i];
        CODEC_ARRAY(codec, image.name_syms, image.name_count, OBJECT_VALUES_MAX);
        for (uint32_t j = 0; j < image.name_count; j++)
            codec_symbol(codec, &image.name_syms[j]);
        codec_i64(codec, &image.size_bytes);
        if (codec_is_reading(codec))
            node->images[i] = image;
    }
}

static void code_node(struct codec *codec, struct node_object *node)
{
    codec_str(codec, &node->name);
    codec_str(codec, &node->uid_text);
    codec_str(codec, &node->resource_version);
    codec_symbol(codec, &node->name_sym);
    codec_uid(codec, &node->uid);
    codec_bool(codec, &node->is_unschedulable);
    CODEC_ARRAY(codec, node->labels.items, node->labels.count, OBJECT_LABELS_MAX);
    event_code_labels(codec, node->labels.items, node->labels.count);
    CODEC_ARRAY(codec, node->taints.items, node->taints.count, OBJECT_TAINTS_MAX);
    for (uint32_t i = 0; i < node->taints.count; i++) {
        codec_symbol(codec, &node->taints.items[i].key_sym);
        codec_symbol(codec, &node->taints.items[i].value_sym);
        codec_below(codec, &node->taints.items[i].effect, TAINT_UNKNOWN_EFFECT + 1);
    }
    event_code_amounts(codec, &node->allocatable);
    code_images(codec, node);
    codec_str(codec, &node->problem);
}

/* ---- events ---- */

void pod_ref_codec(struct codec *codec, struct pod_ref *ref)
{
    codec_symbol(codec, &ref->namespace_sym);
    codec_str(codec, &ref->name);
    codec_uid(codec, &ref->uid);
}

static void code_reply(struct codec *codec, struct reply *reply)
{
    uint32_t outcome = (uint32_t)reply->outcome;
    pod_ref_codec(codec, &reply->pod);
    codec_below(codec, &outcome, OUTCOME_COUNT);
    reply->outcome = (enum outcome)outcome;
    codec_i32(codec, &reply->http_status);
    codec_str(codec, &reply->message);
}

enum content {
    CONTENT_NONE,
    CONTENT_NODE,
    CONTENT_POD,
    CONTENT_POLICY,
    CONTENT_BUDGET,
    CONTENT_OWNER,
    CONTENT_REPLY,
    CONTENT_REPLY_AND_POD
};

/* One more than the largest `source` of an event of the kind; 0: it has none. */
static uint32_t source_limit(enum event_kind kind)
{
    if (kind >= EVENT_POLICY_LIST_BEGIN && kind <= EVENT_POLICY_GONE)
        return POLICY_SOURCE_COUNT;
    if (kind >= EVENT_OWNER_LIST_BEGIN && kind <= EVENT_OWNER_GONE)
        return OWNER_OTHER + 1;
    return 0;
}

/* What an event of the kind points to. */
static enum content content_of(enum event_kind kind, const struct reply *reply)
{
    switch (kind) {
    case EVENT_NODE_SEEN:
    case EVENT_NODE_GONE:
        return CONTENT_NODE;
    case EVENT_POD_SEEN:
    case EVENT_POD_GONE:
        return CONTENT_POD;
    case EVENT_POLICY_SEEN:
    case EVENT_POLICY_GONE:
        return CONTENT_POLICY;
    case EVENT_BUDGET_SEEN:
    case EVENT_BUDGET_GONE:
        return CONTENT_BUDGET;
    case EVENT_OWNER_SEEN:
    case EVENT_OWNER_GONE:
        return CONTENT_OWNER;
    case EVENT_POD_READ:
        return reply && reply->outcome == OUTCOME_DONE ? CONTENT_REPLY_AND_POD : CONTENT_REPLY;
    case EVENT_BIND_REPLY:
    case EVENT_STATUS_REPLY:
    case EVENT_EVICT_REPLY:
    case EVENT_POLICY_STATUS_REPLY:
        return CONTENT_REPLY;
    case EVENT_NODE_LIST_BEGIN:
    case EVENT_NODE_LIST_END:
    case EVENT_POD_LIST_BEGIN:
    case EVENT_POD_LIST_END:
    case EVENT_POLICY_LIST_BEGIN:
    case EVENT_POLICY_LIST_END:
    case EVENT_BUDGET_LIST_BEGIN:
    case EVENT_BUDGET_LIST_END:
    case EVENT_OWNER_LIST_BEGIN:
    case EVENT_OWNER_LIST_END:
        return CONTENT_NONE;
    case EVENT_KIND_COUNT:
        break;
    }
    CHECK_NEVER("a known event kind");
}

static void write_pod(struct codec *codec, const struct pod_object *pod)
{
    struct pod_object copy = *pod;
    code_pod(codec, &copy);
}

static void write_node(struct codec *codec, const struct node_object *node)
{
    struct node_object copy = *node;
    code_node(codec, &copy);
}

static void write_policy(struct codec *codec, const struct policy_object *policy)
{
    struct policy_object copy = *policy;
    event_code_policy(codec, &copy);
}

static void write_budget(struct codec *codec, const struct budget_object *budget)
{
    struct budget_object copy = *budget;
    event_code_budget(codec, &copy);
}

static void write_owner(struct codec *codec, const struct owner_object *owner)
{
    struct owner_object copy = *owner;
    event_code_owner(codec, &copy);
}

static void write_reply(struct codec *codec, const struct reply *reply)
{
    struct reply copy = *reply;
    code_reply(codec, &copy);
}

void event_write(struct codec *codec, const struct event *event)
{
    uint32_t kind = (uint32_t)event->kind, source = event->source;
    codec_below(codec, &kind, EVENT_KIND_COUNT);
    if (source_limit(event->kind) > 0)
        codec_below(codec, &source, source_limit(event->kind));
    const struct reply *read = event->kind == EVENT_POD_READ ? event->reply : NULL;
    switch (content_of(event->kind, read)) {
    case CONTENT_NODE:
        write_node(codec, event->node);
        break;
    case CONTENT_POLICY:
        write_policy(codec, event->policy);
        break;
    case CONTENT_BUDGET:
        write_budget(codec, event->budget);
        break;
    case CONTENT_OWNER:
        write_owner(codec, event->owner);
        break;
    case CONTENT_POD:
        write_pod(codec, event->pod);
        break;
    case CONTENT_REPLY:
        write_reply(codec, event->reply);
        break;
    case CONTENT_REPLY_AND_POD:
        write_reply(codec, event->reply);
        write_pod(codec, event->read_pod);
        break;
    case CONTENT_NONE:
        break;
    }
}

static const struct pod_object *read_pod(struct codec *codec)
{
    struct pod_object *pod = arena_zalloc(codec->arena, 1, sizeof(*pod));
    code_pod(codec, pod);
    return pod;
}

static const struct node_object *read_node(struct codec *codec)
{
    struct node_object *node = arena_zalloc(codec->arena, 1, sizeof(*node));
    code_node(codec, node);
    return node;
}

static const struct policy_object *read_policy(struct codec *codec)
{
    struct policy_object *policy = arena_zalloc(codec->arena, 1, sizeof(*policy));
    event_code_policy(codec, policy);
    return policy;
}

static const struct budget_object *read_budget(struct codec *codec)
{
    struct budget_object *budget = arena_zalloc(codec->arena, 1, sizeof(*budget));
    event_code_budget(codec, budget);
    return budget;
}

static const struct owner_object *read_owner(struct codec *codec)
{
    struct owner_object *owner = arena_zalloc(codec->arena, 1, sizeof(*owner));
    event_code_owner(codec, owner);
    return owner;
}

static const struct reply *read_reply(struct codec *codec)
{
    struct reply *reply = arena_zalloc(codec->arena, 1, sizeof(*reply));
    code_reply(codec, reply);
    return reply;
}

bool event_read(struct codec *codec, struct event *ret_event)
{
    uint32_t kind = 0;
    codec_below(codec, &kind, EVENT_KIND_COUNT);
    struct event event = {.kind = (enum event_kind)kind};
    if (source_limit(event.kind) > 0)
        codec_below(codec, &event.source, source_limit(event.kind));
    switch (content_of(event.kind, NULL)) {
    case CONTENT_NODE:
        event.node = read_node(codec);
        break;
    case CONTENT_POLICY:
        event.policy = read_policy(codec);
        break;
    case CONTENT_BUDGET:
        event.budget = read_budget(codec);
        break;
    case CONTENT_OWNER:
        event.owner = read_owner(codec);
        break;
    case CONTENT_POD:
        event.pod = read_pod(codec);
        break;
    case CONTENT_REPLY:
        event.reply = read_reply(codec);
        if (content_of(event.kind, event.reply) == CONTENT_REPLY_AND_POD)
            event.read_pod = read_pod(codec);
        break;
    case CONTENT_REPLY_AND_POD: /* not before the reply is known */
    case CONTENT_NONE:
        break;
    }
    if (codec->wrong)
        return false;
    *ret_event = event;
    return true;
}
