/*
 * Events as bytes (model/codec.h): every field of the objects and replies, so that what is read
 * back does to the core what the original did. Used by recordings (model/record.h).
 */
#ifndef MODEL_EVENT_CODEC_H
#define MODEL_EVENT_CODEC_H

#include "model/codec.h"
#include "model/event.h"
#include "model/unit_type.h"

void event_write(struct codec *codec, const struct event *event);

/* False when the bytes are no event; codec->wrong and codec->at say why and where. What
 * *ret_event points to lies in the codec's arena. */
bool event_read(struct codec *codec, struct event *ret_event);

/* Both ways; what is read lies in the codec's arena and is within the limits of unit_type.h. */
void unit_types_codec(struct codec *codec, struct unit_types *types);

void pod_ref_codec(struct codec *codec, struct pod_ref *ref);

#endif
