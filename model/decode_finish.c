#include <stdio.h>

#include "model/decode_state.h"

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

void decode_finish_pod(struct decoder *decoder)
{
    const struct draft *draft = &decoder->draft;
    struct pod_object *pod = &decoder->draft.pod;
    if (draft->pod_affinity_count > 0)
        pod->features |= 1U << FEATURE_POD_AFFINITY;
    if (draft->anti_affinity_count > 0)
        pod->features |= 1U << FEATURE_POD_ANTI_AFFINITY;
    if (draft->claim_count > 0)
        pod->features |= 1U << FEATURE_RESOURCE_CLAIM;
    read_uid(decoder, pod->uid_text, &pod->uid);
    pod->namespace_sym = intern_name(decoder, pod->namespace, "metadata.namespace");
    check_whole(decoder, pod->name);
    pod->problem = make_problem(decoder, pod->namespace, pod->name);
}

void decode_finish_node(struct decoder *decoder)
{
    struct node_object *node = &decoder->draft.node;
    read_uid(decoder, node->uid_text, &node->uid);
    node->name_sym = intern_name(decoder, node->name, "metadata.name");
    check_whole(decoder, node->name);
    node->problem = make_problem(decoder, (struct str){0}, node->name);
}
