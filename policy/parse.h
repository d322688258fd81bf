/* What the files that read a policy_object share; nobody else includes this. */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include "policy/policy.h"

/* One policy in the making. All its arrays come from one block, measured before. */
struct parse {
    const struct policy_object *object;
    const struct unit_types *types;
    struct symbols *symbols;
    struct policy *policy;
    char *next, *end; /* the block's free rest */
    struct err *err;
};

/* From the block. CHECKs that it was measured well. */
void *parse_alloc(struct parse *parse, size_t count, size_t size);

/* Sorted copy, no key twice. */
const struct label *parse_labels(struct parse *parse, const struct label *items, uint32_t count,
                                 uint32_t *ret_count);

/* Index of `text` among the texts, whatever the case; `count` when there is none. */
uint32_t parse_word(struct str text, const char *const *texts, uint32_t count);

/* Both 0, or -EINVAL with the error set; an empty text leaves *ret_ms alone. `path`: "timeout". */
int parse_duration(struct parse *parse, const char *path, struct str text, int64_t *ret_ms);

/* units[index] into policy->units[index]. The policy's own fields are read already. */
int parse_unit(struct parse *parse, uint32_t index, struct policy_unit *unit);

/* The most that units[index] takes of the block. */
size_t parse_unit_bytes(const struct unit_object *unit);

#endif
