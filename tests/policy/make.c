#include "tests/policy/make.h"

#include <stdlib.h>

void make_init(struct make *make)
{
    *make = (struct make){.symbols = names_symbols_new(7)};
    arena_init(&make->arena);
    unit_types_presets(&make->types, make->symbols);
}

void make_fini(struct make *make)
{
    unit_types_fini(&make->types);
    arena_fini(&make->arena);
    symbols_free(make->symbols);
}

uint32_t make_sym(struct make *make, const char *text)
{
    return symbol_intern(make->symbols, str_from(text));
}

/* Takes what stands before `mark` (or the end) off the text. */
static struct str take(const char **text, const char *marks)
{
    struct str part = {*text, strcspn(*text, marks)};
    *text += part.len;
    *text += **text != '\0';
    return part;
}

struct label *make_labels(struct make *make, const char *text, uint32_t *ret_count)
{
    struct label *labels = arena_zalloc(&make->arena, strlen(text) + 1, sizeof(*labels));
    for (*ret_count = 0; *text; (*ret_count)++) {
        labels[*ret_count].key_sym = symbol_intern(make->symbols, take(&text, "="));
        labels[*ret_count].value_sym = symbol_intern(make->symbols, take(&text, ","));
    }
    return labels;
}

struct requirement make_requirement(struct make *make, const char *key, enum selector_op op,
                                    const char *values)
{
    struct requirement made = {.key_sym = make_sym(make, key), .op = op};
    made.value_syms = arena_zalloc(&make->arena, strlen(values) + 1, sizeof(uint32_t));
    while (*values)
        made.value_syms[made.value_count++] = symbol_intern(make->symbols, take(&values, ","));
    qsort(made.value_syms, made.value_count, sizeof(uint32_t), symbol_compare);
    return made;
}

struct policy_object make_policy(struct make *make, const char *name, uint32_t unit_count)
{
    struct policy_object object = {
        .meta = {.name = str_from(name),
                 .namespace = STR("default"),
                 .namespace_sym = make_sym(make, "default"),
                 .uid = {1, make_sym(make, name)},
                 .generation = 1,
                 .created_unix_s = 1000},
        .has_units = true,
        .unit_count = unit_count,
        .units = arena_zalloc(&make->arena, unit_count, sizeof(struct unit_object)),
    };
    object.selector = make_labels(make, "app=web", &object.selector_count);
    return object;
}

struct policy *make_parse(struct make *make, const struct policy_object *object)
{
    struct policy *policy = policy_parse(object, &make->types, make->symbols, NULL);
    CHECK(policy);
    return policy;
}
