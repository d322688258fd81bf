#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "watch/unit_types_private.h"

/* apimachinery pkg/util/validation: of a label's value and the name in its key; of a DNS subdomain,
 * the prefix in its key. */
enum { LABEL_NAME_BYTES_MAX = 63, LABEL_PREFIX_BYTES_MAX = 253, KNOWN_KEYS_BYTES = 256 };

size_t place_enter(struct place *place, const char *format, ...)
{
    size_t before = place->path_len;
    if (before > 0 && format[0] != '[')
        place->path[place->path_len++] = '.';
    va_list args;
    va_start(args, format);
    int len =
        vsnprintf(place->path + place->path_len, PLACE_PATH_BYTES - place->path_len, format, args);
    va_end(args);
    CHECK(len > 0 && (size_t)len + 1 < PLACE_PATH_BYTES - place->path_len);
    place->path_len += (size_t)len;
    return before;
}

void place_leave(struct place *place, size_t path_len)
{
    place->path_len = path_len;
    place->path[path_len] = '\0';
}

int place_fail(struct place *place, const char *format, ...)
{
    char what[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(place->err, EINVAL, "%.200s: %s%s%s", place->file, place->path,
                   place->path_len > 0 ? ": " : "", what);
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(key, *known) == 0)
            return true;
    return false;
}

int place_check_map(struct place *place, const json_t *value, const char *const *known)
{
    if (!json_is_object(value))
        return place_fail(place, "must be a map");
    char list[KNOWN_KEYS_BYTES] = "";
    size_t used = 0;
    for (size_t i = 0; known[i]; i++) {
        int len = snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", known[i]);
        CHECK(len > 0 && (size_t)len < sizeof(list) - used);
        used += (size_t)len;
    }
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (!is_known(key, known))
            return place_fail(place, "\"%.*s\" is no key here; known are %s", PLACE_SHOWN_BYTES,
                              key, list);
    }
    return 0;
}

int place_check_list(struct place *place, const json_t *value, int max)
{
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_array(value))
        return place_fail(place, "must be a list");
    size_t count = json_array_size(value);
    if (count > (size_t)max)
        return place_fail(place, "has %zu entries, at most %d are possible", count, max);
    return (int)count;
}

int place_text(struct place *place, const json_t *map, const char *key, const char **ret_text)
{
    const json_t *value = json_object_get(map, key);
    if (value && !json_is_string(value) && !json_is_null(value)) {
        size_t outer = place_enter(place, "%s", key);
        int failed = place_fail(place, "must be a text (put it in quotes)");
        place_leave(place, outer);
        return failed;
    }
    *ret_text = json_string_value(value);
    return 0;
}

int place_intern(struct place *place, const char *text, uint32_t *ret_sym)
{
    uint32_t symbol = symbol_intern(place->symbols, str_from(text));
    if (symbol == SYM_FULL)
        return place_fail(place, "the table of names is full");
    *ret_sym = symbol;
    return 0;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits and, inside, '-', '_', '.'. */
static bool is_label_name(const char *text, size_t len)
{
    if (len == 0 || len > LABEL_NAME_BYTES_MAX || !is_alphanumeric(text[0]) ||
        !is_alphanumeric(text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alphanumeric(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
            return false;
    return true;
}

/* Parts of small letters, digits and, inside, '-', with dots between them. */
static bool is_subdomain(const char *text, size_t len)
{
    if (len == 0 || len > LABEL_PREFIX_BYTES_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool is_edge = i == 0 || i + 1 == len || text[i - 1] == '.' || text[i + 1] == '.';
        bool is_plain = is_alphanumeric(text[i]) && !(text[i] >= 'A' && text[i] <= 'Z');
        bool is_mark = text[i] == '-' || text[i] == '.';
        if (!is_plain && (is_edge || !is_mark))
            return false;
    }
    return true;
}

int place_check_label_key(struct place *place, const char *key)
{
    const char *slash = strchr(key, '/');
    const char *name = slash ? slash + 1 : key;
    if ((slash && !is_subdomain(key, (size_t)(slash - key))) || !is_label_name(name, strlen(name)))
        return place_fail(place,
                          "\"%.*s\" is no key of a label: [prefix/]name, the name of at most 63 "
                          "letters, digits, '-', '_', '.'",
                          PLACE_SHOWN_BYTES, key);
    return 0;
}

int place_check_label_value(struct place *place, const char *value)
{
    if (*value && !is_label_name(value, strlen(value)))
        return place_fail(place,
                          "\"%.*s\" is no value of a label: at most 63 letters, digits, '-', '_', "
                          "'.', the first and the last a letter or digit",
                          PLACE_SHOWN_BYTES, value);
    return 0;
}
