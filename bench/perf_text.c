#include "bench/perf_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/perf_expression.h"

/* One if that is open. */
struct branch {
    bool is_shown;  /* what stands here is written */
    bool was_shown; /* this branch or one before: the others are not */
    bool is_outer_shown;
    bool had_else;
};

struct renderer {
    struct str text;
    const json_t *env;
    struct buf *out;
    struct err *err;
    size_t at;
    struct branch branches[PERF_TEXT_IFS_MAX];
    size_t depth;
    bool trims_next; /* the action before ended with -}} */
};

static int fail(const struct renderer *renderer, const char *what, struct str where)
{
    size_t line = 1;
    for (size_t i = 0; i < renderer->at && i < renderer->text.len; i++)
        line += renderer->text.ptr[i] == '\n';
    enum { SHOWN = 60 };
    int shown = where.len < SHOWN ? (int)where.len : SHOWN;
    return err_set(renderer->err, EINVAL, "line %zu: %s%s%.*s", line, what, shown > 0 ? ": " : "",
                   shown, where.len > 0 ? where.ptr : "");
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str trim(struct str text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool is_shown(const struct renderer *renderer)
{
    return renderer->depth == 0 || renderer->branches[renderer->depth - 1].is_shown;
}

/* The first word is `word`: the rest of it. */
static bool takes_word(struct str action, const char *word, struct str *ret_rest)
{
    size_t len = strlen(word);
    if (!str_starts(action, word) || (action.len > len && !is_space(action.ptr[len])))
        return false;
    *ret_rest = trim((struct str){action.ptr + len, action.len - len});
    return true;
}

/* ---- actions ---- */

static int evaluate(const struct renderer *renderer, struct str text, json_t **ret_value)
{
    const char *wrong = NULL;
    *ret_value = perf_expression(text, renderer->env, &wrong);
    return *ret_value ? 0 : fail(renderer, wrong, text);
}

static int condition(const struct renderer *renderer, struct str text, bool *ret_holds)
{
    json_t *value = NULL;
    int rc = evaluate(renderer, text, &value);
    if (rc < 0)
        return rc;
    *ret_holds = perf_value_holds(value);
    json_decref(value);
    return 0;
}

static int open_if(struct renderer *renderer, struct str text)
{
    bool is_outer_shown = is_shown(renderer), holds = false;
    if (renderer->depth == PERF_TEXT_IFS_MAX)
        return fail(renderer, "ifs are nested too deep", text);
    int rc = is_outer_shown ? condition(renderer, text, &holds) : 0;
    if (rc < 0)
        return rc;
    renderer->branches[renderer->depth++] =
        (struct branch){.is_shown = holds, .was_shown = holds, .is_outer_shown = is_outer_shown};
    return 0;
}

/* `text` is what follows "else": nothing, or another if. */
static int open_else(struct renderer *renderer, struct str text)
{
    struct str rest;
    if (renderer->depth == 0)
        return fail(renderer, "else without if", text);
    struct branch *branch = &renderer->branches[renderer->depth - 1];
    if (branch->had_else)
        return fail(renderer, "a second else", text);
    bool holds = branch->is_outer_shown && !branch->was_shown;
    if (takes_word(text, "if", &rest)) {
        int rc = holds ? condition(renderer, rest, &holds) : 0;
        if (rc < 0)
            return rc;
    } else if (text.len > 0) {
        return fail(renderer, "else is followed by nothing or by if", text);
    } else {
        branch->had_else = true;
    }
    branch->is_shown = holds;
    branch->was_shown = branch->was_shown || holds;
    return 0;
}

static int write_value(struct renderer *renderer, struct str text)
{
    json_t *value = NULL;
    int rc = evaluate(renderer, text, &value);
    if (rc < 0)
        return rc;
    if (json_is_null(value))
        rc = fail(renderer, "this has no value", text);
    else
        perf_value_print(value, renderer->out);
    json_decref(value);
    return rc;
}

static int act(struct renderer *renderer, struct str action)
{
    static const char *const unknown[] = {"range",    "with",  "define",  "block",
                                          "template", "break", "continue"};
    struct str rest;
    if (str_starts(action, "/*"))
        return 0;
    if (takes_word(action, "if", &rest))
        return open_if(renderer, rest);
    if (takes_word(action, "else", &rest))
        return open_else(renderer, rest);
    if (takes_word(action, "end", &rest)) {
        if (renderer->depth == 0 || rest.len > 0)
            return fail(renderer, "end without if", action);
        renderer->depth--;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        if (takes_word(action, unknown[i], &rest))
            return fail(renderer, "this action is not supported", action);
    return is_shown(renderer) ? write_value(renderer, action) : 0;
}

/* ---- the text ---- */

static void write_text(struct renderer *renderer, struct str text, bool trims_end)
{
    if (renderer->trims_next)
        while (text.len > 0 && is_space(text.ptr[0])) {
            text.ptr++;
            text.len--;
        }
    while (trims_end && text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    if (is_shown(renderer))
        (void)buf_add(renderer->out, text.ptr, text.len);
}

/* From "{{" at renderer->at, behind its "}}". */
static int take_action(struct renderer *renderer, struct str before)
{
    const char *start = renderer->text.ptr + renderer->at + 2;
    size_t left = renderer->text.len - renderer->at - 2;
    const char *end = memmem(start, left, "}}", 2);
    if (!end)
        return fail(renderer, "{{ without }}", (struct str){start, left});
    struct str action = {start, (size_t)(end - start)};
    bool trims_before = action.len > 1 && action.ptr[0] == '-' && is_space(action.ptr[1]);
    bool trims_after =
        action.len > 1 && action.ptr[action.len - 1] == '-' && is_space(action.ptr[action.len - 2]);
    write_text(renderer, before, trims_before);
    if (trims_before)
        action = (struct str){action.ptr + 1, action.len - 1};
    if (trims_after)
        action.len--;
    int rc = act(renderer, trim(action));
    renderer->trims_next = trims_after;
    renderer->at = (size_t)(end - renderer->text.ptr) + 2;
    return rc;
}

bool perf_text_is_template(struct str text)
{
    return text.len > 0 && memmem(text.ptr, text.len, "{{", 2) != NULL;
}

int perf_text_render(struct str text, const json_t *env, struct buf *out, struct err *err)
{
    struct renderer renderer = {.text = text, .env = env, .out = out, .err = err};
    while (renderer.at < text.len) {
        const char *start = text.ptr + renderer.at;
        const char *open = memmem(start, text.len - renderer.at, "{{", 2);
        struct str before = {start, open ? (size_t)(open - start) : text.len - renderer.at};
        renderer.at += before.len;
        if (!open) {
            write_text(&renderer, before, false);
            break;
        }
        int rc = take_action(&renderer, before);
        if (rc < 0)
            return rc;
    }
    if (renderer.depth > 0)
        return fail(&renderer, "if without end", (struct str){0});
    if (buf_overflowed(out))
        return fail(&renderer, "the object is too large", (struct str){0});
    return 0;
}
