/*
 * Printed columns of custom kinds: the additionalPrinterColumns of their definition, as
 * apiextensions-apiserver's tableconvertor shows them. Used by table.c only.
 */
#ifndef BENCH_TABLE_CUSTOM_H
#define BENCH_TABLE_CUSTOM_H

#include "bench/table_cells.h"

/* Appends the columnDefinitions behind the one of the name, each with a comma before it. */
void custom_columns(const struct object *definition, struct buf *out);

/* Appends the cells likewise. A path is of names, [n] and [?(@.name=="text")]; what it does not
 * find is null. */
void custom_cells(const struct object *definition, const struct row *row, struct buf *out);

#endif
