/* What the halves of the event codec share: model/event_codec*.c. Nobody else includes this. */
#ifndef MODEL_EVENT_CODEC_PARTS_H
#define MODEL_EVENT_CODEC_PARTS_H

#include "model/codec.h"
#include "model/object.h"

void event_code_amounts(struct codec *codec, struct amounts *amounts);
void event_code_labels(struct codec *codec, struct label *labels, uint32_t count);
void event_code_requirements(struct codec *codec, struct requirement *items, uint32_t count);
struct node_term event_code_term(struct codec *codec, struct node_term term);
void event_code_tolerations(struct codec *codec, struct toleration *items, uint32_t count);

void event_code_policy(struct codec *codec, struct policy_object *policy);
void event_code_budget(struct codec *codec, struct budget_object *budget);
void event_code_owner(struct codec *codec, struct owner_object *owner);

#endif
