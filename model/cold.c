#include "model/cold.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/lexer.h"

struct cold {
    json_t *root;
};

/* jansson goes 2048 levels deep, by recursion: looks first, on the way finding most errors. */
static int check_text(const char *bytes, size_t len, struct err *err)
{
    struct lexer lexer;
    lexer_init(&lexer, false);
    lexer_push(&lexer, bytes, len);
    enum lexeme lexeme;
    do
        lexeme = lexer_next(&lexer);
    while (lexeme != LEX_MORE && lexeme != LEX_ERROR);
    int result = 0;
    if (lexeme == LEX_ERROR)
        result = err_set(err, EBADMSG, "%s", lexer.error);
    else if (!lexer_is_complete(&lexer))
        result = err_set(err, EBADMSG, "byte %zu: %s", len,
                         len == 0 ? "the text is empty" : "the text ends in the middle");
    lexer_fini(&lexer);
    return result;
}

int cold_new(const char *bytes, size_t len, struct cold **ret_cold, struct err *err)
{
    if (len > COLD_BYTES_MAX)
        return err_set(err, E2BIG, "%zu bytes of JSON, over the limit of %d", len, COLD_BYTES_MAX);
    int result = check_text(bytes, len, err);
    if (result < 0)
        return result;
    json_error_t error;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return err_set(err, EBADMSG, "byte %d: %s", error.position, error.text);
    struct cold *cold = mem_zalloc(1, sizeof(*cold));
    cold->root = root;
    *ret_cold = cold;
    return 0;
}

void cold_free(struct cold *cold)
{
    if (!cold)
        return;
    json_decref(cold->root);
    free(cold);
}

static struct str get_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)}
                                 : (struct str){0};
}

static int32_t get_int32(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    return number >= INT32_MIN && number <= INT32_MAX ? (int32_t)number : 0;
}

bool cold_status(const struct cold *cold, struct status_object *ret_status)
{
    const json_t *root = cold->root;
    struct str kind = get_text(root, "kind");
    if (kind.len > 0 && !str_is(kind, "Status"))
        return false;
    *ret_status = (struct status_object){
        .code = get_int32(root, "code"),
        .reason = get_text(root, "reason"),
        .message = get_text(root, "message"),
        .retry_after_seconds = get_int32(json_object_get(root, "details"), "retryAfterSeconds"),
    };
    return true;
}
