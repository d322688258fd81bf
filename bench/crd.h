/*
 * CustomResourceDefinitions: the switch by which the two ResourcePolicy kinds are installed or not.
 * A custom kind is served while an object "PLURAL.GROUP" of kind CustomResourceDefinition is there;
 * kubectl apply of a manifest installs it, kubectl delete takes it and its objects away. Only kinds
 * of the table (kind.h) can be served. No schema is checked: that is the real apiserver's part.
 */
#ifndef BENCH_CRD_H
#define BENCH_CRD_H

#include <jansson.h>

#include "bench/store.h"

/* The definition of a custom kind, NULL while it is not installed. Lent. */
const struct object *crd_find(const struct store *store, const struct kind *kind);

/* True for all kinds that need no definition. */
bool crd_serves(const struct store *store, const struct kind *kind);

/* Creates the definition of a custom kind with the names and printer columns that its manifest has.
 * False when it is there already. */
NODISCARD bool crd_install(struct store *store, enum kind_id kind, struct api_status *ret_status);

/* Which kind of ours a definition defines; NULL for any other. */
const struct kind *crd_defines(const struct object *definition);

/* Checks a definition that is to be created. One that names a kind of ours is Established at once;
 * any other never is. */
bool crd_admit(json_t *definition, struct api_status *ret_status);

#endif
