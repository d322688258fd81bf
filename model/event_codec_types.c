/* Unit types as bytes: they are part of the configuration of a recording. */
#include "model/event_codec.h"
#include "model/event_codec_parts.h"

/* Whoever adds a field: here, and RECORD_VERSION is another one. */
_Static_assert(sizeof(struct unit_type) == 80, "all of a unit type is written and read");

static void code_terms(struct codec *codec, struct unit_type *type)
{
    CODEC_ARRAY(codec, type->terms, type->term_count, UNIT_TYPE_TERMS_MAX);
    for (uint32_t i = 0; i < type->term_count; i++) {
        struct node_term term = event_code_term(codec, type->terms[i]);
        if (codec_is_reading(codec))
            type->terms[i] = term;
    }
}

static struct unit_type code_type(struct codec *codec, struct unit_type type)
{
    codec_symbol(codec, &type.name_sym);
    code_terms(codec, &type);
    CODEC_ARRAY(codec, type.tolerations, type.toleration_count, UNIT_TYPE_TAINTS_MAX);
    event_code_tolerations(codec, type.tolerations, type.toleration_count);
    codec_bool(codec, &type.is_virtual);
    codec_bool(codec, &type.waits);
    codec_bool(codec, &type.obeys_only_max);
    codec_below(codec, &type.refused_needs, 1u << HOST_NEED_COUNT);
    codec_u32(codec, &type.containers_max);
    codec_u32(codec, &type.volumes_max);
    codec_i64(codec, &type.cpu_max_milli);
    codec_below(codec, &type.bind_burst, UNIT_TYPE_BURST_MAX + 1);
    codec_below(codec, &type.bind_per_second, UNIT_TYPE_BURST_MAX + 1);
    CODEC_ARRAY(codec, type.labels, type.label_count, UNIT_TYPE_LABELS_MAX);
    event_code_labels(codec, type.labels, type.label_count);
    return type;
}

void unit_types_codec(struct codec *codec, struct unit_types *types)
{
    codec_below(codec, &types->count, UNIT_TYPES_MAX + 1);
    if (codec_is_reading(codec) && types->count == 0)
        codec_fail(codec, "it has no unit types, not even the first");
    for (uint32_t i = 0; i < types->count; i++) {
        struct unit_type type = code_type(codec, types->items[i]);
        if (codec_is_reading(codec))
            types->items[i] = type;
    }
}
