#include "model/unit_type.h"

#include <stdlib.h>

static void requirements_free(struct requirement *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(items[i].value_syms);
    free(items);
}

void unit_type_fini(struct unit_type *type)
{
    for (uint32_t i = 0; i < type->term_count; i++) {
        requirements_free(type->terms[i].expressions, type->terms[i].expression_count);
        requirements_free(type->terms[i].fields, type->terms[i].field_count);
    }
    free(type->terms);
    free(type->tolerations);
    free(type->labels);
    *type = (struct unit_type){0};
}
