#include <stdio.h>

#include "model/decode_state.h"

/* ---- names ---- */

static const struct {
    const char *kinds[2]; /* as the apiserver writes them */
    const char *sources[DECODE_OBJECT + 1];
} names[DECODE_KIND_COUNT] = {
    [DECODE_POD] = {{"Pod"}, {"pod list", "pod watch", "pod"}},
    [DECODE_NODE] = {{"Node"}, {"node list", "node watch", "node"}},
    [DECODE_POLICY] = {{"ResourcePolicy"}, {"policy list", "policy watch", "policy"}},
    [DECODE_BUDGET] = {{"PodDisruptionBudget"}, {"budget list", "budget watch", "budget"}},
    [DECODE_OWNER] = {{"ReplicaSet", "StatefulSet"}, {"owner list", "owner watch", "owner"}},
};

const char *decode_source_name(const struct decoder *decoder)
{
    return names[decoder->kind].sources[decoder->source];
}

bool decode_kind_fits(struct decoder *decoder, struct str kind, bool is_list)
{
    const char *const *kinds = names[decoder->kind].kinds, *suffix = is_list ? "List" : "";
    if (kind.len == 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(names[0].kinds) && kinds[i]; i++) {
        size_t len = strlen(kinds[i]);
        if (str_starts(kind, kinds[i]) &&
            str_is((struct str){kind.ptr + len, kind.len - len}, suffix))
            return true;
    }
    char what[DECODE_WRONG_BYTES];
    size_t shown = kind.len < DECODE_VALUE_SHOWN_BYTES ? kind.len : DECODE_VALUE_SHOWN_BYTES;
    (void)snprintf(what, sizeof(what), "expected kind %s%s%s%s%s, found %.*s", kinds[0], suffix,
                   kinds[1] ? " or " : "", kinds[1] ? kinds[1] : "", kinds[1] ? suffix : "",
                   (int)shown, kind.ptr);
    decode_fail(decoder, what);
    return false;
}

/* ---- what derives from several fields ---- */

/* A problem with the object as a whole, noted behind its last byte. */
static void wrong_object(struct decoder *decoder, const char *path, const char *what)
{
    if (decoder->has_problem)
        return;
    decoder->has_problem = true;
    (void)snprintf(decoder->path, sizeof(decoder->path), "%s", path);
    (void)snprintf(decoder->wrong, sizeof(decoder->wrong), "%s", what);
}

/* Names are the last to be interned: with a full table an object has no names but a problem. */
static uint32_t intern_name(struct decoder *decoder, struct str name, const char *path)
{
    uint32_t symbol = symbol_intern(decoder->symbols, name);
    if (symbol != SYM_FULL)
        return symbol;
    wrong_object(decoder, path,
                 "cannot be stored: the table of names is full, restart the scheduler");
    return SYM_EMPTY;
}

static void read_uid(struct decoder *decoder, struct str text, struct uid *ret_uid)
{
    if (!uid_parse(decoder->symbols, text, ret_uid))
        wrong_object(decoder, "metadata.uid", "cannot be stored: it is no UID of the apiserver");
}

static void check_whole(struct decoder *decoder, struct str name)
{
    uint64_t bytes = lexer_offset(&decoder->lexer) - decoder->draft_offset;
    if (bytes > DECODE_OBJECT_BYTES_MAX) {
        char what[96];
        (void)snprintf(what, sizeof(what), "is %llu bytes of text: shorten it to at most %d",
                       (unsigned long long)bytes, DECODE_OBJECT_BYTES_MAX);
        wrong_object(decoder, "the object", what);
    }
    if (name.len == 0)
        wrong_object(decoder, "metadata.name", "is not there: an object has to have a name");
}

/* "namespace/name: path: what"; the parts are bounded, what does not fit is cut. */
static struct str make_problem(struct decoder *decoder, struct str namespace, struct str name)
{
    if (!decoder->has_problem)
        return (struct str){0};
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, 8 * OBJECT_PROBLEM_BYTES);
    decode_add_shown(&text, namespace, 63);
    if (namespace.len > 0)
        (void)buf_add_str(&text, "/");
    decode_add_shown(&text, name, 253);
    if (name.len > 0)
        (void)buf_add_str(&text, ": ");
    (void)buf_printf(&text, "%s: %s", decoder->path, decoder->wrong);
    struct str problem = buf_str(&text);
    if (problem.len >= OBJECT_PROBLEM_BYTES)
        problem.len = OBJECT_PROBLEM_BYTES - 1;
    return arena_copy(&decoder->arena, problem);
}

static void read_owner(struct decoder *decoder, struct pod_object *pod)
{
    if (!uid_parse(decoder->symbols, decoder->draft.owner_uid_text, &pod->owner_uid))
        wrong_object(decoder, "metadata.ownerReferences",
                     "cannot be stored: a uid is no UID of the apiserver");
}

static uint32_t ports_needed(const struct container_object *containers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (containers[i].port_count > 0)
            return 1U << HOST_NEED_PORT;
    return 0;
}

static void finish_pod(struct decoder *decoder)
{
    const struct draft *draft = &decoder->draft;
    struct pod_object *pod = &decoder->draft.pod;
    if (draft->pod_affinity_count > 0)
        pod->features |= 1U << FEATURE_POD_AFFINITY;
    if (draft->anti_affinity_count > 0)
        pod->features |= 1U << FEATURE_POD_ANTI_AFFINITY;
    if (draft->claim_count > 0)
        pod->features |= 1U << FEATURE_RESOURCE_CLAIM;
    pod->host_needs |= ports_needed(pod->containers, pod->container_count) |
                       ports_needed(pod->init_containers, pod->init_container_count);
    pod->has_deletion_cost = pod->deletion_cost.ptr != NULL;
    read_uid(decoder, pod->uid_text, &pod->uid);
    read_owner(decoder, pod);
    pod->namespace_sym = intern_name(decoder, pod->namespace, "metadata.namespace");
    check_whole(decoder, pod->name);
    pod->problem = make_problem(decoder, pod->namespace, pod->name);
}

static void finish_node(struct decoder *decoder)
{
    struct node_object *node = &decoder->draft.node;
    read_uid(decoder, node->uid_text, &node->uid);
    node->name_sym = intern_name(decoder, node->name, "metadata.name");
    check_whole(decoder, node->name);
    node->problem = make_problem(decoder, (struct str){0}, node->name);
}

/* The problem of a policy, a budget or an owner. */
static struct str finish_meta(struct decoder *decoder)
{
    struct object_meta *meta = &decoder->draft.meta;
    read_uid(decoder, meta->uid_text, &meta->uid);
    meta->namespace_sym = intern_name(decoder, meta->namespace, "metadata.namespace");
    check_whole(decoder, meta->name);
    return make_problem(decoder, meta->namespace, meta->name);
}

/* ---- delivery ---- */

void decode_deliver(struct decoder *decoder, enum decode_verb verb)
{
    const struct decode_handler *handler = &decoder->handler;
    struct draft *draft = &decoder->draft;
    if (!decode_kind_fits(decoder, draft->kind, false))
        return;
    switch (decoder->kind) {
    case DECODE_POD:
        finish_pod(decoder);
        if (handler->pod)
            handler->pod(handler->ctx, verb, &draft->pod);
        break;
    case DECODE_NODE:
        finish_node(decoder);
        if (handler->node)
            handler->node(handler->ctx, verb, &draft->node);
        break;
    case DECODE_POLICY:
        draft->policy.problem = finish_meta(decoder);
        if (handler->policy)
            handler->policy(handler->ctx, verb, &draft->policy);
        break;
    case DECODE_BUDGET:
        draft->budget.problem = finish_meta(decoder);
        if (handler->budget)
            handler->budget(handler->ctx, verb, &draft->budget);
        break;
    case DECODE_OWNER:
        draft->owner.problem = finish_meta(decoder);
        if (handler->owner)
            handler->owner(handler->ctx, verb, &draft->owner);
        break;
    case DECODE_KIND_COUNT:
        CHECK_NEVER("a known kind");
    }
}

static void deliver_bookmark(struct decoder *decoder)
{
    const struct draft *draft = &decoder->draft;
    struct str version = decoder->kind == DECODE_POD    ? draft->pod.resource_version
                         : decoder->kind == DECODE_NODE ? draft->node.resource_version
                                                        : draft->meta.resource_version;
    if (decoder->handler.bookmark)
        decoder->handler.bookmark(decoder->handler.ctx, version, draft->is_initial_events_end);
}

void decode_deliver_event(struct decoder *decoder)
{
    struct str type = decoder->envelope.type;
    if (!decoder->has_draft)
        decode_fail(decoder, "a watch event without an object");
    else if (str_is(type, "ADDED"))
        decode_deliver(decoder, DECODE_ADDED);
    else if (str_is(type, "MODIFIED"))
        decode_deliver(decoder, DECODE_MODIFIED);
    else if (str_is(type, "DELETED"))
        decode_deliver(decoder, DECODE_DELETED);
    else if (str_is(type, "BOOKMARK"))
        deliver_bookmark(decoder);
    else if (!str_is(type, "ERROR"))
        decode_fail(decoder, "a watch event of an unknown type");
    else if (decoder->handler.error)
        decoder->handler.error(decoder->handler.ctx, &decoder->draft.status);
    decoder->has_draft = false;
    decoder->envelope.type = (struct str){0};
    arena_reset(&decoder->outer);
}
