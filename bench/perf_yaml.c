#include "bench/perf_yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "model/base/mem.h"
#include "watch/yaml.h"

/* ---- the file ---- */

char *perf_read_file(const char *path, size_t *ret_len, struct err *err)
{
    FILE *in = fopen(path, "re");
    if (!in) {
        (void)err_set(err, errno, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = mem_zalloc(YAML_BYTES_MAX + 2, 1);
    size_t len = fread(text, 1, YAML_BYTES_MAX + 1, in);
    bool failed = ferror(in) != 0;
    (void)fclose(in);
    if (failed || len > YAML_BYTES_MAX) {
        free(text);
        if (failed)
            (void)err_set(err, EIO, "cannot read %s", path);
        else
            (void)err_set(err, EFBIG, "%s is larger than %d MiB", path, YAML_BYTES_MAX >> 20);
        return NULL;
    }
    text[len] = '\0';
    *ret_len = len;
    return mem_resize(text, len + 1, 1);
}

int perf_doc_load(struct perf_doc *doc, const char *path, struct err *err)
{
    *doc = (struct perf_doc){0};
    doc->text = perf_read_file(path, &doc->len, err);
    if (!doc->text)
        return -err->code;
    doc->path = mem_strdup(path);
    doc->root = yaml_to_json((struct str){doc->text, doc->len}, err);
    if (doc->root)
        return 0;
    int rc = err_wrap(err, "%s", path);
    perf_doc_fini(doc);
    return rc;
}

void perf_doc_fini(struct perf_doc *doc)
{
    json_decref(doc->root);
    free(doc->path);
    free(doc->text);
    *doc = (struct perf_doc){0};
}

struct perf_at perf_at_key(const struct perf_at *at, const char *key)
{
    struct perf_at next = *at;
    CHECK(at->count < PERF_STEPS_MAX);
    next.steps[next.count++] = (struct perf_step){key, 0};
    return next;
}

struct perf_at perf_at_index(const struct perf_at *at, size_t index)
{
    struct perf_at next = *at;
    CHECK(at->count < PERF_STEPS_MAX);
    next.steps[next.count++] = (struct perf_step){NULL, index};
    return next;
}

/* ---- where ---- */

/* A list or map that is open. */
struct level {
    bool is_map, awaits_value;
    bool is_ours; /* of a map: the key that waits is the one of the next step */
    size_t index; /* of a list: of the next element */
};

struct walk {
    const struct perf_at *at;
    uint32_t matched; /* steps; the first so many levels are on the way */
    uint32_t line;    /* of the last step that matched */
    struct level levels[YAML_DEPTH_MAX];
    size_t depth;
    bool is_over;
};

/* A key: whether it is that of the next step. */
static void walk_key(struct walk *walk, struct level *level, const yaml_event_t *event)
{
    const struct perf_step *step = &walk->at->steps[walk->matched];
    level->awaits_value = true;
    level->is_ours = walk->depth - 1 == walk->matched && step->key &&
                     event->type == YAML_SCALAR_EVENT &&
                     strcmp((const char *)event->data.scalar.value, step->key) == 0;
    if (level->is_ours)
        walk->line = (uint32_t)event->start_mark.line + 1;
}

/* Whether this value or element is that of the next step. */
static bool walk_matches(struct walk *walk, const yaml_event_t *event)
{
    if (walk->depth == 0)
        return false;
    struct level *level = &walk->levels[walk->depth - 1];
    if (level->is_map) {
        level->awaits_value = false;
        return level->is_ours;
    }
    const struct perf_step *step = &walk->at->steps[walk->matched];
    bool is_ours = walk->depth - 1 == walk->matched && !step->key && level->index == step->index;
    level->index++;
    if (is_ours)
        walk->line = (uint32_t)event->start_mark.line + 1;
    return is_ours;
}

static void walk_node(struct walk *walk, const yaml_event_t *event)
{
    struct level *top = walk->depth > 0 ? &walk->levels[walk->depth - 1] : NULL;
    if (top && top->is_map && !top->awaits_value) {
        walk_key(walk, top, event);
        return;
    }
    if (walk_matches(walk, event))
        walk->matched++;
    bool is_container = event->type != YAML_SCALAR_EVENT;
    walk->is_over = walk->matched == walk->at->count || walk->depth == YAML_DEPTH_MAX ||
                    (!is_container && walk->matched > walk->depth);
    if (is_container && !walk->is_over)
        walk->levels[walk->depth++] =
            (struct level){.is_map = event->type == YAML_MAPPING_START_EVENT};
}

static void walk_event(struct walk *walk, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        walk_node(walk, event);
        return;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        walk->depth -= walk->depth > 0;
        walk->is_over = walk->depth <= walk->matched; /* what was asked for is not in here */
        return;
    case YAML_ALIAS_EVENT:
    case YAML_STREAM_END_EVENT:
        walk->is_over = true;
        return;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return;
    }
}

uint32_t perf_doc_line(const struct perf_doc *doc, const struct perf_at *at)
{
    yaml_parser_t parser;
    struct walk *walk = mem_zalloc(1, sizeof(*walk));
    walk->at = at;
    walk->line = 1;
    walk->is_over = at->count == 0;
    CHECK(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)doc->text, doc->len);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    while (!walk->is_over) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event))
            break;
        walk_event(walk, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    uint32_t line = walk->line;
    free(walk);
    return line;
}

int perf_doc_fail(const struct perf_doc *doc, const struct perf_at *at, struct err *err,
                  const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    return err_set(err, EINVAL, "%s:%u: %s", doc->path, perf_doc_line(doc, at), text);
}
