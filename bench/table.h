/*
 * Server-side printing: the Table that kubectl get shows (meta.k8s.io/v1). Columns and cells are
 * those of kubernetes pkg/printers/internalversion, as far as the kinds here go.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdint.h>

#include "bench/object.h"
#include "model/base/buf.h"

enum table_include { INCLUDE_METADATA, INCLUDE_NONE, INCLUDE_OBJECT };

struct table_view {
    bool alt_form; /* of an object in the row: an event in the words of events.k8s.io/v1 */
    enum table_include include;
    int64_t now_s; /* wall time, for ages */
};

/* Appends the columnDefinitions: [...]. `definition` of a custom kind (crd_find()), else NULL. */
void table_columns(const struct kind *kind, const struct object *definition, struct buf *out);

/* Appends one row: {"cells":[...],"object":{...}}. */
void table_row(const struct object *object, const struct object *definition,
               const struct table_view *view, struct buf *out);

/* "5d", "3m20s", "45s": apimachinery's duration.HumanDuration. */
void table_age(int64_t age_s, char *ret_text, size_t size);

#endif
