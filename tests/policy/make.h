/* Objects as the decoder hands them out, written short. */
#ifndef TESTS_POLICY_MAKE_H
#define TESTS_POLICY_MAKE_H

#include "model/base/arena.h"
#include "model/names.h"
#include "policy/policy.h"
#include "policy/unit_presets.h"

/* Everything one object needs; the arrays live in the arena. */
struct make {
    struct symbols *symbols;
    struct unit_types types;
    struct arena arena;
};

void make_init(struct make *make);
void make_fini(struct make *make);

uint32_t make_sym(struct make *make, const char *text);

/* "a=b,c=d" as labels in that order. */
struct label *make_labels(struct make *make, const char *text, uint32_t *ret_count);

/* op and values "a,b" of one expression. */
struct requirement make_requirement(struct make *make, const char *key, enum selector_op op,
                                    const char *values);

/* A policy default/`name` that selects "app=web", with room for units. */
struct policy_object make_policy(struct make *make, const char *name, uint32_t unit_count);

/* CHECKs that it is good. */
struct policy *make_parse(struct make *make, const struct policy_object *object);

#endif
