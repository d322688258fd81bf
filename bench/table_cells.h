/* The cells of printed tables: each appends one JSON value. Used by table.c only. */
#ifndef BENCH_TABLE_CELLS_H
#define BENCH_TABLE_CELLS_H

#include <jansson.h>

#include "bench/object.h"
#include "model/base/buf.h"

struct row {
    const struct object *object;
    const json_t *json; /* the whole object */
    int64_t now_s;
};

/* `path`: what the column's row of the table says. */
typedef void cell(const struct row *row, const char *path, struct buf *out);

cell cell_name, cell_age;
cell cell_plain;   /* the text at the path, "" when absent */
cell cell_text;    /* the same, "<none>" when absent */
cell cell_unknown; /* the same, "<unknown>" when absent */
cell cell_number;  /* 0 when absent */
cell cell_any;     /* a number or text, "N/A" when absent */
cell cell_pod_ready, cell_pod_status, cell_pod_restarts;
cell cell_node_status, cell_node_roles, cell_node_address;
cell cell_event_last, cell_event_first, cell_event_object, cell_event_source, cell_event_count;
cell cell_deployment_ready, cell_containers, cell_selector, cell_data_count;

#endif
