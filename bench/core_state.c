#include "bench/core_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "model/base/mem.h"

enum { STATE_BYTES_MAX = 1 << 30, VERSION_BYTES = 24 };

/* ---- lines in order ---- */

struct lines {
    struct buf text; /* each ends with a NUL */
    size_t count;
};

static int compare_lines(const void *a, const void *b)
{
    const char *first, *second;
    memcpy(&first, a, sizeof(first));
    memcpy(&second, b, sizeof(second));
    return strcmp(first, second);
}

static void lines_print(const struct lines *lines, FILE *out)
{
    const char **sorted = mem_zalloc(lines->count > 0 ? lines->count : 1, sizeof(*sorted));
    const char *at = lines->text.data;
    CHECK(!buf_overflowed(&lines->text));
    for (size_t i = 0; i < lines->count; i++) {
        sorted[i] = at;
        at += strlen(at) + 1;
    }
    qsort(sorted, lines->count, sizeof(*sorted), compare_lines);
    for (size_t i = 0; i < lines->count; i++)
        (void)fprintf(out, "%s\n", sorted[i]);
    free(sorted);
}

static void line_end(struct lines *lines)
{
    (void)buf_add(&lines->text, "", 1);
    lines->count++;
}

/* ---- what a line says ---- */

static const char *version_text(uint64_t version, char text[VERSION_BYTES])
{
    bool is_number = version <= INT64_MAX; /* cluster_version() */
    (void)snprintf(text, VERSION_BYTES, "%" PRIu64, version);
    return is_number ? text : "?";
}

static void add_amounts(struct buf *text, const struct cluster *cluster, uint32_t slot)
{
    const struct node_table *nodes = &cluster->nodes;
    for (uint32_t i = 0; i < nodes->column_count; i++) {
        const struct resource_column *column = &nodes->columns[i];
        if (column->allocatable[slot] != 0 || column->used[slot] != 0)
            (void)buf_printf(text, " %s=%" PRId64 "/%" PRId64,
                             symbol_text(cluster->symbols, column->name_sym), column->used[slot],
                             column->allocatable[slot]);
    }
}

static void add_node(struct lines *lines, const struct cluster *cluster, const struct node *node)
{
    char uid[UID_TEXT_BYTES], version[VERSION_BYTES];
    (void)uid_format(cluster->symbols, node->uid, uid);
    (void)buf_printf(&lines->text, "node %s %s %s", symbol_text(cluster->symbols, node->name_sym),
                     node->is_present ? uid : "-",
                     node->is_present ? version_text(node->resource_version, version) : "gone");
    add_amounts(&lines->text, cluster, node->slot);
    line_end(lines);
}

static void add_pod(struct lines *lines, const struct cluster *cluster, const struct pod *pod)
{
    static const char *const places[] = {
        [POD_PENDING] = "waiting",
        [POD_ASSUMED] = "assumed",
        [POD_BOUND] = "bound",
    };
    char uid[UID_TEXT_BYTES], version[VERSION_BYTES];
    const struct node *node =
        pod->node_slot == NODE_SLOT_NONE ? NULL : cluster->nodes.nodes[pod->node_slot];
    (void)uid_format(cluster->symbols, pod->uid, uid);
    (void)buf_printf(&lines->text, "pod %s/%s %s %s %s %s",
                     symbol_text(cluster->symbols, pod->namespace_sym), pod->name, uid,
                     version_text(pod->resource_version, version), places[pod->place],
                     node ? symbol_text(cluster->symbols, node->name_sym) : "-");
    line_end(lines);
}

void core_state_print(const struct cluster *cluster, FILE *out)
{
    struct lines nodes = {0}, pods = {0};
    buf_init(&nodes.text, STATE_BYTES_MAX);
    buf_init(&pods.text, STATE_BYTES_MAX);
    for (uint32_t slot = 0; slot < cluster->nodes.slot_count; slot++) {
        if (cluster->nodes.nodes[slot])
            add_node(&nodes, cluster, cluster->nodes.nodes[slot]);
    }
    const struct pod *pod;
    for (size_t position = 0; (pod = cluster_next_pod(cluster, &position));)
        add_pod(&pods, cluster, pod);
    lines_print(&nodes, out);
    lines_print(&pods, out);
    buf_fini(&nodes.text);
    buf_fini(&pods.text);
}
