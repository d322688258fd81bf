#include "model/uid.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/base/check.h"

enum { UUID_TEXT_LEN = 36 }; /* 8-4-4-4-12 hex digits */

/* `hi` of a UID that is kept as a symbol. */
#define UID_HI_SYMBOL UINT64_MAX

/* The value of a digit as the canonical form writes it (lower case), more than 15 of any other
 * character. */
static uint32_t hex_digit(char c)
{
    uint32_t decimal = (uint32_t)(unsigned char)c - '0';
    uint32_t letter = (uint32_t)(unsigned char)c - 'a';
    return decimal < 10 ? decimal : letter < 6 ? letter + 10 : 16;
}

/* `count` digits into *word, from the right; 16 or more when one of them is none. */
static uint32_t hex_add(const char *text, uint32_t count, uint64_t *word)
{
    uint32_t worst = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t digit = hex_digit(text[i]);
        worst |= digit;
        *word = *word << 4 | digit;
    }
    return worst;
}

/* False when the text is no canonical UUID, or one whose bits already mean something else. */
static bool uuid_parse(struct str text, struct uid *ret_uid)
{
    if (text.len != UUID_TEXT_LEN)
        return false;
    const char *at = text.ptr;
    struct uid uid = {0, 0};
    uint32_t worst = hex_add(at, 8, &uid.hi) | hex_add(at + 9, 4, &uid.hi) |
                     hex_add(at + 14, 4, &uid.hi) | hex_add(at + 19, 4, &uid.lo) |
                     hex_add(at + 24, 12, &uid.lo);
    if (worst > 15 || at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-')
        return false;
    if (uid_is_zero(uid) || uid.hi == UID_HI_SYMBOL)
        return false;
    *ret_uid = uid;
    return true;
}

bool uid_parse(struct symbols *symbols, struct str text, struct uid *ret_uid)
{
    if (text.len == 0) {
        *ret_uid = (struct uid){0, 0};
        return true;
    }
    if (uuid_parse(text, ret_uid))
        return true;
    if (text.len >= UID_TEXT_BYTES)
        return false;
    uint32_t symbol = symbol_intern(symbols, text);
    if (symbol == SYM_FULL)
        return false;
    *ret_uid = (struct uid){.hi = UID_HI_SYMBOL, .lo = symbol};
    return true;
}

size_t uid_format(const struct symbols *symbols, struct uid uid, char ret_text[UID_TEXT_BYTES])
{
    if (uid_is_zero(uid)) {
        ret_text[0] = '\0';
        return 0;
    }
    if (uid.hi == UID_HI_SYMBOL) {
        CHECK(uid.lo <= UINT32_MAX);
        struct str text = symbol_str(symbols, (uint32_t)uid.lo);
        CHECK(text.len < UID_TEXT_BYTES);
        memcpy(ret_text, text.ptr, text.len + 1);
        return text.len;
    }
    int len = snprintf(ret_text, UID_TEXT_BYTES,
                       "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                       uid.hi >> 32, uid.hi >> 16 & 0xffff, uid.hi & 0xffff, uid.lo >> 48,
                       uid.lo & 0xffffffffffff);
    CHECK(len == UUID_TEXT_LEN);
    return UUID_TEXT_LEN;
}
