#include "watch/yaml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "model/base/check.h"
#include "model/base/mem.h"

enum { KEY_SHOWN_BYTES = 64 };

/* A list or map that is still open. */
struct frame {
    json_t *container; /* borrowed: its parent owns it */
    char *key;         /* a map's key that waits for its value, else NULL */
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    struct frame frames[YAML_DEPTH_MAX];
    size_t depth;
    size_t values;
    json_t *root; /* owned until it is given away */
    struct err *err;
};

static int reader_fail(struct reader *reader, const char *what)
{
    return err_set(reader->err, EINVAL, "line %zu, column %zu: %s",
                   reader->event.start_mark.line + 1, reader->event.start_mark.column + 1, what);
}

/* ---- scalars ---- */

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(text, *words) == 0)
            return true;
    }
    return false;
}

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

/* [-+]? [0-9]+, or 0o17, or 0x1f. */
static bool is_integer(const char *text, int *ret_base)
{
    if (strncmp(text, "0o", 2) == 0 || strncmp(text, "0x", 2) == 0) {
        *ret_base = text[1] == 'o' ? 8 : 16;
        const char *digits = text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF";
        return text[2] && strspn(text + 2, digits) == strlen(text + 2);
    }
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    *ret_base = 10;
    return *digits && *skip_digits(digits) == '\0';
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_real(const char *text)
{
    const char *at = *text == '-' || *text == '+' ? text + 1 : text;
    const char *whole = at;
    at = skip_digits(at);
    size_t digit_count = (size_t)(at - whole);
    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction);
        digit_count += (size_t)(at - fraction);
    }
    if (digit_count == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        const char *exponent = at;
        at = skip_digits(at);
        if (at == exponent)
            return false;
    }
    return *at == '\0';
}

/* NULL when the text is a number that JSON cannot carry. */
static json_t *number_value(const char *text)
{
    int base = 10;
    if (is_integer(text, &base)) {
        errno = 0;
        long long number = strtoll(base == 10 ? text : text + 2, NULL, base);
        if (errno == 0)
            return json_integer(number);
        if (base != 10)
            return NULL;
    }
    return json_real(strtod(text, NULL)); /* NULL for what overflowed to infinity */
}

/* A plain scalar by the core schema. */
static int plain_value(struct reader *reader, const char *text, json_t **ret_value)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const no_numbers[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                             "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
                                             ".NaN",  ".NAN",  NULL};
    int base;
    if (is_one_of(text, nulls))
        *ret_value = json_null();
    else if (is_one_of(text, trues))
        *ret_value = json_true();
    else if (is_one_of(text, falses))
        *ret_value = json_false();
    else if (is_one_of(text, no_numbers))
        return reader_fail(reader, "infinity and NaN are no JSON numbers");
    else if (is_integer(text, &base) || is_real(text))
        *ret_value = number_value(text);
    else
        *ret_value = json_string(text);
    return *ret_value ? 0 : reader_fail(reader, "the number is out of range");
}

static int scalar_value(struct reader *reader, json_t **ret_value)
{
    const char *text = (const char *)reader->event.data.scalar.value;
    size_t len = reader->event.data.scalar.length;

    if (memchr(text, '\0', len))
        return reader_fail(reader, "NUL character in text");
    if (reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return plain_value(reader, text, ret_value);
    *ret_value = json_stringn(text, len);
    return *ret_value ? 0 : reader_fail(reader, "text is not valid UTF-8");
}

/* ---- structure ---- */

static int reader_count_value(struct reader *reader)
{
    if (++reader->values > YAML_VALUES_MAX)
        return reader_fail(reader, "too many values");
    return 0;
}

/* Hangs `owned_value` where the document puts it. */
static int reader_place(struct reader *reader, json_t *owned_value)
{
    if (reader->depth == 0) {
        reader->root = owned_value;
        return 0;
    }
    struct frame *frame = &reader->frames[reader->depth - 1];
    int failed;
    if (json_is_array(frame->container)) {
        failed = json_array_append_new(frame->container, owned_value);
    } else {
        CHECK(frame->key != NULL);
        failed = json_object_set_new(frame->container, frame->key, owned_value);
        free(frame->key);
        frame->key = NULL;
    }
    return failed ? reader_fail(reader, "cannot be stored") : 0;
}

static bool reader_wants_key(const struct reader *reader)
{
    if (reader->depth == 0)
        return false;
    const struct frame *frame = &reader->frames[reader->depth - 1];
    return json_is_object(frame->container) && !frame->key;
}

static int reader_take_key(struct reader *reader)
{
    struct frame *frame = &reader->frames[reader->depth - 1];
    const char *text = (const char *)reader->event.data.scalar.value;
    size_t len = reader->event.data.scalar.length;

    if (len == 0 || memchr(text, '\0', len))
        return reader_fail(reader, "a key must be a text that is not empty");
    if (strcmp(text, "<<") == 0)
        return reader_fail(reader, "merge keys (<<) are not supported");
    if (json_object_get(frame->container, text))
        return err_set(reader->err, EINVAL, "line %zu, column %zu: key \"%.*s\" is there twice",
                       reader->event.start_mark.line + 1, reader->event.start_mark.column + 1,
                       KEY_SHOWN_BYTES, text);
    frame->key = mem_strndup(text, len);
    return 0;
}

static int reader_open(struct reader *reader, json_t *owned_container)
{
    if (reader_wants_key(reader) || reader->depth == YAML_DEPTH_MAX) {
        json_decref(owned_container);
        return reader_fail(reader, reader->depth == YAML_DEPTH_MAX ? "nested too deep"
                                                                   : "a key must be a text");
    }
    int failed = reader_place(reader, owned_container);
    if (!failed)
        reader->frames[reader->depth++] = (struct frame){.container = owned_container};
    return failed;
}

static int reader_close(struct reader *reader)
{
    CHECK(reader->depth > 0);
    CHECK(reader->frames[reader->depth - 1].key == NULL);
    reader->depth--;
    return 0;
}

static int reader_scalar(struct reader *reader)
{
    if (reader->event.data.scalar.anchor)
        return reader_fail(reader, "anchors (&name) are not supported");
    if (reader->event.data.scalar.tag)
        return reader_fail(reader, "tags (!name) are not supported");
    if (reader_wants_key(reader))
        return reader_take_key(reader);
    json_t *value = NULL;
    int failed = scalar_value(reader, &value);
    return failed ? failed : reader_place(reader, value);
}

static int reader_container(struct reader *reader, bool is_map)
{
    const yaml_char_t *anchor =
        is_map ? reader->event.data.mapping_start.anchor : reader->event.data.sequence_start.anchor;
    const yaml_char_t *tag =
        is_map ? reader->event.data.mapping_start.tag : reader->event.data.sequence_start.tag;
    if (anchor)
        return reader_fail(reader, "anchors (&name) are not supported");
    if (tag)
        return reader_fail(reader, "tags (!name) are not supported");
    return reader_open(reader, is_map ? json_object() : json_array());
}

static int reader_on_event(struct reader *reader)
{
    switch (reader->event.type) {
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: {
        int failed = reader_count_value(reader);
        if (failed)
            return failed;
        if (reader->event.type == YAML_SCALAR_EVENT)
            return reader_scalar(reader);
        return reader_container(reader, reader->event.type == YAML_MAPPING_START_EVENT);
    }
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return reader_close(reader);
    case YAML_ALIAS_EVENT:
        return reader_fail(reader, "aliases (*name) are not supported");
    case YAML_DOCUMENT_START_EVENT:
        return reader->root ? reader_fail(reader, "a second document is not expected here") : 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return 0;
}

static int reader_syntax_error(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    return err_set(reader->err, EINVAL, "line %zu, column %zu: %s%s%s",
                   parser->problem_mark.line + 1, parser->problem_mark.column + 1,
                   parser->problem ? parser->problem : "not YAML", parser->context ? " " : "",
                   parser->context ? parser->context : "");
}

json_t *yaml_to_json(struct str text, struct err *err)
{
    if (text.len > YAML_BYTES_MAX) {
        (void)err_set(err, EFBIG, "larger than %d MiB", YAML_BYTES_MAX >> 20);
        return NULL;
    }
    struct reader *reader = mem_zalloc(1, sizeof(*reader));
    reader->err = err;
    CHECK(yaml_parser_initialize(&reader->parser));
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)(text.ptr ? text.ptr : ""),
                                 text.len);
    /* Without this libyaml takes UTF-16 by its byte order mark; Kubernetes files are UTF-8. */
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);

    int failed = 0;
    bool is_end = false;
    while (!failed && !is_end) {
        if (!yaml_parser_parse(&reader->parser, &reader->event)) {
            failed = reader_syntax_error(reader);
            break;
        }
        is_end = reader->event.type == YAML_STREAM_END_EVENT;
        failed = reader_on_event(reader);
        yaml_event_delete(&reader->event);
    }
    for (size_t i = 0; i < reader->depth; i++)
        free(reader->frames[i].key);
    yaml_parser_delete(&reader->parser);
    json_t *root = reader->root;
    free(reader);
    if (failed) {
        json_decref(root);
        return NULL;
    }
    return root ? root : json_null();
}
