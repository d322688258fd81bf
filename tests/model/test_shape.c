/* The shared part of pods: what goes in comes out, whatever the sizes of the lists. */
#include <criterion/criterion.h>

#include "model/names.h"
#include "model/object.h"
#include "model/shape.h"

/* As many terms, requirements and values as an object may have, and a few. */
static const uint32_t sizes[] = {1, 2, 3, 16, 17, 18, 64};

static void fill(struct requirement *requirements, uint32_t count, uint32_t *values,
                 uint32_t value_count)
{
    for (uint32_t i = 0; i < count; i++)
        requirements[i] = (struct requirement){.key_sym = NAME_CPU + i,
                                               .op = SELECTOR_IN,
                                               .value_count = value_count,
                                               .value_syms = values};
}

static void check_terms(struct shape_table *table, uint32_t term_count, uint32_t requirement_count,
                        uint32_t value_count)
{
    static uint32_t values[256];
    static struct requirement requirements[64];
    static struct node_term terms[64];
    static struct preferred_term preferred[64];
    for (uint32_t i = 0; i < ARRAY_LEN(values); i++)
        values[i] = 100 + i;
    fill(requirements, requirement_count, values, value_count);
    for (uint32_t i = 0; i < term_count; i++) {
        terms[i] = (struct node_term){requirement_count, 1, requirements, requirements};
        preferred[i] = (struct preferred_term){.weight = 5, .term = terms[i]};
    }
    struct container_object container = {.name = STR("c")};
    const struct pod_object pod = {.containers = &container,
                                   .container_count = 1,
                                   .has_required_terms = true,
                                   .required_terms = terms,
                                   .required_term_count = term_count,
                                   .preferred_terms = preferred,
                                   .preferred_term_count = term_count};
    struct shape *shape = shape_intern(table, &pod);
    cr_assert_eq(shape->required_term_count, term_count);
    cr_assert_eq(shape->preferred_term_count, term_count);
    const struct node_term *last = &shape->preferred_terms[term_count - 1].term;
    cr_assert_eq(last->expression_count, requirement_count);
    const struct requirement *requirement = &last->expressions[requirement_count - 1];
    cr_assert_eq(requirement->key_sym, NAME_CPU + requirement_count - 1);
    cr_assert_eq(requirement->value_count, value_count);
    cr_assert_eq(requirement->value_syms[value_count - 1], 100 + value_count - 1);
    shape_unref(table, shape);
}

Test(shape, holds_terms_of_every_size)
{
    struct symbols *symbols = names_symbols_new(7);
    struct shape_table table;
    shape_table_init(&table, symbols, 7);
    for (size_t t = 0; t < ARRAY_LEN(sizes); t++)
        for (size_t r = 0; r < ARRAY_LEN(sizes); r++)
            for (size_t v = 0; v < ARRAY_LEN(sizes); v++)
                check_terms(&table, sizes[t], sizes[r], sizes[v]);
    shape_table_fini(&table);
    symbols_free(symbols);
}
