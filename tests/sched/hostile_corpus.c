#include "tests/sched/hostile_corpus.h"

#include <stdio.h>
#include <string.h>

#include "model/base/check.h"

void hostile_begin(struct hostile *hostile, enum decode_kind kind, enum hostile_fate fate,
                   const char *says)
{
    hostile->kind = kind;
    hostile->source = DECODE_WATCH;
    hostile->fate = fate;
    (void)snprintf(hostile->says, sizeof(hostile->says), "%s", says);
    buf_init(&hostile->text, HOSTILE_TEXT_BYTES_MAX);
}

/* Puts the object into a list or a frame. */
static void wrap(struct hostile *hostile)
{
    static const char *const before[] = {
        [DECODE_LIST] = "{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[",
        [DECODE_WATCH] = "{\"type\":\"ADDED\",\"object\":",
        [DECODE_OBJECT] = "",
    };
    static const char *const after[] = {
        [DECODE_LIST] = "]}", [DECODE_WATCH] = "}\n", [DECODE_OBJECT] = ""};
    struct buf whole;
    buf_init(&whole, HOSTILE_TEXT_BYTES_MAX);
    (void)buf_add_str(&whole, before[hostile->source]);
    (void)buf_add(&whole, hostile->text.data, hostile->text.len);
    (void)buf_add_str(&whole, after[hostile->source]);
    buf_fini(&hostile->text);
    hostile->text = whole;
}

void hostile_end(struct hostile *hostile, const struct hostile_visitor *visitor, bool is_object)
{
    if (is_object) {
        /* by the length of the text: any rule does that takes each source often */
        hostile->source = (enum decode_source)(hostile->text.len % 3);
        wrap(hostile);
    }
    CHECK(!buf_overflowed(&hostile->text));
    visitor->visit(visitor->ctx, hostile);
    buf_fini(&hostile->text);
}

/* ---- the object around one value ---- */

enum { PATH_STEPS_MAX = 16, STEP_BYTES = 128 };

struct step {
    bool is_item; /* the first of an array */
    char key[STEP_BYTES];
};

static uint32_t split_path(const char *path, struct step steps[PATH_STEPS_MAX])
{
    uint32_t count = 0;
    while (*path != '\0') {
        CHECK(count < PATH_STEPS_MAX);
        struct step *step = &steps[count++];
        step->is_item = path[0] == '[' && path[1] != '"';
        size_t len;
        if (strncmp(path, "[\"", 2) == 0) {
            path += 2;
            len = strcspn(path, "\"");
            (void)snprintf(step->key, sizeof(step->key), "%.*s", (int)len, path);
            path += len + 2;
        } else if (step->is_item) {
            step->key[0] = '\0';
            path += strcspn(path, "]") + 1;
        } else {
            path += *path == '.';
            len = strcspn(path, ".[");
            (void)snprintf(step->key, sizeof(step->key), "%.*s", (int)len, path);
            path += len;
        }
    }
    return count;
}

/* "key":{"key":[value]} by the steps from `first` on. */
static void add_nested(struct buf *text, const struct step *steps, uint32_t count, uint32_t first,
                       const char *value)
{
    for (uint32_t i = first; i < count; i++) {
        if (i > first)
            (void)buf_add_str(text, steps[i].is_item ? "[" : "{");
        if (!steps[i].is_item)
            (void)buf_printf(text, "\"%s\":", steps[i].key);
    }
    (void)buf_add_str(text, value);
    for (uint32_t i = count; i-- > first + 1;)
        (void)buf_add_str(text, steps[i].is_item ? "]" : "}");
}

/* What a good object has, by section; members that the path brings itself are left out. */
static const struct {
    enum decode_kind kind;
    const char *section, *key, *text;
} good_members[] = {
    {DECODE_POD, "", "kind", "\"Pod\""},
    {DECODE_POD, "metadata", "name", "\"odd\""},
    {DECODE_POD, "metadata", "namespace", "\"shop\""},
    {DECODE_POD, "metadata", "uid", "\"00000000-0000-0000-0000-000000000066\""},
    {DECODE_POD, "metadata", "resourceVersion", "\"66\""},
    {DECODE_POD, "spec", "schedulerName", "\"spillway\""},
    {DECODE_NODE, "", "kind", "\"Node\""},
    {DECODE_NODE, "metadata", "name", "\"odd\""},
    {DECODE_NODE, "metadata", "uid", "\"00000000-0000-0000-0000-000000000077\""},
    {DECODE_NODE, "metadata", "resourceVersion", "\"77\""},
    {DECODE_NODE, "status", "allocatable",
     "{\"cpu\":\"4000\",\"memory\":\"64Ti\",\"pods\":\"1000\"}"},
};

static void add_comma(struct buf *text)
{
    if (text->len > 0 && text->data[text->len - 1] != '{')
        (void)buf_add_str(text, ",");
}

static void add_section(struct hostile *hostile, const char *section, const char *own_key)
{
    for (size_t i = 0; i < ARRAY_LEN(good_members); i++) {
        if (good_members[i].kind != hostile->kind ||
            strcmp(good_members[i].section, section) != 0 ||
            strcmp(good_members[i].key, own_key) == 0)
            continue;
        add_comma(&hostile->text);
        (void)buf_printf(&hostile->text, "\"%s\":%s", good_members[i].key, good_members[i].text);
    }
}

void hostile_add_at(struct hostile *hostile, const char *path, const char *value)
{
    static const char *const sections[] = {"metadata", "spec", "status"};
    struct step steps[PATH_STEPS_MAX];
    struct buf *text = &hostile->text;
    uint32_t count = split_path(path, steps);
    CHECK(count > 0);
    const char *top = steps[0].key;
    bool is_inside = false;
    (void)buf_add_str(text, "{");
    add_section(hostile, "", top);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        bool is_on_path = strcmp(sections[i], top) == 0;
        if (is_on_path && count == 1)
            continue; /* the value is the section */
        add_comma(text);
        (void)buf_printf(text, "\"%s\":{", sections[i]);
        add_section(hostile, sections[i], is_on_path ? steps[1].key : "");
        if (is_on_path) {
            add_comma(text);
            add_nested(text, steps, count, 1, value);
            is_inside = true;
        }
        (void)buf_add_str(text, "}");
    }
    if (!is_inside) {
        add_comma(text);
        add_nested(text, steps, count, 0, value);
    }
    (void)buf_add_str(text, "}");
}

void hostile_emit_at(const struct hostile_visitor *visitor, struct hostile *hostile,
                     const char *path, const char *value)
{
    char says[sizeof(hostile->says)];
    (void)snprintf(says, sizeof(says), "%s", hostile->says);
    hostile_begin(hostile, hostile->kind, hostile->fate, says);
    hostile_add_at(hostile, path, value);
    hostile_end(hostile, visitor, true);
}
