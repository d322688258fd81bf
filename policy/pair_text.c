#include "policy/pair_text.h"

enum { PART_BYTES_MAX = 63, PREFIX_BYTES_MAX = 253 };

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alphanumeric(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool name_is_valid(struct str name)
{
    if (name.len == 0 || name.len > PART_BYTES_MAX || !is_alphanumeric(name.ptr[0]) ||
        !is_alphanumeric(name.ptr[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!is_alphanumeric(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* RFC 1123: parts of lower-case letters, digits and '-', neither '-' nor nothing at their ends. */
static bool prefix_is_valid(struct str prefix)
{
    if (prefix.len == 0 || prefix.len > PREFIX_BYTES_MAX)
        return false;
    for (size_t i = 0; i < prefix.len; i++) {
        char c = prefix.ptr[i];
        bool is_inside = i > 0 && i + 1 < prefix.len;
        bool is_beside_dot = is_inside && (prefix.ptr[i - 1] == '.' || prefix.ptr[i + 1] == '.');
        bool is_mark = (c == '-' || c == '.') && is_inside && !is_beside_dot;
        if (!is_lower_or_digit(c) && !is_mark)
            return false;
    }
    return true;
}

bool pair_key_is_valid(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] != '/')
            continue;
        struct str name = {key.ptr + i + 1, key.len - i - 1};
        return prefix_is_valid((struct str){key.ptr, i}) && name_is_valid(name);
    }
    return name_is_valid(key);
}

bool label_value_is_valid(struct str value)
{
    return value.len == 0 || name_is_valid(value);
}
